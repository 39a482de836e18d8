//! Reads the requests that API Gateway passes to the routes.
//!
//! The events have payload format 2.0:
//! <https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-develop-integrations-lambda.html>

use std::collections::BTreeMap;
use std::str::FromStr;

use aws_lambda_events::apigw::ApiGatewayV2httpRequest;
use base64::Engine as _;
use base64::prelude::{BASE64_STANDARD, BASE64_URL_SAFE_NO_PAD};
use http::header::{IF_MATCH, IF_NONE_MATCH};
use http::{HeaderName, Method};
use serde_json::Value;
use sha2::{Digest as _, Sha256};

use super::{Problem, ProblemKind};
use crate::error::format_sentence;
use crate::library::IdempotentRequest;

/// Largest body of a request, in bytes.
const MAX_BODY_SIZE: usize = 64 << 10;

/// <https://datatracker.ietf.org/doc/html/draft-ietf-httpapi-idempotency-key-header-07>
const IDEMPOTENCY_KEY: HeaderName = HeaderName::from_static("idempotency-key");
/// Longest idempotency key, in characters.
const MAX_KEY_LENGTH: usize = 255;

/// Longest name of an operator in replies, in characters.
const MAX_OPERATOR_LENGTH: usize = 200;

/// A request, as a route reads it.
#[derive(Debug)]
pub struct Request(ApiGatewayV2httpRequest);

impl From<ApiGatewayV2httpRequest> for Request {
    fn from(event: ApiGatewayV2httpRequest) -> Self {
        Self(event)
    }
}

impl Request {
    /// Parses a parameter of the path.
    pub fn path_parameter<T: FromStr<Err: ToString>>(&self, name: &str) -> Result<T, Problem> {
        let text = self.0.path_parameters.get(name).map_or("", String::as_str);
        text.parse().map_err(|error: T::Err| Problem::invalid_field(name, format_sentence(&error)))
    }

    /// The first value of a parameter of the query.
    pub fn query_parameter(&self, name: &str) -> Option<&str> {
        self.0.query_string_parameters.first(name)
    }

    /// The names of the parameters of the query.
    pub fn query_parameter_names(&self) -> impl Iterator<Item = &str> {
        self.0.query_string_parameters.iter().map(|(name, _)| name)
    }

    /// Checks that the query has only these parameters.
    pub fn check_query_parameters(&self, known: &[&str]) -> Result<(), Problem> {
        let unknown = self.query_parameter_names().find(|name| !known.contains(name));
        let Some(unknown) = unknown else { return Ok(()) };
        let detail = match known {
            [only] => format!("Unknown parameter. The known parameter is {only}."),
            _ => format!("Unknown parameter. The known parameters are {}.", known.join(", ")),
        };
        Err(Problem::invalid_field(unknown, detail))
    }

    /// The parameter `limit` of the query: from 1 to `max`.
    pub fn limit(&self, default: usize, max: usize) -> Result<usize, Problem> {
        let Some(text) = self.query_parameter("limit") else { return Ok(default) };
        text.parse().ok().filter(|limit| (1..=max).contains(limit)).ok_or_else(|| {
            let detail = format!("This must be a whole number from 1 to {max}.");
            Problem::invalid_field("limit", detail)
        })
    }

