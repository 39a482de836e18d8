//! Uploads: requests, transcodes and MediaConvert notifications.

use aws_lambda_events::eventbridge::EventBridgeEvent;
use aws_sdk_mediaconvert::types::JobStatus;
use aws_sdk_s3::primitives::ByteStream;
use chrono::{TimeDelta, Utc};
use matchcut::api::Route as _;
use matchcut::asset::Assets;
use matchcut::clip::{Bounds, Clip, ClipId, ClipKey, Description, Source, Status, Trigger, Upload};
use matchcut::lambda::EventHandler as _;
use matchcut::upload::{
    CompleteUpload, CreateUpload, JobStateChange, TranscodeComplete, TranscodeUpload,
};
use serde_json::{Value, json};
use tokio::sync::OnceCell;

use super::inventory::{Inventory, Resources};
use super::{
    ALL_CUTS, CUTS, InterruptionTest, clip_parameters, interrupt_and_redeliver,
    interrupt_each_call, interrupt_handler, interrupt_keyed_requests, interrupt_requests, message,
    request,
};
use crate::media::{make, picture};

/// The smallest video that MediaConvert accepts.
pub(super) async fn make_tiny_video() -> &'static [u8] {
    static VIDEO: OnceCell<Vec<u8>> = OnceCell::const_new();
    let video = VIDEO.get_or_init(async || {
        let folder = tempfile::tempdir().unwrap();
        let arguments = format!("{} -c:v libx264 -preset ultrafast", picture("64x64", 0.4));
        std::fs::read(make(folder.path(), "tiny.mp4", &arguments).await).unwrap()
    });
    video.await
}

/// Stores the row of an upload whose file is still missing.
pub(super) async fn create_upload_row(test: &InterruptionTest, in_parts: bool) -> Clip {
    let now = Utc::now();
    let key = ClipKey { competition: "demo".parse().unwrap(), clip: ClipId::for_time(now) };
    let object = format!("demo/{}/original.mp4", key.clip);
    let s3 = aws_sdk_s3::Client::new(&test.api.stack.sdk);
    let bucket = test.variables().required("UPLOADS_BUCKET").unwrap();
    let begin = s3.create_multipart_upload().bucket(bucket).key(&object);
    let multipart = if in_parts { begin.send().await.unwrap().upload_id } else { None };
    let source = Source::Upload(Upload {
        key: object,
        filename: "final.mp4".to_owned(),
        at: now,
        size: Some(make_tiny_video().await.len().try_into().unwrap()),
        uploader: Some("operator".to_owned()),
        multipart,
        joining_since: None,
        awaited_until: Some(now + TimeDelta::hours(2)),
        job: None,
        progress: None,
        thumbnails: 0,
        captions: Vec::new(),
        default_sound: None,
    });
    let clip = Clip::new(key, Status::Uploading, source, &Description::default(), now);
    assert!(test.api.library().create(&clip).await.unwrap());
    clip
}

/// Creates a clip whose original is stored without an event.
pub(super) async fn create_uploaded_clip(test: &InterruptionTest) -> Clip {
    let clip = create_upload_row(test, false).await;
    test.api.write_without_event(&clip.upload().unwrap().key, make_tiny_video().await);
    clip
}

/// Creates a clip whose transcode has written media that does not play.
async fn create_transcoding_clip(test: &InterruptionTest) -> Clip {
    let clip = create_uploaded_clip(test).await;
    let bucket = test.variables().required("CLIPS_BUCKET").unwrap();
    let s3 = aws_sdk_s3::Client::new(&test.api.stack.sdk);
    for folder in [clip.current_attempt().media_prefix(), clip.current_attempt().thumbnail_prefix()]
    {
        s3.put_object().bucket(bucket).key(format!("{folder}made")).send().await.unwrap();
    }
    let (start, end) = (Utc::now(), Utc::now() + TimeDelta::seconds(1));
    let actual = Bounds { start, end, duration_seconds: 1.0 };
    apply_and_find(test, &clip, Trigger::FileProbed { actual: Some(actual) }).await;
    apply_and_find(test, &clip, Trigger::TranscodeStarted { job: "long-forgotten".to_owned() })
        .await
}

async fn apply_and_find(test: &InterruptionTest, clip: &Clip, trigger: Trigger) -> Clip {
    let library = test.api.library();
    library.advance(&clip.current_attempt(), &trigger, Utc::now()).await.unwrap();
    library.find(&clip.key()).await.unwrap().unwrap()
}

