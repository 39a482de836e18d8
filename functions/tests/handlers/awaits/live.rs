//! Clips of the stream.

use aws_lambda_events::eventbridge::EventBridgeEvent;
use matchcut::api::Route as _;
use matchcut::asset::{AssetPlayable, InputNotification};
use matchcut::clip::{Clip, Source, Status};
use matchcut::harvest::{
    CreateClip, HarvestClip, HarvestComplete, HarvestJobNotification, HarvestJobs, HarvestState,
};
use matchcut::lambda::EventHandler as _;
use serde_json::{Value, json};

use super::world::World;
use super::{
    MORE_WAYS, Stage, WAYS, ask_with_keys, everywhere, handle_everywhere, is_answered, message,
    redeliver_everywhere, request,
};
use crate::support::{at, row};

/// A row of which nothing else is there yet.
pub(super) async fn waiting(stage: &Stage, status: Status) -> Clip {
    create(stage, row("demo", 4, status)).await
}

async fn create(stage: &Stage, clip: Clip) -> Clip {
    let clip = Clip { manifests: [].into(), playable: [].into(), ..clip };
    assert!(stage.api.library().create(&clip).await.unwrap());
    clip
}

/// A clip whose harvest is over, and nobody knows it.
async fn harvested(stage: &Stage) -> Clip {
    let clip = waiting(stage, Status::Harvesting).await;
    let harvester = HarvestJobs::from_variables(&stage.api.stack.sdk, stage.variables()).unwrap();
    let Source::Live { requested, .. } = clip.source else { panic!("it is of the stream") };
    harvester.start(&clip.current_attempt(), "main-hls", requested).await.unwrap();
    stage
        .api
        .eventually("it is harvested", async || {
            let look = harvester.describe(&clip.current_attempt()).await.unwrap();
            (look == HarvestState::Succeeded).then_some(())
        })
        .await;
    clip
}

/// A clip whose asset is there, and nothing is known of its ingest.
pub(super) async fn packaged(stage: &Stage) -> Clip {
    let clip = harvested(stage).await;
    let complete = HarvestComplete::new(&stage.api.stack.sdk, stage.variables()).unwrap();
    complete.handle(ended(&clip, "SUCCEEDED")).await.unwrap();
    clip
}

fn ended(clip: &Clip, status: &str) -> EventBridgeEvent<HarvestJobNotification> {
    let name = clip.current_attempt().to_string();
    let job = json!({ "id": name, "status": status, "origin_endpoint_id": "main-hls" });
    let detail_type = "MediaPackage HarvestJob Notification";
    let detail = json!({ "harvest_job": job });
    let event =
        json!({ "detail-type": detail_type, "source": "aws.mediapackage", "detail": detail });
    serde_json::from_value(event).unwrap()
}

fn playable(clip: &Clip, format: &str) -> EventBridgeEvent<InputNotification> {
    let arn = format!("arn:aws:mediapackage-vod:us-east-1:1:assets/{}", clip.current_attempt());
    serde_json::from_value(json!({
        "detail-type": "MediaPackage Input Notification",
        "source": "aws.mediapackage",
        "resources": [arn],
        "detail": { "event": "VodAssetPlayable", "packaging_configuration_id": format },
    }))
    .unwrap()
}

/// Every clip is ready, was harvested once and has one asset.
async fn all_are_ready(stage: &Stage, count: usize) {
    stage.settle(|clip| clip.status == Status::Ready).await;
    let piece = World::of(stage).await.all_alike(count);
    assert_eq!(piece.row["status"], "ready");
    assert_eq!((piece.harvests.len(), piece.assets.len(), piece.transcodes), (1, 1, 0));
    assert!(!piece.media.is_empty());
}

