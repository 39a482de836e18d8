//! `PATCH` of the end of a scheduled clip: later, earlier, and at a time that has aired.

use chrono::{DateTime, TimeDelta, Utc};
use futures_util::future::join_all;
use matchcut::clip::{Clip, Source, Status, Window, format_utc};
use matchcut::lambda::EventHandler as _;
use serde_json::json;

use crate::api::{Api, Reply, at, row};

/// The recorded stream ends at second 24, so the end of this clip never airs.
async fn create_scheduled_clip(api: &Api) -> Clip {
    let window = Window::new(at(4), at(84)).unwrap();
    let source = Source::Live { channel: "main".into(), requested: window };
    let clip = Clip { source, ..row("demo", 4, Status::Scheduled) };
    let clip = Clip { manifests: [].into(), playable: [].into(), ..clip };
    api.library().create(&clip).await.unwrap();
    clip
}

async fn patch_end(api: &Api, clip: &Clip, end: &str) -> Reply {
    api.edit(&clip.key(), &json!({ "end": end })).await
}

fn end_of(clip: &Clip) -> DateTime<Utc> {
    match clip.source {
        Source::Live { requested, .. } => requested.exact_end(),
        Source::Upload(_) | Source::Reel(_) => panic!("the clip is a live clip"),
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_clip_that_is_stopped_now_is_harvested_at_once() {
    let api = Api::start().await;
    let clip = create_scheduled_clip(&api).await;
    let end = "2020-02-03T13:30:14.480Z";
    let stopped = patch_end(&api, &clip, end).await;
    assert_eq!((stopped.status.as_u16(), &stopped.body["status"]), (200, &json!("queued")));
    assert_eq!(stopped.body["requested"]["end"], end);
    assert_eq!(stopped.body["actual"]["end"], format_utc(at(16)));
    let ready = api.wait_for(&clip.key(), |clip| clip.status == Status::Ready).await;
    assert_eq!(format_utc(end_of(&ready)), end);
    let again = patch_end(&api, &clip, end).await;
    assert_eq!(again.status, 200, "the clip has this end already");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_new_end_is_checked_like_that_of_a_new_clip() {
    let api = Api::start_with(|options| options.pollers = false).await;
    let clip = create_scheduled_clip(&api).await;
    let four_hours = at(24) + TimeDelta::hours(4);
    for (end, status, kind) in [
        (at(4), 400, "invalid-window"),
        (at(6), 400, "invalid-window"),
        (at(4 + 901), 400, "invalid-window"),
        (four_hours + TimeDelta::seconds(1), 400, "invalid-window"),
    ] {
        let refused = patch_end(&api, &clip, &format_utc(end)).await;
        let problem = json!(format!("urn:matchcut:problem:{kind}"));
        assert_eq!((refused.status.as_u16(), &refused.body["type"]), (status, &problem), "{end}");
        assert_eq!(refused.body["field"], "end");
    }
    let found = api.library().find(&clip.key()).await.unwrap().unwrap();
    assert_eq!(found, clip, "a refused end changes nothing");
    let upload = api.post("/uploads", r#"{"filename":"a.mp4","size":7}"#).await;
    let upload = api.library().find(&upload.key()).await.unwrap().unwrap();
    assert_eq!(patch_end(&api, &upload, "2020-02-03T13:30:20Z").await.status, 409);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_end_is_at_most_four_hours_after_the_live_edge() {
    let api = Api::start_with(|options| {
        options.pollers = false;
        options.startover = std::time::Duration::from_hours(24);
    })
    .await;
    let clip = create_scheduled_clip(&api).await;
    let four_hours = at(24) + TimeDelta::hours(4);
    let refused = patch_end(&api, &clip, &format_utc(four_hours + TimeDelta::seconds(1))).await;
    let problem = json!("urn:matchcut:problem:window-not-aired");
    assert_eq!((refused.status.as_u16(), &refused.body["type"]), (422, &problem));
    let extended = patch_end(&api, &clip, &format_utc(four_hours)).await;
    assert_eq!((extended.status.as_u16(), &extended.body["status"]), (200, &json!("scheduled")));
    let shortened = patch_end(&api, &clip, &format_utc(at(60))).await;
    assert_eq!(shortened.body["status"], "scheduled");
    let due = json!({ "competition": "demo", "clip": clip.clip });
    assert_eq!(api.messages("matchcut-due"), [due.clone(), due], "one message for each new end");
}

/// Each of the two may come first. The clip is never queued for an end that has not aired.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_extension_and_a_due_message_at_the_same_time_do_not_mix() {
    let api = Api::start_with(|options| {
        options.pollers = false;
        options.faults.lose = 1.0;
    })
    .await;
    let rounds = (0..20).map(async |_| {
        let window = Window::new(at(4), at(20)).unwrap();
        let source = Source::Live { channel: "main".into(), requested: window };
        let clip = Clip { source, ..row("demo", 4, Status::Scheduled) };
        api.library().create(&clip).await.unwrap();
        let due = json!({ "competition": "demo", "clip": clip.clip }).to_string();
        let batch = serde_json::from_value(json!({ "Records": [{ "body": due }] })).unwrap();
        let (extended, processed) = tokio::join!(
            patch_end(&api, &clip, "2020-02-03T13:31:00Z"),
            api.stack.functions.harvest_clip.handle(batch)
        );
        let Ok(processed) = processed;
        assert_eq!(processed.batch_item_failures, []);
        let found = api.library().find(&clip.key()).await.unwrap().unwrap();
        // The later end never airs, which `harvest-clip` may have recorded already.
        let is_for_later_end = matches!(found.status, Status::Scheduled | Status::Failed);
        let expected = if is_for_later_end { (200, at(60)) } else { (409, at(20)) };
        assert_eq!((extended.status.as_u16(), end_of(&found)), expected, "{:?}", found.status);
    });
    join_all(rounds).await;
}
