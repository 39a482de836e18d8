//! Runs a Lambda function in a process of its own, with a local Lambda runtime API.

use std::process::Stdio;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt as _, BufReader};
use tokio::net::TcpListener;
use tokio::process::{Child, Command};
use tokio::sync::{Mutex, mpsc, watch};
use tokio::task::JoinSet;
use tokio::time::timeout;

/// The program that has every function.
pub(crate) const PROGRAM: &str = env!("CARGO_BIN_EXE_functions");

/// How long a function may take until it asks for its first event.
/// <https://docs.aws.amazon.com/lambda/latest/dg/lambda-runtime-environment.html>
pub(crate) const MAX_INIT: Duration = Duration::from_secs(10);

/// How the init of a function ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Init {
    Running,
    InTime,
    /// The process ended.
    Failed,
    TimedOut,
}

/// A function in a process of its own, and the runtime API that gives it events.
/// <https://docs.aws.amazon.com/lambda/latest/dg/runtimes-api.html>
pub(crate) struct Function {
    events: mpsc::UnboundedSender<Value>,
    results: mpsc::UnboundedReceiver<(String, Value)>,
    /// The log lines of the function that are metrics.
    pub(crate) metrics: mpsc::UnboundedReceiver<Value>,
    /// What the CDN sends with each request.
    origin: String,
    /// The log lines that name an operator.
    pub(crate) operators: mpsc::UnboundedReceiver<String>,
    init: watch::Receiver<Init>,
    /// How often a process was started for the function.
    starts: watch::Receiver<usize>,
    is_invoked: watch::Sender<bool>,
    /// Holds the process, which ends with this value.
    _supervisor: JoinSet<()>,
}

/// Starts the process of a function, and once more with the first event if its init has failed.
struct Supervisor {
    command: Command,
    max_init: Duration,
    init: watch::Sender<Init>,
    starts: watch::Sender<usize>,
    has_asked: watch::Receiver<bool>,
    is_invoked: watch::Receiver<bool>,
    metrics: mpsc::UnboundedSender<Value>,
    operators: mpsc::UnboundedSender<String>,
}

impl Supervisor {
    /// Runs the process as Lambda does: if the init takes too long, stops the process, and repeats the
    /// init with the first event.
    async fn run(mut self) {
        let mut process = self.start_process();
        let asked = timeout(self.max_init, self.has_asked.wait_for(|asked| *asked));
        let init = tokio::select! {
            asked = asked => if asked.is_ok() { Init::InTime } else { Init::TimedOut },
            _ = process.wait() => Init::Failed,
        };
        self.init.send_replace(init);
        if init != Init::InTime {
            let _ = process.kill().await;
            if self.is_invoked.wait_for(|invoked| *invoked).await.is_err() {
                return;
            }
            process = self.start_process();
        }
        let _ = process.wait().await;
    }

    fn start_process(&mut self) -> Child {
        let mut process = self.command.spawn().unwrap();
        self.starts.send_modify(|starts| *starts += 1);
        let (metrics, operators) = (self.metrics.clone(), self.operators.clone());
        let mut lines = BufReader::new(process.stdout.take().unwrap()).lines();
        tokio::spawn(async move {
            while let Ok(Some(line)) = lines.next_line().await {
                if line.contains("operator.id") {
                    let _ = operators.send(line);
                    continue;
                }
                let line: Value = serde_json::from_str(&line).unwrap_or_default();
                if line["_aws"].is_object() {
                    let _ = metrics.send(line);
                }
            }
        });
        process
    }
}

#[derive(Clone)]
struct RuntimeApi {
    events: Arc<Mutex<mpsc::UnboundedReceiver<Value>>>,
    results: mpsc::UnboundedSender<(String, Value)>,
    has_asked: watch::Sender<bool>,
}

async fn next(State(api): State<RuntimeApi>) -> Response {
    api.has_asked.send_replace(true);
    match api.events.lock().await.recv().await {
        Some(event) => {
            let headers = [
                ("lambda-runtime-aws-request-id", "1"),
                ("lambda-runtime-deadline-ms", "9999999999999"),
                ("lambda-runtime-invoked-function-arn", "arn:aws:lambda:us-east-1:1:function:f"),
            ];
            (headers, event.to_string()).into_response()
        }
        None => StatusCode::GONE.into_response(),
    }
}

