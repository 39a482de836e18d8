//! Frame rates, and times counted in frames.

use std::fmt;

use chrono::TimeDelta;

/// The frame rate of a video, as an exact fraction: 30000/1001 for 29.97.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FrameRate {
    // Invariant: neither is 0.
    numerator: u32,
    denominator: u32,
}

/// The highest frame rate that a manifest may state.
const MAX_RATE: f64 = 300.0;
/// How far a number of three decimals may be from the frame rate that it stands for.
const MAX_ROUNDING: f64 = 0.0006;

impl FrameRate {
    /// Finds the frame rate that a manifest states with three decimals, or `None` if the number is no
    /// frame rate.
    ///
    /// 29.970 stands for 30000/1001, as in every broadcast standard.
    /// <https://www.rfc-editor.org/rfc/rfc8216#section-4.3.4.2>
    pub fn from_decimal(rate: f64) -> Option<Self> {
        if !(1.0..=MAX_RATE).contains(&rate) {
            return None;
        }
        let whole = (rate - MAX_ROUNDING).ceil();
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "at most 300")]
        let numerator = |rate: f64| (rate * 1000.0).round() as u32;
        let is_near = |exact: f64| (rate - exact).abs() < MAX_ROUNDING;
        Some(if is_near(whole) {
            Self { numerator: numerator(whole) / 1000, denominator: 1 }
        } else if is_near(whole * 1000.0 / 1001.0) {
            Self { numerator: numerator(whole), denominator: 1001 }
        } else {
            Self { numerator: numerator(rate), denominator: 1000 }
        })
    }

    /// Counts the frames of a duration, rounded to the nearest one. Times have milliseconds, and the
    /// start of a frame rarely is a whole millisecond.
    pub fn count_frames(self, duration: TimeDelta) -> i64 {
        let per_second = 1_000_000 * i128::from(self.denominator);
        let microseconds = i128::from(duration.num_microseconds().unwrap_or(i64::MAX));
        let frames = (microseconds * i128::from(self.numerator) + per_second / 2) / per_second;
        i64::try_from(frames).unwrap_or(i64::MAX)
    }

    pub fn numerator(self) -> u32 {
        self.numerator
    }

    pub fn denominator(self) -> u32 {
        self.denominator
    }

    /// The frames of a second.
    pub fn as_f64(self) -> f64 {
        f64::from(self.numerator) / f64::from(self.denominator)
    }
}

impl fmt::Display for FrameRate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.numerator, self.denominator)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_decimal_number_is_the_fraction_that_it_stands_for() {
        let check = |decimal, expected: Option<&str>| {
            let rate = FrameRate::from_decimal(decimal).map(|rate| rate.to_string());
            assert_eq!(rate.as_deref(), expected, "{decimal}");
        };
        check(25.0, Some("25/1"));
        check(50.0, Some("50/1"));
        check(23.976, Some("24000/1001"));
        check(29.97, Some("30000/1001"));
        check(59.94, Some("60000/1001"));
        check(119.88, Some("120000/1001"));
        check(30.0, Some("30/1"));
        check(12.5, Some("12500/1000"));
        for other in [0.0, -25.0, 301.0, f64::NAN, f64::INFINITY] {
            check(other, None);
        }
    }

    #[test]
    fn every_frame_is_found_by_its_start_in_whole_milliseconds() {
        for decimal in [23.976, 25.0, 29.97, 50.0, 59.94, 60.0] {
            let rate = FrameRate::from_decimal(decimal).unwrap();
            for frame in (0..200_000).step_by(37) {
                let start =
                    frame * 1000 * i64::from(rate.denominator()) / i64::from(rate.numerator());
                assert_eq!(rate.count_frames(TimeDelta::milliseconds(start)), frame, "{rate}");
            }
        }
    }
}
