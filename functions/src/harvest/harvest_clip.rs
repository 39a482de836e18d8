//! Lambda `harvest-clip`: processes due messages.

use std::convert::Infallible;

use aws_config::SdkConfig;
use aws_lambda_events::sqs::{BatchItemFailure, SqsBatchResponse, SqsEvent};
use chrono::{DateTime, Utc};
use futures_util::future::join_all;

use super::{DueMessage, HarvestQueue, HarvestQueueError};
use crate::clip::{Clip, ClipKey};
use crate::config::{ConfigError, Variables};
use crate::error;
use crate::lambda::EventHandler;
use crate::library::LibraryError;

/// Handles due messages: a scheduled clip should have aired, or a queued clip may start.
///
/// This function sends no message to its own queue. Lambda stops a function that has run about 16
/// times in one chain of messages.
/// <https://docs.aws.amazon.com/lambda/latest/dg/invocation-recursion.html>
#[derive(Clone, Debug)]
pub struct HarvestClip {
    queue: HarvestQueue,
}

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

impl EventHandler for HarvestClip {
    type Event = SqsEvent;
    type Output = SqsBatchResponse;
    type Error = Infallible;

    fn new(sdk: &SdkConfig, variables: &Variables) -> Result<Self, ConfigError> {
        Ok(Self { queue: HarvestQueue::from_variables(sdk, variables)? })
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
    /// the last segment of its clip. Returns the messages that failed. SQS delivers only those again.
    pub async fn process_batch(&self, batch: SqsEvent, now: DateTime<Utc>) -> SqsBatchResponse {
        let processed = join_all(batch.records.into_iter().map(async |message| {
            let done = Box::pin(self.process(message.body.as_deref(), now)).await;
            done.err().map(|failure| {
                tracing::error!("will retry: {}", error::chain(&failure));
                message.message_id.unwrap_or_default()
            })
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
        message: Option<&str>,
        now: DateTime<Utc>,
    ) -> Result<(), HarvestClipError> {
        let due: Result<DueMessage, _> = serde_json::from_str(message.unwrap_or_default());
        let key: ClipKey = due.map_err(HarvestClipError::Decode)?.into();
        let found = self.queue.library().find_or_skip(&key).await;
        let found = found.map_err(|source| HarvestClipError::Find { clip: key.clone(), source })?;
        self.process_clip(found, &key, now)
            .await
            .map_err(|source| HarvestClipError::Process { clip: key, source })
    }

    async fn process_clip(
        &self,
        found: Option<Clip>,
        key: &ClipKey,
        now: DateTime<Utc>,
    ) -> Result<(), HarvestQueueError> {
        // If the clip was deleted, or its row cannot be decoded, the message may still say that a
        // harvest job is free for the clips behind it.
        if let Some(clip) = found
            && !self.queue.await_airing(clip, now).await?
        {
            return Ok(());
        }
        self.queue.start_queued_harvests(Some(key), now).await.map(drop)
    }
}
