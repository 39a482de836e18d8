//! The sweep: finds what no event told.
//!
//! MediaPackage's events are best effort. For each unfinished clip that is due, the sweep asks
//! AWS how it stands and applies the same transition the event would have.

use std::time::Duration;

use aws_config::SdkConfig;
use chrono::{DateTime, TimeDelta, Utc};
use lambda_runtime::Diagnostic;
use tokio::time::{Instant, timeout, timeout_at};

use super::{
    Advanced, Clip, Failure, FailureCode, Library, LibraryError, Removal, RemovalError, Source,
    Status, Trigger, Upload,
};
use crate::asset::{AssetError, Ingest, Ingested, Publisher};
use crate::clip::{HarvestError, Harvested, Harvester, Line, LineError};
use crate::config::{ConfigError, Variables};
use crate::error;
use crate::metrics::{Metrics, Unit};
use crate::upload::{
    Intake, IntakeError, Leftovers, LeftoversError, TakenIn, Transcoded, truncated,
};

/// Everything `sweep-library` needs, built once per cold start.
#[derive(Clone, Debug)]
pub struct Sweep {
    library: Library,
    line: Line,
    harvester: Harvester,
    publisher: Publisher,
    intake: Intake,
    leftovers: Leftovers,
    removal: Removal,
    metrics: Metrics,
}

/// What an account has no more of for the rest of a run; the others need not ask.
#[derive(Clone, Copy, Debug, Default)]
struct Exhausted {
    transcodes: bool,
}

/// What a sweep did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Swept {
    /// Clips that were due.
    pub looked_at: usize,
    /// Clips that were further on than their row said: no event had told.
    pub moved: usize,
    /// Clips that waited in line and do no longer: their harvests were asked for.
    pub started: usize,
    /// Deleted clips of which nothing is left.
    pub removed: usize,
}

/// What a look at a clip came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Look {
    Moved,
    Removed,
    Unchanged,
}

