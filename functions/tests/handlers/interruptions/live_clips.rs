//! Live clips: requests, harvest and asset notifications.

use aws_lambda_events::eventbridge::EventBridgeEvent;
use matchcut::api::Route as _;
use matchcut::asset::{AssetPlayable, InputNotification};
use matchcut::clip::{Angle, Clip, Source, Status};
use matchcut::harvest::{
    CreateClip, HarvestClip, HarvestComplete, HarvestJobNotification, HarvestJobs, HarvestState,
};
use matchcut::lambda::EventHandler as _;
use serde_json::{Value, json};

use super::inventory::Inventory;
use super::{
    ALL_CUTS, CUTS, InterruptionTest, interrupt_and_redeliver, interrupt_each_call,
    interrupt_handler, interrupt_keyed_requests, is_answered, message, request,
};
use crate::angles::channels;
use crate::api::{at, row};

/// Stores a row that has no other resources.
pub(super) async fn create_row(test: &InterruptionTest, status: Status) -> Clip {
    create(test, row("demo", 4, status)).await
}

async fn create(test: &InterruptionTest, clip: Clip) -> Clip {
    let clip = Clip { manifests: [].into(), playable: [].into(), ..clip };
    assert!(test.api.library().create(&clip).await.unwrap());
    clip
}

/// Creates a clip with a finished harvest job that no function has recorded.
async fn create_harvested_clip(test: &InterruptionTest) -> Clip {
    let clip = create_row(test, Status::Harvesting).await;
    let jobs = HarvestJobs::from_variables(&test.api.stack.sdk, test.variables()).unwrap();
    let Source::Live { requested, .. } = clip.source else { panic!("the clip is a live clip") };
    jobs.start(&clip.current_attempt(), "main-hls", requested).await.unwrap();
    test.api
        .eventually("it is harvested", async || {
            let state = jobs.describe(&clip.current_attempt()).await.unwrap();
            (state == HarvestState::Succeeded).then_some(())
        })
        .await;
    clip
}

/// Creates a clip with an asset whose ingest is not recorded.
pub(super) async fn create_packaged_clip(test: &InterruptionTest) -> Clip {
    let clip = create_harvested_clip(test).await;
    let complete = HarvestComplete::new(&test.api.stack.sdk, test.variables()).unwrap();
    complete.handle(build_harvest_notification(&clip, "SUCCEEDED")).await.unwrap();
    clip
}

fn build_harvest_notification(
    clip: &Clip,
    status: &str,
) -> EventBridgeEvent<HarvestJobNotification> {
    let name = clip.current_attempt().to_string();
    let job = json!({ "id": name, "status": status, "origin_endpoint_id": "main-hls" });
    let detail_type = "MediaPackage HarvestJob Notification";
    let detail = json!({ "harvest_job": job });
    let event =
        json!({ "detail-type": detail_type, "source": "aws.mediapackage", "detail": detail });
    serde_json::from_value(event).unwrap()
}

fn build_playable_notification(clip: &Clip, format: &str) -> EventBridgeEvent<InputNotification> {
    let arn = format!("arn:aws:mediapackage-vod:us-east-1:1:assets/{}", clip.current_attempt());
    serde_json::from_value(json!({
        "detail-type": "MediaPackage Input Notification",
        "source": "aws.mediapackage",
        "resources": [arn],
        "detail": { "event": "VodAssetPlayable", "packaging_configuration_id": format },
    }))
    .unwrap()
}

/// Asserts that every clip is ready, was harvested once and has one asset.
async fn assert_all_ready(test: &InterruptionTest, count: usize) {
    test.settle(|clip| clip.status == Status::Ready).await;
    let resources = Inventory::collect(test).await.assert_all_equal(count);
    assert_eq!(resources.row["status"], "ready");
    assert_eq!((resources.harvests.len(), resources.assets.len(), resources.transcodes), (1, 1, 0));
    assert!(!resources.media.is_empty());
}

