//! The embedded DynamoDB: one SQLite database behind its own HTTP server on loopback, so that the functions run the very
//! SDK code they run in AWS. Knows no table of ours and no record.
//!
//! The server does not check signatures, and lets every web page in (`access-control-allow-origin: *`): whoever finds it may read
//! and write everything. So it never listens wider than loopback, and there on an address that cannot be guessed.

use std::net::{Ipv4Addr, TcpListener};
use std::pin::pin;
use std::thread::JoinHandle;
use std::time::Duration;

use anyhow::{Context, Result, anyhow};
use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_sdk_dynamodb::config::{Credentials, SharedCredentialsProvider};
use dynoxide::Database;
use tokio::sync::oneshot;

use crate::folder::Place;

/// The region that everything local claims to be in.
pub const REGION: &str = "local";

/// How long a stop waits for requests under way. A client that sent half a request would hold it for ever.
const STOP_GRACE: Duration = Duration::from_secs(1);

/// A running engine. Dropped, it stops: it waits up to a second for the requests under way, then closes the database.
pub struct Engine {
    database: Database,
    /// What SQLite opens: a path, or the name of a database in memory.
    target: String,
    endpoint: String,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
    // Keeps the folder's lock until the server has stopped.
    _place: Place,
}

impl Engine {
    /// Opens the database and serves it on loopback, on a port of the system's choice.
    ///
    /// The server has a thread and a runtime of its own: every call into SQLite blocks, and must not hold up the tasks
    /// of the caller.
    ///
    /// *Errors*: the file is no database of this engine or of a newer one; no port is free.
    pub fn open(place: &Place) -> Result<Self> {
        let target = target(place)?;
        let database = Database::new(&target).map_err(|error| anyhow!("cannot open {target}: {error}"))?;
        let listener = listen().context("no loopback port for the database")?;
        listener.set_nonblocking(true)?;
        let endpoint = format!("http://{}", listener.local_addr()?);
        let (stop, stopped) = oneshot::channel();
        let served = database.clone();
        let thread = std::thread::Builder::new().name("dynamodb".to_owned()).spawn(move || {
            if let Err(error) = serve(listener, served, stopped) {
                tracing::error!(%error, "the embedded database stopped serving");
            }
        })?;
        Ok(Self {
            database,
            target,
            endpoint,
            stop: Some(stop),
            thread: Some(thread),
            _place: place.clone(),
        })
    }

    /// The URL to hand to an SDK as its endpoint.
    #[must_use]
    pub fn endpoint(&self) -> &str {
        &self.endpoint
    }

    /// Deletes the items whose TTL has passed and says how many; nobody else does. Runs on a blocking thread.
    ///
    /// *Errors*: also when an earlier call into the engine panicked, after which every call fails until a restart.
    pub async fn sweep_ttl(&self) -> Result<usize> {
        let database = self.database.clone();
        let swept = tokio::task::spawn_blocking(move || database.sweep_ttl()).await?;
        swept.map_err(|error| anyhow!("TTL sweep failed: {error}"))
    }

    /// Deletes what streams have to tell, but for the last of each table, behind whose number the next one goes. For whoever fills tables
    /// that nobody follows: each write looks through all of it.
    ///
    /// *Errors*: the database is busy for longer than a quarter of a second.
    pub fn forget_streams(&self) -> Result<()> {
        let delete =
            "DELETE FROM _stream_records WHERE id NOT IN (SELECT MAX(id) FROM _stream_records GROUP BY table_name)";
        self.second_connection()?.execute(delete, [])?;
        Ok(())
    }

    /// A second connection to the same database, beside the server's.
    ///
    /// In memory both share one cache, whose locks make a writer fail instead of wait. A statement that ends within one
    /// step (a plain `DELETE`, `UPDATE` or `INSERT` outside a transaction) never shows its locks to the server; rows
    /// read here one by one would make its writes fail. So: single statements, no transaction, no query.
    pub fn second_connection(&self) -> Result<rusqlite::Connection> {
        let connection = rusqlite::Connection::open(&self.target)?;
        connection.busy_timeout(Duration::from_millis(250))?;
        // What is written here may be lost with the power, not with the process; and it costs no fsync.
        connection.pragma_update(None, "synchronous", "NORMAL")?;
        Ok(connection)
    }
}

impl Drop for Engine {
    fn drop(&mut self) {
        self.stop.take();
        if let Some(thread) = self.thread.take() {
            // A panic was printed by the thread itself; there is nothing left to do about it here.
            let _ = thread.join();
        }
    }
}

/// The SDK's settings for an endpoint on this machine: plain HTTP, and credentials that nobody checks.
#[must_use]
pub fn sdk_config(endpoint: &str) -> SdkConfig {
    SdkConfig::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::new(REGION))
        .endpoint_url(endpoint)
        .credentials_provider(SharedCredentialsProvider::new(Credentials::new(
            "local", "local", None, None, "local",
        )))
        .http_client(aws_smithy_http_client::Builder::new().build_http())
        .build()
}

/// A named database in memory with a shared cache, so that a second connection can reach it.
///
/// `file:/name?vfs=memdb` works too, but there the second connection polls for its turn and was seen waiting 3.9 s of 8
/// under four writers, while the stream that it should have shortened slowed everyone down; here it waited 4 ms.
fn target(place: &Place) -> Result<String> {
    let Some(path) = place.file("dynamodb.sqlite") else {
        return Ok(format!("file:eclips-{}?mode=memory&cache=shared", uuid::Uuid::new_v4()));
    };
    let path = path.into_os_string().into_string();
    path.map_err(|path| anyhow!("the data folder's name is not UTF-8: {}", path.display()))
}

