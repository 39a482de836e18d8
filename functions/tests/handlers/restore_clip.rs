//! Restored clips: as they were, as long as their removal has not started.

use chrono::{DateTime, TimeDelta, Utc};
use matchcut::clip::{Clip, ClipKey, Edit, Status};
use reqwest::Method;
use serde_json::json;

use crate::api::{Api, Reply, at, row};

async fn restore(api: &Api, key: &ClipKey) -> Reply {
    let path = format!("/competitions/{}/clips/{}/restore", key.competition, key.clip);
    api.post(&path, "").await
}

async fn sweep_after(api: &Api, minutes: i64) {
    let now = Utc::now() + TimeDelta::minutes(minutes);
    api.stack.functions.sweep.run(now).await.unwrap();
}

async fn create_clip(api: &Api, status: Status) -> Clip {
    let key = api.post_clip(r#"{"lastSeconds":4}"#).await.key();
    api.wait_for(&key, |clip| clip.status == status).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_restored_clip_is_listed_and_kept() {
    let api = Api::start().await;
    let clip = create_clip(&api, Status::Ready).await;
    let path = format!("/competitions/demo/clips/{}", clip.clip);
    let before = api.get(&path).await;
    api.delete(&clip.key()).await;
    assert_eq!(api.get(&path).await.status, 404);
    for _ in 0..2 {
        let restored = restore(&api, &clip.key()).await;
        assert_eq!((restored.status.as_u16(), &restored.body["status"]), (200, &json!("ready")));
    }
    let mut expected = before.body.clone();
    let after = api.get(&path).await;
    expected["updatedAt"] = after.body["updatedAt"].clone();
    assert_eq!(after.body, expected);
    assert_eq!(api.get("/competitions/demo/clips").await.body["clips"], json!([expected]));
    let objects = api.objects();
    sweep_after(&api, 60).await;
    assert_eq!(api.objects(), objects, "nothing of it is removed");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_clip_whose_removal_has_started_is_not_restored() {
    let api = Api::start().await;
    let clip = create_clip(&api, Status::Ready).await;
    api.delete(&clip.key()).await;
    sweep_after(&api, 1).await;
    let refused = restore(&api, &clip.key()).await;
    let problem = json!("urn:matchcut:problem:clip-removed");
    assert_eq!((refused.status.as_u16(), &refused.body["type"]), (409, &problem));
    sweep_after(&api, 5).await;
    assert_eq!(restore(&api, &clip.key()).await.status, 404);
    assert_eq!(api.objects(), [""; 0]);
    let malformed = api.post("/competitions/demo/clips/nonsense/restore", "").await;
    assert_eq!(malformed.status, 404);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_harvest_goes_on_while_its_clip_is_deleted() {
    let api = Api::start_with(|options| options.faults.slow = 1.0).await;
    let clip = create_clip(&api, Status::Harvesting).await;
    api.delete(&clip.key()).await;
    let jobs = aws_sdk_mediapackage::Client::new(&api.stack.sdk);
    let job = clip.current_attempt().to_string();
    api.eventually("the harvest is over", async || {
        let found = jobs.describe_harvest_job().id(&job).send().await.unwrap();
        (found.status().unwrap().as_str() == "SUCCEEDED").then_some(())
    })
    .await;
    assert_eq!(restore(&api, &clip.key()).await.body["status"], "harvesting");
    sweep_after(&api, 0).await;
    let ready = api.wait_for(&clip.key(), |clip| clip.status == Status::Ready).await;
    assert_eq!(ready.attempt, 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_queued_or_scheduled_clip_goes_on_from_where_it_was() {
    let api = Api::start_with(|options| options.pollers = false).await;
    let queued = row("demo", 4, Status::Queued);
    let scheduled = {
        let clip = row("demo", 8, Status::Scheduled);
        let window = matchcut::clip::Window::new(at(8), at(84)).unwrap();
        let source = matchcut::clip::Source::Live { channel: "main".into(), requested: window };
        Clip { source, ..clip }
    };
    for clip in [&queued, &scheduled] {
        api.library().create(clip).await.unwrap();
        api.delete(&clip.key()).await;
        let status = clip.status.as_str();
        assert_eq!(restore(&api, &clip.key()).await.body["status"], status);
    }
    let mut due: Vec<_> =
        api.messages("matchcut-due").iter().map(|it| it["clip"].clone()).collect();
    due.sort_by_key(ToString::to_string);
    assert_eq!(due, [json!(queued.clip), json!(scheduled.clip)], "each has its due message");
    let found = api.library().find(&queued.key()).await.unwrap().unwrap();
    assert!(found.queued_at.is_some_and(|time| time > queued.updated_at), "it is in the queue");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_deleted_clip_is_hidden_at_once_and_can_be_restored_for_the_days_of_the_trash() {
    let api = Api::start_with(|options| options.trash_days = 7).await;
    let key = api.post_clip(r#"{"lastSeconds":4}"#).await.key();
    api.wait_for(&key, |clip| clip.status == Status::Ready).await;
    let listed = async || {
        let list = api.get("/competitions/demo/clips").await.body["clips"].clone();
        list.as_array().unwrap().len()
    };
    let days = 24 * 60;
    api.delete(&key).await;
    assert_eq!(listed().await, 0);
    let token = format!("Bearer {}", api.stack.token);
    let path = "/competitions/demo/changes";
    let changes = api.request(Method::GET, path, &[("authorization", &token)], "").await.body;
    let until: DateTime<Utc> =
        changes["clips"][0]["restorableUntil"].as_str().unwrap().parse().unwrap();
    let left = until - Utc::now();
    assert!((TimeDelta::days(7) - left).num_minutes() == 0, "the trash is kept for {left}");
    sweep_after(&api, 7 * days - 60).await;
    assert_ne!(api.objects(), [""; 0], "its media is kept");
    assert_eq!(restore(&api, &key).await.status, 200);
    assert_eq!(listed().await, 1);
    api.delete(&key).await;
    sweep_after(&api, 7 * days + 60).await;
    assert_eq!(api.objects(), [""; 0], "its media is gone");
    sweep_after(&api, 7 * days + 120).await;
    assert_eq!(restore(&api, &key).await.status, 404);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_restored_clip_that_had_expired_is_kept() {
    let api = Api::start().await;
    let clip = row("demo", 4, Status::Ready);
    api.library().create(&clip).await.unwrap();
    let expires_at: DateTime<Utc> = Utc::now() + TimeDelta::milliseconds(1);
    let expiry = Edit { expires_at: Some(Some(expires_at)), ..Edit::default() };
    api.library().edit(&clip, &expiry, Utc::now()).await.unwrap().unwrap();
    api.sweep_until(&clip.key(), Status::Deleting).await;
    let restored = restore(&api, &clip.key()).await;
    assert_eq!((restored.status.as_u16(), restored.body.get("expiresAt")), (200, None));
    sweep_after(&api, 60).await;
    let found = api.library().find(&clip.key()).await.unwrap().unwrap();
    assert_eq!(found.status, Status::Ready);
}
