//! The queue of a subscriber: each change of a clip's state is posted to its webhook.
//!
//! <https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md>

use std::sync::Arc;
use std::time::Duration;

use aws_config::SdkConfig;
use aws_lambda_events::sqs::{SqsEvent, SqsMessage};
use chrono::{DateTime, Utc};
use lambda_runtime::Diagnostic;
use reqwest::header::{CONTENT_TYPE, RETRY_AFTER};
use reqwest::redirect::Policy;
use reqwest::{Response, StatusCode};
use serde::Deserialize;
use serde_json::{Value, json};
use tokio::sync::OnceCell;
use url::{Host, Url};

use super::signature::{SecretError, Signer};
use crate::clip::{ClipId, CompetitionId};
use crate::config::{ConfigError, Variables};
use crate::error;
use crate::library::Status;

/// How long a receiver may take to answer.
const PATIENCE: Duration = Duration::from_secs(10);

/// The pauses between tries, in seconds; the last is kept to.
const PAUSES: [u32; 7] = [5, 30, 120, 600, 1800, 3600, 7200];

/// The longest pause that a receiver may ask for.
const LONGEST_PAUSE: u32 = 7200;

/// Everything `deliver-webhook` needs, built once per cold start.
#[derive(Clone, Debug)]
pub struct DeliverWebhook {
    url: Url,
    queue_url: String,
    secret_arn: String,
    http: reqwest::Client,
    sqs: aws_sdk_sqs::Client,
    secrets: aws_sdk_secretsmanager::Client,
    signer: Arc<OnceCell<Signer>>,
}

#[derive(Debug, thiserror::Error)]
pub enum DeliverWebhookError {
    #[error("could not read the webhook's secret")]
    ReadSecret(#[source] Box<aws_sdk_secretsmanager::Error>),
    #[error("the webhook's secret has no text")]
    NoSecret,
    #[error("could not use the webhook's secret")]
    Secret(#[from] SecretError),
    #[error("{host} did not take {id}")]
    Unreachable {
        host: String,
        id: String,
        #[source]
        source: reqwest::Error,
    },
    #[error("{host} answered {status} to {id}")]
    Refused { host: String, id: String, status: StatusCode },
}

impl From<DeliverWebhookError> for Diagnostic {
    fn from(failure: DeliverWebhookError) -> Self {
        let name = match failure {
            DeliverWebhookError::ReadSecret(_)
            | DeliverWebhookError::NoSecret
            | DeliverWebhookError::Secret(_) => "Secret",
            DeliverWebhookError::Unreachable { .. } => "Unreachable",
            DeliverWebhookError::Refused { .. } => "Refused",
        };
        error::diagnostic(name, &failure)
    }
}

/// EventBridge's event, as the queue carries it.
#[derive(Deserialize)]
struct StateChanged {
    detail: Value,
}

/// What has to be known of the clip.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Change {
    competition: CompetitionId,
    clip: ClipId,
    status: Status,
    updated_at: DateTime<Utc>,
}

/// What is posted.
#[derive(Debug)]
pub struct Notice {
    /// The same for each try of one change, so that a receiver can tell it had it.
    pub id: String,
    pub body: String,
}

impl DeliverWebhook {
    pub fn new(sdk: &SdkConfig, variables: &Variables) -> Result<Self, ConfigError> {
        let url: Url = variables.parsed("WEBHOOK_URL")?;
        if url.scheme() != "https" && !(url.scheme() == "http" && is_loopback(&url)) {
            let reason = "it has to begin with https://".to_owned();
            return Err(ConfigError::Invalid { name: "WEBHOOK_URL", reason });
        }
        let http = reqwest::Client::builder()
            .timeout(PATIENCE)
            // What is signed is for the receiver that was subscribed, and for no other.
            .redirect(Policy::none())
            .user_agent(concat!("matchcut/", env!("CARGO_PKG_VERSION")))
            .build()
            .map_err(ConfigError::Http)?;
        Ok(Self {
            url,
            queue_url: variables.required("WEBHOOK_QUEUE_URL")?.to_owned(),
            secret_arn: variables.required("WEBHOOK_SECRET_ARN")?.to_owned(),
            http,
            sqs: aws_sdk_sqs::Client::new(sdk),
            secrets: aws_sdk_secretsmanager::Client::new(sdk),
            signer: Arc::default(),
        })
    }

