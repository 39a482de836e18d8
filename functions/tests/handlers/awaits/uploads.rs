//! Files of editors.

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

use super::world::{Piece, World};
use super::{
    MORE_WAYS, Stage, WAYS, ask_everywhere, ask_with_keys, everywhere, handle_everywhere, message,
    of_clip, redeliver_everywhere, request,
};
use crate::media::{make, picture};

/// As little of a video as MediaConvert takes.
pub(super) async fn tiny() -> &'static [u8] {
    static VIDEO: OnceCell<Vec<u8>> = OnceCell::const_new();
    let video = VIDEO.get_or_init(async || {
        let folder = tempfile::tempdir().unwrap();
        let arguments = format!("{} -c:v libx264 -preset ultrafast", picture("64x64", 0.4));
        std::fs::read(make(folder.path(), "tiny.mp4", &arguments).await).unwrap()
    });
    video.await
}

/// The row of a file that is to come, in parts or at once.
pub(super) async fn announced(stage: &Stage, in_parts: bool) -> Clip {
    let now = Utc::now();
    let key = ClipKey { competition: "demo".parse().unwrap(), clip: ClipId::for_time(now) };
    let object = format!("demo/{}/original.mp4", key.clip);
    let s3 = aws_sdk_s3::Client::new(&stage.api.stack.sdk);
    let bucket = stage.variables().required("UPLOADS_BUCKET").unwrap();
    let begin = s3.create_multipart_upload().bucket(bucket).key(&object);
    let multipart = if in_parts { begin.send().await.unwrap().upload_id } else { None };
    let source = Source::Upload(Upload {
        key: object,
        filename: "final.mp4".to_owned(),
        at: now,
        size: Some(tiny().await.len().try_into().unwrap()),
        uploader: Some("operator".to_owned()),
        multipart,
        awaited_until: Some(now + TimeDelta::hours(2)),
        job: None,
        progress: None,
        thumbnails: 0,
    });
    let clip = Clip::new(key, Status::Uploading, source, &Description::default(), now);
    assert!(stage.api.library().create(&clip).await.unwrap());
    clip
}

/// A clip whose file has come, and nobody was told.
pub(super) async fn uploaded(stage: &Stage) -> Clip {
    let clip = announced(stage, false).await;
    stage.api.write_behind(&clip.upload().unwrap().key, tiny().await);
    clip
}

/// A clip of a file whose transcode has made something; none of it plays.
async fn transcoding(stage: &Stage) -> Clip {
    let clip = uploaded(stage).await;
    let bucket = stage.variables().required("CLIPS_BUCKET").unwrap();
    let s3 = aws_sdk_s3::Client::new(&stage.api.stack.sdk);
    for folder in [clip.current_attempt().media_prefix(), clip.current_attempt().thumbnail_prefix()]
    {
        s3.put_object().bucket(bucket).key(format!("{folder}made")).send().await.unwrap();
    }
    let (start, end) = (Utc::now(), Utc::now() + TimeDelta::seconds(1));
    let actual = Bounds { start, end, duration_seconds: 1.0 };
    tell(stage, &clip, Trigger::FileProbed { actual, thumbnails: 1 }).await;
    tell(stage, &clip, Trigger::TranscodeStarted { job: "long-forgotten".to_owned() }).await
}

async fn tell(stage: &Stage, clip: &Clip, trigger: Trigger) -> Clip {
    let library = stage.api.library();
    library.advance(&clip.current_attempt(), &trigger, Utc::now()).await.unwrap();
    library.find(&clip.key()).await.unwrap().unwrap()
}

/// A ready clip of a file, with all that such a clip has.
pub(super) async fn published(stage: &Stage) -> Clip {
    let publisher = Assets::from_variables(&stage.api.stack.sdk, stage.variables()).unwrap();
    let clip = transcoding(stage).await;
    let clip = tell(stage, &clip, publisher.ensure_asset(&clip).await.unwrap()).await;
    tell(stage, &clip, Trigger::Playable { configuration: "hls".to_owned() }).await;
    let clip = tell(stage, &clip, Trigger::Playable { configuration: "hls-2".to_owned() }).await;
    assert_eq!(clip.status, Status::Ready);
    clip
}

fn created(stage: &Stage, key: &str) -> aws_lambda_events::sqs::SqsEvent {
    let bucket = stage.variables().required("UPLOADS_BUCKET").unwrap();
    message(&json!({ "detail": { "bucket": { "name": bucket }, "object": { "key": key } } }))
}

/// Every clip is ready, and was transcoded once.
async fn all_are_ready(stage: &Stage, count: usize) -> Piece {
    stage.settle(|clip| clip.status == Status::Ready).await;
    let piece = World::of(stage).await.all_alike(count);
    assert_eq!(piece.row["status"], "ready");
    assert_eq!((piece.transcodes, piece.assets.len(), piece.files, piece.parts), (1, 1, 1, 0));
    piece
}

