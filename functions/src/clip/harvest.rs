//! Harvest jobs: MediaPackage copies a window of the stream to S3.

use aws_config::SdkConfig;
use aws_sdk_mediapackage::Error as MediaPackageError;
use aws_sdk_mediapackage::config::Config;
use aws_sdk_mediapackage::error::ProvideErrorMetadata;
use aws_sdk_mediapackage::types::{S3Destination, Status};

use super::{Attempt, Window};
use crate::config::{self, ConfigError, Variables};

/// Starts and looks at the harvest jobs of clips.
#[derive(Clone, Debug)]
pub struct Harvester {
    client: aws_sdk_mediapackage::Client,
    bucket: String,
    role_arn: String,
}

/// How asking for a harvest ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Started {
    /// The job exists, from now or from an earlier time.
    Yes,
    /// The account has as many jobs as it may have; this one waits its turn.
    NoSlot,
    /// MediaPackage will not harvest this.
    Refused { message: String },
}

/// Where a harvest job stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Harvested {
    InProgress,
    Succeeded,
    Failed,
    /// MediaPackage never heard of the job, or forgot it after 90 days.
    Unknown,
}

#[derive(Debug, thiserror::Error)]
pub enum HarvestError {
    #[error("MediaPackage did not start the harvest {attempt}")]
    Start {
        attempt: Attempt,
        #[source]
        source: Box<MediaPackageError>,
    },
    #[error("MediaPackage did not describe the harvest {attempt}")]
    Describe {
        attempt: Attempt,
        #[source]
        source: Box<MediaPackageError>,
    },
}

impl Harvester {
    pub fn from_variables(sdk: &SdkConfig, variables: &Variables) -> Result<Self, ConfigError> {
        Ok(Self {
            client: aws_sdk_mediapackage::Client::new(sdk),
            bucket: variables.required("CLIPS_BUCKET")?.to_owned(),
            role_arn: variables.required("HARVEST_ROLE_ARN")?.to_owned(),
        })
    }

    /// Asks for the harvest of an attempt at a clip; asking again changes nothing.
    ///
    /// Job ids are used once, and CreateHarvestJob has no other token. What a second call with
    /// one id answers is not documented, so on a refusal the job is looked for first.
    pub async fn start(
        &self,
        attempt: &Attempt,
        origin_endpoint_id: &str,
        window: Window,
    ) -> Result<Started, HarvestError> {
        let destination = S3Destination::builder()
            .bucket_name(&self.bucket)
            .manifest_key(format!("{}index.m3u8", attempt.media_prefix()))
            .role_arn(&self.role_arn)
            .build();
        let created = self
            .client
            .create_harvest_job()
            .id(attempt.to_string())
            .origin_endpoint_id(origin_endpoint_id)
            .start_time(window.start().timestamp().to_string())
            .end_time(window.end().timestamp().to_string())
            .s3_destination(destination)
            .customize()
            // A job that could not be started waits, and the sweep starts it: an operator should
            // not wait for the SDK's second and third try.
            .config_override(Config::builder().retry_config(config::no_retries()))
            .send()
            .await
            .map_err(MediaPackageError::from);
        match created {
            Ok(_) => Ok(Started::Yes),
            Err(MediaPackageError::TooManyRequestsException(_)) => Ok(Started::NoSlot),
            // Besides the window and the bucket, an endpoint that is gone.
            Err(
                refusal @ (MediaPackageError::UnprocessableEntityException(_)
                | MediaPackageError::NotFoundException(_)),
            ) => match self.look(attempt).await? {
                Harvested::Unknown => {
                    let message = refusal.message().unwrap_or("no reason was given").to_owned();
                    Ok(Started::Refused { message })
                }
                Harvested::InProgress | Harvested::Succeeded | Harvested::Failed => {
                    Ok(Started::Yes)
                }
            },
            Err(source) => {
                Err(HarvestError::Start { attempt: attempt.clone(), source: Box::new(source) })
            }
        }
    }

    /// Asks where the harvest of an attempt stands.
    pub async fn look(&self, attempt: &Attempt) -> Result<Harvested, HarvestError> {
        let described = self
            .client
            .describe_harvest_job()
            .id(attempt.to_string())
            .send()
            .await
            .map_err(MediaPackageError::from);
        match described {
            Ok(job) => Ok(match job.status {
                Some(Status::Succeeded) => Harvested::Succeeded,
                Some(Status::Failed) => Harvested::Failed,
                _ => Harvested::InProgress,
            }),
            Err(MediaPackageError::NotFoundException(_)) => Ok(Harvested::Unknown),
            Err(source) => {
                Err(HarvestError::Describe { attempt: attempt.clone(), source: Box::new(source) })
            }
        }
    }

    /// Opens the connection to MediaPackage before the first request needs it.
    pub async fn warm_up(&self) {
        let _ = self.client.describe_harvest_job().id("-").send().await;
    }
}
