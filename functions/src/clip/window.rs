//! The start and end that an operator asks for.

use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};

use super::time::{ceil_second, floor_millisecond, floor_second};

/// The start and end of a clip on the clock of PROGRAM-DATE-TIME, to the millisecond.
///
/// MediaPackage takes POSIX seconds, for harvest jobs and for time-shifted manifests. It gets the
/// window widened to whole seconds: [`start`](Self::start) and [`end`](Self::end). All viewers of a
/// clip request these seconds, so that a CDN can cache the manifest. Players show what the operator
/// asked for: [`exact_start`](Self::exact_start) to [`exact_end`](Self::exact_end).
/// <https://docs.aws.amazon.com/mediapackage/latest/ug/time-shifted.html>
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "Ends", into = "Ends")]
pub struct Window {
    // Invariant: whole milliseconds, start < end.
    start: DateTime<Utc>,
    end: DateTime<Utc>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Ends {
    start: DateTime<Utc>,
    end: DateTime<Utc>,
}

/// The limits that an origin endpoint sets for every window.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// The endpoint's segment duration.
    pub segment: TimeDelta,
    /// The endpoint's startover window: how far back it keeps the stream.
    pub startover: TimeDelta,
}

#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum WindowError {
    #[error("the clip ends at or before its start")]
    Empty,
    #[error("a clip is at least {} s long, which is two segments", .min_length.num_seconds())]
    TooShort { min_length: TimeDelta },
    #[error("a clip is at most 24 hours long")]
    TooLong,
    #[error(
        "the clip is longer than the startover window of {} s",
        .startover.num_seconds()
    )]
    LongerThanStartover { startover: TimeDelta },
}

impl Window {
    /// Longest time-shifted manifest, and therefore longest harvest.
    /// <https://docs.aws.amazon.com/mediapackage/latest/ug/limits-live.html>
    pub const MAX_LENGTH: TimeDelta = TimeDelta::hours(24);

    /// The window between two times. Digits after the millisecond are ignored.
    pub fn new(start: DateTime<Utc>, end: DateTime<Utc>) -> Result<Self, WindowError> {
        let (start, end) = (floor_millisecond(start), floor_millisecond(end));
        if start < end { Ok(Self { start, end }) } else { Err(WindowError::Empty) }
    }

    /// The longest window of whole seconds between both times.
    pub fn new_within(start: DateTime<Utc>, end: DateTime<Utc>) -> Result<Self, WindowError> {
        Self::new(ceil_second(start), floor_second(end))
    }

    /// The start for MediaPackage: the last whole second at or before the exact start.
    pub fn start(self) -> DateTime<Utc> {
        floor_second(self.start)
    }

    /// The end for MediaPackage: the first whole second at or after the exact end.
    pub fn end(self) -> DateTime<Utc> {
        ceil_second(self.end)
    }

    /// The start that the operator asked for.
    pub fn exact_start(self) -> DateTime<Utc> {
        self.start
    }

    /// The end that the operator asked for.
    pub fn exact_end(self) -> DateTime<Utc> {
        self.end
    }

    /// The same start with another end.
    pub fn with_end(self, end: DateTime<Utc>) -> Result<Self, WindowError> {
        Self::new(self.start, end)
    }

    /// Checks the widened window against the limits of the endpoint.
    ///
    /// MediaPackage documents no shortest harvest. A harvest of less than one segment fails without
    /// a reason, so two segments are required.
    /// <https://docs.aws.amazon.com/mediapackage/latest/ug/ltov-reqmts.html>
    pub fn check(self, limits: Limits) -> Result<(), WindowError> {
        let min_length = limits.segment * 2;
        let length = self.end() - self.start();
        if length < min_length {
            return Err(WindowError::TooShort { min_length });
        }
        if length > Self::MAX_LENGTH {
            return Err(WindowError::TooLong);
        }
        if length > limits.startover {
            return Err(WindowError::LongerThanStartover { startover: limits.startover });
        }
        Ok(())
    }
}

