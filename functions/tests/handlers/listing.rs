//! Lists: complete, in order, cut anywhere, cheap to ask again.

use std::collections::BTreeSet;
use std::sync::Arc;

use chrono::{DateTime, Utc};
use matchcut::library::{Clip, Source, Status};
use reqwest::Method;
use serde_json::json;

use crate::support::{Api, at, row};

/// All clips of a list, page by page.
async fn page_through(api: &Api, query: &str) -> Vec<String> {
    let mut clips = Vec::new();
    let mut cursor = String::new();
    loop {
        let path = format!("/competitions/many/clips?{query}{cursor}");
        let body = api.get(&path).await.body;
        let page = body["clips"].as_array().unwrap();
        clips.extend(page.iter().map(|clip| clip["clip"].as_str().unwrap().to_owned()));
        match body["next"].as_str() {
            Some(next) => cursor = format!("&cursor={next}"),
            None => return clips,
        }
    }
}

async fn create_all(api: &Api, clips: &[Clip]) {
    let clips: Arc<[Clip]> = clips.into();
    let mut writers = tokio::task::JoinSet::new();
    for writer in 0..8 {
        let (library, clips) = (api.library(), Arc::clone(&clips));
        writers.spawn(async move {
            for clip in clips.iter().skip(writer).step_by(8) {
                assert!(library.create(clip).await.unwrap());
            }
        });
    }
    writers.join_all().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn ten_thousand_clips_page_to_the_end_each_exactly_once() {
    let api = Api::start().await;
    let clips: Vec<Clip> = (0..10_000).map(|at| row("many", at * 7, Status::Ready)).collect();
    create_all(&api, &clips).await;
    for status in [Status::Queued, Status::Harvesting, Status::Packaging, Status::Failed] {
        api.library().create(&row("many", 30_000, status)).await.unwrap();
    }
    api.library().create(&row("many-more", 30_000, Status::Ready)).await.unwrap();

    let ids = |from: i64, to: i64| -> Vec<String> {
        let within = |clip: &&Clip| (at(from)..at(to)).contains(&begin(clip));
        clips.iter().filter(within).map(|clip| clip.clip.to_string()).collect()
    };
    let all = ids(0, 70_000);
    let mut newest_first = all.clone();
    newest_first.reverse();
    assert!(page_through(&api, "limit=100").await == newest_first, "newest first");
    assert!(page_through(&api, "limit=100&order=oldest").await == all, "oldest first");

    let (first, second) = (at(21_003), at(42_000));
    let (first, second) = (first.timestamp(), second.timestamp());
    let cuts = [
        (format!("&to={first}"), 0, 21_003),
        (format!("&from={first}&to={second}"), 21_003, 42_000),
        (format!("&from={second}"), 42_000, 70_000),
        (format!("&from={first}&to={first}"), 0, 0),
    ];
    let mut seen = BTreeSet::new();
    for (query, from, to) in cuts {
        for limit in [50, 97] {
            let listed = page_through(&api, &format!("order=oldest&limit={limit}{query}")).await;
            assert!(listed == ids(from, to), "{query} by {limit}");
            seen.extend(listed);
        }
    }
    assert_eq!(seen.len(), 10_000);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_tag_finds_its_clips_however_rare() {
    let api = Api::start().await;
    let tagged = |clip: Clip| Clip { tags: vec!["gold".to_owned()], ..clip };
    let clips: Vec<Clip> = (0..300)
        .map(|at| row("many", at, Status::Ready))
        .enumerate()
        .map(|(at, clip)| if at % 100 == 0 { tagged(clip) } else { clip })
        .collect();
    create_all(&api, &clips).await;
    for limit in [1, 2, 3, 50] {
        let found = page_through(&api, &format!("tag=gold&limit={limit}")).await;
        assert_eq!(found.len(), 3, "by {limit}");
    }
    assert_eq!(page_through(&api, "tag=gol").await, [""; 0]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_poll_that_brings_nothing_new_costs_no_body() {
    let api = Api::start().await;
    let clip = row("demo", 0, Status::Ready);
    api.library().create(&clip).await.unwrap();
    let one = format!("/competitions/demo/clips/{}", clip.clip);
    for path in ["/competitions/demo/clips", &one] {
        let first = api.get(path).await;
        assert_eq!(first.headers["cache-control"], "public, max-age=2, stale-while-revalidate=10");
        let tag = first.headers["etag"].to_str().unwrap().to_owned();
        let weak = format!("\"other\", W/{tag}");
        for known in [tag.as_str(), &weak, "*"] {
            let again = api.request(Method::GET, path, &[("if-none-match", known)], "").await;
            assert_eq!((again.status.as_u16(), again.body), (304, json!(null)));
        }
        let changed = api.request(Method::GET, path, &[("if-none-match", "\"old\"")], "").await;
        assert_eq!(changed.status, 200);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_operator_watches_a_clip_in_the_making() {
    let api = Api::start().await;
    let clip = row("demo", 0, Status::Packaging);
    api.library().create(&clip).await.unwrap();
    let answer = api.get(&format!("/competitions/demo/clips/{}", clip.clip)).await;
    assert_eq!(answer.headers["cache-control"], "no-cache");
    assert_eq!(answer.body["status"], "packaging");
    assert_eq!(answer.body["active"], false);
    assert!(answer.body.get("manifest").is_none(), "nothing is shown that does not play yet");
    assert_eq!(api.get("/competitions/demo/clips").await.body, json!({ "clips": [] }));
    assert_eq!(api.get("/health").await.body["status"], "ok");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn pages_of_any_origin_may_ask() {
    let api = Api::start().await;
    let http = reqwest::Client::new();
    let preflight = http
        .request(Method::OPTIONS, format!("{}/clip", api.stack.api))
        .header("origin", "https://console.example.com")
        .header("access-control-request-method", "POST")
        .header("access-control-request-headers", "authorization,content-type")
        .send()
        .await
        .unwrap();
    assert!(preflight.status().is_success());
    let allowed = |name: &str| preflight.headers()[name].to_str().unwrap().to_lowercase();
    assert_eq!(allowed("access-control-allow-origin"), "*");
    assert!(allowed("access-control-allow-methods").contains("post"));
    assert!(allowed("access-control-allow-headers").contains("authorization"));
    let list = api.get("/competitions/demo/clips").await;
    assert_eq!(list.headers["access-control-allow-origin"], "*");
}

fn begin(clip: &Clip) -> DateTime<Utc> {
    match &clip.source {
        Source::Live { requested, .. } => requested.start(),
        Source::Upload(upload) => upload.at,
    }
}
