//! The logout endpoint: the login page forgets the user.
//! <https://docs.aws.amazon.com/cognito/latest/developerguide/logout-endpoint.html>

use std::sync::Arc;

use axum::extract::{RawQuery, State};
use axum::http::header::SET_COOKIE;
use axum::response::{IntoResponse as _, Response};

use super::authorize::redirect;
use super::client::is_known_client;
use super::login_page::refusal_page;
use super::parameters::Parameters;
use super::user_pool::UserPool;

/// `GET /logout`: leads to `logout_uri`, or with the parameters of the authorize endpoint to the login
/// page. The refresh token stays valid until it is revoked.
pub(super) async fn logout(
    State(pool): State<Arc<UserPool>>,
    RawQuery(query): RawQuery,
) -> Response {
    let query = query.unwrap_or_default();
    let parameters = match Parameters::parse(&query) {
        Ok(parameters) => parameters,
        Err(error) => return refusal_page(error.description),
    };
    if !is_known_client(parameters.get("client_id")) {
        return refusal_page("The client_id is missing or unknown.");
    }
    let target = match (parameters.get("logout_uri"), parameters.get("redirect_uri")) {
        (Some(url), _) if pool.client.allows_redirect(url) => url.to_owned(),
        (Some(_), _) => return refusal_page("The logout_uri is not registered."),
        (None, Some(_)) => format!("/login?{query}"),
        (None, None) => return refusal_page("The logout_uri is missing."),
    };
    let cookie = format!("{}=; Path=/; Max-Age=0; HttpOnly; SameSite=Lax", pool.login_cookie());
    ([(SET_COOKIE, cookie)], redirect(&target)).into_response()
}
