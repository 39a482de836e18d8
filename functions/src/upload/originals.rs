//! The originals in the upload bucket: presigned requests, multipart uploads and tags.

use std::collections::BTreeMap;
use std::time::Duration;

use aws_config::SdkConfig;
use aws_sdk_s3::Error as S3Error;
use aws_sdk_s3::config::{Config, RequestChecksumCalculation, StalledStreamProtectionConfig};
use aws_sdk_s3::error::{ProvideErrorMetadata as _, SdkError};
use aws_sdk_s3::presigning::{PresignedRequest, PresigningConfig};
use aws_sdk_s3::primitives::AggregatedBytes;
use aws_sdk_s3::types::{CompletedMultipartUpload, CompletedPart};
use chrono::{DateTime, Utc};

use crate::api::Problem;
use crate::config::{self, ConfigError, Variables};

/// The uploaded files, in the upload bucket.
#[derive(Clone, Debug)]
pub struct Originals {
    pub(super) client: aws_sdk_s3::Client,
    pub(super) bucket: String,
}

/// A file in the upload bucket.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Original {
    /// The size in bytes.
    pub size: u64,
    pub etag: String,
    pub last_modified: DateTime<Utc>,
    /// The KMS key that the file is encrypted with, if it is.
    pub kms_key: Option<String>,
}

/// Why S3 does not let the service read a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AccessRefusal {
    /// A policy, a KMS key or another owner denies it.
    Denied,
    /// The file is in an archive storage class.
    Archived,
}

/// How long one request waits until S3 has joined the parts of a file. API Gateway gives the whole
/// request 30 s, and S3 may take minutes.
/// <https://docs.aws.amazon.com/AmazonS3/latest/API/API_CompleteMultipartUpload.html>
const JOIN_TIMEOUT: Duration = Duration::from_secs(15);

/// What joining the parts of a file did.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum JoinOutcome {
    Joined,
    /// S3 has not finished within 15 s. It continues, and sends its event at the end.
    Unfinished,
    /// S3 does not have these parts.
    Rejected,
    /// S3 has no such multipart upload. It was joined or aborted.
    NotFound,
}

#[derive(Debug, thiserror::Error)]
pub enum OriginalError {
    #[error("could not presign a request for {key}")]
    Presign {
        key: String,
        #[source]
        source: Box<S3Error>,
    },
    #[error("{operation} failed for {key}")]
    Call {
        operation: &'static str,
        key: String,
        #[source]
        source: Box<S3Error>,
    },
    #[error("the response of S3 for {key} has no {field}")]
    Incomplete { key: String, field: &'static str },
}

impl From<OriginalError> for Problem {
    fn from(cause: OriginalError) -> Self {
        Self::unavailable(&cause)
    }
}

impl Originals {
    pub fn from_variables(sdk: &SdkConfig, variables: &Variables) -> Result<Self, ConfigError> {
        // By default, the SDK signs the checksum of the body, which is empty while presigning.
        let settings = aws_sdk_s3::config::Builder::from(sdk)
            .request_checksum_calculation(RequestChecksumCalculation::WhenRequired)
            .build();
        Ok(Self {
            client: aws_sdk_s3::Client::from_conf(settings),
            bucket: variables.required("UPLOADS_BUCKET")?.to_owned(),
        })
    }

    pub fn bucket(&self) -> &str {
        &self.bucket
    }

    /// The `s3://` URL of a file, for MediaConvert.
    pub fn url(&self, key: &str) -> String {
        format!("s3://{}/{key}", self.bucket)
    }

    /// Presigns a PUT of the whole file. S3 enforces the size and the type.
    pub async fn presign_put(
        &self,
        key: &str,
        size: u64,
        content_type: &str,
        lifetime: Duration,
    ) -> Result<PresignedRequest, OriginalError> {
        self.client
            .put_object()
            .bucket(&self.bucket)
            .key(key)
            .content_length(to_signed(size))
            .content_type(content_type)
            .presigned(presigning_config(lifetime))
            .await
            .map_err(|error| presign_failed(key, error))
    }

    /// Presigns a PUT of one part. S3 enforces the size.
    pub async fn presign_part(
        &self,
        key: &str,
        multipart: &str,
        number: u32,
        size: u64,
        lifetime: Duration,
    ) -> Result<PresignedRequest, OriginalError> {
        self.client
            .upload_part()
            .bucket(&self.bucket)
            .key(key)
            .upload_id(multipart)
            .part_number(to_part_number(number))
            .content_length(to_signed(size))
            .presigned(presigning_config(lifetime))
            .await
            .map_err(|error| presign_failed(key, error))
    }

