//! Marks: made once for each key, listed by time, deleted for good.

use aws_lambda_events::apigw::{ApiGatewayV2httpRequest, ApiGatewayV2httpResponse};
use chrono::{DateTime, TimeDelta, Utc};
use matchcut::api::{Request, Route as _, respond};
use matchcut::mark::{CreateMark, ListMarks};
use reqwest::Method;
use serde_json::{Value, json};

use crate::api::{Api, Reply, at};

const RECORDED_SEGMENTS: u64 = 12;

async fn send(api: &Api, body: &Value) -> Reply {
    api.post("/channels/main/marks", &body.to_string()).await
}

async fn ask(api: &Api, method: Method, path: &str) -> Reply {
    let token = format!("Bearer {}", api.stack.token);
    let path = format!("/channels/main/marks{path}");
    api.request(method, &path, &[("authorization", &token)], "").await
}

async fn list(api: &Api, query: &str) -> Value {
    let reply = ask(api, Method::GET, query).await;
    assert_eq!(reply.status, 200, "{:#}", reply.body);
    reply.body
}

fn labels(page: &Value) -> Vec<&str> {
    let marks = page["marks"].as_array().unwrap();
    marks.iter().map(|mark| mark["label"].as_str().unwrap()).collect()
}

/// A mark at this second of the recorded stream.
fn mark(seconds: i64, label: &str) -> Value {
    json!({ "at": at(seconds), "label": label })
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_mark_is_shown_as_it_was_sent() {
    let api = Api::start().await;
    let body = json!({
        "at": "2020-02-03T13:30:02.25Z", "end": "2020-02-03T13:30:04Z", "label": "goal",
        "tags": { "player": "Sam Kerr", "score": "2-1" }, "confidence": 0.97,
        "source": "scoring", "key": "match-4711-goal-3",
    });
    let made = send(&api, &body).await;
    assert_eq!(made.status, 201, "{:#}", made.body);
    for name in ["end", "label", "tags", "confidence", "source", "key"] {
        assert_eq!(made.body[name], body[name], "{name}");
    }
    assert_eq!(made.body["at"], "2020-02-03T13:30:02.250Z");
    assert_eq!(made.body["channel"], "main");
    assert!(made.body["id"].as_str().unwrap().starts_with("20200203133002250_"));
    assert_eq!(list(&api, "").await, json!({ "marks": [made.body] }));

    let plain = send(&api, &mark(3, "card")).await.body;
    assert_eq!((&plain["source"], &plain["tags"]), (&json!("operator"), &json!({})));
    for name in ["end", "confidence", "key"] {
        assert_eq!(plain[name], Value::Null, "{name}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn now_is_the_live_edge_minus_the_delay_of_the_sender() {
    let api = Api::start().await;
    api.stack.on_air(RECORDED_SEGMENTS).await;
    let made = send(&api, &json!({ "label": "goal", "at": "now", "behindSeconds": 8.5 })).await;
    assert_eq!((made.status.as_u16(), &made.body["at"]), (201, &json!("2020-02-03T13:30:15.500Z")));
    let made = send(&api, &json!({ "label": "goal" })).await;
    assert_eq!(made.body["at"], "2020-02-03T13:30:24Z");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_key_makes_one_mark_for_each_source_whatever_is_sent_with_it_later() {
    let api = Api::start().await;
    let sent = |second, label: &str, source: &str| json!({ "at": at(second), "label": label, "source": source, "key": "a/1 #é" });
    let first = send(&api, &sent(2, "goal", "scoring")).await;
    let again = send(&api, &sent(5, "corner", "scoring")).await;
    assert_eq!((first.status.as_u16(), again.status.as_u16()), (201, 200));
    assert_eq!(again.body, first.body);
    // The time of a repeated request need not be one of the stream any more.
    let late = json!({ "at": "2020-02-01T00:00:00Z", "label": "goal", "source": "scoring", "key": "a/1 #é" });
    assert_eq!(send(&api, &late).await.body, first.body);

    let other = send(&api, &sent(5, "corner", "timing")).await;
    assert_eq!(other.status, 201);
    assert_eq!(labels(&list(&api, "").await), ["goal", "corner"]);
    for _ in 0..2 {
        assert_eq!(send(&api, &mark(7, "no key")).await.status, 201);
    }
    assert_eq!(labels(&list(&api, "").await), ["goal", "corner", "no key", "no key"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_later_message_ends_a_mark_once() {
    let api = Api::start().await;
    let start = json!({ "at": at(2), "label": "ad-break", "key": "break-1" });
    let ended =
        |second| json!({ "at": at(2), "label": "ad-break", "key": "break-1", "end": at(second) });
    assert_eq!(send(&api, &start).await.body["end"], Value::Null);
    let reply = send(&api, &ended(8)).await;
    assert_eq!((reply.status.as_u16(), &reply.body["end"]), (200, &json!("2020-02-03T13:30:08Z")));
    assert_eq!(send(&api, &ended(20)).await.body, reply.body, "it has an end");
    assert_eq!(list(&api, "").await["marks"], json!([reply.body]));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn requests_with_one_key_at_the_same_time_make_one_mark() {
    let api = Api::start().await;
    let sent = async |second| {
        let body = json!({ "at": at(second), "label": "goal", "key": "1" });
        send(&api, &body).await
    };
    let replies = tokio::join!(sent(1), sent(2), sent(3), sent(4), sent(5), sent(6));
    let replies: [Reply; 6] = replies.into();
    let made = replies.iter().filter(|reply| reply.status == 201).count();
    let marks = list(&api, "").await;
    assert_eq!((made, labels(&marks)), (1, vec!["goal"]));
    for reply in &replies {
        assert_eq!(reply.body, marks["marks"][0]);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn marks_are_listed_by_time_in_pages() {
    let api = Api::start().await;
    for second in [9, 1, 7, 3, 5] {
        send(&api, &mark(second, &second.to_string())).await;
    }
    assert_eq!(labels(&list(&api, "").await), ["1", "3", "5", "7", "9"]);
    let time = |second: i64| at(second).format("%Y-%m-%dT%H:%M:%SZ").to_string();
    let within = format!("?from={}&to={}", time(3), time(7));
    assert_eq!(labels(&list(&api, &within).await), ["3", "5"], "`to` is not included");
    let nothing = format!("?from={}&to={}", time(7), time(3));
    assert_eq!(list(&api, &nothing).await, json!({ "marks": [] }));

    let (mut query, mut found) = ("?limit=2".to_owned(), Vec::new());
    loop {
        let page = list(&api, &query).await;
        found.extend(labels(&page).into_iter().map(str::to_owned));
        let Some(cursor) = page["cursor"].as_str() else { break };
        assert_eq!(labels(&page).len(), 2);
        query = format!("?limit=2&cursor={cursor}");
    }
    assert_eq!(found, ["1", "3", "5", "7", "9"]);
    let cursor = list(&api, "?limit=2").await["cursor"].as_str().unwrap().to_owned();
    let page = list(&api, &format!("?limit=2&cursor={cursor}&to={}", time(2))).await;
    assert_eq!(page, json!({ "marks": [] }), "the cursor is after the range");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_deleted_mark_does_not_come_back() {
    let api = Api::start().await;
    let body = json!({ "at": at(2), "label": "goal", "key": "1" });
    let made = send(&api, &body).await.body;
    let path = format!("/{}", made["id"].as_str().unwrap());
    for path in [path.as_str(), path.as_str(), "/unknown"] {
        assert_eq!(ask(&api, Method::DELETE, path).await.status, 204, "{path}");
    }
    assert_eq!(list(&api, "").await, json!({ "marks": [] }));
    let again = send(&api, &body).await;
    assert_eq!((again.status.as_u16(), &again.body["field"]), (410, &json!("key")));
    assert_eq!(list(&api, "").await, json!({ "marks": [] }));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_refused_mark_has_its_field_and_a_remedy() {
    let api = Api::start().await;
    api.stack.on_air(RECORDED_SEGMENTS).await;
    let check = async |body: Value, status: u16, field: &str, detail: &str| {
        let reply = send(&api, &body).await;
        assert_eq!(
            (reply.status.as_u16(), &reply.body["field"]),
            (status, &json!(field)),
            "{body}"
        );
        assert!(reply.body["detail"].as_str().unwrap().contains(detail), "{:#}", reply.body);
    };
    check(json!({}), 400, "label", "1 to 64").await;
    check(json!({ "label": "a", "to": 1 }), 400, "to", "Unknown field").await;
    check(json!({ "label": "a", "end": at(1) }), 400, "end", "after the time of the mark").await;
    let kept = TimeDelta::minutes(15);
    check(mark(23 - kept.num_seconds(), "a"), 422, "at", "keeps 900 s").await;
    check(mark(24 + 3601, "a"), 422, "at", "one hour after the live edge").await;
    assert_eq!(send(&api, &mark(24 + 3600, "a")).await.status, 201);
    assert_eq!(send(&api, &mark(24 - kept.num_seconds(), "a")).await.status, 201);

    for (path, field) in [
        ("?from=soon", "from"),
        ("?limit=501", "limit"),
        ("?limit=0", "limit"),
        ("?cursor=goal", "cursor"),
        ("?since=1", "since"),
    ] {
        let reply = ask(&api, Method::GET, path).await;
        assert_eq!((reply.status.as_u16(), &reply.body["field"]), (400, &json!(field)), "{path}");
    }
    let unknown = api.post("/channels/unknown/marks", r#"{"label":"a"}"#).await;
    assert_eq!((unknown.status.as_u16(), &unknown.body["field"]), (404, &json!("channelId")));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_machine_with_the_scope_of_marks_can_send_and_list_marks_only() {
    let api = Api::start().await;
    let token = api.stack.issue_token("matchcut/marks.write", TimeDelta::hours(1)).unwrap();
    let token = format!("Bearer {token}");
    let ask = async |method: Method, path: &str| {
        let body = mark(2, "goal").to_string();
        api.request(method, path, &[("authorization", &token)], body).await.status.as_u16()
    };
    assert_eq!(ask(Method::POST, "/channels/main/marks").await, 201);
    assert_eq!(ask(Method::GET, "/channels/main/marks").await, 200);
    assert_eq!(ask(Method::DELETE, "/channels/main/marks/unknown").await, 403);
    assert_eq!(ask(Method::POST, "/clip").await, 403);
}

/// A request as API Gateway passes it on.
fn event(claims: &Value, body: &Value) -> ApiGatewayV2httpRequest {
    serde_json::from_value(json!({
        "version": "2.0",
        "pathParameters": { "channelId": "main" },
        "requestContext": {
            "http": { "method": "POST", "path": "/" },
            "authorizer": { "jwt": { "claims": claims, "scopes": [] } },
        },
        "body": body.to_string(),
        "isBase64Encoded": false,
    }))
    .unwrap()
}

fn body(response: &ApiGatewayV2httpResponse) -> Value {
    let response = serde_json::to_value(response).unwrap();
    serde_json::from_str(response["body"].as_str().unwrap()).unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_source_of_a_machine_is_api_by_default() {
    let api = Api::start().await;
    let create = CreateMark::new(&api.stack.sdk, &api.stack.variables).unwrap();
    let machine = json!({ "sub": "5q2k0v1f8example", "client_id": "5q2k0v1f8example" });
    let made = body(&create.handle(event(&machine, &mark(2, "goal"))).await);
    assert_eq!((&made["source"], &made["createdBy"]), (&json!("api"), &machine["sub"]));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_mark_expires_with_the_startover_window_and_its_key_a_day_later() {
    let api = Api::start().await;
    let create = CreateMark::new(&api.stack.sdk, &api.stack.variables).unwrap();
    let list = ListMarks::new(&api.stack.sdk, &api.stack.variables).unwrap();
    let sent = json!({ "at": at(2), "label": "goal", "key": "1" });
    let ask_at = async |now: DateTime<Utc>| {
        let request = Request::from(event(&json!({ "sub": "a" }), &sent));
        let reply = create.answer(&request, now).await;
        respond(&request, reply).status_code
    };
    let count_at = async |now: DateTime<Utc>| {
        let request = Request::from(event(&json!({}), &json!({})));
        let reply = list.answer(&request, now).await;
        body(&respond(&request, reply))["marks"].as_array().unwrap().len()
    };
    let now = Utc::now();
    assert_eq!(ask_at(now).await, 201);
    let (minutes, day) = (TimeDelta::minutes, TimeDelta::days(1));
    assert_eq!((count_at(now + minutes(14)).await, ask_at(now + minutes(14)).await), (1, 200));
    assert_eq!((count_at(now + minutes(16)).await, ask_at(now + minutes(16)).await), (0, 410));
    assert_eq!(ask_at(now + day + minutes(14)).await, 410);
    assert_eq!(ask_at(now + day + minutes(16)).await, 201, "the key is free again");
    assert_eq!(count_at(now + day + minutes(16)).await, 1);
}
