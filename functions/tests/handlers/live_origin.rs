//! A live origin whose edge a test moves: media playlists of two-second segments.

use std::fmt::Write as _;
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::extract::{Query, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Response};
use chrono::{DateTime, SecondsFormat, TimeDelta, Utc};
use matchcut::clip::floor_second;
use serde::Deserialize;
use serde_json::{Value, json};
use tokio::net::TcpListener;

use crate::api::Api;

/// The length of a live playlist.
const PLAYLIST: TimeDelta = TimeDelta::seconds(60);
const SEGMENT: TimeDelta = TimeDelta::seconds(2);

/// An origin that a test controls.
#[derive(Clone)]
pub(crate) struct LiveOrigin {
    state: Arc<Mutex<Edge>>,
    manifest: String,
}

#[derive(Clone, Copy)]
struct Edge {
    at: DateTime<Utc>,
    /// How far the edge moves with each request.
    step: TimeDelta,
    /// When the newest segment was made, as the header of MediaPackage says it.
    updated_at: Option<DateTime<Utc>>,
    /// How far manifests of a window are behind the live manifest.
    lag: TimeDelta,
    has_times: bool,
    /// How many requests for manifests of windows are answered 404.
    hidden: usize,
}

#[derive(Deserialize)]
struct Times {
    start: Option<i64>,
    end: Option<i64>,
}

impl LiveOrigin {
    /// An origin on air up to a time. With each request of its live manifest, it moves by `step`.
    pub(crate) async fn start(edge: DateTime<Utc>, step: TimeDelta) -> Self {
        let state = Arc::new(Mutex::new(Edge {
            at: edge,
            step,
            updated_at: None,
            lag: TimeDelta::zero(),
            has_times: true,
            hidden: 0,
        }));
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let manifest = format!("http://{}/index.m3u8", listener.local_addr().unwrap());
        let router = Router::new().fallback(answer).with_state(Arc::clone(&state));
        tokio::spawn(async { axum::serve(listener, router).await });
        Self { state, manifest }
    }

    /// Says in each response that the newest segment was made at this time.
    pub(crate) fn set_updated_at(&self, updated_at: DateTime<Utc>) {
        self.state.lock().unwrap().updated_at = Some(updated_at);
    }

    /// Lets the manifests of windows lag the live manifest.
    pub(crate) fn set_lag(&self, lag: TimeDelta) {
        self.state.lock().unwrap().lag = lag;
    }

    /// Answers this many requests for manifests of windows with 404.
    pub(crate) fn hide_windows(&self, requests: usize) {
        self.state.lock().unwrap().hidden = requests;
    }

    /// Leaves PROGRAM-DATE-TIME out of all manifests.
    pub(crate) fn remove_times(&self) {
        self.state.lock().unwrap().has_times = false;
    }

    /// The variable of the stack's channels, with this origin.
    pub(crate) fn channels(&self, api: &Api) -> (&'static str, String) {
        let channels = api.stack.variables.required("CHANNELS").unwrap();
        let mut channels: Value = serde_json::from_str(channels).unwrap();
        channels[0]["manifest"] = json!(self.manifest);
        ("CHANNELS", channels.to_string())
    }
}

async fn answer(State(state): State<Arc<Mutex<Edge>>>, Query(times): Query<Times>) -> Response {
    let mut edge = {
        let mut edge = state.lock().unwrap();
        let before = *edge;
        if times.start.is_none() {
            edge.at = before.at + before.step;
        } else {
            edge.hidden = before.hidden.saturating_sub(1);
        }
        before
    };
    if times.start.is_some() {
        edge.at -= edge.lag;
    }
    let time = |seconds| DateTime::from_timestamp(seconds, 0).unwrap();
    let end = times.end.map_or(edge.at, |end| edge.at.min(time(end)));
    let mut start = floor_second(times.start.map_or(edge.at - PLAYLIST, time));
    let is_hidden = times.start.is_some() && edge.hidden > 0;
    if start >= end || is_hidden {
        return StatusCode::NOT_FOUND.into_response();
    }
    let mut text = "#EXTM3U\n#EXT-X-VERSION:3\n#EXT-X-TARGETDURATION:2\n".to_owned();
    while start < end {
        if edge.has_times {
            let stamp = start.to_rfc3339_opts(SecondsFormat::Millis, true);
            let _ = writeln!(text, "#EXT-X-PROGRAM-DATE-TIME:{stamp}");
        }
        text.push_str("#EXTINF:2,\na.ts\n");
        start += SEGMENT;
    }
    if times.end.is_some_and(|end| time(end) <= edge.at) {
        text.push_str("#EXT-X-ENDLIST\n");
    }
    let mut response = text.into_response();
    if let Some(updated_at) = edge.updated_at {
        let name = "x-mediapackage-manifest-last-updated";
        response.headers_mut().insert(name, updated_at.timestamp_millis().into());
    }
    response
}
