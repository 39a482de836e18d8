//! A private library: a clip plays only with the cookies of its competition.

use reqwest::StatusCode;
use serde_json::{Value, json};
use tokio::process::Command;

use crate::local::Local;

/// Requests the cookies of a competition, in the form in which a player sends them.
async fn grant_playback(local: &Local, competition: &str) -> String {
    let url = format!("{}/competitions/{competition}/playback", local.api);
    let response = reqwest::Client::new().post(url).bearer_auth(&local.viewer_token).send().await;
    let granted: Value = response.unwrap().error_for_status().unwrap().json().await.unwrap();
    let cookies = granted["cookies"].as_object().unwrap().iter();
    let cookies: Vec<_> =
        cookies.map(|(name, value)| format!("{name}={}", value.as_str().unwrap())).collect();
    cookies.join("; ")
}

async fn get(url: &str, cookies: &str) -> (StatusCode, String) {
    let request = reqwest::Client::new().get(url).header("cookie", cookies);
    let response = request.send().await.unwrap();
    (response.status(), String::from_utf8_lossy(&response.bytes().await.unwrap()).into_owned())
}

/// Counts the frames that a player shows if it sends these cookies.
async fn count_frames(manifest: &str, cookies: &str) -> Option<f64> {
    let headers = format!("Cookie: {cookies}\r\n");
    let arguments = ["-v", "error", "-headers", &headers, "-count_frames"];
    let entries = ["-select_streams", "v:0", "-show_entries", "stream=nb_read_frames"];
    let mut ffprobe = Command::new("ffprobe");
    let probe = ffprobe.args(arguments).args(entries).args(["-of", "json", manifest]);
    let output = probe.output().await.unwrap();
    let probed: Value = serde_json::from_slice(&output.stdout).unwrap();
    probed["streams"][0]["nb_read_frames"].as_str()?.parse().ok()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_private_clip_plays_only_with_the_cookies_of_its_competition() {
    let folder = tempfile::tempdir().unwrap();
    let local = Local::start(folder.path(), &["--private"]).await;
    local.wait_for_segments(4).await;
    let create_clip = async |competition: &str| {
        let clip =
            local.create_clip(&json!({ "lastSeconds": 4, "competition": competition })).await;
        local.wait_until_listed(&clip).await
    };
    let (dash, relay) = (create_clip("100m-dash").await, create_clip("relay").await);
    let (cookies, others) =
        (grant_playback(&local, "100m-dash").await, grant_playback(&local, "relay").await);

    for format in ["hls", "dash"] {
        let manifest = dash["manifests"][format].as_str().unwrap();
        assert_eq!(get(manifest, "").await.0, StatusCode::FORBIDDEN);
        assert_eq!(get(manifest, &others).await.0, StatusCode::FORBIDDEN);
        assert_eq!(get(manifest, &cookies).await.0, StatusCode::OK);
        let expected = dash["actual"]["durationSeconds"].as_f64().unwrap() * 25.0;
        assert_eq!(count_frames(manifest, &cookies).await, Some(expected), "{manifest}");
        assert_eq!(count_frames(manifest, &others).await, None);
    }

    // Segments are as private as their manifest.
    let manifest = dash["manifest"].as_str().unwrap();
    let follow = async |manifest: &str| {
        let text = get(manifest, &cookies).await.1;
        let next = text.lines().find(|line| !line.starts_with('#')).unwrap().to_owned();
        url::Url::parse(manifest).unwrap().join(&next).unwrap().to_string()
    };
    let segment = follow(&follow(manifest).await).await;
    assert_eq!(get(&segment, &cookies).await.0, StatusCode::OK);
    assert_eq!(get(&segment, "").await.0, StatusCode::FORBIDDEN);
    assert_eq!(get(&segment, &others).await.0, StatusCode::FORBIDDEN);

    // The clip of another competition, at a path that the cookies allow.
    let (own, _) = manifest.split_once("/out/v1/").unwrap();
    let (_, foreign) = relay["manifest"].as_str().unwrap().split_once("/out/v1/").unwrap();
    let mixed = format!("{own}/out/v1/{foreign}");
    assert_eq!(get(&mixed, &cookies).await.0, StatusCode::FORBIDDEN);
    let (vod, _) = manifest.split_once("/private/").unwrap();
    let open = format!("{vod}/out/v1/{foreign}");
    assert_eq!(get(&open, &cookies).await.0, StatusCode::FORBIDDEN);
    local.interrupt().await;
}
