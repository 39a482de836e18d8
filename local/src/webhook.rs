//! Subscribers to change events, each with its own queue and secret. And the webhook that receives
//! marks.

use std::fs;
use std::io;
use std::path::Path;

use aws_lc_rs::rand::fill;
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use matchcut::config::Variables;
use url::Url;

use crate::account::CHANNEL;
use crate::secret_file::write_secret;
use crate::secretsmanager::secret_arn;
use crate::sqs::queue_url;

/// A subscriber: the URL of a `--webhook` option, with its secret and its queue.
#[derive(Clone, Debug)]
pub struct Webhook {
    pub url: Url,
    /// The secret that signs its webhook messages.
    pub secret: String,
    /// The name of its queue and of its secret in Secrets Manager.
    pub(crate) name: String,
}

/// The webhook that receives marks: its URL for the channel, and the secret that senders sign with.
#[derive(Clone, Debug)]
pub struct MarksWebhook {
    pub url: String,
    pub secret: String,
}

impl MarksWebhook {
    /// The name of its secret in Secrets Manager.
    const NAME: &str = "matchcut-marks-webhook";

    /// Reads the secret from a data folder. If there is none, it is generated. `site` is the URL of the
    /// pages.
    pub(crate) fn open(folder: &Path, site: &str) -> io::Result<Self> {
        let secret = open_secret(folder, Self::NAME)?;
        Ok(Self { url: format!("{site}/api/webhooks/marks/{CHANNEL}"), secret })
    }

    /// The secret's name and text.
    pub(crate) fn secret(&self) -> (String, String) {
        (Self::NAME.to_owned(), self.secret.clone())
    }

    /// The environment variable of `receive-marks`.
    pub(crate) fn variable() -> (&'static str, String) {
        ("MARKS_WEBHOOK_SECRET_ARN", secret_arn(Self::NAME))
    }
}

/// Reads a secret from a data folder. If there is none, it is generated.
fn open_secret(folder: &Path, name: &str) -> io::Result<String> {
    let path = folder.join(format!("{name}.secret"));
    if !path.exists() {
        let mut bytes = [0; 32];
        let filled = fill(&mut bytes);
        filled.map_err(|_| io::Error::other("the system returned no random bytes"))?;
        let secret = format!("whsec_{}", BASE64_STANDARD.encode(bytes));
        write_secret(&path, secret.as_bytes())?;
    }
    fs::read_to_string(path)
}

impl Webhook {
    /// Reads the subscriber's secret from a data folder. If there is none, it is generated.
    pub(crate) fn open(folder: &Path, url: &Url) -> io::Result<Self> {
        let digest = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, url.as_str().as_bytes());
        let id: String = digest.as_ref()[..4].iter().map(|byte| format!("{byte:02x}")).collect();
        let name = format!("matchcut-webhook-{id}");
        Ok(Self { url: url.clone(), secret: open_secret(folder, &name)?, name })
    }

    /// The secret's name and text.
    pub(crate) fn secret(&self) -> (String, String) {
        (self.name.clone(), self.secret.clone())
    }

    /// The environment variables of its `deliver-webhook`. `sqs` is the base URL of SQS.
    pub fn variables(&self, sqs: &str) -> Variables {
        [
            ("WEBHOOK_URL", self.url.to_string()),
            ("WEBHOOK_SECRET_ARN", secret_arn(&self.name)),
            ("WEBHOOK_QUEUE_URL", queue_url(sqs, &self.name)),
        ]
        .into_iter()
        .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_subscriber_keeps_its_own_secret() {
        let folder = tempfile::tempdir().unwrap();
        let open = |url: &str| Webhook::open(folder.path(), &url.parse().unwrap()).unwrap();
        let (one, other) = (open("http://localhost:1/"), open("http://localhost:2/"));
        assert_eq!(one.secret, open("http://localhost:1/").secret);
        assert_ne!(one.secret, other.secret);
        assert_ne!(one.name, other.name);
        assert!(one.secret.starts_with("whsec_"));
    }
}
