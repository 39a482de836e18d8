//! Runs a function as Lambda does: its own process, environment and runtime API.

use std::io;
use std::path::Path;
use std::process::Stdio;
use std::time::{Duration, Instant};

use matchcut::config::Variables;
use serde_json::Value;
use tokio::process::{Child, Command};

use super::runtime_api::{Call, RuntimeApi};
use crate::error::BenchError;
use crate::process::{find_program, read_peak_memory, read_processor_time};

/// Files with all root certificates: Amazon Linux, which Lambda runs, and Debian.
///
/// Debian also has a folder with one file per certificate. Reading that folder takes as long as the
/// rest of the init.
const CA_BUNDLES: [&str; 2] =
    ["/etc/pki/tls/certs/ca-bundle.crt", "/etc/ssl/certs/ca-certificates.crt"];

/// The program that has every function.
pub(super) const PROGRAM: &str = "functions";

#[derive(Debug)]
pub(crate) struct Function {
    name: &'static str,
    child: Child,
    runtime: RuntimeApi,
}

impl Function {
    /// Starts a function. Returns the time from its start to its first request for an event.
    pub(crate) async fn start(
        name: &'static str,
        variables: &Variables,
    ) -> Result<(Self, Duration), BenchError> {
        let run = |source| BenchError::Run { program: name.to_owned(), source };
        let runtime = RuntimeApi::start().await.map_err(run)?;
        let mut command = Command::new(find_program(PROGRAM)?);
        command
            .env_clear()
            .envs(variables.iter())
            .env("FUNCTION", name)
            .env("AWS_LAMBDA_RUNTIME_API", runtime.address.to_string())
            .env("AWS_LAMBDA_FUNCTION_NAME", name)
            .env("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "128")
            .env("AWS_LAMBDA_FUNCTION_VERSION", "$LATEST")
            .env("AWS_LAMBDA_LOG_GROUP_NAME", format!("/aws/lambda/{name}"))
            .env("AWS_LAMBDA_LOG_STREAM_NAME", "bench")
            .envs(
                CA_BUNDLES
                    .iter()
                    .find(|path| Path::new(path).is_file())
                    .map(|path| ("SSL_CERT_FILE", path)),
            )
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .kill_on_drop(true);
        let started = Instant::now();
        let child = command.spawn().map_err(run)?;
        let mut function = Self { name, child, runtime };
        match function.next_call().await? {
            Call::Next { at } => Ok((function, at - started)),
            Call::Response(text) | Call::Error(text) => Err(function.failed(text)),
        }
    }

    /// Invokes the function and waits until it requests the next event.
    pub(crate) async fn invoke(&mut self, event: &Value) -> Result<(), BenchError> {
        // If the function has exited, the next call reports it.
        let _ = self.runtime.events.send(event.to_string());
        match self.next_call().await? {
            Call::Response(response) if is_success(&response) => {}
            Call::Response(text) | Call::Error(text) => return Err(self.failed(text)),
            Call::Next { .. } => return Err(self.failed("no response to an event".to_owned())),
        }
        match self.next_call().await? {
            Call::Next { .. } => Ok(()),
            Call::Response(text) | Call::Error(text) => Err(self.failed(text)),
        }
    }

    pub(crate) fn read_processor_time(&self) -> Result<Duration, BenchError> {
        read_processor_time(self.child.id().unwrap_or_default())
    }

    pub(crate) fn read_peak_memory(&self) -> Result<u64, BenchError> {
        read_peak_memory(self.child.id().unwrap_or_default())
    }

    pub(crate) async fn stop(mut self) -> Result<(), BenchError> {
        self.child.kill().await.map_err(|source| self.run_error(source))
    }

    /// Waits for the function's next call of the runtime API. Fails if the function exits.
    async fn next_call(&mut self) -> Result<Call, BenchError> {
        let exited = tokio::select! {
            Some(call) = self.runtime.calls.recv() => return Ok(call),
            exited = self.child.wait() => exited,
        };
        let status = exited.map_err(|source| self.run_error(source))?;
        Err(BenchError::Exited { program: self.name.to_owned(), status })
    }

    fn run_error(&self, source: io::Error) -> BenchError {
        BenchError::Run { program: self.name.to_owned(), source }
    }

    fn failed(&self, report: String) -> BenchError {
        BenchError::FunctionFailed { function: self.name.to_owned(), report }
    }
}

/// Whether a response is not an HTTP error. Responses to other events have no status code.
fn is_success(response: &str) -> bool {
    let response: Value = serde_json::from_str(response).unwrap_or_default();
    response["statusCode"].as_u64().is_none_or(|status| status < 400)
}
