//! A mark: a moment or a stretch of a channel's stream, with a label.

use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;

use chrono::{DateTime, NaiveDateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};

use super::ChannelId;
use super::id::{is_suffix, random_suffix};

/// The format of the time in an id: UTC, in milliseconds.
const STAMP: &str = "%Y%m%d%H%M%S%3f";
const STAMP_LENGTH: usize = 17;

/// A moment or a stretch of a channel's stream. Times have milliseconds and are on the stream's clock.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Mark {
    pub id: MarkId,
    pub channel: ChannelId,
    pub at: DateTime<Utc>,
    /// The end of a stretch, at most [`Mark::MAX_LENGTH`] after `at`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub end: Option<DateTime<Utc>>,
    pub label: String,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub tags: BTreeMap<String, String>,
    pub source: MarkSource,
    /// How sure the source is, from 0 to 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub confidence: Option<f64>,
    /// The source's own name of the mark. A source has one mark for each of its keys.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub key: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub created_by: Option<String>,
    /// When the service received the mark, on its own clock.
    pub received_at: DateTime<Utc>,
    /// When the mark is deleted, on the service's clock.
    #[serde(rename = "expiresAtSeconds", with = "chrono::serde::ts_seconds")]
    pub expires_at: DateTime<Utc>,
}

/// The id of a mark: its time in UTC and a suffix. The marks of a channel therefore sort by time.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct MarkId(String);

/// Which system a mark comes from, such as `scte35`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct MarkSource(String);

#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum MarkError {
    #[error("a mark id is YYYYMMDDHHMMSSmmm_ and six letters or digits")]
    Id,
    #[error("a source is 1 to {} lowercase letters, digits and hyphens", MarkSource::MAX_LENGTH)]
    Source,
}

impl Mark {
    /// Longest stretch that a mark can cover.
    pub const MAX_LENGTH: TimeDelta = TimeDelta::hours(1);

    /// When a mark is deleted: when the channel no longer keeps the end of its stretch.
    ///
    /// The stream of a recording can have times of another year. Then the time of receipt counts.
    pub fn expiry(
        at: DateTime<Utc>,
        end: Option<DateTime<Utc>>,
        received_at: DateTime<Utc>,
        startover: TimeDelta,
    ) -> DateTime<Utc> {
        end.unwrap_or(at).max(received_at) + startover
    }
}

impl MarkId {
    /// Creates an id for a mark at this time, with a random suffix.
    pub fn for_time(at: DateTime<Utc>) -> Self {
        Self(format!("{}_{}", Self::format_stamp(at), random_suffix()))
    }

    /// Formats a time as ids begin with it.
    pub fn format_stamp(at: DateTime<Utc>) -> String {
        at.format(STAMP).to_string()
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for MarkId {
    type Err = MarkError;

    fn from_str(text: &str) -> Result<Self, MarkError> {
        let (stamp, suffix) = text.split_once('_').ok_or(MarkError::Id)?;
        let is_stamp = stamp.len() == STAMP_LENGTH
            && stamp.bytes().all(|byte| byte.is_ascii_digit())
            && NaiveDateTime::parse_from_str(stamp, STAMP).is_ok();
        if is_stamp && is_suffix(suffix) { Ok(Self(text.to_owned())) } else { Err(MarkError::Id) }
    }
}

impl MarkSource {
    /// Longest name, in characters.
    pub const MAX_LENGTH: usize = 32;

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for MarkSource {
    type Err = MarkError;

    fn from_str(text: &str) -> Result<Self, MarkError> {
        let allowed = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
        if (1..=Self::MAX_LENGTH).contains(&text.len()) && text.bytes().all(allowed) {
            Ok(Self(text.to_owned()))
        } else {
            Err(MarkError::Source)
        }
    }
}

macro_rules! text_form {
    ($type:ty) => {
        impl TryFrom<String> for $type {
            type Error = MarkError;

            fn try_from(text: String) -> Result<Self, MarkError> {
                text.parse()
            }
        }

        impl From<$type> for String {
            fn from(value: $type) -> Self {
                value.0
            }
        }

        impl fmt::Display for $type {
            fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str(&self.0)
            }
        }
    };
}

text_form!(MarkId);
text_form!(MarkSource);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_sort_by_time_and_parse_back() {
        let id = |text: &str| MarkId::for_time(text.parse().unwrap());
        let (first, second) = (id("2020-02-03T13:30:58.249Z"), id("2020-02-03T13:30:58.250Z"));
        assert!(first < second, "{first} {second}");
        assert!(second.as_str().starts_with("20200203133058250_"), "{second}");
        assert_eq!(second.to_string().parse(), Ok(second));
        for text in ["", "20200203133058250", "20200203133058_aB3dE9", "20201303133058250_aB3dE9"] {
            assert_eq!(text.parse::<MarkId>(), Err(MarkError::Id), "{text}");
        }
    }

    #[test]
    fn a_source_is_a_short_name() {
        for text in ["operator", "scte35", "timing-2"] {
            assert_eq!(text.parse::<MarkSource>().unwrap().as_str(), text);
        }
        for text in ["", "Operator", "a#b", &"a".repeat(33)] {
            assert_eq!(text.parse::<MarkSource>(), Err(MarkError::Source), "{text}");
        }
    }

    #[test]
    fn a_mark_expires_with_the_startover_window() {
        let time = |text: &str| text.parse::<DateTime<Utc>>().unwrap();
        let check = |at: &str, end: Option<&str>, received: &str, expected: &str| {
            let hour = TimeDelta::hours(1);
            let expiry = Mark::expiry(time(at), end.map(time), time(received), hour);
            assert_eq!(expiry, time(expected));
        };
        let (at, late) = ("2026-02-03T13:30:00Z", "2026-02-03T13:45:00Z");
        check(at, None, at, "2026-02-03T14:30:00Z");
        check(at, Some(late), at, "2026-02-03T14:45:00Z");
        check(at, None, late, "2026-02-03T14:45:00Z");
        check("2020-02-03T13:30:00Z", None, at, "2026-02-03T14:30:00Z");
    }
}
