//! One queue, and the poller that passes its messages to a function.
//!
//! A message is kept until the function succeeds. If the function fails, the message is received
//! again. A message is never lost, but it may be received twice, and in any order.
//! <https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/standard-queues-at-least-once-delivery.html>

use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use tokio::sync::Notify;
use tokio::task::JoinSet;
use tokio_util::task::AbortOnDropHandle;

use crate::account::{ACCOUNT, REGION};
use crate::faults::{DeliveryFaults, Faults};
use crate::records::Records;

/// How long a message stays invisible after its function failed.
///
/// A deployment sets six times the function's timeout, so that a message is not received again while
/// a function processes it. The stand-in needs no such time: it never passes a message in flight to
/// another function.
/// <https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-configure.html>
const VISIBILITY_TIMEOUT: TimeDelta = TimeDelta::seconds(2);

/// The functions that a queue starts.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Consumers {
    /// How many of them run at once.
    pub(crate) at_once: usize,
    /// How many messages each of them gets at most.
    pub(crate) batch_size: usize,
}

/// A durable standard queue, with its dead-letter queue.
#[derive(Debug)]
pub(crate) struct Queue {
    name: String,
    consumers: Consumers,
    /// How often a message is received before it goes to the dead-letter queue.
    /// <https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-dead-letter-queues.html>
    max_receives: u32,
    messages: Records<Message>,
    dead_letters: Records<Message>,
    state: Mutex<State>,
    changed: Notify,
    faults: DeliveryFaults,
}

#[derive(Debug)]
struct State {
    next: u64,
    /// The messages in flight, and whether their function has set their visibility timeout.
    in_flight: BTreeMap<String, bool>,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
struct Message {
    body: String,
    /// The trace header of the request that sent the message.
    #[serde(default)]
    trace: Option<String>,
    sent_at: DateTime<Utc>,
    visible_at: DateTime<Utc>,
    first_received_at: Option<DateTime<Utc>>,
    receives: u32,
}

/// The result of a receive.
enum Next {
    Batch(Vec<(String, Message)>),
    /// There is no message before this time. With `None`, there is none before the queue changes.
    Later(Option<DateTime<Utc>>),
}

/// The result of a receive of one message.
enum Received {
    Message(String, Message),
    Later(Option<DateTime<Utc>>),
}

/// Why the visibility timeout of a message cannot be changed.
#[derive(Debug, thiserror::Error)]
pub(super) enum VisibilityError {
    #[error("The input receipt handle is invalid.")]
    Handle,
    #[error("The message is not in flight.")]
    NotInFlight,
    #[error("could not store the message: {0}")]
    Store(#[from] io::Error),
}

impl Queue {
    /// Opens a queue in a folder, with the messages of an earlier process.
    ///
    /// Messages that were in flight are visible at once, because their functions ended with that
    /// process.
    pub(crate) fn open(
        folder: &Path,
        name: &str,
        consumers: Consumers,
        max_receives: u32,
        faults: &Faults,
    ) -> io::Result<Self> {
        let messages = Records::<Message>::open(folder.join("messages"))?;
        let dead_letters = Records::<Message>::open(folder.join("dead-letters"))?;
        let used = messages.all().into_keys().chain(dead_letters.all().into_keys());
        let next = used.filter_map(|id| id.parse::<u64>().ok()).max().map_or(0, |last| last + 1);
        Ok(Self {
            name: name.to_owned(),
            consumers,
            max_receives,
            messages,
            dead_letters,
            state: Mutex::new(State { next, in_flight: BTreeMap::new() }),
            changed: Notify::new(),
            faults: DeliveryFaults::new(faults, name),
        })
    }

    pub(super) fn name(&self) -> &str {
        &self.name
    }

    /// Adds a message and returns its id. The message is visible after the delay.
    pub(crate) fn send(&self, body: &str, delay: Duration) -> io::Result<String> {
        self.send_traced(body, delay, None)
    }

