//! The parameters of OAuth requests, and the errors of OAuth replies.

use std::collections::BTreeMap;

use axum::Json;
use axum::http::StatusCode;
use axum::http::header::CACHE_CONTROL;
use axum::response::{IntoResponse, Response};
use serde_json::json;

/// An error as RFC 6749 defines it: at the token endpoint in section 5.2, in a redirect in 4.1.2.1.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct OAuthError {
    pub(super) code: &'static str,
    /// A sentence for the developer of the client.
    pub(super) description: &'static str,
}

impl OAuthError {
    pub(super) const fn invalid_request(description: &'static str) -> Self {
        Self { code: "invalid_request", description }
    }

    pub(super) const fn invalid_grant(description: &'static str) -> Self {
        Self { code: "invalid_grant", description }
    }
}

impl IntoResponse for OAuthError {
    fn into_response(self) -> Response {
        let body = json!({ "error": self.code, "error_description": self.description });
        (StatusCode::BAD_REQUEST, [(CACHE_CONTROL, "no-store")], Json(body)).into_response()
    }
}

/// The parameters of a query or a form.
#[derive(Debug)]
pub(super) struct Parameters(BTreeMap<String, String>);

impl Parameters {
    /// Parses `application/x-www-form-urlencoded`. A parameter without a value counts as omitted, and
    /// one that is repeated makes the request invalid (RFC 6749, section 3.1).
    pub(super) fn parse(text: &str) -> Result<Self, OAuthError> {
        let mut all = BTreeMap::new();
        for (name, value) in url::form_urlencoded::parse(text.as_bytes()) {
            if !value.is_empty() && all.insert(name.into_owned(), value.into_owned()).is_some() {
                return Err(OAuthError::invalid_request("A parameter is repeated."));
            }
        }
        Ok(Self(all))
    }

    pub(super) fn get(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(String::as_str)
    }

    pub(super) fn required(&self, name: &str, missing: &'static str) -> Result<&str, OAuthError> {
        self.get(name).ok_or(OAuthError::invalid_request(missing))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn empty_parameters_are_omitted_and_repeated_ones_are_refused() {
        let parameters = Parameters::parse("a=1&b=&c=x+%26").unwrap();
        assert_eq!(parameters.get("a"), Some("1"));
        assert_eq!(parameters.get("b"), None);
        assert_eq!(parameters.get("c"), Some("x &"));
        assert_eq!(Parameters::parse("a=1&a=1").unwrap_err().code, "invalid_request");
    }
}