    /// Reads the secret, so that no message waits for it.
    pub async fn warm_up(&self) {
        if let Err(failure) = self.signer().await {
            // The first message tries again, and tells why it cannot be posted.
            tracing::warn!("{}", error::chain(&failure));
        }
    }

    /// Posts the messages of a batch, which has one.
    ///
    /// An error has the queue give the message once more, after a pause that grows with each try.
    pub async fn handle(&self, batch: SqsEvent) -> Result<(), DeliverWebhookError> {
        for message in batch.records {
            let notice = match message.body.as_deref().map(Notice::parse).transpose() {
                Ok(Some(notice)) => notice,
                Ok(None) => continue,
                Err(reason) => {
                    tracing::error!("a message of the queue is no change of a clip: {reason}");
                    continue;
                }
            };
            let mut asked = None;
            let posted = self.post(&notice, &mut asked, Utc::now()).await;
            if posted.is_err() {
                self.put_off(&message, asked).await;
            }
            posted?;
        }
        Ok(())
    }

    /// Posts a notice; `asked` is the pause that a receiver asks for that cannot take it now.
    async fn post(
        &self,
        Notice { id, body }: &Notice,
        asked: &mut Option<u32>,
        now: DateTime<Utc>,
    ) -> Result<(), DeliverWebhookError> {
        let timestamp = now.timestamp();
        let signature = self.signer().await?.sign(id, timestamp, body);
        let request = self
            .http
            .post(self.url.clone())
            .header(CONTENT_TYPE, "application/json")
            .header("webhook-id", id)
            .header("webhook-timestamp", timestamp)
            .header("webhook-signature", signature)
            .body(body.clone());
        let host = self.url.host_str().unwrap_or_default();
        let answer = request.send().await.map_err(|source| {
            let (host, id) = (host.to_owned(), id.clone());
            // The URL may hold what only the two of us should know.
            DeliverWebhookError::Unreachable { host, id, source: source.without_url() }
        })?;
        // Its body is not read: whatever it says, the status decides.
        match answer.status() {
            status if status.is_success() => {
                tracing::info!("{host} took {id}");
                Ok(())
            }
            StatusCode::GONE => {
                tracing::warn!("{host} does not want {id}: it should not be subscribed any more");
                Ok(())
            }
            status => {
                *asked = pause_asked_for(&answer);
                Err(DeliverWebhookError::Refused { host: host.to_owned(), id: id.clone(), status })
            }
        }
    }

    /// Has the queue wait with the message; if that fails it comes sooner, after the queue's own
    /// timeout.
    async fn put_off(&self, message: &SqsMessage, asked: Option<u32>) {
        let seconds = pause(message).max(asked.unwrap_or_default());
        let put_off = self
            .sqs
            .change_message_visibility()
            .queue_url(&self.queue_url)
            .set_receipt_handle(message.receipt_handle.clone())
            .visibility_timeout(i32::try_from(seconds).unwrap_or(i32::MAX))
            .send()
            .await
            .map_err(aws_sdk_sqs::Error::from);
        if let Err(failure) = put_off {
            tracing::warn!("a webhook could not be put off: {}", error::chain(&failure));
        }
    }

    async fn signer(&self) -> Result<&Signer, DeliverWebhookError> {
        self.signer.get_or_try_init(|| self.read_secret()).await
    }

