//! The tags of objects.

use std::collections::BTreeMap;
use std::io;
use std::path::Path;

use percent_encoding::percent_decode_str;
use s3s::{S3Result, s3_error};

use super::internal_error;
use crate::records::Records;

/// The maximum number of tags of an object.
/// <https://docs.aws.amazon.com/AmazonS3/latest/userguide/object-tagging.html>
const MAX_TAGS: usize = 10;

pub(super) type Tags = BTreeMap<String, String>;

/// The tags of every object.
#[derive(Debug)]
pub(super) struct ObjectTags(Records<Tags>);

impl ObjectTags {
    pub(super) fn open(folder: &Path) -> io::Result<Self> {
        Records::open(folder).map(Self)
    }

    pub(super) fn get(&self, bucket: &str, key: &str) -> Tags {
        self.0.get(&record_name(bucket, key)).unwrap_or_default()
    }

    /// Replaces an object's tags.
    pub(super) fn set(&self, bucket: &str, key: &str, tags: Tags) -> S3Result<()> {
        if tags.len() > MAX_TAGS {
            return Err(s3_error!(InvalidTag, "an object can have at most {MAX_TAGS} tags"));
        }
        let name = record_name(bucket, key);
        self.0.remove(&name).map_err(internal_error)?;
        if !tags.is_empty() {
            self.0.add(&name, tags, |_| Ok::<_, io::Error>(())).map_err(internal_error)?;
        }
        Ok(())
    }
}

/// Parses the tags of a header `x-amz-tagging`, which is written like a query.
pub(super) fn parse_tags(header: Option<&str>) -> Tags {
    let decode =
        |text: &str| percent_decode_str(&text.replace('+', " ")).decode_utf8_lossy().into_owned();
    let pairs = header.unwrap_or_default().split('&').filter(|pair| !pair.is_empty());
    pairs
        .map(|pair| pair.split_once('=').unwrap_or((pair, "")))
        .map(|(key, value)| (decode(key), decode(value)))
        .collect()
}

/// The name of an object's record. It is a digest, because a key may have characters that a file
/// name may not.
pub(super) fn record_name(bucket: &str, key: &str) -> String {
    let digest =
        aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, format!("{bucket}/{key}").as_bytes());
    digest.as_ref().iter().map(|byte| format!("{byte:02x}")).collect()
}
