//! Starts, finds and describes the MediaConvert jobs that read the media of a clip.

use std::collections::HashMap;
use std::fmt;

use aws_config::SdkConfig;
use aws_sdk_mediaconvert::Error as MediaConvertError;
use aws_sdk_mediaconvert::types::{
    Job, JobSettings, JobStatus, Order, OutputGroupDetail, StatusUpdateInterval,
};
use sha2::{Digest as _, Sha256};

use crate::clip::Attempt;
use crate::config::{self, ConfigError, Variables};

/// The MediaConvert jobs that read the media of a clip and write into the clip bucket.
#[derive(Clone, Debug)]
pub struct MediaJobs {
    client: aws_sdk_mediaconvert::Client,
    role_arn: String,
    bucket: String,
}

/// A job that reads the media of an attempt. MediaConvert knows it by an id of its own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MediaJob {
    pub attempt: Attempt,
    /// The kind of its files. This is a key of its `userMetadata`, and `name` is the value.
    pub product: &'static str,
    pub name: String,
}

/// The state of a job.
#[derive(Clone, Debug, PartialEq)]
pub enum JobState {
    InProgress {
        percent: Option<u8>,
    },
    /// `seconds` is the duration of the longest output, if MediaConvert reports it.
    Complete {
        seconds: Option<f64>,
    },
    Failed(String),
}

/// The answer of CreateJob.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum JobCreation {
    /// The id of the job.
    Created(String),
    Refused(String),
    /// MediaConvert accepts no further call at the moment.
    Throttled,
}

#[derive(Debug, thiserror::Error)]
pub enum MediaJobError {
    #[error("{operation} failed for {job}")]
    Call {
        operation: &'static str,
        job: Box<MediaJob>,
        #[source]
        source: Box<MediaConvertError>,
    },
    #[error("the response of MediaConvert for {job} is incomplete")]
    Incomplete { job: Box<MediaJob> },
}

impl MediaJobs {
    pub fn from_variables(sdk: &SdkConfig, variables: &Variables) -> Result<Self, ConfigError> {
        // The sweep retries.
        let settings = aws_sdk_mediaconvert::config::Builder::from(sdk)
            .retry_config(config::no_retries())
            .build();
        Ok(Self {
            client: aws_sdk_mediaconvert::Client::from_conf(settings),
            role_arn: variables.required("TRANSCODE_ROLE_ARN")?.to_owned(),
            bucket: variables.required("CLIPS_BUCKET")?.to_owned(),
        })
    }

    /// The `s3://` URL of a key in the clip bucket.
    pub fn url(&self, key: &str) -> String {
        format!("s3://{}/{key}", self.bucket)
    }

    /// Starts a job that reports its progress at this interval. A repeated call within a minute returns
    /// the same job.
    pub async fn create(
        &self,
        job: &MediaJob,
        settings: JobSettings,
        progress: StatusUpdateInterval,
    ) -> Result<JobCreation, MediaJobError> {
        let created = self
            .client
            .create_job()
            .role(&self.role_arn)
            .settings(settings)
            .set_user_metadata(Some(job.user_metadata()))
            .client_request_token(job.request_token())
            .status_update_interval(progress)
            .send()
            .await;
        match created.map_err(MediaConvertError::from) {
            Ok(created) => {
                let id = created.job.and_then(|job| job.id);
                id.map(JobCreation::Created).ok_or_else(|| incomplete(job))
            }
            Err(MediaConvertError::BadRequestException(refusal)) => {
                Ok(JobCreation::Refused(refusal.message.unwrap_or_default()))
            }
            Err(MediaConvertError::TooManyRequestsException(_)) => Ok(JobCreation::Throttled),
            Err(source) => Err(call_failed("CreateJob", job, source)),
        }
    }

    /// Finds the id of a job that was created, if its id was not recorded.
    pub async fn find(&self, job: &MediaJob) -> Result<Option<String>, MediaJobError> {
        let input = self.url(&job.attempt.manifest_key());
        let search = self.client.search_jobs().input_file(input).order(Order::Descending);
        let found = search.send().await.map_err(MediaConvertError::from);
        let found = found.map_err(|source| call_failed("SearchJobs", job, source))?;
        let is_own = |found: &&Job| {
            found.user_metadata.as_ref().is_some_and(|it| *it == job.user_metadata())
        };
        Ok(found.jobs().iter().find(is_own).and_then(|found| found.id.clone()))
    }

