//! The upload bucket: presigned requests for editors, and what has come of them.

use std::collections::BTreeMap;
use std::time::Duration;

use aws_config::SdkConfig;
use aws_sdk_s3::Error as S3Error;
use aws_sdk_s3::config::{Config, RequestChecksumCalculation};
use aws_sdk_s3::error::{ProvideErrorMetadata as _, SdkError};
use aws_sdk_s3::presigning::{PresignedRequest, PresigningConfig};
use aws_sdk_s3::types::{CompletedMultipartUpload, CompletedPart};
use chrono::{DateTime, Utc};

use crate::config::{self, ConfigError, Variables};

/// The files as they were uploaded.
#[derive(Clone, Debug)]
pub struct Originals {
    client: aws_sdk_s3::Client,
    bucket: String,
}

/// A file that is there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Original {
    /// Bytes.
    pub size: u64,
    pub etag: String,
    pub last_modified: DateTime<Utc>,
}

/// How joining the parts of a file ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Joined {
    Yes,
    /// S3 does not take these parts.
    Rejected,
    /// S3 has no such multipart upload: it was joined, or given up.
    Unknown,
}

#[derive(Debug, thiserror::Error)]
pub enum OriginalError {
    #[error("could not presign a request for {key}")]
    Presign {
        key: String,
        #[source]
        source: Box<S3Error>,
    },
    #[error("S3 did not {what} {key}")]
    Call {
        what: &'static str,
        key: String,
        #[source]
        source: Box<S3Error>,
    },
    #[error("S3's answer about {key} lacks {field}")]
    Incomplete { key: String, field: &'static str },
}

impl Originals {
    pub fn from_variables(sdk: &SdkConfig, variables: &Variables) -> Result<Self, ConfigError> {
        // A presigned request would otherwise bind the checksum of the empty body it is made with.
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

    /// Where MediaConvert reads a file.
    pub fn url(&self, key: &str) -> String {
        format!("s3://{}/{key}", self.bucket)
    }

    /// A PUT of the whole file; S3 holds it to this size and type.
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
            .content_length(signed(size))
            .content_type(content_type)
            .presigned(expiring(lifetime))
            .await
            .map_err(|error| presigning(key, error))
    }

    /// A PUT of one part; S3 holds it to this size.
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
            .part_number(part_number(number))
            .content_length(signed(size))
            .presigned(expiring(lifetime))
            .await
            .map_err(|error| presigning(key, error))
    }

    /// Has S3 take a file in parts; the id of the multipart upload.
    ///
    /// Asked twice, S3 begins two. So the SDK does not ask again: look for it with
    /// [`Self::begun_parts`].
    pub async fn begin_parts(
        &self,
        key: &str,
        content_type: &str,
    ) -> Result<String, OriginalError> {
        let begun = self
            .client
            .create_multipart_upload()
            .bucket(&self.bucket)
            .key(key)
            .content_type(content_type)
            .customize()
            .config_override(Config::builder().retry_config(config::no_retries()))
            .send()
            .await
            .map_err(|error| failed("take parts of", key, error))?;
        begun
            .upload_id
            .ok_or_else(|| OriginalError::Incomplete { key: key.to_owned(), field: "uploadId" })
    }

    /// Has S3 join parts, given by their numbers, to the file.
    pub async fn join_parts(
        &self,
        key: &str,
        multipart: &str,
        etags: &BTreeMap<u32, String>,
    ) -> Result<Joined, OriginalError> {
        let part = |(number, etag): (&u32, &String)| {
            CompletedPart::builder().part_number(part_number(*number)).e_tag(etag).build()
        };
        let parts = etags.iter().map(part).collect();
        let joined = self
            .client
            .complete_multipart_upload()
            .bucket(&self.bucket)
            .key(key)
            .upload_id(multipart)
            .multipart_upload(CompletedMultipartUpload::builder().set_parts(Some(parts)).build())
            .send()
            .await
            .map_err(S3Error::from);
        // The codes of
        // <https://docs.aws.amazon.com/AmazonS3/latest/API/API_CompleteMultipartUpload.html>
        match joined.as_ref().map_err(|error| error.code()) {
            Ok(_) => Ok(Joined::Yes),
            Err(Some("InvalidPart" | "InvalidPartOrder" | "EntityTooSmall")) => {
                Ok(Joined::Rejected)
            }
            Err(Some("NoSuchUpload")) => Ok(Joined::Unknown),
            Err(_) => joined.map(|_| Joined::Yes).map_err(|source| OriginalError::Call {
                what: "join the parts of",
                key: key.to_owned(),
                source: Box::new(source),
            }),
        }
    }

