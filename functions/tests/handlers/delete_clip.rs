//! Deleted and expired clips: hidden immediately, removed by the sweep.

use aws_sdk_s3::primitives::ByteStream;
use chrono::{TimeDelta, Utc};
use matchcut::api::Route as _;
use matchcut::clip::{Clip, ClipKey, Edit, Status};
use serde_json::{Value, json};

use crate::api::Api;
use crate::media::video;

/// Runs the sweep as if some minutes had passed.
async fn sweep_after(api: &Api, minutes: i64) {
    let now = Utc::now() + TimeDelta::minutes(minutes);
    api.stack.functions.sweep.run(now).await.unwrap();
}

async fn create_ready_clip(api: &Api, competition: &str) -> Clip {
    let asked = json!({ "competition": competition, "lastSeconds": 4 });
    let key = api.post_clip(&asked.to_string()).await.key();
    api.wait_for(&key, |clip| clip.status == Status::Ready).await
}

async fn list_assets(api: &Api) -> Vec<String> {
    let vod = aws_sdk_mediapackagevod::Client::new(&api.stack.sdk);
    let list_assets = vod.list_assets().send().await.unwrap();
    list_assets.assets().iter().map(|asset| asset.id().unwrap().to_owned()).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_deleted_clip_is_hidden_immediately_and_removed_later() {
    let api = Api::start().await;
    let (unwanted, other) =
        (create_ready_clip(&api, "100m").await, create_ready_clip(&api, "100m-dash").await);
    let key = unwanted.key();
    let path = format!("/competitions/100m/clips/{}", key.clip);
    for _ in 0..2 {
        api.delete(&key).await;
        assert_eq!(api.get(&path).await.status, 404);
        assert_eq!(api.get("/competitions/100m/clips").await.body["clips"], json!([]));
    }
    sweep_after(&api, 0).await;
    assert_eq!(list_assets(&api).await.len(), 2, "lists in caches may still show it");
    sweep_after(&api, 1).await;
    assert_eq!(
        list_assets(&api).await,
        [other.current_attempt().to_string()],
        "its asset goes first"
    );
    let ours = |key: &String| key.starts_with(&other.key().media_prefix());
    assert!(api.objects().iter().all(ours), "only its own media goes: {:?}", api.objects());
    let status = api.library().find(&key).await.unwrap().map(|clip| clip.status);
    assert_eq!(status, Some(Status::Deleting), "its row stays while something may still come");
    sweep_after(&api, 4).await;
    assert_eq!(api.library().find(&key).await.unwrap(), None);
    api.delete(&key).await;
    assert_eq!(api.get("/competitions/100m-dash/clips").await.body["clips"][0]["status"], "ready");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_running_harvest_finishes_before_its_clip_is_removed() {
    let api = Api::start_with(|options| options.faults.slow = 4.0).await;
    let key = api.post_clip(r#"{"lastSeconds":4}"#).await.key();
    api.delete(&key).await;
    sweep_after(&api, 4).await;
    assert!(api.library().find(&key).await.unwrap().is_some(), "its harvest is still running");
    let jobs = aws_sdk_mediapackage::Client::new(&api.stack.sdk);
    api.eventually("the harvest is over", async || {
        let job = jobs.describe_harvest_job().id(format!("{key}_1")).send().await.unwrap();
        (job.status().unwrap().as_str() == "SUCCEEDED").then_some(())
    })
    .await;
    sweep_after(&api, 40).await;
    assert_eq!(api.library().find(&key).await.unwrap(), None);
    assert_eq!((api.objects(), list_assets(&api).await), (vec![], vec![]));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_deleted_upload_loses_its_original_and_parts() {
    let api = Api::start().await;
    let video = video().await;
    api.upload_directly("demo/final.mp4", ByteStream::from(video), "").await;
    let clip = api.wait_for_any_clip(|clip| clip.status == Status::Ready).await;
    let in_parts = json!({ "filename": "long.mxf", "size": 200 << 20 }).to_string();
    let announced = api.post("/uploads", &in_parts).await.key();
    for key in [&clip.key(), &announced] {
        api.delete(key).await;
        let path = format!("/uploads/demo/{}/complete", key.clip);
        assert_eq!(api.post(&path, r#"{"parts":[]}"#).await.status, 404);
    }
    sweep_after(&api, 4).await;
    assert_eq!((api.objects(), list_assets(&api).await), (vec![], vec![]));
    let s3 = aws_sdk_s3::Client::new(&api.stack.sdk);
    let bucket = api.stack.variables.required("UPLOADS_BUCKET").unwrap();
    let left = s3.list_objects_v2().bucket(bucket).send().await.unwrap();
    assert_eq!(left.key_count(), Some(0));
    let parts = s3.list_multipart_uploads().bucket(bucket).send().await.unwrap();
    assert_eq!(parts.uploads().len(), 0);
    // The presigned URL is valid for a day, so until then a file may still arrive.
    let rows = async |hours: i64| {
        sweep_after(&api, hours * 60).await;
        api.rows().await.len()
    };
    assert_eq!(rows(2).await, 1);
    assert_eq!(rows(25).await, 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn deletion_keeps_another_multipart_upload_with_the_same_key() {
    let api = Api::start().await;
    api.upload_directly("demo/final.mp4", ByteStream::from_static(b"no video"), "").await;
    let clip = api.wait_for_any_clip(|clip| clip.status == Status::Failed).await;
    let s3 = aws_sdk_s3::Client::new(&api.stack.sdk);
    let bucket = api.stack.variables.required("UPLOADS_BUCKET").unwrap();
    let next = s3.create_multipart_upload().bucket(bucket).key("demo/final.mp4");
    let next = next.send().await.unwrap().upload_id;
    api.delete(&clip.key()).await;
    sweep_after(&api, 4).await;
    sweep_after(&api, 2 * 60).await;
    assert_eq!(api.library().find(&clip.key()).await.unwrap(), None);
    let left = s3.list_objects_v2().bucket(bucket).send().await.unwrap();
    assert_eq!(left.key_count(), Some(0), "its own file is gone");
    let parts = s3.list_multipart_uploads().bucket(bucket).send().await.unwrap();
    let begun: Vec<_> = parts.uploads().iter().map(|it| it.upload_id.clone()).collect();
    assert_eq!(begun, [next]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_file_uploaded_after_the_deletion_is_deleted() {
    let api = Api::start().await;
    let video = video().await;
    let asked = json!({ "filename": "final.mp4", "size": video.len() }).to_string();
    let answer = api.post("/uploads", &asked).await;
    let key = answer.key();
    api.delete(&key).await;
    sweep_after(&api, 10).await;
    let put = reqwest::Client::new().put(answer.body["upload"]["url"].as_str().unwrap());
    let put = put.header("content-type", "application/octet-stream").body(video);
    assert_eq!(put.send().await.unwrap().status(), 200);
    sweep_after(&api, 121).await;
    assert_eq!(api.rows().await, [Value::Null; 0]);
    assert_eq!(api.jobs().await, [""; 0]);
    let s3 = aws_sdk_s3::Client::new(&api.stack.sdk);
    let bucket = api.stack.variables.required("UPLOADS_BUCKET").unwrap();
    assert_eq!(s3.list_objects_v2().bucket(bucket).send().await.unwrap().key_count(), Some(0));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_expired_clip_is_removed() {
    let api = Api::start().await;
    let (short, long) =
        (create_ready_clip(&api, "demo").await, create_ready_clip(&api, "demo").await);
    let expiry = |minutes| Edit {
        expires_at: Some(Some(Utc::now() + TimeDelta::minutes(minutes))),
        ..Edit::default()
    };
    for (clip, minutes) in [(&short, 10), (&long, 100)] {
        api.library().edit(clip, &expiry(minutes), Utc::now()).await.unwrap().unwrap();
    }
    let listed = async || {
        let clips = api.get("/competitions/demo/clips").await.body["clips"].clone();
        let ids = clips.as_array().unwrap().iter().map(|clip| clip["clip"].clone());
        ids.collect::<Vec<_>>()
    };
    sweep_after(&api, 9).await;
    assert_eq!(listed().await.len(), 2);
    sweep_after(&api, 11).await;
    assert_eq!(listed().await, [json!(long.clip)]);
    sweep_after(&api, 15).await;
    assert_eq!(api.library().find(&short.key()).await.unwrap(), None);
    assert!(api.objects().iter().all(|key| key.starts_with(&long.key().media_prefix())));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_expired_clip_leaves_the_lists_15_seconds_before_its_media_goes() {
    let api = Api::start().await;
    let clip = create_ready_clip(&api, "demo").await;
    let expiry = Utc::now() + TimeDelta::minutes(10);
    let edit = Edit { expires_at: Some(Some(expiry)), ..Edit::default() };
    api.library().edit(&clip, &edit, Utc::now()).await.unwrap().unwrap();
    let list = async || api.get("/competitions/demo/clips").await.body["clips"].clone();
    let manifest = list().await[0]["manifest"].as_str().unwrap().to_owned();
    let plays = async || reqwest::get(&manifest).await.unwrap().status().is_success();
    let sweep = async |seconds| {
        let now = expiry + TimeDelta::seconds(seconds);
        api.stack.functions.sweep.run(now).await.unwrap();
    };
    for (seconds, is_listed, is_playable) in
        [(-1, true, true), (1, false, true), (15, false, true), (17, false, false)]
    {
        sweep(seconds).await;
        assert_eq!(list().await.as_array().unwrap().len(), usize::from(is_listed), "{seconds} s");
        assert_eq!(plays().await, is_playable, "{seconds} s after the expiry");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_competition_has_its_own_default_expiry() {
    let api = Api::start().await;
    let days = api.variables(&[("CLIP_EXPIRY_DAYS", r#"{"100m":3}"#.to_owned())]);
    let function = matchcut::harvest::CreateClip::new(&api.stack.sdk, &days).unwrap();
    let asked = |body: Value| {
        let mut event = aws_lambda_events::apigw::ApiGatewayV2httpRequest::default();
        event.body = Some(body.to_string());
        event
    };
    for (body, days) in [
        (json!({ "lastSeconds": 4, "competition": "100m" }), Some(3)),
        (json!({ "lastSeconds": 4, "competition": "200m" }), None),
        (
            json!({ "lastSeconds": 4, "competition": "100m", "expiresAt": (Utc::now() + TimeDelta::days(7)) }),
            Some(7),
        ),
    ] {
        let answer = function.handle(asked(body)).await;
        let Some(aws_lambda_events::encodings::Body::Text(text)) = answer.body else { panic!() };
        let shown: Value = serde_json::from_str(&text).unwrap();
        let key: ClipKey = format!(
            "{}_{}",
            shown["competition"].as_str().unwrap(),
            shown["clip"].as_str().unwrap()
        )
        .parse()
        .unwrap();
        let clip = api.library().find(&key).await.unwrap().unwrap();
        let kept =
            clip.expires_at.map(|expiry| (expiry - clip.created_at).as_seconds_f64() / 86400.0);
        assert_eq!(kept.map(f64::round), days.map(f64::from));
    }
}
