//! A clip, as the library stores it.

mod milliseconds;

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};

use super::{
    Angle, Attempt, Bounds, ClipFiles, ClipId, ClipKey, CompetitionId, Description, ExactMedia,
    Export, ExportId, Failure, FileSettings, Precision, Remake, RetiredAttempt, Source, Status,
    SuggestedBy, Upload,
};

/// The id of a packaging configuration.
pub type ConfigurationId = String;

/// A clip of a live stream or of an uploaded file: one row of the table.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Clip {
    pub competition: CompetitionId,
    pub clip: ClipId,
    pub status: Status,
    /// The number of changes of the row. A write succeeds only if the stored version is still the
    /// one that was read.
    pub version: u64,
    /// The number of the current attempt. Everything in AWS is named after it.
    pub attempt: u32,
    /// The attempt that made, or is making, the media. A retry of the asset alone keeps it.
    pub media_attempt: u32,
    #[serde(flatten)]
    pub source: Source,
    /// All clips of the group that shows this window, this one too. Empty if there is no group.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub angles: Vec<Angle>,
    /// Absent while unknown: the live manifest could not be read, or the file was not probed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub actual: Option<Bounds>,
    /// How precisely the clip is to be cut. A clip is cut to segments first.
    #[serde(default, skip_serializing_if = "is_default")]
    pub precision: Precision,
    /// The source of the frame-exact media. Absent while the clip plays harvested media.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub exact: Option<ExactMedia>,
    /// The name of the operator who made the clip. A file that was dropped into the upload bucket has
    /// none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub created_by: Option<String>,
    /// The rule that made the clip, and its marks. Absent if an operator or a file did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub suggested_by: Option<SuggestedBy>,
    pub title: String,
    pub description: String,
    pub tags: Vec<String>,
    /// Whether viewers' lists show the clip once it is ready.
    #[serde(default = "is_listed_by_default", skip_serializing_if = "is_true")]
    pub listed: bool,
    /// When viewers' lists may show the clip. The sweep removes the time once it has passed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub publish_at: Option<DateTime<Utc>>,
    /// The manifest path of each packaging configuration. Empty until the asset exists.
    ///
    /// The row stores paths, not URLs: viewers read them from the CDN's host.
    #[serde(default)]
    pub manifests: BTreeMap<ConfigurationId, String>,
    /// When the media in the bucket replaces the asset. Absent if the clip keeps its asset, or has none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub asset_expires_at: Option<DateTime<Utc>>,
    /// When the asset may be deleted, because nobody plays it any more. Absent afterwards.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub asset_removable_at: Option<DateTime<Utc>>,
    /// The packaging configurations that have been reported playable, also before `manifests` is
    /// known.
    #[serde(default)]
    pub playable: BTreeSet<ConfigurationId>,
    /// The files that operators have made of the clip.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub exports: BTreeMap<ExportId, Export>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub failure: Option<Failure>,
    /// The poster, the thumbnails, the storyboard and the MP4. Absent if the clip gets none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub files: Option<ClipFiles>,
    /// The time of the frame that is the poster. Absent: it is from the middle of the clip.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub poster_at: Option<DateTime<Utc>>,
    /// New media of a ready clip, on their way or failed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub remake: Option<Remake>,
    /// Attempts of a ready clip that were replaced or given up.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub retired: Vec<RetiredAttempt>,
    pub created_at: DateTime<Utc>,
    pub updated_at: DateTime<Utc>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ready_at: Option<DateTime<Utc>>,
    /// When the sweep deletes the clip. Absent if the clip is kept.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub expires_at: Option<DateTime<Utc>>,
    /// When the clip was deleted. The row stays until its asset and media are gone.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub deleted_at: Option<DateTime<Utc>>,
    /// The status before the deletion, to which a restored clip returns.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub deleted_from: Option<Status>,
    /// Whether the removal of the deleted clip has started. From then on it cannot be restored.
    #[serde(default, skip_serializing_if = "is_false")]
    pub removal_started: bool,
    /// When the clip entered the harvest queue, which is sorted by this time.
    #[serde(skip_serializing_if = "Option::is_none", with = "milliseconds")]
    #[serde(default)]
    pub queued_at: Option<DateTime<Utc>>,
    /// When the sweep next checks the clip. Absent if its state should not change without a
    /// person.
    #[serde(skip_serializing_if = "Option::is_none", with = "milliseconds")]
    #[serde(default)]
    pub next_check_at: Option<DateTime<Utc>>,
}

