//! A clip, from the operator's key to the viewer's player.

use std::time::Duration;

use chrono::TimeDelta;
use serde_json::json;

use crate::local::Local;
use crate::player::{RENDITIONS, assert_plays, first_date_times, time};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_clip_of_the_live_stream_plays_exactly_what_the_reply_promised() {
    let folder = tempfile::tempdir().unwrap();
    let local = Local::start(folder.path(), &[]).await;
    local.wait_for_segments(6).await;

    let cut = local.cut(&json!({ "lastSeconds": 7, "title": "First race" })).await;
    let stretch = time(&cut["actual"]["start"])..time(&cut["actual"]["end"]);
    let lasting = (stretch.end - stretch.start).as_seconds_f64();
    assert_eq!(cut["actual"]["durationSeconds"], lasting);
    assert!(stretch.start <= time(&cut["requested"]["start"]));
    assert!(time(&cut["requested"]["end"]) <= stretch.end);
    assert_plays(cut["preview"].as_str().unwrap(), std::slice::from_ref(&stretch)).await;

    let listed = local.wait_until_listed(&cut).await;
    assert_eq!(listed["status"], "ready");
    assert_eq!(listed["actual"], cut["actual"]);
    assert_eq!(listed["meta"]["title"], "First race");
    assert_eq!(listed["manifest"], listed["manifests"]["hls"]);
    for format in ["hls", "dash"] {
        let manifest = listed["manifests"][format].as_str().unwrap();
        assert_plays(manifest, std::slice::from_ref(&stretch)).await;
    }
    let times = first_date_times(listed["manifest"].as_str().unwrap()).await;
    assert_eq!(times, [stretch.start; RENDITIONS.len()]);
    local.interrupt().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_a_single_event_the_clip_is_still_listed() {
    let folder = tempfile::tempdir().unwrap();
    let local = Local::start(folder.path(), &["--faults", "lose=1.0", "--sweep", "1"]).await;
    local.wait_for_segments(3).await;
    let cut = local.cut(&json!({ "lastSeconds": 4 })).await;
    local.wait_until_listed(&cut).await;
    local.interrupt().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_clip_may_cross_a_stop_and_start_of_the_stream() {
    let folder = tempfile::tempdir().unwrap();
    let local = Local::start(folder.path(), &[]).await;
    local.wait_for_segments(3).await;
    let before = local.cut(&json!({ "lastSeconds": 4 })).await;

    let channel =
        format!("{}/prod/channels/1000001", local.environment["AWS_ENDPOINT_URL_MEDIALIVE"]);
    let http = reqwest::Client::new();
    let change = async |verb: &str, state: &str| {
        http.post(format!("{channel}/{verb}")).send().await.unwrap().error_for_status().unwrap();
        crate::local::eventually(state, async || {
            let text = reqwest::get(&channel).await.unwrap().text().await.unwrap();
            text.contains(&format!("\"{state}\"")).then_some(())
        })
        .await;
    };
    change("stop", "IDLE").await;
    let edge = local.cut(&json!({ "lastSeconds": 4 })).await;
    let aired = local.segments().await;
    change("start", "RUNNING").await;
    local.wait_for_segments(aired + 3).await;
    let after = local.cut(&json!({ "lastSeconds": 4 })).await;

    let stop = time(&edge["actual"]["end"]);
    let across = local
        .cut(&json!({ "start": before["actual"]["start"], "end": after["actual"]["end"] }))
        .await;
    let whole = time(&across["actual"]["start"])..time(&across["actual"]["end"]);
    let lasting = across["actual"]["durationSeconds"].as_f64().unwrap();
    assert!(lasting <= (whole.end - whole.start).as_seconds_f64(), "a gap does not play");
    let playing = TimeDelta::from_std(Duration::from_secs_f64(lasting)).unwrap();
    let on_air_again = whole.end - (playing - (stop - whole.start));
    let listed = local.wait_until_listed(&across).await;
    for format in ["hls", "dash"] {
        let manifest = listed["manifests"][format].as_str().unwrap();
        assert_plays(manifest, &[whole.start..stop, on_air_again..whole.end]).await;
    }
    local.interrupt().await;
}
