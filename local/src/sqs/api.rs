//! The operations on queues.
//! <https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_Operations.html>

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use chrono::TimeDelta;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use super::queue::{Queue, VisibilityError, md5_of};
use crate::account::ACCOUNT;
use crate::aws_protocol::{AwsError, read_json};

/// The longest delay of a message, in seconds.
/// <https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-message-timers.html>
const LONGEST_DELAY: i64 = 900;
/// The longest a message stays invisible, in seconds.
/// <https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_ChangeMessageVisibility.html>
const LONGEST_VISIBILITY: i64 = 43_200;
/// <https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/quotas-messages.html>
const LARGEST_BODY: usize = 1 << 20;

/// The queues of the account, by name.
#[derive(Debug, Default)]
pub(crate) struct Queues(BTreeMap<String, Arc<Queue>>);

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct SendMessage {
    queue_url: String,
    message_body: String,
    #[serde(default)]
    delay_seconds: i64,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct ChangeMessageVisibility {
    queue_url: String,
    receipt_handle: String,
    visibility_timeout: i64,
}

/// The URL of a queue at an address.
pub(crate) fn queue_url(address: &str, name: &str) -> String {
    format!("{address}/{ACCOUNT}/{name}")
}

impl FromIterator<Arc<Queue>> for Queues {
    fn from_iter<I: IntoIterator<Item = Arc<Queue>>>(queues: I) -> Self {
        Self(queues.into_iter().map(|queue| (queue.name().to_owned(), queue)).collect())
    }
}

impl Queues {
    pub(crate) fn answer(&self, operation: &str, body: &[u8]) -> Result<Value, AwsError> {
        match operation {
            "SendMessage" => self.send_message(&read(body)?),
            "ChangeMessageVisibility" => self.change_message_visibility(&read(body)?),
            _ => Err(AwsError::not_implemented(&format!("AmazonSQS.{operation}"))),
        }
    }

    fn send_message(&self, asked: &SendMessage) -> Result<Value, AwsError> {
        let queue = self.find(&asked.queue_url)?;
        if queue.is_fifo() {
            // The queue of uploads is S3's to fill.
            return Err(AwsError::not_implemented("SendMessage to a FIFO queue"));
        }
        let delay = within(asked.delay_seconds, LONGEST_DELAY, "DelaySeconds")?;
        if !(1..=LARGEST_BODY).contains(&asked.message_body.len()) {
            return Err(AwsError::invalid_parameter("The message is not from 1 byte to 1 MiB."));
        }
        let id = queue.send(&asked.message_body, Duration::from_secs(delay))?;
        Ok(json!({ "MessageId": id, "MD5OfMessageBody": md5_of(&asked.message_body) }))
    }

    fn change_message_visibility(
        &self,
        asked: &ChangeMessageVisibility,
    ) -> Result<Value, AwsError> {
        let queue = self.find(&asked.queue_url)?;
        let timeout = within(asked.visibility_timeout, LONGEST_VISIBILITY, "VisibilityTimeout")?;
        let timeout = TimeDelta::seconds(i64::try_from(timeout).unwrap_or(LONGEST_VISIBILITY));
        queue.change_visibility(&asked.receipt_handle, timeout).map_err(|error| match error {
            VisibilityError::Handle => AwsError::invalid_receipt_handle(error.to_string()),
            VisibilityError::NotInFlight => AwsError::not_in_flight(error.to_string()),
            VisibilityError::Keep(error) => error.into(),
        })?;
        Ok(json!({}))
    }

    fn find(&self, url: &str) -> Result<&Queue, AwsError> {
        let own = url.rsplit_once('/').filter(|(address, _)| address.ends_with(ACCOUNT));
        let queue = own.and_then(|(_, name)| self.0.get(name));
        queue.map(AsRef::as_ref).ok_or_else(AwsError::queue_not_found)
    }
}

fn read<T: DeserializeOwned>(body: &[u8]) -> Result<T, AwsError> {
    read_json(body).map_err(AwsError::invalid_parameter)
}

fn within(value: i64, most: i64, name: &str) -> Result<u64, AwsError> {
    let usable = u64::try_from(value).ok().filter(|_| value <= most);
    usable.ok_or_else(|| {
        AwsError::invalid_parameter(format!(
            "Value {value} for parameter {name} is invalid. Reason: {name} must be >= 0 and <= \
             {most}."
        ))
    })
}
