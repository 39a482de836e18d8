//! Reels: clips that are made of other clips.

use chrono::{TimeDelta, Utc};
use matchcut::clip::{Bounds, Clip, ClipKey, FailureCode, FileKinds, FilesStatus, Status};
use reqwest::Method;
use serde_json::{Value, json};

use crate::api::{Api, Reply, at, row};
use crate::media::count_frames;

const PATH: &str = "/competitions/demo/reels";

/// Creates two ready clips of 151 and 100 frames.
async fn create_clips(api: &Api) -> [ClipKey; 2] {
    let windows = [
        r#"{"start":"2020-02-03T13:30:05.480Z","end":"2020-02-03T13:30:11.520Z"}"#,
        r#"{"start":"2020-02-03T13:30:14Z","end":"2020-02-03T13:30:18Z"}"#,
    ];
    let mut clips = Vec::new();
    for window in windows {
        let key = api.post_clip(window).await.key();
        api.wait_for(&key, |clip| clip.status == Status::Ready).await;
        clips.push(key);
    }
    clips.try_into().unwrap()
}

fn body(clips: &[&ClipKey]) -> Value {
    let ids: Vec<_> = clips.iter().map(|key| key.clip.to_string()).collect();
    json!({ "clips": ids, "title": "Highlights" })
}

async fn post_with_key(api: &Api, key: &str, body: &Value) -> Reply {
    let token = format!("Bearer {}", api.stack.token);
    let headers = [("authorization", token.as_str()), ("idempotency-key", key)];
    api.request(Method::POST, PATH, &headers, body.to_string()).await
}

