//! The `due` queue: clips whose end should have aired, and clips that wait for a harvest job.

use aws_config::SdkConfig;
use aws_lambda_events::sqs::SqsEvent;
use chrono::{DateTime, Utc};
use lambda_runtime::Diagnostic;

use super::{ClipKey, DueClip, Line, LineError};
use crate::config::{ConfigError, Variables};
use crate::error;
use crate::library::LibraryError;

/// Everything `harvest-clip` needs, built once per cold start.
#[derive(Clone, Debug)]
pub struct HarvestClip {
    line: Line,
}

#[derive(Debug, thiserror::Error)]
pub enum HarvestClipError {
    #[error("a message of the queue names no clip")]
    Decode(#[source] serde_json::Error),
    #[error("clip {clip} could not be read")]
    Find {
        clip: ClipKey,
        #[source]
        source: LibraryError,
    },
    #[error("clip {clip} was not seen to")]
    Line {
        clip: ClipKey,
        #[source]
        source: LineError,
    },
}

impl From<HarvestClipError> for Diagnostic {
    fn from(failure: HarvestClipError) -> Self {
        let name = match failure {
            HarvestClipError::Decode(_) => "Decode",
            HarvestClipError::Find { .. } => "Find",
            HarvestClipError::Line { .. } => "Line",
        };
        error::diagnostic(name, &failure)
    }
}

impl HarvestClip {
    pub fn new(sdk: &SdkConfig, variables: &Variables) -> Result<Self, ConfigError> {
        Ok(Self { line: Line::new(sdk, variables)? })
    }

    /// Opens the connections that the first message will need.
    pub async fn warm_up(&self) {
        self.line.warm_up().await;
    }

    /// Sees to the clips of a batch. An error has the queue give the batch once more.
    pub async fn handle(&self, batch: SqsEvent) -> Result<(), HarvestClipError> {
        for message in batch.records {
            let body = message.body.unwrap_or_default();
            let due: DueClip = serde_json::from_str(&body).map_err(HarvestClipError::Decode)?;
            self.see_to(&due.into(), Utc::now()).await?;
        }
        Ok(())
    }

    async fn see_to(&self, key: &ClipKey, now: DateTime<Utc>) -> Result<(), HarvestClipError> {
        let found = self.line.library().find(key).await;
        let found = found.map_err(|source| HarvestClipError::Find { clip: key.clone(), source })?;
        // One that is gone, or past this, has nothing due: its message came late.
        let Some(clip) = found else { return Ok(()) };
        let seen_to = self.line.see_to(clip, now).await;
        seen_to.map_err(|source| HarvestClipError::Line { clip: key.clone(), source })
    }
}
