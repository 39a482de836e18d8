//! Runs an event handler as a Lambda function.

use std::fmt::Debug;

use aws_config::SdkConfig;
use lambda_runtime::{Diagnostic, Error, LambdaEvent, run, service_fn};
use serde::de::DeserializeOwned;

use crate::config::{ConfigError, Variables, load_sdk};

/// A function that is invoked by a queue, a stream, a rule or a schedule.
pub trait EventHandler: Sized {
    type Event: DeserializeOwned + Send;
    /// An error of an invocation. Lambda then retries, as the event source is configured.
    type Error: Into<Diagnostic> + Debug;

    /// Builds the handler once per cold start.
    fn new(sdk: &SdkConfig, variables: &Variables) -> Result<Self, ConfigError>;

    /// Opens the connections that the first event needs.
    fn warm_up(&self) -> impl Future<Output = ()> + Send;

    /// Handles one event.
    fn handle(&self, event: Self::Event) -> impl Future<Output = Result<(), Self::Error>> + Send;
}

/// Serves the events of a Lambda function until its process ends.
pub async fn run_handler<H: EventHandler>() -> Result<(), Error> {
    let handler = &H::new(&load_sdk().await, &Variables::from_process())?;
    handler.warm_up().await;
    run(service_fn(|event: LambdaEvent<H::Event>| handler.handle(event.payload))).await
}
