//! Requests and replies of the HTTP API, between API Gateway's events and the handlers.
//!
//! Events are of format 2.0:
//! <https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-develop-integrations-lambda.html>

use std::collections::BTreeMap;
use std::str::FromStr;

use aws_lambda_events::apigw::{ApiGatewayV2httpRequest, ApiGatewayV2httpResponse};
use aws_lambda_events::encodings::Body;
use base64::Engine as _;
use base64::prelude::{BASE64_STANDARD, BASE64_URL_SAFE_NO_PAD};
use chrono::{DateTime, SecondsFormat, Utc};
use http::header::{CACHE_CONTROL, CONTENT_TYPE, ETAG, IF_MATCH, IF_NONE_MATCH, LOCATION};
use http::{HeaderMap, HeaderName, HeaderValue, Method};
use serde_json::Value;
use sha2::{Digest, Sha256};

use crate::library::Repeatable;

mod problem;

pub use problem::{Problem, ProblemKind, problem_type};

/// The largest body a request may have, in bytes.
const LARGEST_BODY: usize = 64 << 10;

/// <https://datatracker.ietf.org/doc/html/draft-ietf-httpapi-idempotency-key-header-07>
const IDEMPOTENCY_KEY: HeaderName = HeaderName::from_static("idempotency-key");
const LONGEST_KEY: usize = 255;

/// A request as the handlers see it.
#[derive(Debug)]
pub struct Request(ApiGatewayV2httpRequest);

impl From<ApiGatewayV2httpRequest> for Request {
    fn from(event: ApiGatewayV2httpRequest) -> Self {
        Self(event)
    }
}

impl Request {
    /// A parameter of the path, parsed.
    pub fn path<T: FromStr<Err: ToString>>(&self, name: &str) -> Result<T, Problem> {
        let text = self.0.path_parameters.get(name).map_or("", String::as_str);
        text.parse().map_err(|error: T::Err| Problem::invalid_field(name, sentence(&error)))
    }

    /// A parameter of the query, unless it is absent.
    pub fn query(&self, name: &str) -> Option<&str> {
        self.0.query_string_parameters.first(name)
    }

    /// The names of the query's parameters.
    pub fn query_names(&self) -> impl Iterator<Item = &str> {
        self.0.query_string_parameters.iter().map(|(name, _)| name)
    }

    /// A claim of the token that API Gateway let through.
    pub fn claim(&self, name: &str) -> Option<&str> {
        let jwt = self.0.request_context.authorizer.as_ref()?.jwt.as_ref()?;
        jwt.claims.get(name).map(String::as_str)
    }

    /// The body, which may be empty.
    pub fn body(&self) -> Result<Vec<u8>, Problem> {
        self.body_of(LARGEST_BODY)
    }

    /// The body, where it may be of another size than most.
    pub fn body_of(&self, largest: usize) -> Result<Vec<u8>, Problem> {
        let text = self.0.body.as_deref().unwrap_or_default();
        let bytes = if self.0.is_base64_encoded {
            BASE64_STANDARD.decode(text).map_err(|_| {
                Problem::new(ProblemKind::MalformedBody, "The body's base64 cannot be decoded.")
            })?
        } else {
            text.as_bytes().to_vec()
        };
        if largest < bytes.len() {
            return Err(Problem::new(
                ProblemKind::BodyTooLarge,
                format!("The body has {} bytes; at most {largest} are taken.", bytes.len()),
            ));
        }
        Ok(bytes)
    }

    /// What tells this request, come again, from any other; `None` without an idempotency key.
    pub fn repeatable(&self) -> Result<Option<Repeatable>, Problem> {
        let Some(key) = self.0.headers.get(IDEMPOTENCY_KEY) else { return Ok(None) };
        let usable = |key: &&str| {
            let visible = key.bytes().all(|byte| byte.is_ascii_graphic());
            (1..=LONGEST_KEY).contains(&key.len()) && visible
        };
        let key = key.to_str().ok().map(str::trim).filter(usable).ok_or_else(|| {
            let detail = format!("This has to be 1 to {LONGEST_KEY} visible ASCII characters.");
            Problem::invalid_field("Idempotency-Key", detail)
        })?;
        let body = self.body()?;
        // The same fields in another order, or with other spaces, are the same request.
        let body =
            serde_json::from_slice::<Value>(&body).map_or(body, |it| sorted(it).into_bytes());
        let route = self.0.route_key.as_deref().unwrap_or_default();
        let asked = Sha256::new().chain_update(route).chain_update([0]).chain_update(body);
        Ok(Some(Repeatable {
            sender: self.claim("sub").unwrap_or("-").to_owned(),
            key: key.to_owned(),
            fingerprint: BASE64_URL_SAFE_NO_PAD.encode(asked.finalize()),
        }))
    }

    /// Whether the sender knows what is said of a thing by now; `None` if they do not say.
    ///
    /// A CDN that compresses makes an entity tag a weak one, so weak ones are taken, too.
    pub fn expects(&self, said: &str) -> Option<bool> {
        let mut known = self.entities(&IF_MATCH).peekable();
        known.peek()?;
        Some(known.any(|entity| {
            let part = entity.trim_matches('"').split_once('.').map(|(part, _)| part);
            entity == "*" || part == Some(said)
        }))
    }

