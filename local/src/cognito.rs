//! Cognito: issues access tokens for operators and viewers, signed with RS256.

use std::path::{Path, PathBuf};
use std::{fs, io};

use aws_lc_rs::encoding::AsDer as _;
use aws_lc_rs::rsa::{KeyPair, KeySize};
use aws_lc_rs::signature::KeyPair as _;
use axum::http::HeaderValue;
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use chrono::{TimeDelta, Utc};
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, Validation};
use serde_json::{Value, json};

use crate::secret_file::write_secret;

const ISSUER: &str = "matchcut-local";

/// One year, so that scripts can keep the token of a data folder.
const LIFETIME: TimeDelta = TimeDelta::days(365);

/// Issues and checks access tokens with the key of a data folder.
#[derive(Clone)]
pub(crate) struct Tokens {
    signing: EncodingKey,
    checking: DecodingKey,
}

/// The result of a token check.
#[derive(Debug, PartialEq)]
pub(crate) enum Access {
    /// The token is valid and has a scope of the route. Holds the token's claims.
    Granted(Value),
    /// There is no token, or it is expired or not signed with the key.
    Unauthorized,
    /// The token is valid, but has no scope of the route.
    Forbidden,
}

#[derive(Debug, thiserror::Error)]
pub enum TokenError {
    #[error("could not read or write {}", .path.display())]
    Io {
        path: PathBuf,
        #[source]
        source: io::Error,
    },
    #[error("{} has no usable RSA key; delete it to generate a new one", .0.display())]
    Key(PathBuf),
    #[error("could not sign an access token")]
    Sign(#[source] jsonwebtoken::errors::Error),
}

impl std::fmt::Debug for Tokens {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Tokens").finish_non_exhaustive()
    }
}

impl Tokens {
    /// Reads the key of a data folder. If there is none, it is generated.
    pub(crate) fn open(folder: &Path) -> Result<Self, TokenError> {
        let path = folder.join("issuer.der");
        let failed = |source| TokenError::Io { path: path.clone(), source };
        let unusable = || TokenError::Key(path.clone());
        if !path.exists() {
            let key = KeyPair::generate(KeySize::Rsa2048).map_err(|_| unusable())?;
            let der = key.as_der().map_err(|_| unusable())?;
            write_secret(&path, der.as_ref()).map_err(failed)?;
        }
        let der = fs::read(&path).map_err(failed)?;
        let key = KeyPair::from_pkcs8(&der).map_err(|_| unusable())?;
        Ok(Self {
            signing: EncodingKey::from_rsa_pem(encode_pem(&der).as_bytes())
                .map_err(|_| unusable())?,
            checking: DecodingKey::from_rsa_der(key.public_key().as_ref()),
        })
    }

    /// Reads the token of a subject from a data folder. If there is none, or it is expired or lacks
    /// one of the scopes, a new one is issued. `scope` is a list with spaces.
    pub(crate) fn open_token(
        &self,
        folder: &Path,
        subject: &str,
        scope: &str,
    ) -> Result<String, TokenError> {
        let path = folder.join(format!("{subject}.token"));
        if let Ok(token) = fs::read_to_string(&path) {
            let grants = |scope: &str| {
                matches!(self.check_token(token.trim(), &[scope.to_owned()]), Access::Granted(_))
            };
            if scope.split(' ').all(grants) {
                return Ok(token.trim().to_owned());
            }
        }
        let token = self.issue(subject, scope, LIFETIME)?;
        write_secret(&path, token.as_bytes()).map_err(|source| TokenError::Io { path, source })?;
        Ok(token)
    }

