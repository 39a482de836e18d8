//! `harvest-complete` and `asset-playable`, with events in any order.

use aws_lambda_events::eventbridge::EventBridgeEvent;
use matchcut::asset::InputNotification;
use matchcut::clip::{Attempt, ClipKey, FailureCode, Status};
use matchcut::harvest::HarvestJobNotification;
use matchcut::lambda::EventHandler as _;
use serde_json::{Value, json};

use crate::api::{Api, row};

/// A harvest job notification in the captured form.
fn harvest(
    clip: &str,
    endpoint: &str,
    status: &str,
    message: Option<&str>,
) -> EventBridgeEvent<HarvestJobNotification> {
    let mut detail = json!({ "harvest_job": {
        "id": clip,
        "arn": format!("arn:aws:mediapackage-vod:us-east-1:111122223333:harvest_jobs/{clip}"),
        "status": status,
        "origin_endpoint_id": endpoint,
        "start_time": "2019-06-26T20:30:00-08:00",
        "end_time": "2019-06-26T21:00:00-08:00",
        "s3_destination": { "bucket_name": "b", "manifest_key": "k", "role_arn": "r" },
        "created_at": "2019-06-26T21:03:12-08:00",
    }});
    if let Some(message) = message {
        detail["message"] = json!(message);
    }
    let detail_type = "MediaPackage HarvestJob Notification";
    let event =
        json!({ "detail-type": detail_type, "source": "aws.mediapackage", "detail": detail });
    serde_json::from_value(event).unwrap()
}

/// The id of a clip's first harvest job and of its first asset.
fn job(clip: &ClipKey) -> String {
    Attempt { clip: clip.clone(), number: 1 }.to_string()
}

/// An input notification in the captured form.
fn input(asset: &str, detail: &Value) -> EventBridgeEvent<InputNotification> {
    let arn = |rest: &str| format!("arn:aws:mediapackage-vod:eu-north-1:111122223333:{rest}");
    serde_json::from_value(json!({
        "detail-type": "MediaPackage Input Notification",
        "source": "aws.mediapackage",
        "resources": [arn(&format!("assets/{asset}")), arn("packaging-configurations/DASH")],
        "detail": detail,
    }))
    .unwrap()
}

fn playable(asset: &str, configuration: &str) -> EventBridgeEvent<InputNotification> {
    let detail = json!({
        "event": "VodAssetPlayable",
        "message": format!("Asset '{asset}' is now playable"),
        "packaging_configuration_id": configuration,
        "manifest_urls": ["https://x.egress.mediapackage-vod.eu-north-1.amazonaws.com/out/v1/a.mpd"],
    });
    input(asset, &detail)
}

/// A stack that loses all of its own events, with a clip that is being harvested.
async fn harvesting() -> (Api, ClipKey) {
    let api = Api::start_with(|options| options.faults.lose = 1.0).await;
    let clip = row("demo", 0, Status::Harvesting);
    let clip = matchcut::clip::Clip { playable: [].into(), manifests: [].into(), ..clip };
    assert!(api.library().create(&clip).await.unwrap());
    (api, clip.key())
}

