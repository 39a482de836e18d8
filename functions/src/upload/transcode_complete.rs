//! Lambda `transcode-complete`: creates the asset of transcoded media, and records the progress.

use std::collections::BTreeMap;

use aws_config::SdkConfig;
use aws_lambda_events::eventbridge::EventBridgeEvent;
use chrono::{DateTime, Utc};
use lambda_runtime::Diagnostic;
use serde::{Deserialize, Serialize};

use super::check_truncation;
use super::transcode_jobs::{ATTEMPT, CLIP, COMPETITION, canceled_failure, job_failure};
use crate::asset::{AssetError, Assets, ClipMedia, ClipMediaError};
use crate::clip::{Attempt, Clip, ClipKey, Failure, Status, Trigger};
use crate::config::{ConfigError, Variables};
use crate::encode::{JobEvent, MediaMakerError};
use crate::error;
use crate::exact::{EXACT, ExactMaker};
use crate::files::{FILES, FilesError, FilesMaker};
use crate::lambda::EventHandler;
use crate::library::{Advanced, Library, LibraryError};
use crate::reel::{REEL, ReelMaker};

/// The `detail` of a "MediaConvert Job State Change". Its fields depend on `status`.
/// <https://docs.aws.amazon.com/mediaconvert/latest/ug/mediaconvert_cwe_events.html>
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct JobStateChange {
    job_id: String,
    status: String,
    #[serde(default)]
    user_metadata: BTreeMap<String, String>,
    #[serde(default)]
    error_code: Option<i32>,
    #[serde(default)]
    error_message: Option<String>,
    #[serde(default)]
    job_progress: Option<JobProgress>,
    #[serde(default)]
    output_group_details: Vec<OutputGroup>,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct JobProgress {
    #[serde(default)]
    job_percent_complete: Option<u8>,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct OutputGroup {
    #[serde(default)]
    output_details: Vec<OutputDetail>,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct OutputDetail {
    #[serde(default)]
    duration_in_ms: Option<u32>,
}

/// Handles "MediaConvert Job State Change" events.
#[derive(Clone, Debug)]
pub struct TranscodeComplete {
    library: Library,
    assets: Assets,
    media: ClipMedia,
    files: FilesMaker,
    exact: ExactMaker,
    reels: ReelMaker,
}

#[derive(Debug, thiserror::Error)]
pub enum TranscodeCompleteError {
    #[error("could not create the asset of clip {clip}")]
    Asset {
        clip: ClipKey,
        #[source]
        source: AssetError,
    },
    #[error("could not count the thumbnails of clip {clip}")]
    Thumbnails {
        clip: ClipKey,
        #[source]
        source: ClipMediaError,
    },
    #[error("could not delete the media of the failed transcode of clip {clip}")]
    Media {
        clip: ClipKey,
        #[source]
        source: ClipMediaError,
    },
    #[error("could not record the files of clip {clip}")]
    Files {
        clip: ClipKey,
        #[source]
        source: FilesError,
    },
    #[error("could not record the media that a job makes of clip {clip}")]
    MediaJob {
        clip: ClipKey,
        #[source]
        source: MediaMakerError,
    },
    #[error("could not record the state of the transcode of clip {clip}")]
    Record {
        clip: ClipKey,
        #[source]
        source: LibraryError,
    },
}

impl From<TranscodeCompleteError> for Diagnostic {
    fn from(failure: TranscodeCompleteError) -> Self {
        let name = match failure {
            TranscodeCompleteError::Asset { .. } => "Asset",
            TranscodeCompleteError::Thumbnails { .. } => "Thumbnails",
            TranscodeCompleteError::Media { .. } => "Media",
            TranscodeCompleteError::Files { .. } => "Files",
            TranscodeCompleteError::MediaJob { .. } => "MediaJob",
            TranscodeCompleteError::Record { .. } => "Record",
        };
        error::diagnostic(name, &failure)
    }
}

impl EventHandler for TranscodeComplete {
    type Event = EventBridgeEvent<JobStateChange>;
    type Output = ();
    type Error = TranscodeCompleteError;

    fn new(sdk: &SdkConfig, variables: &Variables) -> Result<Self, ConfigError> {
        Ok(Self {
            library: Library::with_asset_expiry(sdk, variables)?,
            assets: Assets::from_variables(sdk, variables)?,
            media: ClipMedia::from_variables(sdk, variables)?,
            files: FilesMaker::from_variables(sdk, variables)?,
            exact: ExactMaker::from_variables(sdk, variables)?,
            reels: ReelMaker::from_variables(sdk, variables)?,
        })
    }

    async fn warm_up(&self) {
        tokio::join!(self.library.warm_up(), self.assets.warm_up());
    }

    async fn handle(&self, event: Self::Event) -> Result<(), TranscodeCompleteError> {
        self.record(event.detail, Utc::now()).await
    }
}

impl TranscodeComplete {
    async fn record(
        &self,
        change: JobStateChange,
        now: DateTime<Utc>,
    ) -> Result<(), TranscodeCompleteError> {
        let Some(attempt) = change.attempt() else {
            tracing::debug!("ignored job {}: it is not the job of a clip", change.job_id);
            return Ok(());
        };
        let key = &attempt.clip;
        if let Some(number) = change.number_of(FILES) {
            let error = (change.error_code, change.error_message.as_deref());
            let recorded = self.files.record(&attempt, number, &change.status, error, now).await;
            return recorded
                .map_err(|source| TranscodeCompleteError::Files { clip: key.clone(), source });
        }
        let job_failed = |source| TranscodeCompleteError::MediaJob { clip: key.clone(), source };
        if let Some(number) = change.number_of(EXACT) {
            let recorded =
                self.exact.record(&attempt, number, change.event(), &self.assets, now).await;
            return recorded.map_err(job_failed);
        }
        if let Some(reel) = change.metadata(REEL).and_then(|name| name.parse::<Attempt>().ok()) {
            let recorded = self.reels.record(&reel, change.event(), &self.assets, now).await;
            if let Some(clip) = recorded.map_err(job_failed)? {
                self.files.start_first(&clip, now).await;
            }
            return Ok(());
        }
        let record_failed = |source| TranscodeCompleteError::Record { clip: key.clone(), source };
        let found = self.library.find(key).await.map_err(record_failed)?;
        let Some(clip) = found.filter(|clip| is_waiting_for(clip, &attempt, &change.job_id)) else {
            tracing::debug!(
                clip.id = %key,
                "ignored job {} of attempt {attempt}: it is not current",
                change.job_id
            );
            return Ok(());
        };
        let trigger = match change.status.as_str() {
            "COMPLETE" => match check_truncation(&clip, change.seconds()) {
                Some(failure) => self.fail(&attempt, failure).await?,
                None => {
                    let transcoded = self.count_thumbnails(&attempt, change.seconds()).await?;
                    let recorded = self.library.advance(&attempt, &transcoded, now).await;
                    recorded.map_err(record_failed)?;
                    self.assets.ensure_asset(&clip).await.map_err(|source| {
                        TranscodeCompleteError::Asset { clip: key.clone(), source }
                    })?
                }
            },
            "ERROR" => {
                let failure = job_failure(change.error_code, change.error_message.as_deref());
                self.fail(&attempt, failure).await?
            }
            "CANCELED" => self.fail(&attempt, canceled_failure()).await?,
            "STATUS_UPDATE" => {
                let percent = change.job_progress.and_then(|it| it.job_percent_complete);
                let Some(percent) = percent else { return Ok(()) };
                Trigger::TranscodeProgressed { percent }
            }
            _ => return Ok(()),
        };
        let advanced = self.library.advance(&attempt, &trigger, now).await;
        if let Advanced::Changed(clip) = advanced.map_err(record_failed)? {
            self.files.start_first(&clip, now).await;
        }
        Ok(())
    }

    /// Counts the thumbnails of a complete job, and returns the trigger for the clip.
    async fn count_thumbnails(
        &self,
        attempt: &Attempt,
        seconds: Option<f64>,
    ) -> Result<Trigger, TranscodeCompleteError> {
        let counted = self.media.count_thumbnails(attempt).await;
        let thumbnails = counted.map_err(|source| TranscodeCompleteError::Thumbnails {
            clip: attempt.clip.clone(),
            source,
        })?;
        Ok(Trigger::Transcoded { seconds, thumbnails })
    }

    /// Deletes the media of a failed attempt, and returns the trigger for the clip.
    async fn fail(
        &self,
        attempt: &Attempt,
        failure: Failure,
    ) -> Result<Trigger, TranscodeCompleteError> {
        let deleted = self.media.delete_attempt(attempt).await;
        deleted.map_err(|source| TranscodeCompleteError::Media {
            clip: attempt.clip.clone(),
            source,
        })?;
        Ok(Trigger::Failed(failure))
    }
}

impl JobStateChange {
    pub(crate) fn job_id(&self) -> &str {
        &self.job_id
    }

    pub(crate) fn status(&self) -> &str {
        &self.status
    }

    pub(crate) fn error_code(&self) -> Option<i32> {
        self.error_code
    }

    pub(crate) fn error_message(&self) -> Option<&str> {
        self.error_message.as_deref()
    }

    /// The progress of the job, if the event reports it.
    pub(crate) fn percent(&self) -> Option<u8> {
        self.job_progress.as_ref()?.job_percent_complete
    }

    /// A value of the job's `userMetadata`.
    pub(crate) fn metadata(&self, name: &str) -> Option<&str> {
        self.user_metadata.get(name).map(String::as_str)
    }

    /// The clip that the job belongs to.
    pub(crate) fn clip(&self) -> Option<ClipKey> {
        let name = format!("{}_{}", self.metadata(COMPETITION)?, self.metadata(CLIP)?);
        name.parse().ok()
    }

    /// The attempt that the job belongs to.
    fn attempt(&self) -> Option<Attempt> {
        let field = |name| self.user_metadata.get(name);
        let name = format!("{}_{}_{}", field(COMPETITION)?, field(CLIP)?, field(ATTEMPT)?);
        name.parse().ok()
    }

    fn event(&self) -> JobEvent<'_> {
        let error = (self.error_code, self.error_message.as_deref());
        let (percent, seconds) = (self.percent(), self.seconds());
        JobEvent { status: &self.status, error, percent, seconds }
    }

    /// The number in a value of the job's `userMetadata`, if it is a job of this kind.
    fn number_of(&self, kind: &str) -> Option<u32> {
        self.metadata(kind)?.parse().ok()
    }

    /// The duration of the longest output, in seconds.
    fn seconds(&self) -> Option<f64> {
        let outputs = self.output_group_details.iter().flat_map(|group| &group.output_details);
        let milliseconds = outputs.filter_map(|output| output.duration_in_ms).max();
        milliseconds.map(|milliseconds| f64::from(milliseconds) / 1000.0)
    }
}

/// Whether a clip waits for this job. The job may end before its id is in the row.
fn is_waiting_for(clip: &Clip, attempt: &Attempt, job: &str) -> bool {
    let known = clip.upload().and_then(|upload| upload.job.as_deref());
    clip.status == Status::Transcoding
        && clip.current_attempt() == *attempt
        && known.is_none_or(|known| known == job)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_captured_events_are_parsed() {
        let complete: JobStateChange = serde_json::from_str(
            r#"{"timestamp":1516661270000,"accountId":"111122223333","queue":"arn:aws:mediaconvert:us-west-2:111122223333:queues/Default","jobId":"1516661243506-abc","status":"COMPLETE","userMetadata":{"competition":"100m","clip":"20200203133058_20200203133058_k7Qx2f","attempt":"1"},
            "outputGroupDetails":[{"outputDetails":[{"outputFilePaths":["s3://b/main_1.m3u8"],"durationInMs":10041,"videoDetails":{"widthInPx":1920,"heightInPx":1080}}],"playlistFilePaths":["s3://b/main.m3u8"],"type":"HLS_GROUP"},{"outputDetails":[{"outputFilePaths":["s3://b/t.0000009.jpg"],"durationInMs":10000,"videoDetails":{"widthInPx":640,"heightInPx":360}}],"type":"FILE_GROUP"}]}"#,
        )
        .unwrap();
        assert_eq!(complete.seconds(), Some(10.041));
        assert_eq!(complete.attempt().unwrap().clip.competition.as_str(), "100m");
        let update: JobStateChange = serde_json::from_str(
            r#"{"timestamp":1,"accountId":"1","queue":"q","jobId":"j","status":"STATUS_UPDATE","userMetadata":{},"framesDecoded":334,"jobProgress":{"phaseProgress":{"PROBING":{"status":"COMPLETE","percentComplete":100},"TRANSCODING":{"status":"PROGRESSING","percentComplete":11},"UPLOADING":{"status":"PENDING","percentComplete":0}},"jobPercentComplete":7,"currentPhase":"TRANSCODING","retryCount":0}}"#,
        )
        .unwrap();
        assert_eq!(update.job_progress.as_ref().unwrap().job_percent_complete, Some(7));
        assert_eq!(update.attempt(), None);
        let error: JobStateChange = serde_json::from_str(
            r#"{"timestamp":1,"jobId":"j","status":"ERROR","errorCode":1040,"errorMessage":"Example error message","userMetadata":{}}"#,
        )
        .unwrap();
        assert_eq!(error.error_code, Some(1040));
    }
}