    async fn read_secret(&self) -> Result<Signer, DeliverWebhookError> {
        let asked = self.secrets.get_secret_value().secret_id(&self.secret_arn).send().await;
        let failed =
            |error: aws_sdk_secretsmanager::Error| DeliverWebhookError::ReadSecret(Box::new(error));
        let value = asked.map_err(|error| failed(error.into()))?;
        let text = value.secret_string().ok_or(DeliverWebhookError::NoSecret)?;
        Ok(text.parse()?)
    }
}

impl Notice {
    /// Reads an event of the bus, as the queue carries it.
    pub fn parse(message: &str) -> serde_json::Result<Self> {
        let StateChanged { detail } = serde_json::from_str(message)?;
        let change = Change::deserialize(&detail)?;
        let status = change.status.name();
        let (competition, clip) = (&change.competition, &change.clip);
        // The specification wants no full stop in it, which a time has.
        let at = change.updated_at.timestamp_millis();
        let id = format!("msg_{competition}_{clip}_{at}_{status}");
        let body = json!({
            "type": format!("clip.{status}"),
            "timestamp": detail["updatedAt"],
            "data": detail,
        });
        Ok(Self { id, body: body.to_string() })
    }
}

fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Domain(name)) => name == "localhost",
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    }
}

/// The pause after a try, with a little chance in it: what failed together is not tried together.
fn pause(message: &SqsMessage) -> u32 {
    let receives = message.attributes.get("ApproximateReceiveCount");
    let receives: usize = receives.and_then(|count| count.parse().ok()).unwrap_or(1);
    let pause = PAUSES[receives.clamp(1, PAUSES.len()) - 1];
    pause + fastrand::u32(0..=pause / 10)
}

/// <https://www.rfc-editor.org/rfc/rfc9110#field.retry-after>, in seconds.
fn pause_asked_for(answer: &Response) -> Option<u32> {
    let asked = answer.headers().get(RETRY_AFTER)?.to_str().ok()?;
    asked.parse().ok().map(|seconds: u32| seconds.min(LONGEST_PAUSE))
}

#[cfg(test)]
mod tests {
    use aws_config::BehaviorVersion;

    use super::*;

    #[test]
    fn only_https_is_posted_to_but_on_this_machine() {
        let check = |url: &str, allowed| {
            let variables = [
                ("WEBHOOK_URL", url),
                ("WEBHOOK_SECRET_ARN", "arn"),
                ("WEBHOOK_QUEUE_URL", "https://sqs/queue"),
            ];
            let sdk = SdkConfig::builder().behavior_version(BehaviorVersion::latest()).build();
            let function = DeliverWebhook::new(&sdk, &variables.into_iter().collect());
            assert_eq!(function.is_ok(), allowed, "{url}");
        };
        check("https://example.com/hook?key=1", true);
        check("http://127.0.0.1:3000/", true);
        check("http://[::1]:3000/", true);
        check("http://localhost/", true);
        check("http://example.com/", false);
        check("http://localhost.example.com/", false);
        check("ftp://localhost/", false);
        check("example.com", false);
    }

    #[test]
    fn pauses_grow_with_each_try() {
        let pause = |receives: &str| {
            let mut message = SqsMessage::default();
            message.attributes.insert("ApproximateReceiveCount".into(), receives.into());
            pause(&message)
        };
        assert!((5..=6).contains(&pause("1")));
        assert!((30..=33).contains(&pause("2")));
        assert!((7200..=7920).contains(&pause("7")));
        assert!((7200..=7920).contains(&pause("99")));
        assert!((5..=6).contains(&pause("often")));
    }

    #[test]
    fn a_notice_says_what_changed_and_is_known_by_it() {
        let clip = json!({
            "competition": "100m-dash",
            "clip": "20200203133058_20200203133258_k7Qx2f",
            "status": "ready",
            "updatedAt": "2020-02-03T13:33:00.250Z",
            "tags": ["a"],
        });
        let event = json!({ "source": "matchcut", "detail": clip });
        let notice = Notice::parse(&event.to_string()).unwrap();
        let clip_id = "20200203133058_20200203133258_k7Qx2f";
        assert_eq!(notice.id, format!("msg_100m-dash_{clip_id}_1580736780250_ready"));
        let body: Value = serde_json::from_str(&notice.body).unwrap();
        let timestamp = "2020-02-03T13:33:00.250Z";
        assert_eq!(body, json!({ "type": "clip.ready", "timestamp": timestamp, "data": clip }));
        assert!(Notice::parse("{}").is_err());
    }
}