/// Cuts clips with keys; those that got no reply are cut again with the same one.
async fn cut_with_keys(stage: &Stage, body: &Value) -> usize {
    let create = CreateClip::new(&stage.sdk, stage.variables()).unwrap();
    ask_with_keys(202, body, async |request| create.handle(request).await).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_clip_that_is_asked_for_again_is_made_once() {
    let stage = Stage::start().await;
    let count = cut_with_keys(&stage, &json!({ "lastSeconds": 4 })).await;
    all_are_ready(&stage, count).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_scheduled_clip_that_is_asked_for_again_is_made_once() {
    let stage = Stage::start().await;
    let count = cut_with_keys(&stage, &json!({ "start": at(20), "end": at(84) })).await;
    // The recorded stream ended years ago, and so will never get there.
    stage.settle(|clip| clip.status == Status::Failed).await;
    let piece = World::of(&stage).await.all_alike(count);
    assert_eq!(piece.row["failure"]["code"], "not-aired");
    assert_eq!((piece.harvests.len(), piece.assets.len(), piece.media.len()), (0, 0, 0));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_clip_that_was_promised_is_there_and_no_other() {
    let stage = Stage::start().await;
    let create = CreateClip::new(&stage.sdk, stage.variables()).unwrap();
    let asked = || request(&json!({}), &json!({}), r#"{"lastSeconds":4}"#);
    let tried = everywhere(&MORE_WAYS, async || (), async |()| create.handle(asked()).await).await;
    let answered = tried.iter().filter(|run| is_answered(run.answer.as_ref())).count();
    let count = stage.clips().await.len();
    // Who got no reply may have a clip nevertheless, but nobody has two.
    assert!((answered..=tried.len()).contains(&count), "{count} clips of {answered} replies");
    let broken = tried.iter().filter(|run| run.what.starts_with("Break"));
    assert!(broken.clone().all(|run| is_answered(run.answer.as_ref())), "the SDK tries again");
    all_are_ready(&stage, count).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_waiting_clip_is_harvested_once() {
    let stage = Stage::start().await;
    let harvest = HarvestClip::new(&stage.sdk, stage.variables()).unwrap();
    let jobs = aws_sdk_mediapackage::Client::new(&stage.api.stack.sdk);
    let mut number = 0;
    let prepare = async || {
        number += 1;
        stage
            .api
            .eventually("there is a job for it", async || {
                let jobs = jobs.list_harvest_jobs().include_status("IN_PROGRESS");
                jobs.send().await.unwrap().harvest_jobs().is_empty().then_some(())
            })
            .await;
        // Before all that wait already.
        let queued_at = Some(at(100 - number));
        create(&stage, Clip { queued_at, ..row("demo", 4, Status::Queued) }).await
    };
    let work = async |clip: &Clip| {
        let due = json!({ "competition": clip.competition, "clip": clip.clip });
        harvest.handle(message(&due)).await
    };
    let next = Status::Harvesting;
    let count = handle_everywhere(&stage, &MORE_WAYS, next, prepare, work).await;
    all_are_ready(&stage, count).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_harvested_clip_gets_one_asset_and_the_first_in_line_a_message() {
    let stage = Stage::start().await;
    let complete = HarvestComplete::new(&stage.sdk, stage.variables()).unwrap();
    let first = waiting(&stage, Status::Queued).await;
    let handle = async |clip: &Clip| complete.handle(ended(clip, "SUCCEEDED")).await;
    let prepare = async || harvested(&stage).await;
    let count = handle_everywhere(&stage, &WAYS, Status::Packaging, prepare, handle).await;
    let due = json!({ "competition": first.competition, "clip": first.clip });
    let woken = stage.api.messages("matchcut-due");
    assert!(woken.iter().all(|message| *message == due), "{woken:?}");
    assert!(WAYS.len() < woken.len(), "it was woken {} times", woken.len());
    all_are_ready(&stage, count + 1).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_failed_harvest_leaves_its_reason() {
    let stage = Stage::start().await;
    let complete = HarvestComplete::new(&stage.sdk, stage.variables()).unwrap();
    let handle = async |clip: &Clip| complete.handle(ended(clip, "FAILED")).await;
    let prepare = async || waiting(&stage, Status::Harvesting).await;
    let count = redeliver_everywhere(&stage, &WAYS, Status::Failed, prepare, handle).await;
    let piece = World::of(&stage).await.all_alike(count);
    assert_eq!(piece.row["failure"]["code"], "harvest-failed");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_clip_that_plays_in_its_last_format_is_ready() {
    let stage = Stage::start().await;
    let tell = AssetPlayable::new(&stage.sdk, stage.variables()).unwrap();
    let handle = async |clip: &Clip| tell.handle(playable(clip, "hls")).await;
    let prepare = async || {
        let clip = packaged(&stage).await;
        stage.api.stack.functions.asset_playable.handle(playable(&clip, "hls-2")).await.unwrap();
        clip
    };
    let count = handle_everywhere(&stage, &WAYS, Status::Ready, prepare, handle).await;
    all_are_ready(&stage, count).await;
}
