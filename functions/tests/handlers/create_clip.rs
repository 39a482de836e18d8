//! `POST /api/clip`, from the request to the harvest job.

use aws_lambda_events::apigw::ApiGatewayV2httpRequest;
use chrono::{TimeDelta, Utc};
use insta::assert_json_snapshot;
use insta::dynamic_redaction;
use insta::internals::Redaction;
use matchcut::api::Route as _;
use matchcut::clip::{Status, Window};
use matchcut::harvest::{CreateClip, HarvestJobs, StartOutcome};
use matchcut_local::{Run, interruptible};
use serde_json::{Value, json};

use crate::api::{Api, Reply, at, row};

/// Formats JSON with the values that vary from run to run replaced.
fn redacted(value: &Value, api: &Api, id: &str) -> Value {
    let host = api.stack.api.trim_start_matches("http://").trim_end_matches("/api");
    let suffix = id.rsplit('_').next().unwrap();
    let text = value.to_string().replace(host, "[host]").replace(suffix, "[suffix]");
    serde_json::from_str(&text).unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_new_clip_is_stored_and_then_harvested() {
    let api = Api::start().await;
    let start_run = json!({
        "competition": "100m-dash",
        "start": 1_580_736_605.12,
        "end": "2020-02-03T14:30:10.480999+01:00",
        "title": "🏃‍♀️ نهائي ١٠٠ متر",
        "description": "Someone wins",
        "tags": ["final", "gold"],
    });
    let answer = api.post_clip(&start_run.to_string()).await;
    assert_eq!(answer.status, 202);
    let key = answer.key();
    let path = format!("/api/competitions/100m-dash/clips/{}", key.clip);
    assert_eq!(answer.headers["location"], path.as_str());
    let requested =
        json!({ "start": "2020-02-03T13:30:05.120Z", "end": "2020-02-03T13:30:10.480Z" });
    assert_eq!(answer.body["requested"], requested, "players start and stop there");
    assert_eq!(answer.body["actual"], bounds(4, 12, Some(8.0)), "snaps outward to segments");
    assert_eq!(answer.body["meta"]["title"], start_run["title"]);

    let mediapackage = aws_sdk_mediapackage::Client::new(&api.stack.sdk);
    let job = mediapackage.describe_harvest_job().id(format!("{key}_1")).send().await.unwrap();
    assert_eq!(job.start_time(), Some(at(5).timestamp().to_string().as_str()));
    assert_eq!(job.end_time(), Some(at(11).timestamp().to_string().as_str()));
    let to = job.s3_destination().unwrap();
    let manifest = format!("clips/100m-dash/{}/1/index.m3u8", key.clip);
    assert_eq!(to.manifest_key(), Some(manifest.as_str()));

    let clip = api.wait_for(&key, |clip| clip.status == Status::Ready).await;
    let row = redacted(&api.rows().await[0], &api, key.clip.as_str());
    let reply = redacted(&answer.body, &api, key.clip.as_str());
    assert_json_snapshot!("reply", reply, {
        ".createdAt" => "[time]", ".updatedAt" => "[time]", ".etag" => "[tag]",
    });
    assert_json_snapshot!("row", row, {
        ".createdAt" => "[time]", ".updatedAt" => "[time]", ".changedAt" => "[time]",
        ".readyAt" => "[time]",
        ".manifests.hls" => manifest_path(), ".manifests.dash" => manifest_path(),
    });
    assert_eq!(clip.playable.len(), 2);
}

/// Checks the form of an egress path, and replaces its random parts.
fn manifest_path() -> Redaction {
    dynamic_redaction(|path, _| {
        let path = path.as_str().unwrap().to_owned();
        let lengths: Vec<_> = path.split('/').map(str::len).collect();
        assert!(matches!(lengths[..], [0, 3, 2, 32, 32, 32, _]), "{path}");
        format!("/out/v1/[random]/{}", path.rsplit('/').next().unwrap())
    })
}

fn bounds(start: i64, end: i64, duration: Option<f64>) -> Value {
    let mut bounds = json!({ "start": matchcut::clip::format_utc(at(start)), "end": matchcut::clip::format_utc(at(end)) });
    if let Some(duration) = duration {
        bounds["durationSeconds"] = json!(duration);
    }
    bounds
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn last_seconds_end_at_the_live_edge_not_at_the_clock_time() {
    let api = Api::start().await;
    let answer = api.post_clip(r#"{"lastSeconds":7}"#).await;
    assert_eq!(answer.body["requested"], bounds(17, 24, None));
    assert_eq!(answer.body["actual"], bounds(16, 24, Some(8.0)));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_empty_body_requests_the_last_minute_or_the_available_part() {
    let api = Api::start().await;
    let answer = api.post_clip("").await;
    assert_eq!(answer.body["competition"], "demo");
    assert_eq!(answer.body["actual"], bounds(0, 24, Some(24.0)));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_preview_url_plays_immediately() {
    // No harvest can end before the preview is requested.
    let api = Api::start_with(|options| options.faults.slow = 3600.0).await;
    let answer = api.post_clip(r#"{"lastSeconds":8}"#).await;
    let parent = reqwest::get(answer.body["preview"].as_str().unwrap()).await.unwrap();
    assert_eq!(parent.status(), 200);
    let (url, text) = (parent.url().clone(), parent.text().await.unwrap());
    let children: Vec<_> = text.lines().filter(|line| !line.starts_with('#')).collect();
    assert_eq!(children.len(), 3);
    // The window may also be in the path. Relative URLs then resolve from there.
    let query: Vec<_> = url.query_pairs().map(|(name, time)| format!("{name}/{time}")).collect();
    let in_path = format!("{}/index_1.m3u8", query.join("/"));
    let in_path = url.join(&in_path).unwrap();
    let text_in_path = reqwest::get(in_path.clone()).await.unwrap().text().await.unwrap();
    let by_query = reqwest::get(url.join(children[0]).unwrap()).await.unwrap();
    assert_eq!(text_in_path, by_query.text().await.unwrap());
    let segment = text_in_path.lines().find(|line| !line.starts_with('#')).unwrap();
    assert_eq!(reqwest::get(in_path.join(segment).unwrap()).await.unwrap().status(), 200);
    for child in children {
        let child = reqwest::get(url.join(child).unwrap()).await.unwrap();
        let (url, text) = (child.url().clone(), child.text().await.unwrap());
        assert!(text.ends_with("#EXT-X-ENDLIST\n"), "{text}");
        let segments: Vec<_> = text.lines().filter(|line| !line.starts_with('#')).collect();
        assert_eq!(segments.len(), 4);
        let segment = reqwest::get(url.join(segments[0]).unwrap()).await.unwrap();
        assert_eq!(segment.status(), 200);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_throttled_harvest_stays_queued() {
    let api = Api::start_with(|options| options.faults.throttle = 1.0).await;
    let answer = api.post_clip(r#"{"lastSeconds":4}"#).await;
    assert_eq!((answer.status.as_u16(), &answer.body["status"]), (202, &json!("queued")));
    api.stack.functions.sweep.run(Utc::now() + TimeDelta::minutes(1)).await.unwrap();
    let clip = api.library().find(&answer.key()).await.unwrap().unwrap();
    assert_eq!(clip.status, Status::Queued);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn create_harvest_job_is_not_retried_and_describe_is() {
    let api = Api::start_with(|options| options.faults.throttle = 1.0).await;
    let sdk = interruptible(&api.stack.sdk);
    let jobs = HarvestJobs::from_variables(&sdk, &api.stack.variables).unwrap();
    let attempt = row("demo", 4, Status::Queued).current_attempt();
    let window = Window::new(at(4), at(8)).unwrap();
    let (start_run, describe_run) = (Run::whole(), Run::whole());
    let start = jobs.start(&attempt, "main-hls", window);
    assert!(matches!(start_run.execute(Box::pin(start)).await, Some(Ok(StartOutcome::Throttled))));
    assert!(matches!(describe_run.execute(Box::pin(jobs.describe(&attempt))).await, Some(Err(_))));
    assert_eq!((start_run.calls(), describe_run.calls()), (1, 3));
}

/// The event of a `POST` request with a body.
pub(crate) fn post_event(body: &Value) -> ApiGatewayV2httpRequest {
    serde_json::from_value(json!({
        "headers": {},
        "requestContext": { "http": { "method": "POST" } },
        "body": body.to_string(),
        "isBase64Encoded": false,
    }))
    .unwrap()
}

/// Calls the function with a changed environment, without the gateway.
pub(crate) async fn create_with(api: &Api, changed: &[(&str, String)], body: &Value) -> Reply {
    let variables = api.variables(changed);
    let function = CreateClip::new(&api.stack.sdk, &variables).unwrap();
    let response = function.handle(post_event(body)).await;
    Reply {
        status: u16::try_from(response.status_code).unwrap().try_into().unwrap(),
        headers: response.headers,
        body: serde_json::from_str(&String::from_utf8_lossy(&response.body.unwrap())).unwrap(),
    }
}

/// The channel of the stack, with one field changed.
fn channel(api: &Api, field: &str, value: &str) -> (&'static str, String) {
    let mut channels: Value =
        serde_json::from_str(api.stack.variables.required("CHANNELS").unwrap()).unwrap();
    channels[0][field] = json!(value);
    ("CHANNELS", channels.to_string())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_window_is_accepted_if_the_live_manifest_is_unreadable() {
    let api = Api::start().await;
    // The discard port: nothing answers there.
    let nowhere = channel(&api, "manifest", "http://127.0.0.1:9/out/v1/index.m3u8");
    let now = Utc::now() - TimeDelta::seconds(30);
    let body = json!({ "start": now.timestamp(), "end": now.timestamp() + 10 });
    let answer = create_with(&api, std::slice::from_ref(&nowhere), &body).await;
    assert_eq!(answer.status, 202);
    assert!(answer.body.get("actual").is_none());

    let answer = create_with(&api, &[nowhere], &json!({ "lastSeconds": 10 })).await;
    assert_eq!(answer.status, 503);
    assert_eq!(answer.body["type"], "urn:matchcut:problem:live-unreadable");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_refused_harvest_fails_the_clip_with_a_reason() {
    let api = Api::start().await;
    let endpoint = channel(&api, "originEndpointId", "gone");
    let answer = create_with(&api, &[endpoint], &json!({ "lastSeconds": 10 })).await;
    assert_eq!((answer.status.as_u16(), &answer.body["status"]), (202, &json!("failed")));
    assert_eq!(answer.body["failure"]["code"], "harvest-refused");
    let message = answer.body["failure"]["message"].as_str().unwrap();
    assert!(message.contains("refused to harvest this window"), "{message}");
    let path = format!("/competitions/demo/clips/{}", answer.key().clip);
    let public = api.get(&path).await.body["failure"].clone();
    assert_eq!(public["code"], "harvest-refused");
    assert_ne!(public["message"], message, "only operators see what AWS wrote");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_cdn_identifier_is_sent_to_the_origin() {
    let identifier = "8f5b9bd7-7c9a-4c0f-9b3e-5a1f0c2d4e6b";
    let api = Api::start_with(|options| options.cdn_identifier = Some(identifier.into())).await;
    let answer = api.post_clip(r#"{"lastSeconds":10}"#).await;
    assert_eq!(answer.body["actual"], bounds(14, 24, Some(10.0)));
    let body = json!({ "lastSeconds": 10 });
    let answer = create_with(&api, &[("CDN_IDENTIFIER", "another".to_owned())], &body).await;
    assert_eq!(answer.status, 503, "{}", answer.body);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_unreachable_table_returns_503_without_internals() {
    let api = Api::start().await;
    let table = ("CLIPS_TABLE", "no-such-table".to_owned());
    let answer = create_with(&api, &[table], &json!({ "lastSeconds": 10 })).await;
    assert_eq!(answer.status, 503);
    assert_eq!(answer.body["type"], "urn:matchcut:problem:unavailable");
    assert!(!answer.body.to_string().contains("Exception"), "{}", answer.body);
}
