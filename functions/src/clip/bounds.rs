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
}
