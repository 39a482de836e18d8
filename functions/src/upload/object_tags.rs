//! The tags of a file that was dropped into the upload bucket.

use super::originals::call_failed;
use super::{OriginalError, Originals};

impl Originals {
    /// Reads the tags of an object, each as one text: `key=value`, or the key alone.
    pub async fn read_tags(&self, key: &str) -> Result<Vec<String>, OriginalError> {
        let found = self
            .client
            .get_object_tagging()
            .bucket(&self.bucket)
            .key(key)
            .send()
            .await
            .map_err(|error| call_failed("GetObjectTagging", key, error))?;
        let text = |tag: aws_sdk_s3::types::Tag| match tag.value.as_str() {
            "" => tag.key,
            value => format!("{}={value}", tag.key),
        };
        Ok(found.tag_set.into_iter().map(text).collect())
    }
}
