//! The pool's tokens, signed with RS256, and the check of access tokens at the API.

use std::path::{Path, PathBuf};
use std::{fs, io};

use aws_lc_rs::encoding::AsDer as _;
use aws_lc_rs::rsa::{KeyPair, KeySize};
use aws_lc_rs::signature::KeyPair as _;
use axum::http::HeaderValue;
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use chrono::{TimeDelta, Utc};
use jsonwebtoken::jwk::{Jwk, PublicKeyUse, ThumbprintHash};
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, Validation};
use serde_json::{Value, json};

use super::random::random_id;
use crate::secret_file::write_secret;

/// Issues and checks tokens with the key of a data folder.
#[derive(Clone)]
pub(crate) struct Tokens {
    signing: EncodingKey,
    checking: DecodingKey,
    /// The public key, as the key set shows it.
    jwk: Jwk,
    pub(super) issuer: String,
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
    ///
    /// `issuer` is the URL of the stand-in. Tokens of another issuer are not valid: the key set of
    /// another port is not the one of this process.
    pub(crate) fn open(folder: &Path, issuer: &str) -> Result<Self, TokenError> {
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
        let signing = EncodingKey::from_rsa_pem(encode_pem(&der).as_bytes());
        let signing = signing.map_err(|_| unusable())?;
        let mut jwk = Jwk::from_encoding_key(&signing, Algorithm::RS256).map_err(|_| unusable())?;
        jwk.common.public_key_use = Some(PublicKeyUse::Signature);
        jwk.common.key_id = Some(jwk.thumbprint(ThumbprintHash::SHA256).map_err(|_| unusable())?);
        let checking = DecodingKey::from_rsa_der(key.public_key().as_ref());
        Ok(Self { signing, checking, jwk, issuer: issuer.to_owned() })
    }

    /// The key set that clients check tokens with.
    pub(super) fn key_set(&self) -> Value {
        json!({ "keys": [self.jwk] })
    }

    /// Signs a token with these claims and those that every token has.
    pub(super) fn sign(
        &self,
        mut claims: Value,
        lifetime: TimeDelta,
    ) -> Result<String, TokenError> {
        let now = Utc::now();
        claims["iss"] = self.issuer.as_str().into();
        claims["jti"] = random_id().into();
        claims["iat"] = now.timestamp().into();
        claims["exp"] = (now + lifetime).timestamp().into();
        let header =
            Header { kid: self.jwk.common.key_id.clone(), ..Header::new(Algorithm::RS256) };
        jsonwebtoken::encode(&header, &claims, &self.signing).map_err(TokenError::Sign)
    }

    /// The claims of a token, if it is valid.
    pub(super) fn verify(&self, token: &str) -> Option<Value> {
        let mut validation = Validation::new(Algorithm::RS256);
        validation.set_issuer(&[&self.issuer]);
        validation.set_required_spec_claims(&["exp", "iss"]);
        validation.leeway = 0;
        validation.validate_aud = false;
        let token = jsonwebtoken::decode::<Value>(token, &self.checking, &validation);
        token.ok().map(|token| token.claims)
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
        let Some(claims) = self.verify(token) else { return Access::Unauthorized };
        let granted = claims["scope"].as_str().unwrap_or_default();
        if granted.split(' ').any(|granted| scopes.iter().any(|scope| scope == granted)) {
            Access::Granted(claims)
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

    const ISSUER: &str = "http://127.0.0.1:8080";

    #[test]
    fn only_valid_tokens_with_a_scope_of_the_route_are_granted() {
        let folder = tempfile::tempdir().unwrap();
        let tokens = Tokens::open(folder.path(), ISSUER).unwrap();
        let scopes = ["clips.edit".to_owned(), "clips.write".to_owned()];
        let check = |token: &str, expected: &str| {
            let header = HeaderValue::from_str(token).unwrap();
            let access = match tokens.check_authorization(Some(&header), &scopes) {
                Access::Granted(claims) => claims["sub"].to_string(),
                other => format!("{other:?}"),
            };
            assert_eq!(access, expected, "{token}");
        };
        let issue = |tokens: &Tokens, scope, hours| {
            let claims = json!({ "sub": "ann", "scope": scope });
            tokens.sign(claims, TimeDelta::hours(hours)).unwrap()
        };
        let good = issue(&tokens, "clips.read clips.write", 1);
        check(&format!("Bearer {good}"), "\"ann\"");
        check(&good, "Unauthorized");
        check("Bearer ", "Unauthorized");
        check(&format!("Bearer {}", &good[..good.len() - 4]), "Unauthorized");
        check(&format!("Bearer {}", issue(&tokens, "clips.write", -1)), "Unauthorized");
        check(&format!("Bearer {}", issue(&tokens, "clips.writer", 1)), "Forbidden");
        assert_eq!(tokens.check_authorization(None, &scopes), Access::Unauthorized);

        let stranger = Tokens::open(tempfile::tempdir().unwrap().path(), ISSUER).unwrap();
        check(&format!("Bearer {}", issue(&stranger, "clips.write", 1)), "Unauthorized");
        let elsewhere = Tokens::open(folder.path(), "http://127.0.0.1:8081").unwrap();
        check(&format!("Bearer {}", issue(&elsewhere, "clips.write", 1)), "Unauthorized");
    }

    #[test]
    fn the_key_set_has_the_key_that_a_token_names() {
        let folder = tempfile::tempdir().unwrap();
        let tokens = Tokens::open(folder.path(), ISSUER).unwrap();
        let token = tokens.sign(json!({ "sub": "ann" }), TimeDelta::hours(1)).unwrap();
        let keys: jsonwebtoken::jwk::JwkSet = serde_json::from_value(tokens.key_set()).unwrap();
        let id = jsonwebtoken::decode_header(&token).unwrap().kid.unwrap();
        let key = DecodingKey::from_jwk(keys.find(&id).unwrap()).unwrap();
        let claims =
            jsonwebtoken::decode::<Value>(&token, &key, &Validation::new(Algorithm::RS256));
        assert_eq!(claims.unwrap().claims["sub"], "ann");
    }
}