    fn is_get(&self) -> bool {
        self.0.request_context.http.method == Method::GET
    }

    fn has_entity(&self, tag: &str) -> bool {
        self.entities(&IF_NONE_MATCH).any(|entity| entity == "*" || entity == tag)
    }

    /// The entity tags that a header lists, weak or not.
    fn entities(&self, header: &HeaderName) -> impl Iterator<Item = &str> {
        self.0
            .headers
            .get_all(header)
            .iter()
            .filter_map(|value| value.to_str().ok())
            .flat_map(|value| value.split(','))
            .map(|entity| entity.trim().trim_start_matches("W/"))
    }
}

/// JSON with the fields of each object in order, whatever order they came in.
fn sorted(value: Value) -> String {
    match value {
        Value::Object(fields) => {
            let fields: BTreeMap<_, _> = fields.into_iter().collect();
            let field = |(name, value)| format!("{}:{}", Value::String(name), sorted(value));
            format!("{{{}}}", fields.into_iter().map(field).collect::<Vec<_>>().join(","))
        }
        Value::Array(items) => {
            format!("[{}]", items.into_iter().map(sorted).collect::<Vec<_>>().join(","))
        }
        plain => plain.to_string(),
    }
}

/// A short text that is the same for the same bytes.
pub fn digest(bytes: impl AsRef<[u8]>) -> String {
    BASE64_URL_SAFE_NO_PAD.encode(&Sha256::digest(bytes)[..12])
}

/// A reply, and how long it may be kept.
#[derive(Debug)]
pub struct Reply {
    status: u16,
    headers: HeaderMap,
    cookies: Vec<String>,
    /// Tells what can be edited of the thing in the body; begins its entity tag.
    said: Option<String>,
    body: Option<Value>,
}

impl Reply {
    pub fn json(status: u16, body: Value) -> Self {
        Self { body: Some(body), ..Self::empty(status) }
    }

    pub fn empty(status: u16) -> Self {
        Self { status, headers: HeaderMap::new(), cookies: Vec::new(), said: None, body: None }
    }

    /// Has the entity tag tell what can be edited of the thing in the body.
    #[must_use]
    pub fn saying(self, said: String) -> Self {
        Self { said: Some(said), ..self }
    }

    #[must_use]
    pub fn cached(self, policy: &'static str) -> Self {
        self.header(CACHE_CONTROL, HeaderValue::from_static(policy))
    }

    #[must_use]
    pub fn located(self, path: &str) -> Self {
        let location = HeaderValue::from_str(path).expect("ids are visible ASCII");
        self.header(LOCATION, location)
    }

    /// Sets cookies, each as the value of a `Set-Cookie`.
    #[must_use]
    pub fn with_cookies(self, cookies: Vec<String>) -> Self {
        Self { cookies, ..self }
    }

    fn header(mut self, name: HeaderName, value: HeaderValue) -> Self {
        self.headers.insert(name, value);
        self
    }
}

/// The reply to a request, as API Gateway takes it.
///
/// A good reply to a GET carries an ETag of its body, and a client that has that body already is
/// told so with 304. So does one to an edit, which begins with what was edited.
pub fn respond(request: &Request, reply: Result<Reply, Problem>) -> ApiGatewayV2httpResponse {
    let (mut reply, media_type) = match reply {
        Ok(reply) => (reply, "application/json"),
        Err(problem) => (problem.reply(), "application/problem+json"),
    };
    let mut body = reply.body.map(|body| body.to_string());
    if reply.status == 200 && (request.is_get() || reply.said.is_some()) {
        let digest = digest(body.as_deref().unwrap_or_default());
        let tag = match &reply.said {
            Some(said) => format!("\"{said}.{digest}\""),
            None => format!("\"{digest}\""),
        };
        if request.is_get() && request.has_entity(&tag) {
            reply.status = 304;
            body = None;
        }
        let tag = HeaderValue::from_str(&tag).expect("base64 is visible ASCII");
        reply.headers.insert(ETAG, tag);
    }
    if body.is_some() {
        reply.headers.insert(CONTENT_TYPE, HeaderValue::from_static(media_type));
    }
    if !reply.headers.contains_key(CACHE_CONTROL) {
        reply.headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    }
    let mut response = ApiGatewayV2httpResponse::default();
    response.status_code = reply.status.into();
    response.headers = reply.headers;
    response.cookies = reply.cookies;
    response.body = body.map(Body::Text);
    response
}

/// An error's clause as a sentence: a capital first, a full stop last.
pub fn sentence(error: &impl ToString) -> String {
    let text = error.to_string();
    let mut letters = text.chars();
    let first = letters.next().into_iter().flat_map(char::to_uppercase);
    first.chain(letters).chain(['.']).collect()
}

/// A time as replies write it: RFC 3339 in UTC, with milliseconds where there are any.
pub fn utc(time: DateTime<Utc>) -> String {
    let whole = time.timestamp_subsec_millis() == 0;
    time.to_rfc3339_opts(if whole { SecondsFormat::Secs } else { SecondsFormat::Millis }, true)
}
