//! The search for the first segment of a startover window, against origins of both behaviors.

use std::fmt::Write as _;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use axum::Router;
use axum::extract::{Query, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Response};
use axum::routing::get;
use chrono::{DateTime, TimeDelta, Utc};
use matchcut::config::Variables;
use matchcut::live::{Channel, LiveEndpoint};
use serde::Deserialize;
use serde_json::json;
use tokio::net::TcpListener;

/// The live edge, in seconds since 1970.
const EDGE: i64 = 1_580_800_000;
const DAY: i64 = 86_400;

/// An origin endpoint whose segments are listed by their starts.
#[derive(Clone)]
struct Origin {
    segments: Arc<Vec<i64>>,
    segment_seconds: i64,
    /// Whether a request from before the first segment is answered 404.
    is_strict: bool,
    requests: Arc<AtomicUsize>,
}

#[derive(Deserialize)]
struct Times {
    start: Option<i64>,
    end: Option<i64>,
}

async fn serve_manifest(State(origin): State<Origin>, Query(times): Query<Times>) -> Response {
    origin.requests.fetch_add(1, Ordering::Relaxed);
    let (start, end) = (times.start.unwrap_or(EDGE - 60), times.end.unwrap_or(EDGE));
    assert!(end - start <= DAY || times.end.is_none(), "MediaPackage allows 24 hours");
    let length = origin.segment_seconds;
    let touched = |it: &&i64| **it + length > start && **it < end;
    let mut touched = origin.segments.iter().filter(touched).peekable();
    if touched.peek().is_none() || origin.is_strict && start < origin.segments[0] {
        return StatusCode::NOT_FOUND.into_response();
    }
    let mut text = format!("#EXTM3U\n#EXT-X-TARGETDURATION:{length}\n");
    for segment in touched {
        let time = DateTime::from_timestamp(*segment, 0).unwrap().to_rfc3339();
        let _ = write!(text, "#EXT-X-PROGRAM-DATE-TIME:{time}\n#EXTINF:{length},\n{segment}.ts\n");
    }
    text.into_response()
}

/// Searches a stream that was on air from `begin` to `EDGE`, with a stop of the stream in between.
/// Checks the first segment, and the number of requests.
async fn check(
    begin: i64,
    segment_seconds: i64,
    startover: i64,
    off_air: std::ops::Range<i64>,
    expected: i64,
) {
    for is_strict in [true, false] {
        let oldest = EDGE - startover;
        let starts = (begin..EDGE).step_by(segment_seconds.try_into().unwrap());
        let is_kept = |it: &i64| *it + segment_seconds > oldest && !off_air.contains(it);
        let origin = Origin {
            segments: Arc::new(starts.filter(is_kept).collect()),
            segment_seconds,
            is_strict,
            requests: Arc::default(),
        };
        let requests = Arc::clone(&origin.requests);
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let manifest = format!("http://{}/index.m3u8", listener.local_addr().unwrap());
        let router = Router::new().route("/index.m3u8", get(serve_manifest)).with_state(origin);
        tokio::spawn(async move { axum::serve(listener, router).await });
        let channel: Channel = serde_json::from_value(json!({
            "id": "main", "competition": "demo", "originEndpointId": "main-hls",
            "manifest": manifest, "viewerManifest": manifest,
            "segmentSeconds": segment_seconds, "startoverSeconds": startover,
        }))
        .unwrap();
        let endpoint = LiveEndpoint::from_variables(&Variables::default()).unwrap();
        let live = endpoint.live_timeline(&channel).await.unwrap();
        let found = endpoint.find_first_segment(&channel, &live).await.unwrap();
        let found = found - DateTime::<Utc>::from_timestamp(EDGE, 0).unwrap();
        assert_eq!(found, TimeDelta::seconds(expected - EDGE), "strict: {is_strict}");
        let requests = requests.load(Ordering::Relaxed);
        assert!(requests <= 22, "{requests} requests");
    }
}

const NEVER: std::ops::Range<i64> = 0..0;

#[tokio::test]
async fn the_first_segment_of_a_young_stream_is_found() {
    for length in [60, 900, 3600, 50_000] {
        check(EDGE - length, 2, DAY, NEVER, EDGE - length).await;
    }
    check(EDGE - 3600, 6, DAY, NEVER, EDGE - 3600).await;
    check(EDGE - 30 * 3600, 2, 14 * DAY, NEVER, EDGE - 30 * 3600).await;
}

#[tokio::test]
async fn the_oldest_segment_of_a_stream_longer_than_the_window_is_found() {
    check(EDGE - 2 * DAY, 2, DAY, NEVER, EDGE - DAY).await;
    // The oldest second is within this segment.
    check(EDGE - 2 * DAY, 6, DAY - 3, NEVER, EDGE - DAY).await;
}

#[tokio::test]
async fn a_stop_of_the_stream_does_not_hide_what_aired_before_it() {
    check(EDGE - 7200, 2, DAY, EDGE - 5400..EDGE - 600, EDGE - 7200).await;
}

#[tokio::test]
async fn a_stop_at_the_beginning_of_the_window_is_skipped() {
    check(EDGE - 2 * DAY, 2, DAY, EDGE - DAY - 600..EDGE - DAY + 600, EDGE - DAY + 600).await;
}