/// Longest run of a function that may still create something for a clip.
pub(super) const MAX_RUN: TimeDelta = TimeDelta::minutes(3);
/// How long before its end a scheduled clip gets its due message.
///
/// 13 min: SQS delays a message by at most 15 min. The sweep sends the message of a clip that ends
/// later than that, and runs every minute, so a dozen sweeps may fail.
pub const DUE_MESSAGE_LEAD: TimeDelta = TimeDelta::minutes(13);
/// How long after the end of a clip `harvest-clip` waits for its last segment. A later segment is
/// noticed by the checks of the sweep.
pub const MAX_AIRING_WAIT: TimeDelta = TimeDelta::seconds(30);

impl Clip {
    /// A new clip, on its first attempt.
    pub fn new(
        ClipKey { competition, clip }: ClipKey,
        status: Status,
        source: Source,
        description: &Description,
        now: DateTime<Utc>,
    ) -> Self {
        let mut clip = Self {
            competition,
            clip,
            status,
            version: 1,
            attempt: 1,
            media_attempt: 1,
            source,
            angles: Vec::new(),
            actual: None,
            precision: Precision::default(),
            exact: None,
            created_by: None,
            suggested_by: None,
            title: description.title.clone(),
            description: description.description.clone(),
            tags: description.tags.clone(),
            listed: description.listed,
            publish_at: description.publish_at.filter(|time| *time > now),
            manifests: BTreeMap::new(),
            asset_expires_at: None,
            asset_removable_at: None,
            playable: BTreeSet::new(),
            exports: BTreeMap::new(),
            failure: None,
            files: None,
            poster_at: None,
            remake: None,
            retired: Vec::new(),
            created_at: now,
            updated_at: now,
            ready_at: None,
            expires_at: description.expires_at,
            deleted_at: None,
            deleted_from: None,
            removal_started: false,
            queued_at: (status == Status::Queued).then_some(now),
            next_check_at: None,
        };
        clip.next_check_at = clip.next_check(now);
        clip
    }

    /// Sets the expiry, unless the clip already has one.
    pub fn set_default_expiry(&mut self, expiry: Option<DateTime<Utc>>) {
        self.expires_at = self.expires_at.or(expiry);
        self.next_check_at = self.next_check(self.updated_at);
    }

    pub fn key(&self) -> ClipKey {
        ClipKey { competition: self.competition.clone(), clip: self.clip.clone() }
    }

    pub fn upload(&self) -> Option<&Upload> {
        match &self.source {
            Source::Upload(upload) => Some(upload),
            Source::Live { .. } | Source::Reel(_) => None,
        }
    }

    /// The bounds of the part of the media that players show. `None` if the bounds of the media are
    /// unknown.
    pub fn shown_bounds(&self) -> Option<Bounds> {
        let media = self.actual?;
        Some(match &self.source {
            Source::Live { requested, .. } => media.part(*requested),
            Source::Upload(_) | Source::Reel(_) => media,
        })
    }

    /// The attempt in progress, or the last one.
    pub fn current_attempt(&self) -> Attempt {
        Attempt { clip: self.key(), number: self.attempt }
    }

    /// The attempt that made, or is making, the media.
    pub fn attempt_of_media(&self) -> Attempt {
        Attempt { clip: self.key(), number: self.media_attempt }
    }

    /// The path under which the CDN serves the HLS manifest of the media in the bucket.
    pub(super) fn media_path(&self) -> String {
        format!("/{}", self.attempt_of_media().manifest_key())
    }

    /// Whether the clip has passed its expiry and is not being deleted yet. A suggestion also expires
    /// when the stream no longer has its start.
    pub fn is_expired(&self, now: DateTime<Utc>) -> bool {
        let expiries = [self.expires_at, self.confirmable_until()];
        self.status != Status::Deleting && expiries.iter().flatten().any(|expiry| *expiry <= now)
    }

