//! A private library, as CloudFront guards it: who has no cookies for a competition plays nothing
//! of it.
//!
//! <https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/private-content-signed-cookies.html>

use std::path::Path;
use std::{fs, io};

use aws_lc_rs::hmac;
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_ASN1, ECDSA_P256_SHA256_ASN1_SIGNING, EcdsaKeyPair, KeyPair as _,
    UnparsedPublicKey,
};
use axum::http::header::{CONTENT_TYPE, COOKIE};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::gateway::write_secret;
use crate::secrets::secret_arn;

/// What CloudFront calls the public key.
const KEY_PAIR_ID: &str = "KLOCALMATCHCUT";

/// The name of the secret that holds the keys.
const SECRET: &str = "matchcut-playback";

/// The keys of a private library.
#[derive(Debug)]
pub(crate) struct Private {
    secret: Secret,
    public_key: Vec<u8>,
}

/// What Secrets Manager keeps, in the form that a deployment writes it.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Secret {
    private_key: String,
    seal_key: String,
}

/// What lies behind the path of a private library.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum OriginPath<'a> {
    /// At MediaPackage VOD, under `/out/v1/`.
    Media(&'a str),
    /// In the clip bucket, under `thumbnails/`.
    Thumbnail(&'a str),
}

/// Why CloudFront refuses, in its words.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Refusal {
    MissingKey,
    InvalidKey,
    MalformedPolicy,
    AccessDenied,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct Policy {
    statement: [Statement; 1],
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct Statement {
    // CloudFront takes a policy without one, for everything; ours never is.
    resource: String,
    condition: Condition,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct Condition {
    date_less_than: EpochTime,
}

#[derive(Deserialize)]
struct EpochTime {
    #[serde(rename = "AWS:EpochTime")]
    seconds: i64,
}

impl Private {
    /// Takes the keys of a data folder, or makes them.
    pub(crate) fn open(folder: &Path) -> io::Result<Self> {
        let path = folder.join("playback.json");
        let unusable = || io::Error::other("the playback key cannot be used; remove it");
        if !path.exists() {
            let key = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_ASN1_SIGNING);
            let der = key.and_then(|key| key.to_pkcs8v1()).map_err(|_| unusable())?;
            let text = BASE64_STANDARD.encode(der);
            let digits = |_| format!("{:016x}", fastrand::u64(..));
            let secret = Secret {
                private_key: format!(
                    "-----BEGIN PRIVATE KEY-----\n{text}\n-----END PRIVATE KEY-----\n"
                ),
                seal_key: (0..4).map(digits).collect(),
            };
            write_secret(&path, &serde_json::to_vec(&secret)?)?;
        }
        let secret: Secret = serde_json::from_slice(&fs::read(&path)?)?;
        let text: String = secret.private_key.lines().filter(|it| !it.starts_with('-')).collect();
        let der = BASE64_STANDARD.decode(text).map_err(|_| unusable())?;
        let key = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_ASN1_SIGNING, &der);
        let public_key = key.map_err(|_| unusable())?.public_key().as_ref().to_vec();
        Ok(Self { secret, public_key })
    }

    /// What a deployment tells the functions of a private library.
    pub(crate) fn variables(&self) -> [(&'static str, String); 4] {
        [
            ("PLAYBACK_KEY_SECRET_ARN", secret_arn(SECRET)),
            ("PLAYBACK_KEY_PAIR_ID", KEY_PAIR_ID.to_owned()),
            ("PLAYBACK_HOURS", "12".to_owned()),
            ("PLAYBACK_SEAL_KEY", self.secret.seal_key.clone()),
        ]
    }

    /// The secret's name and its text.
    pub(crate) fn secret(&self) -> (String, String) {
        (SECRET.to_owned(), json!(self.secret).to_string())
    }

    /// Checks the signed cookies of a request, as CloudFront does before anything else.
    pub(crate) fn admit(
        &self,
        url: &str,
        headers: &HeaderMap,
        now: DateTime<Utc>,
    ) -> Result<(), Refusal> {
        let cookie = |name| cookie(headers, name);
        let policy = cookie("CloudFront-Policy").ok_or(Refusal::MissingKey)?;
        let signature = cookie("CloudFront-Signature").ok_or(Refusal::MissingKey)?;
        let id = cookie("CloudFront-Key-Pair-Id").ok_or(Refusal::MissingKey)?;
        if id != KEY_PAIR_ID {
            return Err(Refusal::InvalidKey);
        }
        // Without the cookie it would be SHA-1, which no signature of ours is made with.
        if cookie("CloudFront-Hash-Algorithm") != Some("SHA256") {
            return Err(Refusal::AccessDenied);
        }
        let policy = decode(policy).ok_or(Refusal::MalformedPolicy)?;
        let signature = decode(signature).ok_or(Refusal::AccessDenied)?;
        UnparsedPublicKey::new(&ECDSA_P256_SHA256_ASN1, &self.public_key)
            .verify(&policy, &signature)
            .map_err(|_| Refusal::AccessDenied)?;
        if policy.iter().any(u8::is_ascii_whitespace) {
            return Err(Refusal::MalformedPolicy);
        }
        let policy: Policy =
            serde_json::from_slice(&policy).map_err(|_| Refusal::MalformedPolicy)?;
        let [Statement { resource, condition }] = policy.statement;
        let valid = now.timestamp() < condition.date_less_than.seconds;
        let covered = matches(resource.as_bytes(), url.as_bytes());
        if valid && covered { Ok(()) } else { Err(Refusal::AccessDenied) }
    }

    /// The path at the origin behind `/private/<path>`, if its seal ties the asset to the
    /// competition: the CloudFront Function of a private library.
    pub(crate) fn origin_path<'a>(&self, path: &'a str) -> Option<OriginPath<'a>> {
        if let Some((competition, rest)) = path.split_once("/thumbnails/") {
            let own = rest.strip_prefix(competition).is_some_and(|rest| rest.starts_with('/'));
            let plain = own && !competition.contains('/') && !rest.contains("/..");
            return plain.then_some(OriginPath::Thumbnail(rest));
        }
        let mut parts = path.splitn(4, '/');
        let (competition, seal) = (parts.next()?, parts.next()?);
        let rest = path.split_once("/out/v1/").map(|(_, rest)| rest)?;
        let (asset, _) = rest.split_once('/')?;
        if path != format!("{competition}/{seal}/out/v1/{rest}") {
            return None;
        }
        let key = hmac::Key::new(hmac::HMAC_SHA256, self.secret.seal_key.as_bytes());
        let tag = hmac::sign(&key, format!("{competition}/{asset}").as_bytes());
        let expected: String = tag.as_ref()[..16].iter().map(|it| format!("{it:02x}")).collect();
        (seal == expected).then_some(OriginPath::Media(rest))
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let body = format!(
            "<?xml version=\"1.0\" encoding=\"UTF-8\"?><Error><Code>{self:?}</Code></Error>"
        );
        (StatusCode::FORBIDDEN, [(CONTENT_TYPE, "text/xml")], body).into_response()
    }
}

