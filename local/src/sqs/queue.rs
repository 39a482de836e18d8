//! One queue, and the poller that gives its messages to a function.
//!
//! A message is kept until it was done, and given again when it was not, so it is never lost; but
//! it may come twice, and in a standard queue in any order.
//! <https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/standard-queues-at-least-once-delivery.html>

use std::collections::BTreeMap;
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

/// After which time a message comes again whose function failed.
///
/// A deployment has it six times the function's timeout, so that no message comes again while it
/// is worked on; here that does not happen however long the work takes.
/// <https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-configure.html>
const VISIBILITY_TIMEOUT: TimeDelta = TimeDelta::seconds(2);

/// Which message is given next, and how many at once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Order {
    /// A standard queue: whichever is visible, to so many functions at once.
    Any { at_once: usize },
    /// A FIFO queue with one message group: in the order of arrival, none while one before it is
    /// under way or waits to be given again.
    /// <https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/FIFO-queues-understanding-logic.html>
    Arrival,
}

/// Messages, each of which is kept until it was done.
#[derive(Debug)]
pub(crate) struct Queue {
    name: String,
    order: Order,
    /// How often a message is given before it goes to the dead-letter queue.
    /// <https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-dead-letter-queues.html>
    most_receives: u32,
    messages: Records<Message>,
    dead_letters: Records<Message>,
    state: Mutex<State>,
    changed: Notify,
    faults: DeliveryFaults,
}

