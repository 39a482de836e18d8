//! Lambda `sweep-library`: checks pending clips once a minute.
//!
//! AWS delivers MediaPackage's events on a best-effort basis. For each pending clip that is due, the
//! sweep asks AWS for the state of its job or asset, and applies the trigger that a lost event would
//! have caused.

use std::time::Duration;

use aws_config::SdkConfig;
use chrono::{DateTime, TimeDelta, Utc};
use lambda_runtime::Diagnostic;
use serde_json::Value;
use tokio::time::{Instant, timeout_at};

use super::{Removal, RemovalError, RemovalOutcome};
use crate::asset::{AssetError, Assets, ClipMedia, ClipMediaError};
use crate::channel::LiveEdges;
use crate::clip::{Clip, Status, Trigger};
use crate::config::{ConfigError, Variables};
use crate::error;
use crate::harvest::{
    DueQueue, DueQueueError, HarvestJobError, HarvestJobs, HarvestQueue, HarvestQueueError,
    RunningJobs,
};
use crate::lambda::EventHandler;
use crate::library::{Advanced, Library, LibraryError};
use crate::metrics::{Metrics, Unit};
use crate::pace::Pace;
use crate::upload::{ProcessOutcome, UploadProcessor, UploadProcessorError};

/// Checks pending clips.
#[derive(Clone, Debug)]
pub struct Sweep {
    pub(super) library: Library,
    due: DueQueue,
    pub(super) queue: HarvestQueue,
    jobs: HarvestJobs,
    pub(super) assets: Assets,
    pub(super) uploads: UploadProcessor,
    pub(super) media: ClipMedia,
    removal: Removal,
    live_edges: LiveEdges,
    metrics: Metrics,
}

/// What one sweep did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct SweepReport {
    /// Clips that were checked.
    pub checked: usize,
    /// Clips whose status was out of date, because an event was lost.
    pub repaired: usize,
    /// Queued clips whose harvests were started.
    pub started: usize,
    /// Deleted clips whose removal is complete.
    pub removed: usize,
}

/// What the check of one clip did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum CheckOutcome {
    Repaired,
    Removed,
    Unchanged,
}

