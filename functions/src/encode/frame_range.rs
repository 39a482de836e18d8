//! Which frames of a clip's media a window has.

use chrono::{DateTime, TimeDelta, Utc};

use crate::clip::{Bounds, FrameRate};

/// Frames of a clip's media, counted from its first one. There is at least one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FrameRange {
    first: i64,
    /// The frame after the last one.
    end: i64,
    /// The number of frames of the media.
    count: i64,
    rate: FrameRate,
}

impl FrameRange {
    /// The frames that are shown between two times. Where the media does not reach, there are none.
    ///
    /// If the stream was off air in between, the media is shorter than its bounds. Then the last frame
    /// is counted from the end.
    pub fn of_window(
        start: DateTime<Utc>,
        end: DateTime<Utc>,
        bounds: Bounds,
        rate: FrameRate,
    ) -> Self {
        let media = Bounds::lasting(bounds.start, bounds.duration_seconds);
        let count = rate.count_frames(media.end - media.start);
        let frame_at =
            |time: DateTime<Utc>| rate.count_frames((time - bounds.start).max(TimeDelta::zero()));
        let gap = rate.count_frames(bounds.gap());
        let first = frame_at(start).min(count - 1).max(0);
        let end = (frame_at(end) - gap).clamp(first + 1, count.max(first + 1));
        Self { first, end, count, rate }
    }

    /// The timecode of the first frame. `None` if the media starts with it.
    pub fn start_timecode(&self) -> Option<String> {
        (self.first > 0).then(|| format_timecode(self.first, self.rate))
    }

    /// The timecode of the last frame. `None` if the media ends with it.
    pub fn end_timecode(&self) -> Option<String> {
        (self.end < self.count).then(|| format_timecode(self.end - 1, self.rate))
    }

    pub fn duration(&self) -> TimeDelta {
        let milliseconds = (self.end - self.first) * 1000 * i64::from(self.rate.denominator());
        TimeDelta::milliseconds(milliseconds / i64::from(self.rate.numerator()))
    }
}

/// The timecode of a frame, counted from 0. A second has a whole number of frames: 30 at 29.97.
/// <https://docs.aws.amazon.com/mediaconvert/latest/ug/timecode-input.html>
fn format_timecode(frame: i64, rate: FrameRate) -> String {
    let per_second = i64::from(rate.numerator().div_ceil(rate.denominator()));
    let (seconds, frames) = (frame / per_second, frame % per_second);
    let (hours, minutes) = (seconds / 3600, seconds / 60 % 60);
    format!("{hours:02}:{minutes:02}:{:02}:{frames:02}", seconds % 60)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The frames of a window of media, with all times in milliseconds since the media's start.
    fn frames(start: i64, end: i64, rate: f64, media_end: i64, seconds: f64) -> FrameRange {
        let origin = DateTime::from_timestamp(1_580_736_658, 0).unwrap();
        let at = |milliseconds| origin + TimeDelta::milliseconds(milliseconds);
        let bounds = Bounds { start: origin, end: at(media_end), duration_seconds: seconds };
        FrameRange::of_window(at(start), at(end), bounds, FrameRate::from_decimal(rate).unwrap())
    }

    #[test]
    fn the_frames_are_those_of_the_window() {
        let check = |start, end, rate, expected: Option<(i64, i64)>| {
            let found = frames(start, end, rate, 10_000, 10.0);
            let (first, end) = expected.unwrap_or((0, found.count));
            assert_eq!((found.first, found.end), (first, end), "{start} to {end} at {rate}");
            assert_eq!(found.start_timecode().is_none(), first == 0);
            assert_eq!(found.end_timecode().is_none(), end == found.count);
        };
        check(800, 7400, 25.0, Some((20, 185)));
        check(0, 10_000, 25.0, None);
        check(1001, 5005, 29.97, Some((30, 150)));
        check(1001, 5005, 59.94, Some((60, 300)));
        check(1000, 5000, 50.0, Some((50, 250)));
        // A window that the media does not cover, and one of less than a frame.
        check(-500, 12_000, 25.0, None);
        check(1000, 1001, 25.0, Some((25, 26)));
    }

    #[test]
    fn a_gap_of_the_stream_is_no_frames() {
        let found = frames(1000, 19_000, 25.0, 20_000, 12.0);
        assert_eq!((found.first, found.end), (25, 275));
        assert_eq!(found.duration(), TimeDelta::seconds(10));
    }

    #[test]
    fn a_timecode_counts_the_frames_of_the_nominal_rate() {
        let check = |frame, rate, expected: &str| {
            assert_eq!(format_timecode(frame, FrameRate::from_decimal(rate).unwrap()), expected);
        };
        check(0, 25.0, "00:00:00:00");
        check(24, 25.0, "00:00:00:24");
        check(90_025, 25.0, "01:00:01:00");
        check(1800, 29.97, "00:01:00:00");
        check(119, 59.94, "00:00:01:59");
    }
}
