//! The segment-aligned start and end that a clip really has.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

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