/// Listens on one of loopback's sixteen million addresses, drawn at each start: a page in a browser can try every port of one
/// address, but not of all. Where the system has only the one (macOS), on that.
fn listen() -> Result<TcpListener> {
    let mut drawn = [0u8; 3];
    getrandom::fill(&mut drawn)?;
    let [a, b, c] = drawn;
    // The last number of an address is neither the network's nor the broadcast's.
    let hidden = Ipv4Addr::new(127, a, b, c.clamp(1, 254));
    Ok(TcpListener::bind((hidden, 0)).or_else(|_| TcpListener::bind((Ipv4Addr::LOCALHOST, 0)))?)
}

fn serve(listener: TcpListener, database: Database, stop: oneshot::Receiver<()>) -> Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        let listener = tokio::net::TcpListener::from_std(listener)?;
        let (finish, finishing) = oneshot::channel::<()>();
        let mut server = pin!(dynoxide::server::serve_with_shutdown(listener, database, async move {
            // Its sender is dropped, never used.
            let _ = finishing.await;
        }));
        tokio::select! {
            ended = &mut server => return ended.map_err(|error| anyhow!(error)),
            _ = stop => drop(finish),
        }
        // Whoever has not finished by then loses its connection when the runtime goes.
        let _ = tokio::time::timeout(STOP_GRACE, server).await;
        Ok(())
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::folder::Folder;
    use aws_sdk_dynamodb::Client;
    use aws_sdk_dynamodb::types::{
        AttributeDefinition, AttributeValue, BillingMode, KeySchemaElement, KeyType, ScalarAttributeType,
    };

    fn client(engine: &Engine) -> Client {
        Client::from_conf((&sdk_config(engine.endpoint())).into())
    }

    async fn make_table(client: &Client) {
        let attribute = AttributeDefinition::builder()
            .attribute_name("pk")
            .attribute_type(ScalarAttributeType::S);
        let key = KeySchemaElement::builder().attribute_name("pk").key_type(KeyType::Hash);
        let table = client
            .create_table()
            .table_name("things")
            .billing_mode(BillingMode::PayPerRequest);
        table
            .attribute_definitions(attribute.build().unwrap())
            .key_schema(key.build().unwrap())
            .send()
            .await
            .unwrap();
    }

    async fn put(client: &Client) {
        client
            .put_item()
            .table_name("things")
            .item("pk", AttributeValue::S("a".into()))
            .send()
            .await
            .unwrap();
    }

    async fn count(client: &Client) -> i32 {
        client.scan().table_name("things").send().await.unwrap().count()
    }

    #[tokio::test]
    async fn a_folder_keeps_its_items_between_starts() {
        let place = tempfile::tempdir().unwrap();
        let folder = Place::Folder(Folder::take(place.path()).unwrap());
        let engine = Engine::open(&folder).unwrap();
        drop(folder);
        make_table(&client(&engine)).await;
        put(&client(&engine)).await;
        assert!(Folder::take(place.path()).is_err(), "the engine holds the folder");
        drop(engine);

        let engine = Engine::open(&Place::Folder(Folder::take(place.path()).unwrap())).unwrap();
        assert_eq!(count(&client(&engine)).await, 1);
    }

    #[tokio::test]
    async fn two_engines_in_memory_know_nothing_of_each_other() {
        let (one, other) = (
            Engine::open(&Place::Memory).unwrap(),
            Engine::open(&Place::Memory).unwrap(),
        );
        make_table(&client(&one)).await;
        make_table(&client(&other)).await;
        put(&client(&one)).await;
        assert_eq!(count(&client(&other)).await, 0);
        assert_eq!(one.sweep_ttl().await.unwrap(), 0);
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn is_found_by_nobody_who_was_not_told() {
        let address = |engine: &Engine| {
            let address = engine.endpoint().trim_start_matches("http://").to_owned();
            address.parse::<std::net::SocketAddrV4>().unwrap()
        };
        let engines = [0; 3].map(|_| Engine::open(&Place::Memory).unwrap());
        for engine in &engines {
            let ip = *address(engine).ip();
            assert!(ip.is_loopback() && ip != Ipv4Addr::LOCALHOST, "{ip}");
        }
        assert_ne!(address(&engines[0]).ip(), address(&engines[1]).ip());
    }

    #[test]
    fn half_a_request_does_not_hold_up_the_stop() {
        use std::io::Write;
        let engine = Engine::open(&Place::Memory).unwrap();
        let mut half = std::net::TcpStream::connect(engine.endpoint().trim_start_matches("http://")).unwrap();
        half.write_all(b"POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100\r\n\r\n{")
            .unwrap();
        let before = std::time::Instant::now();
        drop(engine);
        assert!(before.elapsed() < STOP_GRACE * 3);
    }

    #[test]
    fn a_file_that_is_no_database_is_refused() {
        let place = tempfile::tempdir().unwrap();
        std::fs::write(place.path().join("dynamodb.sqlite"), [b'x'; 4096]).unwrap();
        let folder = Place::Folder(Folder::take(place.path()).unwrap());
        assert!(Engine::open(&folder).is_err());
    }
}
