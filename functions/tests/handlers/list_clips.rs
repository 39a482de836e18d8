//! Lists: complete, ordered, limited to a time range, and cached by ETag.

use std::collections::{BTreeSet, HashMap};

use aws_sdk_dynamodb::types::{AttributeValue, PutRequest, WriteRequest};
use chrono::{DateTime, Utc};
use matchcut::clip::{Clip, Source, Status};
use reqwest::Method;
use serde_json::json;

use crate::api::{Api, at, row};

type Row = HashMap<String, AttributeValue>;

/// Most rows of one BatchWriteItem call.
/// <https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_BatchWriteItem.html>
const MAX_WRITES: usize = 25;

/// All clips of a list, page by page.
async fn page_through(api: &Api, query: &str) -> Vec<String> {
    let path = format!("/competitions/many/clips?{query}");
    let http = reqwest::Client::new();
    let mut clips = Vec::new();
    // Only the first page is checked against the contract, because the others have the same form.
    let mut body = api.get(&path).await.body;
    loop {
        let page = body["clips"].as_array().unwrap();
        clips.extend(page.iter().map(|clip| clip["clip"].as_str().unwrap().to_owned()));
        let Some(next) = body["next"].as_str() else { return clips };
        let next = format!("{}{path}&cursor={next}", api.stack.api);
        let page = http.get(next).send().await.unwrap().error_for_status().unwrap();
        body = page.json().await.unwrap();
    }
}

/// Writes rows in batches, in the form in which the library writes them.
async fn create_all(api: &Api, clips: &[Clip]) {
    let (first, others) = clips.split_first().unwrap();
    assert!(api.library().create(first).await.unwrap());
    let client = aws_sdk_dynamodb::Client::new(&api.stack.sdk);
    let table = api.stack.variables.required("CLIPS_TABLE").unwrap();
    let key = |text: &str| AttributeValue::S(text.to_owned());
    let written = client.get_item().table_name(table).consistent_read(true);
    let written = written.key("competition", key(first.competition.as_str()));
    let written = written.key("clip", key(first.clip.as_str())).send().await.unwrap();
    let fields: Row = serde_dynamo::to_item(first).unwrap();
    let mut of_indexes = written.item.unwrap();
    of_indexes.retain(|name, _| !fields.contains_key(name));

    for batch in others.chunks(MAX_WRITES) {
        let write = |clip: &Clip| {
            let mut row: Row = serde_dynamo::to_item(clip).unwrap();
            row.extend(of_indexes.clone());
            let put = PutRequest::builder().set_item(Some(row)).build().unwrap();
            WriteRequest::builder().put_request(put).build()
        };
        let batch =
            client.batch_write_item().request_items(table, batch.iter().map(write).collect());
        let left = batch.send().await.unwrap().unprocessed_items;
        assert!(left.is_none_or(|left| left.is_empty()));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn thousands_of_clips_are_listed_exactly_once() {
    let api = Api::start_with(|options| options.pollers = false).await;
    let clips: Vec<Clip> = (0..2_500).map(|at| row("many", at * 7, Status::Ready)).collect();
    create_all(&api, &clips).await;
    for status in [Status::Queued, Status::Harvesting, Status::Packaging, Status::Failed] {
        api.library().create(&row("many", 7_500, status)).await.unwrap();
    }
    api.library().create(&row("many-more", 7_500, Status::Ready)).await.unwrap();

    let ids = |from: i64, to: i64| -> Vec<String> {
        let within = |clip: &&Clip| (at(from)..at(to)).contains(&begin(clip));
        clips.iter().filter(within).map(|clip| clip.clip.to_string()).collect()
    };
    let all = ids(0, 17_500);
    let mut newest_first = all.clone();
    newest_first.reverse();
    assert!(page_through(&api, "limit=100").await == newest_first, "newest first");
    assert!(page_through(&api, "limit=100&order=oldest").await == all, "oldest first");

    let (first, second) = (at(5_253), at(10_500));
    let (first, second) = (first.timestamp(), second.timestamp());
    let cuts = [
        (format!("&to={first}"), 0, 5_253),
        (format!("&from={first}&to={second}"), 5_253, 10_500),
        (format!("&from={second}"), 10_500, 17_500),
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
    assert_eq!(seen.len(), 2_500);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_rare_tag_finds_all_its_clips() {
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
async fn a_row_that_cannot_be_decoded_hides_no_clip() {
    let api = Api::start().await;
    let clips: Vec<Clip> = (0..5).map(|at| row("many", at, Status::Ready)).collect();
    create_all(&api, &clips).await;
    for garbled in [0, 2, 4] {
        api.corrupt_row(&clips[garbled]).await;
    }
    for limit in [1, 2, 50] {
        let listed = page_through(&api, &format!("order=oldest&limit={limit}")).await;
        assert_eq!(listed, [&clips[1], &clips[3]].map(|clip| clip.clip.to_string()), "by {limit}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_unchanged_list_returns_304_without_a_body() {
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
async fn a_pending_clip_is_shown_but_not_listed() {
    let api = Api::start().await;
    let clip = row("demo", 0, Status::Packaging);
    api.library().create(&clip).await.unwrap();
    let answer = api.get(&format!("/competitions/demo/clips/{}", clip.clip)).await;
    assert_eq!(answer.headers["cache-control"], "public, max-age=1");
    assert_eq!(answer.body["status"], "packaging");
    assert_eq!(answer.body["active"], false);
    assert!(answer.body.get("manifest").is_none(), "nothing is shown that does not play yet");
    assert_eq!(api.get("/competitions/demo/clips").await.body, json!({ "clips": [] }));
    assert_eq!(api.get("/health").await.body["status"], "ok");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn caches_keep_an_unknown_clip_for_a_second_and_operators_ask_no_cache() {
    let api = Api::start().await;
    let clip = row("demo", 0, Status::Packaging);
    let shown = format!("/competitions/demo/clips/{}", clip.clip);
    let followed = format!("/competitions/demo/changes/{}", clip.clip);
    let token = format!("Bearer {}", api.stack.token);
    let follow =
        async || api.request(Method::GET, &followed, &[("authorization", &token)], "").await;
    let unknown = api.get(&shown).await;
    assert_eq!((unknown.status.as_u16(), follow().await.status.as_u16()), (404, 404));
    assert_eq!(unknown.headers["cache-control"], "public, max-age=1");

    api.library().create(&clip).await.unwrap();
    let found = follow().await;
    assert_eq!(found.headers["cache-control"], "no-store");
    assert_eq!(found.body["status"], "packaging");
    assert!(found.body["etag"].is_string(), "an operator can edit the clip that the reply shows");
    assert_eq!(api.get(&shown).await.body.get("etag"), None);
    assert_eq!(api.get(&followed).await.status, 401);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn cors_allows_any_origin() {
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
