//! Runs an event handler as a Lambda function.

use std::fmt::Debug;
use std::time::Duration;

use aws_config::SdkConfig;
use lambda_runtime::{Diagnostic, Error, LambdaEvent, run, service_fn};
use serde::Serialize;
use serde::de::DeserializeOwned;
use tokio::time::timeout;

use crate::config::{ConfigError, Variables, load_sdk};
use crate::large_variables::add_large_variables;

/// How long a cold start waits for the connections that the first event needs.
///
/// A person waits for some cold starts. If a service does not answer, the first event opens its
/// connection. Lambda itself allows 10 s.
/// <https://docs.aws.amazon.com/lambda/latest/dg/lambda-runtime-environment.html>
const MAX_WARM_UP: Duration = Duration::from_secs(1);

/// A function that is invoked by a queue, a stream, a rule or a schedule.
pub trait EventHandler: Sized {
    type Event: DeserializeOwned + Send;
    /// The response of an invocation: `()`, or the failures of a batch.
    type Output: Serialize + Send;
    /// An error of an invocation. Lambda then retries, as the event source is configured.
    type Error: Into<Diagnostic> + Debug;

    /// Builds the handler once per cold start.
    fn new(sdk: &SdkConfig, variables: &Variables) -> Result<Self, ConfigError>;

    /// Opens the connections that the first event needs.
    fn warm_up(&self) -> impl Future<Output = ()> + Send;

    /// Handles one event.
    fn handle(
        &self,
        event: Self::Event,
    ) -> impl Future<Output = Result<Self::Output, Self::Error>> + Send;
}

/// Serves the events of a Lambda function until its process ends.
pub async fn run_handler<H: EventHandler>() -> Result<(), Error> {
    let sdk = load_sdk().await;
    let variables = add_large_variables(&sdk, Variables::from_process()).await?;
    let handler = &H::new(&sdk, &variables)?;
    warm_up_in_time(handler.warm_up()).await;
    run(service_fn(|event: LambdaEvent<H::Event>| handler.handle(event.payload))).await
}

/// Waits until the connections are open, for at most a second.
pub(crate) async fn warm_up_in_time(warm_up: impl Future<Output = ()>) {
    if timeout(MAX_WARM_UP, warm_up).await.is_err() {
        tracing::warn!("the connections did not open in 1 s; the first event will open them");
    }
}

#[cfg(test)]
mod tests {
    use std::future::pending;

    use super::*;

    #[tokio::test]
    async fn a_cold_start_does_not_wait_for_a_service_that_hangs() {
        warm_up_in_time(pending()).await;
    }
}
