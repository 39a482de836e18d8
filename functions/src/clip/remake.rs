//! New media of a ready clip, which plays its old media until the new ones are proven playable.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};

use super::clip::MAX_RUN;
use super::transition::{MAX_LIST_AGE, MAX_PAUSE};
use super::{Attempt, Bounds, Clip, ConfigurationId, Failure, Source, Status, Trigger, Window};

/// New media of a ready clip, made by an attempt of their own.
///
/// A remake has the states of a clip in progress. If it fails, the clip keeps its media.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Remake {
    pub attempt: u32,
    pub status: Status,
    /// The window that the clip will have.
    pub requested: Window,
    /// Absent if the bounds are unknown.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub actual: Option<Bounds>,
    #[serde(default)]
    pub manifests: BTreeMap<ConfigurationId, String>,
    #[serde(default)]
    pub playable: BTreeSet<ConfigurationId>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub failure: Option<Failure>,
}

/// An attempt whose asset and media are deleted once nobody plays them.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct RetiredAttempt {
    pub attempt: u32,
    pub removable_at: DateTime<Utc>,
}

impl Clip {
    /// The remake, as a clip in progress: queue, handlers and sweep treat it as they treat a new clip.
    ///
    /// It is not a row. Only the transition writes what happens to it back into the clip.
    pub fn as_remake(&self) -> Option<Self> {
        let (Status::Ready, Some(remake)) = (self.status, &self.remake) else { return None };
        let Source::Live { channel, .. } = &self.source else { return None };
        let source = Source::Live { channel: channel.clone(), requested: remake.requested };
        Some(Self {
            status: remake.status,
            attempt: remake.attempt,
            media_attempt: remake.attempt,
            source,
            actual: remake.actual,
            manifests: remake.manifests.clone(),
            playable: remake.playable.clone(),
            failure: remake.failure.clone(),
            asset_expires_at: None,
            asset_removable_at: None,
            ..self.clone()
        })
    }

    /// What is on its way: the remake of a ready clip, or the clip itself.
    #[must_use]
    pub fn into_current_work(self) -> Self {
        self.as_remake().unwrap_or(self)
    }

    /// Whether this is the remake of a clip.
    pub fn is_remake(&self) -> bool {
        self.remake.as_ref().is_some_and(|remake| remake.attempt == self.attempt)
    }

    /// Whether the clip, or its remake, waits in the harvest queue.
    pub fn is_queued(&self) -> bool {
        let remake = self.remake.as_ref().filter(|_| self.status == Status::Ready);
        remake.map_or(self.status, |remake| remake.status) == Status::Queued
    }

    /// The window that the clip has, or will have once its remake is ready.
    pub fn wanted_window(&self) -> Option<Window> {
        let remake = self.remake.as_ref().filter(|remake| remake.status != Status::Failed);
        match (&self.source, remake) {
            (Source::Live { .. }, Some(remake)) => Some(remake.requested),
            (Source::Live { requested, .. }, None) => Some(*requested),
            (Source::Upload(_), _) => None,
        }
    }

    /// The attempt with the highest number. It may be that of a remake which has not ended.
    pub fn last_attempt(&self) -> Attempt {
        let remake = self.remake.iter().map(|remake| remake.attempt);
        let retired = self.retired.iter().map(|retired| retired.attempt);
        let number = remake.chain(retired).fold(self.attempt, u32::max);
        Attempt { clip: self.key(), number }
    }

    /// The attempts that failed before this one. Their assets are of no use.
    pub fn failed_attempts(&self) -> Vec<Attempt> {
        // A ready clip plays the asset of an earlier attempt than that of its remake.
        let number = if self.is_remake() { 0 } else { self.attempt - 1 };
        Attempt { clip: self.key(), number }.up_to_this().collect()
    }

    /// A retired attempt whose asset and media nobody needs any more.
    pub fn removable_attempt(&self, now: DateTime<Utc>) -> Option<Attempt> {
        let retired = self.retired.iter().find(|retired| retired.removable_at <= now);
        let retired = retired.filter(|_| self.status == Status::Ready)?;
        Some(Attempt { clip: self.key(), number: retired.attempt })
    }

