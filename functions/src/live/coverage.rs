//! Checks whether the stream covers a window.

use std::time::Duration;

use chrono::{DateTime, Utc};
use tokio::time::sleep;

use super::{Channel, LiveEndpoint, ManifestReadError, Timeline};
use crate::clip::{Bounds, Window, format_utc};
use crate::error;

/// Why no clip can have a window.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CoverageError {
    #[error(
        "the clip ends at {}, but the stream has only aired up to {}; a clip may end up to four \
         hours after that",
        format_utc(*.end),
        format_utc(*.live_edge)
    )]
    NotAired { end: DateTime<Utc>, live_edge: DateTime<Utc> },
    #[error(
        "the clip starts at {}, but the startover window only reaches back to {}",
        format_utc(*.start),
        format_utc(*.oldest)
    )]
    Expired { start: DateTime<Utc>, oldest: DateTime<Utc> },
    #[error(
        "the stream was only on air from {} to {} of this window",
        format_utc(*.start),
        format_utc(*.end)
    )]
    PartlyOffAir { start: DateTime<Utc>, end: DateTime<Utc> },
    #[error(
        "the clip starts at {}, but the stream has only been on air since {}",
        format_utc(*.start),
        format_utc(*.first)
    )]
    BeforeStream { start: DateTime<Utc>, first: DateTime<Utc> },
    #[error("the stream was not on air during this window")]
    OffAir,
}

/// When a manifest that was not found is read again. One answer of 404 is not believed.
const NOT_FOUND_RETRY_DELAY: Duration = Duration::from_millis(500);

/// If the timeline of a window that has aired was not found, reads it once more.
pub async fn confirm_not_found(
    endpoint: &LiveEndpoint,
    channel: &Channel,
    window: Window,
    requested: Result<Timeline, ManifestReadError>,
) -> Result<Timeline, ManifestReadError> {
    if !matches!(requested, Err(ManifestReadError::NotFound)) {
        return requested;
    }
    sleep(NOT_FOUND_RETRY_DELAY).await;
    endpoint.window_timeline(channel, window).await
}

/// Finds out why a window is off air: if the stream began after its start, says when.
pub async fn explain_off_air(
    endpoint: &LiveEndpoint,
    channel: &Channel,
    window: Window,
    live: Option<&Timeline>,
    error: CoverageError,
) -> CoverageError {
    let (CoverageError::OffAir, Some(live)) = (error, live) else { return error };
    match endpoint.find_first_segment(channel, live).await {
        Ok(first) if first > window.start() => {
            CoverageError::BeforeStream { start: window.start(), first }
        }
        _ => error,
    }
}

/// Checks that the startover window still contains the start of a window.
pub fn check_not_expired(
    channel: &Channel,
    window: Window,
    live_edge: DateTime<Utc>,
) -> Result<(), CoverageError> {
    let (start, oldest) = (window.start(), live_edge - channel.limits().startover);
    if start >= oldest { Ok(()) } else { Err(CoverageError::Expired { start, oldest }) }
}

/// Returns the bounds of a clip of this window, or why the stream does not cover the window.
///
/// `live` is the timeline on air, and `requested` the timeline of the window. The two manifests may lag
/// each other by a segment. If one of them shows that the window has aired, and the other does not
/// show it yet, the result is [`CoverageError::NotAired`], and a later reading decides.
///
/// If the manifest could not be read, the result is `Ok(None)`: the clip is created without bounds, because an operator's
/// request must not fail when the origin does. Even then, the clock can show that the window has
/// not aired or has expired.
pub fn find_bounds(
    channel: &Channel,
    window: Window,
    live: Option<&Timeline>,
    requested: Result<Timeline, ManifestReadError>,
    now: DateTime<Utc>,
) -> Result<Option<Bounds>, CoverageError> {
    let live_edge = live.map_or(now, Timeline::end);
    let not_aired = CoverageError::NotAired { end: window.end(), live_edge };
    match requested {
        Ok(timeline) if !timeline.ended => Err(not_aired),
        Ok(timeline) if is_behind(&timeline, window, live) => Err(not_aired),
        Ok(timeline) if window.start() < timeline.start() || window.end() > timeline.end() => {
            Err(CoverageError::PartlyOffAir { start: timeline.start(), end: timeline.end() })
        }
        Ok(timeline) => Ok(Some(timeline.bounds())),
        Err(_) if window.end() > live_edge => Err(not_aired),
        Err(cause) => {
            check_not_expired(channel, window, live_edge)?;
            if matches!(cause, ManifestReadError::NotFound) {
                let is_on_air = live.is_some_and(|live| live.covers(window.start(), window.end()));
                return Err(if is_on_air { not_aired } else { CoverageError::OffAir });
            }
            let chain = error::chain(&cause);
            tracing::warn!(
                "could not read the bounds of a clip of channel {}: {chain}",
                channel.id
            );
            Ok(None)
        }
    }
}

