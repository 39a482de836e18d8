//! Checks a requested window against the live stream.

use chrono::{DateTime, TimeDelta, Utc};

use crate::api::{Problem, ProblemKind};
use crate::clip::{Bounds, Window, WindowError};
use crate::error::format_sentence;
use crate::live::coverage::{check_not_expired, confirm_not_found, explain_off_air, find_bounds};
use crate::live::{Channel, CoverageError, LiveEndpoint, ManifestReadError, Timeline};

/// A window that the stream covers, now or later.
#[derive(Clone, Copy, Debug)]
pub struct ResolvedWindow {
    pub window: Window,
    /// `None` if the manifest could not be read, or if the end has not aired.
    pub actual: Option<Bounds>,
    pub has_aired: bool,
}

/// How long after the live edge a clip may end.
const MAX_AHEAD: TimeDelta = TimeDelta::hours(4);

impl ResolvedWindow {
    /// Checks a window: its length, and whether the stream covers it or may cover it within four
    /// hours.
    ///
    /// If the manifest of the window is complete, no other manifest is read. Otherwise the live
    /// manifest decides whether the rest is still to come.
    pub async fn resolve(
        endpoint: &LiveEndpoint,
        channel: &Channel,
        window: Window,
        now: DateTime<Utc>,
    ) -> Result<Self, Problem> {
        window.check(channel.limits()).map_err(|error| invalid_window("end", &error))?;
        let mut requested = None;
        if window.end() <= now {
            let read = endpoint.window_timeline(channel, window).await;
            if let Ok(timeline) = &read
                && timeline.is_whole(window)
            {
                return Ok(Self { window, actual: Some(timeline.bounds()), has_aired: true });
            }
            requested = Some(read);
        }
        let live = endpoint.live_timeline(channel).await.ok();
        let live_edge = live.as_ref().map_or(now, Timeline::end);
        let has_aired = window.end() <= live_edge;
        let requested = match requested {
            Some(requested) => requested,
            None if has_aired => endpoint.window_timeline(channel, window).await,
            None => Err(ManifestReadError::NotFound),
        };
        let requested = if has_aired {
            confirm_not_found(endpoint, channel, window, requested).await
        } else {
            requested
        };
        match find_bounds(channel, window, live.as_ref(), requested, now) {
            Ok(actual) => Ok(Self { window, actual, has_aired: true }),
            Err(CoverageError::NotAired { .. }) if window.end() <= live_edge + MAX_AHEAD => {
                check_not_expired(channel, window, live_edge)?;
                Ok(Self::ahead(window))
            }
            Err(error) => {
                Err(explain_off_air(endpoint, channel, window, live.as_ref(), error).await.into())
            }
        }
    }

    /// A window whose end has not aired, as far as all manifests show.
    pub(super) fn ahead(window: Window) -> Self {
        Self { window, actual: None, has_aired: false }
    }
}

impl From<CoverageError> for Problem {
    fn from(error: CoverageError) -> Self {
        let (kind, field) = match error {
            CoverageError::NotAired { .. } => (ProblemKind::WindowNotAired, "end"),
            CoverageError::Expired { .. } => (ProblemKind::WindowExpired, "start"),
            CoverageError::PartlyOffAir { .. }
            | CoverageError::BeforeStream { .. }
            | CoverageError::OffAir => (ProblemKind::WindowUnavailable, "start"),
        };
        Self::for_field(kind, field, format_sentence(&error))
    }
}

/// The problem of a window that is invalid for the channel at any time.
pub fn invalid_window(field: &str, error: &WindowError) -> Problem {
    Problem::for_field(ProblemKind::InvalidWindow, field, format_sentence(error))
}
