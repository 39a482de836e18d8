//! "MediaPackage HarvestJob Notification": harvested media becomes a VOD asset.

use aws_config::SdkConfig;
use chrono::{DateTime, TimeDelta, Utc};
use lambda_runtime::Diagnostic;
use serde::{Deserialize, Serialize};

use super::{AssetError, Publisher};
use crate::clip::{Attempt, DueError, DueQueue};
use crate::config::{ConfigError, Variables};
use crate::error;
use crate::library::{Advanced, Clip, Failure, FailureCode, Library, LibraryError, Trigger};
use crate::live::Channels;
use crate::upload::{Leftovers, LeftoversError};

/// The `detail` of the event.
///
/// `message` stands beside the job, and only on failure. The ARNs of the event are spelled in two
/// ways, so nothing here relies on them.
/// <https://docs.aws.amazon.com/mediapackage/latest/ug/cloudwatch-events-example.html>
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct HarvestNotice {
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

/// Everything `harvest-complete` needs, built once per cold start.
#[derive(Clone, Debug)]
pub struct HarvestComplete {
    library: Library,
    publisher: Publisher,
    leftovers: Leftovers,
    channels: Channels,
    due: DueQueue,
}

#[derive(Debug, thiserror::Error)]
pub enum HarvestCompleteError {
    #[error("the harvested clip has no asset yet")]
    Asset(#[source] AssetError),
    #[error("what a failed harvest left is still there")]
    Leftovers(#[source] LeftoversError),
    #[error("the end of a harvest was not recorded")]
    Record(#[source] LibraryError),
    #[error("the next clip in line was not woken")]
    Wake(#[source] DueError),
}

impl From<HarvestCompleteError> for Diagnostic {
    fn from(failure: HarvestCompleteError) -> Self {
        let name = match failure {
            HarvestCompleteError::Asset(_) => "Asset",
            HarvestCompleteError::Leftovers(_) => "Leftovers",
            HarvestCompleteError::Record(_) => "Record",
            HarvestCompleteError::Wake(_) => "Wake",
        };
        error::diagnostic(name, &failure)
    }
}

impl HarvestComplete {
    pub fn new(sdk: &SdkConfig, variables: &Variables) -> Result<Self, ConfigError> {
        Ok(Self {
            library: Library::from_variables(sdk, variables)?,
            publisher: Publisher::from_variables(sdk, variables)?,
            leftovers: Leftovers::from_variables(sdk, variables)?,
            channels: variables.parsed("CHANNELS")?,
            due: DueQueue::from_variables(sdk, variables)?,
        })
    }

    /// Opens the connections that the first event will need.
    pub async fn warm_up(&self) {
        tokio::join!(self.library.warm_up(), self.publisher.warm_up());
    }

    pub async fn handle(&self, notice: HarvestNotice) -> Result<(), HarvestCompleteError> {
        self.finish(notice, Utc::now()).await
    }

    /// Records the end of a harvest; a harvested clip gets its asset first. Then the first clip in
    /// line is woken, for a job has become free.
    ///
    /// A failed harvest is an answer and not an error: it is recorded, so that the operator sees
    /// it. An error is returned only for what another try may cure.
    async fn finish(
        &self,
        HarvestNotice { harvest_job: job, message }: HarvestNotice,
        now: DateTime<Utc>,
    ) -> Result<(), HarvestCompleteError> {
        let ours = self.channels.harvest_from(&job.origin_endpoint_id);
        let Some(attempt) = job.id.parse::<Attempt>().ok().filter(|_| ours) else {
            tracing::debug!("harvest job {} is not one of ours", job.id);
            return Ok(());
        };
        let (recorded, woken) =
            tokio::join!(self.record(&attempt, job.status, message, now), self.wake_first());
        recorded.and(woken)
    }

    async fn record(
        &self,
        attempt: &Attempt,
        status: HarvestStatus,
        message: Option<String>,
        now: DateTime<Utc>,
    ) -> Result<(), HarvestCompleteError> {
        let trigger = match status {
            HarvestStatus::InProgress => return Ok(()),
            HarvestStatus::Failed => {
                let removed = self.leftovers.remove(attempt).await;
                removed.map_err(HarvestCompleteError::Leftovers)?;
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
                let known = self.library.find(&attempt.clip).await;
                let known = known.map_err(HarvestCompleteError::Record)?;
                let waits =
                    |clip: &Clip| clip.status.is_in_the_making() && clip.current() == *attempt;
                let Some(clip) = known.filter(waits) else {
                    tracing::debug!("nothing waits for harvest job {attempt}");
                    return Ok(());
                };
                self.publisher.ensure_asset(&clip).await.map_err(HarvestCompleteError::Asset)?
            }
        };
        let advanced = self.library.advance(attempt, &trigger, now).await;
        if advanced.map_err(HarvestCompleteError::Record)? == Advanced::Unknown {
            tracing::debug!("harvest job {attempt} belongs to no clip");
        }
        Ok(())
    }

    async fn wake_first(&self) -> Result<(), HarvestCompleteError> {
        let first = self.library.first_waiting(1).await.map_err(HarvestCompleteError::Record)?;
        match first.first() {
            Some(first) => {
                self.due.send(first, TimeDelta::zero()).await.map_err(HarvestCompleteError::Wake)
            }
            None => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_captured_forms_are_read() {
        let job = r#"{"id":"JOB","arn":"arn:aws:mediapackage-vod:us-east-1:111122223333:harvest_jobs/JOB","status":"STATUS","origin_endpoint_id":"EP","start_time":"2019-06-26T20:30:00-08:00","end_time":"2019-06-26T21:00:00-08:00","s3_destination":{"bucket_name":"B","manifest_key":"p/index.m3u8","role_arn":"arn:aws:iam::1:role/r"},"created_at":"2019-06-26T21:03:12-08:00"}"#;
        let succeeded = format!(r#"{{"harvest_job":{}}}"#, job.replace("STATUS", "SUCCEEDED"));
        let failed =
            format!(r#"{{"harvest_job":{},"message":"no"}}"#, job.replace("STATUS", "FAILED"));
        let succeeded: HarvestNotice = serde_json::from_str(&succeeded).unwrap();
        let failed: HarvestNotice = serde_json::from_str(&failed).unwrap();
        assert_eq!(succeeded.harvest_job.status, HarvestStatus::Succeeded);
        assert_eq!(succeeded.message, None);
        assert_eq!(failed.harvest_job.status, HarvestStatus::Failed);
        assert_eq!(failed.message.as_deref(), Some("no"));
    }
}