/// Lets a sweep start the job of a reel, and waits until the reel has this status.
async fn sweep_until(api: &Api, reel: &ClipKey, status: Status) -> Clip {
    let begun = api.library().find(reel).await.unwrap().unwrap();
    api.stack.functions.sweep.run(begun.updated_at + TimeDelta::minutes(1)).await.unwrap();
    api.wait_for(reel, |clip| clip.status == status).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_reel_has_the_frames_that_players_show_of_each_clip_in_order() {
    let api = Api::start_with(|options| options.clip_files = FileKinds::All).await;
    let [first, second] = create_clips(&api).await;
    let created = post_with_key(&api, "a", &body(&[&first, &second, &first])).await;
    assert_eq!(created.status, 202, "{}", created.body);
    let (reel, shown) = (created.key(), &created.body);
    assert_eq!((&shown["status"], &shown["progress"]), (&json!("transcoding"), &json!(0)));
    assert_eq!(
        (&shown["source"], &shown["actual"]["durationSeconds"]),
        (&json!("reel"), &json!(16.08))
    );
    let again = post_with_key(&api, "a", &body(&[&first, &second, &first])).await;
    assert_eq!(again.key(), reel, "the key makes one reel");

    let ready = sweep_until(&api, &reel, Status::Ready).await;
    assert_eq!(ready.attempt, 1);
    let files_are_made =
        |clip: &Clip| clip.files.as_ref().is_some_and(|files| files.status() == FilesStatus::Made);
    api.wait_for(&reel, files_are_made).await;
    let shown = api.get(&format!("/competitions/demo/clips/{}", reel.clip)).await.body;
    assert_eq!(count_frames(shown["manifest"].as_str().unwrap()).await, "402");
    assert_eq!(shown["actual"]["durationSeconds"], 16.08);
    assert_eq!(shown["clips"], json!([first.clip, second.clip, first.clip]));
    assert_eq!(count_frames(shown["downloads"][0]["url"].as_str().unwrap()).await, "402");
    let listed = api.get("/competitions/demo/clips").await.body["clips"][0].clone();
    assert_eq!(listed, shown, "it is the newest clip of the list");

    let refused = api.edit(&reel, &json!({ "end": "2020-02-03T13:30:18Z" })).await;
    assert_eq!(refused.status, 409, "{}", refused.body);
    for clip in [&first, &second] {
        api.delete(clip).await;
    }
    api.stack.functions.sweep.run(Utc::now() + TimeDelta::minutes(20)).await.unwrap();
    assert_eq!(count_frames(shown["manifest"].as_str().unwrap()).await, "402");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_clip_that_cannot_be_part_of_a_reel_is_named() {
    let api = Api::start_with(|options| options.pollers = false).await;
    let ready = row("demo", 4, Status::Ready);
    let queued = row("demo", 8, Status::Queued);
    let deleted = row("demo", 12, Status::Deleting);
    for clip in [&ready, &queued, &deleted] {
        api.library().create(clip).await.unwrap();
    }
    let unknown = "20200203133058_20200203133258_k7Qx2f".to_owned();
    for (clip, status, kind) in [
        (queued.clip.to_string(), 409, "not-ready"),
        (ready.clip.to_string(), 409, "media-unknown"),
        (deleted.clip.to_string(), 400, "invalid-field"),
        (unknown, 400, "invalid-field"),
    ] {
        let refused = api.post(PATH, &json!({ "clips": [clip] }).to_string()).await;
        let problem = json!(format!("urn:matchcut:problem:{kind}"));
        assert_eq!((refused.status.as_u16(), &refused.body["type"]), (status, &problem), "{clip}");
        assert_eq!(refused.body["field"], "clips[0]", "{clip}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_reel_whose_clip_has_lost_its_media_fails_and_says_so() {
    let api = Api::start_with(|options| options.pollers = false).await;
    // The media of the clip was never in S3.
    let bounds = Bounds { start: at(4), end: at(8), duration_seconds: 4.0 };
    let clip = Clip { actual: Some(bounds), ..row("demo", 4, Status::Ready) };
    api.library().create(&clip).await.unwrap();
    let reel = api.post(PATH, &body(&[&clip.key()]).to_string()).await.key();
    let failure = sweep_until(&api, &reel, Status::Failed).await.failure.unwrap();
    assert_eq!(failure.code, FailureCode::TranscodeRefused);
    assert!(failure.message.contains(clip.clip.as_str()), "{}", failure.message);
    let retry = format!("/competitions/demo/clips/{}/retry", reel.clip);
    assert_eq!(api.post(&retry, "").await.body["status"], "transcoding");
    assert_eq!(sweep_until(&api, &reel, Status::Failed).await.attempt, 2);
    assert_eq!(api.jobs().await.len(), 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_selection_takes_the_listed_clips_with_its_tags_as_long_as_they_fit() {
    let api = Api::start_with(|options| options.pollers = false).await;
    let clip = |second, tags: &[&str]| {
        let bounds = Bounds { start: at(second), end: at(second + 4), duration_seconds: 4.0 };
        let tags = tags.iter().map(ToString::to_string).collect();
        Clip { actual: Some(bounds), tags, ..row("demo", second, Status::Ready) }
    };
    let finals: Vec<_> = (0..3).map(|at| clip(10 * at, &["gold", "final"])).collect();
    let others = [
        clip(5, &["final"]),
        Clip { listed: false, ..clip(6, &["gold", "final"]) },
        Clip { status: Status::Queued, ..clip(7, &["gold", "final"]) },
    ];
    for clip in finals.iter().chain(&others) {
        api.library().create(clip).await.unwrap();
    }
    let post = async |select: Value| post_with_key(&api, "a", &json!({ "select": select })).await;
    let select = json!({ "tags": ["final", "gold"], "maxSeconds": 11 });
    let reel = post(select.clone()).await;
    assert_eq!(reel.status, 202, "{}", reel.body);
    assert_eq!(reel.body["clips"], json!([finals[0].clip, finals[1].clip]));
    assert_eq!(reel.body["actual"]["durationSeconds"], 8.0);

    api.library().create(&clip(2, &["gold", "final"])).await.unwrap();
    assert_eq!(post(select).await.key(), reel.key(), "the key makes one reel of one selection");

    for (select, expected) in [
        (json!({ "tags": ["gold"], "maxSeconds": 4, "order": "newest" }), Ok(&finals[2].clip)),
        (json!({ "tags": ["gold"], "maxSeconds": 3 }), Err("select")),
        (json!({ "tags": ["silver"], "maxSeconds": 600 }), Err("select")),
    ] {
        let reply = api.post(PATH, &json!({ "select": select }).to_string()).await;
        match expected {
            Ok(clip) => assert_eq!(reply.body["clips"], json!([clip]), "{}", reply.body),
            Err(field) => {
                assert_eq!(reply.body["type"], "urn:matchcut:problem:nothing-selected");
                assert_eq!((reply.status.as_u16(), &reply.body["field"]), (422, &json!(field)));
            }
        }
    }
}