    /// The value of a header, if it is text.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.0.headers.get(name)?.to_str().ok()
    }

    /// A claim of the access token. API Gateway has verified the token.
    pub fn claim(&self, name: &str) -> Option<&str> {
        let jwt = self.0.request_context.authorizer.as_ref()?.jwt.as_ref()?;
        jwt.claims.get(name).map(String::as_str)
    }

    /// The name of the operator who sends the request.
    ///
    /// On AWS, users sign in with their e-mail address and `username` is a random id, so
    /// `scope-token` adds the claim `name` to the token.
    pub fn operator(&self) -> Option<String> {
        let names = ["name", "username", "sub"].into_iter().filter_map(|name| self.claim(name));
        let name = names.map(str::trim).find(|name| !name.is_empty())?;
        Some(name.chars().take(MAX_OPERATOR_LENGTH).collect())
    }

    /// Logs a request that may have changed something, with the id of the operator who sent it.
    pub(super) fn log_write(&self, status: i64) {
        let may_write = self.claim("scope").is_some_and(|scopes| scopes.contains(".write"));
        let Some(operator) = self.claim("sub").filter(|_| may_write && !self.is_get()) else {
            return;
        };
        let http = &self.0.request_context.http;
        let path = http.path.as_deref().unwrap_or_default();
        tracing::info!(
            operator.id = operator,
            "operator {operator} sent {} {path}: status {status}",
            http.method
        );
    }

    /// The body, of at most 64 KiB. It may be empty.
    pub fn body(&self) -> Result<Vec<u8>, Problem> {
        self.body_up_to(MAX_BODY_SIZE)
    }

    /// The body, of at most `max_size` bytes.
    pub fn body_up_to(&self, max_size: usize) -> Result<Vec<u8>, Problem> {
        let text = self.0.body.as_deref().unwrap_or_default();
        let bytes = if self.0.is_base64_encoded {
            BASE64_STANDARD.decode(text).map_err(|_| {
                Problem::new(ProblemKind::MalformedBody, "The body is not valid base64.")
            })?
        } else {
            text.as_bytes().to_vec()
        };
        if bytes.len() > max_size {
            return Err(Problem::new(
                ProblemKind::BodyTooLarge,
                format!("The body has {} bytes. At most {max_size} are allowed.", bytes.len()),
            ));
        }
        Ok(bytes)
    }

    /// The idempotency key, sender and fingerprint of the request. `None` without a key.
    pub fn idempotent_request(&self) -> Result<Option<IdempotentRequest>, Problem> {
        let Some(key) = self.0.headers.get(IDEMPOTENCY_KEY) else { return Ok(None) };
        let usable = |key: &&str| {
            let visible = key.bytes().all(|byte| byte.is_ascii_graphic());
            (1..=MAX_KEY_LENGTH).contains(&key.len()) && visible
        };
        let key = key.to_str().ok().map(str::trim).filter(usable).ok_or_else(|| {
            let detail = format!("This must be 1 to {MAX_KEY_LENGTH} visible ASCII characters.");
            Problem::invalid_field("Idempotency-Key", detail)
        })?;
        let body = self.body()?;
        // The order of the fields and white space do not matter.
        let body =
            serde_json::from_slice::<Value>(&body).map_or(body, |it| canonical(it).into_bytes());
        let route = self.0.route_key.as_deref().unwrap_or_default();
        let digest = Sha256::new().chain_update(route).chain_update([0]).chain_update(body);
        Ok(Some(IdempotentRequest {
            sender: self.claim("sub").unwrap_or("-").to_owned(),
            key: key.to_owned(),
            fingerprint: BASE64_URL_SAFE_NO_PAD.encode(digest.finalize()),
        }))
    }

    /// Whether `If-Match` names this digest of the editable fields. `None` without `If-Match`.
    ///
    /// The digest may be a whole entity tag, as in the field `etag`, or the part of an `ETag` before
    /// the dot. Weak entity tags match, too: a CDN that compresses a reply makes its entity tag weak.
    pub fn matches_edit_digest(&self, edit_digest: &str) -> Option<bool> {
        let mut known = self.entities(&IF_MATCH).peekable();
        known.peek()?;
        Some(known.any(|entity| {
            let part = entity.trim_matches('"').split('.').next();
            entity == "*" || part == Some(edit_digest)
        }))
    }

    pub(super) fn is_get(&self) -> bool {
        self.0.request_context.http.method == Method::GET
    }

    /// Whether the client already has the entity with this tag.
    pub(super) fn has_entity(&self, tag: &str) -> bool {
        self.entities(&IF_NONE_MATCH).any(|entity| entity == "*" || entity == tag)
    }

    /// The entity tags of a header, without their weakness.
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

/// Formats JSON with the fields of each object sorted by name.
fn canonical(value: Value) -> String {
    match value {
        Value::Object(fields) => {
            let fields: BTreeMap<_, _> = fields.into_iter().collect();
            let field = |(name, value)| format!("{}:{}", Value::String(name), canonical(value));
            format!("{{{}}}", fields.into_iter().map(field).collect::<Vec<_>>().join(","))
        }
        Value::Array(items) => {
            format!("[{}]", items.into_iter().map(canonical).collect::<Vec<_>>().join(","))
        }
        plain => plain.to_string(),
    }
}
