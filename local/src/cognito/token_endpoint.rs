//! The token endpoint and the revocation endpoint.
//! <https://docs.aws.amazon.com/cognito/latest/developerguide/token-endpoint.html>
//! <https://docs.aws.amazon.com/cognito/latest/developerguide/revocation-endpoint.html>

use std::sync::Arc;

use aws_lc_rs::constant_time::verify_slices_are_equal;
use aws_lc_rs::digest::{SHA256, digest};
use axum::Json;
use axum::extract::State;
use axum::http::header::{AUTHORIZATION, CACHE_CONTROL, CONTENT_TYPE, WWW_AUTHENTICATE};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse as _, Response};
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use chrono::Utc;
use serde_json::Value;

use super::client::is_known_client;
use super::codes::Redeemed;
use super::parameters::{OAuthError, Parameters};
use super::user_pool::{TokenGrant, UserPool};

/// Why a token request has no token as its reply.
enum Failure {
    Refused(OAuthError),
    /// The client is unknown, or its secret is wrong.
    Client,
    /// The data folder could not be written, or a token could not be signed.
    Broken,
}

impl From<OAuthError> for Failure {
    fn from(error: OAuthError) -> Self {
        Self::Refused(error)
    }
}

/// `POST /oauth2/token`
pub(super) async fn token(
    State(pool): State<Arc<UserPool>>,
    headers: HeaderMap,
    body: String,
) -> Response {
    let reply = parse_form(&headers, &body).map_err(Failure::from).and_then(|form| {
        let Some((id, secret)) = read_credentials(&headers, &form)? else {
            return answer_grant(&pool, &form);
        };
        answer_machine(&pool, &form, &id, &secret)
    });
    match reply {
        Ok(reply) => ([(CACHE_CONTROL, "no-store")], Json(reply)).into_response(),
        Err(Failure::Client) => refuse_secret(),
        Err(Failure::Refused(error)) => error.into_response(),
        Err(Failure::Broken) => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
    }
}

/// `POST /oauth2/revoke`: ends the session of a refresh token.
pub(super) async fn revoke(
    State(pool): State<Arc<UserPool>>,
    headers: HeaderMap,
    body: String,
) -> Response {
    if headers.contains_key(AUTHORIZATION) {
        return refuse_secret();
    }
    let form = match parse_form(&headers, &body) {
        Ok(form) => form,
        Err(error) => return error.into_response(),
    };
    if let Err(error) = check_client(&form) {
        return error.into_response();
    }
    match form.required("token", "The token is missing.") {
        Err(error) => error.into_response(),
        Ok(token) if pool.tokens.verify(token).is_some() => {
            let description = "Only refresh tokens can be revoked.";
            OAuthError { code: "unsupported_token_type", description }.into_response()
        }
        // An unknown token is as good as a revoked one (RFC 7009, section 2.2).
        Ok(token) => match pool.sessions.revoke(token) {
            Ok(()) => StatusCode::OK.into_response(),
            Err(_) => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
        },
    }
}

/// Refuses a client whose id or secret is wrong (RFC 6749, section 5.2).
fn refuse_secret() -> Response {
    let description = "The client is unknown, has no secret, or has another secret.";
    let error = OAuthError { code: "invalid_client", description };
    (StatusCode::UNAUTHORIZED, [(WWW_AUTHENTICATE, "Basic")], error).into_response()
}

/// Parses a form.
fn parse_form(headers: &HeaderMap, body: &str) -> Result<Parameters, OAuthError> {
    let media_type = headers.get(CONTENT_TYPE).and_then(|it| it.to_str().ok()).unwrap_or_default();
    let media_type = media_type.split(';').next().unwrap_or_default().trim();
    if !media_type.eq_ignore_ascii_case("application/x-www-form-urlencoded") {
        let description = "The content type must be application/x-www-form-urlencoded.";
        return Err(OAuthError::invalid_request(description));
    }
    Parameters::parse(body)
}

/// Checks that a request without a secret is one of the pages' client.
fn check_client(form: &Parameters) -> Result<(), OAuthError> {
    if is_known_client(form.get("client_id")) {
        return Ok(());
    }
    let description = "The client_id is missing or unknown.";
    Err(OAuthError { code: "invalid_client", description })
}

/// The id and secret of a client, from `Authorization: Basic` or from the form.
fn read_credentials(
    headers: &HeaderMap,
    form: &Parameters,
) -> Result<Option<(String, String)>, Failure> {
    if let Some(value) = headers.get(AUTHORIZATION) {
        let text = value.to_str().ok().and_then(|value| value.strip_prefix("Basic "));
        let text = text.and_then(|text| BASE64_STANDARD.decode(text).ok());
        let text = text.and_then(|text| String::from_utf8(text).ok());
        let pair = text.as_deref().and_then(|text| text.split_once(':'));
        let (id, secret) = pair.ok_or(Failure::Client)?;
        if form.get("client_id").is_some_and(|other| other != id) {
            return Err(Failure::Client);
        }
        return Ok(Some((id.to_owned(), secret.to_owned())));
    }
    let Some(secret) = form.get("client_secret") else { return Ok(None) };
    let id = form.get("client_id").ok_or(Failure::Client)?;
    Ok(Some((id.to_owned(), secret.to_owned())))
}