/// Creates clips with idempotency keys. A request without a reply is repeated with the same key.
async fn interrupt_create_clip(test: &InterruptionTest, body: &Value) -> usize {
    let create = CreateClip::new(&test.sdk, test.variables()).unwrap();
    interrupt_keyed_requests(202, body, async |request| create.handle(request).await).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_repeated_request_for_angles_creates_one_whole_group() {
    let test = InterruptionTest::start().await;
    let variables = test.api.variables(&[channels(&test.api)]);
    let create = CreateClip::new(&test.sdk, &variables).unwrap();
    let body = json!({ "lastSeconds": 4, "channels": ["main", "side"] });
    let count =
        interrupt_keyed_requests(202, &body, async |request| create.handle(request).await).await;
    let clips = test.clips().await;
    assert_eq!(clips.len(), 2 * count, "each request makes one group");
    for clip in &clips {
        let channels: Vec<_> = clip.angles.iter().map(|it| it.channel.to_string()).collect();
        assert_eq!(channels, ["main", "side"], "{}", clip.key());
        let exists = |angle: &Angle| clips.iter().any(|other| other.clip == angle.clip);
        assert!(clip.angles.iter().all(exists), "{}", clip.key());
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_repeated_clip_request_creates_one_clip() {
    let test = InterruptionTest::start().await;
    let count = interrupt_create_clip(&test, &json!({ "lastSeconds": 4 })).await;
    assert_all_ready(&test, count).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_repeated_scheduled_clip_request_creates_one_clip() {
    let test = InterruptionTest::start().await;
    let count = interrupt_create_clip(&test, &json!({ "start": at(20), "end": at(84) })).await;
    // The sweep sends the due messages that the interrupted requests have not sent.
    test.sweep_after(1).await;
    let harvest = HarvestClip::new(&test.api.stack.sdk, test.variables()).unwrap();
    for due in test.api.messages("matchcut-due") {
        let Ok(response) = harvest.handle(message(&due)).await;
        assert_eq!(response.batch_item_failures, []);
    }
    // The recorded stream ended years ago, so this end never airs.
    assert!(test.clips().await.iter().all(|clip| clip.status == Status::Failed));
    let resources = Inventory::collect(&test).await.assert_all_equal(count);
    assert_eq!(resources.row["failure"]["code"], "not-aired");
    assert_eq!(
        (resources.harvests.len(), resources.assets.len(), resources.media.len()),
        (0, 0, 0)
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_accepted_clip_request_creates_one_clip() {
    let test = InterruptionTest::start().await;
    let create = CreateClip::new(&test.sdk, test.variables()).unwrap();
    let asked = || request(&json!({}), &json!({}), r#"{"lastSeconds":4}"#);
    let tried =
        interrupt_each_call(&ALL_CUTS, async || (), async |()| create.handle(asked()).await).await;
    let answered = tried.iter().filter(|run| is_answered(run.answer.as_ref())).count();
    let count = test.clips().await.len();
    // A request without a reply may still have created a clip, but never two.
    assert!((answered..=tried.len()).contains(&count), "{count} clips of {answered} replies");
    let broken = tried.iter().filter(|run| run.what.starts_with("Break"));
    assert!(broken.clone().all(|run| is_answered(run.answer.as_ref())), "the SDK tries again");
    assert_all_ready(&test, count).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_queued_clip_is_harvested_once() {
    let test = InterruptionTest::start().await;
    let harvest = HarvestClip::new(&test.sdk, test.variables()).unwrap();
    let jobs = aws_sdk_mediapackage::Client::new(&test.api.stack.sdk);
    let mut number = 0;
    let prepare = async || {
        number += 1;
        test.api
            .eventually("there is a job for it", async || {
                let jobs = jobs.list_harvest_jobs().include_status("IN_PROGRESS");
                jobs.send().await.unwrap().harvest_jobs().is_empty().then_some(())
            })
            .await;
        // Ahead of all queued clips.
        let queued_at = Some(at(100 - number));
        create(&test, Clip { queued_at, ..row("demo", 4, Status::Queued) }).await
    };
    let work = async |clip: &Clip| {
        let due = json!({ "competition": clip.competition, "clip": clip.clip });
        let Ok(response) = harvest.handle(message(&due)).await;
        if response.batch_item_failures.is_empty() { Ok(()) } else { Err(response) }
    };
    let next = Status::Harvesting;
    let count = interrupt_handler(&test, &ALL_CUTS, next, prepare, work).await;
    assert_all_ready(&test, count).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_harvested_clip_gets_one_asset_and_sends_a_due_message() {
    let test = InterruptionTest::start().await;
    let complete = HarvestComplete::new(&test.sdk, test.variables()).unwrap();
    let first = create_row(&test, Status::Queued).await;
    let handle =
        async |clip: &Clip| complete.handle(build_harvest_notification(clip, "SUCCEEDED")).await;
    let prepare = async || create_harvested_clip(&test).await;
    let count = interrupt_handler(&test, &CUTS, Status::Packaging, prepare, handle).await;
    let due = json!({ "competition": first.competition, "clip": first.clip });
    let messages = test.api.messages("matchcut-due");
    assert!(messages.iter().all(|message| *message == due), "{messages:?}");
    assert!(messages.len() > CUTS.len(), "only {} due messages", messages.len());
    assert_all_ready(&test, count + 1).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_failed_harvest_is_recorded() {
    let test = InterruptionTest::start().await;
    let complete = HarvestComplete::new(&test.sdk, test.variables()).unwrap();
    let handle =
        async |clip: &Clip| complete.handle(build_harvest_notification(clip, "FAILED")).await;
    let prepare = async || create_row(&test, Status::Harvesting).await;
    let count = interrupt_and_redeliver(&test, &CUTS, Status::Failed, prepare, handle).await;
    let resources = Inventory::collect(&test).await.assert_all_equal(count);
    assert_eq!(resources.row["failure"]["code"], "harvest-failed");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_clip_is_ready_when_its_last_format_is_playable() {
    let test = InterruptionTest::start().await;
    let asset_playable = AssetPlayable::new(&test.sdk, test.variables()).unwrap();
    let handle =
        async |clip: &Clip| asset_playable.handle(build_playable_notification(clip, "hls")).await;
    let prepare = async || {
        let clip = create_packaged_clip(&test).await;
        test.api
            .stack
            .functions
            .asset_playable
            .handle(build_playable_notification(&clip, "hls-2"))
            .await
            .unwrap();
        clip
    };
    let count = interrupt_handler(&test, &CUTS, Status::Ready, prepare, handle).await;
    assert_all_ready(&test, count).await;
}
