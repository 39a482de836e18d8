//! Lambda `transcode-upload`: starts the transcode of a file that has arrived in the upload bucket.

use aws_config::SdkConfig;
use aws_lambda_events::sqs::SqsEvent;
use chrono::{DateTime, Utc};
use lambda_runtime::Diagnostic;
use percent_encoding::percent_decode_str;
use serde::{Deserialize, Serialize};

use super::{ObjectKey, ProcessOutcome, UploadProcessor, UploadProcessorError};
use crate::config::{ConfigError, Variables};
use crate::error;
use crate::lambda::EventHandler;

/// An "Object Created" event of S3, as the body of an SQS message.
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

/// Handles "Object Created" events of the upload bucket, from a queue.
#[derive(Clone, Debug)]
pub struct TranscodeUpload {
    processor: UploadProcessor,
}

#[derive(Debug, thiserror::Error)]
pub enum TranscodeUploadError {
    #[error("could not decode an event of S3")]
    Decode(#[source] serde_json::Error),
    #[error("could not process the uploaded file {key}")]
    Process {
        key: String,
        #[source]
        source: UploadProcessorError,
    },
}

impl From<TranscodeUploadError> for Diagnostic {
    fn from(failure: TranscodeUploadError) -> Self {
        let name = match failure {
            TranscodeUploadError::Decode(_) => "Decode",
            TranscodeUploadError::Process { .. } => "Process",
        };
        error::diagnostic(name, &failure)
    }
}

impl EventHandler for TranscodeUpload {
    type Event = SqsEvent;
    type Output = ();
    type Error = TranscodeUploadError;

    fn new(sdk: &SdkConfig, variables: &Variables) -> Result<Self, ConfigError> {
        Ok(Self { processor: UploadProcessor::from_variables(sdk, variables)? })
    }

    async fn warm_up(&self) {
        self.processor.warm_up().await;
    }

    /// Processes the files of a batch.
    ///
    /// After an error, SQS delivers the whole batch again. Files that have been processed do not
    /// change then.
    async fn handle(&self, batch: SqsEvent) -> Result<(), TranscodeUploadError> {
        for message in batch.records {
            let body = message.body.unwrap_or_default();
            let event: ObjectCreated =
                serde_json::from_str(&body).map_err(TranscodeUploadError::Decode)?;
            // Boxed, because it is the largest part of the future.
            Box::pin(self.process(event.detail, Utc::now())).await?;
        }
        Ok(())
    }
}

impl TranscodeUpload {
    async fn process(
        &self,
        Detail { bucket, object }: Detail,
        now: DateTime<Utc>,
    ) -> Result<(), TranscodeUploadError> {
        if bucket.name != self.processor.originals.bucket() {
            tracing::debug!("ignored an object of bucket {}", bucket.name);
            return Ok(());
        }
        // AWS does not document whether EventBridge encodes keys. If an object with the key as it is
        // exists, the key is not decoded.
        for key in [object.key.clone(), decode_key(&object.key)] {
            let parsed_key = match ObjectKey::parse(&key) {
                // The job of their file reads them.
                Ok(ObjectKey::Captions(_)) => return Ok(()),
                Ok(parsed_key) => parsed_key,
                Err(reason) => {
                    tracing::error!("ignored object {key:?} of the upload bucket: {reason}");
                    return Ok(());
                }
            };
            let outcome = self.processor.process_object(&key, parsed_key, now).await;
            let outcome = outcome
                .map_err(|source| TranscodeUploadError::Process { key: key.clone(), source })?;
            if outcome != ProcessOutcome::FileMissing {
                return Ok(());
            }
        }
        tracing::warn!("object {:?} was deleted before it was processed", object.key);
        Ok(())
    }
}

/// Decodes a key that was URL-encoded as in S3's own notifications, with `+` for a space.
fn decode_key(key: &str) -> String {
    percent_decode_str(&key.replace('+', " ")).decode_utf8_lossy().into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_encoded_key_is_decoded() {
        assert_eq!(decode_key("100m/L%C3%A4ufe+%2B+W%C3%BCrfe.mp4"), "100m/Läufe + Würfe.mp4");
        assert_eq!(decode_key("100m/%F0%9F%8F%83.mov"), "100m/🏃.mov");
    }

    #[test]
    fn the_documented_event_is_parsed() {
        let event: ObjectCreated = serde_json::from_str(
            r#"{"version":"0","id":"17793124-05d4-b198-2fde-7ededc63b103","detail-type":"Object Created","source":"aws.s3","account":"111122223333","time":"2021-11-12T00:00:00Z","region":"ca-central-1","resources":["arn:aws:s3:::amzn-s3-demo-bucket1"],"detail":{"version":"0","bucket":{"name":"amzn-s3-demo-bucket1"},"object":{"key":"example-key","size":5,"etag":"b1946ac92492d2347c6235b4d2611184","version-id":"IYV3p45BT0ac8hjHg1houSdS1a.Mro8e","sequencer":"617f08299329d189"},"request-id":"N4N7GDK58NMKJ12R","requester":"123456789012","source-ip-address":"1.2.3.4","reason":"PutObject"}}"#,
        )
        .unwrap();
        assert_eq!(event.detail.object.key, "example-key");
    }
}
