//! First come, first served: starts the harvests of clips that wait for one.

use std::collections::BTreeSet;

use aws_config::SdkConfig;
use chrono::{DateTime, TimeDelta, Utc};

use super::coverage::{covered, still_kept};
use super::{DueError, DueQueue, HarvestError, Harvester, Started, Window};
use crate::config::{ConfigError, Variables};
use crate::error;
use crate::http::{ProblemKind, utc};
use crate::library::{
    Advanced, Clip, Failure, FailureCode, Library, LibraryError, Source, Status, Trigger,
};
use crate::live::{Channel, Channels, LiveEndpoint};

/// The line that clips wait in for one of the account's harvest jobs.
///
/// A clip that finds nobody before it asks for its harvest at once. One that finds the account's
/// jobs taken waits: each harvest that ends has the first in line looked at, and whoever looks at
/// it starts as many as there are jobs for. A due message and the sweep do the same, if that was
/// lost.
#[derive(Clone, Debug)]
pub struct Line {
    library: Library,
    harvester: Harvester,
    live: LiveEndpoint,
    channels: Channels,
    due: DueQueue,
}

/// What is known of the end of a scheduled clip.
#[derive(Clone, Debug, PartialEq)]
enum Airing {
    Aired(Trigger),
    /// It should be looked for again after this.
    Ahead(TimeDelta),
}

