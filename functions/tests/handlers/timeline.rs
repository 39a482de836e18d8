//! The timeline of a clip for editing suites: exact frames of the requested window.

use matchcut::clip::Status;
use reqwest::Method;
use serde_json::{Value, json};

use crate::api::{Api, Reply, row};

async fn get_timeline(api: &Api, clip: &str) -> Reply {
    let token = format!("Bearer {}", api.stack.token);
    let path = format!("/competitions/demo/clips/{clip}/timeline.otio");
    api.request(Method::GET, &path, &[("authorization", &token)], "").await
}

fn frames(range: &Value) -> (f64, f64) {
    let [start, duration] = ["start_time", "duration"].map(|name| {
        assert_eq!(range[name]["rate"], 25.0);
        range[name]["value"].as_f64().unwrap()
    });
    (start, duration)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_timeline_has_the_requested_frames_in_both_tracks() {
    let api = Api::start().await;
    let window = r#"{"start":"2020-02-03T13:30:05.480Z","end":"2020-02-03T13:30:11.520Z"}"#;
    let key = api.post_clip(window).await.key();
    let early = get_timeline(&api, key.clip.as_str()).await;
    let problem = json!("urn:matchcut:problem:not-ready");
    assert_eq!((early.status.as_u16(), &early.body["type"]), (409, &problem));

    let clip = api.wait_for(&key, |clip| clip.status == Status::Ready).await;
    let reply = get_timeline(&api, key.clip.as_str()).await;
    assert_eq!(reply.status, 200);
    let disposition = format!("attachment; filename=\"{}.otio\"", key.clip);
    assert_eq!(reply.headers["content-disposition"], disposition.as_str());
    let tracks = reply.body["tracks"]["children"].as_array().unwrap();
    let kinds: Vec<_> = tracks.iter().map(|track| track["kind"].as_str().unwrap()).collect();
    assert_eq!(kinds, ["Video", "Audio"]);
    // Segments of 2 s start at even seconds: the media is from second 4 to second 12.
    let path = format!("/competitions/demo/clips/{}", key.clip);
    let manifest = api.get(&path).await.body["manifest"].clone();
    assert!((clip.actual.unwrap().duration_seconds - 8.0).abs() < 0.5);
    for track in tracks {
        let [item] = track["children"].as_array().unwrap().as_slice() else { panic!("{track}") };
        let media = &item["media_references"]["DEFAULT_MEDIA"];
        assert_eq!(media["target_url"], manifest);
        assert_eq!(frames(&media["available_range"]), (0.0, 200.0));
        assert_eq!(frames(&item["source_range"]), (37.0, 151.0));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_clip_without_media_or_bounds_has_no_timeline() {
    let api = Api::start_with(|options| options.pollers = false).await;
    let clip = row("demo", 4, Status::Ready);
    api.library().create(&clip).await.unwrap();
    let refused = get_timeline(&api, clip.clip.as_str()).await;
    let problem = json!("urn:matchcut:problem:media-unknown");
    assert_eq!((refused.status.as_u16(), &refused.body["type"]), (409, &problem));
    assert_eq!(get_timeline(&api, "unknown").await.status, 404);
}