    /// Starts a multipart upload, and returns its id.
    ///
    /// The SDK does not retry, because a repeated call would start a second one. After an error, look
    /// for it with [`Self::find_multipart_uploads`].
    pub async fn start_multipart_upload(
        &self,
        key: &str,
        content_type: &str,
    ) -> Result<String, OriginalError> {
        let started = self
            .client
            .create_multipart_upload()
            .bucket(&self.bucket)
            .key(key)
            .content_type(content_type)
            .customize()
            .config_override(Config::builder().retry_config(config::no_retries()))
            .send()
            .await
            .map_err(|error| call_failed("CreateMultipartUpload", key, error))?;
        started
            .upload_id
            .ok_or_else(|| OriginalError::Incomplete { key: key.to_owned(), field: "uploadId" })
    }

    /// The ETags of the parts that S3 has received, for the `count` parts from part `first` on.
    /// `None` if S3 has no such multipart upload.
    pub async fn find_parts(
        &self,
        key: &str,
        multipart: &str,
        first: u32,
        count: u32,
    ) -> Result<Option<BTreeMap<u32, String>>, OriginalError> {
        let end = first + count;
        let mut etags = BTreeMap::new();
        let mut next = first;
        while next < end {
            let request = self.client.list_parts().bucket(&self.bucket).key(key);
            // S3 lists the parts after the marker.
            let request = request.upload_id(multipart).part_number_marker((next - 1).to_string());
            let page = match request.max_parts(to_part_number(end - next)).send().await {
                Ok(page) => page,
                Err(error) if error.code() == Some("NoSuchUpload") => return Ok(None),
                Err(error) => return Err(call_failed("ListParts", key, error)),
            };
            for part in page.parts() {
                let number = part.part_number().and_then(|number| u32::try_from(number).ok());
                if let (Some(number), Some(etag)) = (number, part.e_tag())
                    && number < end
                {
                    etags.insert(number, etag.to_owned());
                }
            }
            let last = page.next_part_number_marker().and_then(|it| it.parse::<u32>().ok());
            match last.filter(|last| page.is_truncated() == Some(true) && *last >= next) {
                Some(last) => next = last + 1,
                None => break,
            }
        }
        Ok(Some(etags))
    }

    /// Joins the parts, by number, to one object. Waits for 15 s at most.
    ///
    /// S3 sends white space until it has finished, so this accepts a slow response. The SDK does not
    /// retry, because the first call continues.
    pub async fn join_parts(
        &self,
        key: &str,
        multipart: &str,
        etags: &BTreeMap<u32, String>,
    ) -> Result<JoinOutcome, OriginalError> {
        let part = |(number, etag): (&u32, &String)| {
            CompletedPart::builder().part_number(to_part_number(*number)).e_tag(etag).build()
        };
        let parts = etags.iter().map(part).collect();
        let joined = self
            .client
            .complete_multipart_upload()
            .bucket(&self.bucket)
            .key(key)
            .upload_id(multipart)
            .multipart_upload(CompletedMultipartUpload::builder().set_parts(Some(parts)).build())
            .customize()
            .config_override(
                Config::builder()
                    .timeout_config(config::whole_operation_timeout(JOIN_TIMEOUT))
                    .stalled_stream_protection(StalledStreamProtectionConfig::disabled())
                    .retry_config(config::no_retries()),
            )
            .send()
            .await;
        if matches!(joined, Err(SdkError::TimeoutError(_))) {
            return Ok(JoinOutcome::Unfinished);
        }
        let joined = joined.map_err(S3Error::from);
        // The error codes are documented:
        // <https://docs.aws.amazon.com/AmazonS3/latest/API/API_CompleteMultipartUpload.html>
        match joined.as_ref().map_err(|error| error.code()) {
            Ok(_) => Ok(JoinOutcome::Joined),
            Err(Some("InvalidPart" | "InvalidPartOrder" | "EntityTooSmall")) => {
                Ok(JoinOutcome::Rejected)
            }
            Err(Some("NoSuchUpload")) => Ok(JoinOutcome::NotFound),
            Err(_) => joined.map(|_| JoinOutcome::Joined).map_err(|source| OriginalError::Call {
                operation: "CompleteMultipartUpload",
                key: key.to_owned(),
                source: Box::new(source),
            }),
        }
    }

    /// The ids of the multipart uploads of a file that were started and neither joined nor aborted.
    pub async fn find_multipart_uploads(&self, key: &str) -> Result<Vec<String>, OriginalError> {
        let list = self.client.list_multipart_uploads().bucket(&self.bucket).prefix(key);
        let found =
            list.send().await.map_err(|error| call_failed("ListMultipartUploads", key, error))?;
        let uploads = found.uploads().iter().filter(|upload| upload.key() == Some(key));
        Ok(uploads.filter_map(|upload| upload.upload_id.clone()).collect())
    }