#[derive(Debug, thiserror::Error)]
pub enum LineError {
    #[error("the line of waiting clips could not be read or written")]
    Library(#[from] LibraryError),
    #[error("a harvest could not be started")]
    Harvest(#[from] HarvestError),
    #[error("a clip that waits has no message to remind of it")]
    Due(#[from] DueError),
}

/// How many clips are taken from the line at once: as many as there are harvest jobs.
const BATCH: u32 = 10;
/// What one look at the line starts at most: a call or two of MediaPackage's API for each.
const MOST_STARTS: usize = 50;
/// A clip behind others is looked at once their harvests should have been asked for.
const BEHIND_OTHERS: TimeDelta = TimeDelta::seconds(1);
/// The first in line is woken by a harvest that ends; it looks for itself as rarely as this.
const WITHOUT_SLOT: TimeDelta = TimeDelta::seconds(10);
const AFTER_TROUBLE: TimeDelta = TimeDelta::seconds(5);
/// How long a stream may be off air before a clip that waits for it is given up.
const PATIENCE: TimeDelta = TimeDelta::hours(1);
/// How long after a clip's end an unreadable manifest keeps it from being asked for.
const UNREADABLE_FOR: TimeDelta = TimeDelta::minutes(2);

impl Line {
    pub fn new(sdk: &SdkConfig, variables: &Variables) -> Result<Self, ConfigError> {
        Ok(Self {
            library: Library::from_variables(sdk, variables)?,
            harvester: Harvester::from_variables(sdk, variables)?,
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

    /// Opens the connections that the first clip will need.
    pub async fn warm_up(&self) {
        let origin = self.live.on_air(self.channels.default_channel());
        let _ = tokio::join!(self.library.warm_up(), self.harvester.warm_up(), origin);
    }

    /// Takes in a new clip: its harvest is asked for, or it waits; the clip as it stands then.
    ///
    /// Its row is there, so nothing that fails here loses it.
    pub(super) async fn join(&self, clip: Clip, now: DateTime<Utc>) -> Clip {
        let key = clip.key();
        let entered = match &clip.source {
            // The stream was looked at to make it.
            Source::Live { requested, .. } if clip.status == Status::Scheduled => {
                let delay = (requested.end() - now).max(TimeDelta::seconds(1));
                let sent = self.due.send(&key, delay).await;
                sent.map(|()| (clip.clone(), false)).map_err(LineError::Due)
            }
            _ => self.enter(clip.clone(), now).await,
        };
        match entered {
            Ok((clip, _)) => clip,
            Err(failure) => {
                let chain = error::chain(&failure);
                tracing::warn!(clip.id = %key, "clip {key}: its harvest has to wait: {chain}");
                if let Err(failure) = self.due.send(&key, AFTER_TROUBLE).await {
                    let chain = error::chain(&failure);
                    tracing::warn!(clip.id = %key, "clip {key}: waits for the sweep: {chain}");
                }
                clip
            }
        }
    }

    /// Does what is due for a clip of the stream, and for those behind it.
    pub async fn see_to(&self, clip: Clip, now: DateTime<Utc>) -> Result<(), LineError> {
        let entered = self.enter(clip, now).await;
        // The trouble of one keeps no other from its turn.
        if !matches!(entered, Ok((_, false))) {
            self.start_waiting(now).await?;
        }
        entered.map(drop)
    }

    /// Starts the harvest of a clip, if it is its turn; the clip then, and whether it may be the
    /// next one's.
    async fn enter(&self, clip: Clip, now: DateTime<Utc>) -> Result<(Clip, bool), LineError> {
        let key = clip.key();
        let clip = match clip.status {
            Status::Scheduled => match self.airing(&clip, now).await {
                Airing::Aired(trigger) => self.tell(clip, &trigger, now).await?,
                Airing::Ahead(delay) => {
                    self.due.send(&key, delay).await?;
                    return Ok((clip, false));
                }
            },
            _ => clip,
        };
        match clip.status {
            Status::Queued => {}
            Status::Scheduled => return Ok((clip, false)),
            // It has had its turn.
            _ => return Ok((clip, true)),
        }
        let first = self.library.first_waiting(1).await?;
        if first.first().is_some_and(|first| *first != key) {
            let delay = BEHIND_OTHERS.max((now - clip.updated_at) / 2);
            self.due.send(&key, delay).await?;
            return Ok((clip, false));
        }
        let (clip, slot) = self.start(clip, now).await?;
        if !slot {
            tracing::info!(clip.id = %key, "clip {key}: waits for a free harvest job");
            self.due.send(&key, WITHOUT_SLOT).await?;
        }
        Ok((clip, slot))
    }

    /// Starts the harvests of the clips that have waited longest, for as long as there are jobs
    /// for them; how many it started.
    ///
    /// Those that cannot be asked for are logged, and come first the next time.
    pub async fn start_waiting(&self, now: DateTime<Utc>) -> Result<usize, LineError> {
        let mut started = 0;
        let mut in_trouble = BTreeSet::new();
        loop {
            let tried = started + in_trouble.len();
            let behind = u32::try_from(in_trouble.len()).unwrap_or(u32::MAX);
            for key in self.library.first_waiting(BATCH + behind).await? {
                if in_trouble.contains(&key) {
                    continue;
                }
                let Some(clip) = self.library.find(&key).await? else { continue };
                if clip.status != Status::Queued {
                    continue;
                }
                match self.start(clip, now).await {
                    Ok((_, true)) => started += 1,
                    Ok((_, false)) => return Ok(started),
                    Err(failure) => {
                        let chain = error::chain(&failure);
                        tracing::error!(clip.id = %key, "clip {key} waits on: {chain}");
                        in_trouble.insert(key);
                    }
                }
            }
            let now_tried = started + in_trouble.len();
            if now_tried == tried || MOST_STARTS <= now_tried {
                return Ok(started);
            }
        }
    }

    /// Asks for the harvest of a clip; the clip then, and whether there was a job for it.
    async fn start(&self, clip: Clip, now: DateTime<Utc>) -> Result<(Clip, bool), LineError> {
        Ok(match self.ask(&clip).await? {
            Some(trigger) => (self.tell(clip, &trigger, now).await?, true),
            None => (clip, false),
        })
    }

    /// Asks for the harvest of a clip, for the first time or again; what came of it, or `None` if
    /// there is no job for it now.
    pub async fn ask(&self, clip: &Clip) -> Result<Option<Trigger>, LineError> {
        let Source::Live { channel, requested: window } = &clip.source else { return Ok(None) };
        let Some(configured) = self.channels.find(channel) else {
            let message = format!("Channel {channel} is not configured any more.");
            return Ok(Some(failed(FailureCode::HarvestRefused, message)));
        };
        let endpoint = &configured.origin_endpoint_id;
        let message = match self.harvester.start(&clip.current(), endpoint, *window).await {
            Ok(Started::Yes) => return Ok(Some(Trigger::HarvestStarted)),
            Ok(Started::NoSlot) => return Ok(None),
            Ok(Started::Refused { message }) => message,
            // It is asked for again, for as long as that can help.
            Err(failure) => {
                let expired = self.expired(configured, *window).await;
                return expired.map_or_else(|| Err(failure.into()), |trigger| Ok(Some(trigger)));
            }
        };
        let expired = self.expired(configured, *window).await;
        Ok(Some(expired.unwrap_or_else(|| {
            let message = format!("MediaPackage would not harvest this window: {message}");
            failed(FailureCode::HarvestRefused, message)
        })))
    }

    /// That the stream does not keep a window any more, as far as the stream tells.
    async fn expired(&self, channel: &Channel, window: Window) -> Option<Trigger> {
        let on_air = self.live.on_air(channel).await.ok()?;
        let problem = still_kept(channel, window, on_air.end()).err()?;
        Some(failed(FailureCode::WindowExpired, problem.detail))
    }

    /// Looks whether the end of a scheduled clip has aired, on the stream's own clock.
    async fn airing(&self, clip: &Clip, now: DateTime<Utc>) -> Airing {
        let Source::Live { channel, requested: window } = &clip.source else {
            return Airing::Aired(Trigger::Aired { actual: None });
        };
        let Some(channel) = self.channels.find(channel) else {
            let message = format!("Channel {channel} is not configured any more.");
            return Airing::Aired(failed(FailureCode::HarvestRefused, message));
        };
        let on_air = match self.live.on_air(channel).await {
            Ok(on_air) => on_air,
            Err(cause) if now < window.end() + UNREADABLE_FOR => {
                tracing::debug!("channel {} cannot be read: {}", channel.id, error::chain(&cause));
                return Airing::Ahead(until(window.end(), now));
            }
            Err(_) => return Airing::Aired(Trigger::Aired { actual: None }),
        };
        if on_air.end() < window.end() {
            if window.end() + PATIENCE < now {
                let message = format!(
                    "The stream has only aired up to {}, an hour after the clip should have ended \
                     at {}.",
                    utc(on_air.end()),
                    utc(window.end())
                );
                return Airing::Aired(failed(FailureCode::NotAired, message));
            }
            return Airing::Ahead(until(window.end(), now));
        }
        let timeline = self.live.of_window(channel, *window).await;
        match covered(channel, *window, Some(&on_air), timeline, now) {
            Ok(actual) => Airing::Aired(Trigger::Aired { actual }),
            Err(problem) => match problem.kind {
                ProblemKind::WindowNotAired => Airing::Ahead(until(window.end(), now)),
                ProblemKind::WindowExpired => {
                    Airing::Aired(failed(FailureCode::WindowExpired, problem.detail))
                }
                _ => Airing::Aired(failed(FailureCode::WindowUnavailable, problem.detail)),
            },
        }
    }

    async fn tell(
        &self,
        clip: Clip,
        trigger: &Trigger,
        now: DateTime<Utc>,
    ) -> Result<Clip, LineError> {
        Ok(match self.library.advance(&clip.current(), trigger, now).await? {
            Advanced::To(clip) | Advanced::Unchanged(clip) => *clip,
            Advanced::Unknown => clip,
        })
    }
}

/// How long to wait before looking whether an end has aired.
///
/// Its last segment comes a few seconds after it, so that is when to look each second; a stream
/// that is off air is looked at less and less.
fn until(end: DateTime<Utc>, now: DateTime<Utc>) -> TimeDelta {
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
    fn an_end_is_looked_for_when_it_should_have_aired() {
        let end = DateTime::from_timestamp(1_580_736_778, 0).unwrap();
        let check = |now: i64, expected: i64| {
            assert_eq!(until(end, end + TimeDelta::seconds(now)), TimeDelta::seconds(expected));
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