#[derive(Debug, thiserror::Error)]
pub enum SweepError {
    #[error("the sweep could not read or write the library")]
    Library(#[from] LibraryError),
    #[error("the sweep could not start a harvest")]
    Queue(#[from] HarvestQueueError),
    #[error("the sweep could not send a due message")]
    Due(#[from] DueQueueError),
    #[error("the sweep could not describe a harvest job")]
    Harvest(#[from] HarvestJobError),
    #[error("the sweep could not describe or create an asset")]
    Asset(#[from] AssetError),
    #[error("the sweep could not process an upload")]
    Upload(#[from] UploadProcessorError),
    #[error("the sweep could not delete the media of a failed attempt")]
    Media(#[from] ClipMediaError),
    #[error("the sweep could not remove a deleted clip")]
    Removal(#[from] RemovalError),
}

impl From<SweepError> for Diagnostic {
    fn from(failure: SweepError) -> Self {
        let name = match failure {
            SweepError::Library(_) => "Library",
            SweepError::Queue(_) => "Queue",
            SweepError::Due(_) => "Due",
            SweepError::Harvest(_) => "Harvest",
            SweepError::Asset(_) => "Asset",
            SweepError::Upload(_) => "Upload",
            SweepError::Media(_) => "Media",
            SweepError::Removal(_) => "Removal",
        };
        error::diagnostic(name, &failure)
    }
}

/// After this time, a sweep checks no further clip. The timeout of the function is a minute longer.
const MAX_RUN: Duration = Duration::from_mins(2);
/// When the check in progress is canceled, counted from the start of the sweep. Its clip is then
/// scheduled for later, so that it does not come first again.
const CHECK_DEADLINE: Duration = Duration::from_secs(150);
/// After a file that failed and took this long, a sweep processes no further files.
const SLOW_FILE: Duration = Duration::from_secs(10);
/// A failed check says nothing about the clip, so it is repeated soon: by the next sweep but one.
const FAILED_CHECK_DELAY: TimeDelta = TimeDelta::minutes(1);

impl EventHandler for Sweep {
    type Event = Value;
    type Output = ();
    type Error = SweepError;

    fn new(sdk: &SdkConfig, variables: &Variables) -> Result<Self, ConfigError> {
        // MediaPackage limits the calls to live channels and to VOD separately.
        let live_pace = Pace::half_of_media_package(variables)?;
        let vod_pace = Pace::half_of_media_package(variables)?;
        let assets = Assets::from_variables(sdk, variables)?.with_pace(&vod_pace);
        Ok(Self {
            library: Library::with_asset_expiry(sdk, variables)?,
            due: DueQueue::from_variables(sdk, variables)?,
            queue: HarvestQueue::from_variables(sdk, variables)?.with_pace(&live_pace),
            jobs: HarvestJobs::from_variables(sdk, variables)?.with_pace(&live_pace),
            removal: Removal::from_variables(sdk, variables, assets.clone())?,
            assets,
            uploads: UploadProcessor::from_variables(sdk, variables)?,
            media: ClipMedia::from_variables(sdk, variables)?,
            live_edges: LiveEdges::from_variables(sdk, variables)?,
            metrics: Metrics::from_variables(variables)?,
        })
    }

    async fn warm_up(&self) {
        tokio::join!(self.uploads.warm_up(), self.queue.warm_up(), self.assets.warm_up());
    }

    async fn handle(&self, _: Value) -> Result<(), SweepError> {
        let SweepReport { checked, repaired, started, removed } = self.run(Utc::now()).await?;
        tracing::info!(
            "sweep finished: {checked} clips checked, {repaired} repaired, {removed} removed, \
             {started} harvests started"
        );
        Ok(())
    }
}

impl Sweep {
    /// Most clips checked by one sweep. The next sweep, a minute later, continues.
    ///
    /// A check needs about one call to MediaPackage. At half of the five that MediaPackage accepts a
    /// second, these take 48 s.
    pub const MAX_CHECKS: usize = 120;

    /// Sends due messages, starts queued harvests, then checks the clips that are due, the longest
    /// overdue first.
    ///
    /// If the check of a clip fails, the error is logged and the sweep continues. If the time or the
    /// number of checks is used up, the next sweep checks the remaining clips first.
    pub async fn run(&self, now: DateTime<Utc>) -> Result<SweepReport, SweepError> {
        let begin = Instant::now();
        let mut report = SweepReport::default();
        match timeout_at(begin + MAX_RUN, Box::pin(self.send_due_messages(now))).await {
            Ok(Ok(())) => {}
            Ok(Err(failure)) => {
                tracing::error!("could not send due messages: {}", error::chain(&failure));
            }
            Err(_) => tracing::error!("could not send due messages: timeout"),
        }
        let queued = Box::pin(self.queue.start_queued_harvests(None, now + begin.elapsed()));
        match timeout_at(begin + MAX_RUN, queued).await {
            Ok(Ok(started)) => report.started = started,
            Ok(Err(failure)) => {
                tracing::error!("could not start queued harvests: {}", error::chain(&failure));
            }
            Err(_) => tracing::error!("could not start queued harvests: timeout"),
        }
        if self.metrics.is_enabled() {
            let live_edges = Box::pin(self.live_edges.write_metrics(now + begin.elapsed()));
            if timeout_at(begin + MAX_RUN, live_edges).await.is_err() {
                tracing::error!("could not measure the live edges: timeout");
            }
        }
        match timeout_at(begin + MAX_RUN, self.make_room_for_assets(now)).await {
            Ok(Ok(())) => {}
            Ok(Err(failure)) => {
                tracing::error!("could not make room for assets: {}", error::chain(&failure));
            }
            Err(_) => tracing::error!("could not make room for assets: timeout"),
        }
        // Set once MediaConvert throttles a call, or takes long for one. Further files would use up the
        // time of this sweep, and the clips of others would wait. The next sweep begins with them.
        let mut skips_uploads = false;
        let running = RunningJobs::new(&self.jobs);
        for clip in self.library.clips_to_check(now, Self::MAX_CHECKS).await? {
            if begin.elapsed() > MAX_RUN {
                break;
            }
            report.checked += 1;
            let now = now + begin.elapsed();
            // Boxed, because it is the largest part of the future.
            let check = Box::pin(self.check(&clip, &running, &mut skips_uploads, now));
            let failure = match timeout_at(begin + CHECK_DEADLINE, check).await {
                Ok(Ok(outcome)) => {
                    report.repaired += usize::from(outcome == CheckOutcome::Repaired);
                    report.removed += usize::from(outcome == CheckOutcome::Removed);
                    continue;
                }
                Ok(Err(failure)) => error::chain(&failure),
                Err(_) => "timeout".to_owned(),
            };
            let key = clip.key();
            tracing::error!(clip.id = %key, "could not check clip {key}, will retry: {failure}");
            let next = clip.next_check(now).map(|next| next.min(now + FAILED_CHECK_DELAY));
            self.library.schedule_check(&clip, next).await?;
        }
        self.write_metrics(report, now).await?;
        Ok(report)
    }

    /// Checks one clip: deletes it if it has expired, publishes it if it is time, asks AWS for its
    /// state, and applies what has changed.
    async fn check(
        &self,
        clip: &Clip,
        running: &RunningJobs<'_>,
        skips_uploads: &mut bool,
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
        for trigger in self.find_triggers(&clip, running).await? {
            let advanced = self.library.advance(&clip.current_attempt(), &trigger, now).await?;
            if let Advanced::Changed(next) = advanced {
                is_changed = true;
                is_repaired |= next.status != clip.status;
            }
        }
        if !is_changed {
            is_repaired = match clip.status {
                Status::Scheduled => {
                    self.due.send_for(&clip, now).await?;
                    false
                }
                // Its check stays due.
                Status::Uploading | Status::Transcoding if *skips_uploads => {
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
        let is_retry = clip.attempt > 1 && clip.manifests.is_empty();
        Ok(if is_repaired && !is_retry { CheckOutcome::Repaired } else { CheckOutcome::Unchanged })
    }

    /// Sends the due message of each scheduled clip whose check is due. A message that was sent
    /// before does no harm.
    ///
    /// This is apart from the checks, because it must not come late if many clips are to be checked.
    async fn send_due_messages(&self, now: DateTime<Utc>) -> Result<(), SweepError> {
        for clip in self.library.scheduled_to_check(now).await? {
            if let Err(failure) = self.due.send_for(&clip, now).await {
                let (key, chain) = (clip.key(), error::chain(&failure));
                tracing::error!(clip.id = %key, "will retry: {chain}");
                continue;
            }
            self.library.schedule_check(&clip, clip.next_check(now)).await?;
        }
        Ok(())
    }

    /// Processes the file of an upload, or an upload whose file has not arrived.
    /// Returns whether the status of the clip changed.
    async fn process_upload(
        &self,
        clip: &Clip,
        skips_uploads: &mut bool,
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
                *skips_uploads = failure.is_throttled() || begin.elapsed() > SLOW_FILE;
                Err(failure.into())
            }
        }
    }

    /// Writes metrics about the library, if metrics are enabled.
    async fn write_metrics(
        &self,
        report: SweepReport,
        now: DateTime<Utc>,
    ) -> Result<(), SweepError> {
        if !self.metrics.is_enabled() {
            return Ok(());
        }
        let queued = self.library.count_queued(None).await?;
        let mut pending = self.library.count_pending(now).await?;
        pending.insert(Status::Queued, queued);
        for (status, count) in pending {
            let count = [("ClipsUnfinished", Unit::Count, to_value(count))];
            self.metrics.put(&count, &[("Status", status.as_str())]);
        }
        let mut oldest_seconds = 0.0;
        if let Some(oldest) = self.library.oldest_queued(1).await?.first() {
            let queued_at =
                self.library.find_or_skip(oldest).await?.and_then(|clip| clip.queued_at);
            oldest_seconds = queued_at.map_or(0.0, |time| (now - time).as_seconds_f64().max(0.0));
        }
        self.metrics.put(
            &[
                ("ClipsWaiting", Unit::Count, to_value(queued)),
                ("OldestWaitingSeconds", Unit::Seconds, oldest_seconds),
                ("ClipsRepaired", Unit::Count, to_value(report.repaired)),
            ],
            &[],
        );
        match self.assets.count_free_places().await {
            Ok(free) => self.metrics.put(&[("AssetsFree", Unit::Count, to_value(free))], &[]),
            Err(failure) => {
                let chain = error::chain(&failure);
                tracing::warn!("could not count the free places of the packaging groups: {chain}");
            }
        }
        Ok(())
    }
}

#[expect(clippy::cast_precision_loss, reason = "clips are counted in thousands")]
fn to_value(count: impl TryInto<u64>) -> f64 {
    count.try_into().unwrap_or(u64::MAX) as f64
}
