//! Moments as clients write them.

use chrono::{DateTime, Datelike as _, TimeDelta, Timelike as _, Utc};

/// From here on, a number is taken for milliseconds: as seconds it would be the year 5138.
const MILLISECONDS_FROM: f64 = 1e11;

/// The last year that a clip id can be written with; an offset can make a later one.
const LAST_YEAR: i32 = 9999;

#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum MomentError {
    #[error("this is neither an RFC 3339 time such as 2020-02-03T13:30:58Z nor epoch seconds")]
    Format,
    #[error("this looks like milliseconds; epoch times are given in seconds")]
    Milliseconds,
    #[error("this is before 1970")]
    BeforeEpoch,
    #[error("this is after the year {LAST_YEAR}")]
    AfterLastYear,
}

/// Reads an RFC 3339 time, or seconds since 1970 with or without a fraction.
pub fn parse_moment(text: &str) -> Result<DateTime<Utc>, MomentError> {
    let moment = match text.parse::<f64>() {
        Ok(seconds) => from_epoch_seconds(seconds)?,
        Err(_) => DateTime::parse_from_rfc3339(text).map_err(|_| MomentError::Format)?.to_utc(),
    };
    if moment < DateTime::UNIX_EPOCH {
        return Err(MomentError::BeforeEpoch);
    }
    // A window is widened to the whole second.
    if LAST_YEAR < ceil_second(moment).year() {
        return Err(MomentError::AfterLastYear);
    }
    Ok(moment)
}

fn from_epoch_seconds(seconds: f64) -> Result<DateTime<Utc>, MomentError> {
    if !seconds.is_finite() {
        return Err(MomentError::Format);
    }
    if MILLISECONDS_FROM <= seconds {
        return Err(MomentError::Milliseconds);
    }
    #[expect(clippy::cast_possible_truncation, reason = "below 1e14, and casts saturate")]
    let milliseconds = (seconds * 1000.0).round() as i64;
    DateTime::from_timestamp_millis(milliseconds).ok_or(MomentError::BeforeEpoch)
}

/// The whole second at or before a moment.
pub fn floor_second(moment: DateTime<Utc>) -> DateTime<Utc> {
    moment.with_nanosecond(0).unwrap_or(moment)
}

/// The whole second at or after a moment.
pub fn ceil_second(moment: DateTime<Utc>) -> DateTime<Utc> {
    let floor = floor_second(moment);
    if floor == moment { floor } else { floor + TimeDelta::seconds(1) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, expected: Result<&str, MomentError>) {
        let actual = parse_moment(text).map(|moment| moment.to_rfc3339());
        assert_eq!(actual.as_deref().map_err(|error| *error), expected, "{text}");
    }

    #[test]
    fn reads_both_forms() {
        check("2020-02-03T13:30:58Z", Ok("2020-02-03T13:30:58+00:00"));
        check("2020-02-03T14:30:58.250+01:00", Ok("2020-02-03T13:30:58.250+00:00"));
        check("1580736658", Ok("2020-02-03T13:30:58+00:00"));
        check("1580736658.25", Ok("2020-02-03T13:30:58.250+00:00"));
        check("99999999999", Ok("5138-11-16T09:46:39+00:00"));
        check("5138-11-16T09:46:39Z", Ok("5138-11-16T09:46:39+00:00"));
        check("9999-12-31T23:59:59Z", Ok("9999-12-31T23:59:59+00:00"));
    }

    #[test]
    fn says_what_is_wrong_with_the_others() {
        check("1580736658000", Err(MomentError::Milliseconds));
        check("-1", Err(MomentError::BeforeEpoch));
        check("-1e300", Err(MomentError::BeforeEpoch));
        check("1950-01-01T00:00:00Z", Err(MomentError::BeforeEpoch));
        check("9999-12-31T23:59:59.5Z", Err(MomentError::AfterLastYear));
        check("9999-12-31T23:59:59-01:00", Err(MomentError::AfterLastYear));
        for text in ["", "now", "NaN", "inf", "2020-02-03", "2020-02-03T13:30:58", "13:30"] {
            check(text, Err(MomentError::Format));
        }
    }
}
