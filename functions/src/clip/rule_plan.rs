//! What a rule makes of the marks of a channel. The result depends on the set of marks only, not on the
//! order in which they arrive.

use chrono::{DateTime, TimeDelta, Utc};

use super::{
    Limits, MAX_TAG_LENGTH, MAX_TAGS, MAX_TITLE_LENGTH, Mark, PlannedClip, Rule, SuggestedBy,
    Window,
};

/// A rule, and the channel that it is planned for.
#[derive(Clone, Copy, Debug)]
pub struct RulePlan<'a> {
    pub rule: &'a Rule,
    pub limits: Limits,
    /// Marks are left out if the stream no longer has their start at this time.
    pub now: DateTime<Utc>,
}

/// The marks of a clip that the rule cannot change any more, because an operator has edited, confirmed or
/// deleted it, or because it is being made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MadeRange {
    /// The time of the first mark.
    pub first: DateTime<Utc>,
    /// The time of the last mark.
    pub last: DateTime<Utc>,
}

/// A planned clip: its marks and its window.
#[derive(Clone, Debug)]
struct Group<'a> {
    /// There is at least one.
    marks: Vec<&'a Mark>,
    start: DateTime<Utc>,
    end: DateTime<Utc>,
}

impl<'a> RulePlan<'a> {
    /// The part of a stretch that a rule looks at. So it is known how far back marks must be read.
    pub const MAX_STRETCH: TimeDelta = TimeDelta::minutes(10);
    /// The longest clip of several marks.
    const MAX_MERGED: TimeDelta = TimeDelta::minutes(10);

    /// What the rule makes of these marks of a channel. Marks that it does not match, and their order,
    /// make no difference.
    ///
    /// 1. A mark within a stretch of an excluded label is left out. A window that reaches into such a
    ///    stretch ends or starts at its edge.
    /// 2. A mark between the first and the last mark of a made clip is left out.
    /// 3. Windows that overlap or touch become one, up to ten minutes. Then the next clip starts where the
    ///    one before it ends.
    /// 4. A clip whose first mark is too near to the first mark of the clip before it, or of a made clip,
    ///    is left out.
    pub fn plan(&self, marks: &[Mark], made: &[MadeRange]) -> Vec<PlannedClip> {
        let mut groups = self.group(marks, made);
        let interval = self.rule.min_interval();
        let mut previous: Option<DateTime<Utc>> = None;
        groups.retain(|group| {
            let first = group.marks[0].at;
            let is_near = |other: DateTime<Utc>| (first - other).abs() < interval;
            if previous.is_some_and(is_near) || made.iter().any(|made| is_near(made.first)) {
                return false;
            }
            previous = Some(first);
            true
        });
        groups.iter().filter_map(|group| self.describe(group)).collect()
    }

    /// Whether the rule looks at a mark: to make a clip of it, or to leave out its stretch.
    pub fn concerns(&self, mark: &Mark) -> bool {
        self.can_be_made(mark) || self.rule.excludes(mark)
    }

    /// How far apart two marks are at least that do not influence each other. The time counts from the end
    /// of a stretch.
    pub fn reach(&self) -> TimeDelta {
        (self.rule.lead() + self.rule.lag()).max(self.rule.min_interval())
    }

    /// When the stream no longer has the start of the clip of a mark.
    pub fn confirmable_until(&self, mark: &Mark) -> DateTime<Utc> {
        let length = mark.end.map_or(TimeDelta::zero(), |end| end - mark.at);
        mark.expires_at - length - self.rule.lead()
    }

    fn can_be_made(&self, mark: &Mark) -> bool {
        self.rule.matches(mark) && self.confirmable_until(mark) > self.now
    }