/// Announces files with keys; those that got no reply are announced again with the same one.
async fn announce_with_keys(stage: &Stage, body: &Value) -> usize {
    let create = CreateUpload::new(&stage.sdk, stage.variables()).unwrap();
    ask_with_keys(201, body, async |request| create.handle(request).await).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_file_that_is_announced_again_is_awaited_once_and_then_given_up() {
    let stage = Stage::start().await;
    let count = announce_with_keys(&stage, &json!({ "filename": "a.mp4", "size": 7 })).await;
    let piece = World::of(&stage).await.all_alike(count);
    assert_eq!((&piece.row["status"], piece.parts), (&json!("uploading"), 0));
    stage.sweep_after(3 * 60).await;
    World::of(&stage).await.nothing_is_left();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_large_file_that_is_announced_again_is_sent_to_one_place_and_then_given_up() {
    let stage = Stage::start().await;
    let asked = json!({ "filename": "a.mxf", "size": 200 << 20 });
    let count = announce_with_keys(&stage, &asked).await;
    let piece = World::of(&stage).await.all_alike(count);
    assert_eq!((&piece.row["multipart"], piece.parts), (&json!("one"), 1));
    stage.sweep_after(25 * 60).await;
    World::of(&stage).await.nothing_is_left();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_is_left_of_large_files_whose_announcement_got_no_reply() {
    let stage = Stage::start().await;
    let create = CreateUpload::new(&stage.sdk, stage.variables()).unwrap();
    let asked = || request(&json!({}), &json!({}), r#"{"filename":"a.mxf","size":200000000}"#);
    let tried = everywhere(&MORE_WAYS, async || (), async |()| create.handle(asked()).await).await;
    assert!(stage.clips().await.len() <= tried.len());
    stage.sweep_after(25 * 60).await;
    World::of(&stage).await.nothing_is_left();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn parts_that_are_joined_again_are_one_file() {
    let stage = Stage::start().await;
    let complete = CompleteUpload::new(&stage.sdk, stage.variables()).unwrap();
    let s3 = aws_sdk_s3::Client::new(&stage.api.stack.sdk);
    let bucket = stage.variables().required("UPLOADS_BUCKET").unwrap();
    let prepare = async || {
        let clip = announced(&stage, true).await;
        let upload = clip.upload().unwrap();
        let part = s3.upload_part().bucket(bucket).key(&upload.key).part_number(1);
        let part = part.set_upload_id(upload.multipart.clone());
        let sent = part.body(ByteStream::from_static(tiny().await)).send().await.unwrap();
        (clip, json!({ "parts": [{ "partNumber": 1, "etag": sent.e_tag }] }).to_string())
    };
    let work = async |(clip, body): &(Clip, String)| {
        complete.handle(request(&of_clip(clip), &json!({}), body)).await
    };
    let count = ask_everywhere(&WAYS, 202, prepare, work).await;
    all_are_ready(&stage, count).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_uploaded_file_is_transcoded_once() {
    let stage = Stage::start().await;
    let transcode = TranscodeUpload::new(&stage.sdk, stage.variables()).unwrap();
    let work =
        async |clip: &Clip| transcode.handle(created(&stage, &clip.upload().unwrap().key)).await;
    let prepare = async || uploaded(&stage).await;
    let count = handle_everywhere(&stage, &MORE_WAYS, Status::Transcoding, prepare, work).await;
    all_are_ready(&stage, count).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_dropped_file_becomes_one_clip() {
    let stage = Stage::start().await;
    let transcode = TranscodeUpload::new(&stage.sdk, stage.variables()).unwrap();
    let mut number = 0;
    let prepare = async || {
        number += 1;
        let key = format!("demo/file-{number}.mp4");
        stage.api.write_behind(&key, tiny().await);
        key
    };
    let work = async |key: &String| transcode.handle(created(&stage, key)).await;
    let tried = everywhere(&WAYS, prepare, work).await;
    // Only the queue knows of the file: it gives its message again, whatever came of the first.
    for run in &tried {
        work(&run.case).await.unwrap();
    }
    stage.settle(|clip| clip.status == Status::Ready).await;
    let world = World::of(&stage).await;
    assert_eq!((world.clips().count(), stage.api.jobs().await.len()), (tried.len(), tried.len()));
}

/// A clip whose transcode is over, and nobody knows it.
async fn transcoded(stage: &Stage) -> Clip {
    let clip = uploaded(stage).await;
    let start = TranscodeUpload::new(&stage.api.stack.sdk, stage.variables()).unwrap();
    start.handle(created(stage, &clip.upload().unwrap().key)).await.unwrap();
    let clip = stage.api.library().find(&clip.key()).await.unwrap().unwrap();
    let job = clip.upload().unwrap().job.clone().unwrap();
    let convert = aws_sdk_mediaconvert::Client::new(&stage.api.stack.sdk);
    stage
        .api
        .eventually("it is transcoded", async || {
            let found = convert.get_job().id(&job).send().await.unwrap().job.unwrap();
            (found.status == Some(JobStatus::Complete)).then_some(())
        })
        .await;
    clip
}

fn notice(clip: &Clip, status: &str) -> EventBridgeEvent<JobStateChange> {
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
    let stage = Stage::start().await;
    let complete = TranscodeComplete::new(&stage.sdk, stage.variables()).unwrap();
    let work = async |clip: &Clip| complete.handle(notice(clip, "COMPLETE")).await;
    let prepare = async || transcoded(&stage).await;
    let count = handle_everywhere(&stage, &WAYS, Status::Packaging, prepare, work).await;
    all_are_ready(&stage, count).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_failed_transcode_leaves_its_reason_and_the_file() {
    let stage = Stage::start().await;
    let complete = TranscodeComplete::new(&stage.sdk, stage.variables()).unwrap();
    let work = async |clip: &Clip| complete.handle(notice(clip, "ERROR")).await;
    let prepare = async || transcoding(&stage).await;
    let count = redeliver_everywhere(&stage, &WAYS, Status::Failed, prepare, work).await;
    let piece = World::of(&stage).await.all_alike(count);
    assert_eq!(piece.row["failure"]["code"], "transcode-failed");
    assert_eq!((piece.files, piece.media.len(), piece.assets.len()), (1, 0, 0));
}