    /// S3's ids of the multipart uploads that were begun for a file and not ended.
    pub async fn begun_parts(&self, key: &str) -> Result<Vec<String>, OriginalError> {
        let list = self.client.list_multipart_uploads().bucket(&self.bucket).prefix(key);
        let found = list.send().await.map_err(|error| failed("list the parts of", key, error))?;
        let of_key = found.uploads().iter().filter(|upload| upload.key() == Some(key));
        Ok(of_key.filter_map(|upload| upload.upload_id.clone()).collect())
    }

    /// Gives up whatever multipart uploads there are of a file, and frees their parts.
    pub async fn give_up_parts(&self, key: &str) -> Result<(), OriginalError> {
        for multipart in self.begun_parts(key).await? {
            let abort = self.client.abort_multipart_upload().bucket(&self.bucket).key(key);
            match abort.upload_id(multipart).send().await.map_err(S3Error::from) {
                Ok(_) => {}
                Err(error) if error.code() == Some("NoSuchUpload") => {}
                Err(source) => {
                    return Err(OriginalError::Call {
                        what: "give up the parts of",
                        key: key.to_owned(),
                        source: Box::new(source),
                    });
                }
            }
        }
        Ok(())
    }

    /// Removes a file; one that is gone already is no error.
    pub async fn remove(&self, key: &str) -> Result<(), OriginalError> {
        let removed = self.client.delete_object().bucket(&self.bucket).key(key).send().await;
        removed.map(drop).map_err(|error| failed("remove", key, error))
    }

    /// The file, if it is there.
    pub async fn look(&self, key: &str) -> Result<Option<Original>, OriginalError> {
        let found = self.client.head_object().bucket(&self.bucket).key(key).send().await;
        let found = match found.map_err(S3Error::from) {
            Ok(found) => found,
            // HEAD has no body, so S3 cannot say more than the status.
            Err(S3Error::NotFound(_) | S3Error::NoSuchKey(_)) => return Ok(None),
            Err(source) => {
                let source = Box::new(source);
                return Err(OriginalError::Call { what: "look at", key: key.to_owned(), source });
            }
        };
        let lacks = |field| OriginalError::Incomplete { key: key.to_owned(), field };
        Ok(Some(Original {
            size: found
                .content_length
                .and_then(|length| u64::try_from(length).ok())
                .ok_or_else(|| lacks("Content-Length"))?,
            etag: found.e_tag.ok_or_else(|| lacks("ETag"))?,
            last_modified: found
                .last_modified
                .and_then(|time| DateTime::from_timestamp(time.secs(), 0))
                .ok_or_else(|| lacks("Last-Modified"))?,
        }))
    }

    /// The object's tags, each as one text: `key=value`, or the key alone.
    pub async fn tags(&self, key: &str) -> Result<Vec<String>, OriginalError> {
        let found = self
            .client
            .get_object_tagging()
            .bucket(&self.bucket)
            .key(key)
            .send()
            .await
            .map_err(|error| failed("give the tags of", key, error))?;
        let text = |tag: aws_sdk_s3::types::Tag| match tag.value.as_str() {
            "" => tag.key,
            value => format!("{}={value}", tag.key),
        };
        Ok(found.tag_set.into_iter().map(text).collect())
    }

    /// Opens the connection to S3 before the first request needs it.
    pub async fn warm_up(&self) {
        let _ = self.client.head_object().bucket(&self.bucket).key("-").send().await;
    }
}

fn expiring(lifetime: Duration) -> PresigningConfig {
    PresigningConfig::expires_in(lifetime).expect("hours are less than the week S3 allows")
}

fn signed(size: u64) -> i64 {
    i64::try_from(size).unwrap_or(i64::MAX)
}

fn part_number(number: u32) -> i32 {
    i32::try_from(number).unwrap_or(i32::MAX)
}

fn presigning<E>(key: &str, error: SdkError<E>) -> OriginalError
where
    S3Error: From<SdkError<E>>,
{
    OriginalError::Presign { key: key.to_owned(), source: Box::new(error.into()) }
}

fn failed<E>(what: &'static str, key: &str, error: SdkError<E>) -> OriginalError
where
    S3Error: From<SdkError<E>>,
{
    OriginalError::Call { what, key: key.to_owned(), source: Box::new(error.into()) }
}