    /// Adds a message that was sent with a trace header.
    pub(super) fn send_traced(
        &self,
        body: &str,
        delay: Duration,
        trace: Option<&str>,
    ) -> io::Result<String> {
        let now = Utc::now();
        let mut ids = Vec::new();
        for late in self.faults.delays() {
            let wait = TimeDelta::from_std(delay + late).unwrap_or(TimeDelta::MAX);
            let message = Message {
                body: body.to_owned(),
                trace: trace.map(str::to_owned),
                sent_at: now,
                visible_at: now + wait,
                first_received_at: None,
                receives: 0,
            };
            let mut state = self.lock();
            let id = format!("{:020}", state.next);
            self.messages.add(&id, message, |_| Ok::<_, io::Error>(()))?;
            state.next += 1;
            ids.push(id);
        }
        self.changed.notify_one();
        Ok(ids.swap_remove(0))
    }

    /// Sets when a message in flight is visible again: `timeout` from now, unless its function
    /// succeeds.
    pub(super) fn change_visibility(
        &self,
        handle: &str,
        timeout: TimeDelta,
    ) -> Result<(), VisibilityError> {
        let (id, receives) = handle.split_once('.').ok_or(VisibilityError::Handle)?;
        let message = self.messages.get(id).ok_or(VisibilityError::Handle)?;
        let mut state = self.lock();
        let is_timeout_set = state.in_flight.get_mut(id).ok_or(VisibilityError::NotInFlight)?;
        if receives != message.receives.to_string() {
            return Err(VisibilityError::NotInFlight);
        }
        self.messages.change(id, |message| message.visible_at = Utc::now() + timeout)?;
        *is_timeout_set = true;
        Ok(())
    }

    /// Passes each message to `consume`, until the process ends.
    ///
    /// `consume` returns the response of the function. If it lists batch item failures, only those
    /// messages are received again.
    /// <https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-errorhandling.html>
    pub(crate) async fn run<F>(self: Arc<Self>, consume: impl Fn(Value) -> F)
    where
        F: Future<Output = Result<Value, String>> + Send + 'static,
    {
        let mut runs = JoinSet::new();
        loop {
            while runs.try_join_next().is_some() {}
            let has_place = runs.len() < self.consumers.at_once;
            let next = if has_place { self.receive() } else { Ok(Next::Later(None)) };
            let wait = match next {
                Ok(Next::Batch(batch)) => {
                    // A task of its own: if the function panics, the batch is received again.
                    let run = tokio::spawn(consume(self.event(&batch)));
                    let run = AbortOnDropHandle::new(run);
                    let queue = Arc::clone(&self);
                    runs.spawn(async move {
                        let outcome = run.await.unwrap_or_else(|panic| Err(panic.to_string()));
                        queue.settle_batch(batch, &outcome);
                    });
                    continue;
                }
                Ok(Next::Later(None)) => Duration::MAX,
                Ok(Next::Later(Some(at))) => (at - Utc::now()).to_std().unwrap_or_default(),
                Err(error) => {
                    tracing::error!(
                        "could not receive from queue {}; retrying: {error}",
                        self.name
                    );
                    Duration::from_secs(1)
                }
            };
            tokio::select! {
                () = self.changed.notified() => {}
                () = tokio::time::sleep(wait) => {}
                Some(_) = runs.join_next() => {}
            }
        }
    }

    /// Passes one batch to `consume`, as [`Queue::run`] does. Returns `false` if no message is visible.
    pub(crate) async fn run_once(
        &self,
        consume: impl AsyncFnOnce(Value) -> Result<Value, String>,
    ) -> io::Result<bool> {
        let Next::Batch(batch) = self.receive()? else { return Ok(false) };
        let outcome = consume(self.event(&batch)).await;
        self.settle_batch(batch, &outcome);
        Ok(true)
    }

    /// Receives the next batch of visible messages.
    fn receive(&self) -> io::Result<Next> {
        let mut batch = Vec::new();
        loop {
            match self.receive_message()? {
                Received::Message(id, message) => batch.push((id, message)),
                Received::Later(at) if batch.is_empty() => return Ok(Next::Later(at)),
                Received::Later(_) => return Ok(Next::Batch(batch)),
            }
            if batch.len() == self.consumers.batch_size {
                return Ok(Next::Batch(batch));
            }
        }
    }

