//! What a rule makes of marks: the same as a slow reference, whatever the order of the marks.

use std::collections::BTreeSet;

use chrono::{DateTime, TimeDelta, Utc};
use matchcut::clip::{Limits, MadeRange, Mark, MarkId, PlannedClip, Rule, RuleMode, RulePlan};
use proptest::prelude::*;

/// The time around which marks are, in seconds since 1970.
const BEGIN: i64 = 1_580_736_600;
/// Two segments of two seconds.
const SHORTEST: i64 = 4;
const LABELS: [&str; 3] = ["goal", "save", "ad-break"];

fn at(seconds: i64) -> DateTime<Utc> {
    DateTime::from_timestamp(BEGIN + seconds, 0).expect("the number is a time")
}

fn seconds(time: DateTime<Utc>) -> i64 {
    time.timestamp() - BEGIN
}

fn mark(number: usize, at_second: i64, length: Option<i64>, label: &str) -> Mark {
    let id = format!("{}_{number:06}", MarkId::format_stamp(at(at_second)));
    Mark {
        id: id.parse().expect("it is an id"),
        channel: "main".into(),
        at: at(at_second),
        end: length.map(|length| at(at_second + length)),
        label: label.to_owned(),
        tags: [("number".to_owned(), number.to_string())].into(),
        source: "api".parse().expect("it is a source"),
        confidence: None,
        key: None,
        created_by: None,
        received_at: at(at_second),
        expires_at: at(1_000_000),
    }
}

/// Marks of a stretch of this many seconds, each with another id.
fn marks(within: i64) -> impl Strategy<Value = Vec<Mark>> {
    let length = prop_oneof![3 => Just(None), 1 => (1..40_i64).prop_map(Some)];
    let fields = (0..within, length, 0..LABELS.len());
    prop::collection::vec(fields, 0..40).prop_map(|marks| {
        let marks = marks.into_iter().enumerate();
        marks.map(|(number, (at, length, label))| mark(number, at, length, LABELS[label])).collect()
    })
}

fn rule() -> impl Strategy<Value = Rule> {
    let lengths = (0..20_u32, 0..20_u32).prop_filter("four seconds", |(it, other)| it + other >= 4);
    (lengths, 0..60_u32, any::<bool>()).prop_map(|((before, after), interval, merge)| Rule {
        id: "goals-k7qx2f".parse().expect("it is an id"),
        name: "Goals".to_owned(),
        enabled: true,
        channels: None,
        labels: vec!["goal".to_owned()],
        sources: None,
        min_confidence: None,
        tags: [].into(),
        before_seconds: before,
        after_seconds: after,
        mode: RuleMode::Suggest,
        title: "{label} {tags.number}".to_owned(),
        description: String::new(),
        clip_tags: Vec::new(),
        competition: None,
        listed: true,
        precision: None,
        min_interval_seconds: interval,
        merge,
        exclude_labels: vec!["ad-break".to_owned()],
        version: 1,
        created_at: at(-1),
        updated_at: at(-1),
        updated_by: None,
    })
}

fn made() -> impl Strategy<Value = Vec<MadeRange>> {
    let range = (0..400_i64, 0..20_i64)
        .prop_map(|(first, length)| MadeRange { first: at(first), last: at(first + length) });
    prop::collection::vec(range, 0..3)
}

fn plan(rule: &Rule, marks: &[Mark], made: &[MadeRange]) -> Vec<PlannedClip> {
    let limits = Limits { segment: TimeDelta::seconds(2), startover: TimeDelta::hours(1) };
    RulePlan { rule, limits, now: at(0) }.plan(marks, made)
}

/// The start, the end and the first mark of each clip.
fn windows(clips: &[PlannedClip]) -> Vec<(i64, i64, i64)> {
    let window = |clip: &PlannedClip| {
        let (start, end) = (clip.window.exact_start(), clip.window.exact_end());
        (seconds(start), seconds(end), seconds(clip.suggested_by.first))
    };
    clips.iter().map(window).collect()
}

