//! Webhooks: every change event of a clip is sent to the subscriber, signed, until it succeeds.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::Bytes;
use axum::http::{HeaderMap, StatusCode};
use serde_json::{Value, json};
use standardwebhooks::Webhook;
use tokio::net::TcpListener;

use crate::local::{Local, eventually};

/// The requests that a receiver got: headers and body.
type Received = Arc<Mutex<Vec<(HeaderMap, Bytes)>>>;

/// Starts a receiver that answers 500 to the first request and 204 to every other.
async fn start_receiver() -> (String, Received) {
    let received = Received::default();
    let requests = Arc::clone(&received);
    let answer = async move |headers: HeaderMap, body: Bytes| {
        let mut requests = requests.lock().unwrap();
        requests.push((headers, body));
        if requests.len() == 1 { StatusCode::INTERNAL_SERVER_ERROR } else { StatusCode::NO_CONTENT }
    };
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/hooks?from=matchcut", listener.local_addr().unwrap());
    tokio::spawn(async { axum::serve(listener, Router::new().fallback(answer)).await });
    (url, received)
}

#[tokio::test]
async fn every_state_of_a_clip_is_sent_signed_and_retried_after_an_error() {
    let folder = tempfile::tempdir().unwrap();
    let (url, received) = start_receiver().await;
    let local = Local::start(folder.path(), &["--webhook", &url]).await;
    local.wait_for_segments(3).await;
    let clip = local.create_clip(&json!({ "lastSeconds": 4 })).await;
    let clip = local.wait_until_listed(&clip).await;

    let id = |headers: &HeaderMap| headers["webhook-id"].to_str().unwrap().to_owned();
    let all = eventually("the webhook message that failed is sent again", async || {
        let received = received.lock().unwrap();
        let ready = received.iter().any(|(headers, _)| id(headers).ends_with("_ready"));
        let first = received.first().map(|(headers, _)| id(headers));
        let count = received.iter().filter(|(headers, _)| Some(id(headers)) == first).count();
        (ready && count == 2).then(|| received.clone())
    })
    .await;

    let secret = local.webhook_secret.as_deref().expect("the secret is printed");
    let secret = Webhook::new(secret).unwrap();
    for (headers, body) in &all {
        secret.verify(body, headers).expect("the signature is made with the secret");
        assert_eq!(headers["content-type"], "application/json");
    }
    let mut messages: Vec<Value> =
        all.iter().map(|(_, body)| serde_json::from_slice(body).unwrap()).collect();
    let last = messages.iter().rposition(|message| *message == messages[0]).unwrap();
    assert_ne!(last, 0, "the first message was sent twice");
    messages.remove(last);
    // Several messages are sent at once, so they arrive in any order.
    messages.sort_by_key(|message| message["timestamp"].as_str().unwrap().to_owned());
    let types: Vec<_> = messages.iter().map(|it| it["type"].as_str().unwrap()).collect();
    // The harvest starts at once, so these two messages may arrive in either order.
    assert_eq!(
        BTreeSet::from_iter(&types[..2]),
        BTreeSet::from([&"clip.queued", &"clip.harvesting"])
    );
    assert_eq!(types[2..], ["clip.packaging", "clip.ready"]);
    assert_eq!(messages[3]["data"], clip);
    assert_eq!(messages[3]["timestamp"], clip["updatedAt"]);
}
