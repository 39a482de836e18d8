//! A disk without space under the stand-in: replies name it, and nothing is stored by half.

use reqwest::Method;
use serde_json::json;

use crate::api::Api;
use crate::uploads::announce;

/// A stack on a disk that is full: no disk has so much free space.
async fn start_on_full_disk() -> Api {
    Api::start_with(|options| options.min_free_megabytes = u64::MAX).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_request_that_fails_on_a_full_disk_is_told_so() {
    let api = start_on_full_disk().await;
    let upload = json!({ "filename": "a.mp4", "size": 200 << 20 });
    let reply = api.post("/uploads", &upload.to_string()).await;
    let problem = json!("urn:matchcut:problem:unavailable");
    assert_eq!((reply.status.as_u16(), &reply.body["type"]), (503, &problem));
    let detail = reply.body["detail"].as_str().unwrap();
    let folder = api.folder.path().to_str().unwrap();
    assert!(detail.contains(folder) && detail.contains("is full"), "{detail}");

    // What needs no space still works.
    assert_eq!(api.get("/competitions/demo/clips").await.status, 200);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn s3_stores_no_half_of_an_object_on_a_full_disk() {
    let api = start_on_full_disk().await;
    let announced = announce(&api, &json!({ "filename": "a.mp4", "size": 1000 })).await;
    let upload = &announced.body["upload"];
    let mut request = reqwest::Client::new()
        .request(Method::PUT, upload["url"].as_str().unwrap())
        .body(vec![0; 1000]);
    for (name, value) in upload["headers"].as_object().unwrap() {
        request = request.header(name, value.as_str().unwrap());
    }
    let refused = request.send().await.unwrap();
    assert_eq!(refused.status(), 503);
    let text = refused.text().await.unwrap();
    assert!(text.contains("<Code>ServiceUnavailable</Code>") && text.contains("is full"), "{text}");
    let stored = std::fs::read_dir(api.folder.path().join("s3/matchcut-uploads")).unwrap();
    assert_eq!(stored.count(), 0);
}