/// The same as [`plan`], found second by second: each mark walks away from its time until it meets an
/// excluded second, and the seconds that were walked are the clips.
fn plan_slowly(rule: &Rule, marks: &[Mark], made: &[MadeRange]) -> Vec<(i64, i64, i64)> {
    let (before, after) = (i64::from(rule.before_seconds), i64::from(rule.after_seconds));
    let stretch = |mark: &Mark| (seconds(mark.at), seconds(mark.end.unwrap_or(mark.at)));
    let excluded: BTreeSet<i64> = marks
        .iter()
        .filter(|mark| mark.label == "ad-break")
        .flat_map(|mark| stretch(mark).0..stretch(mark).1)
        .collect();
    let mut walks = Vec::new();
    for mark in marks.iter().filter(|mark| mark.label == "goal") {
        let (at, end) = stretch(mark);
        let is_made = made.iter().any(|it| (seconds(it.first)..=seconds(it.last)).contains(&at));
        if excluded.contains(&at) || is_made {
            continue;
        }
        let start = (at - before..at).rev().take_while(|second| !excluded.contains(second));
        let end = (at..end + after).take_while(|second| !excluded.contains(second));
        let (start, end) = (start.last().unwrap_or(at), end.last().map_or(at, |second| second + 1));
        if end - start >= SHORTEST {
            walks.push((at, &mark.id, start, end));
        }
    }
    walks.sort_unstable();
    let mut clips: Vec<(i64, i64, i64)> = Vec::new();
    if rule.merge {
        // A clip begins with a second that no walk enters from the second before it.
        let walked =
            |second: i64| walks.iter().any(|(_, _, start, end)| (*start..*end).contains(&second));
        let starts: BTreeSet<i64> = walks.iter().map(|(_, _, start, _)| *start).collect();
        for start in starts.into_iter().filter(|start| !walked(start - 1)) {
            let end = (start..10_000).find(|second| !walked(*second)).expect("walks end");
            let first = walks.iter().find(|(_, _, from, _)| (start..end).contains(from));
            clips.push((start, end, first.expect("a walk begins here").0));
        }
    } else {
        clips.extend(walks.iter().map(|(at, _, start, end)| (*start, *end, *at)));
    }
    let interval = i64::from(rule.min_interval_seconds);
    let mut kept: Vec<(i64, i64, i64)> = Vec::new();
    for clip in clips {
        let others = kept.iter().map(|kept| kept.2).chain(made.iter().map(|it| seconds(it.first)));
        if others.into_iter().all(|other| (clip.2 - other).abs() >= interval) {
            kept.push(clip);
        }
    }
    kept
}

proptest! {
    /// No clip reaches ten minutes, because all marks are within a shorter time.
    #[test]
    fn the_plan_is_that_of_the_slow_reference(
        rule in rule(),
        marks in marks(400),
        made in made(),
    ) {
        prop_assert_eq!(windows(&plan(&rule, &marks, &made)), plan_slowly(&rule, &marks, &made));
    }

    #[test]
    fn the_order_of_the_marks_makes_no_difference(
        rule in rule(),
        (marks, shuffled) in marks(2000)
            .prop_flat_map(|marks| (Just(marks.clone()), Just(marks).prop_shuffle())),
        made in made(),
    ) {
        prop_assert_eq!(plan(&rule, &marks, &made), plan(&rule, &shuffled, &made));
    }

    #[test]
    fn merged_clips_do_not_overlap_and_are_at_most_ten_minutes_long(
        rule in rule(),
        every in 1..30_i64,
        count in 0..300_usize,
    ) {
        let rule = Rule { merge: true, ..rule };
        let times = (0..count).map(|number| i64::try_from(number).expect("it is small") * every);
        let marks: Vec<_> =
            times.enumerate().map(|(number, at)| mark(number, at, None, "goal")).collect();
        let clips = windows(&plan(&rule, &marks, &[]));
        for (start, end, _) in &clips {
            prop_assert!((SHORTEST..=600).contains(&(end - start)), "{clips:?}");
        }
        for pair in clips.windows(2) {
            prop_assert!(pair[0].1 <= pair[1].0, "{clips:?}");
            prop_assert!(pair[1].2 - pair[0].2 >= i64::from(rule.min_interval_seconds));
        }
    }
}
