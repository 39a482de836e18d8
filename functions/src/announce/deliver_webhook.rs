//! Lambda `deliver-webhook`: posts change events to a webhook, after the Standard Webhooks
//! specification: <https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md>

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

use crate::clip::{ClipId, ClipKey, CompetitionId, Status};
use crate::config::{ConfigError, Variables};
use crate::error;
use crate::lambda::EventHandler;
use crate::signature::{ReadSecretError, Signer};

/// How long a receiver may take to respond.
const TIMEOUT: Duration = Duration::from_secs(10);

/// The pauses between tries, in seconds. Every later pause is as long as the last one.
const PAUSES: [u32; 7] = [5, 30, 120, 600, 1800, 3600, 7200];

/// Longest pause that `Retry-After` of a receiver can request, in seconds.
const MAX_PAUSE: u32 = 7200;

/// Handles the messages of the queue of one webhook.
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
    #[error(transparent)]
    Secret(#[from] ReadSecretError),
    #[error("could not post webhook message {id} to {host}")]
    Unreachable {
        host: String,
        id: String,
        #[source]
        source: reqwest::Error,
    },
    #[error("{host} answered {status} to webhook message {id}")]
    Refused { host: String, id: String, status: StatusCode },
}

impl From<DeliverWebhookError> for Diagnostic {
    fn from(failure: DeliverWebhookError) -> Self {
        let name = match failure {
            DeliverWebhookError::Secret(_) => "Secret",
            DeliverWebhookError::Unreachable { .. } => "Unreachable",
            DeliverWebhookError::Refused { .. } => "Refused",
        };
        error::diagnostic(name, &failure)
    }
}

/// A change event, as the body of an SQS message.
#[derive(Deserialize)]
struct ChangeEvent {
    detail: Value,
}

/// The fields of the changed clip that the message needs.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct ChangedClip {
    competition: CompetitionId,
    clip: ClipId,
    status: Status,
    updated_at: DateTime<Utc>,
}

/// A message that is posted to the webhook.
#[derive(Debug)]
pub struct WebhookMessage {
    /// The clip that has changed.
    pub clip: ClipKey,
    /// The same for each try of one change, so that a receiver can recognize a repeated message.
    pub id: String,
    pub body: String,
}

impl EventHandler for DeliverWebhook {
    type Event = SqsEvent;
    type Output = ();
    type Error = DeliverWebhookError;

    fn new(sdk: &SdkConfig, variables: &Variables) -> Result<Self, ConfigError> {
        let url: Url = variables.parsed("WEBHOOK_URL")?;
        if url.scheme() != "https" && !(url.scheme() == "http" && is_loopback(&url)) {
            let reason = "it must begin with https://".to_owned();
            return Err(ConfigError::Invalid { name: "WEBHOOK_URL", reason });
        }
        let http = reqwest::Client::builder()
            .timeout(TIMEOUT)
            // A signed message is only for the configured receiver.
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
    async fn warm_up(&self) {
        if let Err(failure) = self.signer().await {
            // The first message retries, and fails with the same error if that fails.
            tracing::warn!("{}", error::chain(&failure));
        }
    }

    /// Posts the messages of a batch. The batch size is 1.
    ///
    /// After an error, SQS delivers the message again. The pause grows with each try.
    async fn handle(&self, batch: SqsEvent) -> Result<(), DeliverWebhookError> {
        for message in batch.records {
            let webhook_message =
                match message.body.as_deref().map(WebhookMessage::parse).transpose() {
                    Ok(Some(webhook_message)) => webhook_message,
                    Ok(None) => continue,
                    Err(reason) => {
                        tracing::error!("could not decode a change event: {reason}");
                        continue;
                    }
                };
            let mut retry_after = None;
            let posted = self.post(&webhook_message, &mut retry_after, Utc::now()).await;
            if posted.is_err() {
                self.delay(&message, &webhook_message.clip, retry_after).await;
            }
            posted?;
        }
        Ok(())
    }
}

impl DeliverWebhook {
    /// Posts a message. If the receiver refuses it and requests a pause, sets `retry_after`.
    async fn post(
        &self,
        WebhookMessage { clip, id, body }: &WebhookMessage,
        retry_after: &mut Option<u32>,
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
        let response = request.send().await.map_err(|source| {
            let (host, id) = (host.to_owned(), id.clone());
            // The URL may contain a secret.
            DeliverWebhookError::Unreachable { host, id, source: source.without_url() }
        })?;
        // Only the status matters. The body is not read.
        match response.status() {
            status if status.is_success() => {
                tracing::info!(clip.id = %clip, "{host} accepted webhook message {id}");
                Ok(())
            }
            StatusCode::GONE => {
                tracing::warn!(
                    clip.id = %clip,
                    "{host} answered 410 to webhook message {id}: remove this webhook"
                );
                Ok(())
            }
            status => {
                *retry_after = parse_retry_after(&response);
                Err(DeliverWebhookError::Refused { host: host.to_owned(), id: id.clone(), status })
            }
        }
    }

