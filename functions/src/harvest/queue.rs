//! Starts the harvests of queued clips, first in, first out.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex as StdMutex, MutexGuard, PoisonError};
use std::time::Duration;

use aws_config::SdkConfig;
use chrono::{DateTime, Utc};
use tokio::sync::Mutex;
use tokio::time::{Instant, sleep};

use super::airing::failed;
use super::{HarvestJobError, HarvestJobs, StartOutcome};
use crate::clip::{Clip, ClipKey, FailureCode, Source, Status, Trigger, Window};
use crate::config::{ConfigError, Variables};
use crate::error::{self, format_sentence};
use crate::library::{Advanced, Library, LibraryError};
use crate::live::coverage::check_not_expired;
use crate::live::{Channel, Channels, LiveEndpoint};
use crate::pace::Pace;

/// Clips that wait for one of the account's concurrent harvest jobs.
///
/// If the queue is empty, a new clip starts its own harvest. Otherwise it waits. Queued clips are
/// started when a harvest ends, when a due message arrives, and by the sweep. Each of the three
/// starts as many harvests as there are free jobs, so losing one of them only costs time.
#[derive(Clone, Debug)]
pub struct HarvestQueue {
    pub(super) library: Library,
    pub(super) live: LiveEndpoint,
    pub(super) channels: Channels,
    jobs: HarvestJobs,
    /// When MediaPackage last answered that no harvest job is free.
    full_at: Arc<StdMutex<Option<Instant>>>,
    starting: Arc<Starting>,
}

/// What trying to start the harvest job of one clip did.
#[derive(Clone, Debug, PartialEq)]
pub enum JobStart {
    /// The job exists, or the clip has failed. The clip advances by this trigger.
    Over(Trigger),
    /// All of the account's concurrent harvest jobs are in use.
    NoFreeJob,
    /// MediaPackage accepts no more calls at the moment.
    Throttled,
}

/// Lets one call of a process start harvests for all others that come meanwhile.
///
/// Otherwise, while MediaPackage throttles, each due message of a batch would wait for those before it,
/// and messages would arrive faster than they are processed.
#[derive(Debug, Default)]
struct Starting {
    /// Locked by the call that starts harvests.
    working: Mutex<()>,
    /// The clips of the due messages that it works for.
    due: StdMutex<Vec<ClipKey>>,
}

/// Why no further harvest was started.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stop {
    /// The index shows no other queued clip.
    QueueEmpty,
    NoFreeJob,
    Throttled,
    /// As many harvests were started as the caller allowed.
    Limit,
}

