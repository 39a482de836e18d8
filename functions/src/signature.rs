//! Signs webhook messages, and checks the signatures of others.
//! <https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md>

use std::ops::RangeInclusive;
use std::str::FromStr;

use aws_lc_rs::hmac;
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;

/// The lengths of a secret that the specification allows, in bytes.
const SECRET_BYTES: RangeInclusive<usize> = 24..=64;

/// Most signatures of one message that are checked. A sender that changes its secret sends two.
const MAX_SIGNATURES: usize = 8;

/// Signs with one secret, or with several while a receiver changes from one to another.
#[derive(Clone, Debug)]
pub struct Signer(Vec<hmac::Key>);

// The message does not quote the secret.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "the secret of a webhook must be whsec_ and 24 to 64 bytes in base64; separate several by spaces"
)]
pub struct SecretError;

#[derive(Debug, thiserror::Error)]
pub enum ReadSecretError {
    #[error("could not read the secret of the webhook")]
    Read(#[source] Box<aws_sdk_secretsmanager::Error>),
    #[error("the secret of the webhook has no text")]
    Empty,
    #[error("the secret of the webhook is invalid")]
    Invalid(#[from] SecretError),
}

impl FromStr for Signer {
    type Err = SecretError;

    fn from_str(text: &str) -> Result<Self, SecretError> {
        let key = |secret: &str| {
            let bytes = secret.strip_prefix("whsec_").map(|text| BASE64_STANDARD.decode(text));
            let bytes = bytes.ok_or(SecretError)?.map_err(|_| SecretError)?;
            let allowed = SECRET_BYTES.contains(&bytes.len());
            allowed.then(|| hmac::Key::new(hmac::HMAC_SHA256, &bytes)).ok_or(SecretError)
        };
        let keys: Vec<_> = text.split_whitespace().map(key).collect::<Result<_, _>>()?;
        if keys.is_empty() { Err(SecretError) } else { Ok(Self(keys)) }
    }
}

impl Signer {
    /// Reads the secrets of a webhook from Secrets Manager.
    pub async fn read(
        secrets: &aws_sdk_secretsmanager::Client,
        secret_arn: &str,
    ) -> Result<Self, ReadSecretError> {
        let response = secrets.get_secret_value().secret_id(secret_arn).send().await;
        let value = response.map_err(|error| ReadSecretError::Read(Box::new(error.into())))?;
        Ok(value.secret_string().ok_or(ReadSecretError::Empty)?.parse()?)
    }

    /// Returns the value of the header `webhook-signature`.
    pub fn sign(&self, id: &str, timestamp: i64, body: &str) -> String {
        let content = format!("{id}.{timestamp}.{body}");
        let sign = |key| BASE64_STANDARD.encode(hmac::sign(key, content.as_bytes()));
        let signatures: Vec<_> = self.0.iter().map(|key| format!("v1,{}", sign(key))).collect();
        signatures.join(" ")
    }

    /// Whether one of the signatures in the header `webhook-signature` is of one of the secrets. The
    /// comparison takes the same time for each wrong signature.
    pub fn verify(&self, id: &str, timestamp: &str, body: &[u8], signatures: &str) -> bool {
        let content = [id.as_bytes(), timestamp.as_bytes(), body].join(&b'.');
        let signatures = signatures.split_ascii_whitespace();
        let mut signatures = signatures
            .filter_map(|signature| signature.strip_prefix("v1,"))
            .filter_map(|signature| BASE64_STANDARD.decode(signature).ok())
            .take(MAX_SIGNATURES);
        signatures.any(|tag| self.0.iter().any(|key| hmac::verify(key, &content, &tag).is_ok()))
    }
}

#[cfg(test)]
mod tests {
    use std::iter::repeat_n;

    use chrono::Utc;
    use standardwebhooks::Webhook;

    use super::*;

    fn secret(bytes: usize) -> String {
        let bytes: Vec<u8> = repeat_n(7, bytes).collect();
        format!("whsec_{}", BASE64_STANDARD.encode(bytes))
    }

    #[test]
    fn a_receiver_with_the_secret_and_no_other_believes_it() {
        let (old, new, other) = (secret(24), secret(64), secret(32));
        let signer: Signer = format!("{new} {old}").parse().unwrap();
        let (id, now, body) = ("msg_1", Utc::now().timestamp(), r#"{"type":"clip.ready"}"#);
        let headers = [
            ("webhook-id", id.to_owned()),
            ("webhook-timestamp", now.to_string()),
            ("webhook-signature", signer.sign(id, now, body)),
        ];
        let headers = headers
            .into_iter()
            .map(|(name, value)| (http::HeaderName::from_static(name), value.parse().unwrap()));
        let headers = headers.collect();
        let verify = |secret: &str, body: &str| {
            Webhook::new(secret).unwrap().verify(body.as_bytes(), &headers).is_ok()
        };
        assert!(verify(&old, body) && verify(&new, body));
        assert!(!verify(&other, body) && !verify(&new, "{}"));
    }

    #[test]
    fn a_message_of_a_sender_with_one_of_the_secrets_is_believed() {
        let (old, new, other) = (secret(24), secret(64), secret(32));
        let signer: Signer = format!("{new} {old}").parse().unwrap();
        let (id, timestamp, body) = ("msg_1", 1_580_736_658, r#"{"type":"goal"}"#);
        let sign =
            |secret: &str| Webhook::new(secret).unwrap().sign(id, timestamp, body.as_bytes());
        let verify = |id: &str, timestamp: &str, body: &str, signatures: &str| {
            signer.verify(id, timestamp, body.as_bytes(), signatures)
        };
        let (old, new, other) = (sign(&old).unwrap(), sign(&new).unwrap(), sign(&other).unwrap());
        let both = format!("v1a,AAAA v1,! {other} {new}");
        for good in [&old, &new, &both] {
            assert!(verify(id, "1580736658", body, good), "{good}");
        }
        let bare = old.trim_start_matches("v1,");
        for wrong in ["", "v1,", "v1", &other, bare, &old[..old.len() - 4]] {
            assert!(!verify(id, "1580736658", body, wrong), "{wrong}");
        }
        assert!(!verify("msg_2", "1580736658", body, &old));
        assert!(!verify(id, "1580736659", body, &old));
        assert!(!verify(id, "1580736658", "{}", &old));
    }

    #[test]
    fn a_secret_of_another_form_is_refused() {
        let short = secret(23);
        let bare = secret(32).replace("whsec_", "");
        for wrong in ["", " ", "whsec_", "whsec_!", &short, &secret(65), &bare] {
            assert_eq!(wrong.parse::<Signer>().unwrap_err(), SecretError, "{wrong}");
        }
    }
}