    /// Whether a job may be writing files. The id is that in the row, if it was recorded.
    pub async fn is_running(
        &self,
        job: &MediaJob,
        id: Option<&str>,
    ) -> Result<bool, MediaJobError> {
        let found = match id {
            Some(_) => None,
            None => self.find(job).await?,
        };
        let Some(id) = id.or(found.as_deref()) else { return Ok(false) };
        Ok(matches!(self.describe(job, id).await?, JobState::InProgress { .. }))
    }

    /// Describes the job with an id.
    pub async fn describe(&self, job: &MediaJob, id: &str) -> Result<JobState, MediaJobError> {
        let found = self.client.get_job().id(id).send().await.map_err(MediaConvertError::from);
        let found = match found {
            Ok(found) => found.job.ok_or_else(|| incomplete(job))?,
            Err(MediaConvertError::NotFoundException(_)) => {
                return Ok(JobState::Failed("MediaConvert has no record of the job.".into()));
            }
            Err(source) => return Err(call_failed("GetJob", job, source)),
        };
        Ok(match found.status {
            Some(JobStatus::Complete) => {
                JobState::Complete { seconds: longest_output_seconds(found.output_group_details()) }
            }
            Some(JobStatus::Error) => {
                let (code, message) = (found.error_code, found.error_message);
                JobState::Failed(describe_failure(code, message.as_deref()))
            }
            Some(JobStatus::Canceled) => JobState::Failed(CANCELED.to_owned()),
            _ => {
                let percent = found.job_percent_complete.and_then(|it| u8::try_from(it).ok());
                JobState::InProgress { percent }
            }
        })
    }
}

impl MediaJob {
    fn user_metadata(&self) -> HashMap<String, String> {
        let Attempt { clip, number } = &self.attempt;
        let fields = [
            ("competition", clip.competition.to_string()),
            ("clip", clip.clip.to_string()),
            ("attempt", number.to_string()),
            (self.product, self.name.clone()),
        ];
        fields.map(|(name, value)| (name.to_owned(), value)).into()
    }

    /// The token of CreateJob. It has at most 64 characters, and the name of an attempt may be longer.
    fn request_token(&self) -> String {
        let Self { attempt, product, name } = self;
        let digest = Sha256::digest(format!("{attempt}/{product}/{name}"));
        digest[..16].iter().map(|byte| format!("{byte:02x}")).collect()
    }
}

impl fmt::Display for MediaJob {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {} of {}", self.product, self.name, self.attempt)
    }
}

/// Why a canceled job has made nothing.
pub const CANCELED: &str = "The job was canceled in MediaConvert.";

/// Describes the error of a job for operators.
/// <https://docs.aws.amazon.com/mediaconvert/latest/ug/mediaconvert_error_codes.html>
pub fn describe_failure(code: Option<i32>, message: Option<&str>) -> String {
    let code = code.map_or_else(|| "none".to_owned(), |code| code.to_string());
    let text = message.unwrap_or("no reason was given");
    format!("The job failed (MediaConvert error {code}: {text}).")
}

/// The duration of the longest output.
pub(crate) fn longest_output_seconds(groups: &[OutputGroupDetail]) -> Option<f64> {
    let outputs = groups.iter().flat_map(OutputGroupDetail::output_details);
    let milliseconds = outputs.filter_map(|output| output.duration_in_ms).max();
    milliseconds.map(|milliseconds| f64::from(milliseconds) / 1000.0)
}

fn incomplete(job: &MediaJob) -> MediaJobError {
    MediaJobError::Incomplete { job: Box::new(job.clone()) }
}

fn call_failed(
    operation: &'static str,
    job: &MediaJob,
    source: MediaConvertError,
) -> MediaJobError {
    MediaJobError::Call { operation, job: Box::new(job.clone()), source: Box::new(source) }
}
