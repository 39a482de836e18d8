//! Retries of failed clips.

use aws_sdk_s3::primitives::ByteStream;
use chrono::{TimeDelta, Utc};
use matchcut::clip::{Clip, Failure, FailureCode, Status, Trigger};
use serde_json::json;

use crate::api::{Api, Reply, row};
use crate::media::video;

async fn retry(api: &Api, clip: &Clip) -> Reply {
    api.post(&format!("/competitions/{}/clips/{}/retry", clip.competition, clip.clip), "").await
}

async fn record_failure(api: &Api, clip: &Clip, code: FailureCode) -> Clip {
    let failure = Failure { code, message: "It did not work.".to_owned() };
    let failed = Trigger::Failed(failure);
    api.library().advance(&clip.current_attempt(), &failed, Utc::now()).await.unwrap();
    api.library().find(&clip.key()).await.unwrap().unwrap()
}

async fn sweep(api: &Api) {
    api.stack.functions.sweep.run(Utc::now() + TimeDelta::seconds(1)).await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_retried_harvest_uses_the_next_attempt_number() {
    let api = Api::start().await;
    let clip = row("demo", 4, Status::Harvesting);
    let clip = Clip { playable: [].into(), manifests: [].into(), ..clip };
    api.library().create(&clip).await.unwrap();
    let clip = record_failure(&api, &clip, FailureCode::HarvestFailed).await;
    let answer = retry(&api, &clip).await;
    assert_eq!((answer.status.as_u16(), &answer.body["attempt"]), (202, &json!(2)));
    assert_eq!(answer.body.get("failure"), None);
    let ready = api.wait_for_status(&clip, Status::Ready).await;
    assert_eq!((ready.attempt, ready.media_attempt), (2, 2));
    let prefix = format!("{}2/", clip.key().media_prefix());
    assert!(api.objects().iter().all(|key| key.starts_with(&prefix)), "{:?}", api.objects());
    let vod = aws_sdk_mediapackagevod::Client::new(&api.stack.sdk);
    let asset = vod.describe_asset().id(format!("{}_2", clip.key())).send().await.unwrap();
    assert!(asset.source_arn().unwrap().ends_with(&format!("{prefix}index.m3u8")));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_retried_ingest_keeps_the_media_and_creates_another_asset() {
    // The events of the asset would make the clip ready.
    let api = Api::start_with(|options| options.faults.lose = 1.0).await;
    let key = api.post_clip(r#"{"lastSeconds":4}"#).await.key();
    let packaging = api.sweep_until(&key, Status::Packaging).await;
    let clip = record_failure(&api, &packaging, FailureCode::IngestFailed).await;
    let objects = api.objects();
    assert_eq!(retry(&api, &clip).await.body["status"], "packaging");
    assert_eq!(
        retry(&api, &clip).await.body["attempt"],
        2,
        "two retry requests must start one attempt"
    );
    sweep(&api).await;
    let ready = api.sweep_until(&key, Status::Ready).await;
    assert_eq!((ready.attempt, ready.media_attempt), (2, 1));
    assert_eq!(api.objects(), objects, "nothing was copied again");
    let vod = aws_sdk_mediapackagevod::Client::new(&api.stack.sdk);
    let assets = vod.list_assets().send().await.unwrap();
    let ids: Vec<_> = assets.assets().iter().filter_map(|asset| asset.id()).collect();
    assert_eq!(ids, [format!("{key}_2")], "the asset that failed is gone");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_retried_transcode_reads_the_original_again() {
    // No transcode ends before the test makes it fail.
    let api = Api::start_with(|options| options.faults.slow = 2.0).await;
    api.upload_directly("demo/final.mp4", ByteStream::from(video().await), "").await;
    let clip = api.wait_for_any_clip(|clip| clip.status == Status::Transcoding).await;
    let clip = record_failure(&api, &clip, FailureCode::TranscodeFailed).await;
    assert_eq!(retry(&api, &clip).await.body["status"], "uploading");
    sweep(&api).await;
    let ready = api.wait_for_status(&clip, Status::Ready).await;
    assert_eq!((ready.attempt, ready.media_attempt), (2, 2));
    assert_eq!(api.jobs().await.len(), 2);
    let path = format!("/competitions/demo/clips/{}", clip.clip);
    let shown = api.get(&path).await.body;
    let picture = reqwest::get(shown["thumbnails"][0].as_str().unwrap()).await.unwrap();
    assert_eq!(picture.status(), 200);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn retry_fails_if_the_original_is_missing() {
    let api = Api::start().await;
    api.upload_directly("demo/empty.mp4", ByteStream::from_static(b""), "").await;
    let clip = api.wait_for_any_clip(|clip| clip.status == Status::Failed).await;
    let s3 = aws_sdk_s3::Client::new(&api.stack.sdk);
    let bucket = api.stack.variables.required("UPLOADS_BUCKET").unwrap();
    s3.delete_object().bucket(bucket).key("demo/empty.mp4").send().await.unwrap();
    retry(&api, &clip).await;
    sweep(&api).await;
    let failed = api.wait_for_status(&clip, Status::Failed).await;
    assert_eq!((failed.attempt, failed.failure.unwrap().code), (2, FailureCode::FileMissing));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn retry_fails_if_the_original_was_replaced() {
    let api = Api::start().await;
    api.upload_directly("demo/final.mp4", ByteStream::from_static(b"no video"), "").await;
    let clip = api.wait_for_any_clip(|clip| clip.status == Status::Failed).await;
    api.upload_directly("demo/final.mp4", ByteStream::from(video().await), "").await;
    api.wait_for_any_clip(|other| other.status == Status::Ready).await;
    retry(&api, &clip).await;
    sweep(&api).await;
    let failed = api.wait_for_status(&clip, Status::Failed).await;
    assert_eq!((failed.attempt, failed.failure.unwrap().code), (2, FailureCode::FileMissing));
    assert_eq!(api.jobs().await.len(), 1, "the other file's");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn only_failed_clips_can_be_retried_up_to_five_attempts() {
    let api = Api::start_with(|options| options.faults.fail = 1.0).await;
    let ready = row("demo", 0, Status::Ready);
    api.library().create(&ready).await.unwrap();
    let refused = retry(&api, &ready).await;
    assert_eq!(
        (refused.status.as_u16(), &refused.body["type"]),
        (409, &json!("urn:matchcut:problem:not-retryable"))
    );
    assert_eq!(retry(&api, &row("demo", 0, Status::Failed)).await.status, 404);

    let key = api.post_clip(r#"{"lastSeconds":4}"#).await.key();
    for attempt in 1..=5 {
        let failed = |clip: &Clip| clip.status == Status::Failed && clip.attempt == attempt;
        let clip = api.wait_for(&key, failed).await;
        let expected = if attempt < 5 { 202 } else { 409 };
        assert_eq!(retry(&api, &clip).await.status, expected, "attempt {attempt}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn events_of_an_earlier_attempt_change_nothing() {
    let api = Api::start_with(|options| options.faults.lose = 1.0).await;
    let clip = Clip { attempt: 2, media_attempt: 2, ..row("demo", 4, Status::Harvesting) };
    api.library().create(&clip).await.unwrap();
    for trigger in [
        Trigger::AssetCreated { manifests: [("hls".to_owned(), "/other".to_owned())].into() },
        Trigger::Playable { configuration: "dash".to_owned() },
        Trigger::Failed(Failure { code: FailureCode::IngestFailed, message: "late".to_owned() }),
    ] {
        let first = matchcut::clip::Attempt { clip: clip.key(), number: 1 };
        api.library().advance(&first, &trigger, Utc::now()).await.unwrap();
    }
    assert_eq!(api.library().find(&clip.key()).await.unwrap(), Some(clip));
}
