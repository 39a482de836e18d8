//! Lambda `sweep-library`: checks pending clips once a minute.
//!
//! AWS delivers MediaPackage's events on a best-effort basis. For each pending clip that is due, the
//! sweep asks AWS for the state of its job or asset, and applies the trigger that a lost event would
//! have caused.

use std::sync::atomic::AtomicBool;
use std::time::Duration;

use aws_config::SdkConfig;
use chrono::{DateTime, Utc};
use futures_util::stream::{self, StreamExt as _};
use lambda_runtime::Diagnostic;
use serde_json::Value;
use tokio::time::error::Elapsed;
use tokio::time::{Instant, timeout_at};

use super::clip_check::CheckOutcome;
use super::{Removal, RemovalError};
use crate::asset::{AssetError, Assets, ClipMedia, ClipMediaError};
use crate::channel::LiveEdges;
use crate::clip::{Clip, Status};
use crate::config::{ConfigError, Variables};
use crate::encode::MediaMakerError;
use crate::error;
use crate::exact::ExactMaker;
use crate::export::{ExportError, Exports};
use crate::files::{FilesError, FilesMaker};
use crate::harvest::{
    DueQueue, DueQueueError, HarvestJobError, HarvestJobs, HarvestQueue, HarvestQueueError,
    RunningJobs,
};
use crate::lambda::EventHandler;
use crate::library::{Library, LibraryError};
use crate::live::Channels;
use crate::mark::AdBreakMarks;
use crate::metrics::{Metrics, Unit};
use crate::pace::Pace;
use crate::reel::ReelMaker;
use crate::upload::{UploadProcessor, UploadProcessorError};

/// Checks pending clips.
#[derive(Clone, Debug)]
pub struct Sweep {
    pub(super) library: Library,
    pub(super) due: DueQueue,
    pub(super) queue: HarvestQueue,
    jobs: HarvestJobs,
    pub(super) assets: Assets,
    pub(super) uploads: UploadProcessor,
    pub(super) media: ClipMedia,
    pub(super) exports: Exports,
    pub(super) removal: Removal,
    pub(super) files: FilesMaker,
    pub(super) exact: ExactMaker,
    pub(super) reels: ReelMaker,
    pub(super) channels: Channels,
    live_edges: LiveEdges,
    ad_breaks: AdBreakMarks,
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
    #[error("the sweep could not make the files of a clip")]
    Files(#[from] FilesError),
    #[error("the sweep could not make the media of a clip")]
    MediaJob(#[from] MediaMakerError),
    #[error("the sweep could not delete the media of a failed attempt")]
    Media(#[from] ClipMediaError),
    #[error("the sweep could not check an export")]
    Export(#[from] ExportError),
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
            SweepError::Files(_) => "Files",
            SweepError::MediaJob(_) => "MediaJob",
            SweepError::Media(_) => "Media",
            SweepError::Export(_) => "Export",
            SweepError::Removal(_) => "Removal",
        };
        error::diagnostic(name, &failure)
    }
}

/// How many clips a sweep checks at the same time. A check whose call is slow, or gets no answer, holds
/// up a part of the others only.
const CONCURRENT_CHECKS: usize = 8;
/// After this time, a sweep checks no further clip. The timeout of the function is a minute longer.
pub(super) const MAX_RUN: Duration = Duration::from_mins(2);
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
            files: FilesMaker::from_variables(sdk, variables)?,
            exact: ExactMaker::from_variables(sdk, variables)?,
            reels: ReelMaker::from_variables(sdk, variables)?,
            uploads: UploadProcessor::from_variables(sdk, variables)?,
            media: ClipMedia::from_variables(sdk, variables)?,
            exports: Exports::from_variables(sdk, variables)?,
            channels: variables.parsed("CHANNELS")?,
            live_edges: LiveEdges::from_variables(sdk, variables)?,
            ad_breaks: AdBreakMarks::from_variables(sdk, variables)?,
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
        let due = timeout_at(begin + MAX_RUN, Box::pin(self.send_due_messages(now))).await;
        log_failure("send due messages", due);
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
        let ad_breaks = Box::pin(self.ad_breaks.write(now));
        if timeout_at(begin + MAX_RUN, ad_breaks).await.is_err() {
            tracing::error!("could not mark ad breaks: timeout");
        }
        let room = timeout_at(begin + MAX_RUN, self.make_room_for_assets(now)).await;
        log_failure("make room for assets", room);
        // Set once MediaConvert throttles a call, or takes long for one. Further files would use up the
        // time of this sweep, and the clips of others would wait. The next sweep begins with them.
        let skips_uploads = AtomicBool::new(false);
        let running = RunningJobs::new(&self.jobs);
        let due = self.library.clips_to_check(now, Self::MAX_CHECKS).await?;
        let check = |clip: Clip| {
            let (running, skips_uploads) = (&running, &skips_uploads);
            Box::pin(
                async move { self.check_in_time(&clip, running, skips_uploads, begin, now).await },
            )
        };
        let mut checks = stream::iter(due).map(check).buffer_unordered(CONCURRENT_CHECKS);
        while let Some(outcome) = checks.next().await {
            let outcome = outcome?;
            report.checked += usize::from(outcome != CheckOutcome::NotBegun);
            report.repaired += usize::from(outcome == CheckOutcome::Repaired);
            report.removed += usize::from(outcome == CheckOutcome::Removed);
        }
        drop(checks);
        self.write_metrics(report, now).await?;
        Ok(report)
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

/// Logs why a step failed. The sweep goes on with the next one.
fn log_failure(step: &str, done: Result<Result<(), SweepError>, Elapsed>) {
    match done {
        Ok(Ok(())) => {}
        Ok(Err(failure)) => tracing::error!("could not {step}: {}", error::chain(&failure)),
        Err(_) => tracing::error!("could not {step}: timeout"),
    }
}

#[expect(clippy::cast_precision_loss, reason = "clips are counted in thousands")]
fn to_value(count: impl TryInto<u64>) -> f64 {
    count.try_into().unwrap_or(u64::MAX) as f64
}
