//! The check of one pending clip.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use tokio::time::{Instant, timeout_at};

use super::sweep_library::MAX_RUN;
use super::{RemovalOutcome, Sweep, SweepError};
use crate::clip::{Clip, Status, Trigger};
use crate::error;
use crate::harvest::RunningJobs;
use crate::library::Advanced;
use crate::upload::ProcessOutcome;

/// What the check of one clip did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum CheckOutcome {
    Repaired,
    Removed,
    Unchanged,
    /// The next check is soon.
    Failed,
    /// The time of the sweep was over.
    NotBegun,
}

/// When the check in progress is canceled, counted from the start of the sweep. Its clip is then
/// scheduled for later, so that it does not come first again.
const CHECK_DEADLINE: Duration = Duration::from_secs(150);
/// After a file that failed and took this long, a sweep processes no further files.
const SLOW_FILE: Duration = Duration::from_secs(10);
/// A failed check says nothing about the clip, so it is repeated soon: by the next sweep but one.
const FAILED_CHECK_DELAY: TimeDelta = TimeDelta::minutes(1);

impl Sweep {
    /// Checks one clip of a sweep that began at `begin`, if its time is not over. After a failed check,
    /// schedules the next.
    pub(super) async fn check_in_time(
        &self,
        clip: &Clip,
        running: &RunningJobs<'_>,
        skips_uploads: &AtomicBool,
        begin: Instant,
        started_at: DateTime<Utc>,
    ) -> Result<CheckOutcome, SweepError> {
        if begin.elapsed() > MAX_RUN {
            return Ok(CheckOutcome::NotBegun);
        }
        let now = started_at + begin.elapsed();
        let check = self.check(clip, running, skips_uploads, now);
        let failure = match timeout_at(begin + CHECK_DEADLINE, check).await {
            Ok(Ok(outcome)) => return Ok(outcome),
            Ok(Err(failure)) => error::chain(&failure),
            Err(_) => "timeout".to_owned(),
        };
        let key = clip.key();
        tracing::error!(clip.id = %key, "could not check clip {key}, will retry: {failure}");
        let next = clip.next_check(now).map(|next| next.min(now + FAILED_CHECK_DELAY));
        self.library.schedule_check(clip, next).await?;
        Ok(CheckOutcome::Failed)
    }

    /// Checks one clip: deletes it if it has expired, publishes it if it is time, asks AWS for its
    /// state, and applies what has changed.
    async fn check(
        &self,
        clip: &Clip,
        running: &RunningJobs<'_>,
        skips_uploads: &AtomicBool,
        now: DateTime<Utc>,
    ) -> Result<CheckOutcome, SweepError> {
        // The index is eventually consistent, so read the current row. If the clip has changed since,
        // for example because an operator deleted it, its next check may not be due.
        let found = self.library.find(&clip.key()).await?;
        let is_due = |clip: &Clip| clip.next_check_at.is_some_and(|time| time <= now);
        let Some(mut clip) = found.filter(is_due) else { return Ok(CheckOutcome::Unchanged) };
        if clip.is_expired(now) {
            // Caches may show the clip a little longer, so its removal starts with a later check.
            self.library.advance(&clip.current_attempt(), &Trigger::Expired, now).await?;
            return Ok(CheckOutcome::Unchanged);
        }
        if clip.is_asset_expired(now) {
            let attempt = clip.current_attempt();
            self.library.advance(&attempt, &Trigger::AssetReplaced, now).await?;
            return Ok(CheckOutcome::Unchanged);
        }
        if clip.is_asset_removable(now) {
            let attempt = clip.current_attempt();
            self.assets.delete(&attempt).await?;
            self.library.advance(&attempt, &Trigger::AssetDeleted, now).await?;
            return Ok(CheckOutcome::Unchanged);
        }
        if self.remove_retired_attempt(&clip, running, now).await? {
            return Ok(CheckOutcome::Unchanged);
        }
        if clip.status == Status::Deleting {
            if self.uploads.process_late_file(&clip, now).await? {
                return Ok(CheckOutcome::Repaired);
            }
            return Ok(match self.removal.remove(clip, running, now).await? {
                RemovalOutcome::Removed => CheckOutcome::Removed,
                RemovalOutcome::Incomplete(clip) => {
                    self.library.schedule_check(&clip, clip.next_check(now)).await?;
                    CheckOutcome::Unchanged
                }
                RemovalOutcome::Restored => CheckOutcome::Unchanged,
            });
        }
        let (mut is_changed, mut is_repaired) = (false, false);
        if clip.is_due_for_publication(now) {
            let attempt = clip.current_attempt();
            match self.library.advance(&attempt, &Trigger::Published, now).await? {
                Advanced::Changed(published) => (clip, is_changed) = (*published, true),
                Advanced::Unchanged(other) => clip = *other,
                Advanced::NotFound => {}
            }
        }
        if self.exports.check(&clip, now).await? {
            return Ok(CheckOutcome::Unchanged);
        }
        let work = clip.clone().into_current_work();
        for trigger in self.find_triggers(&work, running, now).await? {
            let advanced = self.library.advance(&work.current_attempt(), &trigger, now).await?;
            if let Advanced::Changed(next) = advanced {
                is_changed = true;
                is_repaired |= next.into_current_work().status != work.status;
            }
        }
        if clip.are_files_due(now) && self.files.check(&clip, now).await? {
            is_changed = true;
        }
        if !is_changed {
            is_repaired = match clip.status {
                Status::Scheduled => {
                    self.due.send_for(&clip, now).await?;
                    false
                }
                // Its check stays due.
                Status::Uploading | Status::Transcoding
                    if skips_uploads.load(Ordering::Relaxed) =>
                {
                    return Ok(CheckOutcome::Unchanged);
                }
                Status::Uploading | Status::Transcoding => {
                    self.process_upload(&clip, skips_uploads, now).await?
                }
                _ => false,
            };
        }
        if !is_changed && !is_repaired {
            self.library.schedule_check(&clip, clip.next_check(now)).await?;
        }
        // The sweep creates the asset of a retry. There is no event for that, so none was lost.
        let is_retry = clip.attempt > 1 && clip.manifests.is_empty() && !work.is_remake();
        Ok(if is_repaired && !is_retry { CheckOutcome::Repaired } else { CheckOutcome::Unchanged })
    }

    /// Processes the file of an upload, or an upload whose file has not arrived.
    /// Returns whether the status of the clip changed.
    async fn process_upload(
        &self,
        clip: &Clip,
        skips_uploads: &AtomicBool,
        now: DateTime<Utc>,
    ) -> Result<bool, SweepError> {
        let begin = Instant::now();
        match self.uploads.process_clip(clip.clone(), now).await {
            Ok(ProcessOutcome::Changed) => Ok(true),
            Ok(ProcessOutcome::Unchanged) => Ok(false),
            Ok(ProcessOutcome::FileMissing) => {
                self.uploads.process_missing_file(clip, now).await?;
                Ok(false)
            }
            Err(failure) => {
                if failure.is_throttled() || begin.elapsed() > SLOW_FILE {
                    skips_uploads.store(true, Ordering::Relaxed);
                }
                Err(failure.into())
            }
        }
    }
}
