//! Suggestions: clips that a rule has made of marks, and how they follow their rule.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::{Clip, RuleId, Source, Status, Window};

/// The rule that made a clip, and the marks that it made the clip of.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct SuggestedBy {
    pub rule: RuleId,
    /// The name of the rule.
    pub name: String,
    /// The version of the rule. The clip follows only this version.
    pub version: u64,
    /// The label of the first mark.
    pub label: String,
    /// The number of marks.
    pub marks: usize,
    /// The time of the first mark.
    pub first: DateTime<Utc>,
    /// The time of the last mark. Later marks between the first and the last make no other clip.
    pub last: DateTime<Utc>,
    /// Whether the rule may still change or withdraw the clip: no operator has edited, confirmed or
    /// deleted it.
    pub follows: bool,
    /// When the stream no longer has the start of the clip. A suggestion expires then.
    pub confirmable_until: DateTime<Utc>,
    /// When the marks have expired. Until then the row stays, because a late mark between them must not
    /// make the clip again.
    pub until: DateTime<Utc>,
}

/// What a rule makes of marks: the part of a clip that follows them.
#[derive(Clone, Debug, PartialEq)]
pub struct PlannedClip {
    pub window: Window,
    pub title: String,
    pub tags: Vec<String>,
    pub suggested_by: SuggestedBy,
}

impl Clip {
    /// Whether a rule of this version may change or withdraw the clip, or use the row of a clip that it
    /// has withdrawn.
    pub fn follows_rule(&self, rule: &RuleId, version: u64) -> bool {
        let can_change = matches!(self.status, Status::Suggested | Status::Scheduled);
        let made = self.suggested_by.as_ref();
        made.is_some_and(|by| by.follows && by.rule == *rule && by.version == version)
            && (can_change || self.is_withdrawn())
    }

    /// Whether the clip's rule has withdrawn it.
    pub fn is_withdrawn(&self) -> bool {
        self.status == Status::Deleting && self.follows()
    }

    /// Whether nothing was ever made of a deleted clip, so that it has only its row.
    pub fn was_never_made(&self) -> bool {
        let is_deleted = self.status == Status::Deleting;
        is_deleted && (self.follows() || self.deleted_from == Some(Status::Suggested))
    }

    /// When a suggestion expires. `None` if the clip is no suggestion.
    pub fn confirmable_until(&self) -> Option<DateTime<Utc>> {
        let suggested = self.suggested_by.as_ref().filter(|_| self.status == Status::Suggested);
        suggested.map(|by| by.confirmable_until)
    }

    /// Until when the row tells the rule that its clip was deleted. A withdrawn clip is not kept.
    pub(super) fn keeps_place_until(&self) -> Option<DateTime<Utc>> {
        self.suggested_by.as_ref().filter(|by| !by.follows).map(|by| by.until)
    }

    fn follows(&self) -> bool {
        self.suggested_by.as_ref().is_some_and(|by| by.follows)
    }

    /// Ends that the clip follows its rule.
    pub(super) fn stop_following(&mut self) {
        if let Some(by) = &mut self.suggested_by {
            by.follows = false;
        }
    }

    /// Gives a clip what its rule has planned for it. A withdrawn clip returns.
    pub(super) fn follow(&mut self, planned: PlannedClip) -> Option<()> {
        let by = &planned.suggested_by;
        if !self.follows_rule(&by.rule, by.version) {
            return None;
        }
        if self.status == Status::Deleting {
            self.status = self.deleted_from.take()?;
            self.deleted_at = None;
            self.removal_started = false;
        }
        let Source::Live { requested, .. } = &mut self.source else { return None };
        *requested = planned.window;
        self.title = planned.title;
        self.tags = planned.tags;
        self.suggested_by = Some(planned.suggested_by);
        Some(())
    }

    /// Deletes a clip that its rule no longer makes. Nobody can restore it.
    pub(super) fn withdraw(&mut self, now: DateTime<Utc>) -> Option<()> {
        let can_change = matches!(self.status, Status::Suggested | Status::Scheduled);
        if !can_change || !self.follows() {
            return None;
        }
        self.deleted_from = Some(self.status);
        self.status = Status::Deleting;
        self.deleted_at = Some(now);
        self.removal_started = true;
        Some(())
    }
}
