//! Manifests that lag each other, that are missing for a while, or that have no times.

use chrono::{TimeDelta, Utc};
use matchcut::clip::{Clip, Status, floor_second, format_utc};
use matchcut::harvest::HarvestClip;
use matchcut::lambda::EventHandler as _;
use serde_json::json;

use crate::api::{Api, at, row};
use crate::create_clip::create_with;
use crate::live_origin::LiveOrigin;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_request_is_accepted_while_the_manifest_of_its_window_lags() {
    let api = Api::start_with(|options| options.pollers = false).await;
    let now = floor_second(Utc::now());
    let origin = LiveOrigin::start(now, TimeDelta::zero()).await;
    origin.set_lag(TimeDelta::seconds(4));
    let end = now - TimeDelta::seconds(1);
    for body in [
        json!({ "lastSeconds": 6 }),
        json!({ "lastSeconds": 4 }),
        json!({ "start": end - TimeDelta::seconds(4), "end": end }),
    ] {
        let reply = create_with(&api, &[origin.channels(&api)], &body).await;
        assert_eq!((reply.status.as_u16(), &reply.body["status"]), (202, &json!("scheduled")));
    }
    assert_eq!(api.messages("matchcut-due").len(), 3);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_scheduled_clip_does_not_fail_while_its_manifest_is_missing() {
    let api = Api::start_with(|options| options.pollers = false).await;
    let clip = row("demo", 4, Status::Scheduled);
    let clip = Clip { manifests: [].into(), playable: [].into(), ..clip };
    api.library().create(&clip).await.unwrap();
    // The live manifest shows a later time, and the manifest of the window appears at the fourth try.
    let origin = LiveOrigin::start(at(200), TimeDelta::zero()).await;
    origin.hide_windows(3);
    let variables = api.variables(&[origin.channels(&api)]);
    let harvest = HarvestClip::new(&api.stack.sdk, &variables).unwrap();
    let due = json!({ "competition": clip.competition, "clip": clip.clip }).to_string();
    let batch = json!({ "Records": [{ "body": due }] });
    let response = harvest.process_batch(serde_json::from_value(batch).unwrap(), at(8)).await;
    assert_eq!(response.batch_item_failures, []);
    let found = api.library().find(&clip.key()).await.unwrap().unwrap();
    assert_eq!(found.status, Status::Harvesting);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_live_manifest_without_times_is_a_problem_of_its_own() {
    let api = Api::start_with(|options| options.pollers = false).await;
    let origin = LiveOrigin::start(Utc::now(), TimeDelta::zero()).await;
    origin.remove_times();
    let body = json!({ "lastSeconds": 6 });
    let reply = create_with(&api, &[origin.channels(&api)], &body).await;
    let problem = json!("urn:matchcut:problem:no-program-date-time");
    assert_eq!((reply.status.as_u16(), &reply.body["type"]), (503, &problem));
    let detail = reply.body["detail"].as_str().unwrap();
    assert!(detail.contains("ProgramDateTimeIntervalSeconds"), "{detail}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_reply_to_last_seconds_says_how_old_the_live_edge_is() {
    let api = Api::start_with(|options| options.pollers = false).await;
    let now = floor_second(Utc::now());
    let edge = now - TimeDelta::minutes(2);
    let origin = LiveOrigin::start(edge, TimeDelta::zero()).await;
    origin.set_updated_at(edge);
    let create = async |body| create_with(&api, &[origin.channels(&api)], &body).await;
    let stalled = create(json!({ "lastSeconds": 6 })).await;
    assert_eq!(stalled.status, 202, "{:#}", stalled.body);
    let age = stalled.body["liveEdgeAgeSeconds"].as_i64().unwrap();
    let longest = (Utc::now() - edge).num_seconds();
    assert!((120..=longest).contains(&age), "{age} s");
    assert_eq!(stalled.body["requested"]["end"], format_utc(edge));

    origin.set_updated_at(Utc::now() + TimeDelta::minutes(1));
    let on_air = create(json!({ "lastSeconds": 6 })).await;
    assert_eq!(on_air.body["liveEdgeAgeSeconds"], 0);
    let between = create(json!({ "start": edge - TimeDelta::seconds(6), "end": edge })).await;
    assert_eq!((between.status.as_u16(), between.body.get("liveEdgeAgeSeconds")), (202, None));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_window_that_begins_before_the_stream_is_told_when_the_stream_began() {
    let api = Api::start().await;
    let body = json!({ "start": at(-10), "end": at(8) });
    let reply = api.post_clip(&body.to_string()).await;
    let problem = json!("urn:matchcut:problem:window-unavailable");
    assert_eq!((reply.status.as_u16(), &reply.body["type"]), (422, &problem));
    let detail = reply.body["detail"].as_str().unwrap();
    assert!(detail.contains("has only been on air since 2020-02-03T13:30:00Z"), "{detail}");
}
