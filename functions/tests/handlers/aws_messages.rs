//! What AWS writes in its errors never reaches the public.

use axum::Router;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse as _, Response};
use matchcut::clip::{Clip, Failure, FailureCode, Status};
use reqwest::Method;
use serde_json::{Value, json};
use tokio::net::TcpListener;

use crate::api::{Api, row};
use crate::lambda_process::Function;

/// What no reply may contain: a text of AWS that names a role.
const MARKER: &str = "arn:aws:sts::111122223333:assumed-role/marker";

const CLIP: &str = "20200203133000_20200203133004_aB3dE9";

/// An AWS that denies every call, in the protocol of the service.
async fn deny(headers: HeaderMap) -> Response {
    let status = StatusCode::FORBIDDEN;
    let message = format!("User: {MARKER} is not authorized to perform this operation");
    // S3 alone signs the digest of the body.
    if headers.contains_key("x-amz-content-sha256") {
        let body = format!("<Error><Code>AccessDenied</Code><Message>{message}</Message></Error>");
        return (status, [("content-type", "application/xml")], body).into_response();
    }
    let kind = "AccessDeniedException";
    let body = json!({ "__type": kind, "message": message, "Message": message });
    let headers = [("content-type", "application/json"), ("x-amzn-errortype", kind)];
    (status, headers, body.to_string()).into_response()
}

/// A request that each operation of the contract accepts.
fn request(id: &str, method: &str) -> Value {
    let rule = json!({ "name": "A", "labels": ["goal"], "beforeSeconds": 12, "afterSeconds": 6 });
    let body = match id {
        "create-upload" => json!({ "competition": "demo", "filename": "a.mp4", "size": 10 }),
        "complete-upload" => json!({ "parts": [{ "number": 1, "etag": "\"a\"" }] }),
        "create-mark" => json!({ "label": "goal" }),
        "create-rule" | "replace-rule" => rule.clone(),
        "preview-rule" => json!({ "rule": rule }),
        "create-reel" => json!({ "clips": [CLIP] }),
        "update-clip" => json!({ "title": "A" }),
        "create-clip" => json!({ "lastSeconds": 4 }),
        _ => Value::Null,
    };
    let query = match id {
        "describe-embed" => json!({ "url": format!("https://clips.example.com/c/demo/{CLIP}") }),
        _ => json!({}),
    };
    let claims = json!({ "sub": "operator-7", "scope": "matchcut/clips.write" });
    let path = format!("/c/demo/{CLIP}");
    json!({
        "version": "2.0",
        "rawPath": path,
        "headers": { "if-match": "*" },
        "pathParameters": {
            "competitionId": "demo",
            "clipId": CLIP,
            "channelId": "main",
            "ruleId": "goals-k7qx2f",
            "markId": "20200203133002250_k7Qx2f",
        },
        "queryStringParameters": query,
        "requestContext": {
            "http": { "method": method, "path": path },
            "authorizer": { "jwt": { "claims": claims, "scopes": [] } },
        },
        "body": if body.is_null() { String::new() } else { body.to_string() },
        "isBase64Encoded": false,
    })
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_reply_of_any_route_has_what_aws_writes_in_its_errors() {
    let api = Api::start_with(|options| options.private = true).await;
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let aws = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(async move { axum::serve(listener, Router::new().fallback(deny)).await });
    let denied: Vec<_> = api
        .stack
        .variables
        .iter()
        .filter(|(name, _)| name.starts_with("AWS_ENDPOINT_URL"))
        .map(|(name, _)| (name, aws.clone()))
        .chain([("VOD_BASE_URL", "https://clips.example.com/vod".to_owned())])
        .collect();
    let variables = api.variables(&denied);

    let contract: Value = yaml_serde::from_str(matchcut::OPENAPI).unwrap();
    let paths = contract["paths"].as_object().unwrap().values();
    let operations = paths.flat_map(|item| item.as_object().unwrap());
    let (mut asked, mut wrong) = (0, Vec::new());
    for (method, operation) in operations {
        let Some(id) = operation["operationId"].as_str() else { continue };
        asked += 1;
        // A private library has neither feeds nor embeds. A public one signs no cookies.
        let is_private = id == "grant-playback";
        let own = variables.iter().filter(|(name, _)| is_private || !name.starts_with("PLAYBACK_"));
        let mut function = Function::start(id, own).await;
        let (kind, reply) = function.invoke(request(id, &method.to_uppercase())).await;
        let text = reply.to_string();
        let quotes_aws = text.contains(MARKER) || text.contains("AccessDenied");
        // The other functions cannot answer without AWS, so they must have met the error.
        let expected = match id {
            "show-health" | "list-channels" => 200,
            _ => 503,
        };
        if kind != "response" || quotes_aws || reply["statusCode"] != expected {
            wrong.push(format!("{id}: {text}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(asked > 20, "only {asked} operations were asked");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_public_does_not_read_why_aws_refused_a_clip() {
    let api = Api::start().await;
    let message = format!("MediaPackage refused to create an asset of the clip: {MARKER}");
    let failure = Some(Failure { code: FailureCode::AssetRefused, message });
    let clip = Clip { failure, ..row("demo", 0, Status::Failed) };
    api.library().create(&clip).await.unwrap();
    let public = api.get(&format!("/competitions/demo/clips/{}", clip.clip)).await;
    assert_eq!(public.body["failure"]["code"], "asset-refused");
    assert!(!public.body.to_string().contains(MARKER), "{}", public.body);
    let page = format!("/c/demo/{}", clip.clip);
    let page = api.request_site(Method::GET, &page, &[], "").await;
    assert!(!page.body.to_string().contains(MARKER), "{}", page.body);

    let token = format!("Bearer {}", api.stack.token);
    let path = format!("/competitions/demo/changes/{}", clip.clip);
    let operator = api.request(Method::GET, &path, &[("authorization", &token)], "").await;
    assert!(operator.body.to_string().contains(MARKER), "operators read the reason");
    assert_eq!(operator.headers["etag"], public.headers["etag"]);
}
