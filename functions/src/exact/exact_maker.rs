//! Starts and describes the jobs that make frame-exact media, and records their results.

use aws_config::SdkConfig;
use aws_sdk_mediaconvert::types::StatusUpdateInterval;
use chrono::{DateTime, Utc};

use super::{EXACT, job_settings};
use crate::asset::{AssetError, Assets, ClipMedia, ClipMediaError};
use crate::clip::{
    Attempt, Clip, ExactJob, Failure, FailureCode, Remake, RetiredAttempt, Status, Trigger,
};
use crate::config::{ConfigError, Variables};
use crate::encode::{
    CANCELED, FrameRange, JobCreation, JobState, MediaJob, MediaJobError, MediaJobs,
    describe_failure,
};
use crate::library::{Library, LibraryError};

/// Makes media that has the requested frames of a clip and no other.
///
/// A clip plays its harvested media until the new media is proven playable. If the job fails, the clip
/// keeps what it has.
#[derive(Clone, Debug)]
pub struct ExactMaker {
    library: Library,
    media: ClipMedia,
    jobs: MediaJobs,
}

#[derive(Debug, thiserror::Error)]
pub enum ExactError {
    #[error("could not start or describe the job for the frame-exact media of a clip")]
    Job(#[from] MediaJobError),
    #[error("could not read or delete the media of a clip in S3")]
    Media(#[from] ClipMediaError),
    #[error("could not create the asset of the frame-exact media of a clip")]
    Asset(#[from] AssetError),
    #[error("could not record the state of the frame-exact media of a clip")]
    Library(#[from] LibraryError),
}

/// An event of a job.
#[derive(Clone, Copy, Debug)]
pub struct ExactEvent<'a> {
    pub status: &'a str,
    /// The error of MediaConvert.
    pub error: (Option<i32>, Option<&'a str>),
    pub percent: Option<u8>,
}

impl ExactMaker {
    pub fn from_variables(sdk: &SdkConfig, variables: &Variables) -> Result<Self, ConfigError> {
        Ok(Self {
            library: Library::with_asset_expiry(sdk, variables)?,
            media: ClipMedia::from_variables(sdk, variables)?,
            jobs: MediaJobs::from_variables(sdk, variables)?,
        })
    }

    /// Starts or describes the job of a remake. Returns the triggers that follow.
    pub async fn find_triggers(
        &self,
        remake: &Clip,
        assets: &Assets,
        now: DateTime<Utc>,
    ) -> Result<Vec<Trigger>, ExactError> {
        let Some((_, exact)) = exact_job(remake) else { return Ok(Vec::new()) };
        if exact.start_at.is_some_and(|time| time > now) {
            return Ok(Vec::new());
        }
        let job = job_of(&remake.current_attempt(), exact.harvest.attempt);
        let Some(id) = &exact.job else {
            // The function that created the job may have been killed before it recorded the id.
            return Ok(match self.jobs.find(&job).await? {
                Some(job) => vec![Trigger::TranscodeStarted { job }],
                None => self.start(remake, exact, &job).await?.into_iter().collect(),
            });
        };
        Ok(match self.jobs.describe(&job, id).await? {
            JobState::InProgress { percent } => {
                let progressed = percent.map(|percent| Trigger::TranscodeProgressed { percent });
                progressed.into_iter().collect()
            }
            JobState::Complete => vec![assets.ensure_asset(remake).await?],
            JobState::Failed(reason) => vec![self.fail(remake, reason).await?],
        })
    }

    /// Records what an event says about the job that makes attempt `number` of the media of `harvest`. An
    /// event of an earlier job changes nothing.
    pub async fn record(
        &self,
        harvest: &Attempt,
        number: u32,
        event: ExactEvent<'_>,
        assets: &Assets,
        now: DateTime<Utc>,
    ) -> Result<(), ExactError> {
        let Some(clip) = self.library.find(&harvest.clip).await? else { return Ok(()) };
        let Some(remake) = clip.as_remake().filter(|remake| remake.attempt == number) else {
            return Ok(());
        };
        let is_own = |(_, job): (&Remake, &ExactJob)| job.harvest.attempt == harvest.number;
        if !exact_job(&remake).is_some_and(is_own) {
            return Ok(());
        }
        let trigger = match event.status {
            "COMPLETE" => assets.ensure_asset(&remake).await?,
            "ERROR" => {
                let reason = describe_failure(event.error.0, event.error.1);
                self.fail(&remake, reason).await?
            }
            "CANCELED" => self.fail(&remake, CANCELED.to_owned()).await?,
            "STATUS_UPDATE" => {
                let Some(percent) = event.percent else { return Ok(()) };
                Trigger::TranscodeProgressed { percent }
            }
            _ => return Ok(()),
        };
        self.library.advance(&remake.current_attempt(), &trigger, now).await?;
        Ok(())
    }

    /// Whether a job may be writing frame-exact media of the clip.
    pub async fn is_running(&self, clip: &Clip) -> Result<bool, ExactError> {
        if let Some((remake, exact)) = exact_job(clip) {
            let attempt = Attempt { clip: clip.key(), number: remake.attempt };
            let job = job_of(&attempt, exact.harvest.attempt);
            if self.jobs.is_running(&job, exact.job.as_deref()).await? {
                return Ok(true);
            }
        }
        for retired in &clip.retired {
            if self.is_retired_running(clip, retired).await? {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Whether a job may be writing media of an attempt that was given up.
    pub async fn is_retired_running(
        &self,
        clip: &Clip,
        retired: &RetiredAttempt,
    ) -> Result<bool, ExactError> {
        let Some(harvest) = retired.exact_of else { return Ok(false) };
        let attempt = Attempt { clip: clip.key(), number: retired.attempt };
        Ok(self.jobs.is_running(&job_of(&attempt, harvest), None).await?)
    }

    /// Creates the job. Returns `None` if MediaConvert accepts no further job at the moment.
    async fn start(
        &self,
        remake: &Clip,
        exact: &ExactJob,
        job: &MediaJob,
    ) -> Result<Option<Trigger>, ExactError> {
        let refused = |message: String| {
            tracing::error!(clip.id = %remake.key(), "no frame-exact media of {job}: {message}");
            Trigger::Failed(Failure { code: FailureCode::TranscodeRefused, message })
        };
        let Some(rendition) = self.media.find_best_rendition(&job.attempt).await? else {
            let reason = "The manifest of the clip states no size and frame rate.";
            return Ok(Some(refused(reason.to_owned())));
        };
        if rendition.has_more_tracks {
            let reason = "The clip has captions or more than one sound, which frame-exact media would \
                          lose. It stays cut to segments.";
            return Ok(Some(refused(reason.to_owned())));
        }
        let Some(window) = remake.wanted_window() else { return Ok(None) };
        let bounds = exact.harvest.bounds;
        let (start, end) = (window.exact_start(), window.exact_end());
        let frames = FrameRange::of_window(start, end, bounds, rendition.frame_rate);
        let input = self.jobs.url(&job.attempt.manifest_key());
        let destination = self.jobs.url(&remake.current_attempt().manifest_base());
        let settings = job_settings::build(&frames, &rendition, &input, &destination);
        Ok(match self.jobs.create(job, settings, StatusUpdateInterval::Seconds10).await? {
            JobCreation::Created(job) => Some(Trigger::TranscodeStarted { job }),
            JobCreation::Refused(reason) => {
                Some(refused(format!("MediaConvert refused the job: {reason}")))
            }
            JobCreation::Throttled => None,
        })
    }

    /// Deletes what a failed job has made, and returns the trigger for the clip.
    async fn fail(&self, remake: &Clip, message: String) -> Result<Trigger, ExactError> {
        let attempt = remake.current_attempt();
        tracing::error!(clip.id = %remake.key(), "no frame-exact media of {attempt}: {message}");
        self.media.delete_attempt(&attempt).await?;
        Ok(Trigger::Failed(Failure { code: FailureCode::TranscodeFailed, message }))
    }
}

/// The job in progress of a clip, or of its remake.
fn exact_job(clip: &Clip) -> Option<(&Remake, &ExactJob)> {
    let remake = clip.remake.as_ref().filter(|it| it.status == Status::Transcoding)?;
    Some((remake, remake.exact.as_ref()?))
}

/// The job that makes an attempt of the media of another one.
fn job_of(attempt: &Attempt, harvest: u32) -> MediaJob {
    let harvest = Attempt { number: harvest, ..attempt.clone() };
    MediaJob { attempt: harvest, product: EXACT, name: attempt.number.to_string() }
}
