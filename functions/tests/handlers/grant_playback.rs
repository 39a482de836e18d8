//! Private libraries: which tokens get playback cookies, and for which paths.

use chrono::{DateTime, TimeDelta, Utc};
use matchcut::api::Route as _;
use matchcut::clip::Status;
use matchcut::viewer::GrantPlayback;
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use crate::api::{Api, Reply, row};

const PATH: &str = "/competitions/100m-dash/playback";

async fn request_playback(api: &Api, path: &str, token: &str) -> Reply {
    request_playback_with(api, path, token, "").await
}

async fn request_playback_with(api: &Api, path: &str, token: &str, body: &str) -> Reply {
    let token = format!("Bearer {token}");
    api.request(Method::POST, path, &[("authorization", &token)], body.to_owned()).await
}

/// The reply to a request for cookies, if the functions have these variables.
async fn call_with(api: &Api, variables: &[(&'static str, String)]) -> Value {
    let function = GrantPlayback::new(&api.stack.sdk, &api.variables(variables)).unwrap();
    function.warm_up().await;
    let event = json!({
        "headers": {},
        "pathParameters": { "competitionId": "100m-dash" },
        "requestContext": { "http": { "method": "POST", "path": "/" } },
        "isBase64Encoded": false,
    });
    let reply = function.handle(serde_json::from_value(event).unwrap()).await;
    serde_json::to_value(&reply).unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn viewers_and_operators_get_cookies_for_one_competition() {
    let api = Api::start_with(|options| options.private = true).await;
    for token in [&api.stack.viewer_token, &api.stack.token] {
        let asked = Utc::now();
        let answer = request_playback(&api, PATH, token).await;
        assert_eq!(answer.status, StatusCode::OK, "{}", answer.body);
        assert_eq!(answer.headers["cache-control"], "no-store");
        let vod = api.stack.api.replace("/api", "/vod");
        assert_eq!(answer.body["resource"], format!("{vod}/private/100m-dash/*"));
        let until: DateTime<Utc> = answer.body["expiresAt"].as_str().unwrap().parse().unwrap();
        let lifetime = until - asked;
        assert!((TimeDelta::minutes(719)..=TimeDelta::hours(12)).contains(&lifetime), "{lifetime}");
        let cookies = answer.body["cookies"].as_object().unwrap();
        let expected: Vec<_> = cookies
            .iter()
            .map(|(name, value)| {
                let value = value.as_str().unwrap();
                format!("{name}={value}; Path=/vod/private/100m-dash/; HttpOnly; SameSite=Lax")
            })
            .collect();
        let set = answer.headers.get_all("set-cookie").iter();
        let mut set: Vec<_> = set.map(|value| value.to_str().unwrap().to_owned()).collect();
        set.sort();
        assert_eq!(set, expected);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn invalid_tokens_get_no_cookies() {
    let api = Api::start_with(|options| options.private = true).await;
    let hour = TimeDelta::hours(1);
    let issue = |scope, lifetime| api.stack.issue_token(scope, lifetime).unwrap();
    #[rustfmt::skip]
    let table = [
        (PATH, String::new(), 401, "unauthorized"),
        (PATH, issue("matchcut/clips.read", -hour), 401, "unauthorized"),
        (PATH, issue("matchcut/clips", hour), 403, "forbidden"),
        (PATH, issue("openid profile", hour), 403, "forbidden"),
        ("/competitions/100m_dash/playback", api.stack.viewer_token.clone(), 400, "invalid-field"),
    ];
    for (path, token, status, name) in table {
        let answer = request_playback(&api, path, &token).await;
        assert_eq!(answer.status.as_u16(), status, "{}", answer.body);
        assert_eq!(answer.body["type"], format!("urn:matchcut:problem:{name}"));
        assert!(!answer.headers.contains_key("set-cookie"));
    }
    let answer = api.get(PATH).await;
    assert_eq!(answer.status, StatusCode::METHOD_NOT_ALLOWED);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_backend_gets_cookies_for_its_viewers_and_nothing_else() {
    let api = Api::start_with(|options| options.private = true).await;
    let token = api.stack.issue_token("matchcut/playback.grant", TimeDelta::hours(1)).unwrap();
    let until = (Utc::now() + TimeDelta::hours(1)).to_rfc3339();
    let body = json!({ "expiresAt": until }).to_string();
    let answer = request_playback_with(&api, PATH, &token, &body).await;
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.body);
    let expires: DateTime<Utc> = answer.body["expiresAt"].as_str().unwrap().parse().unwrap();
    let asked: DateTime<Utc> = until.parse().unwrap();
    assert_eq!(expires.timestamp(), asked.timestamp());

    let bearer = format!("Bearer {token}");
    for path in ["/clip", "/uploads"] {
        let answer = api.request(Method::POST, path, &[("authorization", &bearer)], "").await;
        assert_eq!(answer.status, StatusCode::FORBIDDEN, "{path}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn cookies_never_last_longer_than_the_setting_says() {
    let api = Api::start_with(|options| options.private = true).await;
    let in_hours = |hours| (Utc::now() + TimeDelta::hours(hours)).to_rfc3339();
    #[rustfmt::skip]
    let table = [
        (json!({ "expiresAt": in_hours(13) }), "expiresAt", "must not be later than"),
        (json!({ "expiresAt": in_hours(-1) }), "expiresAt", "must be in the future"),
        (json!({ "expiresAt": "soon" }), "expiresAt", "RFC 3339"),
        (json!({ "hours": 1 }), "hours", "Unknown field. The known fields are expiresAt"),
    ];
    for (body, field, detail) in table {
        let token = &api.stack.viewer_token;
        let answer = request_playback_with(&api, PATH, token, &body.to_string()).await;
        assert_eq!(answer.status, StatusCode::BAD_REQUEST, "{}", answer.body);
        assert_eq!(answer.body["field"], field);
        assert!(answer.body["detail"].as_str().unwrap().contains(detail), "{}", answer.body);
        assert!(!answer.headers.contains_key("set-cookie"));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn cookies_are_those_of_the_site_that_pages_and_media_share() {
    let api = Api::start_with(|options| options.private = true).await;
    let vod = ("VOD_BASE_URL", "https://clips.example.com/vod".to_owned());
    let check = async |variables: &[(&'static str, String)], expected: &str| {
        let reply = call_with(&api, variables).await;
        let cookies = reply["cookies"].as_array().unwrap();
        assert_eq!(cookies.len(), 4, "{reply}");
        for cookie in cookies {
            let (_, rest) = cookie.as_str().unwrap().split_once("; ").unwrap();
            assert_eq!(rest, expected);
        }
    };
    let path = "Path=/vod/private/100m-dash/";
    let own_host = format!("{path}; HttpOnly; Secure; SameSite=Lax");
    check(std::slice::from_ref(&vod), &own_host).await;
    let site = format!("{path}; Domain=example.com; HttpOnly; Secure; SameSite=Lax");
    check(&[vod, ("PLAYBACK_COOKIE_DOMAIN", "example.com".to_owned())], &site).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_public_library_returns_409_for_playback() {
    let api = Api::start().await;
    let answer = request_playback(&api, PATH, &api.stack.viewer_token).await;
    assert_eq!(answer.status, StatusCode::CONFLICT);
    assert_eq!(answer.body["type"], "urn:matchcut:problem:library-public");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn manifest_paths_of_a_private_library_contain_the_competition() {
    let api = Api::start_with(|options| options.private = true).await;
    let clip = row("100m-dash", 0, Status::Ready);
    api.library().create(&clip).await.unwrap();
    let list = api.get("/competitions/100m-dash/clips").await.body;
    let manifest = list["clips"][0]["manifest"].as_str().unwrap();
    let folder = format!("{}/private/100m-dash/", api.stack.api.replace("/api", "/vod"));
    let rest = manifest.strip_prefix(&folder).unwrap();
    let (seal, path) = rest.split_once('/').unwrap();
    assert_eq!((seal.len(), path), (32, "out/v1/a/b/c/index.m3u8"));
    let one = api.get(&format!("/competitions/100m-dash/clips/{}", clip.clip)).await.body;
    assert_eq!(one["manifests"]["hls"], manifest);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_unreadable_signing_key_returns_503_without_internals() {
    let api = Api::start_with(|options| options.private = true).await;
    let elsewhere = "arn:aws:secretsmanager:us-east-1:1:secret:elsewhere".to_owned();
    let reply = call_with(&api, &[("PLAYBACK_KEY_SECRET_ARN", elsewhere)]).await;
    assert_eq!(reply["statusCode"], 503);
    assert!(!reply["body"].as_str().unwrap().contains("secret"), "{reply}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn settings_of_a_private_library_are_checked_at_the_cold_start() {
    let api = Api::start_with(|options| options.private = true).await;
    let check = |name, value: &str, expected| {
        let variables = api.variables(&[(name, value.to_owned())]);
        let error = GrantPlayback::new(&api.stack.sdk, &variables).unwrap_err().to_string();
        assert!(error.contains(name) && error.contains(expected), "{error}");
    };
    check("PLAYBACK_HOURS", "0", "from 1 to 168");
    check("PLAYBACK_HOURS", "169", "from 1 to 168");
    check("PLAYBACK_HOURS", "day", "invalid");
    check("PLAYBACK_KEY_PAIR_ID", "", "missing");
    check("PLAYBACK_COOKIE_DOMAIN", "example.com", "the host 127.0.0.1 of VOD_BASE_URL");
}
