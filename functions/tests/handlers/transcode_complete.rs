//! `transcode-complete` with notifications in any order, and the cleanup after a failed job.

use aws_lambda_events::eventbridge::EventBridgeEvent;
use matchcut::clip::{
    Attempt, Bounds, Clip, ClipId, ClipKey, FailureCode, MediaPaths, Source, Status, Upload,
};
use matchcut::lambda::EventHandler as _;
use matchcut::upload::JobStateChange;
use serde_json::{Value, json};

use crate::api::{Api, at, row};

const JOB: &str = "1516661243506-abc";

/// A clip whose file of ten seconds is being transcoded.
fn transcoding() -> Clip {
    Clip {
        clip: ClipId::for_time(at(0)),
        source: Source::Upload(Upload {
            key: "demo/a.mp4".to_owned(),
            filename: "a.mp4".to_owned(),
            at: at(0),
            size: None,
            uploader: None,
            multipart: None,
            joining_since: None,
            awaited_until: None,
            job: Some(JOB.to_owned()),
            progress: None,
            thumbnails: 10,
            captions: Vec::new(),
            default_sound: None,
        }),
        actual: Some(Bounds { start: at(0), end: at(10), duration_seconds: 10.0 }),
        manifests: [].into(),
        playable: [].into(),
        ..row("demo", 0, Status::Transcoding)
    }
}

/// A job state change in the captured form.
fn build_notification(
    clip: &ClipKey,
    job: &str,
    status: &str,
    more: &Value,
) -> EventBridgeEvent<JobStateChange> {
    let mut detail = json!({
        "timestamp": 1_516_661_270_000_i64,
        "accountId": "111122223333",
        "queue": "arn:aws:mediaconvert:us-west-2:111122223333:queues/Default",
        "jobId": job,
        "status": status,
        "userMetadata": { "competition": clip.competition, "clip": clip.clip, "attempt": "1" },
    });
    for (name, value) in more.as_object().unwrap() {
        detail[name] = value.clone();
    }
    let detail_type = "MediaConvert Job State Change";
    let event =
        json!({ "detail-type": detail_type, "source": "aws.mediaconvert", "detail": detail });
    serde_json::from_value(event).unwrap()
}

fn complete(milliseconds: u32) -> Value {
    json!({ "outputGroupDetails": [{
        "type": "HLS_GROUP",
        "playlistFilePaths": ["s3://b/main.m3u8"],
        "outputDetails": [{
            "outputFilePaths": ["s3://b/main_1.m3u8"],
            "durationInMs": milliseconds,
            "videoDetails": { "widthInPx": 1920, "heightInPx": 1080 },
        }],
    }]})
}

fn progress(percent: u8) -> Value {
    json!({ "framesDecoded": 334, "jobProgress": {
        "phaseProgress": { "TRANSCODING": { "status": "PROGRESSING", "percentComplete": percent } },
        "jobPercentComplete": percent, "currentPhase": "TRANSCODING", "retryCount": 0,
    }})
}

/// A stack that loses all of its own events, with that clip.
async fn with_clip() -> (Api, ClipKey) {
    let api = Api::start_with(|options| options.faults.lose = 1.0).await;
    let clip = transcoding();
    assert!(api.library().create(&clip).await.unwrap());
    (api, clip.key())
}

