//! Clips that lose their assets and play from the bucket.

use std::sync::LazyLock;

use chrono::{SubsecRound as _, TimeDelta, Utc};
use matchcut::clip::{Attempt, Clip, Status};
use reqwest::Method;
use serde_json::{Value, json};

use crate::api::{Api, row};

const WINDOW: &str = r#"{"start":"2020-02-03T13:30:02Z","end":"2020-02-03T13:30:06Z"}"#;

async fn ready_clip(api: &Api) -> Clip {
    let key = api.post_clip(WINDOW).await.key();
    api.wait_for(&key, |clip| clip.status == Status::Ready).await
}

async fn show(api: &Api, clip: &Clip) -> Value {
    api.get(&format!("/competitions/{}/clips/{}", clip.competition, clip.clip)).await.body
}

pub(crate) async fn has_asset(api: &Api, asset: &Attempt) -> bool {
    let vod = aws_sdk_mediapackagevod::Client::new(&api.stack.sdk);
    vod.describe_asset().id(asset.to_string()).send().await.is_ok()
}

/// Runs the sweep after this time.
async fn sweep_after(api: &Api, delay: TimeDelta) {
    api.stack.functions.sweep.run(Utc::now() + delay).await.unwrap();
}

/// Reads a manifest or a segment as a player does, with cookies if there are any.
async fn read(url: &str, cookies: &str) -> Vec<u8> {
    // Tests share the client. Connections would end with the test that opened them.
    static HTTP: LazyLock<reqwest::Client> =
        LazyLock::new(|| reqwest::Client::builder().pool_max_idle_per_host(0).build().unwrap());
    let response = HTTP.get(url).header("cookie", cookies).send().await.unwrap();
    assert_eq!(response.status(), 200, "{url}");
    response.bytes().await.unwrap().to_vec()
}

/// The first URL of a manifest, which is not a tag.
fn first_url(manifest: &[u8], base: &str) -> String {
    let text = std::str::from_utf8(manifest).unwrap();
    let line = text.lines().find(|line| !line.is_empty() && !line.starts_with('#')).unwrap();
    url::Url::parse(base).unwrap().join(line).unwrap().to_string()
}

