//! Starts the harvests of queued clips, first in, first out.

use std::collections::BTreeSet;

use aws_config::SdkConfig;
use chrono::{DateTime, TimeDelta, Utc};

use super::{DueQueue, DueQueueError, HarvestJobError, HarvestJobs, StartOutcome};
use crate::clip::{Clip, Failure, FailureCode, Source, Status, Trigger, Window, format_utc};
use crate::config::{ConfigError, Variables};
use crate::error::{self, format_sentence};
use crate::library::{Advanced, Library, LibraryError};
use crate::live::coverage::{check_not_expired, find_bounds};
use crate::live::{Channel, Channels, CoverageError, LiveEndpoint};

/// Clips that wait for one of the account's concurrent harvest jobs.
///
/// If the queue is empty, a new clip starts its own harvest. Otherwise it waits. Queued clips are
/// started when a harvest ends, when a due message arrives, and by the sweep. Each of the three
/// starts as many harvests as there are free jobs, so losing one of them only costs time.
#[derive(Clone, Debug)]
pub struct HarvestQueue {
    library: Library,
    jobs: HarvestJobs,
    live: LiveEndpoint,
    channels: Channels,
    due: DueQueue,
}

/// What trying to start the harvest of one clip did.
enum TryOutcome {
    /// The clip has left the queue, now or earlier. The clip behind it may start.
    LeftQueue(Clip),
    /// The clip waits for its end to air, for the clips before it, or for a free job.
    Waits(Clip),
}

/// Whether the end of a scheduled clip has aired.
#[derive(Clone, Debug, PartialEq)]
enum Airing {
    /// The clip leaves the state `scheduled` by this trigger.
    Over(Trigger),
    /// The clip has not aired. Check again after this delay.
    Ahead(TimeDelta),
}

