//! Refused requests: each returns its status, type, field and detail, and stores nothing.

use chrono::TimeDelta;
use matchcut_local::OPERATOR_SCOPE;
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use crate::api::{Api, Reply, at};

#[track_caller]
fn check(answer: &Reply, status: u16, name: &str, field: Option<&str>, detail: &str) {
    let body = format!("{:#}", answer.body);
    assert_eq!(answer.status.as_u16(), status, "{body}");
    assert_eq!(answer.body["type"], format!("urn:matchcut:problem:{name}"), "{body}");
    assert_eq!(answer.body.get("field").and_then(Value::as_str), field, "{body}");
    assert!(answer.body["detail"].as_str().unwrap().contains(detail), "{body}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_invalid_clip_request_is_refused_with_a_reason_and_creates_nothing() {
    let api = Api::start().await;
    let window_body = |start: i64, end: i64| {
        json!({ "start": at(start).timestamp(), "end": at(end).timestamp() }).to_string()
    };
    let long = |field: &str, length| json!({ field: "x".repeat(length) }).to_string();
    let huge = format!("{{\"title\":\"\"}}{}", " ".repeat(64 << 10));
    let (field, window) = ("invalid-field", "invalid-window");
    #[rustfmt::skip]
    let table = [
        ("{", 400, "malformed-body", None, "not JSON"),
        ("[]", 400, "malformed-body", None, "not a JSON object"),
        ("\"clip\"", 400, "malformed-body", None, "not a JSON object"),
        (r#"{"title":"\ud800"}"#, 400, "malformed-body", None, "not JSON"),
        (r#"{"titel":"x"}"#, 400, field, Some("titel"), "Unknown field. The known fields are competition,"),
        (r#"{"title":7}"#, 400, field, Some("title"), "must be a text"),
        (r#"{"tags":"gold"}"#, 400, field, Some("tags"), "must be a list of texts"),
        (r#"{"start":1580736600}"#, 400, field, Some("end"), "Give end as well as start."),
        (r#"{"end":1580736600}"#, 400, field, Some("start"), "Give start as well as end."),
        (r#"{"start":1580736600,"end":1580736610,"lastSeconds":5}"#, 400, field, Some("lastSeconds"), "not both"),
        (r#"{"lastSeconds":0}"#, 400, field, Some("lastSeconds"), "from 1 to 86400"),
        (r#"{"lastSeconds":86401}"#, 400, field, Some("lastSeconds"), "from 1 to 86400"),
        (r#"{"lastSeconds":3}"#, 400, window, Some("lastSeconds"), "at least 4 s"),
        (r#"{"lastSeconds":1000}"#, 400, window, Some("lastSeconds"), "longer than the startover window of 900 s"),
        (&window_body(12, 8), 400, window, Some("end"), "at or before its start"),
        (&window_body(8, 8), 400, window, Some("end"), "at or before its start"),
        (&window_body(8, 11), 400, window, Some("end"), "at least 4 s long, which is two segments"),
        (&window_body(0, 86_401), 400, window, Some("end"), "at most 24 hours"),
        (&window_body(-901, 4), 400, window, Some("end"), "longer than the startover window of 900 s"),
        (&window_body(-1000, -990), 422, "window-expired", Some("start"), "only reaches back to 2020-02-03T13:15:24Z"),
        (&window_body(-10, 4), 422, "window-unavailable", Some("start"), "has only been on air since 2020-02-03T13:30:00Z"),
        (&window_body(14_420, 14_425), 422, "window-not-aired", Some("end"), "aired up to 2020-02-03T13:30:24Z; a clip may end up to four hours after that"),
        (&window_body(20_000, 20_010), 422, "window-not-aired", Some("end"), "ends at 2020-02-03T19:03:30Z"),
        (r#"{"expiresAt":"2020-02-03T13:30:00Z"}"#, 400, field, Some("expiresAt"), "must be in the future"),
        (r#"{"expiresAt":"later"}"#, 400, field, Some("expiresAt"), "neither an RFC 3339 time"),
        (r#"{"start":"5138-11-16T09:00:00Z","end":"5138-11-16T09:01:00Z"}"#, 422, "window-not-aired", Some("end"), "5138"),
        (r#"{"start":1580736600000,"end":1580736610000}"#, 400, field, Some("start"), "looks like milliseconds"),
        (r#"{"start":"yesterday","end":"now"}"#, 400, field, Some("start"), "neither an RFC 3339 time"),
        (r#"{"channel":"second"}"#, 400, field, Some("channel"), "There is no channel second. The channels are main."),
        (r#"{"competition":"100m_dash"}"#, 400, field, Some("competition"), "letters, digits and hyphens"),
        (r#"{"competition":"../x"}"#, 400, field, Some("competition"), "letters, digits and hyphens"),
        (&long("title", 201), 400, field, Some("title"), "201 characters. At most 200"),
        (&long("description", 2001), 400, field, Some("description"), "At most 2000"),
        (&huge, 413, "body-too-large", None, "At most 65536"),
    ];
    for (body, status, name, field, detail) in table {
        check(&api.post_clip(body).await, status, name, field, detail);
    }
    assert_eq!((api.rows().await.len(), api.objects().len()), (0, 0));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn only_an_operator_can_create_a_clip() {
    let api = Api::start().await;
    let post = async |token: &str| {
        let header = format!("Bearer {token}");
        api.request(Method::POST, "/clip", &[("authorization", &header)], "").await
    };
    let none = api.request(Method::POST, "/clip", &[], "").await;
    check(&none, 401, "unauthorized", None, "Send a valid access token");
    assert_eq!(none.headers["www-authenticate"], "Bearer");
    check(&post("nonsense").await, 401, "unauthorized", None, "Send a valid access token");
    let expired = api.stack.issue_token(OPERATOR_SCOPE, TimeDelta::hours(-1)).unwrap();
    check(&post(&expired).await, 401, "unauthorized", None, "Send a valid access token");
    let viewer = api.stack.issue_token("matchcut/clips.read", TimeDelta::hours(1)).unwrap();
    check(&post(&viewer).await, 403, "forbidden", None, "the scope matchcut/clips.write");
    assert_eq!(post(&api.stack.token).await.status, StatusCode::ACCEPTED);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_invalid_list_request_is_refused_with_a_reason() {
    let api = Api::start().await;
    let of_another = "b3RoZXJfMjAyMDAyMDMxMzMwNThfMjAyMDAyMDMxMzMyNThfazdReDJm";
    let cursor = |cursor: &str| format!("/competitions/demo/clips?cursor={cursor}");
    let field = "invalid-field";
    #[rustfmt::skip]
    let table = [
        ("/competitions/demo/clips?limit=0", 400, field, Some("limit"), "from 1 to 100"),
        ("/competitions/demo/clips?limit=1000", 400, field, Some("limit"), "from 1 to 100"),
        ("/competitions/demo/clips?limit=ten", 400, field, Some("limit"), "from 1 to 100"),
        ("/competitions/demo/clips?order=best", 400, field, Some("order"), "newest or oldest"),
        ("/competitions/demo/clips?from=soon", 400, field, Some("from"), "neither an RFC 3339"),
        ("/competitions/demo/clips?to=1580736600000", 400, field, Some("to"), "milliseconds"),
        (&cursor(of_another), 400, field, Some("cursor"), "not a cursor of this list"),
        (&cursor("Zm9yZ2Vk"), 400, field, Some("cursor"), "not a cursor of this list"),
        (&cursor(""), 400, field, Some("cursor"), "not a cursor of this list"),
        ("/competitions/100m_dash/clips", 400, field, Some("competitionId"), "letters, digits"),
        ("/competitions/demo/clips/20200203133058_20200203133258_k7Qx2f", 404, "not-found", Some("clipId"), "no such clip"),
        ("/competitions/demo/clips/first", 404, "not-found", Some("clipId"), "no such clip"),
        ("/clips", 404, "not-found", None, "There is no path /api/clips"),
        ("/clip", 405, "method-not-allowed", None, "This path allows POST."),
    ];
    for (path, status, name, field, detail) in table {
        check(&api.get(path).await, status, name, field, detail);
    }
    let answer = api.request(Method::DELETE, "/competitions/demo/clips", &[], "").await;
    check(&answer, 405, "method-not-allowed", None, "This path allows GET.");
    assert_eq!(answer.headers["allow"], "GET");
}
