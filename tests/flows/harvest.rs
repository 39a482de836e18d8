//! Clips of the live stream, from the operator's request to the viewer's player.

use std::time::Duration;

use chrono::TimeDelta;
use serde_json::json;

use crate::local::Local;
use crate::player::{FULL_SIZE, SMALL, assert_plays, parse_time, read_first_date_times};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_clip_plays_exactly_the_bounds_of_the_reply() {
    let folder = tempfile::tempdir().unwrap();
    let local = Local::start_full_size(folder.path(), &[]).await;
    local.wait_for_segments(6).await;

    let clip = local.create_clip(&json!({ "lastSeconds": 7, "title": "First race" })).await;
    let bounds = parse_time(&clip["actual"]["start"])..parse_time(&clip["actual"]["end"]);
    let duration = (bounds.end - bounds.start).as_seconds_f64();
    assert_eq!(clip["actual"]["durationSeconds"], duration);
    assert!(bounds.start <= parse_time(&clip["requested"]["start"]));
    assert!(parse_time(&clip["requested"]["end"]) <= bounds.end);
    let preview = clip["preview"].as_str().unwrap();
    assert_plays(preview, FULL_SIZE, std::slice::from_ref(&bounds)).await;

    let listed = local.wait_until_listed(&clip).await;
    assert_eq!(listed["status"], "ready");
    assert_eq!(listed["actual"], clip["actual"]);
    assert_eq!(listed["meta"]["title"], "First race");
    assert_eq!(listed["manifest"], listed["manifests"]["hls"]);
    for format in ["hls", "dash"] {
        let manifest = listed["manifests"][format].as_str().unwrap();
        assert_plays(manifest, FULL_SIZE, std::slice::from_ref(&bounds)).await;
    }
    let times = read_first_date_times(listed["manifest"].as_str().unwrap()).await;
    assert_eq!(times, [bounds.start; FULL_SIZE.len()]);
    local.interrupt().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_clip_becomes_ready_even_if_every_event_is_lost() {
    let folder = tempfile::tempdir().unwrap();
    let local = Local::start(folder.path(), &["--faults", "lose=1.0", "--sweep", "1"]).await;
    local.wait_for_segments(3).await;
    let clip = local.create_clip(&json!({ "lastSeconds": 4 })).await;
    local.wait_until_listed(&clip).await;
    local.interrupt().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn clips_have_their_whole_window_although_manifests_lag_and_indexes_are_stale() {
    let folder = tempfile::tempdir().unwrap();
    let local = Local::start(folder.path(), &["--faults", "lag=3,stale=3", "--sweep", "1"]).await;
    local.wait_for_segments(6).await;
    let newest = local.create_clip(&json!({ "lastSeconds": 5 })).await;
    let end = parse_time(&newest["requested"]["end"]);
    let window = |start: i64, end_at: i64| {
        let at = |seconds| end + TimeDelta::seconds(seconds);
        json!({ "start": at(start), "end": at(end_at) })
    };
    let aired = local.create_clip(&window(-6, -2)).await;
    let ahead = local.create_clip(&window(-2, 4)).await;
    for clip in [newest, aired, ahead] {
        let listed = local.wait_until_listed(&clip).await;
        assert_eq!(listed["requested"], clip["requested"]);
        let bounds = parse_time(&listed["actual"]["start"])..parse_time(&listed["actual"]["end"]);
        assert!(bounds.start <= parse_time(&listed["requested"]["start"]), "{listed:#}");
        assert!(parse_time(&listed["requested"]["end"]) <= bounds.end, "{listed:#}");
        for format in ["hls", "dash"] {
            let manifest = listed["manifests"][format].as_str().unwrap();
            assert_plays(manifest, SMALL, std::slice::from_ref(&bounds)).await;
        }
    }
    local.interrupt().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_clip_can_span_a_stop_and_a_start_of_the_stream() {
    let folder = tempfile::tempdir().unwrap();
    let local = Local::start(folder.path(), &["--channel-delay", "0"]).await;
    local.wait_for_segments(3).await;
    let before = local.create_clip(&json!({ "lastSeconds": 4 })).await;

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
    let edge = local.create_clip(&json!({ "lastSeconds": 4 })).await;
    let aired = local.count_segments().await;
    change("start", "RUNNING").await;
    local.wait_for_segments(aired + 3).await;
    let after = local.create_clip(&json!({ "lastSeconds": 4 })).await;

    let stop = parse_time(&edge["actual"]["end"]);
    let across = local
        .create_clip(&json!({ "start": before["actual"]["start"], "end": after["actual"]["end"] }))
        .await;
    let whole = parse_time(&across["actual"]["start"])..parse_time(&across["actual"]["end"]);
    let duration = across["actual"]["durationSeconds"].as_f64().unwrap();
    assert!(
        duration <= (whole.end - whole.start).as_seconds_f64(),
        "the gap between stop and start is not played"
    );
    let played = TimeDelta::from_std(Duration::from_secs_f64(duration)).unwrap();
    let on_air_again = whole.end - (played - (stop - whole.start));
    let listed = local.wait_until_listed(&across).await;
    for format in ["hls", "dash"] {
        let manifest = listed["manifests"][format].as_str().unwrap();
        assert_plays(manifest, SMALL, &[whole.start..stop, on_air_again..whole.end]).await;
    }
    local.interrupt().await;
}
