//! Builds the responses that the routes return to API Gateway.

use aws_lambda_events::apigw::ApiGatewayV2httpResponse;
use aws_lambda_events::encodings::Body;
use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use http::header::{CACHE_CONTROL, CONTENT_DISPOSITION, CONTENT_TYPE, ETAG, LOCATION};
use http::{HeaderMap, HeaderName, HeaderValue};
use serde_json::Value;
use sha2::{Digest as _, Sha256};

use super::{Problem, Request};

/// A reply of a route.
#[derive(Debug)]
pub struct Reply {
    status: u16,
    headers: HeaderMap,
    cookies: Vec<String>,
    /// The entity tag of the clip in the body. Other bodies have a digest as their entity tag.
    entity_tag: Option<String>,
    body: Option<String>,
}

impl Reply {
    /// A reply with a JSON body.
    pub fn json(status: u16, body: &Value) -> Self {
        Self::text(status, "application/json", body.to_string())
    }

    /// A reply with a body of this media type.
    pub fn text(status: u16, media_type: &'static str, body: String) -> Self {
        let reply = Self { body: Some(body), ..Self::empty(status) };
        reply.header(CONTENT_TYPE, HeaderValue::from_static(media_type))
    }

    /// A reply without a body.
    pub fn empty(status: u16) -> Self {
        Self {
            status,
            headers: HeaderMap::new(),
            cookies: Vec::new(),
            entity_tag: None,
            body: None,
        }
    }

    /// Sets the entity tag, for `If-Match` of an edit.
    #[must_use]
    pub fn with_entity_tag(self, tag: String) -> Self {
        Self { entity_tag: Some(tag), ..self }
    }

    #[must_use]
    pub fn with_cache_control(self, policy: &'static str) -> Self {
        self.header(CACHE_CONTROL, HeaderValue::from_static(policy))
    }

    #[must_use]
    pub fn with_location(self, path: &str) -> Self {
        let location = HeaderValue::from_str(path).expect("ids are visible ASCII");
        self.header(LOCATION, location)
    }

    /// Makes browsers save the body as a file of this name.
    #[must_use]
    pub fn with_file_name(self, name: &str) -> Self {
        let disposition = HeaderValue::from_str(&format!("attachment; filename=\"{name}\""));
        self.header(CONTENT_DISPOSITION, disposition.expect("ids are visible ASCII"))
    }

    /// Sets cookies. Each text is the value of one `Set-Cookie` header.
    #[must_use]
    pub fn with_cookies(self, cookies: Vec<String>) -> Self {
        Self { cookies, ..self }
    }

    fn header(mut self, name: HeaderName, value: HeaderValue) -> Self {
        self.headers.insert(name, value);
        self
    }
}

/// Converts a reply to a response for API Gateway.
///
/// A 200 to a GET or to an edit has an `ETag`. If a GET's `If-None-Match` names it, the response is
/// a 304 without a body. Replies have `Cache-Control: no-store` unless the route sets another.
pub fn respond(request: &Request, reply: Result<Reply, Problem>) -> ApiGatewayV2httpResponse {
    let mut reply = reply.unwrap_or_else(|problem| problem.to_reply());
    if reply.status == 200 && (request.is_get() || reply.entity_tag.is_some()) {
        let tag = reply.entity_tag.take().unwrap_or_else(|| {
            let digest = format_digest(reply.body.as_deref().unwrap_or_default());
            format!("\"{digest}\"")
        });
        if request.is_get() && request.has_entity(&tag) {
            reply.status = 304;
            reply.body = None;
            reply.headers.remove(CONTENT_TYPE);
        }
        let tag = HeaderValue::from_str(&tag).expect("base64 is visible ASCII");
        reply.headers.insert(ETAG, tag);
    }
    if !reply.headers.contains_key(CACHE_CONTROL) {
        reply.headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    }
    let mut response = ApiGatewayV2httpResponse::default();
    response.status_code = reply.status.into();
    response.headers = reply.headers;
    response.cookies = reply.cookies;
    response.body = reply.body.map(Body::Text);
    response
}

/// Formats a digest of bytes as a short text.
pub(super) fn format_digest(bytes: impl AsRef<[u8]>) -> String {
    BASE64_URL_SAFE_NO_PAD.encode(&Sha256::digest(bytes)[..12])
}