/// Creates a ready uploaded clip with all its resources.
pub(super) async fn create_uploaded_ready_clip(test: &InterruptionTest) -> Clip {
    let assets = Assets::from_variables(&test.api.stack.sdk, test.variables()).unwrap();
    let clip = create_transcoding_clip(test).await;
    let clip = apply_and_find(test, &clip, assets.ensure_asset(&clip).await.unwrap()).await;
    apply_and_find(test, &clip, Trigger::Playable { configuration: "hls".to_owned() }).await;
    let clip =
        apply_and_find(test, &clip, Trigger::Playable { configuration: "hls-2".to_owned() }).await;
    assert_eq!(clip.status, Status::Ready);
    clip
}

fn build_object_created(test: &InterruptionTest, key: &str) -> aws_lambda_events::sqs::SqsEvent {
    let bucket = test.variables().required("UPLOADS_BUCKET").unwrap();
    message(&json!({ "detail": { "bucket": { "name": bucket }, "object": { "key": key } } }))
}

/// Asserts that every clip is ready and was transcoded once.
async fn assert_all_ready(test: &InterruptionTest, count: usize) -> Resources {
    test.settle(|clip| clip.status == Status::Ready).await;
    let resources = Inventory::collect(test).await.assert_all_equal(count);
    assert_eq!(resources.row["status"], "ready");
    let thumbnails = resources.media.iter().filter(|key| key.starts_with("thumbnails ")).count();
    assert_eq!((thumbnails, &resources.row["thumbnails"]), (1, &json!(1)));
    assert_eq!(
        (resources.transcodes, resources.assets.len(), resources.files, resources.parts),
        (1, 1, 1, 0)
    );
    resources
}

