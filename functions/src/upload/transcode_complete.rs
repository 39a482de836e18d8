//! "MediaConvert Job State Change": renditions become a VOD asset, and progress is shown.

use std::collections::BTreeMap;

use aws_config::SdkConfig;
use chrono::{DateTime, Utc};
use lambda_runtime::Diagnostic;
use serde::{Deserialize, Serialize};

use super::intake::truncated;
use super::transcoder::{ATTEMPT, CLIP, COMPETITION, canceled, job_failure};
use super::{Leftovers, LeftoversError};
use crate::asset::{AssetError, Publisher};
use crate::clip::Attempt;
use crate::config::{ConfigError, Variables};
use crate::error;
use crate::library::{Clip, Failure, Library, LibraryError, Status, Trigger};

/// The `detail` of the event; which fields it has depends on `status`.
/// <https://docs.aws.amazon.com/mediaconvert/latest/ug/mediaconvert_cwe_events.html>
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct JobNotice {
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

/// Everything `transcode-complete` needs, built once per cold start.
#[derive(Clone, Debug)]
pub struct TranscodeComplete {
    library: Library,
    publisher: Publisher,
    leftovers: Leftovers,
}

#[derive(Debug, thiserror::Error)]
pub enum TranscodeCompleteError {
    #[error("the transcoded clip has no asset yet")]
    Asset(#[source] AssetError),
    #[error("what a failed transcode left is still there")]
    Leftovers(#[source] LeftoversError),
    #[error("the state of a transcode was not recorded")]
    Record(#[source] LibraryError),
}

impl From<TranscodeCompleteError> for Diagnostic {
    fn from(failure: TranscodeCompleteError) -> Self {
        let name = match failure {
            TranscodeCompleteError::Asset(_) => "Asset",
            TranscodeCompleteError::Leftovers(_) => "Leftovers",
            TranscodeCompleteError::Record(_) => "Record",
        };
        error::diagnostic(name, &failure)
    }
}

impl TranscodeComplete {
    pub fn new(sdk: &SdkConfig, variables: &Variables) -> Result<Self, ConfigError> {
        Ok(Self {
            library: Library::from_variables(sdk, variables)?,
            publisher: Publisher::from_variables(sdk, variables)?,
            leftovers: Leftovers::from_variables(sdk, variables)?,
        })
    }

    /// Opens the connections that the first event will need.
    pub async fn warm_up(&self) {
        tokio::join!(self.library.warm_up(), self.publisher.warm_up());
    }

    pub async fn handle(&self, notice: JobNotice) -> Result<(), TranscodeCompleteError> {
        self.record(notice, Utc::now()).await
    }

    async fn record(
        &self,
        notice: JobNotice,
        now: DateTime<Utc>,
    ) -> Result<(), TranscodeCompleteError> {
        let Some(attempt) = notice.attempt() else {
            tracing::debug!("job {} is not one of ours", notice.job_id);
            return Ok(());
        };
        let row = self.library.find(&attempt.clip).await.map_err(TranscodeCompleteError::Record)?;
        let Some(row) = row.filter(|row| waits_for(row, &attempt, &notice.job_id)) else {
            tracing::debug!("nothing waits for job {} of {attempt}", notice.job_id);
            return Ok(());
        };
        let trigger = match notice.status.as_str() {
            "COMPLETE" => match truncated(&row, notice.seconds()) {
                Some(failure) => self.failed(&attempt, failure).await?,
                None => {
                    let asset = self.publisher.ensure_asset(&row).await;
                    asset.map_err(TranscodeCompleteError::Asset)?
                }
            },
            "ERROR" => {
                let failure = job_failure(notice.error_code, notice.error_message.as_deref());
                self.failed(&attempt, failure).await?
            }
            "CANCELED" => self.failed(&attempt, canceled()).await?,
            "STATUS_UPDATE" => {
                let percent = notice.job_progress.and_then(|it| it.job_percent_complete);
                let Some(percent) = percent else { return Ok(()) };
                Trigger::TranscodeProgressed { percent }
            }
            _ => return Ok(()),
        };
        let advanced = self.library.advance(&attempt, &trigger, now).await;
        advanced.map(|_| ()).map_err(TranscodeCompleteError::Record)
    }

    async fn failed(
        &self,
        attempt: &Attempt,
        failure: Failure,
    ) -> Result<Trigger, TranscodeCompleteError> {
        self.leftovers.remove(attempt).await.map_err(TranscodeCompleteError::Leftovers)?;
        Ok(Trigger::Failed(failure))
    }
}

impl JobNotice {
    /// The attempt a job was made for.
    fn attempt(&self) -> Option<Attempt> {
        let field = |name| self.user_metadata.get(name);
        let name = format!("{}_{}_{}", field(COMPETITION)?, field(CLIP)?, field(ATTEMPT)?);
        name.parse().ok()
    }

    /// How long the longest output plays.
    fn seconds(&self) -> Option<f64> {
        let outputs = self.output_group_details.iter().flat_map(|group| &group.output_details);
        let milliseconds = outputs.filter_map(|output| output.duration_in_ms).max();
        milliseconds.map(|milliseconds| f64::from(milliseconds) / 1000.0)
    }
}

/// Whether a row waits for that job; a job may be done before the row has its id.
fn waits_for(row: &Clip, attempt: &Attempt, job: &str) -> bool {
    let known = row.upload().and_then(|upload| upload.job.as_deref());
    row.status == Status::Transcoding
        && row.current() == *attempt
        && known.is_none_or(|known| known == job)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_captured_forms_are_read() {
        let complete: JobNotice = serde_json::from_str(
            r#"{"timestamp":1516661270000,"accountId":"111122223333","queue":"arn:aws:mediaconvert:us-west-2:111122223333:queues/Default","jobId":"1516661243506-abc","status":"COMPLETE","userMetadata":{"competition":"100m","clip":"20200203133058_20200203133058_k7Qx2f","attempt":"1"},
            "outputGroupDetails":[{"outputDetails":[{"outputFilePaths":["s3://b/main_1.m3u8"],"durationInMs":10041,"videoDetails":{"widthInPx":1920,"heightInPx":1080}}],"playlistFilePaths":["s3://b/main.m3u8"],"type":"HLS_GROUP"},{"outputDetails":[{"outputFilePaths":["s3://b/t.0000009.jpg"],"durationInMs":10000,"videoDetails":{"widthInPx":640,"heightInPx":360}}],"type":"FILE_GROUP"}]}"#,
        )
        .unwrap();
        assert_eq!(complete.seconds(), Some(10.041));
        assert_eq!(complete.attempt().unwrap().clip.competition.as_str(), "100m");
        let update: JobNotice = serde_json::from_str(
            r#"{"timestamp":1,"accountId":"1","queue":"q","jobId":"j","status":"STATUS_UPDATE","userMetadata":{},"framesDecoded":334,"jobProgress":{"phaseProgress":{"PROBING":{"status":"COMPLETE","percentComplete":100},"TRANSCODING":{"status":"PROGRESSING","percentComplete":11},"UPLOADING":{"status":"PENDING","percentComplete":0}},"jobPercentComplete":7,"currentPhase":"TRANSCODING","retryCount":0}}"#,
        )
        .unwrap();
        assert_eq!(update.job_progress.as_ref().unwrap().job_percent_complete, Some(7));
        assert_eq!(update.attempt(), None);
        let error: JobNotice = serde_json::from_str(
            r#"{"timestamp":1,"jobId":"j","status":"ERROR","errorCode":1040,"errorMessage":"Example error message","userMetadata":{}}"#,
        )
        .unwrap();
        assert_eq!(error.error_code, Some(1040));
    }
}