/// Whether the timeline of a window lacks segments at its end that the live manifest has.
fn is_behind(timeline: &Timeline, window: Window, live: Option<&Timeline>) -> bool {
    let is_short = timeline.end() < window.end();
    is_short && live.is_some_and(|live| live.covers(timeline.end(), window.end()))
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    pub(crate) fn at(seconds: f64) -> DateTime<Utc> {
        #[expect(clippy::cast_possible_truncation, reason = "small numbers")]
        let milliseconds = (seconds * 1000.0) as i64;
        DateTime::from_timestamp_millis(1_580_736_000_000 + milliseconds).unwrap()
    }

    pub(crate) fn channel() -> Channel {
        serde_json::from_value(serde_json::json!({
            "id": "main", "competition": "demo", "originEndpointId": "main-hls",
            "manifest": "http://origin/index.m3u8", "viewerManifest": "http://cdn/index.m3u8",
            "segmentSeconds": 2, "startoverSeconds": 900,
        }))
        .unwrap()
    }

    /// A timeline of two-second segments.
    pub(crate) fn timeline(start: f64, count: usize, ended: bool) -> Timeline {
        let mut text = format!(
            "#EXTM3U\n#EXT-X-TARGETDURATION:2\n#EXT-X-PROGRAM-DATE-TIME:{}\n",
            at(start).to_rfc3339()
        );
        text.push_str(&"#EXTINF:2,\na.ts\n".repeat(count));
        if ended {
            text.push_str("#EXT-X-ENDLIST\n");
        }
        let playlist = m3u8_rs::parse_media_playlist_res(text.as_bytes()).unwrap();
        Timeline::from_playlist(&playlist).unwrap()
    }

    /// Checks a clip from second 900 to second 930, whose stream is on air up to second 1000.
    #[track_caller]
    fn check(
        now: f64,
        on_air: Option<&Timeline>,
        read: Result<Timeline, ManifestReadError>,
        expected: Result<Option<f64>, &str>,
    ) {
        let window = Window::new(at(900.0), at(930.0)).unwrap();
        let actual = find_bounds(&channel(), window, on_air, read, at(now))
            .map(|bounds| bounds.map(|bounds| bounds.duration_seconds))
            .map_err(|error| match error {
                CoverageError::NotAired { .. } => "not aired",
                CoverageError::Expired { .. } => "expired",
                CoverageError::PartlyOffAir { .. } => "partly off air",
                CoverageError::BeforeStream { .. } => "before the stream",
                CoverageError::OffAir => "off air",
            });
        assert_eq!(actual, expected);
    }

    #[test]
    fn a_window_on_air_has_the_bounds_of_its_segments() {
        let on_air = timeline(940.0, 30, false);
        let check = |read, expected| check(1000.0, Some(&on_air), read, expected);
        check(Ok(timeline(899.0, 16, true)), Ok(Some(32.0)));
        check(Ok(timeline(901.0, 15, true)), Err("partly off air"));
        check(Ok(timeline(899.0, 15, true)), Err("partly off air"));
        check(Err(ManifestReadError::NotFound), Err("off air"));
    }

    #[test]
    fn a_manifest_that_lags_the_live_manifest_is_not_believed() {
        let on_air = timeline(880.0, 60, false);
        let check = |read, expected| check(1000.0, Some(&on_air), read, expected);
        check(Err(ManifestReadError::NotFound), Err("not aired"));
        check(Ok(timeline(899.0, 14, true)), Err("not aired"));
        check(Ok(timeline(899.0, 14, false)), Err("not aired"));
        check(Ok(timeline(901.0, 15, true)), Err("partly off air"));
    }

    #[test]
    fn the_live_manifest_may_lag_the_manifest_of_a_window() {
        let on_air = timeline(860.0, 34, false);
        check(1000.0, Some(&on_air), Ok(timeline(899.0, 16, true)), Ok(Some(32.0)));
    }

    #[test]
    fn coverage_is_decided_by_the_streams_clock() {
        let until = |end: f64| timeline(end - 20.0, 10, false);
        let not_aired = Err("not aired");
        check(9999.0, Some(&until(929.0)), Err(ManifestReadError::NotFound), not_aired);
        check(9999.0, Some(&until(929.0)), Ok(timeline(899.0, 15, false)), not_aired);
        let not_found = || Err(ManifestReadError::NotFound);
        check(1000.0, Some(&until(1801.0)), not_found(), Err("expired"));
        check(1000.0, Some(&until(1799.0)), not_found(), Err("off air"));
    }

    #[test]
    fn an_unreadable_manifest_gives_no_bounds_and_no_error() {
        let broken = || Err(ManifestReadError::Status(reqwest::StatusCode::BAD_GATEWAY));
        check(1000.0, None, broken(), Ok(None));
        check(929.0, None, broken(), Err("not aired"));
        check(1801.0, None, broken(), Err("expired"));
    }
}
