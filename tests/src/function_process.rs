//! The real binary of a function in a process of its own, as Lambda runs it: clean environment, Runtime API, deadline.
//!
//! The bench measures with the same process, so nothing here is slower than it has to be, and nothing is asserted.

use std::collections::BTreeMap;
use std::fmt;
use std::path::{Path, PathBuf};
use std::process::{ExitStatus, Stdio};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use axum::body::Bytes;
use eclips_shared::time::Timestamp;
use serde_json::Value;
use tokio::io::{AsyncBufReadExt, AsyncRead, BufReader};
use tokio::process::{Child, Command};
use tokio::task::JoinHandle;

use crate::runtime_api::{Asked, RuntimeApi};
use crate::world::PATIENCE;

/// How long a function may take to ask for its first event. *Source*: Lambda's init phase.
const INIT_MAX: Duration = Duration::from_secs(10);

/// What Lambda is told about a function.
#[derive(Clone, Debug)]
pub struct Setup {
    /// The function's name: that of its folder and of its binary.
    pub name: String,
    /// The binary, or what runs it.
    pub program: PathBuf,
    /// What that is called with; a function's own binary takes nothing.
    pub arguments: Vec<String>,
    /// The control group whose share of the processor the process gets, a folder of cgroup v1; absent for all that there is.
    pub group: Option<PathBuf>,
    /// How long an invocation may take; the deadline that the function sees.
    pub timeout: Duration,
    /// The settings from the template, and what a local endpoint needs.
    pub settings: BTreeMap<String, String>,
}

/// A running function; killed when dropped.
#[derive(Debug)]
pub struct FunctionProcess {
    api: RuntimeApi,
    child: Child,
    log: Log,
    timeout: Duration,
    /// From the start of the process until it asked for its first event.
    pub init: Duration,
    /// From handing over the first event until its answer was there; `None` before.
    pub first_answer: Option<Duration>,
}

/// An answer on its way from a running function.
#[derive(Debug)]
pub struct Answering<'f> {
    function: &'f mut FunctionProcess,
    asked: Asked,
    began: Instant,
}

/// Why there is no answer. The log is what the process wrote, both streams, line by line.
#[derive(Debug)]
pub enum FunctionError {
    /// The function reported it, and lives on: `{"errorType","errorMessage"}`.
    Reported(Value),
    /// The process ended, at its start or in the middle of an invocation.
    Exited {
        /// How it ended.
        status: ExitStatus,
        /// What it wrote.
        log: Vec<String>,
    },
    /// It said nothing in its time, and was killed.
    TimedOut {
        /// What it wrote.
        log: Vec<String>,
    },
}

impl fmt::Display for FunctionError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Reported(error) => write!(f, "the function reported {error}"),
            Self::Exited { status, log } => write!(f, "the function ended with {status}:\n{}", log.join("\n")),
            Self::TimedOut { log } => write!(f, "the function timed out:\n{}", log.join("\n")),
        }
    }
}

impl std::error::Error for FunctionError {}

impl FunctionProcess {
    /// Starts the binary and waits until it asks for its first event.
    ///
    /// *Errors*: [`FunctionError`], when the function does not get that far.
    pub async fn start(setup: &Setup) -> Result<Self, FunctionError> {
        let api = RuntimeApi::start(&setup.name).await;
        let mut command = command(setup, api.address());
        let entered = setup.group.as_deref().map(Entered::into);
        let began = Instant::now();
        let mut child = command
            .spawn()
            .unwrap_or_else(|error| panic!("{}: {error}", setup.program.display()));
        drop(entered);
        let mut log = Log::default();
        log.read(child.stdout.take().expect("it is piped"));
        log.read(child.stderr.take().expect("it is piped"));
        tokio::select! {
            ready = tokio::time::timeout(INIT_MAX, api.ready()) => match ready {
                Ok(Ok(at)) => {
                    let init = at - began;
                    Ok(Self { api, child, log, timeout: setup.timeout, init, first_answer: None })
                }
                Ok(Err(error)) => Err(FunctionError::Reported(error)),
                Err(_) => Err(FunctionError::TimedOut { log: log.end(&mut child).await }),
            },
            status = child.wait() => {
                let status = status.expect("a child can be waited for");
                Err(FunctionError::Exited { status, log: log.end(&mut child).await })
            }
        }
    }

    /// Hands over an event and gives the function's answer, streamed or not, when it is whole.
    ///
    /// *Errors*: [`FunctionError`]; after any but `Reported` the process is gone, and so says every later call.
    pub async fn invoke(&mut self, event: &Value) -> Result<Value, FunctionError> {
        self.invoke_streaming(event).end().await
    }

    /// Hands over an event and lets one watch the answer come.
    pub fn invoke_streaming(&mut self, event: &Value) -> Answering<'_> {
        let timeout_ms = i64::try_from(self.timeout.as_millis()).expect("timeouts are minutes");
        let began = Instant::now();
        let asked = self.api.invoke(event, Timestamp::now().plus_ms(timeout_ms).ms());
        Answering {
            function: self,
            asked,
            began,
        }
    }

    /// What the process has written so far.
    #[must_use]
    pub fn log(&self) -> Vec<String> {
        self.log.lines()
    }

    /// The number under which the system knows the process.
    ///
    /// # Panics
    /// When it has ended.
    #[must_use]
    pub fn id(&self) -> u32 {
        self.child.id().expect("nobody has waited for it")
    }

    /// Waits until the process ends by itself or by somebody's signal, and gives everything that it wrote.
    pub async fn ended(mut self) -> Vec<String> {
        let _ = self.child.wait().await;
        self.log.end(&mut self.child).await
    }
}