    /// The windows of the marks, the earliest first; those that belong together as one.
    fn group(&self, marks: &'a [Mark], made: &[MadeRange]) -> Vec<Group<'a>> {
        let stretches: Vec<_> = marks
            .iter()
            .filter(|mark| self.rule.excludes(mark))
            .map(|mark| (mark.at, end_of_stretch(mark)))
            .collect();
        let is_made =
            |mark: &&Mark| made.iter().any(|it| it.first <= mark.at && mark.at <= it.last);
        let mut marks: Vec<_> =
            marks.iter().filter(|mark| self.can_be_made(mark) && !is_made(mark)).collect();
        marks.sort_by(|one, other| (one.at, &one.id).cmp(&(other.at, &other.id)));
        let mut groups: Vec<Group<'a>> = Vec::new();
        for mark in marks {
            let Some((mut start, end)) = self.find_window(mark, &stretches) else { continue };
            if let Some(group) = groups.last_mut()
                && self.rule.merge
                && start <= group.end
            {
                if end.max(group.end) - group.start <= Self::MAX_MERGED {
                    group.end = end.max(group.end);
                    group.marks.push(mark);
                    continue;
                }
                if end - group.end < self.shortest() {
                    group.marks.push(mark);
                    continue;
                }
                start = group.end;
            }
            groups.push(Group { marks: vec![mark], start, end });
        }
        groups
    }

    /// The window of one mark. `None` if it is too short for a clip, or too long for the stream.
    fn find_window(
        &self,
        mark: &Mark,
        stretches: &[(DateTime<Utc>, DateTime<Utc>)],
    ) -> Option<(DateTime<Utc>, DateTime<Utc>)> {
        let mut start = mark.at - self.rule.lead();
        let mut end = end_of_stretch(mark) + self.rule.lag();
        for (from, to) in stretches {
            if *to <= mark.at {
                start = start.max(*to);
            } else if *from <= mark.at {
                return None;
            } else {
                end = end.min(*from);
            }
        }
        let length = end - start;
        (length >= self.shortest() && length <= self.limits.startover).then_some((start, end))
    }

    /// MediaPackage does not harvest less than two segments.
    fn shortest(&self) -> TimeDelta {
        self.limits.segment * 2
    }

    fn describe(&self, Group { marks, start, end }: &Group<'_>) -> Option<PlannedClip> {
        let rule = self.rule;
        let (first, last) = (marks.first()?, marks.last()?);
        let mut tags: Vec<String> = Vec::new();
        for template in &rule.clip_tags {
            let tag = Rule::fill(template, first, MAX_TAG_LENGTH);
            if !tag.is_empty() && !tags.contains(&tag) && tags.len() < MAX_TAGS {
                tags.push(tag);
            }
        }
        let expires_at = marks.iter().map(|mark| mark.expires_at).max()?;
        Some(PlannedClip {
            window: Window::new(*start, *end).ok()?,
            title: Rule::fill(&rule.title, first, MAX_TITLE_LENGTH),
            tags,
            suggested_by: SuggestedBy {
                rule: rule.id.clone(),
                name: rule.name.clone(),
                version: rule.version,
                label: first.label.clone(),
                marks: marks.len(),
                first: first.at,
                last: last.at,
                follows: true,
                confirmable_until: marks.iter().map(|it| self.confirmable_until(it)).min()?,
                // A clip keeps others at a distance.
                until: expires_at + rule.min_interval(),
            },
        })
    }
}

/// The end of the part of a mark that a rule looks at.
pub fn end_of_stretch(mark: &Mark) -> DateTime<Utc> {
    mark.end.map_or(mark.at, |end| end.min(mark.at + RulePlan::MAX_STRETCH))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clip::rule::tests::{mark, rule};

    fn check(change: impl Fn(&mut Rule), marks: &[Mark], made: &[(i64, i64)], expected: &str) {
        let mut rule = rule();
        change(&mut rule);
        let at = |seconds| DateTime::from_timestamp(seconds, 0).unwrap();
        let made: Vec<_> = made
            .iter()
            .map(|(first, last)| MadeRange { first: at(*first), last: at(*last) })
            .collect();
        let limits = Limits { segment: TimeDelta::seconds(2), startover: TimeDelta::hours(1) };
        let plan = RulePlan { rule: &rule, limits, now: DateTime::UNIX_EPOCH };
        let clips: Vec<_> = plan
            .plan(marks, &made)
            .iter()
            .map(|clip| {
                let seconds = |time: DateTime<Utc>| time.timestamp();
                let window = clip.window;
                let (start, end) = (seconds(window.exact_start()), seconds(window.exact_end()));
                format!("{start}-{end}:{}", clip.suggested_by.marks)
            })
            .collect();
        assert_eq!(clips.join(" "), expected);
    }

    fn until(end: i64, mark: Mark) -> Mark {
        Mark { end: DateTime::from_timestamp(end, 0), ..mark }
    }

    fn ad_break(at: i64, end: i64) -> Mark {
        until(end, Mark { label: "ad-break".to_owned(), ..mark(at) })
    }

    #[test]
    fn windows_that_overlap_or_touch_become_one() {
        let marks = [mark(100), mark(118), mark(137)];
        check(|_| {}, &marks, &[], "88-124:2 125-143:1");
        check(|rule| rule.merge = false, &marks, &[], "88-106:1 106-124:1 125-143:1");
        check(|_| {}, &[until(160, mark(100)), mark(120)], &[], "88-166:2");
    }

    #[test]
    fn a_clip_of_several_marks_is_at_most_ten_minutes_long() {
        let marks: Vec<_> = (0..100).map(|number| mark(1000 + number * 10)).collect();
        check(|_| {}, &marks, &[], "988-1586:59 1586-1996:41");
        let near_the_end = [until(1580, mark(1000)), mark(1583), mark(1586), mark(1592)];
        check(|_| {}, &near_the_end, &[], "988-1586:2 1586-1598:2");
        check(|_| {}, &[until(4600, mark(1000)), mark(1100)], &[], "988-1606:2");
    }

    #[test]
    fn an_excluded_stretch_is_in_no_clip() {
        check(|_| {}, &[mark(100), ad_break(100, 130)], &[], "");
        check(|_| {}, &[mark(99), ad_break(100, 130), mark(130)], &[], "87-100:1 130-136:1");
        check(|rule| rule.before_seconds = 2, &[mark(99), ad_break(100, 130)], &[], "");
        check(
            |rule| rule.exclude_labels.clear(),
            &[mark(100), ad_break(100, 130)],
            &[],
            "88-106:1",
        );
    }

    #[test]
    fn the_first_marks_of_two_clips_are_an_interval_apart() {
        let spaced = |rule: &mut Rule| rule.min_interval_seconds = 30;
        let marks = [mark(100), mark(120), mark(129), mark(130), mark(150)];
        let apart = |rule: &mut Rule| (rule.merge, rule.min_interval_seconds) = (false, 30);
        check(apart, &marks, &[], "88-106:1 118-136:1");
        check(apart, &marks, &[(80, 80)], "108-126:1 138-156:1");
        check(apart, &marks, &[(131, 131)], "88-106:1");
        check(spaced, &[mark(100), mark(119)], &[], "88-106:1");
    }

    #[test]
    fn a_mark_of_a_made_clip_makes_no_other() {
        check(|_| {}, &[mark(100), mark(105), mark(111)], &[(100, 110)], "99-117:1");
        check(|_| {}, &[mark(100), mark(110)], &[(100, 110)], "");
    }

    #[test]
    fn a_mark_that_the_stream_no_longer_has_is_left_out() {
        let rule = rule();
        let limits = Limits { segment: TimeDelta::seconds(2), startover: TimeDelta::hours(1) };
        let mark = mark(100);
        let count = |now| {
            RulePlan { rule: &rule, limits, now }.plan(std::slice::from_ref(&mark), &[]).len()
        };
        assert_eq!(count(mark.expires_at - TimeDelta::seconds(13)), 1);
        assert_eq!(count(mark.expires_at - TimeDelta::seconds(12)), 0);
    }
}
