//! The authorize and login endpoints: they bring the browser back to the page with a code.
//!
//! The stand-in listens on loopback only. So it signs in the operator without a question, unless the
//! request asks for the login page.
//! <https://docs.aws.amazon.com/cognito/latest/developerguide/authorization-endpoint.html>
//! <https://docs.aws.amazon.com/cognito/latest/developerguide/login-endpoint.html>

use std::sync::Arc;

use axum::extract::{RawQuery, State};
use axum::http::header::{CACHE_CONTROL, COOKIE, LOCATION, SET_COOKIE};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse as _, Response};
use chrono::{TimeDelta, Utc};

use super::authorization_request::{AuthorizationRequest, Refusal};
use super::codes::Grant;
use super::login_page::{login_page, refusal_page};
use super::parameters::Parameters;
use super::user::User;
use super::user_pool::UserPool;

/// How long the login page remembers a user: Cognito's session cookie is valid for an hour.
const LOGIN_LIFETIME: TimeDelta = TimeDelta::hours(1);

/// `GET /oauth2/authorize`
pub(super) async fn authorize(
    State(pool): State<Arc<UserPool>>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Response {
    let query = query.unwrap_or_default();
    let request = match AuthorizationRequest::parse(&query, &pool.client) {
        Ok(request) => request,
        Err(refusal) => return refuse(&refusal),
    };
    if request.needs_login {
        return redirect(&format!("/login?{query}"));
    }
    let cookie = find_cookie(&headers, &pool.login_cookie());
    let login = cookie.and_then(|cookie| pool.read_login(cookie));
    let (user, auth_time) = login.unwrap_or_else(|| (User::operator(), Utc::now().timestamp()));
    redirect_with_code(&pool, &request, user, auth_time)
}

/// `GET /login`
pub(super) async fn show_login(
    State(pool): State<Arc<UserPool>>,
    RawQuery(query): RawQuery,
) -> Response {
    let query = query.unwrap_or_default();
    match AuthorizationRequest::parse(&query, &pool.client) {
        Ok(request) => login_page(&query, request.login_hint.as_deref(), "", &pool.client.origins),
        Err(refusal) => refuse(&refusal),
    }
}

/// `POST /login`
pub(super) async fn login(
    State(pool): State<Arc<UserPool>>,
    RawQuery(query): RawQuery,
    form: String,
) -> Response {
    let query = query.unwrap_or_default();
    let request = match AuthorizationRequest::parse(&query, &pool.client) {
        Ok(request) => request,
        Err(refusal) => return refuse(&refusal),
    };
    let user = Parameters::parse(&form)
        .ok()
        .and_then(|form| User::parse(form.get("username").unwrap_or_default(), form.get("group")?));
    let Some(user) = user else {
        let problem = "Type a name of at most 128 characters.";
        return login_page(&query, None, problem, &pool.client.origins);
    };
    let Ok(cookie) = pool.issue_login(&user, LOGIN_LIFETIME) else {
        return StatusCode::INTERNAL_SERVER_ERROR.into_response();
    };
    let cookie = format!(
        "{}={cookie}; Path=/; Max-Age={}; HttpOnly; SameSite=Lax",
        pool.login_cookie(),
        LOGIN_LIFETIME.num_seconds()
    );
    let reply = redirect_with_code(&pool, &request, user, Utc::now().timestamp());
    ([(SET_COOKIE, cookie)], reply).into_response()
}

fn redirect_with_code(
    pool: &UserPool,
    request: &AuthorizationRequest,
    user: User,
    auth_time: i64,
) -> Response {
    let grant = Grant {
        user,
        auth_time,
        redirect_uri: request.redirect_uri().to_owned(),
        challenge: request.challenge.clone(),
        scope: request.scope.clone(),
        nonce: request.nonce.clone(),
    };
    let code = pool.codes.issue(grant, Utc::now());
    redirect(&request.redirect_with_code(&code))
}

fn refuse(refusal: &Refusal) -> Response {
    match refusal {
        Refusal::Page(reason) => refusal_page(reason),
        Refusal::Redirect(url) => redirect(url),
    }
}

/// Leads the browser to a URL, which must be a registered redirect URI or a path of the stand-in.
pub(super) fn redirect(url: &str) -> Response {
    (StatusCode::FOUND, [(LOCATION, url), (CACHE_CONTROL, "no-store")]).into_response()
}

fn find_cookie<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    let all = headers.get_all(COOKIE).iter().filter_map(|value| value.to_str().ok());
    let mut pairs = all.flat_map(|all| all.split(';')).filter_map(|it| it.trim().split_once('='));
    pairs.find(|(this, _)| *this == name).map(|(_, value)| value)
}
