//! The metrics in the logs of functions, parsed as CloudWatch parses them.

use std::collections::BTreeMap;

use chrono::{TimeDelta, Utc};
use matchcut::clip::{Clip, Status};
use serde_json::json;

use crate::api::{Api, row};
use crate::lambda_process::Function;
use crate::live_origin::LiveOrigin;

/// The values up to a metric, by name and dimensions.
async fn values_up_to(function: &mut Function, last: &str) -> BTreeMap<String, f64> {
    let mut values = BTreeMap::new();
    while !values.contains_key(last) {
        let line = function.metrics.recv().await.unwrap();
        let [metrics] = &line["_aws"]["CloudWatchMetrics"].as_array().unwrap()[..] else {
            panic!("{line}")
        };
        assert_eq!(metrics["Namespace"], "Matchcut/test");
        let dimensions = metrics["Dimensions"][0].as_array().unwrap().iter();
        let dimensions = dimensions.map(|name| line[name.as_str().unwrap()].as_str().unwrap());
        let of: String = dimensions.map(|value| format!(" {value}")).collect();
        for metric in metrics["Metrics"].as_array().unwrap() {
            let name = metric["Name"].as_str().unwrap();
            values.insert(format!("{name}{of}"), line[name].as_f64().unwrap());
        }
    }
    values
}

async fn start(api: &Api, program: &str) -> Function {
    start_with(api, program, &[]).await
}

/// Starts a function with other variables than those of the stack.
async fn start_with(api: &Api, program: &str, others: &[(&'static str, String)]) -> Function {
    let namespace = ("METRICS_NAMESPACE", "Matchcut/test".to_owned());
    let variables = api.variables(&[others, &[namespace]].concat());
    Function::start(program, variables.iter()).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_sweep_reports_pending_repaired_and_free_counts() {
    // No harvest ends during the test.
    let api = Api::start_with(|options| {
        options.faults.slow = 600.0;
        options.pollers = false;
    })
    .await;
    for _ in 0..10 {
        api.post_clip(r#"{"lastSeconds":4}"#).await;
    }
    let since = Utc::now() - TimeDelta::seconds(90);
    for queued_at in [since, since + TimeDelta::seconds(60)] {
        let waiting = Clip { queued_at: Some(queued_at), ..row("demo", 4, Status::Queued) };
        api.library().create(&waiting).await.unwrap();
    }
    // The recorded stream ended before this time, so this clip has no harvest job and gets none.
    api.library().create(&row("demo", 600, Status::Harvesting)).await.unwrap();
    let vod = aws_sdk_mediapackagevod::Client::new(&api.stack.sdk);
    let asset = vod.create_asset().id("another").packaging_group_id("default");
    let asset = asset.source_arn("arn:aws:s3:::matchcut-clips/clips/another/index.m3u8");
    asset.source_role_arn("arn:aws:iam::000000000000:role/asset").send().await.unwrap();

    let mut sweep = start(&api, "sweep-library").await;
    assert_eq!(sweep.invoke(json!({})).await.0, "response");
    let values = values_up_to(&mut sweep, "AssetsFree").await;
    let oldest = values["OldestWaitingSeconds"];
    let by_now = (Utc::now() - since).as_seconds_f64();
    assert!((90.0..=by_now).contains(&oldest), "{oldest} s");
    for (name, expected) in [
        ("ClipsUnfinished scheduled", 0.0),
        ("ClipsUnfinished queued", 2.0),
        ("ClipsUnfinished harvesting", 10.0),
        ("ClipsUnfinished packaging", 0.0),
        ("ClipsWaiting", 2.0),
        ("ClipsRepaired", 1.0),
        ("AssetsFree", 9999.0),
    ] {
        assert_eq!(values.get(name), Some(&expected), "{name} of {values:?}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_change_is_counted_and_time_to_ready_is_reported() {
    let api = Api::start_with(|options| options.pollers = false).await;
    let mut announce = start(&api, "announce-clip").await;
    let modified = include_str!("../../../fuzz/corpus/events/stream-modify");
    assert_eq!(announce.invoke(serde_json::from_str(modified).unwrap()).await.0, "response");
    let values = values_up_to(&mut announce, "TimeToReadySeconds live").await;
    let expected = [("ClipsEntered ready", 1.0), ("TimeToReadySeconds live", 35.873)];
    assert_eq!(values, expected.map(|(name, value)| (name.to_owned(), value)).into());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_stalled_stream_is_reported_with_the_age_of_its_live_edge() {
    let api = Api::start_with(|options| options.pollers = false).await;
    let stalled_at = Utc::now() - TimeDelta::minutes(2);
    let origin = LiveOrigin::start(stalled_at, TimeDelta::zero()).await;
    origin.set_updated_at(stalled_at);
    let running_since = stalled_at - TimeDelta::hours(1);
    api.library().record_channel_state(&"main".into(), "running", running_since).await.unwrap();
    let mut sweep = start_with(&api, "sweep-library", &[origin.channels(&api)]).await;
    assert_eq!(sweep.invoke(json!({})).await.0, "response");
    let age = values_up_to(&mut sweep, "LiveEdgeAgeSeconds main").await["LiveEdgeAgeSeconds main"];
    let by_now = (Utc::now() - stalled_at).as_seconds_f64();
    assert!((119.0..=by_now).contains(&age), "{age} s");
}