async fn result(
    State(api): State<RuntimeApi>,
    Path((_, kind)): Path<(String, String)>,
    headers: HeaderMap,
    body: String,
) -> StatusCode {
    let mut body: Value = serde_json::from_str(&body).unwrap_or(Value::Null);
    if let Some(error) = headers.get("lambda-runtime-function-error-type") {
        body["header"] = json!(error.to_str().unwrap_or_default());
    }
    let _ = api.results.send((kind, body));
    StatusCode::ACCEPTED
}

async fn init_error(State(api): State<RuntimeApi>, body: String) -> StatusCode {
    let _ = api.results.send(("init-error".to_owned(), json!(body)));
    StatusCode::ACCEPTED
}

impl Function {
    pub(crate) async fn start(name: &str, variables: impl Iterator<Item = (&str, &str)>) -> Self {
        let mut command = Command::new(PROGRAM);
        command.env_clear().envs(variables).env("FUNCTION", name);
        Self::start_command(command, MAX_INIT).await
    }

    /// Starts a program as a function.
    pub(crate) async fn start_command(mut command: Command, max_init: Duration) -> Self {
        let (events, receiver) = mpsc::unbounded_channel();
        let (sender, results) = mpsc::unbounded_channel();
        let (has_asked, asked_receiver) = watch::channel(false);
        let events_of_api = Arc::new(Mutex::new(receiver));
        let router = Router::new()
            .route("/2018-06-01/runtime/invocation/next", get(next))
            .route("/2018-06-01/runtime/invocation/{id}/{kind}", post(result))
            .route("/2018-06-01/runtime/init/error", post(init_error))
            .with_state(RuntimeApi { events: events_of_api, results: sender, has_asked });
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap().to_string();
        tokio::spawn(async move { axum::serve(listener, router).await });
        let mut variables = command.as_std().get_envs();
        let origin = variables.find(|(name, _)| *name == "ORIGIN_SECRETS");
        let origin = origin.and_then(|(_, secret)| secret?.to_str()).unwrap_or_default().to_owned();
        command
            .env("AWS_LAMBDA_RUNTIME_API", address)
            .env("AWS_LAMBDA_FUNCTION_NAME", "function")
            .env("AWS_LAMBDA_FUNCTION_VERSION", "1")
            .env("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "128")
            .env("AWS_LAMBDA_LOG_GROUP_NAME", "group")
            .env("AWS_LAMBDA_LOG_STREAM_NAME", "stream")
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .kill_on_drop(true);
        let (init_sender, init) = watch::channel(Init::Running);
        let (start_sender, starts) = watch::channel(0);
        let (is_invoked, invoked_receiver) = watch::channel(false);
        let (metric_sender, metrics) = mpsc::unbounded_channel();
        let (operator_sender, operators) = mpsc::unbounded_channel();
        let supervisor = Supervisor {
            command,
            max_init,
            init: init_sender,
            starts: start_sender,
            has_asked: asked_receiver,
            is_invoked: invoked_receiver,
            metrics: metric_sender,
            operators: operator_sender,
        };
        let mut tasks = JoinSet::new();
        tasks.spawn(supervisor.run());
        Self {
            events,
            results,
            metrics,
            operators,
            origin,
            init,
            starts,
            is_invoked,
            _supervisor: tasks,
        }
    }

    /// Waits until the first init has ended.
    pub(crate) async fn wait_for_init(&mut self) -> Init {
        *self.init.wait_for(|init| *init != Init::Running).await.unwrap()
    }

    /// Waits until a process was started this often.
    pub(crate) async fn wait_for_starts(&mut self, count: usize) {
        self.starts.wait_for(|starts| *starts >= count).await.unwrap();
    }

    pub(crate) fn count_starts(&self) -> usize {
        *self.starts.borrow()
    }

    /// Sends an event, whose result is read later.
    pub(crate) fn send(&self, event: Value) {
        self.events.send(event).unwrap();
        self.is_invoked.send_replace(true);
    }

    /// Invokes the function. An event of API Gateway gets the header of the CDN.
    pub(crate) async fn invoke(&mut self, mut event: Value) -> (String, Value) {
        if event["headers"].is_object() {
            event["headers"]["x-matchcut-origin"] = json!(self.origin);
        }
        self.send(event);
        self.results.recv().await.unwrap()
    }
}
