//! Starts and describes the MediaConvert jobs that make the files of clips.

use std::collections::HashMap;

use aws_config::SdkConfig;
use aws_sdk_mediaconvert::Error as MediaConvertError;
use aws_sdk_mediaconvert::types::{Job, JobSettings, JobStatus, Order};
use sha2::{Digest as _, Sha256};

use super::FILES;
use crate::clip::Attempt;
use crate::config::{self, ConfigError, Variables};

/// The MediaConvert jobs of clips' files.
#[derive(Clone, Debug)]
pub(super) struct FileJobs {
    client: aws_sdk_mediaconvert::Client,
    role_arn: String,
    bucket: String,
}

/// The state of a job.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FileJobState {
    InProgress,
    Complete,
    Failed(String),
}

/// What CreateJob answered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum JobCreation {
    /// The id of the job.
    Created(String),
    Refused(String),
    /// MediaConvert accepts no further call at the moment.
    Throttled,
}

#[derive(Debug, thiserror::Error)]
pub enum FileJobError {
    #[error("{operation} failed for the files of {attempt}")]
    Call {
        operation: &'static str,
        attempt: Attempt,
        #[source]
        source: Box<MediaConvertError>,
    },
    #[error("the response of MediaConvert for the files of {attempt} is incomplete")]
    Incomplete { attempt: Attempt },
}

impl FileJobs {
    pub(super) fn from_variables(
        sdk: &SdkConfig,
        variables: &Variables,
    ) -> Result<Self, ConfigError> {
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
    pub(super) fn url(&self, key: &str) -> String {
        format!("s3://{}/{key}", self.bucket)
    }

    /// Starts a job. A repeated call within a minute returns the same job.
    pub(super) async fn create(
        &self,
        attempt: &Attempt,
        number: u32,
        settings: JobSettings,
    ) -> Result<JobCreation, FileJobError> {
        let created = self
            .client
            .create_job()
            .role(&self.role_arn)
            .settings(settings)
            .set_user_metadata(Some(user_metadata(attempt, number)))
            .client_request_token(request_token(attempt, number))
            .send()
            .await;
        match created.map_err(MediaConvertError::from) {
            Ok(created) => {
                let id = created.job.and_then(|job| job.id);
                id.map(JobCreation::Created)
                    .ok_or_else(|| FileJobError::Incomplete { attempt: attempt.clone() })
            }
            Err(MediaConvertError::BadRequestException(refusal)) => {
                Ok(JobCreation::Refused(refusal.message.unwrap_or_default()))
            }
            Err(MediaConvertError::TooManyRequestsException(_)) => Ok(JobCreation::Throttled),
            Err(source) => Err(call_failed("CreateJob", attempt, source)),
        }
    }

    /// Finds the id of a job that was created, if its id was not recorded.
    pub(super) async fn find(
        &self,
        attempt: &Attempt,
        number: u32,
    ) -> Result<Option<String>, FileJobError> {
        let input = self.url(&attempt.manifest_key());
        let search = self.client.search_jobs().input_file(input).order(Order::Descending);
        let found = search.send().await.map_err(MediaConvertError::from);
        let found = found.map_err(|source| call_failed("SearchJobs", attempt, source))?;
        let is_own = |job: &&Job| {
            job.user_metadata.as_ref().is_some_and(|it| *it == user_metadata(attempt, number))
        };
        Ok(found.jobs().iter().find(is_own).and_then(|job| job.id.clone()))
    }

    pub(super) async fn describe(
        &self,
        attempt: &Attempt,
        job: &str,
    ) -> Result<FileJobState, FileJobError> {
        let found = self.client.get_job().id(job).send().await.map_err(MediaConvertError::from);
        let job = match found {
            Ok(found) => {
                found.job.ok_or_else(|| FileJobError::Incomplete { attempt: attempt.clone() })?
            }
            Err(MediaConvertError::NotFoundException(_)) => {
                return Ok(FileJobState::Failed("MediaConvert has no record of the job.".into()));
            }
            Err(source) => return Err(call_failed("GetJob", attempt, source)),
        };
        Ok(match job.status {
            Some(JobStatus::Complete) => FileJobState::Complete,
            Some(JobStatus::Error) => {
                FileJobState::Failed(describe_failure(job.error_code, job.error_message.as_deref()))
            }
            Some(JobStatus::Canceled) => FileJobState::Failed(CANCELED.to_owned()),
            _ => FileJobState::InProgress,
        })
    }
}

pub(super) const CANCELED: &str = "The job was canceled in MediaConvert.";

/// Describes the error of a job for operators.
pub(super) fn describe_failure(code: Option<i32>, message: Option<&str>) -> String {
    let code = code.map_or_else(|| "none".to_owned(), |code| code.to_string());
    let text = message.unwrap_or("no reason was given");
    format!("The job failed (MediaConvert error {code}: {text}).")
}

/// The user metadata of a job: the attempt that made the media, and the number of the job.
fn user_metadata(attempt: &Attempt, number: u32) -> HashMap<String, String> {
    let fields = [
        ("competition", attempt.clip.competition.to_string()),
        ("clip", attempt.clip.clip.to_string()),
        ("attempt", attempt.number.to_string()),
        (FILES, number.to_string()),
    ];
    fields.map(|(name, value)| (name.to_owned(), value)).into()
}

/// The token of CreateJob. It has at most 64 characters, and the name of an attempt may be longer.
fn request_token(attempt: &Attempt, number: u32) -> String {
    let digest = Sha256::digest(format!("{attempt}/{FILES}/{number}"));
    digest[..16].iter().map(|byte| format!("{byte:02x}")).collect()
}

fn call_failed(
    operation: &'static str,
    attempt: &Attempt,
    source: MediaConvertError,
) -> FileJobError {
    FileJobError::Call { operation, attempt: attempt.clone(), source: Box::new(source) }
}
