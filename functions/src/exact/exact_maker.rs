//! Starts and describes the jobs that make frame-exact media, and records their results.

use aws_config::SdkConfig;
use aws_sdk_mediaconvert::types::JobSettings;
use chrono::{DateTime, Utc};

use super::{EXACT, job_settings};
use crate::asset::{Assets, ClipMediaError};
use crate::clip::{Attempt, Clip, ExactJob, Remake, RetiredAttempt, Status, Trigger};
use crate::config::{ConfigError, Variables};
use crate::encode::{FrameRange, JobEvent, MediaJob, MediaMaker, MediaMakerError};

/// Makes media that has the requested frames of a clip and no other.
///
/// A clip plays its harvested media until the new media is proven playable. If the job fails, the clip
/// goes on with it.
#[derive(Clone, Debug)]
pub struct ExactMaker {
    maker: MediaMaker,
}

impl ExactMaker {
    pub fn from_variables(sdk: &SdkConfig, variables: &Variables) -> Result<Self, ConfigError> {
        Ok(Self { maker: MediaMaker::from_variables(sdk, variables)? })
    }

    /// Starts or describes the job of a remake. Returns the triggers that follow.
    ///
    /// `has_closed_captions` says whether the channel has captions in its video.
    pub async fn find_triggers(
        &self,
        remake: &Clip,
        has_closed_captions: bool,
        assets: &Assets,
        now: DateTime<Utc>,
    ) -> Result<Vec<Trigger>, MediaMakerError> {
        let Some((_, exact)) = exact_job(remake) else { return Ok(Vec::new()) };
        if exact.start_at.is_some_and(|time| time > now) {
            return Ok(Vec::new());
        }
        let job = job_of(&remake.current_attempt(), exact.harvest.attempt);
        let plan = self.plan(remake, exact, has_closed_captions, &job);
        self.maker.find_triggers(remake, &job, exact.job.as_deref(), assets, plan).await
    }

    /// Records an event of the job that makes attempt `number` of the media of `harvest`. An event of an
    /// earlier job changes nothing.
    pub async fn record(
        &self,
        harvest: &Attempt,
        number: u32,
        event: JobEvent<'_>,
        assets: &Assets,
        now: DateTime<Utc>,
    ) -> Result<(), MediaMakerError> {
        let Some(clip) = self.maker.library.find(&harvest.clip).await? else { return Ok(()) };
        let Some(remake) = clip.as_remake().filter(|remake| remake.attempt == number) else {
            return Ok(());
        };
        let is_own = |(_, job): (&Remake, &ExactJob)| job.harvest.attempt == harvest.number;
        if !exact_job(&remake).is_some_and(is_own) {
            return Ok(());
        }
        for trigger in self.maker.find_event_triggers(&remake, event, assets).await? {
            self.maker.library.advance(&remake.current_attempt(), &trigger, now).await?;
        }
        Ok(())
    }

    /// Whether a job may be writing frame-exact media of the clip.
    pub async fn is_running(&self, clip: &Clip) -> Result<bool, MediaMakerError> {
        if let Some((remake, exact)) = exact_job(clip) {
            let attempt = Attempt { clip: clip.key(), number: remake.attempt };
            let job = job_of(&attempt, exact.harvest.attempt);
            if self.maker.jobs.is_running(&job, exact.job.as_deref()).await? {
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
    ) -> Result<bool, MediaMakerError> {
        let Some(harvest) = retired.exact_of else { return Ok(false) };
        let attempt = Attempt { clip: clip.key(), number: retired.attempt };
        Ok(self.maker.jobs.is_running(&job_of(&attempt, harvest), None).await?)
    }

    /// Builds the settings of the job, or returns why there can be no job.
    async fn plan(
        &self,
        remake: &Clip,
        exact: &ExactJob,
        has_closed_captions: bool,
        job: &MediaJob,
    ) -> Result<Result<JobSettings, String>, ClipMediaError> {
        let rendition = self.maker.media.find_best_rendition(&job.attempt).await?;
        let (Some(mut rendition), Some(window)) = (rendition, remake.wanted_window()) else {
            let reason = "The manifest of the clip states no size and frame rate.";
            return Ok(Err(reason.to_owned()));
        };
        rendition.has_embedded_captions |= has_closed_captions;
        let bounds = exact.harvest.bounds;
        let (start, end) = (window.exact_start(), window.exact_end());
        let frames = FrameRange::of_window(start, end, bounds, rendition.frame_rate);
        let input = self.maker.jobs.url(&job.attempt.manifest_key());
        let destination = self.maker.jobs.url(&remake.current_attempt().manifest_base());
        Ok(Ok(job_settings::build(&frames, &rendition, &input, &destination)))
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
