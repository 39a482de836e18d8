//! Due messages: scheduled clips are harvested when their end has aired, however far it is ahead.

use aws_lambda_events::sqs::SqsEvent;
use chrono::{DateTime, TimeDelta, Utc};
use matchcut::api::Route as _;
use matchcut::clip::{Clip, FailureCode, Source, Status, Window, floor_second};
use matchcut::harvest::{CreateClip, HarvestClip};
use matchcut::lambda::EventHandler as _;
use matchcut::sweep::Sweep;
use serde_json::{Value, json};

use crate::api::{Api, at, row};
use crate::create_clip::create_with;
use crate::live_origin::LiveOrigin;

const DUE: &str = "matchcut-due";
const HOUR: i64 = 3600;

fn batch(clips: &[&Clip]) -> SqsEvent {
    let record = |clip: &&Clip| {
        let due = json!({ "competition": clip.competition, "clip": clip.clip });
        json!({ "messageId": clip.clip, "body": due.to_string() })
    };
    let records: Vec<Value> = clips.iter().map(record).collect();
    serde_json::from_value(json!({ "Records": records })).unwrap()
}

/// A row of a scheduled clip from the recorded stream.
async fn create_scheduled(api: &Api, start: i64, end: i64) -> Clip {
    let source = Source::Live {
        channel: "main".into(),
        requested: Window::new(at(start), at(end)).unwrap(),
    };
    let clip = row("demo", start, Status::Scheduled);
    let clip = Clip { source, manifests: [].into(), playable: [].into(), ..clip };
    assert!(api.library().create(&clip).await.unwrap());
    clip
}

async fn find(api: &Api, clip: &Clip) -> Clip {
    api.library().find(&clip.key()).await.unwrap().unwrap()
}