    /// Whether the clip is an upload that was deleted because its file had not arrived in time. If its
    /// file arrives before the removal starts, the clip is restored.
    pub fn is_given_up(&self) -> bool {
        let awaited_until = self.upload().and_then(|upload| upload.awaited_until);
        self.status == Status::Deleting
            && self.deleted_from == Some(Status::Uploading)
            && !self.removal_started
            && awaited_until.is_some_and(|end| self.deleted_at.is_some_and(|time| time >= end))
    }

    /// Until when a deleted clip can be restored. Then its removal starts.
    pub fn restorable_until(&self) -> Option<DateTime<Utc>> {
        let can_restore = self.status == Status::Deleting && !self.removal_started;
        self.next_check_at.filter(|_| can_restore)
    }

    /// Whether the media in the bucket should replace the asset.
    pub fn is_asset_expired(&self, now: DateTime<Utc>) -> bool {
        self.status == Status::Ready && self.asset_expires_at.is_some_and(|time| time <= now)
    }

    /// Whether nobody plays the asset any more, and it should be deleted.
    pub fn is_asset_removable(&self, now: DateTime<Utc>) -> bool {
        self.status == Status::Ready && self.asset_removable_at.is_some_and(|time| time <= now)
    }

    /// Sets when the asset of a ready clip expires, unless that is known or the asset is gone.
    pub fn set_asset_expiry(&mut self, lifetime: TimeDelta, now: DateTime<Utc>) {
        let is_new = self.status == Status::Ready && self.ready_at == Some(self.updated_at);
        if is_new && self.asset_removable_at.is_none() {
            self.asset_expires_at.get_or_insert(now + lifetime);
            self.next_check_at = self.next_check(now);
        }
    }

    /// Plans the files of a clip whose media has just become complete: `earlier` had no asset.
    pub fn plan_files(&mut self, earlier: &Self, settings: &FileSettings) {
        let has_new_asset = self.status == Status::Packaging
            && !self.manifests.is_empty()
            && earlier.manifests != self.manifests;
        if has_new_asset && self.files.is_none() {
            self.files = ClipFiles::plan(settings.kinds(&self.source));
        }
    }

    /// Whether a job for the clip's files is to be started or described.
    pub fn are_files_due(&self, now: DateTime<Utc>) -> bool {
        matches!(self.status, Status::Packaging | Status::Ready)
            && self.files.as_ref().is_some_and(|files| files.is_due(now))
    }

    /// Whether viewers' lists show the clip.
    pub fn is_active(&self) -> bool {
        self.status == Status::Ready && self.listed && self.publish_at.is_none()
    }

    /// Whether the time has passed at which viewers' lists may show the clip.
    pub fn is_due_for_publication(&self, now: DateTime<Utc>) -> bool {
        self.status != Status::Deleting && self.publish_at.is_some_and(|time| time <= now)
    }

    /// Whether the requested end of a clip of a live stream is in the past, on the clock.
    pub fn has_ended(&self, now: DateTime<Utc>) -> bool {
        matches!(&self.source, Source::Live { requested, .. } if requested.end() <= now)
    }

    /// When the row of a deleted clip may be deleted.
    ///
    /// A function that was running when the clip was deleted may still create something. A
    /// presigned URL may still bring a file. Until neither is possible, the row must stay, because
    /// the sweep finds only what has a row. A rule must not make the clip again of the same marks, so
    /// the row also stays until they have expired.
    pub fn removable_at(&self) -> Option<DateTime<Utc>> {
        let runs_ended = self.deleted_at? + MAX_RUN;
        let awaited = self.upload().and_then(|upload| upload.awaited_until);
        [awaited, self.keeps_place_until()].into_iter().flatten().chain([runs_ended]).max()
    }
}

/// Rows of earlier versions have no `listed`.
fn is_listed_by_default() -> bool {
    true
}

fn is_default<T: Default + PartialEq>(value: &T) -> bool {
    *value == T::default()
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde requires this signature")]
fn is_true(value: &bool) -> bool {
    *value
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde requires this signature")]
fn is_false(value: &bool) -> bool {
    !*value
}

#[cfg(test)]
mod tests;