/// Creates uploads with idempotency keys. A request without a reply is repeated with the same key.
async fn interrupt_create_upload(test: &InterruptionTest, body: &Value) -> usize {
    let create = CreateUpload::new(&test.sdk, test.variables()).unwrap();
    interrupt_keyed_requests(201, body, async |request| create.handle(request).await).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_repeated_upload_request_creates_one_upload_that_expires() {
    let test = InterruptionTest::start().await;
    let captions = json!([{ "language": "fi", "text": "WEBVTT\n\n00:01.000 --> 00:02.000\nHei" }]);
    let body = json!({ "filename": "a.mp4", "size": 7, "captions": captions });
    let count = interrupt_create_upload(&test, &body).await;
    let resources = Inventory::collect(&test).await.assert_all_equal(count);
    assert_eq!((&resources.row["status"], resources.parts), (&json!("uploading"), 0));
    assert_eq!(resources.files, 1, "the captions are there before the file");
    test.sweep_until_given_up_and_removed(3 * 60).await;
    Inventory::collect(&test).await.assert_no_resources();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_repeated_large_upload_request_creates_one_multipart_upload_that_expires() {
    let test = InterruptionTest::start().await;
    let asked = json!({ "filename": "a.mxf", "size": 200 << 20 });
    let count = interrupt_create_upload(&test, &asked).await;
    let resources = Inventory::collect(&test).await.assert_all_equal(count);
    assert_eq!((&resources.row["multipart"], resources.parts), (&json!("one"), 1));
    test.sweep_until_given_up_and_removed(25 * 60).await;
    Inventory::collect(&test).await.assert_no_resources();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn interrupted_large_upload_requests_leave_no_resources() {
    let test = InterruptionTest::start().await;
    let create = CreateUpload::new(&test.sdk, test.variables()).unwrap();
    let asked = || request(&json!({}), &json!({}), r#"{"filename":"a.mxf","size":200000000}"#);
    let tried =
        interrupt_each_call(&ALL_CUTS, async || (), async |()| create.handle(asked()).await).await;
    assert!(test.clips().await.len() <= tried.len());
    test.sweep_until_given_up_and_removed(25 * 60).await;
    Inventory::collect(&test).await.assert_no_resources();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_repeated_completion_joins_the_parts_once() {
    let test = InterruptionTest::start().await;
    let complete = CompleteUpload::new(&test.sdk, test.variables()).unwrap();
    let s3 = aws_sdk_s3::Client::new(&test.api.stack.sdk);
    let bucket = test.variables().required("UPLOADS_BUCKET").unwrap();
    let prepare = async || {
        let clip = create_upload_row(&test, true).await;
        let upload = clip.upload().unwrap();
        let part = s3.upload_part().bucket(bucket).key(&upload.key).part_number(1);
        let part = part.set_upload_id(upload.multipart.clone());
        let sent =
            part.body(ByteStream::from_static(make_tiny_video().await)).send().await.unwrap();
        (clip, json!({ "parts": [{ "partNumber": 1, "etag": sent.e_tag }] }).to_string())
    };
    let work = async |(clip, body): &(Clip, String)| {
        complete.handle(request(&clip_parameters(clip), &json!({}), body)).await
    };
    let count = interrupt_requests(&CUTS, 202, prepare, work).await;
    assert_all_ready(&test, count).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_uploaded_file_is_transcoded_once() {
    let test = InterruptionTest::start().await;
    let transcode = TranscodeUpload::new(&test.sdk, test.variables()).unwrap();
    let work = async |clip: &Clip| {
        transcode.handle(build_object_created(&test, &clip.upload().unwrap().key)).await
    };
    let prepare = async || create_uploaded_clip(&test).await;
    let count = interrupt_handler(&test, &ALL_CUTS, Status::Transcoding, prepare, work).await;
    assert_all_ready(&test, count).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_dropped_file_becomes_one_clip() {
    let test = InterruptionTest::start().await;
    let transcode = TranscodeUpload::new(&test.sdk, test.variables()).unwrap();
    let mut number = 0;
    let prepare = async || {
        number += 1;
        let key = format!("demo/file-{number}.mp4");
        test.api.write_without_event(&key, make_tiny_video().await);
        key
    };
    let work = async |key: &String| transcode.handle(build_object_created(&test, key)).await;
    let tried = interrupt_each_call(&CUTS, prepare, work).await;
    // Only the queue knows the file, so it delivers the message again whatever the first run did.
    for run in &tried {
        work(&run.case).await.unwrap();
    }
    test.settle(|clip| clip.status == Status::Ready).await;
    let world = Inventory::collect(&test).await;
    assert_eq!((world.clips().count(), test.api.jobs().await.len()), (tried.len(), tried.len()));
}

/// Creates a clip with a finished transcode job that no function has recorded.
async fn create_transcoded_clip(test: &InterruptionTest) -> Clip {
    let clip = create_uploaded_clip(test).await;
    let start = TranscodeUpload::new(&test.api.stack.sdk, test.variables()).unwrap();
    start.handle(build_object_created(test, &clip.upload().unwrap().key)).await.unwrap();
    let clip = test.api.library().find(&clip.key()).await.unwrap().unwrap();
    let job = clip.upload().unwrap().job.clone().unwrap();
    let convert = aws_sdk_mediaconvert::Client::new(&test.api.stack.sdk);
    test.api
        .eventually("it is transcoded", async || {
            let found = convert.get_job().id(&job).send().await.unwrap().job.unwrap();
            (found.status == Some(JobStatus::Complete)).then_some(())
        })
        .await;
    clip
}

fn build_job_state_change(clip: &Clip, status: &str) -> EventBridgeEvent<JobStateChange> {
    let detail = json!({
        "jobId": clip.upload().unwrap().job,
        "status": status,
        "userMetadata": {
            "competition": clip.competition, "clip": clip.clip, "attempt": clip.attempt.to_string(),
        },
        "outputGroupDetails": [{ "outputDetails": [{ "durationInMs": 400 }] }],
    });
    let detail_type = "MediaConvert Job State Change";
    let event =
        json!({ "detail-type": detail_type, "source": "aws.mediaconvert", "detail": detail });
    serde_json::from_value(event).unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_transcoded_file_gets_one_asset() {
    let test = InterruptionTest::start().await;
    let complete = TranscodeComplete::new(&test.sdk, test.variables()).unwrap();
    let work = async |clip: &Clip| complete.handle(build_job_state_change(clip, "COMPLETE")).await;
    let prepare = async || create_transcoded_clip(&test).await;
    let count = interrupt_handler(&test, &CUTS, Status::Packaging, prepare, work).await;
    assert_all_ready(&test, count).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_failed_transcode_is_recorded_and_keeps_the_original() {
    let test = InterruptionTest::start().await;
    let complete = TranscodeComplete::new(&test.sdk, test.variables()).unwrap();
    let work = async |clip: &Clip| complete.handle(build_job_state_change(clip, "ERROR")).await;
    let prepare = async || create_transcoding_clip(&test).await;
    let count = interrupt_and_redeliver(&test, &CUTS, Status::Failed, prepare, work).await;
    let resources = Inventory::collect(&test).await.assert_all_equal(count);
    assert_eq!(resources.row["failure"]["code"], "transcode-failed");
    assert_eq!((resources.files, resources.media.len(), resources.assets.len()), (1, 0, 0));
}
