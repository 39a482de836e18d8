//! Channels: their state, window and alerts, and starting and stopping them.

use std::time::Duration;

use aws_lambda_events::apigw::ApiGatewayV2httpRequest;
use chrono::{DateTime, TimeDelta, Utc};
use matchcut::api::{ProblemKind, Request, Route as _, respond};
use matchcut::channel::{ListChannels, StartChannel};
use matchcut::config::Variables;
use reqwest::Method;
use serde_json::{Value, json};

use crate::api::{Api, Reply};

async fn list(api: &Api) -> Reply {
    let token = format!("Bearer {}", api.stack.token);
    api.request(Method::GET, "/channels", &[("authorization", &token)], "").await
}

/// The only channel, as the list shows it.
async fn show(api: &Api) -> Value {
    let reply = list(api).await;
    assert_eq!(reply.status, 200, "{:#}", reply.body);
    reply.body["channels"][0].clone()
}

async fn post(api: &Api, path: &str) -> Reply {
    api.post(&format!("/channels/main/{path}"), "").await
}

async fn wait_for_state(api: &Api, state: &str) {
    let what = format!("the channel is {state}");
    api.eventually(&what, async || (show(api).await["state"] == state).then_some(())).await;
}

/// Variables of the functions with some fields of the channel changed. `null` removes a field.
fn with_channel(api: &Api, changes: &Value) -> Variables {
    let channels = api.stack.variables.required("CHANNELS").unwrap();
    let mut channels: Value = serde_json::from_str(channels).unwrap();
    for (name, value) in changes.as_object().unwrap() {
        channels[0][name] = value.clone();
    }
    api.variables(&[("CHANNELS", channels.to_string())])
}

fn request(parameters: &[(&str, &str)]) -> Request {
    let mut event = ApiGatewayV2httpRequest::default();
    let owned = |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).to_owned());
    event.path_parameters = parameters.iter().map(owned).collect();
    Request::from(event)
}

/// The channel as a function with other variables lists it.
async fn show_with(api: &Api, variables: &Variables) -> Value {
    show_at(api, variables, Utc::now()).await
}

