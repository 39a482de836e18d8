//! Lambda `harvest-complete`: creates the asset of harvested media, and starts the next harvest.

use aws_config::SdkConfig;
use aws_lambda_events::eventbridge::EventBridgeEvent;
use chrono::{DateTime, TimeDelta, Utc};
use lambda_runtime::Diagnostic;
use serde::{Deserialize, Serialize};

use super::{DueQueue, DueQueueError};
use crate::asset::{AssetError, Assets, ClipMedia, ClipMediaError};
use crate::clip::{Attempt, Clip, ClipKey, Failure, FailureCode, Trigger};
use crate::config::{ConfigError, Variables};
use crate::error;
use crate::files::FilesMaker;
use crate::lambda::EventHandler;
use crate::library::{Advanced, Library, LibraryError};
use crate::live::Channels;

/// The `detail` of a "MediaPackage HarvestJob Notification".
///
/// `message` is present only after a failure. AWS's examples spell the ARNs of the event in two
/// ways, so this code does not read them.
/// <https://docs.aws.amazon.com/mediapackage/latest/ug/cloudwatch-events-example.html>
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct HarvestJobNotification {
    harvest_job: HarvestJob,
    #[serde(default)]
    message: Option<String>,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
struct HarvestJob {
    id: String,
    status: HarvestStatus,
    origin_endpoint_id: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
enum HarvestStatus {
    InProgress,
    Succeeded,
    Failed,
}

/// Handles "MediaPackage HarvestJob Notification" events.
#[derive(Clone, Debug)]
pub struct HarvestComplete {
    library: Library,
    assets: Assets,
    media: ClipMedia,
    channels: Channels,
    due: DueQueue,
    files: FilesMaker,
}

#[derive(Debug, thiserror::Error)]
pub enum HarvestCompleteError {
    #[error("could not create the asset of clip {clip}")]
    Asset {
        clip: ClipKey,
        #[source]
        source: AssetError,
    },
    #[error("could not delete the media of the failed harvest of clip {clip}")]
    Media {
        clip: ClipKey,
        #[source]
        source: ClipMediaError,
    },
    #[error("could not record the end of the harvest of clip {clip}")]
    Record {
        clip: ClipKey,
        #[source]
        source: LibraryError,
    },
    #[error("could not read the first clip of the harvest queue")]
    ReadQueue(#[source] LibraryError),
    #[error("could not start the first clip of the harvest queue")]
    StartNext(#[source] DueQueueError),
}

impl From<HarvestCompleteError> for Diagnostic {
    fn from(failure: HarvestCompleteError) -> Self {
        let name = match failure {
            HarvestCompleteError::Asset { .. } => "Asset",
            HarvestCompleteError::Media { .. } => "Media",
            HarvestCompleteError::Record { .. } => "Record",
            HarvestCompleteError::ReadQueue(_) => "ReadQueue",
            HarvestCompleteError::StartNext(_) => "StartNext",
        };
        error::diagnostic(name, &failure)
    }
}

impl EventHandler for HarvestComplete {
    type Event = EventBridgeEvent<HarvestJobNotification>;
    type Output = ();
    type Error = HarvestCompleteError;

    fn new(sdk: &SdkConfig, variables: &Variables) -> Result<Self, ConfigError> {
        Ok(Self {
            library: Library::with_asset_expiry(sdk, variables)?,
            assets: Assets::from_variables(sdk, variables)?,
            media: ClipMedia::from_variables(sdk, variables)?,
            channels: variables.parsed("CHANNELS")?,
            due: DueQueue::from_variables(sdk, variables)?,
            files: FilesMaker::from_variables(sdk, variables)?,
        })
    }

    async fn warm_up(&self) {
        tokio::join!(self.library.warm_up(), self.assets.warm_up());
    }

    /// Records the end of a harvest. After a success, creates the asset first. Then sends a due
    /// message to the first queued clip, because a harvest job is free.
    ///
    /// A failed harvest is recorded in the clip and is not an error of this function. An error means
    /// that a retry can succeed.
    async fn handle(&self, event: Self::Event) -> Result<(), HarvestCompleteError> {
        let HarvestJobNotification { harvest_job: job, message } = event.detail;
        let is_ours = self.channels.contains_endpoint(&job.origin_endpoint_id);
        let Some(attempt) = job.id.parse::<Attempt>().ok().filter(|_| is_ours) else {
            tracing::debug!("ignored harvest job {}: it is not the job of a clip", job.id);
            return Ok(());
        };
        let (recorded, started) =
            tokio::join!(self.record(&attempt, job.status, message, Utc::now()), self.start_next());
        recorded.and(started)
    }
}

impl HarvestComplete {
    async fn record(
        &self,
        attempt: &Attempt,
        status: HarvestStatus,
        message: Option<String>,
        now: DateTime<Utc>,
    ) -> Result<(), HarvestCompleteError> {
        let clip = || attempt.clip.clone();
        let key = &attempt.clip;
        let trigger = match status {
            HarvestStatus::InProgress => return Ok(()),
            HarvestStatus::Failed => {
                let deleted = self.media.delete_attempt(attempt).await;
                deleted.map_err(|source| HarvestCompleteError::Media { clip: clip(), source })?;
                let reason = message.map_or_else(
                    || " and gave no reason".to_owned(),
                    |message| format!(": {message}"),
                );
                Trigger::Failed(Failure {
                    code: FailureCode::HarvestFailed,
                    message: format!("MediaPackage could not harvest the clip{reason}"),
                })
            }
            HarvestStatus::Succeeded => {
                let found = self.library.find(&attempt.clip).await;
                let found = found
                    .map_err(|source| HarvestCompleteError::Record { clip: clip(), source })?;
                let is_waiting = |clip: &Clip| {
                    clip.status.is_in_progress() && clip.current_attempt() == *attempt
                };
                let Some(found) = found.map(Clip::into_current_work).filter(is_waiting) else {
                    tracing::debug!(clip.id = %key, "ignored harvest job {attempt}: it is not current");
                    return Ok(());
                };
                let created = self.assets.ensure_asset(&found).await;
                created.map_err(|source| HarvestCompleteError::Asset { clip: clip(), source })?
            }
        };
        let advanced = self.library.advance(attempt, &trigger, now).await;
        let advanced =
            advanced.map_err(|source| HarvestCompleteError::Record { clip: clip(), source })?;
        match advanced {
            Advanced::Changed(clip) | Advanced::Unchanged(clip) => {
                self.files.start_first(&clip, now).await;
            }
            Advanced::NotFound => {
                tracing::debug!(clip.id = %key, "found no clip for harvest job {attempt}");
            }
        }
        Ok(())
    }

    /// Sends a due message to the first queued clip.
    async fn start_next(&self) -> Result<(), HarvestCompleteError> {
        let oldest =
            self.library.oldest_queued(1).await.map_err(HarvestCompleteError::ReadQueue)?;
        let Some(oldest) = oldest.first() else { return Ok(()) };
        let sent = self.due.send(oldest, TimeDelta::zero()).await;
        sent.map_err(HarvestCompleteError::StartNext)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_captured_events_are_parsed() {
        let job = r#"{"id":"JOB","arn":"arn:aws:mediapackage-vod:us-east-1:111122223333:harvest_jobs/JOB","status":"STATUS","origin_endpoint_id":"EP","start_time":"2019-06-26T20:30:00-08:00","end_time":"2019-06-26T21:00:00-08:00","s3_destination":{"bucket_name":"B","manifest_key":"p/index.m3u8","role_arn":"arn:aws:iam::1:role/r"},"created_at":"2019-06-26T21:03:12-08:00"}"#;
        let succeeded = format!(r#"{{"harvest_job":{}}}"#, job.replace("STATUS", "SUCCEEDED"));
        let failed =
            format!(r#"{{"harvest_job":{},"message":"no"}}"#, job.replace("STATUS", "FAILED"));
        let succeeded: HarvestJobNotification = serde_json::from_str(&succeeded).unwrap();
        let failed: HarvestJobNotification = serde_json::from_str(&failed).unwrap();
        assert_eq!(succeeded.harvest_job.status, HarvestStatus::Succeeded);
        assert_eq!(succeeded.message, None);
        assert_eq!(failed.harvest_job.status, HarvestStatus::Failed);
        assert_eq!(failed.message.as_deref(), Some("no"));
    }
}
