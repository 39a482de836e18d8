//! The origin endpoint: live manifests, time-shifted manifests, and segments.
//! <https://docs.aws.amazon.com/mediapackage/latest/ug/time-shifted.html>

use std::sync::Arc;

use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use chrono::{DateTime, TimeDelta, Utc};

use super::manifest::{
    I_FRAME_PLAYLIST, I_FRAME_RENDITION, i_frame_playlist, media_playlist, multivariant_playlist,
};
use super::manifest_lag::ManifestLag;
use super::startover::{Startover, Stretch};
use super::streams::Streams;
use crate::media_file::serve_media_file;

/// 60 s: the playlist window, which is the length of a live manifest.
const PLAYLIST_WINDOW: TimeDelta = TimeDelta::seconds(60);

/// The 32 hexadecimal digits in the endpoint's URLs. They are the same after a restart.
const URL_ID: u128 = u128::from_be_bytes(*b"matchcut/channel");

/// The path of the endpoint's manifest at its origin.
pub(crate) fn manifest_path() -> String {
    format!("/out/v1/{URL_ID:032x}/index.m3u8")
}

/// The rest of `/out/v1/<path>` after the endpoint's digits. Returns `None` if the path belongs to
/// another endpoint.
pub(crate) fn strip_url_id(path: &str) -> Option<&str> {
    path.strip_prefix(&format!("{URL_ID:032x}"))?.strip_prefix('/')
}

/// The HLS origin endpoint of a channel.
#[derive(Clone, Debug)]
pub(crate) struct OriginEndpoint {
    /// MediaPackage's id of the endpoint.
    pub(crate) id: String,
    pub(crate) startover: Arc<Startover>,
    /// The value of `X-MediaPackage-CDNIdentifier` that requests must have, if it is required.
    pub(crate) cdn_identifier: Option<String>,
    pub(crate) lag: Arc<ManifestLag>,
}

/// The times in a request's query or path.
#[derive(Clone, Debug, Default, PartialEq)]
struct Times {
    start: Option<DateTime<Utc>>,
    end: Option<DateTime<Utc>>,
    /// The query, which is appended to the URLs of child manifests.
    query: String,
}

impl OriginEndpoint {
    /// Whether a request has the required CDN identifier.
    /// <https://docs.aws.amazon.com/mediapackage/latest/ug/cdn-auth.html>
    pub(crate) fn is_authorized(&self, headers: &HeaderMap) -> bool {
        self.cdn_identifier.as_deref().is_none_or(|expected| {
            headers.get("x-mediapackage-cdnidentifier").is_some_and(|given| given == expected)
        })
    }

    /// Answers `GET /out/v1/<url id>/<path>?<query>`.
    pub(crate) async fn get(&self, path: &str, query: &str, headers: &HeaderMap) -> Response {
        let Some((times, name)) = parse_request(path, query) else {
            return StatusCode::BAD_REQUEST.into_response();
        };
        let streams = &self.startover.streams;
        if let Some((stream, sequence)) = streams.parse_segment(name) {
            return match self.startover.segment(sequence) {
                Some(segment) => {
                    let file = segment.file(&streams.file(stream));
                    serve_media_file(&file, streams.media_type(stream), headers).await
                }
                None => StatusCode::NOT_FOUND.into_response(),
            };
        }
        let stretch = match times.start {
            None => Ok(self.startover.latest(PLAYLIST_WINDOW)),
            Some(start) => self.startover.stretch(start, times.end),
        };
        let stretch = stretch.map(|stretch| self.lag.apply(stretch, Utc::now()));
        let Some(stretch) = stretch.ok().filter(|stretch| !stretch.segments.is_empty()) else {
            return StatusCode::NOT_FOUND.into_response();
        };
        let stream = (0..streams.count()).find(|stream| Streams::playlist(*stream) == name);
        let text = match stream {
            _ if name == "index.m3u8" => multivariant_playlist(streams, &stretch, &times.query),
            Some(stream) => media_playlist(streams, &stretch, stream),
            None if name == I_FRAME_PLAYLIST => {
                match stretch.read_i_frames(&streams.file(I_FRAME_RENDITION)).await {
                    Ok(frames) => i_frame_playlist(streams, &stretch, &frames),
                    // The window has passed the first segment.
                    Err(_) => return StatusCode::NOT_FOUND.into_response(),
                }
            }
            None => return StatusCode::NOT_FOUND.into_response(),
        };
        manifest_response(&stretch, text)
    }
}

/// Parses the times and the file name of a request.
fn parse_request<'a>(path: &'a str, query: &str) -> Option<(Times, &'a str)> {
    let mut times = Times::default();
    let mut parts = path.split('/');
    let mut name = parts.next_back()?;
    while let Some(part) = parts.next() {
        let time = parse_time(parts.next()?)?;
        match part {
            "start" => times.start = Some(time),
            "end" => times.end = Some(time),
            _ => name = "",
        }
    }
    for (parameter, value) in url::form_urlencoded::parse(query.as_bytes()) {
        match parameter.as_ref() {
            "start" => times.start = Some(parse_time(&value)?),
            "end" => times.end = Some(parse_time(&value)?),
            _ => {}
        }
        times.query = format!("?{query}");
    }
    Some((times, name))
}

/// Parses epoch seconds, or ISO 8601 with an offset.
pub(crate) fn parse_time(text: &str) -> Option<DateTime<Utc>> {
    match text.parse() {
        Ok(seconds) => DateTime::from_timestamp(seconds, 0),
        Err(_) => DateTime::parse_from_rfc3339(text).ok().map(|time| time.to_utc()),
    }
}

/// The response with a manifest. Its headers name the newest segment and when it was made.
/// <https://docs.aws.amazon.com/mediapackage/latest/ug/monitoring-manifest-last-updated.html>
fn manifest_response(stretch: &Stretch, text: String) -> Response {
    // Half the length of a segment.
    let max_age = (CACHE_CONTROL, "max-age=1");
    let mut response =
        ([(CONTENT_TYPE, "application/vnd.apple.mpegurl"), max_age], text).into_response();
    if let Some(last) = stretch.segments.last() {
        let headers = response.headers_mut();
        headers.insert("x-mediapackage-manifest-last-sequence", last.sequence.into());
        let updated = last.arrived_at.timestamp_millis();
        headers.insert("x-mediapackage-manifest-last-updated", updated.into());
    }
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_parsed_from_query_and_path() {
        let at = |seconds| DateTime::from_timestamp(seconds, 0);
        let check = |path, query, start, end, expected_name| {
            let (times, name) = parse_request(path, query).unwrap();
            assert_eq!(
                (times.start, times.end, name),
                (start, end, expected_name),
                "{path}{query}"
            );
        };
        let (start, end) = (at(1_580_736_658), at(1_580_736_778));
        check("index.m3u8", "", None, None, "index.m3u8");
        check("index.m3u8", "start=1580736658&end=1580736778", start, end, "index.m3u8");
        check("start/1580736658/end/1580736778/index_1.m3u8", "", start, end, "index_1.m3u8");
        let iso = "start=2020-02-03T13:30:58%2B00:00&end=2020-02-03T14:32:58%2B01:00";
        check("index.m3u8", iso, start, end, "index.m3u8");
        assert_eq!(parse_request("index.m3u8", "start=soon"), None);
        assert_eq!(parse_request("start/index.m3u8", ""), None);
    }
}
