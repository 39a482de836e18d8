//! A function in a process of its own, in the environment Lambda gives it.

use std::io;
use std::path::Path;
use std::process::Stdio;
use std::time::{Duration, Instant};

use matchcut::config::Variables;
use serde_json::Value;
use tokio::process::{Child, Command};

use super::runtime_api::{Call, RuntimeApi};
use crate::error::BenchError;
use crate::process::{built, peak_memory};

/// Where all root certificates are in one file, as on Lambda's system.
///
/// Debian also has a folder with a file for each, and reading those takes as long as all the rest.
const BUNDLES: [&str; 2] =
    ["/etc/pki/tls/certs/ca-bundle.crt", "/etc/ssl/certs/ca-certificates.crt"];

#[derive(Debug)]
pub(crate) struct Function {
    name: &'static str,
    child: Child,
    runtime: RuntimeApi,
}

impl Function {
    /// Starts a function; how long it took from there to its first request for an event.
    pub(crate) async fn start(
        name: &'static str,
        variables: &Variables,
    ) -> Result<(Self, Duration), BenchError> {
        let run = |source| BenchError::Run { program: name.to_owned(), source };
        let runtime = RuntimeApi::serve().await.map_err(run)?;
        let mut command = Command::new(built(name)?);
        command
            .env_clear()
            .envs(variables.iter())
            .env("AWS_LAMBDA_RUNTIME_API", runtime.address.to_string())
            .env("AWS_LAMBDA_FUNCTION_NAME", name)
            .env("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "128")
            .env("AWS_LAMBDA_FUNCTION_VERSION", "$LATEST")
            .env("AWS_LAMBDA_LOG_GROUP_NAME", format!("/aws/lambda/{name}"))
            .env("AWS_LAMBDA_LOG_STREAM_NAME", "bench")
            .envs(BUNDLES.iter().find(|it| Path::new(it).is_file()).map(|it| ("SSL_CERT_FILE", it)))
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .kill_on_drop(true);
        let begun = Instant::now();
        let child = command.spawn().map_err(run)?;
        let mut function = Self { name, child, runtime };
        match function.call().await? {
            Call::Next { at } => Ok((function, at - begun)),
            Call::Answered(text) | Call::Failed(text) => Err(function.failed(text)),
        }
    }

    /// Runs the function on an event, and waits until it asks for the next.
    pub(crate) async fn invoke(&mut self, event: &Value) -> Result<(), BenchError> {
        // Whether the function is there to take it shows in its answer.
        let _ = self.runtime.events.send(event.to_string());
        match self.call().await? {
            Call::Answered(answer) if is_good(&answer) => {}
            Call::Answered(text) | Call::Failed(text) => return Err(self.failed(text)),
            Call::Next { .. } => return Err(self.failed("it did not answer an event".to_owned())),
        }
        match self.call().await? {
            Call::Next { .. } => Ok(()),
            Call::Answered(text) | Call::Failed(text) => Err(self.failed(text)),
        }
    }

    pub(crate) fn peak_memory(&self) -> Result<u64, BenchError> {
        peak_memory(self.child.id().unwrap_or_default())
    }

    pub(crate) async fn stop(mut self) -> Result<(), BenchError> {
        self.child.kill().await.map_err(|source| self.not_run(source))
    }

    /// What the function says next, unless it ends instead.
    async fn call(&mut self) -> Result<Call, BenchError> {
        let ended = tokio::select! {
            Some(call) = self.runtime.calls.recv() => return Ok(call),
            ended = self.child.wait() => ended,
        };
        let status = ended.map_err(|source| self.not_run(source))?;
        Err(BenchError::Ended { program: self.name.to_owned(), status })
    }

    fn not_run(&self, source: io::Error) -> BenchError {
        BenchError::Run { program: self.name.to_owned(), source }
    }

    fn failed(&self, report: String) -> BenchError {
        BenchError::Failed { function: self.name.to_owned(), report }
    }
}

/// Whether an answer is no refusal; only those to HTTP requests have a status.
fn is_good(answer: &str) -> bool {
    let answer: Value = serde_json::from_str(answer).unwrap_or_default();
    answer["statusCode"].as_u64().is_none_or(|status| status < 400)
}
