//! Refuses requests that did not come through the CDN.

use aws_lambda_events::apigw::{ApiGatewayV2httpRequest, ApiGatewayV2httpResponse};
use sha2::{Digest as _, Sha256};

use super::{Problem, ProblemKind, Request, respond};
use crate::config::{ConfigError, Variables};

/// The header that the CDN adds to each request.
pub const ORIGIN_HEADER: &str = "x-matchcut-origin";

/// The values of [`ORIGIN_HEADER`] that are accepted.
///
/// API Gateway's own address is public, and a request to it passes no firewall and no cache. So the
/// functions behind routes without a token refuse it. API Gateway itself guards the other routes:
/// their functions get no secret, because a template may have 60 references to secrets at most.
/// <https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/dynamic-references.html>
#[derive(Clone, Debug)]
pub struct OriginCheck {
    /// The digests of the values. Comparing digests takes the same time for any wrong value.
    /// Without any, every request is accepted.
    accepted: Vec<[u8; 32]>,
}

impl OriginCheck {
    /// `ORIGIN_SECRETS` has two values with a space between them: the one that the CDN sends, and the
    /// one that it will send after the next rotation.
    pub fn new(variables: &Variables) -> Result<Self, ConfigError> {
        let secrets = variables.optional::<String>("ORIGIN_SECRETS")?.unwrap_or_default();
        let secrets = secrets.split_ascii_whitespace();
        Ok(Self { accepted: secrets.map(|secret| Sha256::digest(secret).into()).collect() })
    }

    /// The refusal of a request that did not come through the CDN.
    pub fn refuse(&self, event: &ApiGatewayV2httpRequest) -> Option<ApiGatewayV2httpResponse> {
        let sent = event.headers.get(ORIGIN_HEADER).map_or(&[][..], |value| value.as_bytes());
        let sent: [u8; 32] = Sha256::digest(sent).into();
        if self.accepted.is_empty() || self.accepted.contains(&sent) {
            return None;
        }
        let detail = "Send the request to the address of the pages, not to API Gateway's.";
        let problem = Problem::new(ProblemKind::Forbidden, detail);
        Some(respond(&Request::from(event.clone()), Err(problem)))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[track_caller]
    fn check(secrets: &str, header: Option<&str>, is_refused: bool) {
        let variables: Variables = [("ORIGIN_SECRETS", secrets)].into_iter().collect();
        let headers = header.map_or_else(|| json!({}), |value| json!({ ORIGIN_HEADER: value }));
        let event = serde_json::from_value(json!({
            "headers": headers,
            "requestContext": { "http": { "method": "GET" } },
        }));
        let refusal = OriginCheck::new(&variables).unwrap().refuse(&event.unwrap());
        let expected = is_refused.then_some(403);
        assert_eq!(refusal.map(|it| it.status_code), expected, "{secrets:?} {header:?}");
    }

    #[test]
    fn only_requests_with_a_secret_of_the_cdn_are_accepted() {
        check("now next", Some("now"), false);
        check("now next", Some("next"), false);
        check("now next", Some("now next"), true);
        check("now next", Some(""), true);
        check("now next", None, true);
        check("now ", None, true);
        check("", None, false);
    }
}
