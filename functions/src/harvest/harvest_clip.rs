//! Lambda `harvest-clip`: processes due messages.

use aws_config::SdkConfig;
use aws_lambda_events::sqs::SqsEvent;
use chrono::{DateTime, Utc};
use lambda_runtime::Diagnostic;

use super::{DueMessage, HarvestQueue, HarvestQueueError};
use crate::clip::ClipKey;
use crate::config::{ConfigError, Variables};
use crate::error;
use crate::lambda::EventHandler;
use crate::library::LibraryError;

/// Handles due messages: a scheduled clip should have aired, or a queued clip may start.
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

impl From<HarvestClipError> for Diagnostic {
    fn from(failure: HarvestClipError) -> Self {
        let name = match failure {
            HarvestClipError::Decode(_) => "Decode",
            HarvestClipError::Find { .. } => "Find",
            HarvestClipError::Process { .. } => "Process",
        };
        error::diagnostic(name, &failure)
    }
}

impl EventHandler for HarvestClip {
    type Event = SqsEvent;
    type Error = HarvestClipError;

    fn new(sdk: &SdkConfig, variables: &Variables) -> Result<Self, ConfigError> {
        Ok(Self { queue: HarvestQueue::from_variables(sdk, variables)? })
    }

    async fn warm_up(&self) {
        self.queue.warm_up().await;
    }

    /// Processes a batch. After an error, SQS delivers the whole batch again.
    async fn handle(&self, batch: SqsEvent) -> Result<(), HarvestClipError> {
        for message in batch.records {
            let body = message.body.unwrap_or_default();
            let due: DueMessage = serde_json::from_str(&body).map_err(HarvestClipError::Decode)?;
            self.process(&due.into(), Utc::now()).await?;
        }
        Ok(())
    }
}

impl HarvestClip {
    async fn process(&self, key: &ClipKey, now: DateTime<Utc>) -> Result<(), HarvestClipError> {
        let found = self.queue.library().find_or_skip(key).await;
        let found = found.map_err(|source| HarvestClipError::Find { clip: key.clone(), source })?;
        let processed = match found {
            Some(clip) => self.queue.process(clip, now).await,
            // The clip was deleted before its message arrived, or the row cannot be decoded. If the
            // message should have started the clips behind this one, they must start here.
            None => self.queue.start_queued_harvests(now).await.map(drop),
        };
        processed.map_err(|source| HarvestClipError::Process { clip: key.clone(), source })
    }
}
