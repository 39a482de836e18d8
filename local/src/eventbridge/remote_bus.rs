//! The event bus of another stack, which the process's environment leads to.

use std::pin::Pin;

use aws_config::SdkConfig;
use aws_sdk_eventbridge::types::PutEventsRequestEntry;
use serde_json::Value;

use super::bus::Subscriber;

/// Forwards every event of the stand-in's bus to the default bus of another stack.
///
/// PutEvents refuses sources that begin with `aws.`, so an event of `aws.mediapackage` is sent with
/// the source `standin.mediapackage`.
/// <https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_PutEventsRequestEntry.html>
#[derive(Debug)]
pub(crate) struct RemoteBus(aws_sdk_eventbridge::Client);

impl RemoteBus {
    pub(crate) fn new(sdk: &SdkConfig) -> Self {
        Self(aws_sdk_eventbridge::Client::new(sdk))
    }

    async fn put(&self, event: &Value) -> Result<(), String> {
        let text = |name: &str| event[name].as_str().unwrap_or_default();
        let resources = event["resources"].as_array().into_iter().flatten();
        let entry = PutEventsRequestEntry::builder()
            .source(text("source").replacen("aws.", "standin.", 1))
            .detail_type(text("detail-type"))
            .set_resources(Some(resources.filter_map(Value::as_str).map(str::to_owned).collect()))
            .detail(event["detail"].to_string());
        let put = self.0.put_events().entries(entry.build()).send().await;
        let put =
            put.map_err(|error| matchcut::error::chain(&aws_sdk_eventbridge::Error::from(error)))?;
        match put.entries().iter().find_map(|entry| entry.error_code()) {
            Some(code) => Err(format!("PutEvents failed for the event: {code}")),
            None => Ok(()),
        }
    }
}

impl Subscriber for RemoteBus {
    fn receive<'a>(
        &'a self,
        event: &'a Value,
    ) -> Pin<Box<dyn Future<Output = Result<(), String>> + Send + 'a>> {
        Box::pin(self.put(event))
    }
}
