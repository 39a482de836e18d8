//! Makes media of a clip from the media of clips: starts the job, and follows it.

use aws_config::SdkConfig;
use aws_sdk_mediaconvert::types::{JobSettings, StatusUpdateInterval};

use super::{
    CANCELED, JobCreation, JobState, MediaJob, MediaJobError, MediaJobs, describe_failure,
};
use crate::asset::{AssetError, Assets, ClipMedia, ClipMediaError};
use crate::clip::{Clip, Failure, FailureCode, Trigger};
use crate::config::{ConfigError, Variables};
use crate::library::{Library, LibraryError};

/// Runs the jobs that make the media of an attempt at a clip. Each step can be repeated.
#[derive(Clone, Debug)]
pub struct MediaMaker {
    pub library: Library,
    pub media: ClipMedia,
    pub jobs: MediaJobs,
}

#[derive(Debug, thiserror::Error)]
pub enum MediaMakerError {
    #[error("could not start or describe the job for the media of a clip")]
    Job(#[from] MediaJobError),
    #[error("could not read or delete the media of a clip in S3")]
    Media(#[from] ClipMediaError),
    #[error("could not create the asset of a clip")]
    Asset(#[from] AssetError),
    #[error("could not record the state of the media of a clip")]
    Library(#[from] LibraryError),
}

/// An event of a job.
#[derive(Clone, Copy, Debug)]
pub struct JobEvent<'a> {
    pub status: &'a str,
    /// The error of MediaConvert.
    pub error: (Option<i32>, Option<&'a str>),
    pub percent: Option<u8>,
    /// The duration of the longest output.
    pub seconds: Option<f64>,
}

impl MediaMaker {
    pub fn from_variables(sdk: &SdkConfig, variables: &Variables) -> Result<Self, ConfigError> {
        Ok(Self {
            library: Library::with_asset_expiry(sdk, variables)?,
            media: ClipMedia::from_variables(sdk, variables)?,
            jobs: MediaJobs::from_variables(sdk, variables)?,
        })
    }

    /// Describes the job of a clip, or starts it with the settings of `plan`. Returns the triggers that
    /// follow. `id` is that in the row, if it was recorded.
    ///
    /// If there can be no job, `plan` returns the reason.
    pub async fn find_triggers(
        &self,
        clip: &Clip,
        job: &MediaJob,
        id: Option<&str>,
        assets: &Assets,
        plan: impl Future<Output = Result<Result<JobSettings, String>, ClipMediaError>>,
    ) -> Result<Vec<Trigger>, MediaMakerError> {
        let Some(id) = id else {
            // The function that created the job may have been killed before it recorded the id.
            return Ok(match self.jobs.find(job).await? {
                Some(job) => vec![Trigger::TranscodeStarted { job }],
                None => self.start(clip, job, plan.await?).await?.into_iter().collect(),
            });
        };
        Ok(match self.jobs.describe(job, id).await? {
            JobState::InProgress { percent } => {
                let progressed = percent.map(|percent| Trigger::TranscodeProgressed { percent });
                progressed.into_iter().collect()
            }
            JobState::Complete { seconds } => self.complete(clip, seconds, assets).await?,
            JobState::Failed(reason) => vec![self.fail(clip, reason).await?],
        })
    }

    /// Returns the triggers that follow from an event of the job of a clip.
    pub async fn find_event_triggers(
        &self,
        clip: &Clip,
        event: JobEvent<'_>,
        assets: &Assets,
    ) -> Result<Vec<Trigger>, MediaMakerError> {
        Ok(match event.status {
            "COMPLETE" => self.complete(clip, event.seconds, assets).await?,
            "ERROR" => {
                let reason = describe_failure(event.error.0, event.error.1);
                vec![self.fail(clip, reason).await?]
            }
            "CANCELED" => vec![self.fail(clip, CANCELED.to_owned()).await?],
            "STATUS_UPDATE" => {
                let percent = event.percent.into_iter();
                percent.map(|percent| Trigger::TranscodeProgressed { percent }).collect()
            }
            _ => Vec::new(),
        })
    }

    /// Creates the job. Returns `None` if MediaConvert accepts no further job at the moment.
    async fn start(
        &self,
        clip: &Clip,
        job: &MediaJob,
        plan: Result<JobSettings, String>,
    ) -> Result<Option<Trigger>, MediaMakerError> {
        let refusal = match plan {
            Ok(settings) => {
                match self.jobs.create(job, settings, StatusUpdateInterval::Seconds10).await? {
                    JobCreation::Created(job) => {
                        return Ok(Some(Trigger::TranscodeStarted { job }));
                    }
                    JobCreation::Throttled => return Ok(None),
                    JobCreation::Refused(reason) => {
                        format!("MediaConvert refused the job: {reason}")
                    }
                }
            }
            Err(reason) => reason,
        };
        let attempt = clip.current_attempt();
        tracing::error!(clip.id = %clip.key(), "no job for the media of {attempt}: {refusal}");
        let failure = Failure { code: FailureCode::TranscodeRefused, message: refusal };
        Ok(Some(Trigger::Failed(failure)))
    }

    /// Creates the asset of complete media. The duration of a remake is known before.
    async fn complete(
        &self,
        clip: &Clip,
        seconds: Option<f64>,
        assets: &Assets,
    ) -> Result<Vec<Trigger>, MediaMakerError> {
        let transcoded = Trigger::Transcoded { seconds, thumbnails: 0 };
        let mut triggers: Vec<_> = (!clip.is_remake()).then_some(transcoded).into_iter().collect();
        triggers.push(assets.ensure_asset(clip).await?);
        Ok(triggers)
    }

    /// Deletes the media of a failed job, and returns the trigger for the clip.
    async fn fail(&self, clip: &Clip, message: String) -> Result<Trigger, MediaMakerError> {
        let attempt = clip.current_attempt();
        tracing::error!(clip.id = %clip.key(), "the job for the media of {attempt}: {message}");
        self.media.delete_attempt(&attempt).await?;
        Ok(Trigger::Failed(Failure { code: FailureCode::TranscodeFailed, message }))
    }
}
