//! Which marks must be planned together, because they can influence each other.

use chrono::{DateTime, TimeDelta, Utc};

use super::{Mark, RulePlan, end_of_stretch};

/// A stretch of a channel whose marks no mark outside of it can influence.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RuleSpan {
    /// The time of the first mark.
    pub first: DateTime<Utc>,
    /// The end of the last mark, or of the stretch that ends last.
    pub last: DateTime<Utc>,
}

impl RuleSpan {
    /// Whether two stretches have a time in common.
    pub fn meets(&self, first: DateTime<Utc>, last: DateTime<Utc>) -> bool {
        first <= self.last && self.first <= last
    }
}

impl RulePlan<'_> {
    /// Finds the span of all marks that influence those between two times.
    ///
    /// Two neighbors influence each other if their windows can overlap or touch, or if they are nearer to
    /// each other than the rule's interval.
    pub fn find_span(&self, marks: &[Mark], from: DateTime<Utc>, to: DateTime<Utc>) -> RuleSpan {
        let mut marks: Vec<_> = marks.iter().filter(|mark| self.concerns(mark)).collect();
        marks.sort_by_key(|mark| mark.at);
        let mut span = RuleSpan { first: from, last: to };
        let mut cluster: Option<(RuleSpan, DateTime<Utc>)> = None;
        let mut extend = |cluster: Option<(RuleSpan, DateTime<Utc>)>| {
            if let Some((cluster, _)) = cluster.filter(|(it, _)| it.meets(from, to)) {
                span.first = span.first.min(cluster.first);
                span.last = span.last.max(cluster.last);
            }
        };
        for mark in marks {
            let end = end_of_stretch(mark);
            cluster = match cluster {
                Some((span, latest)) if self.influences(span.last, latest, mark.at) => {
                    Some((RuleSpan { last: span.last.max(end), ..span }, mark.at))
                }
                other => {
                    extend(other);
                    Some((RuleSpan { first: mark.at, last: end }, mark.at))
                }
            };
        }
        extend(cluster);
        span
    }

    /// The time before and after a span in which marks must be known.
    pub fn margin(&self) -> TimeDelta {
        self.reach() + Self::MAX_STRETCH
    }

    /// Whether marks that end at `end`, the latest of which is at `latest`, influence a later one.
    fn influences(&self, end: DateTime<Utc>, latest: DateTime<Utc>, later: DateTime<Utc>) -> bool {
        let is_near = later - latest < self.rule.min_interval();
        is_near || later - end <= self.rule.lead() + self.rule.lag()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clip::Limits;
    use crate::clip::rule::tests::{mark, rule};

    #[test]
    fn a_span_has_the_marks_that_influence_each_other() {
        let check = |interval, ends: &[(i64, i64)], at: i64, expected: (i64, i64)| {
            let mut rule = rule();
            rule.min_interval_seconds = interval;
            let limits = Limits { segment: TimeDelta::seconds(2), startover: TimeDelta::hours(1) };
            let plan = RulePlan { rule: &rule, limits, now: DateTime::UNIX_EPOCH };
            let time = |seconds| DateTime::from_timestamp(seconds, 0).unwrap();
            let stretch = |(at, end): &(i64, i64)| Mark { end: Some(time(*end)), ..mark(*at) };
            let marks: Vec<_> = ends.iter().map(stretch).collect();
            let span = plan.find_span(&marks, time(at), time(at));
            assert_eq!((span.first, span.last), (time(expected.0), time(expected.1)));
        };
        let marks = [(100, 101), (119, 120), (139, 140), (160, 161)];
        check(0, &marks, 100, (100, 120));
        check(0, &marks, 139, (139, 140));
        check(21, &marks, 139, (100, 140));
        check(22, &marks, 139, (100, 161));
        check(0, &[(100, 160), (120, 121), (178, 179)], 178, (100, 179));
        check(0, &marks, 300, (300, 300));
    }
}
