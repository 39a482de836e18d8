//! Media and thumbnails of which nothing will come.

use aws_config::SdkConfig;
use aws_sdk_s3::Error as S3Error;
use aws_sdk_s3::types::{Delete, ObjectIdentifier};

use crate::clip::{Attempt, ClipKey};
use crate::config::{ConfigError, Variables};

/// Removes the renditions and thumbnails of clips; the original stays, for another try.
#[derive(Clone, Debug)]
pub struct Leftovers {
    client: aws_sdk_s3::Client,
    bucket: String,
}

#[derive(Debug, thiserror::Error)]
pub enum LeftoversError {
    #[error("S3 did not list what there is of clip {clip}")]
    List {
        clip: ClipKey,
        #[source]
        source: Box<S3Error>,
    },
    #[error("S3 did not remove what there is of clip {clip}")]
    Delete {
        clip: ClipKey,
        #[source]
        source: Box<S3Error>,
    },
    #[error("S3 did not remove {count} objects of clip {clip}")]
    Kept { clip: ClipKey, count: usize },
}

impl Leftovers {
    pub fn from_variables(sdk: &SdkConfig, variables: &Variables) -> Result<Self, ConfigError> {
        let client = aws_sdk_s3::Client::new(sdk);
        Ok(Self { client, bucket: variables.required("CLIPS_BUCKET")?.to_owned() })
    }

    /// Removes what an attempt at a clip left; done again, it removes what is still there.
    pub async fn remove(&self, attempt: &Attempt) -> Result<(), LeftoversError> {
        let prefixes = [attempt.media_prefix(), attempt.thumbnail_prefix()];
        self.remove_under(&attempt.clip, &prefixes).await
    }

    /// Removes what all attempts at a clip left.
    pub async fn remove_all(&self, clip: &ClipKey) -> Result<(), LeftoversError> {
        self.remove_under(clip, &[clip.media_prefix(), clip.thumbnail_prefix()]).await
    }

    async fn remove_under(
        &self,
        clip: &ClipKey,
        prefixes: &[String],
    ) -> Result<(), LeftoversError> {
        for prefix in prefixes {
            while self.remove_some(clip, prefix).await? {}
        }
        Ok(())
    }

    /// Removes up to a thousand objects, as many as a list and a request hold; `true` if there
    /// may be more.
    async fn remove_some(&self, clip: &ClipKey, prefix: &str) -> Result<bool, LeftoversError> {
        let list = self.client.list_objects_v2().bucket(&self.bucket).prefix(prefix);
        let found = list.send().await.map_err(|error| LeftoversError::List {
            clip: clip.clone(),
            source: Box::new(error.into()),
        })?;
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
            .map_err(|error| LeftoversError::Delete {
                clip: clip.clone(),
                source: Box::new(error.into()),
            })?;
        match deleted.errors().len() {
            0 => Ok(found.is_truncated().unwrap_or(false)),
            count => Err(LeftoversError::Kept { clip: clip.clone(), count }),
        }
    }
}
