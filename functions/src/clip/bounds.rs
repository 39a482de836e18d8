//! The segment-aligned start and end that a clip really has.

use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};

use super::{Window, floor_millisecond};

/// The start and end of a clip, aligned to segments.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Bounds {
    pub start: DateTime<Utc>,
    pub end: DateTime<Utc>,
    /// The playing time in seconds. If the stream went off air in between, this is less than
    /// `end - start`.
    pub duration_seconds: f64,
}

/// The largest difference between bounds and the duration of their media that comes from rounding.
const MAX_ROUNDING: TimeDelta = TimeDelta::milliseconds(100);

impl Bounds {
    /// The bounds of media without a gap. They are rounded to milliseconds.
    pub fn lasting(start: DateTime<Utc>, seconds: f64) -> Self {
        #[expect(clippy::cast_possible_truncation, reason = "no media lasts a million years")]
        let duration = TimeDelta::milliseconds((seconds * 1000.0).round() as i64);
        Self { start, end: start + duration, duration_seconds: seconds }
    }

    /// Whether a window lies within the bounds, to the millisecond.
    pub fn contains(&self, window: Window) -> bool {
        window.exact_start() >= floor_millisecond(self.start) && window.exact_end() <= self.end
    }

    /// The bounds of the media between the start and the end of a window.
    ///
    /// Where the stream was off air, the media has no frames.
    #[must_use]
    pub fn part(&self, window: Window) -> Self {
        let start = window.exact_start().max(self.start);
        let end = window.exact_end().min(self.end);
        let duration_seconds = (end - start - self.gap()).as_seconds_f64().max(0.0);
        Self { start, end, duration_seconds }
    }

    /// For how long the stream was off air in between.
    pub fn gap(&self) -> TimeDelta {
        let gap = self.end - Self::lasting(self.start, self.duration_seconds).end;
        if gap > MAX_ROUNDING { gap } else { TimeDelta::zero() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clip::transition::tests::at;

    #[test]
    fn a_part_has_no_frames_where_the_stream_was_off_air() {
        let part = |duration_seconds, start, end| {
            let bounds = Bounds { start: at(0), end: at(20), duration_seconds };
            let part = bounds.part(Window::new(at(start), at(end)).unwrap());
            (part.start, part.end, part.duration_seconds)
        };
        assert_eq!(part(20.0, 2, 12), (at(2), at(12), 10.0));
        assert_eq!(part(20.04, -1, 21), (at(0), at(20), 20.0));
        assert_eq!(part(14.0, 2, 18), (at(2), at(18), 10.0));
    }
}
