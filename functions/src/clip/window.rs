//! The stretch of live time a clip is asked for.

use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};

use super::moment::{ceil_second, floor_second};

/// A stretch of live time, in whole seconds of PROGRAM-DATE-TIME.
///
/// Whole seconds, because they are what a time-shifted manifest is asked for with (POSIX
/// seconds), and every viewer of a clip must ask with the same ones for a CDN to cache them.
/// <https://docs.aws.amazon.com/mediapackage/latest/ug/time-shifted.html>
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "Bounds", into = "Bounds")]
pub struct Window {
    // Invariant: whole seconds, start < end.
    start: DateTime<Utc>,
    end: DateTime<Utc>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Bounds {
    start: DateTime<Utc>,
    end: DateTime<Utc>,
}

/// What an origin endpoint lets a clip be, whatever is on air.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// The endpoint's segment duration.
    pub segment: TimeDelta,
    /// How far back the endpoint keeps the stream.
    pub startover: TimeDelta,
}

#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum WindowError {
    #[error("the clip ends at or before its start")]
    Empty,
    #[error("a clip lasts at least {} s, two segments of the stream", .shortest.num_seconds())]
    TooShort { shortest: TimeDelta },
    #[error("a clip lasts at most 24 hours")]
    TooLong,
    #[error(
        "the clip is longer than the {} s of the stream that are kept",
        .startover.num_seconds()
    )]
    LongerThanStartover { startover: TimeDelta },
}

impl Window {
    /// The longest time-shifted manifest, and so the longest harvest.
    /// <https://docs.aws.amazon.com/mediapackage/latest/ug/limits-live.html>
    pub const LONGEST: TimeDelta = TimeDelta::hours(24);

    /// The shortest window of whole seconds that holds both moments.
    pub fn new(start: DateTime<Utc>, end: DateTime<Utc>) -> Result<Self, WindowError> {
        Self::of_seconds(floor_second(start), ceil_second(end))
    }

    /// The longest window of whole seconds that lies between both moments.
    pub fn within(start: DateTime<Utc>, end: DateTime<Utc>) -> Result<Self, WindowError> {
        Self::of_seconds(ceil_second(start), floor_second(end))
    }

    fn of_seconds(start: DateTime<Utc>, end: DateTime<Utc>) -> Result<Self, WindowError> {
        if start < end { Ok(Self { start, end }) } else { Err(WindowError::Empty) }
    }

    pub fn start(self) -> DateTime<Utc> {
        self.start
    }

    pub fn end(self) -> DateTime<Utc> {
        self.end
    }

    /// Checks the rules that hold whatever is on air.
    ///
    /// MediaPackage publishes no shortest harvest, but less than one segment fails without a
    /// reason; two leave a margin.
    /// <https://docs.aws.amazon.com/mediapackage/latest/ug/ltov-reqmts.html>
    pub fn check(self, limits: Limits) -> Result<(), WindowError> {
        let shortest = limits.segment * 2;
        let length = self.end - self.start;
        if length < shortest {
            return Err(WindowError::TooShort { shortest });
        }
        if Self::LONGEST < length {
            return Err(WindowError::TooLong);
        }
        if limits.startover < length {
            return Err(WindowError::LongerThanStartover { startover: limits.startover });
        }
        Ok(())
    }
}

impl TryFrom<Bounds> for Window {
    type Error = WindowError;

    fn try_from(Bounds { start, end }: Bounds) -> Result<Self, WindowError> {
        Self::new(start, end)
    }
}

impl From<Window> for Bounds {
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
    fn accepts_two_segments_to_a_day() {
        check(0, 4, Ok(()));
        check(10, 86_410, Ok(()));
    }

    #[test]
    fn refuses_what_no_harvest_can_give() {
        check(7, 7, Err("the clip ends at or before its start"));
        check(8, 7, Err("the clip ends at or before its start"));
        check(0, 3, Err("a clip lasts at least 4 s, two segments of the stream"));
        check(0, 86_401, Err("a clip lasts at most 24 hours"));
    }

    #[test]
    fn refuses_more_than_is_kept() {
        let limits = Limits { segment: TimeDelta::seconds(2), startover: TimeDelta::seconds(900) };
        let check = |length: i64| Window::new(at(0), at(length * 1000)).unwrap().check(limits);
        assert_eq!(check(900), Ok(()));
        assert_eq!(
            check(901).unwrap_err().to_string(),
            "the clip is longer than the 900 s of the stream that are kept"
        );
    }

    #[test]
    fn widens_to_whole_seconds() {
        let window = Window::new(at(1_999), at(7_001)).unwrap();
        assert_eq!((window.start(), window.end()), (at(1_000), at(8_000)));
        let window = Window::new(at(2_000), at(7_000)).unwrap();
        assert_eq!((window.start(), window.end()), (at(2_000), at(7_000)));
    }

    #[test]
    fn narrows_to_whole_seconds() {
        let window = Window::within(at(1_999), at(7_001)).unwrap();
        assert_eq!((window.start(), window.end()), (at(2_000), at(7_000)));
        assert_eq!(Window::within(at(1_001), at(1_999)), Err(WindowError::Empty));
    }

    #[test]
    fn the_year_5138_is_a_time_like_others() {
        assert!(Window::new(at(99_999_999_000_000), at(99_999_999_060_000)).is_ok());
    }
}
