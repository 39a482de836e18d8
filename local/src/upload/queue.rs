//! The queue between S3's events and `transcode-upload`: SQS FIFO with one message group.
//!
//! <https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/FIFO-queues-understanding-logic.html>

use std::io;
use std::path::Path;
use std::sync::Mutex;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use tokio::sync::Notify;

use crate::faults::Faults;
use crate::records::Records;

/// How often a message is given before it goes to the dead-letter queue.
const MOST_RECEIVES: u32 = 5;

/// Messages in the order of their arrival; each is kept until it was done.
#[derive(Debug)]
pub(crate) struct Queue {
    messages: Records<Message>,
    dead_letters: Records<Message>,
    next: Mutex<u64>,
    arrived: Notify,
    faults: Faults,
    chance: Mutex<fastrand::Rng>,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
struct Message {
    body: Value,
    receives: u32,
}

impl Queue {
    pub(crate) fn open(folder: &Path, faults: &Faults) -> io::Result<Self> {
        let messages = Records::<Message>::open(folder.join("messages"))?;
        let dead_letters = Records::<Message>::open(folder.join("dead-letters"))?;
        let used = messages.all().into_keys().chain(dead_letters.all().into_keys());
        let next = used.filter_map(|id| id.parse::<u64>().ok()).max().map_or(0, |last| last + 1);
        Ok(Self {
            messages,
            dead_letters,
            next: Mutex::new(next),
            arrived: Notify::new(),
            faults: faults.clone(),
            chance: Mutex::new(faults.chance()),
        })
    }

    /// Adds a message; S3's events are not lost, but they come at least once.
    pub(crate) fn send(&self, body: &Value) -> io::Result<()> {
        let chance = self.chance.lock().expect("nothing panics while it holds it").f64();
        let count = if chance < self.faults.repeat { 2 } else { 1 };
        for _ in 0..count {
            let mut next = self.next.lock().expect("nothing panics while it holds it");
            let message = Message { body: body.clone(), receives: 0 };
            self.messages.add(&name(*next), message, |_| Ok::<_, io::Error>(()))?;
            *next += 1;
        }
        self.arrived.notify_one();
        Ok(())
    }

    /// Gives each message in turn to `consume`, for as long as the process lives.
    ///
    /// As in a message group, none is given while one before it is under way or waits to be
    /// given again.
    pub(crate) async fn run<F>(&self, consume: impl Fn(Value) -> F)
    where
        F: Future<Output = Result<(), String>>,
    {
        loop {
            let Some((id, message)) = self.messages.first() else {
                self.arrived.notified().await;
                continue;
            };
            let body = json!({ "Records": [{
                "messageId": id,
                "body": message.body.to_string(),
                "eventSource": "aws:sqs",
            }]});
            let kept = match consume(body).await {
                Ok(()) => self.messages.remove(&id).map(drop),
                Err(error) => self.give_again(&id, message, &error).await,
            };
            if let Err(error) = kept {
                tracing::error!("message {id} of the upload queue could not be kept: {error}");
                tokio::time::sleep(Duration::from_secs(1)).await;
            }
        }
    }

    async fn give_again(&self, id: &str, mut message: Message, error: &str) -> io::Result<()> {
        message.receives += 1;
        if message.receives < MOST_RECEIVES {
            tracing::warn!("an uploaded file is taken in again: {error}");
            let receives = message.receives;
            self.messages.change(id, |message| message.receives = receives)?;
            tokio::time::sleep(Duration::from_secs(1)).await;
            return Ok(());
        }
        tracing::error!("an uploaded file went to the dead-letter queue: {error}");
        self.dead_letters.add(id, message, |_| Ok::<_, io::Error>(()))?;
        self.messages.remove(id).map(drop)
    }
}

/// Names sort as their numbers do.
fn name(number: u64) -> String {
    format!("{number:020}")
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;

    #[tokio::test]
    async fn messages_come_in_order_and_outlive_the_process() {
        let folder = tempfile::tempdir().unwrap();
        let queue = Queue::open(folder.path(), &Faults::default()).unwrap();
        for number in 0..12 {
            queue.send(&json!(number)).unwrap();
        }
        drop(queue);
        let queue = Arc::new(Queue::open(folder.path(), &Faults::default()).unwrap());
        queue.send(&json!(12)).unwrap();

        let (seen, mut given) = tokio::sync::mpsc::unbounded_channel();
        let running = Arc::clone(&queue);
        let worker = tokio::spawn(async move {
            running
                .run(|batch| {
                    let body = batch["Records"][0]["body"].as_str().unwrap().to_owned();
                    seen.send(body).unwrap();
                    async { Ok(()) }
                })
                .await;
        });
        for number in 0..13 {
            assert_eq!(given.recv().await.unwrap(), number.to_string());
        }
        worker.abort();
    }
}