impl TryFrom<Ends> for Window {
    type Error = WindowError;

    fn try_from(Ends { start, end }: Ends) -> Result<Self, WindowError> {
        Self::new(start, end)
    }
}

impl From<Window> for Ends {
    fn from(Window { start, end }: Window) -> Self {
        Self { start, end }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(milliseconds: i64) -> DateTime<Utc> {
        DateTime::from_timestamp_millis(milliseconds).unwrap()
    }

    /// Times are seconds; segments last 2 s and the endpoint keeps 100,000 s.
    #[track_caller]
    fn check(start: i64, end: i64, expected: Result<(), &str>) {
        let limits =
            Limits { segment: TimeDelta::seconds(2), startover: TimeDelta::seconds(100_000) };
        let actual = Window::new(at(start * 1000), at(end * 1000))
            .and_then(|window| window.check(limits))
            .map_err(|error| error.to_string());
        assert_eq!(actual, expected.map_err(str::to_owned));
    }

    #[test]
    fn a_window_of_two_segments_to_24_hours_is_accepted() {
        check(0, 4, Ok(()));
        check(10, 86_410, Ok(()));
    }

    #[test]
    fn an_empty_or_too_short_or_too_long_window_is_refused() {
        check(7, 7, Err("the clip ends at or before its start"));
        check(8, 7, Err("the clip ends at or before its start"));
        check(0, 3, Err("a clip is at least 4 s long, which is two segments"));
        check(0, 86_401, Err("a clip is at most 24 hours long"));
    }

    #[test]
    fn a_window_longer_than_the_startover_window_is_refused() {
        let limits = Limits { segment: TimeDelta::seconds(2), startover: TimeDelta::seconds(900) };
        let check = |length: i64| Window::new(at(0), at(length * 1000)).unwrap().check(limits);
        assert_eq!(check(900), Ok(()));
        assert_eq!(
            check(901).unwrap_err().to_string(),
            "the clip is longer than the startover window of 900 s"
        );
    }

    #[test]
    fn a_window_is_exact_and_widened_to_whole_seconds_for_mediapackage() {
        let window = Window::new(at(1_999), at(7_001)).unwrap();
        assert_eq!((window.exact_start(), window.exact_end()), (at(1_999), at(7_001)));
        assert_eq!((window.start(), window.end()), (at(1_000), at(8_000)));
        let window = Window::new(at(2_000), at(7_000)).unwrap();
        assert_eq!((window.start(), window.end()), (at(2_000), at(7_000)));
    }

    #[test]
    fn digits_after_the_millisecond_are_ignored() {
        let microsecond = TimeDelta::microseconds(1);
        let window = Window::new(at(1_999) + microsecond, at(7_000) + microsecond).unwrap();
        assert_eq!(Ok(window), Window::new(at(1_999), at(7_000)));
        assert_eq!(window.end(), at(7_000));
        assert_eq!(Window::new(at(1_999), at(1_999) + microsecond), Err(WindowError::Empty));
    }

    #[test]
    fn the_length_of_the_widened_window_is_checked() {
        let limits = Limits { segment: TimeDelta::seconds(2), startover: TimeDelta::seconds(900) };
        assert_eq!(Window::new(at(1_999), at(5_001)).unwrap().check(limits), Ok(()));
        let widened = Window::new(at(999), at(900_001)).unwrap();
        assert!(widened.check(limits).is_err(), "MediaPackage would be asked for 901 s");
    }

    #[test]
    fn a_window_within_two_times_is_narrowed_to_whole_seconds() {
        let window = Window::new_within(at(1_999), at(7_001)).unwrap();
        assert_eq!((window.start(), window.end()), (at(2_000), at(7_000)));
        assert_eq!(Window::new_within(at(1_001), at(1_999)), Err(WindowError::Empty));
    }

    #[test]
    fn a_window_in_the_year_5138_is_accepted() {
        assert!(Window::new(at(99_999_999_000_000), at(99_999_999_060_000)).is_ok());
    }
}