    /// Puts new media of a window into the harvest queue. Replaces a remake that has not ended.
    pub(super) fn start_remake(
        &mut self,
        requested: Window,
        actual: Option<Bounds>,
        now: DateTime<Utc>,
    ) -> Option<()> {
        if self.status != Status::Ready || self.last_attempt().number >= Attempt::MAX {
            return None;
        }
        let attempt = self.last_attempt().number + 1;
        self.cancel_remake(now);
        self.queued_at = Some(now);
        self.remake = Some(Remake {
            attempt,
            status: Status::Queued,
            requested,
            actual,
            manifests: BTreeMap::new(),
            playable: BTreeSet::new(),
            failure: None,
        });
        Some(())
    }

    /// Gives up a remake. What it may have made is deleted once no function works on it.
    pub(super) fn cancel_remake(&mut self, now: DateTime<Utc>) {
        if let Some(remake) = self.remake.take() {
            self.retire(remake.attempt, now + MAX_RUN);
        }
    }

    /// Applies a fact about the remake. Once it is proven playable, its media replace those of the
    /// clip in the same write.
    pub(super) fn progress_remake(&mut self, trigger: Trigger, now: DateTime<Utc>) -> Option<()> {
        let mut made = self.as_remake().filter(|made| made.status.is_in_progress())?;
        made.progress(trigger, now)?;
        if made.status == Status::Ready {
            self.finish_remake(made, now);
            return Some(());
        }
        if made.status == Status::Failed {
            self.retire(made.attempt, now + MAX_RUN);
        }
        let Source::Live { requested, .. } = made.source else { return None };
        self.remake = Some(Remake {
            attempt: made.attempt,
            status: made.status,
            requested,
            actual: made.actual,
            manifests: made.manifests,
            playable: made.playable,
            failure: made.failure,
        });
        Some(())
    }

    fn finish_remake(&mut self, made: Self, now: DateTime<Utc>) {
        let unused_at = now + self.longest_play_time();
        self.retire(self.attempt, unused_at);
        if self.media_attempt != self.attempt {
            self.retire(self.media_attempt, unused_at);
        }
        // The clip is older than its assets may be, so its new asset makes place at once.
        self.asset_expires_at = self.asset_expires_at.or(self.plays_from_bucket().then_some(now));
        self.asset_removable_at = None;
        self.attempt = made.attempt;
        self.media_attempt = made.media_attempt;
        self.source = made.source;
        self.actual = made.actual;
        self.manifests = made.manifests;
        self.playable = made.playable;
        self.restart_files();
        self.remake = None;
    }

    /// Lets the files be made anew, because the window or the media has changed.
    pub(super) fn restart_files(&mut self) {
        if let Some(files) = &mut self.files {
            files.restart();
        }
    }

    fn retire(&mut self, attempt: u32, removable_at: DateTime<Utc>) {
        self.retired.retain(|retired| retired.attempt != attempt);
        self.retired.push(RetiredAttempt { attempt, removable_at });
    }

    /// Whether the media in the bucket has replaced the asset.
    fn plays_from_bucket(&self) -> bool {
        self.manifests.values().any(|path| *path == self.media_path())
    }

    /// How long a player may go on with media that lists no longer name: cached lists, and the clip
    /// with pauses.
    pub(super) fn longest_play_time(&self) -> TimeDelta {
        let play_time = self.actual.map_or(0.0, |actual| actual.duration_seconds);
        #[expect(clippy::cast_possible_truncation, reason = "casts saturate")]
        let play_time = TimeDelta::seconds(play_time.ceil().clamp(0.0, MAX_PLAY_SECONDS) as i64);
        MAX_LIST_AGE + play_time + MAX_PAUSE
    }
}

/// Ten days. No clip is as long.
const MAX_PLAY_SECONDS: f64 = 864_000.0;
