//! `POST /api/webhooks/marks/{channelId}`: receives marks as webhook messages, after the Standard
//! Webhooks specification.
//! <https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md>

use std::sync::{Arc, Mutex, PoisonError};

use aws_config::SdkConfig;
use chrono::{DateTime, TimeDelta, Utc};

use super::mark_writer::MarkWriter;
use super::parse_webhook_message;
use super::webhook_message::name_field;
use crate::api::{Problem, ProblemKind, Reply, Request, Route, find_channel};
use crate::clip::MarkSource;
use crate::config::{ConfigError, Variables};
use crate::error;
use crate::signature::{ReadSecretError, Signer};

/// How far the time of a message may be from the clock, as the specification advises. An older message
/// can be one that somebody has recorded.
const TOLERANCE: TimeDelta = TimeDelta::minutes(5);

/// How long a secret is used before it is read again. So a changed secret is soon valid, and requests
/// with a wrong signature do not make the function read it.
const SECRET_LIFETIME: TimeDelta = TimeDelta::minutes(5);

/// The source of these marks.
const SOURCE: &str = "webhook";

/// The route of `receive-marks`.
#[derive(Clone, Debug)]
pub struct ReceiveMarks {
    writer: MarkWriter,
    /// `None` if the deployment has no webhook for marks.
    secret: Option<Secret>,
}

/// The secret that senders sign with.
#[derive(Clone, Debug)]
struct Secret {
    client: aws_sdk_secretsmanager::Client,
    arn: String,
    known: Arc<Mutex<Option<KnownSecret>>>,
}

/// A secret, and when it was read.
type KnownSecret = (Signer, DateTime<Utc>);

impl Route for ReceiveMarks {
    fn new(sdk: &SdkConfig, variables: &Variables) -> Result<Self, ConfigError> {
        let arn: Option<String> = variables.optional("MARKS_WEBHOOK_SECRET_ARN")?;
        let client = aws_sdk_secretsmanager::Client::new(sdk);
        let secret = arn.map(|arn| Secret { client, arn, known: Arc::default() });
        Ok(Self { writer: MarkWriter::from_variables(sdk, variables)?, secret })
    }

    async fn warm_up(&self) {
        if let Some(secret) = &self.secret
            && let Err(failure) = secret.signer(Utc::now()).await
        {
            // The first message reads it again, and fails with the same error if that fails.
            tracing::warn!("{}", error::chain(&failure));
        }
        self.writer.warm_up().await;
    }

    /// Makes the mark of a message. A message that arrives again has the same reply, even if its mark was
    /// deleted meanwhile: the sender has nothing to repeat.
    async fn answer(&self, request: &Request, now: DateTime<Utc>) -> Result<Reply, Problem> {
        let secret = self.secret.as_ref().ok_or_else(|| {
            let detail = "This deployment receives no marks by webhook. Set its setting \
                          marksWebhookSecretArn.";
            Problem::new(ProblemKind::NotFound, detail)
        })?;
        let signer = secret.signer(now).await.map_err(|failure| Problem::unavailable(&failure))?;
        let body = request.body()?;
        let id = check_signature(request, &body, &signer, now)?;
        let channel = find_channel(&self.writer.channels, request)?;
        let mark = parse_webhook_message(id, &body)?;
        let source: MarkSource = SOURCE.parse().expect("it is a source");
        self.writer.create(channel, mark, source, None, now).await.map_err(name_field)?;
        Ok(Reply::empty(204))
    }
}

impl Secret {
    async fn signer(&self, now: DateTime<Utc>) -> Result<Signer, ReadSecretError> {
        let known = self.known.lock().unwrap_or_else(PoisonError::into_inner).clone();
        if let Some((signer, read_at)) = known
            && (now - read_at).abs() < SECRET_LIFETIME
        {
            return Ok(signer);
        }
        let signer = Signer::read(&self.client, &self.arn).await?;
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        *known = Some((signer.clone(), now));
        Ok(signer)
    }
}

/// Checks the signature of a message and its time. Returns the id of the message.
fn check_signature<'a>(
    request: &'a Request,
    body: &[u8],
    signer: &Signer,
    now: DateTime<Utc>,
) -> Result<&'a str, Problem> {
    let header = |name: &str| {
        let value = request.header(name).filter(|value| !value.is_empty());
        let missing = || {
            let detail = "Sign the message as Standard Webhooks says: with webhook-id, \
                          webhook-timestamp and webhook-signature.";
            Problem::for_field(ProblemKind::Unauthorized, name, detail)
        };
        value.ok_or_else(missing)
    };
    let (id, timestamp) = (header("webhook-id")?, header("webhook-timestamp")?);
    let signatures = header("webhook-signature")?;
    if !signer.verify(id, timestamp, body, signatures) {
        let detail = "This is not a signature of the message with the secret of this service. Sign \
                      the id, the timestamp and the bytes of the body.";
        return Err(Problem::for_field(ProblemKind::Unauthorized, "webhook-signature", detail));
    }
    let sent_at = timestamp.parse().ok().and_then(|seconds| DateTime::from_timestamp(seconds, 0));
    if sent_at.is_none_or(|sent_at| (now - sent_at).abs() > TOLERANCE) {
        let detail = "This must be the time of sending in seconds since 1970, at most 5 minutes \
                      from now. Check the sender's clock, and sign each try anew.";
        return Err(Problem::for_field(ProblemKind::Unauthorized, "webhook-timestamp", detail));
    }
    Ok(id)
}
