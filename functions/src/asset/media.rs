//! Counts and deletes the media of clips in S3: segments, manifests, thumbnails and exports.

use std::time::Duration;

use std::collections::BTreeMap;

use aws_config::SdkConfig;
use aws_sdk_s3::Error as S3Error;
use aws_sdk_s3::operation::list_objects_v2::ListObjectsV2Output;
use aws_sdk_s3::presigning::PresigningConfig;
use aws_sdk_s3::primitives::ByteStreamError;
use aws_sdk_s3::types::{Delete, ObjectIdentifier};

use crate::clip::{Attempt, ClipKey, ExportFile, ExportId};
use crate::config::{ConfigError, Variables};

/// The media of clips in the clip bucket. Originals are in another bucket and are not touched.
#[derive(Clone, Debug)]
pub struct ClipMedia {
    pub(super) client: aws_sdk_s3::Client,
    pub(super) bucket: String,
}

#[derive(Debug, thiserror::Error)]
pub enum ClipMediaError {
    #[error("could not list the media of clip {clip} in S3")]
    List {
        clip: ClipKey,
        #[source]
        source: Box<S3Error>,
    },
    #[error("could not read the manifest of clip {clip} in S3")]
    Read {
        clip: ClipKey,
        #[source]
        source: Box<S3Error>,
    },
    #[error("the manifest of clip {clip} in S3 was cut off while it was read")]
    Interrupted {
        clip: ClipKey,
        #[source]
        source: Box<ByteStreamError>,
    },
    #[error("could not write a track of clip {clip} to S3")]
    Write {
        clip: ClipKey,
        #[source]
        source: Box<S3Error>,
    },
    #[error("could not presign the URL of an export of clip {clip}")]
    Presign {
        clip: ClipKey,
        #[source]
        source: Box<S3Error>,
    },
    #[error("could not delete the media of clip {clip} from S3")]
    Delete {
        clip: ClipKey,
        #[source]
        source: Box<S3Error>,
    },
    #[error("S3 did not delete {count} objects of clip {clip}")]
    NotDeleted { clip: ClipKey, count: usize },
}

impl ClipMedia {
    pub fn from_variables(sdk: &SdkConfig, variables: &Variables) -> Result<Self, ConfigError> {
        let client = aws_sdk_s3::Client::new(sdk);
        Ok(Self { client, bucket: variables.required("CLIPS_BUCKET")?.to_owned() })
    }

    /// Counts the thumbnails of an attempt: those that exist, numbered without a gap from 0.
    ///
    /// A job has at most ten, so one list has all of them.
    pub async fn count_thumbnails(&self, attempt: &Attempt) -> Result<u32, ClipMediaError> {
        let found = self.list(&attempt.clip, &attempt.thumbnail_prefix()).await?;
        let exists = |number: &u32| {
            let key = attempt.thumbnail_key(*number);
            found.contents().iter().any(|object| object.key() == Some(key.as_str()))
        };
        Ok((0..u32::MAX).find(|number| !exists(number)).unwrap_or(u32::MAX))
    }

    /// The objects under a key prefix of a clip, with their sizes in bytes: at most 1,000.
    pub async fn list_files(
        &self,
        clip: &ClipKey,
        prefix: &str,
    ) -> Result<BTreeMap<String, u64>, ClipMediaError> {
        let found = self.list(clip, prefix).await?;
        let objects = found.contents().iter();
        let sizes = objects.filter_map(|object| {
            Some((object.key()?.to_owned(), u64::try_from(object.size()?).ok()?))
        });
        Ok(sizes.collect())
    }

    /// Writes a WebVTT track of a clip.
    pub async fn write_track(
        &self,
        clip: &ClipKey,
        key: &str,
        text: String,
    ) -> Result<(), ClipMediaError> {
        let put = self.client.put_object().bucket(&self.bucket).key(key);
        let put = put.content_type("text/vtt").body(text.into_bytes().into());
        put.send().await.map(drop).map_err(|error| ClipMediaError::Write {
            clip: clip.clone(),
            source: Box::new(error.into()),
        })
    }

