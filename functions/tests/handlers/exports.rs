//! Exports: MP4 files of a clip, in the requested size, with the requested frames.

use std::process::Command;

use chrono::{TimeDelta, Utc};
use matchcut::clip::{Bounds, Clip, ClipKey, MAX_EXPORTS_IN_PROGRESS, Status};
use reqwest::Method;
use serde_json::{Value, json};

use crate::api::{Api, Reply, at, row};

fn path(clip: &ClipKey) -> String {
    format!("/competitions/{}/clips/{}/exports", clip.competition, clip.clip)
}

async fn get(api: &Api, path: &str) -> Reply {
    let token = format!("Bearer {}", api.stack.token);
    api.request(Method::GET, path, &[("authorization", &token)], "").await
}

async fn post_with_key(api: &Api, clip: &ClipKey, key: &str, body: &str) -> Reply {
    let token = format!("Bearer {}", api.stack.token);
    let headers = [("authorization", token.as_str()), ("idempotency-key", key)];
    api.request(Method::POST, &path(clip), &headers, body.to_owned()).await
}

async fn create_ready_clip(api: &Api) -> Clip {
    let window = r#"{"start":"2020-02-03T13:30:05.480Z","end":"2020-02-03T13:30:11.520Z"}"#;
    let key = api.post_clip(window).await.key();
    api.wait_for(&key, |clip| clip.status == Status::Ready).await
}

/// Waits until an export has ended. Returns it.
async fn wait_for_end(api: &Api, clip: &ClipKey, export: &Value) -> Value {
    let path = format!("{}/{}", path(clip), export["export"].as_str().unwrap());
    api.eventually("the export has ended", async || {
        let shown = get(api, &path).await.body;
        matches!(shown["status"].as_str(), Some("ready" | "failed")).then_some(shown)
    })
    .await
}

