//! The fault `lag`: manifests of the live origin that are behind the stream, each by its own delay.

use std::sync::Mutex;

use chrono::{DateTime, TimeDelta, Utc};

use super::startover::Stretch;
use crate::faults::Faults;

/// Draws how far each manifest is behind.
#[derive(Debug)]
pub(crate) struct ManifestLag {
    max_milliseconds: f64,
    random: Mutex<fastrand::Rng>,
}

impl ManifestLag {
    pub(crate) fn new(faults: &Faults) -> Self {
        let random = Mutex::new(faults.random("manifests"));
        Self { max_milliseconds: faults.lag * 1000.0, random }
    }

    /// Removes the segments that one manifest does not show yet. The stretch is then not complete.
    pub(super) fn apply(&self, mut stretch: Stretch, now: DateTime<Utc>) -> Stretch {
        let draw = self.random.lock().expect("no thread panics while it holds the lock").f64();
        #[expect(clippy::cast_possible_truncation, reason = "at most an hour")]
        let delay = TimeDelta::milliseconds((draw * self.max_milliseconds) as i64);
        let count = stretch.segments.len();
        stretch.segments.retain(|segment| segment.arrived_at + delay <= now);
        stretch.ended &= stretch.segments.len() == count;
        stretch
    }
}
