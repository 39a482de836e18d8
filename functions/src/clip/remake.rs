//! New media of a ready clip, which plays its old media until the new ones are proven playable.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};

use super::clip::MAX_RUN;
use super::transition::{MAX_LIST_AGE, MAX_PAUSE};
use super::{
    Attempt, Bounds, Clip, ConfigurationId, ExactJob, ExactMedia, Failure, Source, Status, Trigger,
    Window,
};

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
    /// The job that makes the media of harvested media. Absent if the media is harvested.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub exact: Option<ExactJob>,
}

/// An attempt whose asset and media are deleted once nobody plays them.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct RetiredAttempt {
    pub attempt: u32,
    pub removable_at: DateTime<Utc>,
    /// The attempt whose media a job of this attempt reads. That job may be running.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub exact_of: Option<u32>,
}

impl Remake {
    /// A remake that has just begun.
    pub(super) fn new(
        attempt: u32,
        status: Status,
        requested: Window,
        actual: Option<Bounds>,
    ) -> Self {
        Self {
            attempt,
            status,
            requested,
            actual,
            manifests: BTreeMap::new(),
            playable: BTreeSet::new(),
            failure: None,
            exact: None,
        }
    }
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
            (Source::Upload(_) | Source::Reel(_), _) => None,
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
    pub fn removable_attempt(&self, now: DateTime<Utc>) -> Option<&RetiredAttempt> {
        let retired = self.retired.iter().find(|retired| retired.removable_at <= now);
        retired.filter(|_| self.status == Status::Ready)
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
        self.remake = Some(Remake::new(attempt, Status::Queued, requested, actual));
        Some(())
    }

    /// Gives up a remake. What it may have made is deleted once no function works on it.
    pub(super) fn cancel_remake(&mut self, now: DateTime<Utc>) {
        if let Some(remake) = self.remake.take() {
            self.give_up(&remake, now);
        }
    }

    fn give_up(&mut self, remake: &Remake, now: DateTime<Utc>) {
        let exact_of = remake.exact.as_ref().map(|job| job.harvest.attempt);
        self.retire(RetiredAttempt {
            attempt: remake.attempt,
            removable_at: now + MAX_RUN,
            exact_of,
        });
    }

    /// Applies a fact about the remake. Once it is proven playable, its media replace those of the
    /// clip in the same write.
    pub(super) fn progress_remake(&mut self, trigger: Trigger, now: DateTime<Utc>) -> Option<()> {
        let mut made = self.as_remake().filter(|made| made.status.is_in_progress())?;
        let mut remake = self.remake.take()?;
        let job = remake.exact.as_mut().filter(|_| made.status == Status::Transcoding);
        if job.is_some_and(|job| job.record(&trigger).is_some()) {
            self.remake = Some(remake);
            return Some(());
        }
        made.progress(trigger, now)?;
        if made.status == Status::Ready {
            self.finish_remake(made, remake.exact, now);
            return Some(());
        }
        (remake.status, remake.actual) = (made.status, made.actual);
        (remake.manifests, remake.playable) = (made.manifests, made.playable);
        remake.failure = made.failure;
        if let Some(failure) = &remake.failure {
            self.give_up(&remake, now);
            let delay = remake.exact.as_ref().and_then(|job| job.retry_delay(failure));
            if let (Some(job), Some(delay)) = (&remake.exact, delay) {
                let tries = job.failed_tries + 1;
                let retried = self.start_exact_job(remake.requested, tries, Some(now + delay), now);
                if retried.is_some() {
                    return retried;
                }
            }
        }
        self.remake = Some(remake);
        Some(())
    }

    fn finish_remake(&mut self, made: Self, exact: Option<ExactJob>, now: DateTime<Utc>) {
        let removable_at = now + self.longest_play_time();
        let harvest_of_exact = self.exact.filter(|_| exact.is_none());
        let unused = [
            Some(self.attempt),
            Some(self.media_attempt),
            harvest_of_exact.map(|it| it.harvest.attempt),
        ];
        for attempt in unused.into_iter().flatten() {
            self.retire(RetiredAttempt { attempt, removable_at, exact_of: None });
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
        self.exact = exact.and_then(|job| {
            let window = self.wanted_window()?;
            Some(ExactMedia { harvest: job.harvest, window })
        });
        let _ = self.start_exact_media(now);
    }

    /// Lets the files be made anew, because the window or the media has changed.
    pub(super) fn restart_files(&mut self) {
        if let Some(files) = &mut self.files {
            files.restart();
        }
    }

    fn retire(&mut self, attempt: RetiredAttempt) {
        self.retired.retain(|retired| retired.attempt != attempt.attempt);
        self.retired.push(attempt);
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