/// Plays the first segment of a manifest.
pub(crate) async fn play(manifest: &str, cookies: &str) {
    let parent = read(manifest, cookies).await;
    let child_url = first_url(&parent, manifest);
    let child = read(&child_url, cookies).await;
    assert!(String::from_utf8_lossy(&child).contains("#EXT-X-ENDLIST"));
    let segment = read(&first_url(&child, &child_url), cookies).await;
    assert_eq!(segment.first(), Some(&0x47), "it is a transport stream");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_clip_without_its_asset_plays_from_the_bucket() {
    let api = Api::start_with(|options| options.assets_expire_after_days = Some(1)).await;
    let clip = ready_clip(&api).await;
    let (asset, before) = (clip.current_attempt(), show(&api, &clip).await);
    assert!(before["manifests"]["dash"].is_string());

    sweep_after(&api, TimeDelta::hours(23)).await;
    assert_eq!(show(&api, &clip).await, before, "it is not time yet");

    for _ in 0..2 {
        sweep_after(&api, TimeDelta::hours(25)).await;
    }
    let after = show(&api, &clip).await;
    let manifest = after["manifest"].as_str().unwrap();
    assert_eq!(after["manifests"], json!({ "hls": manifest }), "DASH goes away, and nothing else");
    let unchanged = |mut clip: Value| {
        for name in ["manifest", "manifests", "updatedAt"] {
            clip[name].take();
        }
        clip
    };
    assert_eq!(unchanged(after.clone()), unchanged(before.clone()));
    let list = api.get(&format!("/competitions/{}/clips", clip.competition)).await.body;
    assert_eq!(list["clips"], json!([after]));
    play(manifest, "").await;
    assert!(has_asset(&api, &asset).await, "viewers who have begun to play it end with it");
    play(before["manifest"].as_str().unwrap(), "").await;

    for _ in 0..2 {
        sweep_after(&api, TimeDelta::hours(27)).await;
    }
    assert!(!has_asset(&api, &asset).await);
    play(manifest, "").await;
    let row = api.library().find(&clip.key()).await.unwrap().unwrap();
    assert_eq!((row.next_check_at, row.asset_removable_at), (None, None));

    api.delete(&clip.key()).await;
    api.eventually("nothing is left of the clip", async || {
        sweep_after(&api, TimeDelta::hours(28)).await;
        (api.library().find(&clip.key()).await.unwrap().is_none() && api.objects().is_empty())
            .then_some(())
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_private_clip_without_its_asset_needs_the_cookies_of_its_competition() {
    let api = Api::start_with(|options| {
        options.assets_expire_after_days = Some(1);
        options.private = true;
    })
    .await;
    let clip = ready_clip(&api).await;
    sweep_after(&api, TimeDelta::hours(25)).await;
    let shown = show(&api, &clip).await;
    let manifest = shown["manifest"].as_str().unwrap();
    let folder = format!("/vod/private/{0}/clips/{0}/", clip.competition);
    assert!(manifest.contains(&folder), "{manifest}");
    assert_eq!(reqwest::get(manifest).await.unwrap().status(), 403);

    let token = format!("Bearer {}", api.stack.viewer_token);
    let cookies = async |competition: &str| {
        let path = format!("/competitions/{competition}/playback");
        let reply = api.request(Method::POST, &path, &[("authorization", &token)], "").await;
        let cookies = reply.body["cookies"].as_object().unwrap().iter();
        let pair = |(name, value): (&String, &Value)| format!("{name}={}", value.as_str().unwrap());
        cookies.map(pair).collect::<Vec<_>>().join("; ")
    };
    play(manifest, &cookies(clip.competition.as_str()).await).await;
    let other = cookies("another").await;
    for path in [manifest.to_owned(), manifest.replacen("/private/", "/private/another/../", 1)] {
        let request = reqwest::Client::new().get(path).header("cookie", &other);
        assert_eq!(request.send().await.unwrap().status(), 403);
    }
    let borrowed = format!("/vod/private/another/clips/{}/", clip.competition);
    let request = reqwest::Client::new().get(manifest.replace(&folder, &borrowed));
    assert_eq!(request.header("cookie", &other).send().await.unwrap().status(), 403);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_oldest_assets_are_replaced_early_if_the_groups_are_nearly_full() {
    let api = Api::start_with(|options| options.assets_expire_after_days = Some(365)).await;
    let expiring = |start: i64, days: i64| {
        let expires_at = Some(Utc::now().trunc_subsecs(3) + TimeDelta::days(days));
        let clip = row("demo", start, Status::Ready);
        Clip { asset_expires_at: expires_at, next_check_at: expires_at, ..clip }
    };
    let clips = [expiring(0, 300), expiring(4, 100), row("demo", 8, Status::Ready)];
    for clip in &clips {
        api.library().create(clip).await.unwrap();
    }
    let next = api.library().next_assets_to_expire(1).await.unwrap();
    assert_eq!(next.iter().map(Clip::key).collect::<Vec<_>>(), [clips[1].key()]);

    let sweep = &api.stack.functions.sweep;
    sweep.replace_oldest_assets(1, Utc::now()).await.unwrap();
    assert_eq!(api.library().find(&clips[1].key()).await.unwrap().as_ref(), Some(&clips[1]));
    for _ in 0..2 {
        sweep.replace_oldest_assets(u64::MAX, Utc::now()).await.unwrap();
    }
    for (clip, is_replaced) in clips.iter().zip([true, true, false]) {
        let found = api.library().find(&clip.key()).await.unwrap().unwrap();
        let manifest = format!("/{}", clip.attempt_of_media().manifest_key());
        assert_eq!(found.manifests["hls"] == manifest, is_replaced);
        assert_eq!(found.asset_removable_at.is_some(), is_replaced);
    }
}