async fn status(api: &Api, key: &ClipKey) -> Status {
    api.library().find(key).await.unwrap().unwrap().status
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_clip_is_listed_only_when_every_format_is_playable() {
    let (api, key) = harvesting().await;
    let name = job(&key);
    let functions = &api.stack.functions;
    let listed = async || api.get("/competitions/demo/clips").await.body["clips"].clone();
    let finished = || harvest(&name, "main-hls", "SUCCEEDED", None);

    functions.harvest_complete.handle(finished()).await.unwrap();
    functions.harvest_complete.handle(finished()).await.unwrap();
    assert_eq!(status(&api, &key).await, Status::Packaging);
    functions.asset_playable.handle(playable(&name, "hls")).await.unwrap();
    functions.asset_playable.handle(playable(&name, "hls")).await.unwrap();
    assert_eq!(listed().await, json!([]));
    functions.asset_playable.handle(playable(&name, "dash")).await.unwrap();
    let ready = listed().await;
    assert_eq!(ready[0]["status"], "ready");
    assert!(ready[0]["manifest"].as_str().unwrap().ends_with(".m3u8"));

    // All events arrive again, late.
    functions.asset_playable.handle(playable(&name, "hls")).await.unwrap();
    functions.harvest_complete.handle(finished()).await.unwrap();
    let failed = harvest(&name, "main-hls", "FAILED", Some("too late"));
    functions.harvest_complete.handle(failed).await.unwrap();
    assert_eq!(listed().await, ready);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn playable_notifications_before_the_harvest_notification_count() {
    let (api, key) = harvesting().await;
    let name = job(&key);
    let functions = &api.stack.functions;
    functions.asset_playable.handle(playable(&name, "hls")).await.unwrap();
    functions.asset_playable.handle(playable(&name, "dash")).await.unwrap();
    assert_eq!(status(&api, &key).await, Status::Harvesting);
    functions.harvest_complete.handle(harvest(&name, "main-hls", "SUCCEEDED", None)).await.unwrap();
    assert_eq!(status(&api, &key).await, Status::Ready);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn concurrent_playable_notifications_are_both_recorded() {
    let (api, key) = harvesting().await;
    let name = job(&key);
    let functions = &api.stack.functions;
    let finished = harvest(&name, "main-hls", "SUCCEEDED", None);
    functions.harvest_complete.handle(finished).await.unwrap();
    let (hls, dash) = tokio::join!(
        functions.asset_playable.handle(playable(&name, "hls")),
        functions.asset_playable.handle(playable(&name, "dash")),
    );
    hls.unwrap();
    dash.unwrap();
    assert_eq!(status(&api, &key).await, Status::Ready);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn failures_are_recorded_with_their_reason() {
    let (api, key) = harvesting().await;
    let name = job(&key);
    let failed = harvest(&name, "main-hls", "FAILED", Some("the encoder was away"));
    api.stack.functions.harvest_complete.handle(failed).await.unwrap();
    let failure = api.library().find(&key).await.unwrap().unwrap().failure.unwrap();
    assert_eq!(failure.code, FailureCode::HarvestFailed);
    assert!(failure.message.ends_with("the encoder was away"), "{}", failure.message);

    let clip = row("demo", 4, Status::Packaging);
    api.library().create(&clip).await.unwrap();
    let key = clip.key();
    let detail = json!({ "event": "IngestError", "message": "no video" });
    api.stack.functions.asset_playable.handle(input(&job(&key), &detail)).await.unwrap();
    let failure = api.library().find(&key).await.unwrap().unwrap().failure.unwrap();
    assert_eq!(failure.code, FailureCode::IngestFailed);
    assert!(failure.message.ends_with("no video"), "{}", failure.message);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn jobs_and_assets_of_other_applications_are_ignored() {
    let (api, key) = harvesting().await;
    let functions = &api.stack.functions;
    let name = job(&key);
    let unknown = row("demo", 8, Status::Harvesting).current_attempt().to_string();
    for (job, endpoint) in [("nightly", "main-hls"), (&name, "another"), (&unknown, "main-hls")] {
        for status in ["SUCCEEDED", "FAILED", "IN_PROGRESS"] {
            let notification = harvest(job, endpoint, status, None);
            functions.harvest_complete.handle(notification).await.unwrap();
        }
    }
    for asset in ["nightly", &unknown] {
        functions.asset_playable.handle(playable(asset, "hls")).await.unwrap();
    }
    let started = json!({ "event": "IngestStart", "message": "…" });
    functions.asset_playable.handle(input(&name, &started)).await.unwrap();
    let of_live = json!({ "event": "MaxIngestStreamsError", "message": "…" });
    functions.asset_playable.handle(input(&name, &of_live)).await.unwrap();
    assert_eq!(api.rows().await.len(), 1);
    assert_eq!(status(&api, &key).await, Status::Harvesting);
    let vod = aws_sdk_mediapackagevod::Client::new(&api.stack.sdk);
    assert!(vod.list_assets().send().await.unwrap().assets().is_empty());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_transient_failure_returns_an_error_with_all_causes() {
    let (api, key) = harvesting().await;
    // The discard port: nothing answers there.
    let sdk = api.stack.sdk.to_builder().endpoint_url("http://127.0.0.1:9");
    let sdk = sdk.retry_config(matchcut::config::no_retries());
    let sdk = sdk.service_config(Nowhere).build();
    let function = matchcut::harvest::HarvestComplete::new(&sdk, &api.stack.variables).unwrap();
    let notification = harvest(&job(&key), "main-hls", "SUCCEEDED", None);
    let error = function.handle(notification).await.unwrap_err();
    let diagnostic = lambda_runtime::Diagnostic::from(error);
    assert_eq!(diagnostic.error_type, "Record");
    let message = diagnostic.error_message;
    assert!(message.starts_with("could not record the end of the harvest of clip"), "{message}");
    assert!(message.to_lowercase().contains("connect"), "{message}");
}

/// No service has an endpoint of its own.
#[derive(Debug)]
struct Nowhere;

impl aws_types::service_config::LoadServiceConfig for Nowhere {
    fn load_config(&self, _: aws_types::service_config::ServiceConfigKey<'_>) -> Option<String> {
        None
    }
}
