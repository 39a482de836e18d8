//! The sweep finds changes whose events were lost.

use aws_sdk_s3::primitives::ByteStream;
use chrono::{TimeDelta, Utc};
use matchcut::clip::{Clip, FailureCode, Source, Status};
use matchcut::lambda::EventHandler as _;
use matchcut::sweep::Sweep;
use matchcut_local::{Run, interruptible};
use serde_json::{Value, json};

use crate::api::{Api, row};
use crate::media::video;

/// Runs the sweep at later and later times, until the clip is ready or failed.
async fn sweep_until_finished(api: &Api, key: &matchcut::clip::ClipKey) -> Clip {
    let sweep = async |after: i64| {
        let now = Utc::now() + TimeDelta::minutes(after);
        api.stack.functions.sweep.run(now).await.unwrap();
    };
    let mut polls = tokio::time::interval(std::time::Duration::from_millis(100));
    for minutes in 0..600 {
        polls.tick().await;
        sweep(minutes).await;
        let clip = api.library().find(key).await.unwrap().unwrap();
        if !clip.status.is_pending() {
            return clip;
        }
    }
    panic!("clip {key} never came to an end");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn clips_become_ready_with_lost_repeated_and_reordered_events() {
    let faults = "lose=0.2,repeat=1,reorder=1,delay=0.1,seed=7";
    let api = Api::start_with(|options| options.faults = faults.parse().unwrap()).await;
    let mut keys = Vec::new();
    for _ in 0..3 {
        keys.push(api.post_clip(r#"{"lastSeconds":4}"#).await.key());
    }
    let announced = format!(r#"{{"filename":"a.mp4","size":{}}}"#, video().await.len());
    let announced = api.post("/uploads", &announced).await;
    let upload = api.library().find(&announced.key()).await.unwrap().unwrap();
    let key = &upload.upload().unwrap().key;
    api.upload_directly(key, ByteStream::from(video().await), "").await;
    keys.push(announced.key());
    for key in &keys {
        assert_eq!(sweep_until_finished(&api, key).await.status, Status::Ready);
    }
    let list = api.get("/competitions/demo/clips").await.body;
    assert_eq!(list["clips"].as_array().unwrap().len(), keys.len());
    let vod = aws_sdk_mediapackagevod::Client::new(&api.stack.sdk);
    assert_eq!(vod.list_assets().send().await.unwrap().assets().len(), keys.len());
    assert_eq!(api.jobs().await.len(), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_row_without_a_harvest_job_gets_one() {
    let api = Api::start().await;
    for status in [Status::Queued, Status::Harvesting] {
        let clip = row("demo", 4, status);
        let clip = Clip { playable: [].into(), manifests: [].into(), ..clip };
        api.library().create(&clip).await.unwrap();
        assert_eq!(sweep_until_finished(&api, &clip.key()).await.status, Status::Ready);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_failed_harvest_with_a_lost_event_fails_the_clip() {
    let api = Api::start_with(|options| {
        options.faults.lose = 1.0;
        options.faults.fail = 1.0;
    })
    .await;
    let key = api.post_clip(r#"{"lastSeconds":4}"#).await.key();
    let clip = sweep_until_finished(&api, &key).await;
    assert_eq!(clip.failure.unwrap().code, FailureCode::HarvestFailed);
    assert_eq!(api.objects(), [""; 0], "nothing is left of a failed harvest");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn media_that_cannot_be_ingested_fails_the_clip() {
    let api = Api::start_with(|options| options.faults.lose = 1.0).await;
    // The media was never in S3, so the asset cannot become playable.
    let clip = row("demo", 4, Status::Packaging);
    let clip = Clip { playable: [].into(), ..clip };
    api.library().create(&clip).await.unwrap();
    let clip = sweep_until_finished(&api, &clip.key()).await;
    assert_eq!(clip.failure.unwrap().code, FailureCode::IngestFailed);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn only_clips_that_are_due_are_checked() {
    let api = Api::start_with(|options| options.faults.lose = 1.0).await;
    let key = api.post_clip(r#"{"lastSeconds":4}"#).await.key();
    let now = api.library().find(&key).await.unwrap().unwrap().created_at;
    let checked = async |seconds| {
        let now = now + TimeDelta::seconds(seconds);
        api.stack.functions.sweep.run(now).await.unwrap().checked
    };
    assert_eq!(checked(9).await, 0);
    assert_eq!(checked(11).await, 1);
    assert_eq!(checked(12).await, 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_failing_clip_does_not_stop_the_sweep() {
    let api = Api::start_with(|options| options.faults.lose = 1.0).await;
    let mut channels: Value =
        serde_json::from_str(api.stack.variables.required("CHANNELS").unwrap()).unwrap();
    channels[0]["id"] = json!("renamed");
    let variables = api.variables(&[("CHANNELS", channels.to_string())]);
    let sweep = Sweep::new(&api.stack.sdk, &variables).unwrap();
    let (lost, other) = (row("demo", 0, Status::Queued), row("demo", 4, Status::Queued));
    let Source::Live { requested, .. } = other.source else { panic!("it is live") };
    let source = Source::Live { channel: "renamed".into(), requested };
    let other = Clip { source, ..other };
    api.library().create(&lost).await.unwrap();
    api.library().create(&other).await.unwrap();
    let report = sweep.run(Utc::now()).await.unwrap();
    assert_eq!(report.started, 2);
    let status = async |clip: &Clip| api.library().find(&clip.key()).await.unwrap().unwrap().status;
    assert_eq!(status(&lost).await, Status::Failed);
    assert_eq!(status(&other).await, Status::Harvesting);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_failed_check_is_retried_soon_even_for_an_old_clip() {
    let api = Api::start_with(|options| options.faults.error = 1.0).await;
    let clip = row("demo", 0, Status::Harvesting);
    api.library().create(&clip).await.unwrap();
    let now = Utc::now();
    assert_eq!(api.stack.functions.sweep.run(now).await.unwrap().checked, 1);
    let next = api.library().find(&clip.key()).await.unwrap().unwrap().next_check_at.unwrap();
    assert!(next < now + TimeDelta::minutes(2), "it is years old: {next}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_row_that_cannot_be_decoded_does_not_stop_the_sweep() {
    let api = Api::start_with(|options| options.faults.lose = 1.0).await;
    let (garbled, clip) = (row("demo", 0, Status::Deleting), row("demo", 4, Status::Deleting));
    for clip in [&garbled, &clip] {
        api.library().create(clip).await.unwrap();
    }
    api.corrupt_row(&garbled).await;
    let report = api.stack.functions.sweep.run(Utc::now()).await.unwrap();
    assert_eq!((report.checked, report.removed), (1, 1));
    assert_eq!(api.library().find(&clip.key()).await.unwrap(), None);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_list_replaces_the_descriptions_of_jobs_in_progress() {
    let api = Api::start_with(|options| options.faults.slow = 3600.0).await;
    for _ in 0..10 {
        assert_eq!(api.post_clip(r#"{"lastSeconds":4}"#).await.body["status"], "harvesting");
    }
    let sweep = Sweep::new(&interruptible(&api.stack.sdk), &api.stack.variables).unwrap();
    let run = Run::whole();
    let now = Utc::now() + TimeDelta::minutes(1);
    let report = run.execute(Box::pin(sweep.run(now))).await.unwrap().unwrap();
    assert_eq!(report.checked, 10);
    // Three queries, one list of jobs, and a read and a write for each row.
    assert_eq!(run.calls(), 3 + 1 + 2 * 10);
}