/// The channel as a function with other variables lists it at another time.
async fn show_at(api: &Api, variables: &Variables, now: DateTime<Utc>) -> Value {
    let function = ListChannels::new(&api.stack.sdk, variables).unwrap();
    let request = request(&[]);
    let reply = function.answer(&request, now).await;
    let response = serde_json::to_value(respond(&request, reply)).unwrap();
    let body: Value = serde_json::from_str(response["body"].as_str().unwrap()).unwrap();
    body["channels"][0].clone()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_channel_is_listed_with_its_state_window_alerts_and_price() {
    let api = Api::start().await;
    let shown = api
        .eventually("the recording has ended", async || {
            let shown = show(&api).await;
            (shown["alerts"] != json!([])).then_some(shown)
        })
        .await;
    assert_eq!(shown["channel"], "main");
    assert_eq!(shown["competition"], "demo");
    assert_eq!(shown["state"], "running");
    assert!(shown["manifest"].as_str().unwrap().contains("/live/out/v1/"));
    assert_eq!((&shown["segmentSeconds"], &shown["startoverSeconds"]), (&json!(2), &json!(900)));
    assert_eq!(shown["precision"], "segment");
    let window = json!({ "start": "2020-02-03T13:30:00Z", "end": "2020-02-03T13:30:24Z" });
    assert_eq!(shown["window"], window);
    assert_eq!(shown["alerts"][0]["message"], "The recording has ended.");
    assert_eq!(shown["hourly"], json!({ "usd": 1.31 }));
    assert_eq!(show(&api).await["since"], shown["since"], "the state has not changed");

    let rows = api.rows().await;
    let mut fields: Vec<_> = rows[0].as_object().unwrap().keys().collect();
    fields.sort();
    let expected = ["clip", "competition", "firstSegment", "manifest", "since", "state"];
    assert_eq!(fields, expected, "the row is in no index");
    assert_eq!((rows.len(), &rows[0]["competition"]), (1, &json!("channel#main")));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_running_channel_without_a_new_segment_for_30_s_is_stalled() {
    let api = Api::start().await;
    wait_for_state(&api, "running").await;
    let variables = &api.stack.variables;
    api.eventually("the recording has ended", async || {
        (show(&api).await["alerts"] != json!([])).then_some(())
    })
    .await;
    assert_eq!(show(&api).await["stalled"], false, "its newest segment is some seconds old");
    let later = Utc::now() + TimeDelta::minutes(2);
    let shown = show_at(&api, variables, later).await;
    assert_eq!((&shown["state"], &shown["stalled"]), (&json!("running"), &json!(true)));
    let age = shown["liveEdgeAgeSeconds"].as_i64().unwrap();
    assert!((120..300).contains(&age), "{age} s");

    assert_eq!(post(&api, "stop").await.status, 202);
    wait_for_state(&api, "idle").await;
    let shown = show_at(&api, variables, later).await;
    assert_eq!(shown["stalled"], false, "it need not be on air");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn only_operators_list_and_control_channels() {
    let api = Api::start().await;
    let scoped = |scope| {
        let token = api.stack.issue_token(scope, TimeDelta::hours(1)).unwrap();
        format!("Bearer {token}")
    };
    let (viewer, editor) = (scoped("matchcut/clips.read"), scoped("matchcut/clips.write"));
    for (method, path, token, expected) in [
        (Method::GET, "/channels", None, 401),
        (Method::GET, "/channels", Some(&viewer), 403),
        (Method::POST, "/channels/main/start", None, 401),
        (Method::POST, "/channels/main/start", Some(&editor), 403),
        (Method::POST, "/channels/main/stop", Some(&editor), 403),
    ] {
        let headers: Vec<_> = token.iter().map(|it| ("authorization", it.as_str())).collect();
        let reply = api.request(method, path, &headers, "").await;
        assert_eq!(reply.status, expected, "{path}");
    }
    assert_eq!(show(&api).await["state"], "running");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_stop_and_a_start_can_be_repeated() {
    let api = Api::start().await;
    wait_for_state(&api, "running").await;
    let before = show(&api).await["since"].clone();
    for _ in 0..2 {
        let reply = post(&api, "stop").await;
        assert_eq!(reply.status, 202, "{:#}", reply.body);
        assert!(["stopping", "idle"].contains(&reply.body["state"].as_str().unwrap()));
    }
    wait_for_state(&api, "idle").await;
    let stopped = show(&api).await;
    assert_eq!(stopped["alerts"], json!([]));
    assert_ne!(stopped["since"], before);
    assert_eq!(stopped["window"]["end"], "2020-02-03T13:30:24Z", "it can still be cut");
    assert_eq!(post(&api, "stop").await.status, 202);

    for _ in 0..2 {
        let reply = post(&api, "start").await;
        assert_eq!(reply.status, 202, "{:#}", reply.body);
        assert!(["starting", "running"].contains(&reply.body["state"].as_str().unwrap()));
    }
    wait_for_state(&api, "running").await;
    let unknown = api.post("/channels/second/start", "").await;
    assert_eq!((unknown.status.as_u16(), &unknown.body["field"]), (404, &json!("channelId")));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_channel_that_is_changing_its_state_is_busy() {
    let api = Api::start_with(|options| options.channel_delay = Duration::from_hours(1)).await;
    wait_for_state(&api, "running").await;
    let stopped = post(&api, "stop").await;
    assert_eq!(stopped.body["state"], "stopping");
    assert_eq!(show(&api).await["state"], "stopping", "at once, although states are cached");
    assert_eq!(show(&api).await["since"], stopped.body["since"]);
    let busy = post(&api, "start").await;
    assert_eq!(busy.status, 409);
    assert_eq!(busy.body["type"], "urn:matchcut:problem:channel-busy");
    assert_eq!(busy.body["detail"], "The channel is stopping. Retry in a minute.");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_channel_of_another_encoder_is_listed_but_not_controlled() {
    let api = Api::start().await;
    let variables = with_channel(&api, &json!({ "mediaLiveChannelId": null }));
    let shown = show_with(&api, &variables).await;
    assert_eq!((&shown["state"], &shown["alerts"]), (&json!("unknown"), &json!([])));
    assert_eq!((shown.get("since"), shown.get("hourly")), (None, None));
    assert_eq!(shown["window"]["start"], "2020-02-03T13:30:00Z");

    let start = StartChannel::new(&api.stack.sdk, &variables).unwrap();
    let refused = start.answer(&request(&[("channelId", "main")]), Utc::now()).await.unwrap_err();
    assert_eq!(refused.kind, ProblemKind::ChannelNotControlled);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_throttled_media_live_only_hides_the_state() {
    let api = Api::start_with(|options| options.faults.throttle = 1.0).await;
    let shown = show(&api).await;
    assert_eq!((&shown["state"], shown.get("since")), (&json!("unknown"), None));
    assert_eq!(shown["window"]["end"], "2020-02-03T13:30:24Z");
    assert_eq!(post(&api, "stop").await.status, 503);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_manifest_that_cannot_be_read_only_hides_the_window() {
    let api = Api::start().await;
    wait_for_state(&api, "running").await;
    for manifest in ["http://127.0.0.1:9/index.m3u8", api.stack.api.as_str()] {
        let variables = with_channel(&api, &json!({ "manifest": manifest }));
        let shown = show_with(&api, &variables).await;
        assert_eq!((shown.get("window"), &shown["onAir"]), (None, &json!(false)));
        assert_eq!(shown["state"], "running");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn failing_calls_of_media_live_neither_lose_nor_repeat_a_stop() {
    let api = Api::start_with(|options| {
        options.faults.error = 0.4;
        options.faults.seed = Some(7);
    })
    .await;
    api.eventually("the stop is accepted", async || {
        let reply = post(&api, "stop").await;
        assert!([202, 503].contains(&reply.status.as_u16()), "{:#}", reply.body);
        (reply.status == 202).then_some(())
    })
    .await;
    api.eventually("the channel is idle", async || {
        let function = ListChannels::new(&api.stack.sdk, &api.stack.variables).unwrap();
        let reply = function.answer(&request(&[]), Utc::now()).await;
        let response = serde_json::to_value(respond(&request(&[]), reply)).unwrap();
        response["body"].as_str().unwrap().contains("\"idle\"").then_some(())
    })
    .await;
}
