//! Starts, describes and lists harvest jobs, by which MediaPackage copies a window of the stream to S3.

use std::collections::BTreeSet;

use aws_config::SdkConfig;
use aws_sdk_mediapackage::Error as MediaPackageError;
use aws_sdk_mediapackage::config::Config;
use aws_sdk_mediapackage::error::ProvideErrorMetadata;
use aws_sdk_mediapackage::types::{S3Destination, Status};

use crate::clip::{Attempt, Window};
use crate::config::{self, ConfigError, Variables};
use crate::pace::Pace;

/// The harvest jobs of clips.
#[derive(Clone, Debug)]
pub struct HarvestJobs {
    client: aws_sdk_mediapackage::Client,
    bucket: String,
    role_arn: String,
    pace: Pace,
}

/// What starting a harvest job did.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum StartOutcome {
    /// The job exists, from this call or an earlier one.
    Started,
    /// All of the account's concurrent harvest jobs are in use.
    NoFreeJob,
    /// MediaPackage accepts no more calls at the moment.
    Throttled,
    /// MediaPackage refused to harvest the window.
    Refused { message: String },
}

/// The state of a harvest job.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HarvestState {
    InProgress,
    Succeeded,
    Failed,
    /// MediaPackage has no such job. It forgets a job after 90 days.
    NotFound,
}

#[derive(Debug, thiserror::Error)]
pub enum HarvestJobError {
    #[error("CreateHarvestJob failed for {attempt}")]
    Start {
        attempt: Attempt,
        #[source]
        source: Box<MediaPackageError>,
    },
    #[error("DescribeHarvestJob failed for {attempt}")]
    Describe {
        attempt: Attempt,
        #[source]
        source: Box<MediaPackageError>,
    },
    #[error("ListHarvestJobs failed")]
    List(#[source] Box<MediaPackageError>),
}

impl HarvestJobs {
    pub fn from_variables(sdk: &SdkConfig, variables: &Variables) -> Result<Self, ConfigError> {
        Ok(Self {
            client: aws_sdk_mediapackage::Client::new(sdk),
            bucket: variables.required("CLIPS_BUCKET")?.to_owned(),
            role_arn: variables.required("HARVEST_ROLE_ARN")?.to_owned(),
            pace: Pace::default(),
        })
    }

    /// The same jobs, whose calls are spaced out.
    #[must_use]
    pub fn with_pace(self, pace: &Pace) -> Self {
        Self { pace: pace.clone(), ..self }
    }

    /// Starts the harvest job of an attempt, unless it exists already.
    ///
    /// The id of the job is the name of the attempt. MediaPackage does not document what
    /// CreateHarvestJob answers if the id is taken. After a refusal, this function therefore describes
    /// the job first: if it exists, an earlier call started it and its response was lost.
    pub async fn start(
        &self,
        attempt: &Attempt,
        origin_endpoint_id: &str,
        window: Window,
    ) -> Result<StartOutcome, HarvestJobError> {
        let destination = S3Destination::builder()
            .bucket_name(&self.bucket)
            .manifest_key(format!("{}index.m3u8", attempt.media_prefix()))
            .role_arn(&self.role_arn)
            .build();
        self.pace.wait().await;
        let created = self
            .client
            .create_harvest_job()
            .id(attempt.to_string())
            .origin_endpoint_id(origin_endpoint_id)
            .start_time(window.start().timestamp().to_string())
            .end_time(window.end().timestamp().to_string())
            .s3_destination(destination)
            .customize()
            // The harvest queue and the sweep retry. An operator must not wait for the retries of
            // the SDK.
            .config_override(Config::builder().retry_config(config::no_retries()))
            .send()
            .await
            .map_err(MediaPackageError::from);
        match created {
            Ok(_) => Ok(StartOutcome::Started),
            Err(MediaPackageError::TooManyRequestsException(refusal)) => {
                let is_quota = is_about_quota(refusal.message().unwrap_or_default());
                Ok(if is_quota { StartOutcome::NoFreeJob } else { StartOutcome::Throttled })
            }
            // The window or the bucket is invalid, or the endpoint does not exist.
            Err(
                refusal @ (MediaPackageError::UnprocessableEntityException(_)
                | MediaPackageError::NotFoundException(_)),
            ) => match self.describe(attempt).await? {
                HarvestState::NotFound => {
                    let message = refusal.message().unwrap_or("no reason was given").to_owned();
                    Ok(StartOutcome::Refused { message })
                }
                HarvestState::InProgress | HarvestState::Succeeded | HarvestState::Failed => {
                    Ok(StartOutcome::Started)
                }
            },
            Err(source) => {
                Err(HarvestJobError::Start { attempt: attempt.clone(), source: Box::new(source) })
            }
        }
    }

    /// Returns the state of the harvest job of an attempt.
    pub async fn describe(&self, attempt: &Attempt) -> Result<HarvestState, HarvestJobError> {
        self.pace.wait().await;
        let described = self
            .client
            .describe_harvest_job()
            .id(attempt.to_string())
            .send()
            .await
            .map_err(MediaPackageError::from);
        match described {
            Ok(job) => Ok(match job.status {
                Some(Status::Succeeded) => HarvestState::Succeeded,
                Some(Status::Failed) => HarvestState::Failed,
                _ => HarvestState::InProgress,
            }),
            Err(MediaPackageError::NotFoundException(_)) => Ok(HarvestState::NotFound),
            Err(source) => Err(HarvestJobError::Describe {
                attempt: attempt.clone(),
                source: Box::new(source),
            }),
        }
    }

    /// Returns the ids of all harvest jobs of the account that are in progress.
    pub async fn list_in_progress(&self) -> Result<BTreeSet<String>, HarvestJobError> {
        self.pace.wait().await;
        let list = self.client.list_harvest_jobs().include_status("IN_PROGRESS");
        let mut jobs = list.into_paginator().items().send();
        let mut ids = BTreeSet::new();
        while let Some(job) = jobs.next().await {
            let job = job.map_err(|error| HarvestJobError::List(Box::new(error.into())))?;
            ids.extend(job.id);
        }
        Ok(ids)
    }

    /// Opens the connection to MediaPackage before the first request needs it.
    pub async fn warm_up(&self) {
        let _ = self.client.describe_harvest_job().id("-").send().await;
    }
}

/// Whether a 429 is about the quota of concurrent harvest jobs, and not about the rate of calls.
///
/// MediaPackage answers both with the same code, and does not document the messages. A message that
/// names no job, quota or limit is taken for the rate: the call is then retried for some seconds, and
/// a quota that was mistaken for it only costs these calls.
fn is_about_quota(message: &str) -> bool {
    let text = message.to_lowercase();
    let has =
        |start: &str| text.split(|c: char| !c.is_alphanumeric()).any(|it| it.starts_with(start));
    has("harvest")
        || has("job")
        || has("quota")
        || has("concurrent")
        || (has("limit") && !has("rate"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_quota_is_told_from_a_rate_by_the_message() {
        for quota in [
            "the account has 10 harvest jobs in progress",
            "Maximum number of concurrent jobs reached",
            "Resource limit exceeded",
            "You have exceeded your service quota",
        ] {
            assert!(is_about_quota(quota), "{quota}");
        }
        for rate in ["Too Many Requests", "Rate exceeded", "Request rate limit exceeded", ""] {
            assert!(!is_about_quota(rate), "{rate}");
        }
    }
}