/// Creates a clip that ends this many seconds after now, on a stream that is on air. Returns its row
/// and its end.
async fn create_ahead(api: &Api, seconds: i64) -> (Clip, DateTime<Utc>) {
    let now = floor_second(Utc::now());
    let origin = LiveOrigin::start(now, TimeDelta::zero()).await;
    let variables = api.variables(&[origin.channels(api)]);
    let create = CreateClip::new(&api.stack.sdk, &variables).unwrap();
    let end = now + TimeDelta::seconds(seconds);
    let body = json!({ "start": end - TimeDelta::seconds(30), "end": end });
    let event = json!({
        "headers": {},
        "requestContext": { "http": { "method": "POST" } },
        "body": body.to_string(),
        "isBase64Encoded": false,
    });
    let response = create.handle(serde_json::from_value(event).unwrap()).await;
    assert_eq!(response.status_code, 202);
    let body: Value =
        serde_json::from_str(&String::from_utf8_lossy(&response.body.unwrap())).unwrap();
    let clip = format!("demo_{}", body["clip"].as_str().unwrap()).parse().unwrap();
    (api.library().find(&clip).await.unwrap().unwrap(), end)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_clip_four_hours_ahead_gets_its_due_message_thirteen_minutes_before_its_end() {
    let api = Api::start_with(|options| options.pollers = false).await;
    let (clip, end) = create_ahead(&api, 4 * HOUR - 5).await;
    assert_eq!((clip.status, api.messages(DUE).len()), (Status::Scheduled, 0));
    let sweep = async |seconds: i64| {
        api.stack.functions.sweep.run(end + TimeDelta::seconds(seconds)).await.unwrap();
        api.message_delays(DUE)
    };
    assert_eq!(sweep(-2 * HOUR).await, [0; 0]);
    assert_eq!(sweep(-781).await, [0; 0]);
    assert_eq!(sweep(-780).await, [780]);
    assert_eq!(sweep(-720).await, [780], "one message is enough");
    assert_eq!(sweep(29).await, [780]);
    assert_eq!(sweep(30).await, [780, 0], "it may have been lost, or come too early");
    assert_eq!(sweep(90).await, [780, 0, 0]);
    assert_eq!(find(&api, &clip).await.status, Status::Scheduled);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_clip_that_ends_soon_gets_its_due_message_at_once() {
    let api = Api::start_with(|options| options.pollers = false).await;
    let (_, end) = create_ahead(&api, 600).await;
    let delays = api.message_delays(DUE);
    assert!(delays.len() == 1 && (590..=600).contains(&delays[0]), "{delays:?}");
    api.stack.functions.sweep.run(end).await.unwrap();
    assert_eq!(api.messages(DUE).len(), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn due_messages_are_in_time_if_more_clips_are_to_be_checked_than_a_sweep_checks() {
    let api = Api::start_with(|options| options.pollers = false).await;
    for _ in 0..=Sweep::MAX_CHECKS {
        // A check that makes no call to MediaPackage, because the clip only leaves the index.
        let clip = Clip { next_check_at: Some(at(0)), ..row("demo", 0, Status::Ready) };
        api.library().create(&clip).await.unwrap();
    }
    let clip = create_scheduled(&api, 4, 20 + HOUR).await;
    let report = api.stack.functions.sweep.run(at(20 + HOUR - 600)).await.unwrap();
    assert_eq!(report.checked, Sweep::MAX_CHECKS);
    assert_eq!(api.message_delays(DUE), [600]);
    assert_eq!(find(&api, &clip).await.next_check_at, Some(at(20 + HOUR + 30)));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_clip_on_a_stream_that_is_late_is_harvested_with_its_last_segment() {
    let api = Api::start_with(|options| options.pollers = false).await;
    let clip = create_scheduled(&api, 4, 8).await;
    // The stream is late: the message arrives when the clip ends, but its last segment does not.
    let origin = LiveOrigin::start(at(5), TimeDelta::seconds(1)).await;
    origin.set_updated_at(at(8));
    let variables = api.variables(&[origin.channels(&api)]);
    let harvest = HarvestClip::new(&api.stack.sdk, &variables).unwrap();
    let response = harvest.process_batch(batch(&[&clip]), at(8)).await;
    assert_eq!(response.batch_item_failures, []);
    let found = find(&api, &clip).await;
    assert_eq!((found.status, found.actual.unwrap().end), (Status::Harvesting, at(8)));
    assert_eq!(api.messages(DUE).len(), 0);
}

/// The receives and the delay until the next one, in seconds, of the only due message.
fn next_receive(api: &Api) -> (u64, i64) {
    let [message] = &api.stored_messages(DUE, "messages")[..] else { panic!("it is one message") };
    let visible_at: DateTime<Utc> = message["visible_at"].as_str().unwrap().parse().unwrap();
    (message["receives"].as_u64().unwrap(), (visible_at - Utc::now()).num_seconds())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_clip_on_a_stream_that_is_two_minutes_late_is_harvested_by_its_first_message() {
    let api = Api::start_with(|options| options.pollers = false).await;
    let now = floor_second(Utc::now());
    let edge = now - TimeDelta::minutes(2);
    let origin = LiveOrigin::start(edge, TimeDelta::zero()).await;
    origin.set_updated_at(now + TimeDelta::hours(1));
    let channels = [origin.channels(&api)];
    let body = json!({ "start": now - TimeDelta::seconds(30), "end": now });
    let reply = create_with(&api, &channels, &body).await;
    assert_eq!((reply.status.as_u16(), &reply.body["status"]), (202, &json!("scheduled")));

    let harvest = HarvestClip::new(&api.stack.sdk, &api.variables(&channels)).unwrap();
    let process = async |event| {
        let batch = serde_json::from_value(event).unwrap();
        let Ok(response) = harvest.handle(batch).await;
        Ok(serde_json::to_value(response).unwrap())
    };
    assert!(api.stack.pass_due_messages(process).await.unwrap());
    let (receives, delay) = next_receive(&api);
    assert_eq!(receives, 1);
    assert!((60..=105).contains(&delay), "{delay} s: 15 s before the end airs");
    assert!(!api.stack.pass_due_messages(process).await.unwrap(), "it is not visible");
    for minutes in 0..=2 {
        api.stack.functions.sweep.run(now + TimeDelta::minutes(minutes)).await.unwrap();
    }
    assert_eq!(api.messages(DUE).len(), 1, "the sweep sends no other message meanwhile");
    api.stack.functions.sweep.run(now + TimeDelta::minutes(5)).await.unwrap();
    assert_eq!(api.messages(DUE).len(), 2, "the message may have been lost");

    // The message arrives again 15 s before the end, and waits for the last segment.
    let late = api.library().find(&reply.key()).await.unwrap().unwrap();
    let origin = LiveOrigin::start(now - TimeDelta::seconds(2), TimeDelta::seconds(1)).await;
    let variables = api.variables(&[origin.channels(&api)]);
    let harvest = HarvestClip::new(&api.stack.sdk, &variables).unwrap();
    let Ok(response) = harvest.handle(batch(&[&late])).await;
    assert_eq!(response.batch_item_failures, []);
    // The stand-in has another stream on air, so it refuses the harvest that the function asks for.
    let failure = find(&api, &late).await.failure.unwrap();
    assert_eq!(failure.code, FailureCode::HarvestRefused, "{}", failure.message);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_message_is_postponed_twice_at_most_so_it_never_is_a_dead_letter() {
    let api = Api::start_with(|options| options.pollers = false).await;
    let now = floor_second(Utc::now());
    let origin = LiveOrigin::start(now - TimeDelta::minutes(10), TimeDelta::zero()).await;
    origin.set_updated_at(now + TimeDelta::hours(1));
    let channels = [origin.channels(&api)];
    let body = json!({ "start": now - TimeDelta::seconds(30), "end": now });
    create_with(&api, &channels, &body).await;
    let harvest = HarvestClip::new(&api.stack.sdk, &api.variables(&channels)).unwrap();
    for (receives, expected) in [(3, false), (2, true)] {
        let process = async |mut event: Value| {
            let attributes = &mut event["Records"][0]["attributes"];
            attributes["ApproximateReceiveCount"] = json!(receives.to_string());
            let Ok(response) = harvest.handle(serde_json::from_value(event).unwrap()).await;
            assert_eq!(!response.batch_item_failures.is_empty(), expected, "receive {receives}");
            Err("the message is received again".to_owned())
        };
        api.eventually("the message is visible", async || {
            api.stack.pass_due_messages(process).await.unwrap().then_some(())
        })
        .await;
    }
    let (_, delay) = next_receive(&api);
    assert!((240..=300).contains(&delay), "{delay} s: the stream may catch up");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_message_does_not_wait_for_a_segment_that_cannot_air_in_time() {
    let api = Api::start_with(|options| options.pollers = false).await;
    let clip = create_scheduled(&api, 4, 20).await;
    let process = async |origin: &LiveOrigin| {
        let variables = api.variables(&[origin.channels(&api)]);
        let harvest = HarvestClip::new(&api.stack.sdk, &variables).unwrap();
        let response = harvest.process_batch(batch(&[&clip]), at(20)).await;
        assert_eq!(response.batch_item_failures, []);
        assert_eq!(find(&api, &clip).await.status, Status::Scheduled);
    };
    // Each function returns after one read: if it waited, the clip would be harvested.
    let far_behind = LiveOrigin::start(at(20 - 31), TimeDelta::seconds(31)).await;
    process(&far_behind).await;
    let stopped = LiveOrigin::start(at(18), TimeDelta::seconds(2)).await;
    stopped.set_updated_at(at(20 - 11));
    process(&stopped).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_bad_message_does_not_fail_its_batch() {
    let api = Api::start_with(|options| options.pollers = false).await;
    let clip = create_scheduled(&api, 4, 8).await;
    let mut event = batch(&[&clip, &clip]);
    event.records[0].body = Some("{".to_owned());
    event.records[0].message_id = Some("bad".to_owned());
    let Ok(response) = api.stack.functions.harvest_clip.handle(event).await;
    let failed: Vec<_> =
        response.batch_item_failures.iter().map(|it| &it.item_identifier).collect();
    assert_eq!(failed, ["bad"]);
    assert_eq!(find(&api, &clip).await.status, Status::Harvesting);
}