    /// Deletes the media of one attempt. It is safe to call this again.
    pub async fn delete_attempt(&self, attempt: &Attempt) -> Result<(), ClipMediaError> {
        let prefixes = [attempt.media_prefix(), attempt.thumbnail_prefix()];
        self.delete_prefixes(&attempt.clip, &prefixes).await
    }

    /// Deletes the media of all attempts at a clip.
    pub async fn delete_all(&self, clip: &ClipKey) -> Result<(), ClipMediaError> {
        let prefixes = [clip.media_prefix(), clip.thumbnail_prefix(), clip.export_prefix()];
        self.delete_prefixes(clip, &prefixes).await
    }

    /// The size of the video of an export in bytes. `None` if there is no file.
    pub async fn export_size(
        &self,
        clip: &ClipKey,
        export: &ExportId,
    ) -> Result<Option<u64>, ClipMediaError> {
        let key = export.file_key(clip, ExportFile::Video);
        let found = self.list(clip, &key).await?;
        let file = found.contents().iter().find(|object| object.key() == Some(key.as_str()));
        Ok(file.and_then(|file| u64::try_from(file.size?).ok()))
    }

    /// Deletes the files of an export. It is safe to call this again.
    pub async fn delete_export(
        &self,
        clip: &ClipKey,
        export: &ExportId,
    ) -> Result<(), ClipMediaError> {
        self.delete_prefixes(clip, &[export.file_prefix(clip)]).await
    }

    /// Presigns the URL of a file of an export. Browsers save the file under this name.
    pub async fn presign_export(
        &self,
        clip: &ClipKey,
        export: &ExportId,
        file: ExportFile,
        name: &str,
        lifetime: Duration,
    ) -> Result<String, ClipMediaError> {
        let lifetime =
            PresigningConfig::expires_in(lifetime).expect("the lifetime is below a week");
        let presigned = self
            .client
            .get_object()
            .bucket(&self.bucket)
            .key(export.file_key(clip, file))
            .response_content_type(match file {
                ExportFile::Video => "video/mp4",
                ExportFile::Webvtt(_) => "text/vtt",
                ExportFile::Srt(_) => "application/x-subrip",
            })
            .response_content_disposition(format!("attachment; filename=\"{name}\""))
            .presigned(lifetime)
            .await;
        let presigned = presigned.map_err(|error| ClipMediaError::Presign {
            clip: clip.clone(),
            source: Box::new(error.into()),
        })?;
        Ok(presigned.uri().to_owned())
    }

    async fn delete_prefixes(
        &self,
        clip: &ClipKey,
        prefixes: &[String],
    ) -> Result<(), ClipMediaError> {
        for prefix in prefixes {
            while self.delete_batch(clip, prefix).await? {}
        }
        Ok(())
    }

    /// Deletes up to 1,000 objects, which is the limit of one list and of one request. Returns `true`
    /// if there may be more.
    async fn delete_batch(&self, clip: &ClipKey, prefix: &str) -> Result<bool, ClipMediaError> {
        let found = self.list(clip, prefix).await?;
        let objects: Vec<_> = found
            .contents()
            .iter()
            .filter_map(|object| object.key())
            .map(|key| ObjectIdentifier::builder().key(key).build().expect("the key is set"))
            .collect();
        if objects.is_empty() {
            return Ok(false);
        }
        let delete = Delete::builder().set_objects(Some(objects)).quiet(true).build();
        let deleted = self
            .client
            .delete_objects()
            .bucket(&self.bucket)
            .delete(delete.expect("the objects are set"))
            .send()
            .await
            .map_err(|error| ClipMediaError::Delete {
                clip: clip.clone(),
                source: Box::new(error.into()),
            })?;
        match deleted.errors().len() {
            0 => Ok(found.is_truncated().unwrap_or(false)),
            count => Err(ClipMediaError::NotDeleted { clip: clip.clone(), count }),
        }
    }

    async fn list(
        &self,
        clip: &ClipKey,
        prefix: &str,
    ) -> Result<ListObjectsV2Output, ClipMediaError> {
        let list = self.client.list_objects_v2().bucket(&self.bucket).prefix(prefix);
        list.send().await.map_err(|error| ClipMediaError::List {
            clip: clip.clone(),
            source: Box::new(error.into()),
        })
    }
}
