//! The check of signed cookies: without cookies for a competition, a viewer plays no clip of it.
//! <https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/private-content-signed-cookies.html>

use aws_lc_rs::signature::{ECDSA_P256_SHA256_ASN1, UnparsedPublicKey};
use axum::http::header::{CONTENT_TYPE, COOKIE};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use chrono::{DateTime, Utc};
use serde::Deserialize;

use super::private_library::{KEY_PAIR_ID, PrivateLibrary};

/// Why CloudFront refuses a request, by its error codes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Refusal {
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
    // CloudFront also accepts a policy without a resource. The product never signs one.
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

/// Checks the signed cookies of a request, as CloudFront does before anything else.
pub(super) fn check_cookies(
    library: &PrivateLibrary,
    url: &str,
    headers: &HeaderMap,
    now: DateTime<Utc>,
) -> Result<(), Refusal> {
    let cookie = |name| find_cookie(headers, name);
    let policy = cookie("CloudFront-Policy").ok_or(Refusal::MissingKey)?;
    let signature = cookie("CloudFront-Signature").ok_or(Refusal::MissingKey)?;
    let id = cookie("CloudFront-Key-Pair-Id").ok_or(Refusal::MissingKey)?;
    if id != KEY_PAIR_ID {
        return Err(Refusal::InvalidKey);
    }
    // Without this cookie CloudFront expects SHA-1. The product signs with SHA-256 only.
    if cookie("CloudFront-Hash-Algorithm") != Some("SHA256") {
        return Err(Refusal::AccessDenied);
    }
    let policy = decode_base64(policy).ok_or(Refusal::MalformedPolicy)?;
    let signature = decode_base64(signature).ok_or(Refusal::AccessDenied)?;
    UnparsedPublicKey::new(&ECDSA_P256_SHA256_ASN1, &library.public_key)
        .verify(&policy, &signature)
        .map_err(|_| Refusal::AccessDenied)?;
    if policy.iter().any(u8::is_ascii_whitespace) {
        return Err(Refusal::MalformedPolicy);
    }
    let policy: Policy = serde_json::from_slice(&policy).map_err(|_| Refusal::MalformedPolicy)?;
    let [Statement { resource, condition }] = policy.statement;
    let is_valid = now.timestamp() < condition.date_less_than.seconds;
    let is_covered = matches_pattern(resource.as_bytes(), url.as_bytes());
    if is_valid && is_covered { Ok(()) } else { Err(Refusal::AccessDenied) }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let body = format!(
            "<?xml version=\"1.0\" encoding=\"UTF-8\"?><Error><Code>{self:?}</Code></Error>"
        );
        (StatusCode::FORBIDDEN, [(CONTENT_TYPE, "text/xml")], body).into_response()
    }
}

fn find_cookie<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    let all = headers.get_all(COOKIE).iter().filter_map(|value| value.to_str().ok());
    let mut pairs = all.flat_map(|all| all.split(';')).filter_map(|it| it.trim().split_once('='));
    pairs.find(|(this, _)| *this == name).map(|(_, value)| value)
}

/// Decodes base64 in the alphabet that CloudFront uses in cookies.
fn decode_base64(text: &str) -> Option<Vec<u8>> {
    BASE64_STANDARD.decode(text.replace('-', "+").replace('_', "=").replace('~', "/")).ok()
}

/// Whether a text matches a pattern. `*` matches any characters, `?` matches one.
fn matches_pattern(pattern: &[u8], text: &[u8]) -> bool {
    match (pattern.split_first(), text.split_first()) {
        (None, None) => true,
        (Some((b'*', pattern)), _) => {
            (0..=text.len()).any(|skipped| matches_pattern(pattern, &text[skipped..]))
        }
        (Some((b'?', pattern)), Some((_, text))) => matches_pattern(pattern, text),
        (Some((a, pattern)), Some((b, text))) => a == b && matches_pattern(pattern, text),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use matchcut::viewer::CookieSigner;

    use super::*;

    #[test]
    fn wildcards_match_any_characters_or_one() {
        let check = |pattern: &str, text: &str, expected| {
            assert_eq!(
                matches_pattern(pattern.as_bytes(), text.as_bytes()),
                expected,
                "{pattern} {text}"
            );
        };
        check("http://a/*", "http://a/b/c.ts?m=1", true);
        check("http://a/*", "http://a/", true);
        check("http://a/*", "http://ab/", false);
        check("*/c.??", "http://a/c.ts", true);
        check("*/c.??", "http://a/c.mpd", false);
        check("http://a", "http://a/", false);
    }

    #[test]
    fn cookies_are_good_for_their_resource_until_they_expire() {
        let folder = tempfile::tempdir().unwrap();
        let library = PrivateLibrary::open(folder.path()).unwrap();
        let now = Utc::now();
        let later = now + chrono::TimeDelta::seconds(2);
        let resource = "http://cdn/vod/private/a/*";
        let own = CookieSigner::new(library.private_key(), KEY_PAIR_ID).unwrap();
        let url = "http://cdn/vod/private/a/x.ts?m=1";
        let admit = |cookies: &[(&str, String)], url: &str| {
            let all: Vec<_> =
                cookies.iter().map(|(name, value)| format!("{name}={value}")).collect();
            let headers = [(COOKIE, all.join("; ").parse().unwrap())].into_iter().collect();
            check_cookies(&library, url, &headers, now).map_err(|refusal| format!("{refusal:?}"))
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
        let elsewhere = CookieSigner::new(library.private_key(), "KOTHER").unwrap();
        assert_eq!(admit(&elsewhere.sign(resource, later), url), refused("InvalidKey"));
        let stranger = PrivateLibrary::open(tempfile::tempdir().unwrap().path()).unwrap();
        let forged = CookieSigner::new(stranger.private_key(), KEY_PAIR_ID).unwrap();
        assert_eq!(admit(&forged.sign(resource, later), url), refused("AccessDenied"));
        let kept = PrivateLibrary::open(folder.path()).unwrap();
        assert_eq!(kept.public_key, library.public_key);
    }
}