/// Width, height and the number of frames of the video of a file.
fn probe(url: &str) -> [u32; 3] {
    let shown = Command::new("ffprobe")
        .args(["-loglevel", "error", "-count_frames", "-select_streams", "v:0", "-of", "csv=p=0"])
        .args(["-show_entries", "stream=width,height,nb_read_frames", url])
        .output()
        .unwrap();
    let text = String::from_utf8(shown.stdout).unwrap();
    let numbers: Vec<u32> = text.trim().split(',').map(|it| it.parse().unwrap()).collect();
    numbers.try_into().unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_export_has_the_requested_size_and_frames() {
    let api = Api::start().await;
    let clip = create_ready_clip(&api).await.key();
    for (body, expected, crop) in [
        ("", [640, 360, 151], None),
        (r#"{"aspect":"9:16","crop":0.25}"#, [202, 360, 151], Some(0.25)),
        (r#"{"aspect":"1:1","height":240}"#, [240, 240, 151], Some(0.5)),
        (
            r#"{"start":"2020-02-03T13:30:06.040Z","end":"2020-02-03T13:30:08Z","height":180}"#,
            [320, 180, 49],
            None,
        ),
        (r#"{"start":"2020-02-03T13:30:04Z","end":"2020-02-03T13:30:12Z"}"#, [640, 360, 200], None),
    ] {
        let created = api.post(&path(&clip), body).await;
        assert_eq!(created.status, 202, "{body}");
        assert_eq!(created.body["status"], "encoding", "{body}");
        let made = wait_for_end(&api, &clip, &created.body).await;
        assert_eq!(made["status"], "ready", "{made}");
        assert_eq!(made.get("crop").and_then(Value::as_f64), crop, "{body}");
        let size = [&made["width"], &made["height"]].map(|it| it.as_u64().unwrap());
        assert_eq!(size.map(|it| u32::try_from(it).unwrap())[..], expected[..2], "{body}");
        let url = made["url"].as_str().unwrap();
        assert_eq!(probe(url), expected, "{body}");
        let file = reqwest::get(url).await.unwrap();
        let disposition = file.headers()["content-disposition"].to_str().unwrap().to_owned();
        assert!(disposition.starts_with("attachment; filename="), "{disposition}");
        let bytes = file.bytes().await.unwrap().len();
        assert_eq!(made["bytes"], bytes);
    }
    let listed = get(&api, &path(&clip)).await.body["exports"].as_array().unwrap().len();
    assert_eq!(listed, 5);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_export_that_cannot_be_made_is_refused_with_its_reason() {
    let api = Api::start().await;
    let clip = create_ready_clip(&api).await.key();
    for (body, status, kind, field) in [
        (r#"{"aspect":"2:1"}"#, 400, "invalid-field", "aspect"),
        (r#"{"captions":"sidecar"}"#, 400, "invalid-field", "captions"),
        (r#"{"start":"2020-02-03T13:30:03.998Z"}"#, 422, "window-outside-media", "start"),
        (r#"{"end":"2020-02-03T13:30:12.002Z"}"#, 422, "window-outside-media", "end"),
        (r#"{"end":"2020-02-03T13:30:05Z"}"#, 400, "invalid-window", "end"),
    ] {
        let refused = api.post(&path(&clip), body).await;
        let problem = json!(format!("urn:matchcut:problem:{kind}"));
        assert_eq!((refused.status.as_u16(), &refused.body["type"]), (status, &problem), "{body}");
        assert_eq!(refused.body["field"], field, "{body}");
    }
    let queued = row("demo", 8, Status::Queued);
    api.library().create(&queued).await.unwrap();
    let refused = api.post(&path(&queued.key()), "").await;
    let problem = json!("urn:matchcut:problem:not-ready");
    assert_eq!((refused.status.as_u16(), &refused.body["type"]), (409, &problem));
    let unknown = format!("{}/unknown", path(&clip));
    assert_eq!(get(&api, &unknown).await.status, 404);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_clip_has_four_exports_in_progress_at_most_and_a_key_makes_one() {
    // Without events and sweeps, an export stays in progress.
    let api = Api::start_with(|options| options.faults.lose = 1.0).await;
    let bounds = Bounds { start: at(4), end: at(8), duration_seconds: 4.0 };
    let ready = Clip { actual: Some(bounds), ..row("demo", 4, Status::Ready) };
    api.library().create(&ready).await.unwrap();
    let clip = ready.key();
    // It has no media, so the manifest is missing.
    let missing = api.post(&path(&clip), "").await;
    let problem = json!("urn:matchcut:problem:media-unknown");
    assert_eq!((missing.status.as_u16(), &missing.body["type"]), (409, &problem));
    write_manifest(&api, &ready, MANIFEST).await;
    let first = post_with_key(&api, &clip, "a", r#"{"aspect":"1:1"}"#).await;
    assert_eq!(first.status, 202);
    let again = post_with_key(&api, &clip, "a", r#"{ "aspect": "1:1" }"#).await;
    assert_eq!((again.status.as_u16(), &again.body["export"]), (202, &first.body["export"]));
    let other = post_with_key(&api, &clip, "a", "{}").await;
    let problem = json!("urn:matchcut:problem:idempotency-key-reused");
    assert_eq!((other.status.as_u16(), &other.body["type"]), (422, &problem));
    for _ in 1..MAX_EXPORTS_IN_PROGRESS {
        assert_eq!(api.post(&path(&clip), "").await.status, 202);
    }
    let refused = api.post(&path(&clip), "").await;
    let problem = json!("urn:matchcut:problem:too-many-exports");
    assert_eq!((refused.status.as_u16(), &refused.body["type"]), (409, &problem));
}

/// A multivariant manifest whose rendition does not exist. It is enough to plan a job.
pub(crate) const MANIFEST: &str = "#EXTM3U\n#EXT-X-STREAM-INF:BANDWIDTH=1000000,RESOLUTION=640x360,\
                                   FRAME-RATE=25.000\nindex_1.m3u8\n";

/// Writes the multivariant manifest of a clip.
pub(crate) async fn write_manifest(api: &Api, clip: &Clip, manifest: &str) {
    let client = aws_sdk_s3::Client::new(&api.stack.sdk);
    let put = client
        .put_object()
        .bucket(api.stack.variables.required("CLIPS_BUCKET").unwrap())
        .key(clip.attempt_of_media().manifest_key())
        .body(manifest.as_bytes().to_vec().into());
    put.send().await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_failed_job_is_shown_and_an_export_expires_after_a_day() {
    let api = Api::start().await;
    let clip = create_ready_clip(&api).await.key();
    let made = api.post(&path(&clip), "").await.body;
    let made = wait_for_end(&api, &clip, &made).await;
    let broken = row("demo", 8, Status::Ready);
    let bounds = Bounds { start: at(8), end: at(12), duration_seconds: 4.0 };
    let broken = Clip { actual: Some(bounds), ..broken };
    api.library().create(&broken).await.unwrap();
    write_manifest(&api, &broken, MANIFEST).await;
    let failed = api.post(&path(&broken.key()), "").await.body;
    let failed = wait_for_end(&api, &broken.key(), &failed).await;
    assert_eq!(failed["status"], "failed");
    assert!(failed["error"].as_str().unwrap().contains("MediaConvert error 1404"), "{failed}");

    let files = || api.objects().into_iter().filter(|key| key.starts_with("exports/")).count();
    assert_eq!((made["status"].as_str(), files()), (Some("ready"), 1));
    let sweep_after = async |hours| {
        let now = Utc::now() + TimeDelta::hours(hours);
        api.stack.functions.sweep.run(now).await.unwrap();
    };
    sweep_after(23).await;
    assert_eq!(files(), 1, "it is kept for 24 h");
    sweep_after(25).await;
    assert_eq!(files(), 0);
    for key in [&clip, &broken.key()] {
        assert_eq!(get(&api, &path(key)).await.body["exports"], json!([]));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_files_of_a_deleted_clip_are_deleted() {
    let api = Api::start().await;
    let clip = create_ready_clip(&api).await.key();
    let made = api.post(&path(&clip), "").await.body;
    wait_for_end(&api, &clip, &made).await;
    api.delete(&clip).await;
    for minutes in [1, 5] {
        let now = Utc::now() + TimeDelta::minutes(minutes);
        api.stack.functions.sweep.run(now).await.unwrap();
    }
    assert_eq!(api.objects(), [""; 0]);
    assert_eq!(get(&api, &path(&clip)).await.status, 404);
}
