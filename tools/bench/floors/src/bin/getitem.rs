//! The second floor: a lambda_http function that reads one item of DynamoDB for each request and says whether it was there.
//!
//! It is written as the SDK's own guide has it, with the settings that every default gives. Only over an endpoint without TLS it takes the
//! client without TLS, as our functions do: else it alone would read the root certificates there. With `FLOOR_STREAMS` its answer comes in
//! pieces.

use aws_config::BehaviorVersion;
use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::primitives::Blob;
use aws_sdk_dynamodb::types::AttributeValue;
use lambda_http::{Body, Error, Request, Response, service_fn};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    let mut loader = aws_config::defaults(BehaviorVersion::latest());
    if setting("AWS_ENDPOINT_URL_DYNAMODB")?.starts_with("http://") {
        loader = loader.http_client(aws_smithy_http_client::Builder::new().build_http());
    }
    let sdk = loader.load().await;
    let client = &Client::from_conf((&sdk).into());
    let (table, key) = (&setting("FLOOR_TABLE")?, &setting("FLOOR_KEY")?);
    let answer = service_fn(move |_: Request| async move {
        let read = client.get_item().table_name(table).consistent_read(true);
        let read = read.key("key_hash", AttributeValue::B(Blob::new(key.as_bytes())));
        let found = read.send().await?.item.is_some();
        Ok::<_, Error>(Response::new(Body::from(format!(r#"{{"found":{found}}}"#))))
    });
    if setting("FLOOR_STREAMS").is_ok() {
        return lambda_http::run_with_streaming_response(answer).await;
    }
    lambda_http::run(answer).await
}

/// What the bench says: the endpoint, the table and the key, which is text here.
#[expect(
    clippy::disallowed_methods,
    reason = "a floor shares no settings with the functions: shared/src/config.rs would be part of what is measured"
)]
fn setting(name: &str) -> Result<String, Error> {
    std::env::var(name).map_err(|_| format!("{name} is missing; `cargo xtask bench` sets it").into())
}