    /// Aborts all multipart uploads of a file, which deletes their parts.
    pub async fn abort_multipart_uploads(&self, key: &str) -> Result<(), OriginalError> {
        for multipart in self.find_multipart_uploads(key).await? {
            let abort = self.client.abort_multipart_upload().bucket(&self.bucket).key(key);
            match abort.upload_id(multipart).send().await.map_err(S3Error::from) {
                Ok(_) => {}
                Err(error) if error.code() == Some("NoSuchUpload") => {}
                Err(source) => {
                    return Err(OriginalError::Call {
                        operation: "AbortMultipartUpload",
                        key: key.to_owned(),
                        source: Box::new(source),
                    });
                }
            }
        }
        Ok(())
    }

    /// Deletes a file. A file that does not exist is not an error.
    pub async fn delete(&self, key: &str) -> Result<(), OriginalError> {
        let deleted = self.client.delete_object().bucket(&self.bucket).key(key).send().await;
        deleted.map(drop).map_err(|error| call_failed("DeleteObject", key, error))
    }

    /// Finds a file.
    pub async fn find(&self, key: &str) -> Result<Option<Original>, OriginalError> {
        let found = self.client.head_object().bucket(&self.bucket).key(key).send().await;
        let found = match found.map_err(S3Error::from) {
            Ok(found) => found,
            // The response of HEAD has no body, so both errors are possible for a missing object.
            Err(S3Error::NotFound(_) | S3Error::NoSuchKey(_)) => return Ok(None),
            Err(source) => {
                let source = Box::new(source);
                return Err(OriginalError::Call {
                    operation: "HeadObject",
                    key: key.to_owned(),
                    source,
                });
            }
        };
        let incomplete = |field| OriginalError::Incomplete { key: key.to_owned(), field };
        Ok(Some(Original {
            size: found
                .content_length
                .and_then(|length| u64::try_from(length).ok())
                .ok_or_else(|| incomplete("Content-Length"))?,
            etag: found.e_tag.ok_or_else(|| incomplete("ETag"))?,
            last_modified: found
                .last_modified
                .and_then(|time| DateTime::from_timestamp(time.secs(), 0))
                .ok_or_else(|| incomplete("Last-Modified"))?,
            kms_key: found.ssekms_key_id,
        }))
    }

    /// Reads up to `length` bytes of a file, or returns why S3 refuses it.
    ///
    /// HEAD does not show this: S3 returns the headers of a file whose KMS key the caller may not
    /// use. <https://docs.aws.amazon.com/AmazonS3/latest/API/API_HeadObject.html>
    pub async fn read_bytes(
        &self,
        key: &str,
        at: u64,
        length: u64,
    ) -> Result<Result<Vec<u8>, AccessRefusal>, OriginalError> {
        let range = format!("bytes={at}-{}", at.saturating_add(length).saturating_sub(1));
        let get = self.client.get_object().bucket(&self.bucket).key(key).range(range);
        let error = match get.send().await {
            // An interrupted reply is no refusal. The bytes are then unknown.
            Ok(found) => {
                let body = found.body.collect().await;
                return Ok(Ok(body.map(AggregatedBytes::to_vec).unwrap_or_default()));
            }
            Err(error) => error,
        };
        // <https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html#ErrorCodeList>
        match error.code() {
            Some("InvalidObjectState") => Ok(Err(AccessRefusal::Archived)),
            Some("AccessDenied") => Ok(Err(AccessRefusal::Denied)),
            Some(code) if code.starts_with("KMS.") => Ok(Err(AccessRefusal::Denied)),
            Some("InvalidRange" | "NoSuchKey") => Ok(Ok(Vec::new())),
            _ => Err(call_failed("GetObject", key, error)),
        }
    }

    /// Opens the connection to S3 before the first request needs it.
    pub async fn warm_up(&self) {
        let _ = self.client.head_object().bucket(&self.bucket).key("-").send().await;
    }
}

fn presigning_config(lifetime: Duration) -> PresigningConfig {
    PresigningConfig::expires_in(lifetime).expect("S3 allows up to a week")
}

fn to_signed(size: u64) -> i64 {
    i64::try_from(size).unwrap_or(i64::MAX)
}

fn to_part_number(number: u32) -> i32 {
    i32::try_from(number).unwrap_or(i32::MAX)
}

fn presign_failed<E>(key: &str, error: SdkError<E>) -> OriginalError
where
    S3Error: From<SdkError<E>>,
{
    OriginalError::Presign { key: key.to_owned(), source: Box::new(error.into()) }
}

pub(super) fn call_failed<E>(
    operation: &'static str,
    key: &str,
    error: SdkError<E>,
) -> OriginalError
where
    S3Error: From<SdkError<E>>,
{
    OriginalError::Call { operation, key: key.to_owned(), source: Box::new(error.into()) }
}
