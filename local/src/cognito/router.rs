//! The routes of the pool's domain.

use std::sync::Arc;

use axum::Router;
use axum::routing::{get, post};
use tower_http::cors::{AllowHeaders, AllowMethods, AllowOrigin, CorsLayer};

use super::authorize::{authorize, login, show_login};
use super::discovery::{key_set, openid_configuration};
use super::logout::logout;
use super::token_endpoint::{revoke, token};
use super::user_pool::UserPool;

/// The endpoints of the pool. Scripts of any origin may call those that answer with JSON, as in a
/// deployment, where the pool has a domain of its own.
pub(crate) fn router(pool: Arc<UserPool>) -> Router {
    let cors = CorsLayer::new()
        .allow_origin(AllowOrigin::any())
        .allow_methods(AllowMethods::any())
        .allow_headers(AllowHeaders::any());
    Router::new()
        .route("/.well-known/openid-configuration", get(openid_configuration))
        .route("/.well-known/jwks.json", get(key_set))
        .route("/oauth2/token", post(token))
        .route("/oauth2/revoke", post(revoke))
        .layer(cors)
        .route("/oauth2/authorize", get(authorize))
        .route("/login", get(show_login).post(login))
        .route("/logout", get(logout))
        .with_state(pool)
}
