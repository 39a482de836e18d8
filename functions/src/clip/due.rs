//! The queue of clips that something is due for: their end has aired, or they wait for a harvest.

use std::time::Duration;

use aws_config::SdkConfig;
use chrono::TimeDelta;
use serde::{Deserialize, Serialize};

use super::{ClipId, ClipKey, CompetitionId};
use crate::config::{ConfigError, Variables};

/// Sends clips to `harvest-clip`, at once or later.
#[derive(Clone, Debug)]
pub struct DueQueue {
    client: aws_sdk_sqs::Client,
    url: String,
}

/// A message of the queue: a clip that should be looked at. It says nothing of the clip's state,
/// so one that comes twice or late does no harm.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DueClip {
    competition: CompetitionId,
    clip: ClipId,
}

#[derive(Debug, thiserror::Error)]
#[error("the due message of clip {clip} was not sent")]
pub struct DueError {
    clip: ClipKey,
    #[source]
    source: Box<aws_sdk_sqs::Error>,
}

/// The longest delay of SQS; what is due later is sent on from there.
/// <https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_SendMessage.html>
const LONGEST_DELAY: Duration = Duration::from_mins(15);

impl DueQueue {
    pub fn from_variables(sdk: &SdkConfig, variables: &Variables) -> Result<Self, ConfigError> {
        let url = variables.required("DUE_QUEUE_URL")?.to_owned();
        Ok(Self { client: aws_sdk_sqs::Client::new(sdk), url })
    }

    /// Has a clip looked at after a delay, or after fifteen minutes if that is sooner.
    pub async fn send(&self, clip: &ClipKey, delay: TimeDelta) -> Result<(), DueError> {
        let due = DueClip { competition: clip.competition.clone(), clip: clip.clip.clone() };
        let body = serde_json::to_string(&due).expect("two texts can be written as JSON");
        let sent =
            self.client.send_message().queue_url(&self.url).message_body(body).delay_seconds(
                i32::try_from(whole_seconds(delay)).expect("it is at most fifteen minutes"),
            );
        sent.send()
            .await
            .map(drop)
            .map_err(|error| DueError { clip: clip.clone(), source: Box::new(error.into()) })
    }
}

impl From<DueClip> for ClipKey {
    fn from(DueClip { competition, clip }: DueClip) -> Self {
        Self { competition, clip }
    }
}

/// The delay in SQS's unit, rounded up.
fn whole_seconds(delay: TimeDelta) -> u64 {
    let delay = delay.to_std().unwrap_or(Duration::ZERO).min(LONGEST_DELAY);
    delay.as_secs() + u64::from(0 < delay.subsec_nanos())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn delays_are_whole_seconds_and_at_most_fifteen_minutes() {
        let check = |milliseconds, expected| {
            assert_eq!(whole_seconds(TimeDelta::milliseconds(milliseconds)), expected);
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
