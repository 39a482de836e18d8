//! Times as clients write them, and as replies and ids format them.

use chrono::{DateTime, Datelike as _, SecondsFormat, TimeDelta, Timelike as _, Utc};

/// A number this large is read as milliseconds. As seconds it would be in the year 5138.
const MIN_MILLISECONDS: f64 = 1e11;

/// The last year that a clip id can hold. A time zone offset can lead to a later one.
const MAX_YEAR: i32 = 9999;

/// The format of a time in a clip id: UTC, whole seconds.
pub(super) const STAMP: &str = "%Y%m%d%H%M%S";

#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TimeError {
    #[error("this is neither an RFC 3339 time such as 2020-02-03T13:30:58Z nor epoch seconds")]
    Format,
    #[error("this looks like milliseconds; give epoch times in seconds")]
    Milliseconds,
    #[error("this is before 1970")]
    BeforeEpoch,
    #[error("this is after the year {MAX_YEAR}")]
    AfterLastYear,
}

/// Parses an RFC 3339 time, or seconds since 1970 with or without a fraction.
pub fn parse_time(text: &str) -> Result<DateTime<Utc>, TimeError> {
    let time = match text.parse::<f64>() {
        Ok(seconds) => from_epoch_seconds(seconds)?,
        Err(_) => DateTime::parse_from_rfc3339(text).map_err(|_| TimeError::Format)?.to_utc(),
    };
    if time < DateTime::UNIX_EPOCH {
        return Err(TimeError::BeforeEpoch);
    }
    // MediaPackage gets a window widened to whole seconds.
    if ceil_second(time).year() > MAX_YEAR {
        return Err(TimeError::AfterLastYear);
    }
    Ok(time)
}

fn from_epoch_seconds(seconds: f64) -> Result<DateTime<Utc>, TimeError> {
    if !seconds.is_finite() {
        return Err(TimeError::Format);
    }
    if seconds >= MIN_MILLISECONDS {
        return Err(TimeError::Milliseconds);
    }
    #[expect(clippy::cast_possible_truncation, reason = "below 1e14, and casts saturate")]
    let milliseconds = (seconds * 1000.0).round() as i64;
    DateTime::from_timestamp_millis(milliseconds).ok_or(TimeError::BeforeEpoch)
}

/// Rounds a time down to the whole second.
pub fn floor_second(time: DateTime<Utc>) -> DateTime<Utc> {
    time.with_nanosecond(0).unwrap_or(time)
}

/// Rounds a time down to the whole millisecond.
pub fn floor_millisecond(time: DateTime<Utc>) -> DateTime<Utc> {
    DateTime::from_timestamp_millis(time.timestamp_millis()).unwrap_or(time)
}

/// Rounds a time up to the whole second.
pub fn ceil_second(time: DateTime<Utc>) -> DateTime<Utc> {
    let floor = floor_second(time);
    if floor == time { floor } else { floor + TimeDelta::seconds(1) }
}

/// Formats a time as replies write it: RFC 3339 in UTC, with milliseconds if it has any.
pub fn format_utc(time: DateTime<Utc>) -> String {
    let is_whole = time.timestamp_subsec_millis() == 0;
    time.to_rfc3339_opts(if is_whole { SecondsFormat::Secs } else { SecondsFormat::Millis }, true)
}

/// Formats a time as clip ids begin with it. Ids and stamps compare as text.
pub fn format_stamp(time: DateTime<Utc>) -> String {
    time.format(STAMP).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, expected: Result<&str, TimeError>) {
        let actual = parse_time(text).map(|time| time.to_rfc3339());
        assert_eq!(actual.as_deref().map_err(|error| *error), expected, "{text}");
    }

    #[test]
    fn rfc_3339_times_and_epoch_seconds_are_parsed() {
        check("2020-02-03T13:30:58Z", Ok("2020-02-03T13:30:58+00:00"));
        check("2020-02-03T14:30:58.250+01:00", Ok("2020-02-03T13:30:58.250+00:00"));
        check("1580736658", Ok("2020-02-03T13:30:58+00:00"));
        check("1580736658.25", Ok("2020-02-03T13:30:58.250+00:00"));
        check("99999999999", Ok("5138-11-16T09:46:39+00:00"));
        check("5138-11-16T09:46:39Z", Ok("5138-11-16T09:46:39+00:00"));
        check("9999-12-31T23:59:59Z", Ok("9999-12-31T23:59:59+00:00"));
    }

    #[test]
    fn an_invalid_time_is_refused_with_its_reason() {
        check("1580736658000", Err(TimeError::Milliseconds));
        check("-1", Err(TimeError::BeforeEpoch));
        check("-1e300", Err(TimeError::BeforeEpoch));
        check("1950-01-01T00:00:00Z", Err(TimeError::BeforeEpoch));
        check("9999-12-31T23:59:59.5Z", Err(TimeError::AfterLastYear));
        check("9999-12-31T23:59:59-01:00", Err(TimeError::AfterLastYear));
        for text in ["", "now", "NaN", "inf", "2020-02-03", "2020-02-03T13:30:58", "13:30"] {
            check(text, Err(TimeError::Format));
        }
    }
}
