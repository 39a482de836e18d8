//! The event that API Gateway starts a function with.

use std::collections::BTreeMap;

use axum::body::Bytes;
use axum::http::{HeaderMap, Method, Uri, header};
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use chrono::Utc;
use serde_json::{Value, json};

use crate::account::ACCOUNT;

/// Builds the event of a request, in format 2.0.
/// <https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-develop-integrations-lambda.html>
pub(super) fn request_event(
    method: &Method,
    uri: &Uri,
    headers: &HeaderMap,
    body: &Bytes,
    template: &str,
    parameters: &BTreeMap<String, String>,
    claims: &Value,
) -> Value {
    let mut joined: BTreeMap<&str, String> = BTreeMap::new();
    for (name, value) in headers {
        let value = String::from_utf8_lossy(value.as_bytes());
        joined
            .entry(name.as_str())
            .and_modify(|all| *all = format!("{all},{value}"))
            .or_insert_with(|| value.to_string());
    }
    let query = uri.query().unwrap_or_default();
    let mut query_parameters: BTreeMap<String, String> = BTreeMap::new();
    for (name, value) in url::form_urlencoded::parse(query.as_bytes()) {
        query_parameters
            .entry(name.into_owned())
            .and_modify(|all| *all = format!("{all},{value}"))
            .or_insert_with(|| value.to_string());
    }
    let now = Utc::now();
    let (body, is_base64_encoded) = match std::str::from_utf8(body) {
        Ok(text) => (text.to_owned(), false),
        Err(_) => (BASE64_STANDARD.encode(body), true),
    };
    let mut event = json!({
        "version": "2.0",
        "routeKey": format!("{method} {template}"),
        "rawPath": uri.path(),
        "rawQueryString": query,
        "headers": joined,
        "queryStringParameters": query_parameters,
        "pathParameters": parameters,
        "requestContext": {
            "accountId": ACCOUNT,
            "apiId": "local",
            "domainName": headers.get(header::HOST).and_then(|host| host.to_str().ok()),
            "http": {
                "method": method.as_str(),
                "path": uri.path(),
                "protocol": "HTTP/1.1",
                "sourceIp": "127.0.0.1",
                "userAgent": headers.get(header::USER_AGENT).and_then(|it| it.to_str().ok()),
            },
            "requestId": format!("{:016x}", fastrand::u64(..)),
            "routeKey": format!("{method} {template}"),
            "stage": "$default",
            "time": now.format("%d/%b/%Y:%H:%M:%S +0000").to_string(),
            "timeEpoch": now.timestamp_millis(),
        },
        "body": body,
        "isBase64Encoded": is_base64_encoded,
    });
    if claims.get("scope").is_some() {
        let scopes = claims["scope"].as_str().map(|all| all.split(' ').collect::<Vec<_>>());
        let texts: BTreeMap<_, _> = claims
            .as_object()
            .into_iter()
            .flatten()
            .map(|(name, claim)| {
                (name, claim.as_str().map_or_else(|| claim.to_string(), str::to_owned))
            })
            .collect();
        event["requestContext"]["authorizer"] =
            json!({ "jwt": { "claims": texts, "scopes": scopes } });
    }
    event
}
