//! Finds the first segment that a startover window still holds.

use std::time::{Duration, Instant};

use chrono::{DateTime, TimeDelta, Utc};

use super::{Channel, LiveEndpoint, ManifestReadError, Timeline};
use crate::clip::{Window, ceil_second, floor_second};

/// Most time that one search takes. It needs about 15 requests, once for each stream.
const TIMEOUT: Duration = Duration::from_secs(5);

#[derive(Debug, thiserror::Error)]
pub enum FirstSegmentError {
    #[error(transparent)]
    Read(#[from] ManifestReadError),
    #[error("the search for the first segment took longer than {} s", TIMEOUT.as_secs())]
    Timeout,
}

impl LiveEndpoint {
    /// Finds the start of the first segment that the startover window holds. `live` is the timeline
    /// on air.
    ///
    /// MediaPackage does not document what it answers if a manifest is requested from a time before
    /// the first segment: 404, or a manifest that begins with the first segment. The first request
    /// finds the segment if the answer is the second, or if the stream is longer than the window.
    /// After a 404, the search halves the time span until it is as short as a segment.
    pub async fn find_first_segment(
        &self,
        channel: &Channel,
        live: &Timeline,
    ) -> Result<DateTime<Utc>, FirstSegmentError> {
        let limits = channel.limits();
        let oldest = ceil_second(live.end() - limits.startover);
        if let Some(first) = self.probe(channel, oldest).await? {
            return Ok(first);
        }
        let started = Instant::now();
        // Shorter spans have no whole second in between.
        let precision = limits.segment.max(TimeDelta::seconds(2));
        // The answer lies after `missing` and not after `first`. A manifest from `found` exists.
        let (mut missing, mut found, mut first) = (oldest, live.start(), live.start());
        while found - missing > precision {
            if started.elapsed() > TIMEOUT {
                return Err(FirstSegmentError::Timeout);
            }
            let middle = floor_second(missing + (found - missing) / 2);
            match self.probe(channel, middle).await? {
                None => missing = middle,
                Some(start) => {
                    first = first.min(start);
                    found = first.min(middle);
                }
            }
        }
        Ok(first)
    }

    /// The first segment at or after `start`, which has whole seconds. `None` after a 404.
    async fn probe(
        &self,
        channel: &Channel,
        start: DateTime<Utc>,
    ) -> Result<Option<DateTime<Utc>>, ManifestReadError> {
        let window = Window::new(start, start + Window::MAX_LENGTH).expect("it is not empty");
        match self.first_segment_of(channel, window).await {
            Ok(first) => Ok(Some(first)),
            Err(ManifestReadError::NotFound) => Ok(None),
            Err(error) => Err(error),
        }
    }
}
