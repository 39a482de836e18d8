//! The operations of SQS that the product uses: SendMessage and ChangeMessageVisibility.
//! <https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_Operations.html>

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use chrono::TimeDelta;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use super::queue::{Queue, VisibilityError, md5_digest};
use crate::account::ACCOUNT;
use crate::aws_protocol::{AwsError, read_json};

/// The maximum delay of a message, in seconds.
/// <https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-message-timers.html>
const MAX_DELAY: i64 = 900;
/// The maximum visibility timeout, in seconds.
/// <https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_ChangeMessageVisibility.html>
const MAX_VISIBILITY_TIMEOUT: i64 = 43_200;
/// 1 MiB: the maximum size of a message.
/// <https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/quotas-messages.html>
const MAX_BODY_SIZE: usize = 1 << 20;

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

/// The URL of a queue. `sqs` is the base URL of SQS.
pub(crate) fn queue_url(sqs: &str, name: &str) -> String {
    format!("{sqs}/{ACCOUNT}/{name}")
}

impl FromIterator<Arc<Queue>> for Queues {
    fn from_iter<I: IntoIterator<Item = Arc<Queue>>>(queues: I) -> Self {
        Self(queues.into_iter().map(|queue| (queue.name().to_owned(), queue)).collect())
    }
}

impl Queues {
    /// Answers a call. `trace` is the trace header of the request, which SQS keeps with the message.
    /// <https://docs.aws.amazon.com/xray/latest/devguide/xray-services-sqs.html>
    pub(crate) fn answer(
        &self,
        operation: &str,
        body: &[u8],
        trace: Option<&str>,
    ) -> Result<Value, AwsError> {
        match operation {
            "SendMessage" => self.send_message(&parse(body)?, trace),
            "ChangeMessageVisibility" => self.change_message_visibility(&parse(body)?),
            _ => Err(AwsError::not_implemented(&format!("AmazonSQS.{operation}"))),
        }
    }

    fn send_message(&self, request: &SendMessage, trace: Option<&str>) -> Result<Value, AwsError> {
        let queue = self.find_queue(&request.queue_url)?;
        let delay = check_range(request.delay_seconds, MAX_DELAY, "DelaySeconds")?;
        if !(1..=MAX_BODY_SIZE).contains(&request.message_body.len()) {
            return Err(AwsError::invalid_parameter(
                "The message must be between 1 byte and 1 MiB.",
            ));
        }
        let delay = Duration::from_secs(delay);
        let id = queue.send_traced(&request.message_body, delay, trace)?;
        Ok(json!({ "MessageId": id, "MD5OfMessageBody": md5_digest(&request.message_body) }))
    }

    fn change_message_visibility(
        &self,
        request: &ChangeMessageVisibility,
    ) -> Result<Value, AwsError> {
        let queue = self.find_queue(&request.queue_url)?;
        let timeout =
            check_range(request.visibility_timeout, MAX_VISIBILITY_TIMEOUT, "VisibilityTimeout")?;
        let timeout = TimeDelta::seconds(i64::try_from(timeout).unwrap_or(MAX_VISIBILITY_TIMEOUT));
        queue.change_visibility(&request.receipt_handle, timeout).map_err(|error| match error {
            VisibilityError::Handle => AwsError::invalid_receipt_handle(error.to_string()),
            VisibilityError::NotInFlight => AwsError::not_in_flight(error.to_string()),
            VisibilityError::Store(error) => error.into(),
        })?;
        Ok(json!({}))
    }

    fn find_queue(&self, url: &str) -> Result<&Queue, AwsError> {
        let own = url.rsplit_once('/').filter(|(address, _)| address.ends_with(ACCOUNT));
        let queue = own.and_then(|(_, name)| self.0.get(name));
        queue.map(AsRef::as_ref).ok_or_else(AwsError::queue_not_found)
    }
}

fn parse<T: DeserializeOwned>(body: &[u8]) -> Result<T, AwsError> {
    read_json(body).map_err(AwsError::invalid_parameter)
}

fn check_range(value: i64, max: i64, name: &str) -> Result<u64, AwsError> {
    let usable = u64::try_from(value).ok().filter(|_| value <= max);
    usable.ok_or_else(|| {
        AwsError::invalid_parameter(format!(
            "Value {value} for parameter {name} is invalid. Reason: {name} must be >= 0 and <= \
             {max}."
        ))
    })
}
