//! Starts and describes the jobs of reels, and records their results.

use aws_config::SdkConfig;
use aws_sdk_mediaconvert::types::JobSettings;
use chrono::{DateTime, Utc};

use super::REEL;
use super::job_settings::{self, ReelInput};
use crate::asset::{Assets, ClipMediaError};
use crate::clip::{Attempt, Clip, ClipKey, Reel, Source, Status, Trigger};
use crate::config::{ConfigError, Variables};
use crate::encode::{JobEvent, MediaJob, MediaMaker, MediaMakerError};
use crate::library::Advanced;
use crate::live::Channels;

/// Makes the media of reels. From then on, a reel is a clip as every other.
#[derive(Clone, Debug)]
pub struct ReelMaker {
    maker: MediaMaker,
}

impl ReelMaker {
    pub fn from_variables(sdk: &SdkConfig, variables: &Variables) -> Result<Self, ConfigError> {
        Ok(Self { maker: MediaMaker::from_variables(sdk, variables)? })
    }

    /// Starts or describes the job of a reel. Returns the triggers that follow.
    ///
    /// The settings of `channels` say which parts have captions in their video.
    pub async fn find_triggers(
        &self,
        clip: &Clip,
        reel: &Reel,
        channels: &Channels,
        assets: &Assets,
    ) -> Result<Vec<Trigger>, MediaMakerError> {
        let Some(job) = job_of(clip, reel) else { return Ok(Vec::new()) };
        let plan = self.plan(clip, reel, channels);
        self.maker.find_triggers(clip, &job, reel.job.as_deref(), assets, plan).await
    }

    /// Records an event of the job of an attempt at a reel. Returns the clip if it has
    /// changed. An event of an earlier job changes nothing.
    pub async fn record(
        &self,
        attempt: &Attempt,
        event: JobEvent<'_>,
        assets: &Assets,
        now: DateTime<Utc>,
    ) -> Result<Option<Clip>, MediaMakerError> {
        let Some(clip) = self.maker.library.find(&attempt.clip).await? else { return Ok(None) };
        let is_waiting = clip.status == Status::Transcoding && clip.current_attempt() == *attempt;
        if !is_waiting || !matches!(clip.source, Source::Reel(_)) {
            return Ok(None);
        }
        let mut changed = None;
        for trigger in self.maker.find_event_triggers(&clip, event, assets).await? {
            if let Advanced::Changed(clip) =
                self.maker.library.advance(attempt, &trigger, now).await?
            {
                changed = Some(*clip);
            }
        }
        Ok(changed)
    }

    /// Whether a job may be writing the media of a reel.
    pub async fn is_running(&self, clip: &Clip, reel: &Reel) -> Result<bool, MediaMakerError> {
        let Some(job) = job_of(clip, reel) else { return Ok(false) };
        Ok(self.maker.jobs.is_running(&job, reel.job.as_deref()).await?)
    }

    /// Builds the settings of the job, or returns why there can be no job.
    async fn plan(
        &self,
        clip: &Clip,
        reel: &Reel,
        channels: &Channels,
    ) -> Result<Result<JobSettings, String>, ClipMediaError> {
        let mut inputs = Vec::with_capacity(reel.parts.len());
        for part in &reel.parts {
            let competition = clip.competition.clone();
            let key = ClipKey { competition, clip: part.clip.clone() };
            let media = Attempt { clip: key, number: part.attempt };
            let Some(mut rendition) = self.maker.media.find_best_rendition(&media).await? else {
                return Ok(Err(format!(
                    "The media of clip {} is gone: the clip was deleted, or trimmed and made anew. \
                     Make the reel again.",
                    part.clip
                )));
            };
            let channel = part.channel.as_ref().and_then(|channel| channels.find(channel));
            rendition.has_embedded_captions |= channel.is_some_and(|it| it.closed_captions);
            let url = self.maker.jobs.url(&media.manifest_key());
            inputs.push(ReelInput { url, rendition, part });
        }
        let destination = self.maker.jobs.url(&clip.current_attempt().manifest_base());
        Ok(job_settings::build(&inputs, &destination))
    }
}

/// The job of a reel. SearchJobs finds it by the media of its first clip.
fn job_of(clip: &Clip, reel: &Reel) -> Option<MediaJob> {
    let first = reel.parts.first()?;
    let key = ClipKey { competition: clip.competition.clone(), clip: first.clip.clone() };
    let attempt = Attempt { clip: key, number: first.attempt };
    Some(MediaJob { attempt, product: REEL, name: clip.current_attempt().to_string() })
}
