//! Finds out whether the end of a scheduled clip has aired.

use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use tokio::time::{Instant, sleep};

use super::{HarvestQueue, HarvestQueueError};
use crate::clip::{
    Clip, Failure, FailureCode, MAX_AIRING_WAIT, Source, Status, Trigger, format_utc,
};
use crate::error::{self, format_sentence};
use crate::live::coverage::{explain_off_air, find_bounds};
use crate::live::{Channel, CoverageError, LiveTimeline};

/// Whether the end of a scheduled clip has aired.
#[derive(Clone, Debug, PartialEq)]
enum Airing {
    /// The clip leaves the state `scheduled` by this trigger.
    Over(Trigger),
    /// The clip has not aired. Its end is this far after the live edge, if the stream is on air.
    Ahead(Option<TimeDelta>),
}

/// How the wait for the end of a scheduled clip ended.
#[derive(Debug)]
pub(super) enum AiringWait {
    /// The clip has left the state `scheduled`.
    Over,
    /// The stream is late: the clip has ended on the clock, but its end airs only after this time.
    Late(Box<Clip>, TimeDelta),
    /// The end of the clip has not aired, and it is unknown when it will. Another due message will be
    /// sent for it.
    Unknown,
}

/// How often the live edge is read while a function waits for the last segment of a clip.
const POLL_INTERVAL: Duration = Duration::from_secs(1);
/// A stream without a new segment for this long, or for three segments, has stopped.
const MIN_STALL: TimeDelta = TimeDelta::seconds(10);
/// If the end of a clip has not aired this long after its time, the clip fails.
const MAX_OFF_AIR: TimeDelta = TimeDelta::hours(1);
/// How long after its end a clip waits for a manifest that cannot be read, or that lacks the window.
/// After that, an unreadable manifest starts the harvest without bounds, and a missing window is
/// believed to be off air.
const MAX_MANIFEST_WAIT: TimeDelta = TimeDelta::minutes(2);

impl HarvestQueue {
    /// Waits until the end of a scheduled clip has aired, and moves the clip into the harvest queue.
    ///
    /// The last segment is published a few seconds after the end, so the function reads the live
    /// edge every second. It waits at most 30 s, and not at all if the end cannot air in that time.
    pub(super) async fn await_airing(
        &self,
        mut clip: Clip,
        now: DateTime<Utc>,
    ) -> Result<AiringWait, HarvestQueueError> {
        let started = Instant::now();
        while clip.status == Status::Scheduled {
            let elapsed = TimeDelta::from_std(started.elapsed()).unwrap_or(TimeDelta::MAX);
            let now = now + elapsed;
            match self.check_airing(&clip, now).await {
                Airing::Over(trigger) => {
                    if self.library.apply(&clip, &trigger, now).await?.is_some() {
                        return Ok(AiringWait::Over);
                    }
                    // An operator may have changed the end since the clip was read.
                    match self.library.find(&clip.key()).await? {
                        Some(changed) => clip = changed,
                        None => return Ok(AiringWait::Over),
                    }
                }
                Airing::Ahead(Some(ahead)) if elapsed + ahead <= MAX_AIRING_WAIT => {
                    sleep(POLL_INTERVAL).await;
                }
                Airing::Ahead(Some(ahead)) if ahead > MAX_AIRING_WAIT && clip.has_ended(now) => {
                    return Ok(AiringWait::Late(Box::new(clip), ahead));
                }
                Airing::Ahead(_) => return Ok(AiringWait::Unknown),
            }
        }
        Ok(AiringWait::Over)
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
        let live = match self.live.read_live(channel).await {
            Ok(live) => live,
            Err(cause) if now < window.end() + MAX_MANIFEST_WAIT => {
                let (key, chain) = (clip.key(), error::chain(&cause));
                tracing::debug!(clip.id = %key, "could not read channel {id}, will retry: {chain}");
                return Airing::Ahead(Some((window.end() - now).max(TimeDelta::zero())));
            }
            Err(_) => return Airing::Over(Trigger::Aired { actual: None }),
        };
        let ahead = window.end() - live.timeline.end();
        if ahead > TimeDelta::zero() {
            if now <= window.end() + MAX_OFF_AIR {
                return Airing::Ahead(Some(ahead).filter(|_| !has_stopped(channel, &live, now)));
            }
            let message = format!(
                "The stream has only aired up to {}, an hour after the clip should have ended at \
                 {}.",
                format_utc(live.timeline.end()),
                format_utc(window.end())
            );
            return Airing::Over(failed(FailureCode::NotAired, message));
        }
        let requested = self.live.window_timeline(channel, *window).await;
        let error = match find_bounds(channel, *window, Some(&live.timeline), requested, now) {
            Ok(actual) => return Airing::Over(Trigger::Aired { actual }),
            Err(error) => error,
        };
        let may_lag = matches!(error, CoverageError::PartlyOffAir { .. } | CoverageError::OffAir)
            && now < window.end() + MAX_MANIFEST_WAIT;
        if may_lag || matches!(error, CoverageError::NotAired { .. }) {
            return Airing::Ahead(Some(TimeDelta::zero()));
        }
        let live = Some(&live.timeline);
        let error = explain_off_air(&self.live, channel, *window, live, error).await;
        let code = match error {
            CoverageError::Expired { .. } => FailureCode::WindowExpired,
            CoverageError::NotAired { .. } => FailureCode::NotAired,
            CoverageError::PartlyOffAir { .. }
            | CoverageError::BeforeStream { .. }
            | CoverageError::OffAir => FailureCode::WindowUnavailable,
        };
        Airing::Over(failed(code, format_sentence(&error)))
    }
}

/// Whether the stream has had no new segment for so long that it has stopped.
fn has_stopped(channel: &Channel, live: &LiveTimeline, now: DateTime<Utc>) -> bool {
    let stall = MIN_STALL.max(channel.limits().segment * 3);
    live.updated_at.is_some_and(|updated_at| now - updated_at > stall)
}

pub(super) fn failed(code: FailureCode, message: String) -> Trigger {
    Trigger::Failed(Failure { code, message })
}
