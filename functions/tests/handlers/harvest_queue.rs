//! The harvest queue, and scheduled clips that wait for their end to air.

use chrono::Utc;
use matchcut::clip::{Clip, Source, Status};
use matchcut::harvest::HarvestClip;
use matchcut::lambda::EventHandler as _;
use matchcut::sweep::Sweep;
use matchcut_local::{Run, interruptible};
use serde_json::{Value, json};

use crate::api::{Api, at, row};

const JOBS: usize = 10;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn clips_beyond_the_quota_are_queued_and_show_their_position() {
    // No harvest ends before the test has read the positions.
    let api = Api::start_with(|options| options.faults.slow = 3600.0).await;
    let mut clips = Vec::new();
    for number in 0..JOBS + 3 {
        let answer = api.post_clip(r#"{"lastSeconds":4}"#).await;
        let (status, queue) = match number.checked_sub(JOBS) {
            None => ("harvesting", Value::Null),
            Some(ahead) => ("queued", json!({ "position": ahead + 1, "ahead": ahead })),
        };
        assert_eq!((&answer.body["status"], &answer.body["queue"]), (&json!(status), &queue));
        clips.push(answer.key());
    }
    api.delete(&clips[JOBS]).await;
    let last = format!("/competitions/demo/clips/{}", clips[JOBS + 2].clip);
    assert_eq!(api.get(&last).await.body["queue"], json!({ "position": 2, "ahead": 1 }));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn queued_clips_start_first_in_first_out() {
    let api = Api::start_with(|options| options.faults.slow = 1.0).await;
    let mut clips = Vec::new();
    for _ in 0..JOBS + 8 {
        clips.push(api.post_clip(r#"{"lastSeconds":4}"#).await.key());
    }
    // No sweep runs here: each harvest that ends starts the first queued clip.
    api.eventually("each clip has had its turn", async || {
        let mut waiting = Vec::new();
        // The last clip first, so that no clip advances between two reads.
        for clip in clips.iter().rev() {
            let clip = api.library().find(clip).await.unwrap().unwrap();
            waiting.push(clip.status == Status::Queued);
        }
        assert!(waiting.is_sorted_by(|later, earlier| later >= earlier), "{waiting:?}");
        (!waiting.contains(&true)).then_some(())
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_sweep_advances_the_queue_without_any_event() {
    let api = Api::start_with(|options| {
        options.faults.slow = 0.5;
        options.faults.lose = 1.0;
    })
    .await;
    for _ in 0..JOBS + 2 {
        api.post_clip(r#"{"lastSeconds":4}"#).await;
    }
    api.eventually("each clip has had its turn", async || {
        api.stack.functions.sweep.run(Utc::now()).await.unwrap();
        (api.library().count_queued(None).await.unwrap() == 0).then_some(())
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_long_queue_advances_without_a_chain_of_messages() {
    // A function that sent a message to its own queue would be stopped.
    let api = Api::start_with(|options| {
        options.faults.slow = 0.5;
        options.limits.recursion_limit = 1;
    })
    .await;
    let mut clips = Vec::new();
    for _ in 0..3 * JOBS {
        clips.push(api.post_clip(r#"{"lastSeconds":4}"#).await.key());
    }
    for clip in &clips {
        api.wait_for(clip, |clip| clip.status != Status::Queued).await;
    }
    api.eventually("every message was processed", async || {
        api.messages("matchcut-due").is_empty().then_some(())
    })
    .await;
    assert_eq!(api.count_dead_letters("matchcut-due"), 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_message_of_a_batch_asks_for_a_free_job_and_the_others_do_not() {
    let api = Api::start_with(|options| {
        options.faults.slow = 3600.0;
        options.pollers = false;
    })
    .await;
    for _ in 0..2 * JOBS {
        api.post_clip(r#"{"lastSeconds":4}"#).await;
    }
    let messages = api.messages("matchcut-due");
    assert_eq!(messages.len(), JOBS, "each clip that found no free job has a message");
    let batch = messages.iter().map(|due| json!({ "body": due.to_string() }));
    let batch = serde_json::from_value(json!({ "Records": batch.collect::<Vec<_>>() })).unwrap();
    let sdk = interruptible(&api.stack.sdk);
    let harvest = HarvestClip::new(&sdk, &api.stack.variables).unwrap();
    let run = Run::whole();
    let response = run.execute(Box::pin(harvest.process_batch(batch, Utc::now()))).await.unwrap();
    assert_eq!(response.batch_item_failures, []);
    // Each message reads its clip. One finds the first queued clip, reads it and is refused a job. If
    // each did, there would be four calls for each.
    let calls = run.calls();
    assert!((JOBS + 3..4 * JOBS).contains(&calls), "{calls} calls");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_throttled_call_is_retried_although_no_harvest_ends() {
    let api = Api::start_with(|options| {
        options.faults.slow = 3600.0;
        options.limits.media_package_burst = 3;
        options.limits.media_package_rate = 2;
    })
    .await;
    let mut clips = Vec::new();
    for _ in 0..JOBS {
        clips.push(api.post_clip(r#"{"lastSeconds":4}"#).await.key());
    }
    for clip in &clips {
        api.wait_for(clip, |clip| clip.status == Status::Harvesting).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_impossible_first_clip_does_not_block_the_queue() {
    let api = Api::start_with(|options| options.faults.lose = 1.0).await;
    let mut gone = row("demo", 4, Status::Queued);
    gone.source = Source::Live {
        channel: "not-there-any-more".into(),
        requested: matchcut::clip::Window::new(at(4), at(8)).unwrap(),
    };
    let expired = row("demo", -100, Status::Queued);
    let next = row("demo", 8, Status::Queued);
    for (clip, since) in [(&gone, 1), (&expired, 2), (&next, 3)] {
        let clip = Clip { queued_at: Some(at(since)), ..clip.clone() };
        api.library().create(&clip).await.unwrap();
    }
    let report = api.stack.functions.sweep.run(Utc::now()).await.unwrap();
    assert_eq!(report.started, 3);
    let status = async |clip: &Clip| api.library().find(&clip.key()).await.unwrap().unwrap().status;
    assert_eq!(status(&gone).await, Status::Failed);
    assert_eq!(status(&expired).await, Status::Failed);
    assert_eq!(status(&next).await, Status::Harvesting);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_row_that_cannot_be_decoded_does_not_stop_the_queue() {
    let api = Api::start_with(|options| options.faults.lose = 1.0).await;
    let mut clips = Vec::new();
    for since in 1..=3 {
        let clip = Clip { queued_at: Some(at(since)), ..row("demo", 4 * since, Status::Queued) };
        api.library().create(&clip).await.unwrap();
        clips.push(clip);
    }
    api.corrupt_row(&clips[0]).await;
    let status = async |clip: &Clip| api.library().find(&clip.key()).await.unwrap().unwrap().status;

    // The harvest that ended before has sent the due message to the first clip.
    let harvest_clip = HarvestClip::new(&api.stack.sdk, &api.stack.variables).unwrap();
    let due = json!({ "competition": clips[0].competition, "clip": clips[0].clip }).to_string();
    let batch = json!({ "Records": [{ "body": due }] });
    let Ok(response) = harvest_clip.handle(serde_json::from_value(batch).unwrap()).await;
    assert_eq!(response.batch_item_failures, []);
    assert_eq!(status(&clips[1]).await, Status::Harvesting);
    assert_eq!(status(&clips[2]).await, Status::Harvesting);

    let last = Clip { queued_at: Some(at(4)), ..row("demo", 16, Status::Queued) };
    api.library().create(&last).await.unwrap();
    assert_eq!(api.stack.functions.sweep.run(Utc::now()).await.unwrap().started, 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_failing_channel_does_not_block_other_channels() {
    let api = Api::start_with(|options| options.faults.lose = 1.0).await;
    let mut channels: Vec<Value> =
        serde_json::from_str(api.stack.variables.required("CHANNELS").unwrap()).unwrap();
    let mut broken = channels[0].clone();
    broken["id"] = json!("broken");
    // Larger than any request that MediaPackage accepts, so the calls fail without a reason.
    broken["originEndpointId"] = json!("x".repeat(3 << 20));
    channels.push(broken);
    let variables = api.variables(&[("CHANNELS", json!(channels).to_string())]);
    let sweep = Sweep::new(&api.stack.sdk, &variables).unwrap();

    let mut failing = Vec::new();
    for number in 0..12 {
        let mut clip = row("demo", 4, Status::Queued);
        clip.queued_at = Some(at(number));
        let Source::Live { channel, .. } = &mut clip.source else { panic!("it is of the stream") };
        *channel = "broken".into();
        api.library().create(&clip).await.unwrap();
        failing.push(clip);
    }
    let behind = row("demo", 8, Status::Queued);
    api.library().create(&behind).await.unwrap();
    assert_eq!(sweep.run(Utc::now()).await.unwrap().started, 1);
    let status = async |clip: &Clip| api.library().find(&clip.key()).await.unwrap().unwrap().status;
    assert_eq!(status(&behind).await, Status::Harvesting);
    for clip in &failing {
        assert_eq!(status(clip).await, Status::Queued);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_clip_may_end_up_to_four_hours_after_the_live_edge() {
    let api = Api::start().await;
    let ending = |end: i64| json!({ "start": at(20), "end": at(end) }).to_string();
    let edge = 24;
    let scheduled = api.post_clip(&ending(edge + 60)).await;
    assert_eq!((scheduled.status.as_u16(), &scheduled.body["status"]), (202, &json!("scheduled")));
    assert_eq!(scheduled.body.get("actual"), None);
    let preview = reqwest::get(scheduled.body["preview"].as_str().unwrap()).await.unwrap();
    assert_eq!(preview.status(), 200, "what has aired of it can be watched");

    let too_long = json!({ "start": at(edge + 4 * 3600 - 60), "end": at(edge + 4 * 3600 + 1) });
    let refused = api.post_clip(&too_long.to_string()).await;
    assert_eq!(refused.body["type"], "urn:matchcut:problem:window-not-aired");
    let furthest = json!({ "start": at(edge + 4 * 3600 - 60), "end": at(edge + 4 * 3600) });
    assert_eq!(api.post_clip(&furthest.to_string()).await.status, 202);

    // The recorded stream ended years ago, so this end never airs.
    let failed = api.wait_for(&scheduled.key(), |clip| clip.status == Status::Failed).await;
    let failure = failed.failure.unwrap();
    assert_eq!(json!(failure.code), "not-aired");
    assert!(failure.message.contains("2020-02-03T13:30:24Z"), "{}", failure.message);
}