/// This thread's stay in a control group: a process that is started meanwhile begins its life there, so that not even its first
/// instruction is outside. It ends when dropped.
struct Entered {
    back: PathBuf,
}

impl Entered {
    fn into(group: &Path) -> Self {
        enter(group);
        let back = group.parent().expect("a group lies in its parent's folder").to_owned();
        Self { back }
    }
}

impl Drop for Entered {
    fn drop(&mut self) {
        enter(&self.back);
    }
}

/// Moves this thread alone. *Source*: cgroups v1, "tasks": 0 stands for whoever writes.
fn enter(group: &Path) {
    let tasks = group.join("tasks");
    std::fs::write(&tasks, "0").unwrap_or_else(|error| panic!("{}: {error}", tasks.display()));
}

impl Answering<'_> {
    /// The next piece of a streamed answer's body, as it came; `None` when there is none any more, which is also so where
    /// the function failed: [`Self::end`] tells why.
    pub async fn piece(&mut self) -> Option<Bytes> {
        let patience = self.patience();
        tokio::select! {
            biased;
            piece = tokio::time::timeout(patience, self.asked.pieces.recv()) => piece.ok().flatten(),
            _ = self.function.child.wait() => None,
        }
    }

    /// The whole answer; a streamed one is `{"statusCode","headers","cookies","body"}`.
    ///
    /// *Errors*: as [`FunctionProcess::invoke`].
    pub async fn end(self) -> Result<Value, FunctionError> {
        let patience = self.patience();
        let FunctionProcess {
            child,
            log,
            first_answer,
            ..
        } = self.function;
        tokio::select! {
            outcome = tokio::time::timeout(patience, self.asked.outcome) => match outcome {
                Ok(Ok(outcome)) => {
                    first_answer.get_or_insert_with(|| self.began.elapsed());
                    outcome.map_err(FunctionError::Reported)
                }
                // It broke off in the middle of a streamed answer.
                Ok(Err(_)) => {
                    let log = log.end(child).await;
                    let status = child.wait().await.expect("a child can be waited for");
                    Err(FunctionError::Exited { status, log })
                }
                Err(_) => Err(FunctionError::TimedOut { log: log.end(child).await }),
            },
            status = child.wait() => {
                let status = status.expect("a child can be waited for");
                Err(FunctionError::Exited { status, log: log.end(child).await })
            }
        }
    }

    /// What is left of the time. However long the function's own timeout is: a test must end.
    fn patience(&self) -> Duration {
        self.function.timeout.min(PATIENCE).saturating_sub(self.began.elapsed())
    }
}

/// The process as Lambda starts it: nothing of this process's environment reaches it, least of all credentials.
fn command(setup: &Setup, api: &str) -> Command {
    let mut command = Command::new(&setup.program);
    command
        .args(&setup.arguments)
        .env_clear()
        .env("AWS_LAMBDA_RUNTIME_API", api)
        .env("AWS_LAMBDA_FUNCTION_NAME", format!("eclips-{}", setup.name))
        .env("AWS_LAMBDA_FUNCTION_VERSION", "$LATEST")
        .env("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "256")
        .env("AWS_LAMBDA_INITIALIZATION_TYPE", "on-demand")
        .env("AWS_LAMBDA_LOG_FORMAT", "JSON")
        .env("AWS_LAMBDA_LOG_LEVEL", "INFO")
        .env(
            "AWS_LAMBDA_LOG_GROUP_NAME",
            format!("/aws/lambda/eclips-{}", setup.name),
        )
        .env("AWS_LAMBDA_LOG_STREAM_NAME", "test")
        .env("AWS_REGION", "us-east-1")
        .env("AWS_DEFAULT_REGION", "us-east-1")
        .env("AWS_ACCESS_KEY_ID", "test")
        .env("AWS_SECRET_ACCESS_KEY", "test")
        .env("TZ", ":UTC")
        .envs(&setup.settings)
        .current_dir(setup.program.parent().unwrap_or(Path::new("/")))
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .kill_on_drop(true);
    command
}

/// What a process writes, both streams in one.
#[derive(Debug, Default)]
struct Log {
    lines: Arc<Mutex<Vec<String>>>,
    readers: Vec<JoinHandle<()>>,
}

impl Log {
    fn read(&mut self, stream: impl AsyncRead + Unpin + Send + 'static) {
        let lines = self.lines.clone();
        self.readers.push(tokio::spawn(async move {
            let mut stream = BufReader::new(stream).lines();
            while let Ok(Some(line)) = stream.next_line().await {
                lines.lock().expect("nothing panics while it holds this").push(line);
            }
        }));
    }

    fn lines(&self) -> Vec<String> {
        self.lines.lock().expect("nothing panics while it holds this").clone()
    }

    /// Ends the process, if it has not ended, and gives everything that it wrote.
    async fn end(&mut self, child: &mut Child) -> Vec<String> {
        // It may be gone already, which is as well.
        let _ = child.kill().await;
        for reader in self.readers.drain(..) {
            let _ = reader.await;
        }
        self.lines()
    }
}