    /// Delays the next delivery of a message. If this fails, SQS delivers it after the visibility
    /// timeout of the queue.
    async fn delay(&self, message: &SqsMessage, clip: &ClipKey, retry_after: Option<u32>) {
        let seconds = choose_pause(message).max(retry_after.unwrap_or_default());
        let delayed = self
            .sqs
            .change_message_visibility()
            .queue_url(&self.queue_url)
            .set_receipt_handle(message.receipt_handle.clone())
            .visibility_timeout(i32::try_from(seconds).unwrap_or(i32::MAX))
            .send()
            .await
            .map_err(aws_sdk_sqs::Error::from);
        if let Err(failure) = delayed {
            let chain = error::chain(&failure);
            tracing::warn!(clip.id = %clip, "could not delay a webhook message: {chain}");
        }
    }

    async fn signer(&self) -> Result<&Signer, DeliverWebhookError> {
        Ok(self.signer.get_or_try_init(|| Signer::read(&self.secrets, &self.secret_arn)).await?)
    }
}

impl WebhookMessage {
    /// Converts a change event to a webhook message.
    pub fn parse(message: &str) -> serde_json::Result<Self> {
        let ChangeEvent { detail } = serde_json::from_str(message)?;
        let clip = ChangedClip::deserialize(&detail)?;
        let status = clip.status.as_str();
        // The specification allows no full stop in an id, so the time is in milliseconds.
        let updated_at = clip.updated_at.timestamp_millis();
        let id = format!("msg_{}_{}_{updated_at}_{status}", clip.competition, clip.clip);
        let body = json!({
            "type": format!("clip.{status}"),
            "timestamp": detail["updatedAt"],
            "data": detail,
        });
        let clip = ClipKey { competition: clip.competition, clip: clip.clip };
        Ok(Self { clip, id, body: body.to_string() })
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

/// Chooses the pause after a try, in seconds. Up to 10 % of it is random, so that messages that failed
/// together are not retried together.
fn choose_pause(message: &SqsMessage) -> u32 {
    let receives = message.attributes.get("ApproximateReceiveCount");
    let receives: usize = receives.and_then(|count| count.parse().ok()).unwrap_or(1);
    let pause = PAUSES[receives.clamp(1, PAUSES.len()) - 1];
    pause + fastrand::u32(0..=pause / 10)
}

/// Parses `Retry-After` in seconds. <https://www.rfc-editor.org/rfc/rfc9110#field.retry-after>
fn parse_retry_after(response: &Response) -> Option<u32> {
    let text = response.headers().get(RETRY_AFTER)?.to_str().ok()?;
    text.parse().ok().map(|seconds: u32| seconds.min(MAX_PAUSE))
}

#[cfg(test)]
mod tests {
    use aws_config::BehaviorVersion;

    use super::*;

    #[test]
    fn only_https_is_allowed_except_on_loopback() {
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
            choose_pause(&message)
        };
        assert!((5..=6).contains(&pause("1")));
        assert!((30..=33).contains(&pause("2")));
        assert!((7200..=7920).contains(&pause("7")));
        assert!((7200..=7920).contains(&pause("99")));
        assert!((5..=6).contains(&pause("often")));
    }

    #[test]
    fn a_webhook_message_contains_the_clip_and_its_id_names_the_change() {
        let clip = json!({
            "competition": "100m-dash",
            "clip": "20200203133058_20200203133258_k7Qx2f",
            "status": "ready",
            "updatedAt": "2020-02-03T13:33:00.250Z",
            "tags": ["a"],
        });
        let event = json!({ "source": "matchcut", "detail": clip });
        let message = WebhookMessage::parse(&event.to_string()).unwrap();
        let clip_id = "20200203133058_20200203133258_k7Qx2f";
        assert_eq!(message.id, format!("msg_100m-dash_{clip_id}_1580736780250_ready"));
        let body: Value = serde_json::from_str(&message.body).unwrap();
        let timestamp = "2020-02-03T13:33:00.250Z";
        assert_eq!(body, json!({ "type": "clip.ready", "timestamp": timestamp, "data": clip }));
        assert!(WebhookMessage::parse("{}").is_err());
    }
}