    /// Receives the next visible message. Messages that were received too often go to the dead-letter
    /// queue.
    fn receive_message(&self) -> io::Result<Received> {
        loop {
            let now = Utc::now();
            let mut state = self.lock();
            let candidate = self.messages.first_by(|id, message| {
                (!state.in_flight.contains_key(id)).then_some(message.visible_at)
            });
            let Some((id, message)) = candidate else { return Ok(Received::Later(None)) };
            if now < message.visible_at {
                return Ok(Received::Later(Some(message.visible_at)));
            }
            if message.receives >= self.max_receives {
                tracing::error!(
                    "a message of queue {} failed {} times and went to the dead-letter queue",
                    self.name,
                    message.receives
                );
                self.dead_letters.add(&id, message, |_| Ok::<_, io::Error>(()))?;
                self.messages.remove(&id)?;
                continue;
            }
            let received = self.messages.change(&id, |message| {
                message.receives += 1;
                message.first_received_at.get_or_insert(now);
            })?;
            if let Some(message) = received {
                state.in_flight.insert(id.clone(), false);
                return Ok(Received::Message(id, message));
            }
        }
    }

    /// Deletes the messages of a batch that the function has processed. The others are visible again
    /// after a delay.
    fn settle_batch(&self, batch: Vec<(String, Message)>, outcome: &Result<Value, String>) {
        let failed: BTreeSet<String> = match outcome {
            Ok(response) => response["batchItemFailures"]
                .as_array()
                .into_iter()
                .flatten()
                .filter_map(|failure| failure["itemIdentifier"].as_str().map(str::to_owned))
                .collect(),
            Err(_) => BTreeSet::new(),
        };
        for (id, _) in batch {
            let outcome = match outcome {
                Ok(_) if failed.contains(&id) => Err("it is a batch item failure".to_owned()),
                Ok(_) => Ok(()),
                Err(error) => Err(error.clone()),
            };
            self.settle(&id, outcome);
        }
    }

    /// Deletes a message whose function succeeded. If the function failed, the message is visible again
    /// after a delay.
    fn settle(&self, id: &str, outcome: Result<(), String>) {
        let mut state = self.lock();
        let is_timeout_set = state.in_flight.get(id).copied().unwrap_or_default();
        let stored = match outcome {
            Ok(()) => self.messages.remove(id).map(drop),
            Err(error) => {
                tracing::warn!(
                    "a function failed for a message of queue {}; retrying: {error}",
                    self.name
                );
                let later = Utc::now() + VISIBILITY_TIMEOUT;
                let again = |message: &mut Message| message.visible_at = later;
                if is_timeout_set { Ok(()) } else { self.messages.change(id, again).map(drop) }
            }
        };
        if let Err(error) = stored {
            tracing::error!("could not store message {id} of queue {}: {error}", self.name);
        }
        state.in_flight.remove(id);
        drop(state);
        self.changed.notify_one();
    }

    /// The event that starts a function: a batch of messages.
    /// <https://docs.aws.amazon.com/lambda/latest/dg/with-sqs.html>
    fn event(&self, batch: &[(String, Message)]) -> Value {
        let records: Vec<Value> =
            batch.iter().map(|(id, message)| self.record(id, message)).collect();
        json!({ "Records": records })
    }

    fn record(&self, id: &str, message: &Message) -> Value {
        let first = message.first_received_at.unwrap_or(message.sent_at);
        let mut record = json!({
            "messageId": id,
            "receiptHandle": format!("{id}.{}", message.receives),
            "body": message.body,
            "attributes": {
                "ApproximateReceiveCount": message.receives.to_string(),
                "SentTimestamp": message.sent_at.timestamp_millis().to_string(),
                "SenderId": ACCOUNT,
                "ApproximateFirstReceiveTimestamp": first.timestamp_millis().to_string(),
            },
            "messageAttributes": {},
            "md5OfBody": md5_digest(&message.body),
            "eventSource": "aws:sqs",
            "eventSourceARN": format!("arn:aws:sqs:{REGION}:{ACCOUNT}:{}", self.name),
            "awsRegion": REGION,
        });
        if let Some(trace) = &message.trace {
            record["attributes"]["AWSTraceHeader"] = json!(trace);
        }
        record
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().expect("no thread panics while it holds the lock")
    }
}

pub(super) fn md5_digest(body: &str) -> String {
    format!("{:x}", md5::compute(body))
}

#[cfg(test)]
mod tests;
