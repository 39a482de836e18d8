//! `PATCH` of the start and the end of a ready clip, within its media.

use chrono::{DateTime, TimeDelta, Utc};
use matchcut::clip::{Bounds, Clip, Status, format_utc};
use reqwest::Method;
use serde_json::{Value, json};

use crate::api::{Api, Reply, at, row};
use crate::asset_expiry::{has_asset, play};

async fn patch(api: &Api, clip: &Clip, etag: &str, body: &Value) -> Reply {
    let token = format!("Bearer {}", api.stack.token);
    let headers = [("authorization", token.as_str()), ("if-match", etag)];
    let path = format!("/competitions/demo/clips/{}", clip.clip);
    api.request(Method::PATCH, &path, &headers, body.to_string()).await
}

fn window(start: DateTime<Utc>, end: DateTime<Utc>) -> Value {
    json!({ "start": format_utc(start), "end": format_utc(end) })
}

/// A ready clip from second 4 to second 8, whose media reaches from second 2 to second 10.
async fn create_ready_clip(api: &Api) -> Clip {
    let actual = Bounds { start: at(2), end: at(10), duration_seconds: 8.0 };
    let clip = Clip { actual: Some(actual), ..row("demo", 4, Status::Ready) };
    api.library().create(&clip).await.unwrap();
    clip
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_trim_moves_the_window_and_the_former_times_undo_it() {
    let api = Api::start().await;
    let body = r#"{"start":"2020-02-03T13:30:05.480Z","end":"2020-02-03T13:30:11.520Z"}"#;
    let key = api.post_clip(body).await.key();
    let clip = api.wait_for(&key, |clip| clip.status == Status::Ready).await;
    let path = format!("/competitions/demo/clips/{}", clip.clip);
    let before = api.get(&path).await;

    let wider = window(at(4), at(12) - TimeDelta::milliseconds(1));
    let etag = before.headers["etag"].to_str().unwrap();
    let trimmed = patch(&api, &clip, etag, &wider).await;
    assert_eq!((trimmed.status.as_u16(), &trimmed.body["requested"]), (200, &wider));
    let mut expected = before.body.clone();
    expected["requested"] = wider;
    expected["updatedAt"] = trimmed.body["updatedAt"].clone();
    assert_eq!(api.get(&path).await.body, expected, "nothing else has changed");
    let listed = api.get("/competitions/demo/clips").await.body["clips"].clone();
    assert_eq!(listed, json!([expected]), "lists show it at once");
    let token = format!("Bearer {}", api.stack.token);
    let changes = "/competitions/demo/changes";
    let changes = api.request(Method::GET, changes, &[("authorization", &token)], "").await.body;
    assert_eq!(changes["clips"][0]["requested"], expected["requested"]);

    let refused = patch(&api, &clip, etag, &window(at(5), at(9))).await;
    assert_eq!(refused.status, 412, "the window is one of the editable fields");
    let etag = trimmed.body["etag"].as_str().unwrap();
    let undone = patch(&api, &clip, etag, &before.body["requested"]).await;
    assert_eq!(undone.body["requested"], before.body["requested"]);
    let narrower = json!({ "start": "2020-02-03T13:30:06.040Z", "title": "Goal" });
    let narrower = patch(&api, &clip, "*", &narrower).await;
    let requested = &narrower.body["requested"];
    assert_eq!(requested["start"], "2020-02-03T13:30:06.040Z");
    assert_eq!(requested["end"], before.body["requested"]["end"], "it was absent");
    assert_eq!(narrower.body["meta"]["title"], "Goal");
    assert!(api.messages("matchcut-due").is_empty(), "nothing is to be harvested");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_trim_beyond_the_stream_is_refused_with_the_range_of_the_media() {
    let api = Api::start().await;
    let clip = create_ready_clip(&api).await;
    for (body, status, kind, field) in [
        (window(at(-1), at(8)), 422, "window-outside-media", "start"),
        (window(at(4), at(26)), 422, "window-outside-media", "end"),
        (json!({ "end": "2020-02-03T13:30:04Z" }), 400, "invalid-window", "end"),
        (json!({ "start": "2020-02-03T13:30:08Z" }), 400, "invalid-window", "start"),
        (json!({ "start": "2020-02-03T13:30:07.001Z" }), 400, "invalid-window", "start"),
        (json!({ "start": null }), 400, "invalid-field", "start"),
    ] {
        let refused = patch(&api, &clip, "*", &body).await;
        let problem = json!(format!("urn:matchcut:problem:{kind}"));
        assert_eq!((refused.status.as_u16(), &refused.body["type"]), (status, &problem), "{body}");
        assert_eq!(refused.body["field"], field, "{body}");
        if kind == "window-outside-media" {
            let range = format!("from {} to {}.", format_utc(at(2)), format_utc(at(10)));
            assert!(refused.body["detail"].as_str().unwrap().contains(&range));
        }
    }
    let found = api.library().find(&clip.key()).await.unwrap().unwrap();
    assert_eq!(found, clip, "a refused trim changes nothing");
    assert_eq!(patch(&api, &clip, "*", &window(at(2), at(10))).await.status, 200);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn only_a_ready_clip_of_a_stream_can_start_at_another_time() {
    let api = Api::start_with(|options| options.pollers = false).await;
    let known = Bounds { start: at(2), end: at(10), duration_seconds: 8.0 };
    let upload = api.post("/uploads", r#"{"filename":"a.mp4","size":7}"#).await;
    let upload = api.library().find(&upload.key()).await.unwrap().unwrap();
    let mut cases =
        vec![(upload, "not-scheduled"), (row("demo", 4, Status::Ready), "media-unknown")];
    for status in [Status::Scheduled, Status::Queued, Status::Packaging, Status::Failed] {
        cases.push((Clip { actual: Some(known), ..row("demo", 4, status) }, "not-scheduled"));
    }
    for (clip, kind) in cases {
        api.library().create(&clip).await.unwrap();
        let refused = patch(&api, &clip, "*", &json!({ "start": format_utc(at(5)) })).await;
        let problem = json!(format!("urn:matchcut:problem:{kind}"));
        let status = clip.status;
        assert_eq!((refused.status.as_u16(), &refused.body["type"]), (409, &problem), "{status:?}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_trim_beyond_the_media_harvests_the_clip_again_under_its_id() {
    let api = Api::start().await;
    let key = api.post_clip(&window(at(6), at(10)).to_string()).await.key();
    let clip = api.wait_for(&key, |clip| clip.status == Status::Ready).await;
    let path = format!("/competitions/demo/clips/{}", clip.clip);
    let before = api.get(&path).await.body;

    let wider = window(at(4), at(12) + TimeDelta::milliseconds(480));
    let accepted = patch(&api, &clip, "*", &wider).await.body;
    assert_eq!(accepted["remake"], json!({ "status": "queued", "requested": wider }));
    for field in ["status", "attempt", "requested", "actual", "manifests"] {
        assert_eq!(accepted[field], before[field], "{field}: the clip plays its old media");
    }
    let remade = api.wait_for(&key, |clip| clip.remake.is_none() && clip.attempt == 2).await;
    let after = api.get(&path).await.body;
    assert_eq!((&after["status"], &after["requested"]), (&json!("ready"), &wider));
    let (start, end) = (format_utc(at(4)), format_utc(at(14)));
    let actual = json!({ "start": start, "end": end, "durationSeconds": 10.0 });
    assert_eq!(after["actual"], actual);
    play(after["manifest"].as_str().unwrap(), "").await;

    // Who has begun to play the old media plays on.
    let removable_at = remade.retired[0].removable_at;
    api.stack.functions.sweep.run(removable_at - TimeDelta::seconds(1)).await.unwrap();
    play(before["manifest"].as_str().unwrap(), "").await;
    api.stack.functions.sweep.run(removable_at).await.unwrap();
    let cleaned = api.library().find(&key).await.unwrap().unwrap();
    assert_eq!((cleaned.retired.len(), cleaned.next_check_at), (0, None));
    assert!(!has_asset(&api, &clip.current_attempt()).await);
    let prefix = clip.current_attempt().media_prefix();
    assert!(!api.objects().iter().any(|key| key.contains(&prefix)), "the old media are deleted");
    play(after["manifest"].as_str().unwrap(), "").await;

    let undone = patch(&api, &clip, "*", &before["requested"]).await.body;
    assert_eq!((&undone["requested"], &undone["remake"]), (&before["requested"], &Value::Null));
}
