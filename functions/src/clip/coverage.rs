//! What of a window the stream can give.

use chrono::{DateTime, Utc};

use super::Window;
use crate::error;
use crate::http::{Problem, ProblemKind, utc};
use crate::library::ActualBounds;
use crate::live::{Channel, ReadError, Timeline};

/// Refuses a window whose start the stream does not keep any more, now that it is on air up to
/// `edge`.
pub(super) fn still_kept(
    channel: &Channel,
    window: Window,
    edge: DateTime<Utc>,
) -> Result<(), Problem> {
    let oldest = edge - channel.limits().startover;
    if oldest <= window.start() {
        return Ok(());
    }
    let detail = format!(
        "The clip starts at {}, but the stream is only kept since {}.",
        utc(window.start()),
        utc(oldest)
    );
    Err(Problem::of_field(ProblemKind::WindowExpired, "start", detail))
}

/// The bounds a clip of `window` will have, or why there can be none.
///
/// A manifest that could not be read tells neither: the clip is then made without bounds, for an
/// origin's bad moment is no reason to fail an operator. Only what the clock rules out is refused.
pub(super) fn covered(
    channel: &Channel,
    window: Window,
    on_air: Option<&Timeline>,
    timeline: Result<Timeline, ReadError>,
    now: DateTime<Utc>,
) -> Result<Option<ActualBounds>, Problem> {
    let edge = on_air.map_or(now, Timeline::end);
    let not_aired = || {
        let detail = format!(
            "The clip ends at {}, but the stream has only aired up to {}; a clip may end four hours \
             after that at most.",
            utc(window.end()),
            utc(edge)
        );
        Problem::of_field(ProblemKind::WindowNotAired, "end", detail)
    };
    let kept = still_kept(channel, window, edge);
    match timeline {
        Ok(timeline) if !timeline.ended => Err(not_aired()),
        Ok(timeline) if window.start() < timeline.start() || timeline.end() < window.end() => {
            let detail = format!(
                "Of this window, the stream was on air only from {} to {}.",
                utc(timeline.start()),
                utc(timeline.end())
            );
            Err(Problem::of_field(ProblemKind::WindowUnavailable, "start", detail))
        }
        Ok(timeline) => Ok(Some(ActualBounds::from(&timeline))),
        Err(_) if edge < window.end() => Err(not_aired()),
        Err(_) if kept.is_err() => kept.map(|()| None),
        Err(ReadError::NotFound) => Err(Problem::of_field(
            ProblemKind::WindowUnavailable,
            "start",
            "The stream was not on air during this window.",
        )),
        Err(cause) => {
            let chain = error::chain(&cause);
            tracing::warn!("the bounds of a clip of channel {} are unknown: {chain}", channel.id);
            Ok(None)
        }
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    pub(in crate::clip) fn at(seconds: f64) -> DateTime<Utc> {
        #[expect(clippy::cast_possible_truncation, reason = "small numbers")]
        let milliseconds = (seconds * 1000.0) as i64;
        DateTime::from_timestamp_millis(1_580_736_000_000 + milliseconds).unwrap()
    }

    fn channel() -> Channel {
        serde_json::from_value(serde_json::json!({
            "id": "main", "competition": "demo", "originEndpointId": "main-hls",
            "manifest": "http://origin/index.m3u8", "viewerManifest": "http://cdn/index.m3u8",
            "segmentSeconds": 2, "startoverSeconds": 900,
        }))
        .unwrap()
    }

    /// A timeline of two-second segments.
    pub(in crate::clip) fn timeline(start: f64, count: usize, ended: bool) -> Timeline {
        let mut text = format!(
            "#EXTM3U\n#EXT-X-TARGETDURATION:2\n#EXT-X-PROGRAM-DATE-TIME:{}\n",
            at(start).to_rfc3339()
        );
        text.push_str(&"#EXTINF:2,\na.ts\n".repeat(count));
        if ended {
            text.push_str("#EXT-X-ENDLIST\n");
        }
        let playlist = m3u8_rs::parse_media_playlist_res(text.as_bytes()).unwrap();
        Timeline::read(&playlist).unwrap()
    }

    /// The stream is on air up to second 1000; the clip is from 900 to 930.
    #[track_caller]
    fn check(
        now: f64,
        on_air: Option<&Timeline>,
        read: Result<Timeline, ReadError>,
        expected: Result<Option<f64>, ProblemKind>,
    ) {
        let window = Window::new(at(900.0), at(930.0)).unwrap();
        let actual = covered(&channel(), window, on_air, read, at(now))
            .map(|bounds| bounds.map(|bounds| bounds.duration_seconds))
            .map_err(|problem| problem.kind);
        assert_eq!(actual, expected);
    }

    #[test]
    fn a_window_on_air_has_the_bounds_of_its_segments() {
        let on_air = timeline(940.0, 30, false);
        let read = |read| check(1000.0, Some(&on_air), read, Err(ProblemKind::WindowUnavailable));
        check(1000.0, Some(&on_air), Ok(timeline(899.0, 16, true)), Ok(Some(32.0)));
        read(Ok(timeline(901.0, 15, true)));
        read(Ok(timeline(899.0, 15, true)));
        read(Err(ReadError::NotFound));
    }

    #[test]
    fn time_is_the_streams_and_not_the_clocks() {
        let until = |end: f64| timeline(end - 20.0, 10, false);
        let not_aired = Err(ProblemKind::WindowNotAired);
        check(9999.0, Some(&until(929.0)), Err(ReadError::NotFound), not_aired);
        check(9999.0, Some(&until(929.0)), Ok(timeline(899.0, 15, false)), not_aired);
        let expired = Err(ProblemKind::WindowExpired);
        check(1000.0, Some(&until(1801.0)), Err(ReadError::NotFound), expired);
        let unavailable = Err(ProblemKind::WindowUnavailable);
        check(1000.0, Some(&until(1799.0)), Err(ReadError::NotFound), unavailable);
    }

    #[test]
    fn an_unreadable_manifest_does_not_fail_the_operator() {
        let broken = || Err(ReadError::Status(reqwest::StatusCode::BAD_GATEWAY));
        check(1000.0, None, broken(), Ok(None));
        check(929.0, None, broken(), Err(ProblemKind::WindowNotAired));
        check(1801.0, None, broken(), Err(ProblemKind::WindowExpired));
    }
}
