//! Finds the clips that a rule must make, change or withdraw, so that they are what it plans.

use chrono::{DateTime, TimeDelta, Utc};

use crate::clip::{
    Clip, ClipId, ClipKey, CompetitionId, Description, ExpirySettings, MadeRange, PlannedClip,
    Rule, RulePlan, RuleSpan, Source, SuggestedBy, Trigger, apply_trigger,
};
use crate::library::RuleWrite;
use crate::live::Channel;

/// How far the start of a clip can move from the time in its id. Further away, another clip takes its
/// place, so that all clips of a span are found by their ids.
const MAX_DRIFT: TimeDelta = TimeDelta::minutes(30);

/// A rule on a channel.
#[derive(Clone, Copy, Debug)]
pub(super) struct Reconciliation<'a> {
    pub plan: RulePlan<'a>,
    pub channel: &'a Channel,
    pub expiry: &'a ExpirySettings,
}

/// The clips that a rule has made near a span.
#[derive(Clone, Debug, Default)]
pub(super) struct MadeClips {
    /// Clips that follow the rule.
    following: Vec<Clip>,
    /// Rows of clips that the rule has withdrawn.
    withdrawn: Vec<Clip>,
    /// The marks of clips that follow the rule no more.
    ranges: Vec<MadeRange>,
    /// The ids of all of them.
    ids: Vec<ClipId>,
}

impl<'a> Reconciliation<'a> {
    pub(super) fn rule(&self) -> &'a Rule {
        self.plan.rule
    }

    pub(super) fn competition(&self) -> &'a CompetitionId {
        self.rule().competition.as_ref().unwrap_or(&self.channel.competition)
    }

    /// Between which times the ids of clips begin that can belong to a span.
    pub(super) fn id_range(&self, span: RuleSpan) -> (DateTime<Utc>, DateTime<Utc>) {
        let rule = self.rule();
        let margin = rule.min_interval() + rule.lead() + rule.lag() + MAX_DRIFT;
        (span.first - margin, span.last + margin)
    }

    /// Sorts the clips of the rule by what may happen to them.
    pub(super) fn sort_clips(&self, clips: Vec<Clip>) -> MadeClips {
        let mut made = MadeClips::default();
        for clip in clips {
            let Some(by) = &clip.suggested_by else { continue };
            made.ids.push(clip.clip.clone());
            // Marks of a clip that is about to leave the stream expire, so it is not planned again.
            let can_follow = clip.follows_rule(&self.rule().id, self.rule().version)
                && by.confirmable_until > self.plan.now;
            match (clip.is_withdrawn(), can_follow) {
                (true, true) => made.withdrawn.push(clip),
                (true, false) => {}
                (false, true) => made.following.push(clip),
                (false, false) => made.ranges.push(MadeRange { first: by.first, last: by.last }),
            }
        }
        made.following.sort_by_key(|clip| range(clip).map(|by| by.first));
        made
    }

    /// The writes after which the clips of a span are what the rule plans.
    pub(super) fn find_writes(
        &self,
        planned: Vec<PlannedClip>,
        span: RuleSpan,
        mut made: MadeClips,
        now: DateTime<Utc>,
    ) -> Vec<RuleWrite> {
        let is_inside = |clip: &Clip| range(clip).is_some_and(|by| span.meets(by.first, by.last));
        made.following.retain(is_inside);
        let mut writes = Vec::new();
        let mut unmatched = Vec::new();
        for planned in planned {
            let id = self.derive_id(&planned, 0);
            match made.take(|clip| clip.clip == id) {
                Some(clip) => writes.extend(write(&clip, replan(planned), now)),
                None => unmatched.push(planned),
            }
        }
        for planned in unmatched {
            let by = planned.suggested_by.clone();
            let is_near = |clip: &Clip| {
                let drift = (clip.clip.start() - planned.window.start()).abs();
                let overlaps = |it: &SuggestedBy| it.first <= by.last && by.first <= it.last;
                drift <= MAX_DRIFT && range(clip).is_some_and(overlaps)
            };
            match made.following.iter().position(is_near) {
                Some(at) => {
                    writes.extend(write(&made.following.remove(at), replan(planned), now));
                }
                None => writes.push(self.create(planned, &mut made.ids, now)),
            }
        }
        let withdraw = |clip: &Clip| write(clip, Trigger::Withdrawn, now);
        writes.extend(made.following.iter().filter_map(withdraw));
        writes
    }

    fn create(
        &self,
        planned: PlannedClip,
        taken: &mut Vec<ClipId>,
        now: DateTime<Utc>,
    ) -> RuleWrite {
        let mut ids = (0_u32..).map(|number| self.derive_id(&planned, number));
        let clip = ids.find(|id| !taken.contains(id)).expect("there are ids without end");
        taken.push(clip.clone());
        let PlannedClip { window, title, tags, suggested_by } = planned;
        let rule = self.rule();
        let description = Description {
            title,
            description: rule.description.clone(),
            tags,
            listed: rule.listed,
            ..Description::default()
        };
        let competition = self.competition().clone();
        let source = Source::Live { channel: self.channel.id.clone(), requested: window };
        let key = ClipKey { competition: competition.clone(), clip };
        let mut clip = Clip::new(key, rule.status(), source, &description, now);
        clip.suggested_by = Some(suggested_by);
        clip.precision = rule.precision.unwrap_or(self.channel.precision);
        clip.set_default_expiry(self.expiry.expires_at(&competition, now));
        RuleWrite { clip, expected: None }
    }

    /// Derives the id of a new clip. A repeated try makes the same clip. Viewers do not see when the rule was
    /// created, so they cannot guess an id.
    fn derive_id(&self, planned: &PlannedClip, number: u32) -> ClipId {
        let Rule { id, version, created_at, .. } = self.rule();
        let created = created_at.timestamp_millis();
        let first = planned.suggested_by.first.timestamp_millis();
        let channel = &self.channel.id;
        let fingerprint = format!("{id} {created} {version} {channel} {first} {number}");
        ClipId::derive_for_window(planned.window, &fingerprint)
    }
}

impl MadeClips {
    /// The marks of clips that the rule cannot change any more.
    pub(super) fn ranges(&self) -> &[MadeRange] {
        &self.ranges
    }

    /// The smallest span that has the marks of all clips that meet it.
    pub(super) fn widen(&self, span: RuleSpan) -> RuleSpan {
        self.following.iter().filter_map(range).filter(|by| span.meets(by.first, by.last)).fold(
            span,
            |span, by| RuleSpan { first: span.first.min(by.first), last: span.last.max(by.last) },
        )
    }

    /// Takes a clip that the rule may change.
    fn take(&mut self, is_wanted: impl Fn(&Clip) -> bool) -> Option<Clip> {
        for clips in [&mut self.following, &mut self.withdrawn] {
            if let Some(at) = clips.iter().position(&is_wanted) {
                return Some(clips.remove(at));
            }
        }
        None
    }
}

fn range(clip: &Clip) -> Option<&SuggestedBy> {
    clip.suggested_by.as_ref()
}

fn replan(planned: PlannedClip) -> Trigger {
    Trigger::Planned(Box::new(planned))
}

/// The write of a trigger. `None` if it changes nothing.
fn write(clip: &Clip, trigger: Trigger, now: DateTime<Utc>) -> Option<RuleWrite> {
    let next = apply_trigger(clip, clip.attempt, trigger, now)?;
    Some(RuleWrite { clip: next, expected: Some(clip.version) })
}

#[cfg(test)]
mod tests;