#[derive(Debug, thiserror::Error)]
pub enum HarvestQueueError {
    #[error("could not read or write the harvest queue")]
    Library(#[from] LibraryError),
    #[error("could not start a harvest job for a queued clip")]
    Harvest(#[from] HarvestJobError),
}

/// The number of queued clips read at once: as many as an account has concurrent harvest jobs.
const BATCH: u32 = 10;
/// Most harvests started by one call. Each needs one or two calls to MediaPackage.
const MAX_STARTS: usize = 50;
/// After this time, a call starts no further harvest. The next message, or the sweep, continues.
const MAX_PASS: Duration = Duration::from_secs(20);
/// After this time, a call leaves the clips of other messages to the next message. With the wait for the
/// last segment and with throttled tries, a message takes 80 s at most, which the function has.
const MAX_REPEATED: Duration = Duration::from_secs(10);
/// How long MediaPackage's answer that no job is free is remembered.
///
/// In this time, a due message starts one harvest at most: that of the job that has become free. A
/// call that asks for another free job would be in vain, and MediaPackage accepts five a second.
const FULL_DURATION: Duration = Duration::from_secs(5);
/// How long one call retries while MediaPackage throttles it. After that, the sweep continues.
const MAX_THROTTLED: Duration = Duration::from_secs(20);
/// Shortest and longest delay before a throttled call is retried, in milliseconds. In half a second,
/// MediaPackage accepts two or three calls more.
const THROTTLED_DELAY: std::ops::Range<u64> = 300..1000;

impl Starting {
    fn due(&self) -> MutexGuard<'_, Vec<ClipKey>> {
        self.due.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl HarvestQueue {
    pub fn from_variables(sdk: &SdkConfig, variables: &Variables) -> Result<Self, ConfigError> {
        Ok(Self {
            library: Library::from_variables(sdk, variables)?,
            jobs: HarvestJobs::from_variables(sdk, variables)?,
            live: LiveEndpoint::from_variables(variables)?,
            channels: variables.parsed("CHANNELS")?,
            full_at: Arc::default(),
            starting: Arc::default(),
        })
    }

    /// The same queue, whose calls to MediaPackage are spaced out.
    #[must_use]
    pub fn with_pace(mut self, pace: &Pace) -> Self {
        self.jobs = self.jobs.with_pace(pace);
        self
    }

    pub(super) fn library(&self) -> &Library {
        &self.library
    }

    pub(super) fn live(&self) -> &LiveEndpoint {
        &self.live
    }

    pub(super) fn channels(&self) -> &Channels {
        &self.channels
    }

    /// Opens the connections that the first clip needs.
    pub async fn warm_up(&self) {
        let origin = self.live.live_timeline(self.channels.default_channel());
        let _ = tokio::join!(self.library.warm_up(), self.jobs.warm_up(), origin);
    }

    /// Starts the harvest of a new clip, if no other clip is queued and a job is free. Returns the
    /// clip as it then is.
    pub(super) async fn start_if_first(
        &self,
        clip: Clip,
        now: DateTime<Utc>,
    ) -> Result<Clip, HarvestQueueError> {
        if self.is_first(&clip.key()).await?
            && let JobStart::Over(trigger) = self.start_job(&clip).await?
        {
            return self.advance(clip, &trigger, now).await;
        }
        Ok(clip)
    }

    /// Starts the harvests of the oldest queued clips, until no harvest job is free. Returns how
    /// many it started.
    ///
    /// `due` is the clip of a due message. Such a message says that this clip should start, or that
    /// a job has become free for it. If no job was free just before, the message starts one harvest,
    /// or none if other clips are before its clip. If another call is starting harvests, it starts
    /// that of this clip too, and this call returns at once.
    ///
    /// If a clip cannot be started, or its row cannot be decoded, logs the error and continues with
    /// the next. That clip comes first again in the next call. The result is an error only if the
    /// clip of a due message could not be started, so that SQS delivers a message again.
    pub async fn start_queued_harvests(
        &self,
        due: Option<&ClipKey>,
        now: DateTime<Utc>,
    ) -> Result<usize, HarvestQueueError> {
        let Some(key) = due else {
            let _working = self.starting.working.lock().await;
            return self.start_harvests(&[], now).await;
        };
        if self.is_full() && !self.is_first(key).await? && self.find_queued(key).await?.is_some() {
            return Ok(0);
        }
        self.starting.due().push(key.clone());
        let begin = Instant::now();
        let mut started = 0;
        while begin.elapsed() < MAX_REPEATED
            && let Ok(_working) = self.starting.working.try_lock()
        {
            let due = std::mem::take(&mut *self.starting.due());
            if due.is_empty() {
                break;
            }
            started += self.start_harvests(&due, now).await?;
        }
        Ok(started)
    }

    /// Starts the harvests of the oldest queued clips, and of due clips that the index does not show yet.
    async fn start_harvests(
        &self,
        due: &[ClipKey],
        now: DateTime<Utc>,
    ) -> Result<usize, HarvestQueueError> {
        let limit = if !due.is_empty() && self.is_full() { due.len() } else { MAX_STARTS };
        let mut due_failure = None;
        let mut failed = BTreeSet::new();
        let on_failure = |key: &ClipKey, failure| {
            failed.insert(key.clone());
            if due.contains(key) {
                due_failure = Some(failure);
            }
        };
        let (mut started, mut stop) = self.start_oldest(limit, on_failure, now).await?;
        // The index is eventually consistent.
        for key in due.iter().filter(|key| !failed.contains(key)) {
            if stop != Stop::QueueEmpty {
                break;
            }
            let Some(clip) = self.find_queued(key).await? else { continue };
            match self.start_unless_throttled(clip, now).await? {
                Ok(_) => started += 1,
                Err(reason) => stop = reason,
            }
        }
        if stop == Stop::NoFreeJob {
            *self.full_at.lock().unwrap_or_else(PoisonError::into_inner) = Some(Instant::now());
        }
        if matches!(stop, Stop::NoFreeJob | Stop::Throttled) {
            // MediaPackage would refuse those that came meanwhile, too.
            self.starting.due().clear();
        }
        due_failure.map_or(Ok(started), Err)
    }

    /// Starts the harvests of at most `limit` of the oldest queued clips. Returns how many clips
    /// have left the queue, and why it started no further harvest.
    async fn start_oldest(
        &self,
        limit: usize,
        mut on_failure: impl FnMut(&ClipKey, HarvestQueueError) + Send,
        now: DateTime<Utc>,
    ) -> Result<(usize, Stop), HarvestQueueError> {
        let begin = Instant::now();
        let (mut left, mut started) = (0, 0);
        let mut passed = BTreeSet::new();
        loop {
            let tried = left + passed.len();
            // Clips that cannot be started stay at the front of the queue, so read past them.
            let skipped = u32::try_from(passed.len()).unwrap_or(u32::MAX);
            for key in self.library.oldest_queued(BATCH + skipped).await? {
                if passed.contains(&key) {
                    continue;
                }
                let Some(clip) = self.library.find_or_skip(&key).await? else {
                    passed.insert(key);
                    continue;
                };
                if !clip.is_queued() {
                    continue;
                }
                match self.start_unless_throttled(clip, now).await {
                    Ok(Ok(clip)) => {
                        left += 1;
                        started += usize::from(clip.into_current_work().status != Status::Failed);
                    }
                    Ok(Err(stop)) => return Ok((left, stop)),
                    Err(failure) => {
                        let chain = error::chain(&failure);
                        tracing::error!(
                            clip.id = %key,
                            "could not start the harvest of queued clip {key}: {chain}"
                        );
                        on_failure(&key, failure);
                        passed.insert(key);
                    }
                }
                if started >= limit || begin.elapsed() > MAX_PASS {
                    return Ok((left, Stop::Limit));
                }
            }
            let now_tried = left + passed.len();
            if now_tried == tried {
                return Ok((left, Stop::QueueEmpty));
            }
            if now_tried >= MAX_STARTS {
                return Ok((left, Stop::Limit));
            }
        }
    }

    /// Starts the harvest of a queued clip, and returns the clip as it then is. While MediaPackage
    /// throttles the call, retries it.
    async fn start_unless_throttled(
        &self,
        clip: Clip,
        now: DateTime<Utc>,
    ) -> Result<Result<Clip, Stop>, HarvestQueueError> {
        let begin = Instant::now();
        let clip = clip.into_current_work();
        loop {
            match self.start_job(&clip).await? {
                JobStart::Over(trigger) => {
                    return Ok(Ok(self.advance(clip, &trigger, now).await?));
                }
                JobStart::NoFreeJob => {
                    let key = clip.key();
                    tracing::info!(clip.id = %key, "clip {key}: queued, no harvest job is free");
                    return Ok(Err(Stop::NoFreeJob));
                }
                JobStart::Throttled if begin.elapsed() > MAX_THROTTLED => {
                    let key = clip.key();
                    tracing::warn!(
                        clip.id = %key,
                        "MediaPackage throttles CreateHarvestJob for clip {key}; the sweep will retry"
                    );
                    return Ok(Err(Stop::Throttled));
                }
                // A random delay, so that throttled functions do not retry at the same time.
                JobStart::Throttled => {
                    sleep(Duration::from_millis(fastrand::u64(THROTTLED_DELAY))).await;
                }
            }
        }
    }

    /// Starts the harvest job of a clip, for the first time or again.
    pub async fn start_job(&self, clip: &Clip) -> Result<JobStart, HarvestQueueError> {
        let Source::Live { channel: id, requested: window } = &clip.source else {
            let message = "Only clips of a live stream can be harvested.".to_owned();
            return Ok(JobStart::Over(failed(FailureCode::HarvestRefused, message)));
        };
        let Some(channel) = self.channels.find(id) else {
            let message = format!("Channel {id} is no longer configured.");
            return Ok(JobStart::Over(failed(FailureCode::HarvestRefused, message)));
        };
        let attempt = clip.current_attempt();
        let started = self.jobs.start(&attempt, &channel.origin_endpoint_id, *window).await;
        let refusal = match started {
            Ok(StartOutcome::Started) => return Ok(JobStart::Over(Trigger::HarvestStarted)),
            Ok(StartOutcome::NoFreeJob) => return Ok(JobStart::NoFreeJob),
            Ok(StartOutcome::Throttled) => return Ok(JobStart::Throttled),
            Ok(StartOutcome::Refused { message }) => {
                let message = format!("MediaPackage refused to harvest this window: {message}");
                Ok(failed(FailureCode::HarvestRefused, message))
            }
            Err(failure) => Err(failure),
        };
        // If the window has expired, that is the reason, and a retry cannot succeed.
        match self.check_expired(channel, *window).await {
            Some(expired) => Ok(JobStart::Over(expired)),
            None => Ok(JobStart::Over(refusal?)),
        }
    }

    /// Returns a failure if the startover window no longer contains the window. If the stream cannot
    /// be read, this is unknown, and there is no failure.
    async fn check_expired(&self, channel: &Channel, window: Window) -> Option<Trigger> {
        let live = self.live.live_timeline(channel).await.ok()?;
        let error = check_not_expired(channel, window, live.end()).err()?;
        Some(failed(FailureCode::WindowExpired, format_sentence(&error)))
    }

    /// Whether MediaPackage has just answered that no harvest job is free.
    fn is_full(&self) -> bool {
        let full_at = *self.full_at.lock().unwrap_or_else(PoisonError::into_inner);
        full_at.is_some_and(|at| at.elapsed() < FULL_DURATION)
    }

    /// Finds a clip, if it is queued.
    async fn find_queued(&self, key: &ClipKey) -> Result<Option<Clip>, HarvestQueueError> {
        let found = self.library.find_or_skip(key).await?;
        Ok(found.filter(Clip::is_queued))
    }

    /// Whether the index shows no queued clip before this one.
    async fn is_first(&self, key: &ClipKey) -> Result<bool, HarvestQueueError> {
        let oldest = self.library.oldest_queued(1).await?;
        Ok(oldest.first().is_none_or(|oldest| oldest == key))
    }

    /// Applies a trigger to a clip, and returns the clip as it then is.
    async fn advance(
        &self,
        clip: Clip,
        trigger: &Trigger,
        now: DateTime<Utc>,
    ) -> Result<Clip, HarvestQueueError> {
        Ok(match self.library.advance(&clip.current_attempt(), trigger, now).await? {
            Advanced::Changed(clip) | Advanced::Unchanged(clip) => *clip,
            Advanced::NotFound => clip,
        })
    }
}