/// Issues a token to a machine. Without `scope`, it has all scopes of the client.
fn answer_machine(
    pool: &UserPool,
    form: &Parameters,
    id: &str,
    secret: &str,
) -> Result<Value, Failure> {
    let machine = pool.machines.iter().find(|it| it.id == id && it.has_secret(secret));
    let machine = machine.ok_or(Failure::Client)?;
    if form.required("grant_type", "The grant_type is missing.")? != "client_credentials" {
        let description = "The grant_type of a machine must be client_credentials.";
        return Err(OAuthError { code: "unauthorized_client", description }.into());
    }
    let scope = form.get("scope").map_or_else(|| machine.scopes.join(" "), str::to_owned);
    if !scope.split(' ').all(|scope| machine.scopes.iter().any(|allowed| allowed == scope)) {
        let description = "The client may not ask for one of the scopes.";
        return Err(OAuthError { code: "invalid_scope", description }.into());
    }
    pool.machine_reply(machine, &scope).map_err(|_| Failure::Broken)
}

fn answer_grant(pool: &UserPool, form: &Parameters) -> Result<Value, Failure> {
    check_client(form)?;
    match form.required("grant_type", "The grant_type is missing.")? {
        "authorization_code" => redeem_code(pool, form),
        "refresh_token" => refresh(pool, form),
        "client_credentials" => {
            let description =
                "The client has no secret. The option --machine makes a client with one.";
            Err(OAuthError { code: "unauthorized_client", description }.into())
        }
        _ => {
            let description = "The grant_type must be authorization_code or refresh_token.";
            Err(OAuthError { code: "unsupported_grant_type", description }.into())
        }
    }
}

fn redeem_code(pool: &UserPool, form: &Parameters) -> Result<Value, Failure> {
    let code = form.required("code", "The code is missing.")?;
    let redirect_uri = form.required("redirect_uri", "The redirect_uri is missing.")?;
    let verifier = form.required("code_verifier", "The code_verifier is missing.")?;
    if !(43..=128).contains(&verifier.len()) {
        let description = "The code_verifier must have 43 to 128 characters.";
        return Err(OAuthError::invalid_request(description).into());
    }
    let grant = match pool.codes.redeem(code, Utc::now()) {
        Redeemed::Granted(grant) => grant,
        Redeemed::Again(session) => {
            if let Some(session) = session {
                pool.sessions.end(&session).map_err(|_| Failure::Broken)?;
            }
            return Err(OAuthError::invalid_grant("The code was used before.").into());
        }
        Redeemed::Unknown => {
            return Err(OAuthError::invalid_grant("The code is unknown or expired.").into());
        }
    };
    if grant.redirect_uri != redirect_uri {
        let description = "The redirect_uri is not that of the authorization request.";
        return Err(OAuthError::invalid_grant(description).into());
    }
    let challenge = digest(&SHA256, verifier.as_bytes());
    if verify_slices_are_equal(challenge.as_ref(), &grant.challenge).is_err() {
        return Err(OAuthError::invalid_grant("The code_verifier is wrong.").into());
    }
    let (session, refresh_token) = pool
        .sessions
        .start(grant.user.clone(), grant.scope.clone(), grant.auth_time)
        .map_err(|_| Failure::Broken)?;
    pool.codes.record_session(code, &session);
    let granted = TokenGrant {
        user: &grant.user,
        scope: &grant.scope,
        auth_time: grant.auth_time,
        nonce: grant.nonce.as_deref(),
    };
    pool.token_reply(&granted, &refresh_token).map_err(|_| Failure::Broken)
}

fn refresh(pool: &UserPool, form: &Parameters) -> Result<Value, Failure> {
    let token = form.required("refresh_token", "The refresh_token is missing.")?;
    let rotated = pool.sessions.rotate(token, Utc::now()).map_err(|_| Failure::Broken)?;
    let Some((session, refresh_token)) = rotated else {
        let description = "The refresh_token is unknown, expired, revoked or was used before.";
        return Err(OAuthError::invalid_grant(description).into());
    };
    let granted = TokenGrant {
        user: &session.user,
        scope: &session.scope,
        auth_time: session.auth_time,
        nonce: None,
    };
    pool.token_reply(&granted, &refresh_token).map_err(|_| Failure::Broken)
}
