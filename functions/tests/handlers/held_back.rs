//! Clips that are held back from viewers: unlisted, or listed from a time on.

use std::collections::{BTreeMap, BTreeSet};

use axum::Router;
use axum::http::HeaderMap;
use chrono::{DateTime, TimeDelta, Utc};
use matchcut::clip::{Clip, Status, format_utc};
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::sync::mpsc;

use crate::api::{Api, row};

async fn count_listed(api: &Api) -> usize {
    api.get("/competitions/demo/clips").await.body["clips"].as_array().unwrap().len()
}

async fn create_ready_clip(api: &Api) -> Clip {
    let clip = row("demo", 0, Status::Ready);
    api.library().create(&clip).await.unwrap();
    clip
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_unlisted_clip_is_shown_to_those_who_know_its_id() {
    let api = Api::start().await;
    let asked = r#"{"lastSeconds":4,"listed":false}"#;
    let key = api.post_clip(asked).await.key();
    let clip = api.wait_for(&key, |clip| clip.status == Status::Ready).await;
    assert_eq!(count_listed(&api).await, 0);
    let shown = api.get(&format!("/competitions/demo/clips/{}", key.clip)).await;
    assert_eq!((&shown.body["active"], &shown.body["listed"]), (&json!(false), &json!(false)));
    assert!(shown.body["manifest"].is_string(), "it plays");
    let listed = api.edit(&clip.key(), &json!({ "listed": true })).await;
    assert_eq!(listed.body["active"], true);
    assert_eq!(count_listed(&api).await, 1);
    api.edit(&clip.key(), &json!({ "listed": false })).await;
    assert_eq!(count_listed(&api).await, 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_clip_enters_the_lists_at_its_time_of_publication() {
    let api = Api::start().await;
    let clip = create_ready_clip(&api).await;
    let publish_at = Utc::now() + TimeDelta::minutes(60);
    let held = api.edit(&clip.key(), &json!({ "publishAt": publish_at })).await;
    assert_eq!(held.body["publishAt"], format_utc(publish_at));
    assert_eq!((&held.body["active"], count_listed(&api).await), (&json!(false), 0));
    let sweep = async |minutes| {
        let now = Utc::now() + TimeDelta::minutes(minutes);
        api.stack.functions.sweep.run(now).await.unwrap();
        count_listed(&api).await
    };
    assert_eq!(sweep(59).await, 0);
    assert_eq!(sweep(61).await, 1);
    let found = api.library().find(&clip.key()).await.unwrap().unwrap();
    assert_eq!((found.publish_at, found.next_check_at), (None, None));
    let at_once = api.edit(&clip.key(), &json!({ "publishAt": "2020-01-01T00:00:00Z" })).await;
    assert_eq!((at_once.body.get("publishAt"), &at_once.body["active"]), (None, &json!(true)));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_time_of_publication_of_a_pending_clip_is_removed_when_it_has_passed() {
    let api = Api::start().await;
    let clip = row("demo", 0, Status::Queued);
    let publish_at = Some(Utc::now() + TimeDelta::minutes(1));
    let clip = Clip { publish_at, ..clip };
    let clip = Clip { next_check_at: clip.next_check(Utc::now()), ..clip };
    api.library().create(&clip).await.unwrap();
    api.stack.functions.sweep.run(Utc::now() + TimeDelta::minutes(2)).await.unwrap();
    let ready = api.wait_for(&clip.key(), |clip| clip.status == Status::Ready).await;
    assert!(ready.is_active());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_change_of_listing_is_announced_with_an_id_of_its_own() {
    let (sender, mut messages) = mpsc::unbounded_channel();
    let take = async move |headers: HeaderMap, body: String| {
        let id = headers["webhook-id"].to_str().unwrap().to_owned();
        sender.send((id, serde_json::from_str::<Value>(&body).unwrap())).unwrap();
    };
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/", listener.local_addr().unwrap()).parse().unwrap();
    tokio::spawn(async { axum::serve(listener, Router::new().fallback(take)).await });
    let api = Api::start_with(|options| options.webhooks = vec![url]).await;

    let clip = create_ready_clip(&api).await;
    for edit in
        [json!({ "listed": false }), json!({ "title": "Another" }), json!({ "listed": null })]
    {
        api.edit(&clip.key(), &edit).await;
    }
    let mut seen = BTreeMap::new();
    while seen.len() < 3 {
        let (id, message) = messages.recv().await.unwrap();
        assert_eq!(
            (&message["type"], message["data"].get("createdBy")),
            (&json!("clip.ready"), None)
        );
        // As text, a time without milliseconds would come after one with them.
        let updated_at: DateTime<Utc> = message["timestamp"].as_str().unwrap().parse().unwrap();
        seen.insert(updated_at, (id, message["data"]["active"].clone()));
    }
    let active: Vec<_> = seen.values().map(|(_, active)| active.clone()).collect();
    assert_eq!(active, [json!(true), json!(false), json!(true)], "other edits are not announced");
    let ids: BTreeSet<_> = seen.into_values().map(|(id, _)| id).collect();
    assert_eq!(ids.len(), 3);
}
