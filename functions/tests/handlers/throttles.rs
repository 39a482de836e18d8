//! The throttles of the routes, and the places of Lambda, as a deployment has them.

use std::collections::BTreeSet;

use aws_config::retry::RetryConfig;
use aws_sdk_dynamodb::error::ProvideErrorMetadata as _;
use aws_sdk_dynamodb::types::AttributeValue;
use futures_util::future::join_all;
use matchcut::clip::Status;
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use crate::api::{Api, Reply};

const LIST: &str = "/competitions/demo/clips";
const WINDOW: &str = r#"{"start":"2020-02-03T13:30:02Z","end":"2020-02-03T13:30:06Z"}"#;

fn count(replies: &[Reply], status: StatusCode) -> usize {
    replies.iter().filter(|reply| reply.status == status).count()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn anonymous_requests_that_did_not_come_through_the_cdn_are_refused() {
    let api = Api::start().await;
    let direct = async |method: Method, path: &str, token: &str| {
        let url = format!("{}{path}", api.stack.gateway);
        let request = reqwest::Client::new().request(method, url).bearer_auth(token);
        request.header("x-matchcut-origin", "guessed").send().await.unwrap()
    };
    for path in ["/api/competitions/demo/clips", "/api/health", "/feeds/demo/media.rss"] {
        let reply = direct(Method::GET, path, "").await;
        assert_eq!(reply.status(), StatusCode::FORBIDDEN, "{path}");
        let problem: Value = reply.json().await.unwrap();
        assert_eq!(problem["type"], "urn:matchcut:problem:forbidden");
    }
    // API Gateway checks the token of all other routes.
    assert_eq!(direct(Method::POST, "/api/clip", "").await.status(), StatusCode::UNAUTHORIZED);
    let cut = direct(Method::POST, "/api/clip", &api.stack.token).await;
    assert_eq!(cut.status(), StatusCode::ACCEPTED);
    // The CDN replaces a header that a viewer sends.
    let reply = api.request(Method::GET, LIST, &[("x-matchcut-origin", "guessed")], "").await;
    assert_eq!(reply.status, StatusCode::OK);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn lists_beyond_their_throttle_are_answered_429_and_cutting_is_not_affected() {
    // A burst of 4 lists and of 5 cuts, and then 2 lists a second.
    let api = Api::start_with(|options| options.api_throttle = 0.01).await;
    let replies = join_all((0..20).map(|_| api.get(LIST))).await;
    assert!(count(&replies, StatusCode::OK) >= 4);
    assert!(count(&replies, StatusCode::TOO_MANY_REQUESTS) > 0);
    for reply in replies.iter().filter(|reply| reply.status == StatusCode::TOO_MANY_REQUESTS) {
        assert_eq!(reply.body, json!({ "message": "Too Many Requests" }));
        assert!(!reply.headers.contains_key("retry-after"));
    }
    assert_eq!(api.post_clip(WINDOW).await.status, StatusCode::ACCEPTED);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn unknown_paths_take_nothing_from_the_throttles_of_the_routes() {
    let api = Api::start_with(|options| options.api_throttle = 0.01).await;
    let replies = join_all((0..20).map(|_| api.get("/nowhere"))).await;
    assert!(count(&replies, StatusCode::TOO_MANY_REQUESTS) > 0);
    assert_eq!(api.get(LIST).await.status, StatusCode::OK);
    assert_eq!(api.get("/health").await.status, StatusCode::OK);
    assert_eq!(api.post_clip(WINDOW).await.status, StatusCode::ACCEPTED);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn anonymous_lists_take_no_place_of_the_operators_functions() {
    let api = Api::start_with(|options| options.public_concurrency = 1).await;
    let lists = join_all((0..60).map(|_| api.get(LIST)));
    let (lists, cut) = tokio::join!(lists, api.post_clip(WINDOW));
    assert_eq!(cut.status, StatusCode::ACCEPTED);
    let refused = count(&lists, StatusCode::SERVICE_UNAVAILABLE);
    assert!((1..60).contains(&refused), "{refused} of 60 lists found no place");
    assert_eq!(count(&lists, StatusCode::OK), 60 - refused);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_hot_partition_is_throttled_and_no_clip_is_lost() {
    let api = Api::start_with(|options| options.limits.partition_write_units = 40).await;
    let replies = join_all((0..6).map(async |clip| {
        let token = format!("Bearer {}", api.stack.token);
        let key = format!("hot-{clip}");
        let headers = [("authorization", token.as_str()), ("idempotency-key", key.as_str())];
        api.eventually("a request for a clip is accepted", async || {
            let reply = api.request(Method::POST, "/clip", &headers, WINDOW).await;
            let is_accepted = reply.status == StatusCode::ACCEPTED;
            assert!(is_accepted || reply.status == StatusCode::SERVICE_UNAVAILABLE, "{reply:?}");
            is_accepted.then_some(reply)
        })
        .await
    }))
    .await;
    let keys: BTreeSet<_> = replies.iter().map(|reply| reply.key().to_string()).collect();
    assert_eq!(keys.len(), 6, "each request has made one clip");

    let config = aws_sdk_dynamodb::config::Builder::from(&api.stack.sdk);
    let config = config.retry_config(RetryConfig::disabled()).build();
    let client = aws_sdk_dynamodb::Client::from_conf(config);
    let put = |competition: &str, clip: usize| {
        let text = |text: String| AttributeValue::S(text);
        let row = client.put_item().item("competition", text(competition.to_owned()));
        let row = row.item("clip", text(clip.to_string())).item("text", text("x".repeat(9_000)));
        row.table_name(api.stack.variables.required("CLIPS_TABLE").unwrap()).send()
    };
    let mut refused = None;
    for clip in 0..100 {
        refused = put("idempotency#hot", clip).await.err();
        if refused.is_some() {
            break;
        }
    }
    let refused = refused.expect("100 writes of 9 units in less than 22 s are throttled");
    assert_eq!(refused.code(), Some("ThrottlingException"));
    put("idempotency#cold", 0).await.expect("another partition has units left");

    for reply in &replies {
        api.sweep_until(&reply.key(), Status::Ready).await;
    }
}