#[derive(Debug, thiserror::Error)]
pub enum SweepError {
    #[error("the sweep did not get through the library")]
    Library(#[from] LibraryError),
    #[error("the sweep could not see to the line of waiting clips")]
    Line(#[from] LineError),
    #[error("the sweep could not ask for a harvest")]
    Harvest(#[from] HarvestError),
    #[error("the sweep could not ask for an asset")]
    Asset(#[from] AssetError),
    #[error("the sweep could not see to an upload")]
    Upload(#[from] IntakeError),
    #[error("the sweep could not remove what a failed harvest or transcode left")]
    Leftovers(#[from] LeftoversError),
    #[error("the sweep could not remove a deleted clip")]
    Removal(#[from] RemovalError),
}

impl From<SweepError> for Diagnostic {
    fn from(failure: SweepError) -> Self {
        let name = match failure {
            SweepError::Library(_) => "Library",
            SweepError::Line(_) => "Line",
            SweepError::Harvest(_) => "Harvest",
            SweepError::Asset(_) => "Asset",
            SweepError::Upload(_) => "Upload",
            SweepError::Leftovers(_) => "Leftovers",
            SweepError::Removal(_) => "Removal",
        };
        error::diagnostic(name, &failure)
    }
}

/// After this a run looks at no more clips; the function may live a minute longer.
const LONGEST_RUN: Duration = Duration::from_mins(2);
/// When a look that takes so long is given up, so that its clip does not come first the next time.
const LONGEST_LOOK: Duration = Duration::from_secs(150);

/// A look that came to nothing tells nothing of the clip: it is repeated with the next run but one
/// at the latest, however rarely the clip is looked at by now.
const AFTER_TROUBLE: TimeDelta = TimeDelta::minutes(1);

impl Sweep {
    /// The most clips one run looks at; the next run, a minute later, goes on with the others.
    ///
    /// A look is a call or two of MediaPackage's API, which is said to take five a second.
    pub const MOST_LOOKS: usize = 200;

    pub fn new(sdk: &SdkConfig, variables: &Variables) -> Result<Self, ConfigError> {
        Ok(Self {
            library: Library::from_variables(sdk, variables)?,
            line: Line::new(sdk, variables)?,
            harvester: Harvester::from_variables(sdk, variables)?,
            publisher: Publisher::from_variables(sdk, variables)?,
            intake: Intake::new(sdk, variables)?,
            leftovers: Leftovers::from_variables(sdk, variables)?,
            removal: Removal::new(sdk, variables)?,
            metrics: Metrics::from_variables(variables)?,
        })
    }

    /// Opens the connections that the first run will need.
    pub async fn warm_up(&self) {
        tokio::join!(self.intake.warm_up(), self.line.warm_up(), self.publisher.warm_up());
    }

    /// Starts what waits in line, then looks at the clips that are due, the longest due first.
    ///
    /// One clip's trouble is logged and keeps no other from being looked at. What is left when
    /// time or looks are used up comes first in the next run.
    pub async fn run(&self, now: DateTime<Utc>) -> Result<Swept, SweepError> {
        let begun = Instant::now();
        let mut swept = Swept::default();
        match timeout(LONGEST_RUN, Box::pin(self.line.start_waiting(now))).await {
            Ok(Ok(started)) => swept.started = started,
            Ok(Err(failure)) => tracing::error!("clips wait on: {}", error::chain(&failure)),
            Err(_) => tracing::error!("clips wait on: starting them takes too long"),
        }
        let mut exhausted = Exhausted::default();
        for clip in self.library.due(now, Self::MOST_LOOKS).await? {
            if LONGEST_RUN < begun.elapsed() {
                break;
            }
            swept.looked_at += 1;
            let now = now + begun.elapsed();
            // Boxed, as the largest part of a future that its callers hold.
            let look = Box::pin(self.look(&clip, &mut exhausted, now));
            let trouble = match timeout_at(begun + LONGEST_LOOK, look).await {
                Ok(Ok(look)) => {
                    swept.moved += usize::from(look == Look::Moved);
                    swept.removed += usize::from(look == Look::Removed);
                    continue;
                }
                Ok(Err(failure)) => error::chain(&failure),
                Err(_) => "it takes too long".to_owned(),
            };
            let key = clip.key();
            tracing::error!(clip.id = %key, "clip {key} could not be swept: {trouble}");
            let next = clip.next_check(now).map(|next| next.min(now + AFTER_TROUBLE));
            self.library.postpone(&clip, next).await?;
        }
        self.measure(swept, now).await?;
        Ok(swept)
    }

    /// Asks AWS about one clip, and tells the library what it did not know.
    ///
    /// The index may be behind the table, and what is done for a clip depends on its attempt.
    async fn look(
        &self,
        clip: &Clip,
        exhausted: &mut Exhausted,
        now: DateTime<Utc>,
    ) -> Result<Look, SweepError> {
        let Some(mut clip) = self.library.find(&clip.key()).await? else {
            return Ok(Look::Unchanged);
        };
        if clip.is_expired(now) {
            let expired = self.library.advance(&clip.current(), &Trigger::Expired, now).await?;
            if let Advanced::To(expired) | Advanced::Unchanged(expired) = expired {
                clip = *expired;
            }
        }
        if clip.status == Status::Deleting {
            if self.removal.remove(&clip, now).await? {
                return Ok(Look::Removed);
            }
            self.library.postpone(&clip, clip.next_check(now)).await?;
            return Ok(Look::Unchanged);
        }
        let (mut changed, mut moved) = (false, false);
        for trigger in self.learn(&clip).await? {
            let advanced = self.library.advance(&clip.current(), &trigger, now).await?;
            if let Advanced::To(next) = advanced {
                changed = true;
                moved |= next.status != clip.status;
            }
        }
        if !changed {
            moved = match clip.status {
                Status::Scheduled => self.see_to_live(&clip, now).await?,
                Status::Uploading | Status::Transcoding => {
                    self.take_in(&clip, exhausted, now).await?
                }
                _ => false,
            };
        }
        if !changed && !moved {
            self.library.postpone(&clip, clip.next_check(now)).await?;
        }
        // What a retry left for the sweep to do was no event's to tell.
        let retried = 1 < clip.attempt && clip.manifests.is_empty();
        Ok(if moved && !retried { Look::Moved } else { Look::Unchanged })
    }

    /// What AWS knows of a clip that its row does not say yet.
    async fn learn(&self, clip: &Clip) -> Result<Vec<Trigger>, SweepError> {
        let attempt = clip.current();
        Ok(match (clip.status, &clip.source) {
            (Status::Harvesting, _) => match self.harvester.look(&attempt).await? {
                Harvested::InProgress => Vec::new(),
                // MediaPackage never heard of it, or has forgotten it: it is asked for again, for
                // as long as the stream keeps its window.
                Harvested::Unknown => self.line.ask(clip).await?.into_iter().collect(),
                Harvested::Succeeded => vec![self.publisher.ensure_asset(clip).await?],
                Harvested::Failed => {
                    self.leftovers.remove(&attempt).await?;
                    vec![Trigger::Failed(Failure {
                        code: FailureCode::HarvestFailed,
                        message: "MediaPackage could not harvest the clip; its reason was lost on \
                                  the way"
                            .to_owned(),
                    })]
                }
            },
            (Status::Transcoding, Source::Upload(Upload { job: Some(job), .. })) => {
                self.learn_of_job(clip, job).await?.into_iter().collect()
            }
            (Status::Packaging, _) => match self.publisher.look(&attempt).await? {
                Ingest::Unknown => vec![self.publisher.ensure_asset(clip).await?],
                Ingest::Of(_) if clip.manifests.is_empty() => {
                    vec![self.publisher.ensure_asset(clip).await?]
                }
                Ingest::Of(states) => states.into_iter().filter_map(ingest_trigger).collect(),
            },
            _ => Vec::new(),
        })
    }

    /// Sees to a clip whose due message was lost; `true` if it moved.
    async fn see_to_live(&self, clip: &Clip, now: DateTime<Utc>) -> Result<bool, SweepError> {
        self.line.see_to(clip.clone(), now).await?;
        let found = self.library.find(&clip.key()).await?;
        Ok(found.is_some_and(|found| found.status != clip.status))
    }

    /// Writes how the library stands, where metrics go anywhere.
    async fn measure(&self, swept: Swept, now: DateTime<Utc>) -> Result<(), SweepError> {
        if !self.metrics.are_kept() {
            return Ok(());
        }
        let waiting = self.library.count_waiting(None).await?;
        let mut unfinished = self.library.count_unfinished(now).await?;
        unfinished.insert(Status::Queued, waiting);
        for (status, count) in unfinished {
            let count = [("ClipsUnfinished", Unit::Count, as_value(count))];
            self.metrics.put(&count, &[("Status", status.name())]);
        }
        let mut oldest = 0.0;
        if let Some(first) = self.library.first_waiting(1).await?.first() {
            let since = self.library.find(first).await?.and_then(|clip| clip.queued_at);
            oldest = since.map_or(0.0, |since| (now - since).as_seconds_f64().max(0.0));
        }
        self.metrics.put(
            &[
                ("ClipsWaiting", Unit::Count, as_value(waiting)),
                ("OldestWaitingSeconds", Unit::Seconds, oldest),
                ("ClipsRepaired", Unit::Count, as_value(swept.moved)),
            ],
            &[],
        );
        match self.publisher.free_places().await {
            Ok(free) => self.metrics.put(&[("AssetsFree", Unit::Count, as_value(free))], &[]),
            Err(failure) => tracing::warn!("room for assets: {}", error::chain(&failure)),
        }
        Ok(())
    }

    async fn learn_of_job(&self, clip: &Clip, job: &str) -> Result<Option<Trigger>, SweepError> {
        let attempt = clip.current();
        let failure = match self.intake.look(&attempt, job).await? {
            Transcoded::InProgress { percent } => {
                return Ok(percent.map(|percent| Trigger::TranscodeProgressed { percent }));
            }
            Transcoded::Complete { seconds } => match truncated(clip, seconds) {
                None => return Ok(Some(self.publisher.ensure_asset(clip).await?)),
                Some(failure) => failure,
            },
            Transcoded::Failed(failure) => failure,
            Transcoded::Unknown => Failure {
                code: FailureCode::TranscodeFailed,
                message: "MediaConvert has no record of the job any more".to_owned(),
            },
        };
        self.leftovers.remove(&attempt).await?;
        Ok(Some(Trigger::Failed(failure)))
    }

    /// Starts what an upload waits for, or gives up one that never came; `true` if it moved.
    async fn take_in(
        &self,
        clip: &Clip,
        exhausted: &mut Exhausted,
        now: DateTime<Utc>,
    ) -> Result<bool, SweepError> {
        let Source::Upload(upload) = &clip.source else { return Ok(false) };
        if exhausted.transcodes || !matches!(clip.status, Status::Uploading | Status::Transcoding) {
            return Ok(false);
        }
        match self.intake.check(clip.clone(), now).await {
            Ok(TakenIn::Moved) => Ok(true),
            Ok(TakenIn::NotThere) if upload.awaited_until.is_some_and(|expiry| expiry <= now) => {
                self.intake.give_up(clip).await?;
                Ok(false)
            }
            Ok(TakenIn::Unchanged | TakenIn::NotThere) => Ok(false),
            Err(failure) => {
                exhausted.transcodes = failure.is_throttling();
                Err(failure.into())
            }
        }
    }
}

#[expect(clippy::cast_precision_loss, reason = "clips are counted in thousands")]
fn as_value(count: impl TryInto<u64>) -> f64 {
    count.try_into().unwrap_or(u64::MAX) as f64
}

fn ingest_trigger((configuration, state): (String, Ingested)) -> Option<Trigger> {
    match state {
        Ingested::Waiting => None,
        Ingested::Playable => Some(Trigger::Playable { configuration }),
        Ingested::Failed => Some(Trigger::Failed(Failure {
            code: FailureCode::IngestFailed,
            message: format!(
                "MediaPackage could not package the clip as {configuration}; its reason was lost \
                 on the way"
            ),
        })),
    }
}
