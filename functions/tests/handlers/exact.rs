//! Frame-exact media: made of the harvested media after the clip is ready.

use chrono::{DateTime, TimeDelta, Utc};
use matchcut::clip::{Bounds, Clip, ClipKey, Precision, Status, Trigger, format_utc};
use serde_json::{Value, json};

use crate::api::{Api, Reply, at, row};
use crate::asset_expiry::{has_asset, play};
use crate::exports::{MANIFEST, write_manifest};
use crate::media::count_frames;

const WINDOW: &str = r#"{"start":"2020-02-03T13:30:05.480Z","end":"2020-02-03T13:30:11.520Z",
                         "precision":"frame"}"#;

fn is_exact(clip: &Clip) -> bool {
    clip.remake.is_none() && clip.precision_of_media() == Precision::Frame
}

async fn show(api: &Api, clip: &ClipKey) -> Value {
    api.get(&format!("/competitions/demo/clips/{}", clip.clip)).await.body
}

async fn trim(api: &Api, clip: &ClipKey, start: i64, end: i64) -> Reply {
    let time = |milliseconds| format_utc(at(0) + TimeDelta::milliseconds(milliseconds));
    api.edit(clip, &json!({ "start": time(start), "end": time(end) })).await
}

async fn sweep(api: &Api, time: DateTime<Utc>) {
    api.stack.functions.sweep.run(time).await.unwrap();
}

/// Lets a sweep start the job of a clip, and waits until the clip has its frame-exact media.
async fn wait_until_exact(api: &Api, clip: &ClipKey) -> Clip {
    let is_planned = |clip: &Clip| clip.remake.as_ref().is_some_and(|it| it.exact.is_some());
    let planned = api.wait_for(clip, is_planned).await;
    sweep(api, planned.updated_at + TimeDelta::minutes(1)).await;
    api.wait_for(clip, is_exact).await
}

/// The number of frames of a clip's media.
async fn frames_of(shown: &Value) -> String {
    count_frames(shown["manifest"].as_str().unwrap()).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_clip_is_ready_with_segments_and_then_has_exactly_the_requested_frames() {
    let api = Api::start().await;
    let created = api.post_clip(WINDOW).await;
    assert_eq!(created.body["requestedPrecision"], "frame");
    let key = created.key();
    let ready = api.wait_for(&key, |clip| clip.status == Status::Ready).await;
    let before = show(&api, &key).await;
    let exact = wait_until_exact(&api, &key).await;
    let after = show(&api, &key).await;
    assert_eq!((before.get("precision"), &after["precision"]), (None, &json!("frame")));
    let actual = json!({
        "start": "2020-02-03T13:30:05.480Z",
        "end": "2020-02-03T13:30:11.520Z",
        "durationSeconds": 6.04,
    });
    assert_eq!((&after["actual"], &after["readyAt"]), (&actual, &before["readyAt"]));
    assert_eq!(frames_of(&before).await, "200");
    assert_eq!(frames_of(&after).await, "151");
    let listed = api.get("/competitions/demo/clips").await.body["clips"].clone();
    assert_eq!(listed, json!([after]));

    // Who has begun to play the segments plays on. Then their asset goes, and their media stays.
    let removable_at = exact.retired[0].removable_at;
    sweep(&api, removable_at - TimeDelta::seconds(1)).await;
    play(before["manifest"].as_str().unwrap(), "").await;
    sweep(&api, removable_at).await;
    assert!(!has_asset(&api, &ready.current_attempt()).await);
    let prefix = ready.current_attempt().media_prefix();
    assert!(api.objects().iter().any(|key| key.contains(&prefix)));
    play(after["manifest"].as_str().unwrap(), "").await;

    api.delete(&key).await;
    for minutes in [5, 15] {
        sweep(&api, removable_at + TimeDelta::minutes(minutes)).await;
    }
    assert_eq!(api.objects(), [""; 0]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_trim_of_an_exact_clip_reaches_beyond_its_frames_and_can_be_undone() {
    let api = Api::start().await;
    let key = api.post_clip(WINDOW).await.key();
    wait_until_exact(&api, &key).await;
    let wider = trim(&api, &key, 4_000, 11_960).await.body;
    let requested = json!({ "start": format_utc(at(4)), "end": "2020-02-03T13:30:11.960Z" });
    let remake = json!({
        "status": "transcoding", "precision": "frame", "progress": 0, "requested": requested,
    });
    assert_eq!((&wider["remake"], wider["precision"].as_str()), (&remake, Some("frame")));
    assert_eq!(wait_until_exact(&api, &key).await.attempt, 3);
    let shown = show(&api, &key).await;
    assert_eq!(shown["requested"], requested);
    assert_eq!(frames_of(&shown).await, "199");

    let narrower = trim(&api, &key, 5_000, 8_000).await.body;
    assert_eq!(narrower["requested"]["start"], format_utc(at(5)), "players start there at once");
    assert_eq!(narrower.get("precision"), None);
    let undone = trim(&api, &key, 4_000, 11_960).await.body;
    assert_eq!((&undone["requested"], &undone["precision"]), (&requested, &json!("frame")));
    assert_eq!(undone.get("remake"), None, "the clip plays these frames already");
    let beyond = trim(&api, &key, 3_000, 8_000).await.body;
    assert_eq!(beyond["remake"]["status"], "queued", "the stream is harvested again");
    wait_until_exact(&api, &key).await;
    assert_eq!(frames_of(&show(&api, &key).await).await, "125");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_failed_job_is_repeated_and_then_left_to_the_operator() {
    let api = Api::start_with(|options| options.pollers = false).await;
    let clip = create_clip_to_cut(&api, MANIFEST).await;
    let mut minutes = 0;
    let mut failed = async |tries: usize| {
        api.eventually("the job has failed", async || {
            minutes += 20;
            sweep(&api, Utc::now() + TimeDelta::minutes(minutes)).await;
            let found = api.library().find(&clip).await.unwrap().unwrap();
            let count = api.jobs().await.len();
            (found.has_failed_exact_job() && count == tries).then_some(found)
        })
        .await
    };
    let found = failed(3).await;
    assert_eq!((found.status, found.attempt), (Status::Ready, 1));
    assert_eq!(trim(&api, &clip, 4_000, 8_000).await.body["remake"]["status"], "transcoding");
    failed(6).await;
}

/// Creates a ready clip whose frame-exact media is to be made of a manifest.
async fn create_clip_to_cut(api: &Api, manifest: &str) -> ClipKey {
    let actual = Bounds { start: at(2), end: at(10), duration_seconds: 8.0 };
    let packaging = row("demo", 4, Status::Packaging);
    let clip = Clip { precision: Precision::Frame, actual: Some(actual), ..packaging };
    api.library().create(&clip).await.unwrap();
    write_manifest(api, &clip, manifest).await;
    let playable = Trigger::Playable { configuration: "hls-2".to_owned() };
    api.library().advance(&clip.current_attempt(), &playable, Utc::now()).await.unwrap();
    clip.key()
}
