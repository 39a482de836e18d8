//! Marks arrive one after the other, in any order and more than once, while an operator deletes clips. The
//! clips must be those of all marks at once.

use std::collections::BTreeMap;

use proptest::prelude::*;
use proptest::sample::Index;

use super::*;
use crate::clip::rule::tests::{mark, rule};
use crate::clip::{Mark, Status};
use crate::live::Channels;

/// What a clip shows of a rule: its window and its number of marks.
type Shown = Vec<(DateTime<Utc>, DateTime<Utc>, usize, String)>;

/// The rows of the clips of a rule, by id.
#[derive(Default)]
struct Table(BTreeMap<ClipId, Clip>);

impl Table {
    /// Does what `apply-rules` does for a batch of marks, if these marks are known.
    fn apply(
        &mut self,
        rule: &Reconciliation<'_>,
        known: &[Mark],
        batch: &[Mark],
        now: DateTime<Utc>,
    ) {
        let times = || batch.iter().filter(|mark| rule.plan.concerns(mark)).map(|mark| mark.at);
        let (Some(from), Some(to)) = (times().min(), times().max()) else { return };
        let span = rule.plan.find_span(known, from, to);
        let (first, last) = rule.id_range(span);
        let rows = self.0.values().filter(|it| (first..=last).contains(&it.clip.start()));
        let made = rule.sort_clips(rows.cloned().collect());
        assert_eq!(made.widen(span), span, "no mark was deleted");
        let is_inside = |mark: &&Mark| span.first <= mark.at && mark.at <= span.last;
        let marks: Vec<_> = known.iter().filter(is_inside).cloned().collect();
        let planned = rule.plan.plan(&marks, made.ranges());
        for RuleWrite { clip, expected } in rule.find_writes(planned, span, made, now) {
            let before = self.0.insert(clip.clip.clone(), clip);
            assert_eq!(before.map(|row| row.version), expected, "a write would be refused");
        }
    }

    /// Deletes one of the clips, as an operator does. Returns its marks.
    fn delete(&mut self, choice: Index, now: DateTime<Utc>) -> Option<MadeRange> {
        let mut clips: Vec<_> =
            self.0.values_mut().filter(|clip| clip.status != Status::Deleting).collect();
        if clips.is_empty() {
            return None;
        }
        let at = choice.index(clips.len());
        let clip = &mut *clips[at];
        let deleted = Trigger::Deleted { keep: TimeDelta::zero() };
        *clip = apply_trigger(clip, 1, deleted, now).unwrap();
        let by = clip.suggested_by.as_ref().unwrap();
        Some(MadeRange { first: by.first, last: by.last })
    }

    fn shown(&self) -> Shown {
        let clips = self.0.values().filter(|clip| clip.status != Status::Deleting);
        let mut shown: Shown = clips
            .map(|clip| {
                let Source::Live { requested, .. } = clip.source else { panic!("it is live") };
                let marks = clip.suggested_by.as_ref().unwrap().marks;
                (requested.exact_start(), requested.exact_end(), marks, clip.title.clone())
            })
            .collect();
        shown.sort();
        shown
    }
}

fn show_planned(planned: Vec<PlannedClip>) -> Shown {
    let mut shown: Shown = planned
        .into_iter()
        .map(|PlannedClip { window, title, suggested_by, .. }| {
            (window.exact_start(), window.exact_end(), suggested_by.marks, title)
        })
        .collect();
    shown.sort();
    shown
}

fn channels() -> Channels {
    let channel = serde_json::json!([{
        "id": "main", "competition": "100m-dash", "originEndpointId": "main-hls",
        "manifest": "https://origin.example/index.m3u8",
        "viewerManifest": "https://cdn.example/index.m3u8",
        "segmentSeconds": 2, "startoverSeconds": 14_400,
    }]);
    channel.to_string().parse().unwrap()
}

fn marks() -> impl Strategy<Value = Vec<Mark>> {
    let length = prop_oneof![3 => Just(None), 1 => (1..700_i64).prop_map(Some)];
    let one = (10_000..13_000_i64, length, any::<bool>()).prop_map(|(at, length, is_break)| {
        let (mut mark, end) = (mark(at), length.map(|length| at + length));
        mark.end = end.map(|end| DateTime::from_timestamp(end, 0).unwrap());
        if is_break && mark.end.is_some() {
            mark.label = "ad-break".to_owned();
        }
        mark.tags = [("player".to_owned(), mark.id.to_string())].into();
        mark
    });
    prop::collection::vec(one, 1..40)
}

/// Which marks arrive one after the other, and which clip an operator deletes after some of them.
fn arrivals() -> impl Strategy<Value = Vec<(Index, Option<Index>)>> {
    let deleted = prop_oneof![8 => Just(None), 1 => any::<Index>().prop_map(Some)];
    prop::collection::vec((any::<Index>(), deleted), 0..60)
}

proptest! {
    #[test]
    fn the_clips_are_those_of_all_marks_at_once(
        marks in marks(),
        arrivals in arrivals(),
        interval in prop_oneof![Just(0), 1..200_u32],
        merge in any::<bool>(),
        mode in prop_oneof![Just(crate::clip::RuleMode::Suggest), Just(crate::clip::RuleMode::Clip)],
    ) {
        let rule = Rule { min_interval_seconds: interval, merge, mode, ..rule() };
        let channels = channels();
        let channel = channels.default_channel();
        let plan = RulePlan { rule: &rule, limits: channel.limits(), now: DateTime::UNIX_EPOCH };
        let rules = Reconciliation { plan, channel, expiry: &ExpirySettings::default() };
        let now = DateTime::from_timestamp(20_000, 0).unwrap();
        let mut table = Table::default();
        let (mut known, mut made): (Vec<Mark>, Vec<MadeRange>) = (Vec::new(), Vec::new());
        let all = arrivals.iter().map(|(mark, deleted)| (mark.index(marks.len()), *deleted));
        let rest = (0..marks.len()).map(|mark| (mark, None));
        for (arrived, deleted) in all.chain(rest) {
            let mark = &marks[arrived];
            if !known.iter().any(|known| known.id == mark.id) {
                known.push(mark.clone());
            }
            table.apply(&rules, &known, std::slice::from_ref(mark), now);
            made.extend(deleted.and_then(|choice| table.delete(choice, now)));
        }
        // A deleted clip lets others be made only when the marks near it are looked at.
        table.apply(&rules, &known, &marks, now);
        prop_assert_eq!(table.shown(), show_planned(plan.plan(&known, &made)));
        let before = table.0.clone();
        table.apply(&rules, &known, &marks, now);
        prop_assert_eq!(table.0, before, "a repetition changes something");
    }
}
