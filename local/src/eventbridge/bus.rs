//! The event bus: what AWS Elemental tells, and the bad days of its delivery.
//!
//! MediaPackage sends events on a best-effort basis: they may be lost, come twice, late and in
//! any order. MediaConvert's are durable, but a function may still fail to take one in; so here
//! they are lost as often.
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

/// How often EventBridge's target, a Lambda invoked asynchronously, is tried again.
/// <https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-error-handling.html>
const RETRIES: u32 = 2;

/// Runs the functions that the rules of the bus start; the error is the reported one.
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

    /// Sets who receives the events; what is published before is lost.
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
        let what = [&detail["event"], &detail["harvest_job"]["status"], &detail["status"]];
        let what = what.into_iter().find_map(Value::as_str).unwrap_or_default();
        let what = format!("{detail_type} ({what})");
        if self.faults.is_lost() {
            tracing::info!("lost: {what}");
            return;
        }
        let Some(subscriber) = self.subscriber.get() else { return };
        let event = Arc::new(envelope(source, detail_type, resources, detail));
        for delay in self.faults.delays() {
            let (subscriber, event) = (Arc::clone(subscriber), Arc::clone(&event));
            let what = what.clone();
            tokio::spawn(async move {
                tokio::time::sleep(delay).await;
                deliver(&*subscriber, &event, &what).await;
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

async fn deliver(subscriber: &dyn Subscriber, event: &Value, what: &str) {
    for attempt in 0..=RETRIES {
        match subscriber.receive(event).await {
            Ok(()) => return,
            Err(error) if attempt < RETRIES => {
                tracing::warn!("{what} is delivered again: {error}");
                tokio::time::sleep(Duration::from_secs(1 << attempt)).await;
            }
            Err(error) => tracing::error!("{what} could not be delivered: {error}"),
        }
    }
}
