//! Lists: complete, ordered, limited to a time range, and cached by ETag.

use std::collections::BTreeSet;

use aws_sdk_dynamodb::types::{
    AttributeValue, PutRequest, ReturnConsumedCapacity, Select, WriteRequest,
};
use chrono::{DateTime, Utc};
use matchcut::clip::{Bounds, Clip, ClipId, Source, Status, Upload};
use matchcut::library::{ACTIVE_INDEX, ACTIVE_PARTITION, encode_row};
use reqwest::Method;
use serde_json::json;

use crate::api::{Api, at, row};

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
    let client = aws_sdk_dynamodb::Client::new(&api.stack.sdk);
    let table = api.stack.variables.required("CLIPS_TABLE").unwrap();
    for batch in clips.chunks(MAX_WRITES) {
        let write = |clip: &Clip| {
            let row = encode_row(clip).unwrap();
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

/// A clip with times, texts and manifest paths as long as those of a broadcast.
fn typical_clip(at_second: i64) -> Clip {
    let clip = row("many", at_second, Status::Ready);
    let hex = || format!("{:032x}", fastrand::u128(..));
    let asset = hex();
    let path = |name: &str| format!("/out/v1/{asset}/{}/{}/{name}", hex(), hex());
    let after = |milliseconds: i64| at(at_second) + chrono::TimeDelta::milliseconds(milliseconds);
    Clip {
        title: "Men's 100 m, second semi-final".to_owned(),
        description: "False start in lane 4, then a photo finish.".to_owned(),
        tags: vec!["100m".to_owned(), "semi-final".to_owned()],
        actual: Some(Bounds { start: after(0), end: after(12_480), duration_seconds: 12.48 }),
        manifests: [("dash", "index.mpd"), ("hls", "index.m3u8")]
            .map(|(format, name)| (format.to_owned(), path(name)))
            .into(),
        created_at: after(15_237),
        updated_at: after(24_871),
        ready_at: Some(after(24_871)),
        ..clip
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_page_of_50_clips_costs_at_most_3_read_units() {
    let api = Api::start_with(|options| options.pollers = false).await;
    let clips: Vec<Clip> = (0..60).map(|at| typical_clip(at * 7)).collect();
    create_all(&api, &clips).await;
    let read = aws_sdk_dynamodb::Client::new(&api.stack.sdk)
        .query()
        .table_name(api.stack.variables.required("CLIPS_TABLE").unwrap())
        .index_name(ACTIVE_INDEX)
        .key_condition_expression("#competition = :competition")
        .expression_attribute_names("#competition", ACTIVE_PARTITION)
        .expression_attribute_values(":competition", AttributeValue::S("many".to_owned()))
        .select(Select::AllProjectedAttributes)
        .limit(51)
        .return_consumed_capacity(ReturnConsumedCapacity::Total)
        .send()
        .await
        .unwrap();
    let units = read.consumed_capacity().unwrap().capacity_units().unwrap();
    assert!(units <= 3.0, "{units} read units");
    assert_eq!(read.count(), 51);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_list_shows_what_each_clip_shows() {
    for private in [false, true] {
        let api = Api::start_with(|options| options.private = private).await;
        let upload = Source::Upload(Upload {
            key: "a.mp4".to_owned(),
            filename: "a \"final\".mp4".to_owned(),
            at: at(40),
            size: Some(1000),
            uploader: None,
            multipart: None,
            joining_since: None,
            awaited_until: None,
            job: None,
            progress: None,
            thumbnails: 2,
            captions: Vec::new(),
            default_sound: None,
        });
        let hostile = Clip {
            title: "a\nhls /out/v1/x\",\"source\":\"upload\",\"}".to_owned(),
            description: "Läufe 🏃\u{1}</script>\\".repeat(50),
            ..row("many", 20, Status::Ready)
        };
        let clips = [
            typical_clip(0),
            hostile,
            Clip {
                clip: ClipId::for_time(at(40)),
                source: upload,
                actual: Some(Bounds { start: at(40), end: at(50), duration_seconds: 10.0 }),
                ..row("many", 40, Status::Ready)
            },
        ];
        create_all(&api, &clips).await;
        let listed = api.get("/competitions/many/clips?order=oldest").await.body;
        for (at, clip) in clips.iter().enumerate() {
            let shown = api.get(&format!("/competitions/many/clips/{}", clip.clip)).await.body;
            assert_eq!(listed["clips"][at], shown, "private: {private}");
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn clips_of_an_earlier_version_are_listed_like_others() {
    let api = Api::start().await;
    let clips: Vec<Clip> = (0..120).map(typical_clip).collect();
    create_all(&api, &clips).await;
    let before = api.get("/competitions/many/clips?limit=100").await.body;
    for clip in clips.iter().step_by(2) {
        api.age_row(clip).await;
    }
    assert_eq!(api.get("/competitions/many/clips?limit=100").await.body, before);
    let all: Vec<_> = clips.iter().map(|clip| clip.clip.to_string()).collect();
    assert_eq!(page_through(&api, "order=oldest&limit=50").await, all);
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
        Source::Reel(reel) => reel.at,
    }
}
