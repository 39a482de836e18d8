//! Prepares the invocations of each function: the clips in the table, and the events about them.

use chrono::{TimeDelta, Utc};
use matchcut::api::ORIGIN_HEADER;
use matchcut::clip::{Clip, CompetitionId, Status, Trigger};
use matchcut::live::Channels;
use reqwest::Url;
use serde_json::{Value, json};

use crate::error::BenchError;
use crate::stack::{Service, make_window};
use crate::{events, rows};

/// The number of events for each function.
pub(super) const EVENTS_PER_FUNCTION: usize = 100;

/// Builds the events for a function. Each event is about a different clip.
pub(super) async fn prepare_events(
    function: &str,
    service: &Service,
) -> Result<Vec<Value>, BenchError> {
    let mut events = Vec::with_capacity(EVENTS_PER_FUNCTION);
    for number in 0..EVENTS_PER_FUNCTION {
        let mut event = prepare_event(function, service, number).await?;
        if event["headers"].is_object() {
            event["headers"][ORIGIN_HEADER] = json!(service.stack.variables.get("ORIGIN_SECRETS"));
        }
        events.push(event);
    }
    Ok(events)
}

/// Builds one event, and writes the clip that it is about.
#[expect(clippy::too_many_lines, reason = "one arm for each function")]
async fn prepare_event(
    function: &str,
    service: &Service,
    number: usize,
) -> Result<Value, BenchError> {
    let channels: Channels = service.stack.variables.parsed("CHANNELS")?;
    let endpoint = &channels.default_channel().origin_endpoint_id;
    let competition: &CompetitionId = &function.parse()?;
    let clips = &format!("/api/competitions/{competition}/clips");
    let uploads = &format!("/api/uploads/{competition}");
    let in_competition = &json!({ "competitionId": competition });
    let window = make_window(number)?;
    let write =
        async |status| rows::write_clip(&service.library, competition, window, status).await;
    let upload = async |status| rows::write_upload(service, competition, status).await;
    let clip_request = |clip: &Clip, method, base: &str, action: &str, body| {
        let parameters = json!({ "competitionId": competition, "clipId": clip.clip });
        let path = format!("{base}/{}{action}", clip.clip);
        events::build_http_request(method, &path, &parameters, body)
    };
    Ok(match function {
        "create-clip" => {
            let (start, end) = (window.start(), window.end());
            let body = json!({ "competition": competition, "start": start, "end": end });
            events::build_http_request("POST", "/api/clip", &json!({}), Some(&body))
        }
        "list-clips" => {
            write(Status::Ready).await?;
            events::build_http_request("GET", clips, in_competition, None)
        }
        "list-changes" => {
            write(Status::Ready).await?;
            let path = format!("/api/competitions/{competition}/changes");
            events::build_http_request("GET", &path, in_competition, None)
        }
        "show-clip" | "follow-clip" => {
            clip_request(&write(Status::Ready).await?, "GET", clips, "", None)
        }
        "update-clip" => {
            let body = json!({ "title": "Men's 100 m, final" });
            let mut event =
                clip_request(&write(Status::Ready).await?, "PATCH", clips, "", Some(&body));
            event["headers"]["if-match"] = json!("*");
            event
        }
        "delete-clip" => clip_request(&write(Status::Ready).await?, "DELETE", clips, "", None),
        "restore-clip" => {
            let clip = write(Status::Ready).await?;
            let attempt = clip.current_attempt();
            let deleted = Trigger::Deleted { keep: TimeDelta::days(7) };
            service.library.advance(&attempt, &deleted, Utc::now()).await?;
            clip_request(&clip, "POST", clips, "/restore", None)
        }
        "retry-clip" => clip_request(&write(Status::Failed).await?, "POST", clips, "/retry", None),
        "grant-playback" => {
            let path = format!("/api/competitions/{competition}/playback");
            events::build_http_request("POST", &path, in_competition, None)
        }
        "list-channels" => events::build_http_request("GET", "/api/channels", &json!({}), None),
        "start-channel" | "stop-channel" => {
            let channel = json!({ "channelId": channels.default_channel().id });
            events::build_http_request("POST", "/api/channels", &channel, None)
        }
        "show-timeline" => {
            let clip = write(Status::Ready).await?;
            rows::write_manifest(service, &clip).await?;
            clip_request(&clip, "GET", clips, "/timeline.otio", None)
        }
        "show-page" => clip_request(&write(Status::Ready).await?, "GET", "/c", "", None),
        "show-feed" | "show-sitemap" => {
            write(Status::Ready).await?;
            events::build_http_request("GET", "/feeds", in_competition, None)
        }
        "describe-embed" => {
            let clip = write(Status::Ready).await?.clip;
            let vod: Url = service.stack.variables.parsed("VOD_BASE_URL")?;
            let site = vod.origin().ascii_serialization();
            let page = format!("{site}/c/{competition}/{clip}");
            let mut event = events::build_http_request("GET", "/api/oembed", &json!({}), None);
            event["queryStringParameters"] = json!({ "url": page });
            event
        }
        "harvest-clip" => {
            let clip = write(Status::Queued).await?.clip;
            events::build_sqs_event(&json!({ "competition": competition, "clip": clip }))
        }
        "announce-clip" => {
            let after = write(Status::Ready).await?;
            let before = Clip { status: Status::Packaging, ..after.clone() };
            events::build_stream_event(&before, &after)?
        }
        "deliver-webhook" => {
            let clip = write(Status::Ready).await?;
            events::build_sqs_event(&events::build_change_event(&clip))
        }
        "scope-token" => events::build_token_event(),
        "refuse-request" => events::build_http_request("OPTIONS", "/api/clip", &json!({}), None),
        "harvest-complete" => {
            let clip = write(Status::Harvesting).await?.current_attempt();
            events::build_harvest_job_notification(&clip, window, endpoint)
        }
        "asset-playable" => {
            let clip = write(Status::Packaging).await?.current_attempt();
            events::build_input_notification(&clip, "hls")
        }
        "create-upload" => {
            let body = json!({
                "competition": competition, "filename": "final.mov", "size": 48_000_000,
            });
            events::build_http_request("POST", "/api/uploads", &json!({}), Some(&body))
        }
        "list-upload-parts" => {
            clip_request(&upload(Status::Uploading).await?, "GET", uploads, "/parts", None)
        }
        "complete-upload" => {
            let row = upload(Status::Transcoding).await?;
            let part = |number: u32| json!({ "partNumber": number, "etag": "\"e\"" });
            let body = json!({ "parts": (1..=rows::UPLOAD_PARTS).map(part).collect::<Vec<_>>() });
            clip_request(&row, "POST", uploads, "/complete", Some(&body))
        }
        "transcode-upload" => {
            let row = upload(Status::Transcoding).await?;
            let key = row.upload().map(|upload| upload.key.clone()).unwrap_or_default();
            let bucket = service.stack.variables.required("UPLOADS_BUCKET")?;
            events::build_sqs_event(&events::build_object_created(bucket, &key))
        }
        "transcode-complete" => {
            let row = upload(Status::Transcoding).await?;
            events::build_job_state_change(&row.current_attempt())
        }
        "sweep-library" => {
            // The first run checks all of these clips.
            write(Status::Harvesting).await?;
            events::build_scheduled_event()
        }
        _ => events::build_http_request("GET", "/api/health", &json!({}), None),
    })
}