fn cookie<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    let all = headers.get_all(COOKIE).iter().filter_map(|value| value.to_str().ok());
    let mut pairs = all.flat_map(|all| all.split(';')).filter_map(|it| it.trim().split_once('='));
    pairs.find(|(this, _)| *this == name).map(|(_, value)| value)
}

fn decode(text: &str) -> Option<Vec<u8>> {
    BASE64_STANDARD.decode(text.replace('-', "+").replace('_', "=").replace('~', "/")).ok()
}

/// Whether a text is what a pattern says, `*` standing for any letters and `?` for one.
fn matches(pattern: &[u8], text: &[u8]) -> bool {
    match (pattern.split_first(), text.split_first()) {
        (None, None) => true,
        (Some((b'*', pattern)), _) => {
            (0..=text.len()).any(|skipped| matches(pattern, &text[skipped..]))
        }
        (Some((b'?', pattern)), Some((_, text))) => matches(pattern, text),
        (Some((a, pattern)), Some((b, text))) => a == b && matches(pattern, text),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use matchcut::viewer::CookieSigner;

    use super::*;

    #[test]
    fn wildcards_stand_for_any_letters_or_for_one() {
        let check = |pattern: &str, text: &str, expected| {
            assert_eq!(matches(pattern.as_bytes(), text.as_bytes()), expected, "{pattern} {text}");
        };
        check("http://a/*", "http://a/b/c.ts?m=1", true);
        check("http://a/*", "http://a/", true);
        check("http://a/*", "http://ab/", false);
        check("*/c.??", "http://a/c.ts", true);
        check("*/c.??", "http://a/c.mpd", false);
        check("http://a", "http://a/", false);
    }

    #[test]
    fn cookies_open_what_they_name_for_as_long_as_they_say() {
        let folder = tempfile::tempdir().unwrap();
        let private = Private::open(folder.path()).unwrap();
        let now = Utc::now();
        let later = now + chrono::TimeDelta::seconds(2);
        let resource = "http://cdn/vod/private/a/*";
        let own = CookieSigner::new(&private.secret.private_key, KEY_PAIR_ID).unwrap();
        let url = "http://cdn/vod/private/a/x.ts?m=1";
        let admit = |cookies: &[(&str, String)], url: &str| {
            let all: Vec<_> =
                cookies.iter().map(|(name, value)| format!("{name}={value}")).collect();
            let headers = [(COOKIE, all.join("; ").parse().unwrap())].into_iter().collect();
            private.admit(url, &headers, now).map_err(|refusal| format!("{refusal:?}"))
        };
        let refused = |code: &str| Err(code.to_owned());
        let good = own.sign(resource, later);
        assert_eq!(admit(&good, url), Ok(()));
        assert_eq!(admit(&good, "http://cdn/vod/private/ab/x.ts"), refused("AccessDenied"));
        assert_eq!(admit(&good, "https://cdn/vod/private/a/x.ts"), refused("AccessDenied"));
        assert_eq!(admit(&own.sign(resource, now), url), refused("AccessDenied"));
        assert_eq!(admit(&good[1..], url), refused("MissingKey"));
        assert_eq!(admit(&good[..3], url), refused("AccessDenied"));
        let mut mixed = own.sign("http://cdn/*", later);
        mixed[1] = good[1].clone();
        assert_eq!(admit(&mixed, url), refused("AccessDenied"));
        let elsewhere = CookieSigner::new(&private.secret.private_key, "KOTHER").unwrap();
        assert_eq!(admit(&elsewhere.sign(resource, later), url), refused("InvalidKey"));
        let stranger = Private::open(tempfile::tempdir().unwrap().path()).unwrap();
        let forged = CookieSigner::new(&stranger.secret.private_key, KEY_PAIR_ID).unwrap();
        assert_eq!(admit(&forged.sign(resource, later), url), refused("AccessDenied"));
        let kept = Private::open(folder.path()).unwrap();
        assert_eq!(kept.public_key, private.public_key);
    }

    #[test]
    fn a_seal_is_good_for_its_asset_and_competition_only() {
        let private = Private {
            secret: Secret { private_key: String::new(), seal_key: "0".repeat(64) },
            public_key: Vec::new(),
        };
        let seal = "bfbe02c35fa2853c05533303bcad4152";
        let check = |path: &str, expected| {
            assert_eq!(private.origin_path(&path.replace("SEAL", seal)), expected, "{path}");
        };
        let rest = "1d9c5b7a/6e02f4/a81b3c/index.m3u8";
        check(&format!("100m-dash/SEAL/out/v1/{rest}"), Some(OriginPath::Media(rest)));
        let own = Some(OriginPath::Thumbnail("100m-dash/clip/0.jpg"));
        check("100m-dash/thumbnails/100m-dash/clip/0.jpg", own);
        check("100m-dash/thumbnails/200m/clip/0.jpg", None);
        check("100m-dash/thumbnails/100m-dash-2/clip/0.jpg", None);
        check("100m-dash/thumbnails/100m-dash/../200m/clip/0.jpg", None);
        check("x/100m-dash/thumbnails/100m-dash/clip/0.jpg", None);
        check(&format!("200m-dash/SEAL/out/v1/{rest}"), None);
        check("100m-dash/SEAL/out/v1/7b2e90d4/6e02f4/a81b3c/index.m3u8", None);
        check(&format!("100m-dash/out/v1/{rest}"), None);
        check(&format!("100m-dash/SEAL/x/out/v1/{rest}"), None);
        check("100m-dash/SEAL/out/v1/1d9c5b7a", None);
        check("", None);
    }
}
