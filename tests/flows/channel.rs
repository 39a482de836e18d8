//! Stops and starts the channel through the API.

use reqwest::StatusCode;
use serde_json::{Value, json};

use crate::local::{Local, eventually};

async fn control(local: &Local, verb: &str) -> Value {
    let response = local.post(&format!("/channels/main/{verb}"), &json!({})).await.unwrap();
    assert_eq!(response.status(), StatusCode::ACCEPTED);
    response.json().await.unwrap()
}

async fn wait_for_channel(local: &Local, what: &str, is_so: impl Fn(&Value) -> bool) -> Value {
    eventually(what, async || {
        let channels = local.get_as_operator("/channels").await;
        Some(channels["channels"][0].clone()).filter(|channel| is_so(channel))
    })
    .await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_stopped_channel_stays_off_air_over_a_restart_and_continues_when_it_is_started() {
    let folder = tempfile::tempdir().unwrap();
    let arguments = ["--channel-delay", "0"];
    let local = Local::start(folder.path(), &arguments).await;
    local.wait_for_segments(2).await;
    let on_air = wait_for_channel(&local, "on air", |it| it["onAir"] == true).await;
    assert_eq!((&on_air["state"], &on_air["alerts"]), (&json!("running"), &json!([])));

    control(&local, "stop").await;
    let idle = wait_for_channel(&local, "idle", |it| it["state"] == "idle").await;
    assert!(local.child_processes().is_empty(), "no encoder runs");
    assert_eq!(idle["window"]["start"], on_air["window"]["start"]);
    wait_for_channel(&local, "off air", |it| it["onAir"] == false).await;
    local.kill().await;

    let local = Local::start(folder.path(), &arguments).await;
    let restarted = wait_for_channel(&local, "listed", |it| it["window"].is_object()).await;
    assert_eq!(restarted["state"], "idle");
    assert_eq!(restarted["since"], idle["since"]);
    assert_eq!(restarted["window"], idle["window"]);

    control(&local, "start").await;
    let again = wait_for_channel(&local, "on air again", |it| it["onAir"] == true).await;
    assert_eq!(again["state"], "running");
    assert_eq!(again["window"]["start"], on_air["window"]["start"]);
    let manifest = local.live.replace("index.m3u8", "index_1.m3u8");
    let text = reqwest::get(manifest).await.unwrap().text().await.unwrap();
    assert_eq!(text.matches("#EXT-X-DISCONTINUITY\n").count(), 1);
    local.interrupt().await;
}
