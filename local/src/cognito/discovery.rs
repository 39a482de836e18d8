//! The documents by which a client finds the endpoints and the key.
//! <https://docs.aws.amazon.com/cognito/latest/developerguide/federation-endpoints.html>

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use serde_json::{Value, json};

use super::user_pool::UserPool;

/// `GET /.well-known/openid-configuration`
pub(super) async fn openid_configuration(State(pool): State<Arc<UserPool>>) -> Json<Value> {
    let issuer = &pool.tokens.issuer;
    Json(json!({
        "issuer": issuer,
        "authorization_endpoint": format!("{issuer}/oauth2/authorize"),
        "token_endpoint": format!("{issuer}/oauth2/token"),
        "revocation_endpoint": format!("{issuer}/oauth2/revoke"),
        "end_session_endpoint": format!("{issuer}/logout"),
        "jwks_uri": format!("{issuer}/.well-known/jwks.json"),
        "response_types_supported": ["code"],
        "grant_types_supported": ["authorization_code", "refresh_token", "client_credentials"],
        "code_challenge_methods_supported": ["S256"],
        "token_endpoint_auth_methods_supported": ["none", "client_secret_basic", "client_secret_post"],
        "subject_types_supported": ["public"],
        "id_token_signing_alg_values_supported": ["RS256"],
        "scopes_supported": pool.client.scopes,
    }))
}

/// `GET /.well-known/jwks.json`
pub(super) async fn key_set(State(pool): State<Arc<UserPool>>) -> Json<Value> {
    Json(pool.tokens.key_set())
}