async fn handle_notification(
    api: &Api,
    clip: &ClipKey,
    job: &str,
    status: &str,
    more: &Value,
) -> Clip {
    let build_notification = build_notification(clip, job, status, more);
    api.stack.functions.transcode_complete.handle(build_notification).await.unwrap();
    api.library().find(clip).await.unwrap().unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn progress_never_decreases() {
    let (api, clip) = with_clip().await;
    let path = format!("/competitions/demo/clips/{}", clip.clip);
    let shown = async || api.get(&path).await.body["progress"].clone();
    assert_eq!(shown().await, 0);
    handle_notification(&api, &clip, JOB, "PROGRESSING", &json!({})).await;
    handle_notification(&api, &clip, JOB, "STATUS_UPDATE", &progress(40)).await;
    handle_notification(&api, &clip, JOB, "STATUS_UPDATE", &progress(20)).await;
    handle_notification(&api, &clip, "another-job", "STATUS_UPDATE", &progress(90)).await;
    assert_eq!(shown().await, 40);

    let packaging = handle_notification(&api, &clip, JOB, "COMPLETE", &complete(10_040)).await;
    assert_eq!(packaging.status, Status::Packaging);
    for status in ["STATUS_UPDATE", "COMPLETE", "ERROR"] {
        let more = json!({ "errorCode": 1040, "jobProgress": { "jobPercentComplete": 99 } });
        let late = handle_notification(&api, &clip, JOB, status, &more).await;
        assert_eq!(late, packaging, "{status}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_failed_transcode_records_its_reason_and_deletes_its_media() {
    for (status, more, code, reason) in [
        (
            "ERROR",
            json!({ "errorCode": 1030, "errorMessage": "no decoder" }),
            FailureCode::TranscodeFailed,
            "a track could not be decoded (MediaConvert error 1030: no decoder)",
        ),
        ("CANCELED", json!({}), FailureCode::TranscodeFailed, "canceled"),
        (
            "COMPLETE",
            complete(4_000),
            FailureCode::TruncatedFile,
            "states 10.0 s, but it has 4.0 s",
        ),
    ] {
        let (api, clip) = with_clip().await;
        let bucket = api.stack.variables.required("CLIPS_BUCKET").unwrap();
        let s3 = aws_sdk_s3::Client::new(&api.stack.sdk);
        let other = "clips/demo/20200203133000_20200203133000_other0/index.m3u8";
        let first = Attempt { clip: clip.clone(), number: 1 };
        let media = format!("{}index_1_00001.ts", first.media_prefix());
        let picture = format!("{}thumbnail.0000000.jpg", first.thumbnail_prefix());
        for key in [media.as_str(), picture.as_str(), other] {
            s3.put_object().bucket(bucket).key(key).send().await.unwrap();
        }
        let failed = handle_notification(&api, &clip, JOB, status, &more).await;
        let failure = failed.failure.unwrap();
        assert_eq!((failed.status, failure.code), (Status::Failed, code), "{status}");
        assert!(failure.message.contains(reason), "{}", failure.message);
        assert_eq!(api.objects(), [other], "{status}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn only_thumbnails_that_exist_are_listed() {
    for existing in [0, 2, 10] {
        let (api, clip) = with_clip().await;
        let bucket = api.stack.variables.required("CLIPS_BUCKET").unwrap();
        let s3 = aws_sdk_s3::Client::new(&api.stack.sdk);
        let attempt = Attempt { clip: clip.clone(), number: 1 };
        let keys = (0..existing).map(|number| attempt.thumbnail_key(number));
        for key in keys.chain([format!("{}x.jpg", attempt.thumbnail_prefix())]) {
            s3.put_object().bucket(bucket).key(key).send().await.unwrap();
        }
        let done = handle_notification(&api, &clip, JOB, "COMPLETE", &complete(10_040)).await;
        assert_eq!(done.status, Status::Packaging);
        assert_eq!(done.upload().unwrap().thumbnails, existing);
        let ready = Clip { status: Status::Ready, ..done };
        let listed = MediaPaths::of_ready(&ready).unwrap().thumbnails.unwrap_or_default();
        assert_eq!(listed.len(), existing as usize, "{listed:?}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn transcode_jobs_of_other_applications_are_ignored() {
    let (api, clip) = with_clip().await;
    let unknown = transcoding().key();
    let before = api.library().find(&clip).await.unwrap();
    handle_notification(&api, &clip, "another-job", "COMPLETE", &complete(10_000)).await;
    for metadata in [json!({}), json!({ "competition": "a b", "clip": "x" })] {
        let foreign =
            build_notification(&clip, JOB, "COMPLETE", &json!({ "userMetadata": metadata }));
        api.stack.functions.transcode_complete.handle(foreign).await.unwrap();
    }
    let foreign = build_notification(&unknown, JOB, "COMPLETE", &json!({}));
    api.stack.functions.transcode_complete.handle(foreign).await.unwrap();
    assert_eq!(api.library().find(&clip).await.unwrap(), before);
    let vod = aws_sdk_mediapackagevod::Client::new(&api.stack.sdk);
    assert!(vod.list_assets().send().await.unwrap().assets().is_empty());
}
