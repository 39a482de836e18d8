//! Repeated requests with an `Idempotency-Key`.

use chrono::{TimeDelta, Utc};
use matchcut::clip::Status;
use reqwest::Method;
use serde_json::{Value, json};

use crate::api::{Api, Reply};

async fn post(api: &Api, path: &str, key: &str, body: &str) -> Reply {
    let token = format!("Bearer {}", api.stack.token);
    let headers = [("authorization", token.as_str()), ("idempotency-key", key)];
    api.request(Method::POST, path, &headers, body.to_owned()).await
}

/// Counts the clips. The table also has the idempotency records.
async fn clips(api: &Api) -> usize {
    let is_clip = |row: &Value| !row["competition"].as_str().unwrap().contains('#');
    api.rows().await.into_iter().filter(is_clip).count()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_same_request_with_the_same_key_creates_one_clip() {
    let api = Api::start().await;
    let asked = r#"{"lastSeconds":4,"title":"First race"}"#;
    let first = post(&api, "/clip", "finish-1", asked).await;
    api.wait_for(&first.key(), |clip| clip.status == Status::Ready).await;
    let reordered = "{ \"title\": \"First race\",\n \"lastSeconds\": 4 }";
    for body in [asked, reordered] {
        let again = post(&api, "/clip", "finish-1", body).await;
        assert_eq!((again.status.as_u16(), again.key()), (202, first.key()));
        assert_eq!(again.body["status"], "ready", "it is shown as it stands");
        assert_eq!(again.headers["location"], first.headers["location"]);
    }
    let other = post(&api, "/clip", "finish-2", asked).await;
    assert_ne!(other.key(), first.key());
    assert_eq!(clips(&api).await, 2);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_key_cannot_be_reused_for_another_request() {
    let api = Api::start().await;
    let asked = r#"{"lastSeconds":4}"#;
    post(&api, "/clip", "k", asked).await;
    let upload = r#"{"filename":"final.mp4","size":7}"#;
    for (path, body) in [("/clip", r#"{"lastSeconds":6}"#), ("/clip", ""), ("/uploads", upload)] {
        let refused = post(&api, path, "k", body).await;
        assert_eq!(refused.status, 422, "{path} {body}");
        assert_eq!(refused.body["type"], "urn:matchcut:problem:idempotency-key-reused");
        assert_eq!(refused.body["field"], "Idempotency-Key");
    }
    assert_eq!(clips(&api).await, 1);
    for unusable in ["", "two words", &"k".repeat(256)] {
        let refused = post(&api, "/clip", unusable, asked).await;
        assert_eq!(
            (refused.status.as_u16(), &refused.body["field"]),
            (400, &json!("Idempotency-Key"))
        );
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn concurrent_requests_with_one_key_create_one_clip() {
    let api = Api::start().await;
    let asked = r#"{"lastSeconds":4}"#;
    let all = (0..12).map(|_| post(&api, "/clip", "at-once", asked));
    let answers = futures_util::future::join_all(all).await;
    let first = answers[0].key();
    for answer in &answers {
        assert_eq!((answer.status.as_u16(), answer.key()), (202, first.clone()));
    }
    assert_eq!(clips(&api).await, 1);
    let jobs = aws_sdk_mediapackage::Client::new(&api.stack.sdk);
    assert_eq!(jobs.list_harvest_jobs().send().await.unwrap().harvest_jobs().len(), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_repeated_upload_request_returns_the_same_destination() {
    let api = Api::start().await;
    for size in [7, 200 << 20] {
        let asked = json!({ "filename": "final.mp4", "size": size }).to_string();
        let key = format!("upload-{size}");
        let first = post(&api, "/uploads", &key, &asked).await;
        let again = post(&api, "/uploads", &key, &asked).await;
        assert_eq!((again.status.as_u16(), again.key()), (201, first.key()));
        let place = |answer: &Reply| {
            let upload = &answer.body["upload"];
            let url = upload["url"].as_str().or_else(|| upload["parts"][0]["url"].as_str());
            let query = |name: &str| {
                let url: url::Url = url.unwrap().parse().unwrap();
                url.query_pairs().find(|(it, _)| it == name).map(|(_, value)| value.into_owned())
            };
            (url.unwrap().split('?').next().unwrap().to_owned(), query("uploadId"))
        };
        assert_eq!(place(&again), place(&first));
    }
    assert_eq!(clips(&api).await, 2);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_key_of_a_deleted_clip_returns_410() {
    let api = Api::start().await;
    let asked = r#"{"lastSeconds":4}"#;
    let clip = post(&api, "/clip", "gone", asked).await.key();
    api.delete(&clip).await;
    let refused = post(&api, "/clip", "gone", asked).await;
    assert_eq!(refused.status, 410);
    assert_eq!(refused.body["type"], "urn:matchcut:problem:clip-gone");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_repeated_request_that_is_now_invalid_returns_its_clip() {
    let api = Api::start().await;
    let expiry = Utc::now() + TimeDelta::seconds(3);
    let clip = json!({ "lastSeconds": 4, "expiresAt": expiry }).to_string();
    let upload = json!({ "filename": "final.mp4", "size": 7, "expiresAt": expiry }).to_string();
    let asked = [("/clip", clip, 202), ("/uploads", upload, 201)];
    let mut first = Vec::new();
    for (path, body, status) in &asked {
        let answer = post(&api, path, path, body).await;
        assert_eq!(answer.status, *status);
        first.push(answer.key());
    }
    let past = async || (expiry < Utc::now()).then_some(());
    api.eventually("the expiry has passed", past).await;
    for ((path, body, status), first) in asked.iter().zip(first) {
        let again = post(&api, path, path, body).await;
        assert_eq!((again.status.as_u16(), again.key()), (*status, first));
        assert_eq!(post(&api, path, "another", body).await.status, 400, "{path}");
    }
}
