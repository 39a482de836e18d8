//! Signs cookies for CloudFront, with ECDSA and SHA-256.
//!
//! The AWS SDK for Rust has no signer, and the only crate supports only RSA with SHA-1.
//! <https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/private-content-setting-signed-cookie-custom-policy.html>

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{ECDSA_P256_SHA256_ASN1_SIGNING, EcdsaKeyPair};
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use chrono::{DateTime, Utc};
use serde::Serialize;

/// Signs with a private key whose public key is in a key group of CloudFront.
#[derive(Debug)]
pub struct CookieSigner {
    key: EcdsaKeyPair,
    /// The id of the public key in CloudFront.
    key_pair_id: String,
}

/// The cookies that grant access to a resource: names and values.
pub type SignedCookies = [(&'static str, String); 4];

#[derive(Debug, thiserror::Error)]
pub enum KeyError {
    #[error("the playback key is not PEM")]
    Pem(#[source] base64::DecodeError),
    #[error("the playback key is not a P-256 key in PKCS #8: {0}")]
    Key(aws_lc_rs::error::KeyRejected),
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Policy<'a> {
    statement: [Statement<'a>; 1],
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Statement<'a> {
    resource: &'a str,
    condition: Condition,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Condition {
    date_less_than: EpochTime,
}

#[derive(Serialize)]
struct EpochTime {
    #[serde(rename = "AWS:EpochTime")]
    seconds: i64,
}

impl CookieSigner {
    /// Parses a private key: PEM with PKCS #8.
    pub fn new(pem: &str, key_pair_id: &str) -> Result<Self, KeyError> {
        let base64: String =
            pem.lines().map(str::trim).filter(|line| !line.starts_with("-----")).collect();
        let der = BASE64_STANDARD.decode(base64).map_err(KeyError::Pem)?;
        let key = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_ASN1_SIGNING, &der);
        Ok(Self { key: key.map_err(KeyError::Key)?, key_pair_id: key_pair_id.to_owned() })
    }

    /// Signs the cookies that grant access to a resource until a time. The resource may contain
    /// wildcards.
    pub fn sign(&self, resource: &str, until: DateTime<Utc>) -> SignedCookies {
        let policy = format_policy(resource, until);
        let signature = self.key.sign(&SystemRandom::new(), policy.as_bytes());
        let signature = signature.expect("ECDSA signs any message");
        [
            ("CloudFront-Policy", encode(policy.as_bytes())),
            ("CloudFront-Signature", encode(signature.as_ref())),
            ("CloudFront-Key-Pair-Id", self.key_pair_id.clone()),
            // Without this cookie, CloudFront verifies the signature with SHA-1.
            ("CloudFront-Hash-Algorithm", "SHA256".to_owned()),
        ]
    }
}

/// Formats a custom policy. CloudFront requires it to have no white space. Without a resource, it
/// would grant access to everything that the key group protects.
fn format_policy(resource: &str, until: DateTime<Utc>) -> String {
    let condition = Condition { date_less_than: EpochTime { seconds: until.timestamp() } };
    let policy = Policy { statement: [Statement { resource, condition }] };
    serde_json::to_string(&policy).expect("texts and a number can be formatted as JSON")
}

/// Encodes base64, with the three characters replaced that are not allowed in a cookie.
fn encode(bytes: &[u8]) -> String {
    BASE64_STANDARD.encode(bytes).replace('+', "-").replace('=', "_").replace('/', "~")
}

#[cfg(test)]
mod tests {
    use aws_lc_rs::signature::{
        ECDSA_P256_SHA256_ASN1, EcdsaKeyPair, KeyPair as _, UnparsedPublicKey,
    };

    use super::*;

    fn pem() -> String {
        let key =
            EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_ASN1_SIGNING, &SystemRandom::new());
        let text = BASE64_STANDARD.encode(key.unwrap());
        let (first, rest) = text.split_at(64);
        format!("-----BEGIN PRIVATE KEY-----\n{first}\n{rest}\n-----END PRIVATE KEY-----\n")
    }

    fn at(seconds: i64) -> DateTime<Utc> {
        DateTime::from_timestamp(seconds, 0).unwrap()
    }

    #[test]
    fn a_policy_names_its_resource_and_its_end_without_white_space() {
        assert_eq!(
            format_policy("https://cdn.example.com/vod/private/100m-dash/*", at(1_580_740_378)),
            r#"{"Statement":[{"Resource":"https://cdn.example.com/vod/private/100m-dash/*","Condition":{"DateLessThan":{"AWS:EpochTime":1580740378}}}]}"#
        );
    }

    #[test]
    fn letters_that_do_not_belong_in_a_cookie_are_replaced() {
        let check = |bytes: &[u8], expected| assert_eq!(encode(bytes), expected);
        check(b"", "");
        check(b"a", "YQ__");
        check(b"ab", "YWI_");
        check(b"abc", "YWJj");
        check(&[0xfb, 0xef, 0xbe], "----");
        check(&[0xff, 0xff, 0xff], "~~~~");
        check(&[0xfb, 0xff], "-~8_");
    }

    #[test]
    fn the_signature_is_the_keys_own_over_the_policy() {
        let signer = CookieSigner::new(&pem(), "K2JCJMDEHXQW5F").unwrap();
        let cookies = signer.sign("https://cdn.example.com/*", at(1_580_740_378));
        assert_eq!(
            cookies.each_ref().map(|(name, _)| *name),
            [
                "CloudFront-Policy",
                "CloudFront-Signature",
                "CloudFront-Key-Pair-Id",
                "CloudFront-Hash-Algorithm"
            ]
        );
        let [policy, signature, id, algorithm] = cookies.map(|(_, value)| value);
        assert_eq!((id.as_str(), algorithm.as_str()), ("K2JCJMDEHXQW5F", "SHA256"));
        let decode = |text: &str| {
            let text = text.replace('-', "+").replace('_', "=").replace('~', "/");
            BASE64_STANDARD.decode(text).unwrap()
        };
        let public = signer.key.public_key().as_ref();
        let public = UnparsedPublicKey::new(&ECDSA_P256_SHA256_ASN1, public);
        public.verify(&decode(&policy), &decode(&signature)).unwrap();
    }

    #[test]
    fn other_keys_are_refused_without_being_shown() {
        let check = |pem: &str, expected| {
            let error = CookieSigner::new(pem, "K").unwrap_err().to_string();
            assert!(error.starts_with(expected), "{error}");
        };
        check("", "the playback key is not a P-256 key");
        check("secret!", "the playback key is not PEM");
        let p384 = &aws_lc_rs::signature::ECDSA_P384_SHA384_ASN1_SIGNING;
        let der = EcdsaKeyPair::generate_pkcs8(p384, &SystemRandom::new()).unwrap();
        check(&BASE64_STANDARD.encode(der), "the playback key is not a P-256 key");
    }
}