#[derive(Debug, thiserror::Error)]
pub enum HarvestQueueError {
    #[error("could not read or write the harvest queue")]
    Library(#[from] LibraryError),
    #[error("could not start a harvest job for a queued clip")]
    Harvest(#[from] HarvestJobError),
    #[error("could not send a due message for a queued clip")]
    Due(#[from] DueQueueError),
}

/// The number of queued clips read at once: as many as an account has concurrent harvest jobs.
const BATCH: u32 = 10;
/// Most harvests started by one call. Each needs one or two calls to MediaPackage.
const MAX_STARTS: usize = 50;
/// Shortest delay before a clip behind others is tried again. The harvests of the clips before it
/// should have started by then.
const MIN_TURN_DELAY: TimeDelta = TimeDelta::seconds(1);
/// How often the first clip in the queue retries on its own. A harvest that ends starts it sooner.
const RETRY_DELAY: TimeDelta = TimeDelta::seconds(10);
/// How soon a clip is tried again after an error.
const ERROR_RETRY_DELAY: TimeDelta = TimeDelta::seconds(5);
/// If the end of a clip has not aired this long after its time, the clip fails.
const MAX_OFF_AIR: TimeDelta = TimeDelta::hours(1);
/// How long an unreadable manifest delays a harvest. After that, the harvest starts without bounds.
const MAX_UNREADABLE: TimeDelta = TimeDelta::minutes(2);

impl HarvestQueue {
    pub fn from_variables(sdk: &SdkConfig, variables: &Variables) -> Result<Self, ConfigError> {
        Ok(Self {
            library: Library::from_variables(sdk, variables)?,
            jobs: HarvestJobs::from_variables(sdk, variables)?,
            live: LiveEndpoint::from_variables(variables)?,
            channels: variables.parsed("CHANNELS")?,
            due: DueQueue::from_variables(sdk, variables)?,
        })
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

    /// Adds a new clip: starts its harvest, or leaves it in the queue. Returns the clip as it then
    /// is.
    ///
    /// The clip already has a row. If a call fails here, the sweep does what is missing.
    pub(super) async fn add(&self, clip: Clip, now: DateTime<Utc>) -> Clip {
        let key = clip.key();
        let added = match &clip.source {
            // `create-clip` has just read the stream, so the end cannot have aired.
            Source::Live { requested, .. } if clip.status == Status::Scheduled => {
                let delay = (requested.end() - now).max(TimeDelta::seconds(1));
                let sent = self.due.send(&key, delay).await;
                sent.map(|()| TryOutcome::Waits(clip.clone())).map_err(HarvestQueueError::Due)
            }
            _ => self.try_start(clip.clone(), now).await,
        };
        match added {
            Ok(TryOutcome::LeftQueue(clip) | TryOutcome::Waits(clip)) => clip,
            Err(failure) => {
                let chain = error::chain(&failure);
                tracing::warn!(
                    clip.id = %key,
                    "could not start the harvest of clip {key}, will retry: {chain}"
                );
                if let Err(failure) = self.due.send(&key, ERROR_RETRY_DELAY).await {
                    let chain = error::chain(&failure);
                    tracing::warn!(
                        clip.id = %key,
                        "could not send a due message for clip {key}, the sweep will retry: {chain}"
                    );
                }
                clip
            }
        }
    }

    /// Processes one clip, then starts the queued clips behind it.
    pub async fn process(&self, clip: Clip, now: DateTime<Utc>) -> Result<(), HarvestQueueError> {
        let outcome = self.try_start(clip, now).await;
        // If this clip has failed, the clips behind it must still start.
        if !matches!(outcome, Ok(TryOutcome::Waits(_))) {
            self.start_queued_harvests(now).await?;
        }
        outcome.map(drop)
    }

    /// Starts the clip's harvest if it is first in the queue.
    async fn try_start(
        &self,
        clip: Clip,
        now: DateTime<Utc>,
    ) -> Result<TryOutcome, HarvestQueueError> {
        let key = clip.key();
        let clip = match clip.status {
            Status::Scheduled => match self.check_airing(&clip, now).await {
                // An operator may have changed the end since the clip was read.
                Airing::Over(trigger) => match self.library.apply(&clip, &trigger, now).await? {
                    Some(clip) => clip,
                    None => self.library.find(&key).await?.unwrap_or(clip),
                },
                Airing::Ahead(delay) => {
                    self.due.send(&key, delay).await?;
                    return Ok(TryOutcome::Waits(clip));
                }
            },
            _ => clip,
        };
        match clip.status {
            Status::Queued => {}
            Status::Scheduled => {
                self.due.send(&key, MIN_TURN_DELAY).await?;
                return Ok(TryOutcome::Waits(clip));
            }
            _ => return Ok(TryOutcome::LeftQueue(clip)),
        }
        let oldest = self.library.oldest_queued(1).await?;
        if oldest.first().is_some_and(|oldest| *oldest != key) {
            let delay = MIN_TURN_DELAY.max((now - clip.updated_at) / 2);
            self.due.send(&key, delay).await?;
            return Ok(TryOutcome::Waits(clip));
        }
        let outcome = self.start(clip, now).await?;
        if matches!(outcome, TryOutcome::Waits(_)) {
            tracing::info!(clip.id = %key, "clip {key}: queued, no harvest job is free");
            self.due.send(&key, RETRY_DELAY).await?;
        }
        Ok(outcome)
    }

    /// Starts the harvests of the oldest queued clips, until no harvest job is free. Returns how
    /// many it started.
    ///
    /// If a clip cannot be started, or its row cannot be decoded, logs the error and continues with
    /// the next. That clip comes first again in the next call.
    pub async fn start_queued_harvests(
        &self,
        now: DateTime<Utc>,
    ) -> Result<usize, HarvestQueueError> {
        let mut started = 0;
        let mut passed = BTreeSet::new();
        loop {
            let tried = started + passed.len();
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
                if clip.status != Status::Queued {
                    continue;
                }
                match self.start(clip, now).await {
                    Ok(TryOutcome::LeftQueue(_)) => started += 1,
                    Ok(TryOutcome::Waits(_)) => return Ok(started),
                    Err(failure) => {
                        let chain = error::chain(&failure);
                        tracing::error!(
                            clip.id = %key,
                            "could not start the harvest of queued clip {key}: {chain}"
                        );
                        passed.insert(key);
                    }
                }
            }
            let now_tried = started + passed.len();
            if now_tried == tried || now_tried >= MAX_STARTS {
                return Ok(started);
            }
        }
    }

    /// Starts the harvest of a queued clip, if a harvest job is free.
    async fn start(&self, clip: Clip, now: DateTime<Utc>) -> Result<TryOutcome, HarvestQueueError> {
        Ok(match self.start_job(&clip).await? {
            Some(trigger) => TryOutcome::LeftQueue(self.advance(clip, &trigger, now).await?),
            None => TryOutcome::Waits(clip),
        })
    }

    /// Starts the harvest job of a clip, for the first time or again. Returns the trigger for the
    /// clip, or `None` if no harvest job is free.
    pub async fn start_job(&self, clip: &Clip) -> Result<Option<Trigger>, HarvestQueueError> {
        let Source::Live { channel: id, requested: window } = &clip.source else { return Ok(None) };
        let Some(channel) = self.channels.find(id) else {
            let message = format!("Channel {id} is no longer configured.");
            return Ok(Some(failed(FailureCode::HarvestRefused, message)));
        };
        let attempt = clip.current_attempt();
        let started = self.jobs.start(&attempt, &channel.origin_endpoint_id, *window).await;
        let refusal = match started {
            Ok(StartOutcome::Started) => return Ok(Some(Trigger::HarvestStarted)),
            Ok(StartOutcome::NoFreeJob) => return Ok(None),
            Ok(StartOutcome::Refused { message }) => {
                let message = format!("MediaPackage refused to harvest this window: {message}");
                Ok(failed(FailureCode::HarvestRefused, message))
            }
            Err(failure) => Err(failure),
        };
        // If the window has expired, that is the reason, and a retry cannot succeed.
        match self.check_expired(channel, *window).await {
            Some(expired) => Ok(Some(expired)),
            None => Ok(Some(refusal?)),
        }
    }

    /// Returns a failure if the startover window no longer contains the window. If the stream cannot
    /// be read, this is unknown, and there is no failure.
    async fn check_expired(&self, channel: &Channel, window: Window) -> Option<Trigger> {
        let live = self.live.live_timeline(channel).await.ok()?;
        let error = check_not_expired(channel, window, live.end()).err()?;
        Some(failed(FailureCode::WindowExpired, format_sentence(&error)))
    }

    /// Checks on the clock of the stream whether the end of a scheduled clip has aired.
    async fn check_airing(&self, clip: &Clip, now: DateTime<Utc>) -> Airing {
        let Source::Live { channel: id, requested: window } = &clip.source else {
            return Airing::Over(Trigger::Aired { actual: None });
        };
        let Some(channel) = self.channels.find(id) else {
            let message = format!("Channel {id} is no longer configured.");
            return Airing::Over(failed(FailureCode::HarvestRefused, message));
        };
        let next_check = Airing::Ahead(airing_check_delay(window.end(), now));
        let live = match self.live.live_timeline(channel).await {
            Ok(live) => live,
            Err(cause) if now < window.end() + MAX_UNREADABLE => {
                let (key, chain) = (clip.key(), error::chain(&cause));
                tracing::debug!(clip.id = %key, "could not read channel {id}, will retry: {chain}");
                return next_check;
            }
            Err(_) => return Airing::Over(Trigger::Aired { actual: None }),
        };
        if live.end() < window.end() {
            if now <= window.end() + MAX_OFF_AIR {
                return next_check;
            }
            let message = format!(
                "The stream has only aired up to {}, an hour after the clip should have ended at \
                 {}.",
                format_utc(live.end()),
                format_utc(window.end())
            );
            return Airing::Over(failed(FailureCode::NotAired, message));
        }
        let requested = self.live.window_timeline(channel, *window).await;
        let error = match find_bounds(channel, *window, Some(&live), requested, now) {
            Ok(actual) => return Airing::Over(Trigger::Aired { actual }),
            Err(error) => error,
        };
        let code = match error {
            CoverageError::NotAired { .. } => return next_check,
            CoverageError::Expired { .. } => FailureCode::WindowExpired,
            CoverageError::PartlyOffAir { .. } | CoverageError::OffAir => {
                FailureCode::WindowUnavailable
            }
        };
        Airing::Over(failed(code, format_sentence(&error)))
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

/// How long to wait before checking whether the end of a clip has aired.
///
/// The last segment is published a few seconds after the end, so in the first minute the check is
/// repeated every second. If the stream is off air, the checks become rarer: every 10 s for ten
/// minutes, then every minute.
fn airing_check_delay(end: DateTime<Utc>, now: DateTime<Utc>) -> TimeDelta {
    if now < end {
        return end - now;
    }
    match (now - end).num_seconds() {
        0..60 => TimeDelta::seconds(1),
        60..600 => TimeDelta::seconds(10),
        _ => TimeDelta::minutes(1),
    }
}

fn failed(code: FailureCode, message: String) -> Trigger {
    Trigger::Failed(Failure { code, message })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_end_is_checked_when_it_should_have_aired_and_then_less_often() {
        let end = DateTime::from_timestamp(1_580_736_778, 0).unwrap();
        let check = |now: i64, expected: i64| {
            let delay = airing_check_delay(end, end + TimeDelta::seconds(now));
            assert_eq!(delay, TimeDelta::seconds(expected));
        };
        check(-14_400, 14_400);
        check(-1, 1);
        check(0, 1);
        check(59, 1);
        check(60, 10);
        check(600, 60);
        check(3600, 60);
    }
}
