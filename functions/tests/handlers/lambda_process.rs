//! Runs a Lambda function in a process of its own, with a local Lambda runtime API.

use std::process::Stdio;

use axum::Router;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt as _, BufReader};
use tokio::net::TcpListener;
use tokio::process::{Child, Command};
use tokio::sync::mpsc;

/// The program that has every function.
pub(crate) const PROGRAM: &str = env!("CARGO_BIN_EXE_functions");

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
    _process: Child,
}

#[derive(Clone)]
struct RuntimeApi {
    events: std::sync::Arc<tokio::sync::Mutex<mpsc::UnboundedReceiver<Value>>>,
    results: mpsc::UnboundedSender<(String, Value)>,
}

async fn next(State(api): State<RuntimeApi>) -> Response {
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
        let (events, receiver) = mpsc::unbounded_channel();
        let (sender, results) = mpsc::unbounded_channel();
        let events_of_api = std::sync::Arc::new(tokio::sync::Mutex::new(receiver));
        let router = Router::new()
            .route("/2018-06-01/runtime/invocation/next", get(next))
            .route("/2018-06-01/runtime/invocation/{id}/{kind}", post(result))
            .route("/2018-06-01/runtime/init/error", post(init_error))
            .with_state(RuntimeApi { events: events_of_api, results: sender });
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap().to_string();
        tokio::spawn(async move { axum::serve(listener, router).await });
        let variables: Vec<_> = variables.collect();
        let origin = variables.iter().find(|(name, _)| *name == "ORIGIN_SECRETS");
        let origin = origin.map_or_else(String::new, |(_, secret)| (*secret).to_owned());
        let mut process = Command::new(PROGRAM)
            .env_clear()
            .envs(variables)
            .env("FUNCTION", name)
            .env("AWS_LAMBDA_RUNTIME_API", address)
            .env("AWS_LAMBDA_FUNCTION_NAME", "function")
            .env("AWS_LAMBDA_FUNCTION_VERSION", "1")
            .env("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "128")
            .env("AWS_LAMBDA_LOG_GROUP_NAME", "group")
            .env("AWS_LAMBDA_LOG_STREAM_NAME", "stream")
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .kill_on_drop(true)
            .spawn()
            .unwrap();
        let (sender, metrics) = mpsc::unbounded_channel();
        let (operator_sender, operators) = mpsc::unbounded_channel();
        let mut lines = BufReader::new(process.stdout.take().unwrap()).lines();
        tokio::spawn(async move {
            while let Ok(Some(line)) = lines.next_line().await {
                if line.contains("operator.id") {
                    let _ = operator_sender.send(line);
                    continue;
                }
                let line: Value = serde_json::from_str(&line).unwrap_or_default();
                if line["_aws"].is_object() {
                    let _ = sender.send(line);
                }
            }
        });
        Self { events, results, metrics, operators, origin, _process: process }
    }

    /// Invokes the function. An event of API Gateway gets the header of the CDN.
    pub(crate) async fn invoke(&mut self, mut event: Value) -> (String, Value) {
        if event["headers"].is_object() {
            event["headers"]["x-matchcut-origin"] = json!(self.origin);
        }
        self.events.send(event).unwrap();
        self.results.recv().await.unwrap()
    }
}