#[derive(Debug)]
struct State {
    next: u64,
    /// The messages that a function has, and whether it chose when they come again.
    in_flight: BTreeMap<String, bool>,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
struct Message {
    body: String,
    sent_at: DateTime<Utc>,
    visible_at: DateTime<Utc>,
    first_received_at: Option<DateTime<Utc>>,
    receives: u32,
}

/// What a poller finds.
enum Next {
    Message(String, Message),
    /// None before that time; without one, none before something changes.
    Later(Option<DateTime<Utc>>),
}

/// Why a message's visibility cannot be changed.
#[derive(Debug, thiserror::Error)]
pub(super) enum VisibilityError {
    #[error("The input receipt handle is invalid.")]
    Handle,
    #[error("The message is not in flight.")]
    NotInFlight,
    #[error("could not keep the message: {0}")]
    Keep(#[from] io::Error),
}

impl Queue {
    /// Opens a queue in a folder of its own, with what an earlier process left.
    ///
    /// A message that was in flight then is given again at once: its function died, too.
    pub(crate) fn open(
        folder: &Path,
        name: &str,
        order: Order,
        most_receives: u32,
        faults: &Faults,
    ) -> io::Result<Self> {
        let messages = Records::<Message>::open(folder.join("messages"))?;
        let dead_letters = Records::<Message>::open(folder.join("dead-letters"))?;
        let used = messages.all().into_keys().chain(dead_letters.all().into_keys());
        let next = used.filter_map(|id| id.parse::<u64>().ok()).max().map_or(0, |last| last + 1);
        Ok(Self {
            name: name.to_owned(),
            order,
            most_receives,
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

    pub(super) fn is_fifo(&self) -> bool {
        self.order == Order::Arrival
    }

    /// Adds a message that is first given after a delay; its id.
    pub(crate) fn send(&self, body: &str, delay: Duration) -> io::Result<String> {
        let now = Utc::now();
        let mut ids = Vec::new();
        for late in self.faults.delays() {
            let late = if self.is_fifo() { Duration::ZERO } else { late };
            let wait = TimeDelta::from_std(delay + late).unwrap_or(TimeDelta::MAX);
            let message = Message {
                body: body.to_owned(),
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

    /// Has a message that is in flight come again so long after now, unless it is done by then.
    pub(super) fn change_visibility(
        &self,
        handle: &str,
        timeout: TimeDelta,
    ) -> Result<(), VisibilityError> {
        let (id, receives) = handle.split_once('.').ok_or(VisibilityError::Handle)?;
        let message = self.messages.get(id).ok_or(VisibilityError::Handle)?;
        let mut state = self.lock();
        let chosen = state.in_flight.get_mut(id).ok_or(VisibilityError::NotInFlight)?;
        if receives != message.receives.to_string() {
            return Err(VisibilityError::NotInFlight);
        }
        self.messages.change(id, |message| message.visible_at = Utc::now() + timeout)?;
        *chosen = true;
        Ok(())
    }

    /// Gives each message to `consume`, for as long as the process lives.
    pub(crate) async fn run<F>(self: Arc<Self>, consume: impl Fn(Value) -> F)
    where
        F: Future<Output = Result<(), String>> + Send + 'static,
    {
        let most = match self.order {
            Order::Any { at_once } => at_once,
            Order::Arrival => 1,
        };
        let mut runs = JoinSet::new();
        loop {
            while runs.try_join_next().is_some() {}
            let next = if runs.len() < most { self.receive() } else { Ok(Next::Later(None)) };
            let wait = match next {
                Ok(Next::Message(id, message)) => {
                    // A task of its own: if it panics, the message still comes again.
                    let run = tokio::spawn(consume(self.batch(&id, &message)));
                    let run = AbortOnDropHandle::new(run);
                    let queue = Arc::clone(&self);
                    runs.spawn(async move {
                        let outcome = run.await.unwrap_or_else(|panic| Err(panic.to_string()));
                        queue.settle(&id, outcome);
                    });
                    continue;
                }
                Ok(Next::Later(None)) => Duration::MAX,
                Ok(Next::Later(Some(at))) => (at - Utc::now()).to_std().unwrap_or_default(),
                Err(error) => {
                    tracing::error!("queue {} cannot be read: {error}", self.name);
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

    /// Takes the next message that is visible; those that came too often go elsewhere.
    fn receive(&self) -> io::Result<Next> {
        loop {
            let now = Utc::now();
            let mut state = self.lock();
            let candidate = match self.order {
                Order::Arrival if !state.in_flight.is_empty() => None,
                Order::Arrival => self.messages.first(),
                Order::Any { .. } => self.messages.first_by(|id, message| {
                    (!state.in_flight.contains_key(id)).then_some(message.visible_at)
                }),
            };
            let Some((id, message)) = candidate else { return Ok(Next::Later(None)) };
            if now < message.visible_at {
                return Ok(Next::Later(Some(message.visible_at)));
            }
            if self.most_receives <= message.receives {
                tracing::error!("a message of {} went to the dead-letter queue", self.name);
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
                return Ok(Next::Message(id, message));
            }
        }
    }

    /// Forgets a message that was done; has it come again if it was not.
    fn settle(&self, id: &str, outcome: Result<(), String>) {
        let mut state = self.lock();
        let chosen = state.in_flight.get(id).copied().unwrap_or_default();
        let kept = match outcome {
            Ok(()) => self.messages.remove(id).map(drop),
            Err(error) => {
                tracing::warn!("a message of {} comes again: {error}", self.name);
                let later = Utc::now() + VISIBILITY_TIMEOUT;
                let again = |message: &mut Message| message.visible_at = later;
                if chosen { Ok(()) } else { self.messages.change(id, again).map(drop) }
            }
        };
        if let Err(error) = kept {
            tracing::error!("message {id} of {} could not be kept: {error}", self.name);
        }
        state.in_flight.remove(id);
        drop(state);
        self.changed.notify_one();
    }

    /// The event that a function is started with.
    /// <https://docs.aws.amazon.com/lambda/latest/dg/with-sqs.html>
    fn batch(&self, id: &str, message: &Message) -> Value {
        let first = message.first_received_at.unwrap_or(message.sent_at);
        json!({ "Records": [{
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
            "md5OfBody": md5_of(&message.body),
            "eventSource": "aws:sqs",
            "eventSourceARN": format!("arn:aws:sqs:{REGION}:{ACCOUNT}:{}", self.name),
            "awsRegion": REGION,
        }]})
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().expect("no thread panics while it holds the lock")
    }
}

pub(super) fn md5_of(body: &str) -> String {
    format!("{:x}", md5::compute(body))
}

#[cfg(test)]
mod tests;
