//! Lambda `harvest-clip`: processes due messages.

use std::convert::Infallible;

use aws_config::SdkConfig;
use aws_lambda_events::sqs::{BatchItemFailure, SqsBatchResponse, SqsEvent, SqsMessage};
use chrono::{DateTime, TimeDelta, Utc};
use futures_util::future::join_all;

use super::airing::AiringWait;
use super::{DueMessage, DueQueue, DueQueueError, HarvestQueue, HarvestQueueError};
use crate::clip::{Clip, ClipKey, MAX_AIRING_WAIT};
use crate::config::{ConfigError, Variables};
use crate::error;
use crate::lambda::EventHandler;
use crate::library::LibraryError;

/// Handles due messages: a scheduled clip should have aired, or a queued clip may start.
///
/// If the stream is late, the function postpones the message until the end of the clip airs. The
/// function sends no message to its own queue: Lambda stops a function that has run about 16
/// times in one chain of messages.
/// <https://docs.aws.amazon.com/lambda/latest/dg/invocation-recursion.html>
#[derive(Clone, Debug)]
pub struct HarvestClip {
    queue: HarvestQueue,
    due: DueQueue,
}

/// How long before the end of a late clip its message arrives again. The function then waits for the
/// last segment.
const ARRIVAL_LEAD: TimeDelta = TimeDelta::seconds(15);
/// Longest delay of one postponement. If the stream catches up, the clip waits no longer than this.
const MAX_POSTPONEMENT: TimeDelta = TimeDelta::minutes(5);
/// How often one message is postponed. SQS moves a message to the dead-letter queue after five
/// receives, and some of them are for failures.
const MAX_POSTPONED: u32 = 2;

#[derive(Debug, thiserror::Error)]
pub enum HarvestClipError {
    #[error("could not decode a due message")]
    Decode(#[source] serde_json::Error),
    #[error("could not read clip {clip}")]
    Find {
        clip: ClipKey,
        #[source]
        source: LibraryError,
    },
    #[error("could not process the due message of clip {clip}")]
    Process {
        clip: ClipKey,
        #[source]
        source: HarvestQueueError,
    },
}

/// What processing a message came to, if it did not fail.
enum Processed {
    Done,
    /// SQS delivers the message again later.
    Postponed,
}

impl EventHandler for HarvestClip {
    type Event = SqsEvent;
    type Output = SqsBatchResponse;
    type Error = Infallible;

    fn new(sdk: &SdkConfig, variables: &Variables) -> Result<Self, ConfigError> {
        Ok(Self {
            queue: HarvestQueue::from_variables(sdk, variables)?,
            due: DueQueue::from_variables(sdk, variables)?,
        })
    }

    async fn warm_up(&self) {
        self.queue.warm_up().await;
    }

    async fn handle(&self, batch: SqsEvent) -> Result<SqsBatchResponse, Infallible> {
        Ok(self.process_batch(batch, Utc::now()).await)
    }
}

impl HarvestClip {
    /// Processes the messages of a batch at the same time, because each of them may have to wait for
    /// the last segment of its clip. Returns the messages that failed or were postponed. SQS delivers
    /// only those again.
    pub async fn process_batch(&self, batch: SqsEvent, now: DateTime<Utc>) -> SqsBatchResponse {
        let processed = join_all(batch.records.into_iter().map(async |message| {
            match Box::pin(self.process(&message, now)).await {
                Ok(Processed::Done) => return None,
                Ok(Processed::Postponed) => {}
                Err(failure) => tracing::error!("will retry: {}", error::chain(&failure)),
            }
            Some(message.message_id.unwrap_or_default())
        }));
        let mut response = SqsBatchResponse::default();
        for id in processed.await.into_iter().flatten() {
            let mut failure = BatchItemFailure::default();
            failure.item_identifier = id;
            response.batch_item_failures.push(failure);
        }
        response
    }

    async fn process(
        &self,
        message: &SqsMessage,
        now: DateTime<Utc>,
    ) -> Result<Processed, HarvestClipError> {
        let body = message.body.as_deref().unwrap_or_default();
        let due: DueMessage = serde_json::from_str(body).map_err(HarvestClipError::Decode)?;
        let key: ClipKey = due.into();
        let found = self.queue.library().find_or_skip(&key).await;
        let found = found.map_err(|source| HarvestClipError::Find { clip: key.clone(), source })?;
        let late = self
            .process_clip(found, &key, now)
            .await
            .map_err(|source| HarvestClipError::Process { clip: key, source })?;
        let Some((clip, ahead)) = late else { return Ok(Processed::Done) };
        if count_receives(message) > MAX_POSTPONED {
            return Ok(Processed::Done);
        }
        let handle = message.receipt_handle.clone();
        match self.postpone(&clip, handle, ahead, now).await {
            Ok(()) => Ok(Processed::Postponed),
            Err(failure) => {
                let (key, chain) = (clip.key(), error::chain(&failure));
                tracing::warn!(clip.id = %key, "the sweep will harvest clip {key}: {chain}");
                Ok(Processed::Done)
            }
        }
    }

    /// Waits for the end of a scheduled clip, and starts queued harvests. If the stream is late,
    /// returns the clip, and how long after now its end airs.
    async fn process_clip(
        &self,
        found: Option<Clip>,
        key: &ClipKey,
        now: DateTime<Utc>,
    ) -> Result<Option<(Box<Clip>, TimeDelta)>, HarvestQueueError> {
        // If the clip was deleted, or its row cannot be decoded, the message may still say that a
        // harvest job is free for the clips behind it.
        if let Some(clip) = found {
            match self.queue.await_airing(clip, now).await? {
                AiringWait::Over => {}
                AiringWait::Late(clip, ahead) => return Ok(Some((clip, ahead))),
                AiringWait::Unknown => return Ok(None),
            }
        }
        self.queue.start_queued_harvests(Some(key), now).await?;
        Ok(None)
    }

    /// Postpones the message of a clip until shortly before its end airs. The sweep sends another due
    /// message only if the clip is still scheduled after that.
    async fn postpone(
        &self,
        clip: &Clip,
        receipt_handle: Option<String>,
        ahead: TimeDelta,
        now: DateTime<Utc>,
    ) -> Result<(), DueQueueError> {
        let key = clip.key();
        let delay = (ahead - ARRIVAL_LEAD).min(MAX_POSTPONEMENT);
        self.due.postpone(&key, receipt_handle, delay).await?;
        // If this fails, or if the clip has changed meanwhile, the sweep sends a message too many.
        let check_at = now + delay + ARRIVAL_LEAD + MAX_AIRING_WAIT;
        let check_at = [Some(check_at), clip.expires_at, clip.publish_at];
        let check_at = check_at.into_iter().flatten().min();
        if let Err(failure) = self.queue.library().schedule_check(clip, check_at).await {
            let chain = error::chain(&failure);
            tracing::warn!(clip.id = %key, "could not delay the check of clip {key}: {chain}");
        }
        tracing::info!(
            clip.id = %key,
            "clip {key}: the stream is late, its end airs in {} s",
            ahead.num_seconds()
        );
        Ok(())
    }
}

/// How often a message was received.
fn count_receives(message: &SqsMessage) -> u32 {
    let count = message.attributes.get("ApproximateReceiveCount");
    count.and_then(|count| count.parse().ok()).unwrap_or(1)
}
