//! S3's "Object Created": a file that has come is looked at and transcoded.

use aws_config::SdkConfig;
use aws_lambda_events::sqs::SqsEvent;
use chrono::{DateTime, Utc};
use lambda_runtime::Diagnostic;
use percent_encoding::percent_decode_str;
use serde::{Deserialize, Serialize};

use super::{Intake, IntakeError, ObjectKey, TakenIn};
use crate::config::{ConfigError, Variables};
use crate::error;

/// EventBridge's event, as the queue carries it.
/// <https://docs.aws.amazon.com/AmazonS3/latest/userguide/ev-events.html>
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct ObjectCreated {
    detail: Detail,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
struct Detail {
    bucket: Bucket,
    object: Object,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
struct Bucket {
    name: String,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
struct Object {
    key: String,
}

/// Everything `transcode-upload` needs, built once per cold start.
#[derive(Clone, Debug)]
pub struct TranscodeUpload {
    intake: Intake,
}

#[derive(Debug, thiserror::Error)]
pub enum TranscodeUploadError {
    #[error("a message of the queue is not an event of S3")]
    Decode(#[source] serde_json::Error),
    #[error("{key} was not taken in")]
    Intake {
        key: String,
        #[source]
        source: IntakeError,
    },
}

impl From<TranscodeUploadError> for Diagnostic {
    fn from(failure: TranscodeUploadError) -> Self {
        let name = match failure {
            TranscodeUploadError::Decode(_) => "Decode",
            TranscodeUploadError::Intake { .. } => "Intake",
        };
        error::diagnostic(name, &failure)
    }
}

impl TranscodeUpload {
    pub fn new(sdk: &SdkConfig, variables: &Variables) -> Result<Self, ConfigError> {
        Ok(Self { intake: Intake::new(sdk, variables)? })
    }

    /// Opens the connections that the first event will need.
    pub async fn warm_up(&self) {
        self.intake.warm_up().await;
    }

    /// Takes in the files of a batch, in the order of the queue.
    ///
    /// An error has the queue give the batch once more, from its first message on: those that
    /// were taken in already change nothing.
    pub async fn handle(&self, batch: SqsEvent) -> Result<(), TranscodeUploadError> {
        for message in batch.records {
            let body = message.body.unwrap_or_default();
            let event: ObjectCreated =
                serde_json::from_str(&body).map_err(TranscodeUploadError::Decode)?;
            Box::pin(self.take_in(event.detail, Utc::now())).await?;
        }
        Ok(())
    }

    async fn take_in(
        &self,
        Detail { bucket, object }: Detail,
        now: DateTime<Utc>,
    ) -> Result<(), TranscodeUploadError> {
        if bucket.name != self.intake.originals().bucket() {
            tracing::debug!("an object of bucket {} is not ours", bucket.name);
            return Ok(());
        }
        // Whether EventBridge encodes keys is not documented; a key that is there as it stands
        // is not decoded.
        for key in [object.key.clone(), decoded(&object.key)] {
            let owner = match ObjectKey::parse(&key) {
                Ok(owner) => owner,
                Err(reason) => {
                    tracing::error!("object {key:?} of the upload bucket is left alone: {reason}");
                    return Ok(());
                }
            };
            let taken = self.intake.take_in_object(&key, owner, now).await;
            let taken = taken
                .map_err(|source| TranscodeUploadError::Intake { key: key.clone(), source })?;
            if taken != TakenIn::NotThere {
                return Ok(());
            }
        }
        tracing::warn!("object {:?} was removed before it was taken in", object.key);
        Ok(())
    }
}

/// A key that was URL-encoded as S3's own notifications do it: a space as `+`.
fn decoded(key: &str) -> String {
    percent_decode_str(&key.replace('+', " ")).decode_utf8_lossy().into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn encoded_keys_are_read() {
        assert_eq!(decoded("100m/L%C3%A4ufe+%2B+W%C3%BCrfe.mp4"), "100m/Läufe + Würfe.mp4");
        assert_eq!(decoded("100m/%F0%9F%8F%83.mov"), "100m/🏃.mov");
    }

    #[test]
    fn the_documented_event_is_read() {
        let event: ObjectCreated = serde_json::from_str(
            r#"{"version":"0","id":"17793124-05d4-b198-2fde-7ededc63b103","detail-type":"Object Created","source":"aws.s3","account":"111122223333","time":"2021-11-12T00:00:00Z","region":"ca-central-1","resources":["arn:aws:s3:::amzn-s3-demo-bucket1"],"detail":{"version":"0","bucket":{"name":"amzn-s3-demo-bucket1"},"object":{"key":"example-key","size":5,"etag":"b1946ac92492d2347c6235b4d2611184","version-id":"IYV3p45BT0ac8hjHg1houSdS1a.Mro8e","sequencer":"617f08299329d189"},"request-id":"N4N7GDK58NMKJ12R","requester":"123456789012","source-ip-address":"1.2.3.4","reason":"PutObject"}}"#,
        )
        .unwrap();
        assert_eq!(event.detail.object.key, "example-key");
    }
}
