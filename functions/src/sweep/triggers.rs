//! Finds the triggers that lost events would have caused.

use chrono::{DateTime, Utc};

use super::sweep_library::{Sweep, SweepError};
use crate::asset::PackagingState;
use crate::clip::{Clip, ConfigurationId, Failure, FailureCode, Source, Status, Trigger, Upload};
use crate::harvest::{HarvestState, JobStart, RunningJobs};
use crate::upload::{TranscodeState, check_truncation};

impl Sweep {
    /// Asks AWS for the state of a clip's job or asset. Returns the triggers that follow from it.
    pub(super) async fn find_triggers(
        &self,
        clip: &Clip,
        running: &RunningJobs<'_>,
        now: DateTime<Utc>,
    ) -> Result<Vec<Trigger>, SweepError> {
        let attempt = clip.current_attempt();
        Ok(match (clip.status, &clip.source) {
            (Status::Harvesting, _) => match running.describe(&attempt).await? {
                HarvestState::InProgress => Vec::new(),
                // MediaPackage has no such job, so start it again. If the window has expired, the
                // trigger is a failure.
                HarvestState::NotFound => match self.queue.start_job(clip).await? {
                    JobStart::Over(trigger) => vec![trigger],
                    JobStart::NoFreeJob | JobStart::Throttled => Vec::new(),
                },
                HarvestState::Succeeded => vec![self.assets.ensure_asset(clip).await?],
                HarvestState::Failed => {
                    self.media.delete_attempt(&attempt).await?;
                    vec![Trigger::Failed(Failure {
                        code: FailureCode::HarvestFailed,
                        message: "MediaPackage could not harvest the clip. The event with the \
                                  reason was lost."
                            .to_owned(),
                    })]
                }
            },
            (Status::Transcoding, Source::Upload(Upload { job: Some(job), .. })) => {
                self.find_transcode_triggers(clip, job).await?
            }
            (Status::Transcoding, Source::Live { channel, .. }) => {
                let channel = self.channels.find(channel);
                let has_captions = channel.is_some_and(|channel| channel.closed_captions);
                self.exact.find_triggers(clip, has_captions, &self.assets, now).await?
            }
            (Status::Transcoding, Source::Reel(reel)) => {
                self.reels.find_triggers(clip, reel, &self.channels, &self.assets).await?
            }
            (Status::Packaging, _) => match self.assets.describe_packaging(&attempt).await? {
                Some(states) if !clip.manifests.is_empty() => {
                    states.into_iter().filter_map(packaging_trigger).collect()
                }
                // There is no asset, or the row does not have its manifests.
                _ => vec![self.assets.ensure_asset(clip).await?],
            },
            _ => Vec::new(),
        })
    }

    async fn find_transcode_triggers(
        &self,
        clip: &Clip,
        job: &str,
    ) -> Result<Vec<Trigger>, SweepError> {
        let attempt = clip.current_attempt();
        let failure = match self.uploads.describe_job(&attempt, job).await? {
            TranscodeState::InProgress { percent } => {
                let progressed = percent.map(|percent| Trigger::TranscodeProgressed { percent });
                return Ok(progressed.into_iter().collect());
            }
            TranscodeState::Complete { seconds } => match check_truncation(clip, seconds) {
                None => {
                    let thumbnails = self.media.count_thumbnails(&attempt).await?;
                    let transcoded = Trigger::Transcoded { seconds, thumbnails };
                    return Ok(vec![transcoded, self.assets.ensure_asset(clip).await?]);
                }
                Some(failure) => failure,
            },
            TranscodeState::Failed(failure) => failure,
            TranscodeState::NotFound => Failure {
                code: FailureCode::TranscodeFailed,
                message: "MediaConvert has no record of the job.".to_owned(),
            },
        };
        self.media.delete_attempt(&attempt).await?;
        Ok(vec![Trigger::Failed(failure)])
    }
}

fn packaging_trigger((configuration, state): (ConfigurationId, PackagingState)) -> Option<Trigger> {
    match state {
        PackagingState::Pending => None,
        PackagingState::Playable => Some(Trigger::Playable { configuration }),
        PackagingState::Failed => Some(Trigger::Failed(Failure {
            code: FailureCode::IngestFailed,
            message: format!(
                "MediaPackage could not ingest the clip as {configuration}. The event with the \
                 reason was lost."
            ),
        })),
    }
}
