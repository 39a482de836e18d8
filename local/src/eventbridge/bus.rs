//! The default event bus: delivers the events of AWS Elemental, with faults.
//!
//! MediaPackage sends events on a best-effort basis: an event may be lost, repeated, late or out of
//! order. MediaConvert's events are durable, but a function may still fail to process one. So the
//! stand-in loses both kinds equally often.
//! <https://docs.aws.amazon.com/eventbridge/latest/ref/event-delivery-level.html>

use std::fmt::Debug;
use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use chrono::{SecondsFormat, Utc};
use serde_json::{Value, json};

use crate::account::{ACCOUNT, REGION};
use crate::faults::{DeliveryFaults, Faults};

/// How often an event is delivered again if its target fails. The target is a Lambda, invoked
/// asynchronously.
/// <https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-error-handling.html>
const RETRIES: u32 = 2;

/// The target of the bus: runs the functions that its rules start, or returns their error.
pub(crate) trait Subscriber: Debug + Send + Sync {
    fn receive<'a>(
        &'a self,
        event: &'a Value,
    ) -> Pin<Box<dyn Future<Output = Result<(), String>> + Send + 'a>>;
}

/// The default event bus.
#[derive(Debug)]
pub(crate) struct Bus {
    faults: DeliveryFaults,
    subscriber: OnceLock<Arc<dyn Subscriber>>,
}

impl Bus {
    pub(crate) fn new(faults: &Faults) -> Self {
        Self { faults: DeliveryFaults::new(faults, "events"), subscriber: OnceLock::new() }
    }

    /// Sets the subscriber. Events that are published before are lost.
    pub(crate) fn subscribe(&self, subscriber: Arc<dyn Subscriber>) {
        let _ = self.subscriber.set(subscriber);
    }

    /// Publishes an event of a service, such as `aws.mediapackage`.
    pub(crate) fn publish(
        &self,
        source: &str,
        detail_type: &str,
        resources: &[String],
        detail: &Value,
    ) {
        let status = [&detail["event"], &detail["harvest_job"]["status"], &detail["status"]];
        let status = status.into_iter().find_map(Value::as_str).unwrap_or_default();
        let name = format!("{detail_type} ({status})");
        if self.faults.is_lost() {
            tracing::info!("injected fault: event {name} is lost");
            return;
        }
        let Some(subscriber) = self.subscriber.get() else { return };
        let event = Arc::new(envelope(source, detail_type, resources, detail));
        for delay in self.faults.delays() {
            let (subscriber, event) = (Arc::clone(subscriber), Arc::clone(&event));
            let name = name.clone();
            tokio::spawn(async move {
                tokio::time::sleep(delay).await;
                deliver(&*subscriber, &event, &name).await;
            });
        }
    }
}

/// An event as EventBridge delivers it.
pub(crate) fn envelope(
    source: &str,
    detail_type: &str,
    resources: &[String],
    detail: &Value,
) -> Value {
    json!({
        "version": "0",
        "id": format!("{:032x}", fastrand::u128(..)),
        "detail-type": detail_type,
        "source": source,
        "account": ACCOUNT,
        "time": Utc::now().to_rfc3339_opts(SecondsFormat::Secs, true),
        "region": REGION,
        "resources": resources,
        "detail": detail,
    })
}

async fn deliver(subscriber: &dyn Subscriber, event: &Value, name: &str) {
    for attempt in 0..=RETRIES {
        match subscriber.receive(event).await {
            Ok(()) => return,
            Err(error) if attempt < RETRIES => {
                tracing::warn!("a function failed for event {name}; retrying: {error}");
                tokio::time::sleep(Duration::from_secs(1 << attempt)).await;
            }
            Err(error) => tracing::error!("could not deliver event {name}: {error}"),
        }
    }
}
