//! Full packaging groups.

use std::fs;

use chrono::{TimeDelta, Utc};
use matchcut::asset::{AssetError, Assets};
use matchcut::clip::{Clip, Status};
use matchcut_local::{Cut, Run, interruptible};
use serde_json::json;
use tempfile::TempDir;

use crate::api::{Api, row};

/// A stack that loses its events and has two packaging groups of one asset each, and their folder.
async fn start() -> (Api, TempDir) {
    let folder = tempfile::tempdir().unwrap();
    for (group, format) in [("default", "hls"), ("second", "hls-2")] {
        let format = json!({ "id": format, "hlsPackage": { "hlsManifests": [{}] } });
        let group_of_one = json!({ "id": group, "packagingConfigurations": [format] });
        fs::write(folder.path().join(format!("{group}.json")), group_of_one.to_string()).unwrap();
    }
    let api = Api::start_with(|options| {
        options.packaging_groups = folder.path().into();
        options.assets_per_group = 1;
        options.faults.lose = 1.0;
    })
    .await;
    (api, folder)
}

async fn find_packaging_group(api: &Api, clip: &Clip) -> String {
    let vod = aws_sdk_mediapackagevod::Client::new(&api.stack.sdk);
    let asset = vod.describe_asset().id(clip.current_attempt().to_string()).send().await.unwrap();
    asset.packaging_group_id.unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_clip_uses_the_group_with_free_assets_or_waits() {
    let (api, _groups) = start().await;
    let ready_in = async |group| {
        let key = api.post_clip(r#"{"lastSeconds":4}"#).await.key();
        let clip = api.sweep_until(&key, Status::Ready).await;
        assert_eq!(find_packaging_group(&api, &clip).await, group);
        let path = format!("/competitions/{}/clips/{}", clip.competition, clip.clip);
        let shown = api.get(&path).await.body;
        let manifest = shown["manifests"]["hls"].as_str().unwrap();
        assert_eq!(reqwest::get(manifest).await.unwrap().status(), 200, "{manifest}");
        key
    };
    let first = ready_in("default").await;
    ready_in("second").await;

    let key = api.post_clip(r#"{"lastSeconds":4}"#).await.key();
    let jobs = aws_sdk_mediapackage::Client::new(&api.stack.sdk);
    api.eventually("it is harvested", async || {
        let running = jobs.list_harvest_jobs().include_status("IN_PROGRESS").send().await.unwrap();
        running.harvest_jobs().is_empty().then_some(())
    })
    .await;
    let sweep_after = async |minutes| {
        let now = Utc::now() + TimeDelta::minutes(minutes);
        api.stack.functions.sweep.run(now).await.unwrap();
    };
    sweep_after(1).await;
    let waiting = api.library().find(&key).await.unwrap().unwrap();
    assert_eq!(waiting.status, Status::Harvesting, "there is no room for it");
    api.delete(&first).await;
    sweep_after(60).await;
    let clip = api.sweep_until(&key, Status::Ready).await;
    assert_eq!(find_packaging_group(&api, &clip).await, "default");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_full_group_costs_one_more_call() {
    let (api, _groups) = start().await;
    let sdk = interruptible(&api.stack.sdk);
    let assets = Assets::from_variables(&sdk, &api.stack.variables).unwrap();
    let ensure = async |clip: &Clip| {
        let run = Run::whole();
        let created = run.execute(Box::pin(assets.ensure_asset(clip))).await.unwrap();
        (run.calls(), created)
    };
    let [first, second, third] = [0, 4, 8].map(|start| row("demo", start, Status::Harvesting));
    let (calls, created) = ensure(&first).await;
    assert!(calls == 1 && created.is_ok(), "{calls}: {created:?}");
    let (calls, created) = ensure(&second).await;
    assert!(calls == 2 && created.is_ok(), "{calls}: {created:?}");
    let (_, created) = ensure(&third).await;
    assert!(matches!(created, Err(AssetError::NoRoom { .. })), "{created:?}");
    let (_, created) = ensure(&second).await;
    assert!(created.is_ok(), "the existing asset was not found: {created:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_asset_with_a_lost_response_is_not_created_in_another_group() {
    let (api, _groups) = start().await;
    let sdk = interruptible(&api.stack.sdk);
    let assets = Assets::from_variables(&sdk, &api.stack.variables).unwrap();
    for (start, cut, group) in [(0, Cut::BreakBefore, "second"), (4, Cut::BreakAfter, "default")] {
        let clip = row("demo", start, Status::Harvesting);
        let run = Run::cut_at(0, cut);
        run.execute(Box::pin(assets.ensure_asset(&clip))).await.unwrap().unwrap();
        assert!(run.was_cut());
        assert_eq!(find_packaging_group(&api, &clip).await, group, "{cut:?}");
    }
    let vod = aws_sdk_mediapackagevod::Client::new(&api.stack.sdk);
    assert_eq!(vod.list_assets().send().await.unwrap().assets().len(), 2);
}
