//! An engineer has every change of a clip posted to a webhook, and can trust what comes.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::Bytes;
use axum::http::{HeaderMap, StatusCode};
use serde_json::{Value, json};
use standardwebhooks::Webhook;
use tokio::net::TcpListener;

use crate::local::{Local, eventually};

/// What a receiver got: the headers and the body.
type Received = Arc<Mutex<Vec<(HeaderMap, Bytes)>>>;

/// A receiver that is broken at first.
async fn receiver() -> (String, Received) {
    let received = Received::default();
    let kept = Arc::clone(&received);
    let take = async move |headers: HeaderMap, body: Bytes| {
        let mut kept = kept.lock().unwrap();
        kept.push((headers, body));
        if kept.len() == 1 { StatusCode::INTERNAL_SERVER_ERROR } else { StatusCode::NO_CONTENT }
    };
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/hooks?from=matchcut", listener.local_addr().unwrap());
    tokio::spawn(async { axum::serve(listener, Router::new().fallback(take)).await });
    (url, received)
}

#[tokio::test]
async fn each_state_of_a_clip_is_posted_and_signed_and_once_more_after_an_error() {
    let folder = tempfile::tempdir().unwrap();
    let (url, received) = receiver().await;
    let local = Local::start(folder.path(), &["--webhook", &url]).await;
    local.wait_for_segments(3).await;
    let clip = local.cut(&json!({ "lastSeconds": 4 })).await;
    let clip = local.wait_until_listed(&clip).await;

    let id = |headers: &HeaderMap| headers["webhook-id"].to_str().unwrap().to_owned();
    let again = eventually("the notice that was refused came again", async || {
        let received = received.lock().unwrap();
        let ready = received.iter().any(|(headers, _)| id(headers).ends_with("_ready"));
        let first = received.first().map(|(headers, _)| id(headers));
        let count = received.iter().filter(|(headers, _)| Some(id(headers)) == first).count();
        (ready && count == 2).then(|| received.clone())
    })
    .await;

    let secret = local.webhook_secret.as_deref().expect("the secret is printed");
    let secret = Webhook::new(secret).unwrap();
    for (headers, body) in &again {
        secret.verify(body, headers).expect("the signature is that of the secret");
        assert_eq!(headers["content-type"], "application/json");
    }
    let mut notices: Vec<Value> =
        again.iter().map(|(_, body)| serde_json::from_slice(body).unwrap()).collect();
    let last = notices.iter().rposition(|notice| *notice == notices[0]).unwrap();
    assert_ne!(last, 0, "the first came twice");
    notices.remove(last);
    // Several are posted at once, so they arrive in any order.
    notices.sort_by_key(|notice| notice["timestamp"].as_str().unwrap().to_owned());
    let types: Vec<_> = notices.iter().map(|it| it["type"].as_str().unwrap()).collect();
    // The clip is harvested in the same moment, so these two may overtake each other.
    assert_eq!(
        BTreeSet::from_iter(&types[..2]),
        BTreeSet::from([&"clip.queued", &"clip.harvesting"])
    );
    assert_eq!(types[2..], ["clip.packaging", "clip.ready"]);
    assert_eq!(notices[3]["data"], clip);
    assert_eq!(notices[3]["timestamp"], clip["updatedAt"]);
}
