//! Due messages: delayed messages that start `harvest-clip`.

use std::time::Duration;

use aws_config::SdkConfig;
use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};

use crate::clip::{Clip, ClipId, ClipKey, CompetitionId, DUE_MESSAGE_LEAD, Source, Status};
use crate::config::{ConfigError, Variables};
use crate::error;

/// Sends due messages.
#[derive(Clone, Debug)]
pub struct DueQueue {
    client: aws_sdk_sqs::Client,
    url: String,
}

/// A due message: the key of a clip that `harvest-clip` should process.
///
/// It does not contain the state of the clip, so a message that arrives twice or late is harmless.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DueMessage {
    competition: CompetitionId,
    clip: ClipId,
}

#[derive(Debug, thiserror::Error)]
pub enum DueQueueError {
    #[error("could not send the due message of clip {clip}")]
    Send {
        clip: ClipKey,
        #[source]
        source: Box<aws_sdk_sqs::Error>,
    },
    #[error("could not postpone the due message of clip {clip}")]
    Postpone {
        clip: ClipKey,
        #[source]
        source: Box<aws_sdk_sqs::Error>,
    },
}

/// Longest delay of SQS.
/// <https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_SendMessage.html>
const MAX_DELAY: Duration = Duration::from_mins(15);

impl DueQueue {
    pub fn from_variables(sdk: &SdkConfig, variables: &Variables) -> Result<Self, ConfigError> {
        let url = variables.required("DUE_QUEUE_URL")?.to_owned();
        Ok(Self { client: aws_sdk_sqs::Client::new(sdk), url })
    }

    /// Sends the due message of a clip. It arrives after `delay`, at most after 15 minutes.
    pub async fn send(&self, clip: &ClipKey, delay: TimeDelta) -> Result<(), DueQueueError> {
        let due = DueMessage { competition: clip.competition.clone(), clip: clip.clip.clone() };
        let body = serde_json::to_string(&due).expect("two texts can be formatted as JSON");
        let sent =
            self.client.send_message().queue_url(&self.url).message_body(body).delay_seconds(
                i32::try_from(to_delay_seconds(delay)).expect("it is at most fifteen minutes"),
            );
        sent.send().await.map(drop).map_err(|error| DueQueueError::Send {
            clip: clip.clone(),
            source: Box::new(error.into()),
        })
    }

    /// Lets SQS deliver a message in flight again after `delay`. The function must then report the
    /// message as failed. This sends no message, so it is not a step of a chain that Lambda stops.
    pub async fn postpone(
        &self,
        clip: &ClipKey,
        receipt_handle: Option<String>,
        delay: TimeDelta,
    ) -> Result<(), DueQueueError> {
        let seconds =
            i32::try_from(to_delay_seconds(delay)).expect("it is at most fifteen minutes");
        let change = self.client.change_message_visibility().queue_url(&self.url);
        let change = change.set_receipt_handle(receipt_handle).visibility_timeout(seconds);
        change.send().await.map(drop).map_err(|error| DueQueueError::Postpone {
            clip: clip.clone(),
            source: Box::new(error.into()),
        })
    }

    /// Sends the due message that a queued or scheduled clip waits for. Other clips need none.
    ///
    /// If the end of a scheduled clip is more than 13 minutes ahead, the sweep sends the message
    /// later.
    pub async fn send_for(&self, clip: &Clip, now: DateTime<Utc>) -> Result<(), DueQueueError> {
        let delay = match (clip.status, &clip.source) {
            _ if clip.is_queued() => TimeDelta::zero(),
            (Status::Scheduled, Source::Live { requested, .. }) => requested.end() - now,
            _ => return Ok(()),
        };
        if delay > DUE_MESSAGE_LEAD { Ok(()) } else { self.send(&clip.key(), delay).await }
    }

    /// Sends the due message of a clip for a request. If this fails, the sweep does what the message
    /// would have caused, so the request does not fail.
    pub async fn send_or_log(&self, clip: &Clip, now: DateTime<Utc>) {
        let key = clip.key();
        if let Err(failure) = self.send_for(clip, now).await {
            let chain = error::chain(&failure);
            tracing::warn!(
                clip.id = %key,
                "could not send a due message for clip {key}, the sweep will retry: {chain}"
            );
        }
    }
}

impl From<DueMessage> for ClipKey {
    fn from(DueMessage { competition, clip }: DueMessage) -> Self {
        Self { competition, clip }
    }
}

/// Converts a delay to SQS's unit: whole seconds, rounded up.
fn to_delay_seconds(delay: TimeDelta) -> u64 {
    let delay = delay.to_std().unwrap_or(Duration::ZERO).min(MAX_DELAY);
    delay.as_secs() + u64::from(delay.subsec_nanos() > 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn delays_are_whole_seconds_and_at_most_fifteen_minutes() {
        let check = |milliseconds, expected| {
            assert_eq!(to_delay_seconds(TimeDelta::milliseconds(milliseconds)), expected);
        };
        check(-5000, 0);
        check(0, 0);
        check(1, 1);
        check(1000, 1);
        check(1001, 2);
        check(900_000, 900);
        check(14_400_000, 900);
    }
}