    /// Issues an access token with the claims of Cognito's access tokens.
    pub(crate) fn issue(
        &self,
        subject: &str,
        scope: &str,
        lifetime: TimeDelta,
    ) -> Result<String, TokenError> {
        let now = Utc::now();
        let claims = json!({
            "sub": subject,
            "iss": ISSUER,
            "client_id": "local",
            "token_use": "access",
            "scope": scope,
            "iat": now.timestamp(),
            "exp": (now + lifetime).timestamp(),
        });
        let header = Header::new(Algorithm::RS256);
        jsonwebtoken::encode(&header, &claims, &self.signing).map_err(TokenError::Sign)
    }

    /// Checks an `Authorization` header as the JWT authorizer of an HTTP API does. One of the route's
    /// scopes is enough.
    /// <https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-jwt-authorizer.html>
    pub(crate) fn check_authorization(
        &self,
        authorization: Option<&HeaderValue>,
        scopes: &[String],
    ) -> Access {
        let token = authorization
            .and_then(|value| value.to_str().ok())
            .and_then(|value| value.strip_prefix("Bearer "));
        token.map_or(Access::Unauthorized, |token| self.check_token(token.trim(), scopes))
    }

    fn check_token(&self, token: &str, scopes: &[String]) -> Access {
        let mut validation = Validation::new(Algorithm::RS256);
        validation.set_issuer(&[ISSUER]);
        validation.set_required_spec_claims(&["exp", "iss"]);
        validation.leeway = 0;
        validation.validate_aud = false;
        let Ok(token) = jsonwebtoken::decode::<Value>(token, &self.checking, &validation) else {
            return Access::Unauthorized;
        };
        let granted = token.claims["scope"].as_str().unwrap_or_default();
        if granted.split(' ').any(|granted| scopes.iter().any(|scope| scope == granted)) {
            Access::Granted(token.claims)
        } else {
            Access::Forbidden
        }
    }
}

/// Encodes a key as PEM. The JWT library reads PKCS #8 in no other form.
fn encode_pem(pkcs8: &[u8]) -> String {
    let text = BASE64_STANDARD.encode(pkcs8);
    format!("-----BEGIN PRIVATE KEY-----\n{text}\n-----END PRIVATE KEY-----\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_valid_tokens_with_a_scope_of_the_route_are_granted() {
        let folder = tempfile::tempdir().unwrap();
        let tokens = Tokens::open(folder.path()).unwrap();
        let scopes = ["clips.edit".to_owned(), "clips.write".to_owned()];
        let check = |token: &str, expected: &str| {
            let header = HeaderValue::from_str(token).unwrap();
            let access = match tokens.check_authorization(Some(&header), &scopes) {
                Access::Granted(claims) => claims["sub"].to_string(),
                other => format!("{other:?}"),
            };
            assert_eq!(access, expected, "{token}");
        };
        let issue = |scope, lifetime| tokens.issue("ann", scope, lifetime).unwrap();
        let good = issue("clips.read clips.write", TimeDelta::hours(1));
        check(&format!("Bearer {good}"), "\"ann\"");
        check(&good, "Unauthorized");
        check("Bearer ", "Unauthorized");
        check(&format!("Bearer {}", &good[..good.len() - 4]), "Unauthorized");
        check(&format!("Bearer {}", issue("clips.write", TimeDelta::hours(-1))), "Unauthorized");
        check(&format!("Bearer {}", issue("clips.writer", TimeDelta::hours(1))), "Forbidden");
        assert_eq!(tokens.check_authorization(None, &scopes), Access::Unauthorized);

        let stranger = Tokens::open(tempfile::tempdir().unwrap().path()).unwrap();
        let forged = stranger.issue("eve", "clips.write", TimeDelta::hours(1)).unwrap();
        check(&format!("Bearer {forged}"), "Unauthorized");
    }

    #[test]
    fn a_token_is_kept_in_the_data_folder() {
        let folder = tempfile::tempdir().unwrap();
        let token = || {
            let tokens = Tokens::open(folder.path()).unwrap();
            tokens.open_token(folder.path(), "operator", "clips.write").unwrap()
        };
        assert_eq!(token(), token());
    }
}
