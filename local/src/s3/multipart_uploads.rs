//! Multipart uploads: their parts, the rules that a completion checks, and their list.

use std::collections::BTreeMap;
use std::io;
use std::path::Path;
use std::time::SystemTime;

use chrono::{DateTime, Utc};
use s3s::dto::{
    CompletedPart, ETag, ListMultipartUploadsInput, ListMultipartUploadsOutput, ListPartsInput,
    ListPartsOutput, MultipartUpload, Part,
};
use s3s::{S3Result, s3_error};
use serde::{Deserialize, Serialize};

use super::internal_error;
use super::tags::Tags;
use crate::records::Records;

/// 5 MiB: S3's minimum size of a part, except for the last part.
/// <https://docs.aws.amazon.com/AmazonS3/latest/userguide/qfacts.html>
const MIN_PART_SIZE: u64 = 5 << 20;
/// The maximum number of multipart uploads in a page of a list, and of parts.
const MAX_LISTED: i32 = 1000;

/// The multipart uploads that are neither completed nor aborted.
#[derive(Debug)]
pub(super) struct MultipartUploads(Records<Upload>);

/// A multipart upload, and the parts that it has received.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(super) struct Upload {
    #[serde(default)]
    bucket: String,
    #[serde(default)]
    key: String,
    #[serde(default)]
    begun_at: DateTime<Utc>,
    pub(super) tags: Tags,
    /// ETag and size in bytes of each part, by its number.
    parts: BTreeMap<i32, (String, u64)>,
}

impl MultipartUploads {
    pub(super) fn open(folder: &Path) -> io::Result<Self> {
        Records::open(folder).map(Self)
    }

    pub(super) fn add(&self, id: &str, bucket: String, key: String, tags: Tags) -> S3Result<()> {
        let upload = Upload { bucket, key, begun_at: Utc::now(), tags, parts: BTreeMap::new() };
        self.0.add(id, upload, |_| Ok::<_, io::Error>(())).map_err(internal_error)
    }

    pub(super) fn find(&self, id: &str) -> S3Result<Upload> {
        self.0.get(id).ok_or_else(|| s3_error!(NoSuchUpload))
    }

    pub(super) fn add_part(&self, id: &str, number: i32, etag: &ETag, size: u64) -> S3Result<()> {
        let part = (etag.value().to_owned(), size);
        let changed = self.0.change(id, |upload| drop(upload.parts.insert(number, part)));
        changed.map(drop).map_err(internal_error)
    }

    pub(super) fn remove(&self, id: &str) -> S3Result<()> {
        self.0.remove(id).map(drop).map_err(internal_error)
    }

    /// Lists uploads in the order of their keys, and uploads of one key from the earliest on.
    /// <https://docs.aws.amazon.com/AmazonS3/latest/API/API_ListMultipartUploads.html>
    pub(super) fn list(
        &self,
        input: ListMultipartUploadsInput,
    ) -> S3Result<ListMultipartUploadsOutput> {
        if input.delimiter.is_some() || input.encoding_type.is_some() {
            return Err(s3_error!(NotImplemented, "the stand-in only lists by prefix"));
        }
        let prefix = input.prefix.as_deref().unwrap_or_default();
        let mut all: Vec<_> = self.0.all().into_iter().collect();
        all.retain(|(_, upload)| upload.bucket == input.bucket && upload.key.starts_with(prefix));
        all.sort_by(|(_, one), (_, other)| {
            (&one.key, one.begun_at).cmp(&(&other.key, other.begun_at))
        });
        if let Some(marker) = &input.key_marker {
            let last_listed = all.iter().rposition(|(id, upload)| {
                let is_listed = input.upload_id_marker.as_ref().is_none_or(|last| last == id);
                upload.key == *marker && is_listed
            });
            match last_listed {
                Some(last) => drop(all.drain(..=last)),
                None => all.retain(|(_, upload)| upload.key > *marker),
            }
        }
        let max_uploads = input.max_uploads.unwrap_or(MAX_LISTED).clamp(1, MAX_LISTED);
        let length = usize::try_from(max_uploads).unwrap_or_default();
        let is_truncated = all.len() > length;
        all.truncate(length);
        let last = all.last().filter(|_| is_truncated);
        let describe = |(id, upload): &(String, Upload)| MultipartUpload {
            key: Some(upload.key.clone()),
            upload_id: Some(id.clone()),
            initiated: Some(SystemTime::from(upload.begun_at).into()),
            ..MultipartUpload::default()
        };
        Ok(ListMultipartUploadsOutput {
            bucket: Some(input.bucket),
            prefix: input.prefix.clone(),
            key_marker: input.key_marker,
            upload_id_marker: input.upload_id_marker,
            max_uploads: Some(max_uploads),
            is_truncated: Some(is_truncated),
            next_key_marker: last.map(|(_, upload)| upload.key.clone()),
            next_upload_id_marker: last.map(|(id, _)| id.clone()),
            uploads: Some(all.iter().map(describe).collect()),
            ..ListMultipartUploadsOutput::default()
        })
    }
}

impl Upload {
    /// Lists the received parts in the order of their numbers.
    /// <https://docs.aws.amazon.com/AmazonS3/latest/API/API_ListParts.html>
    pub(super) fn list_parts(&self, input: ListPartsInput) -> ListPartsOutput {
        let marker = input.part_number_marker.unwrap_or_default();
        let max_parts = input.max_parts.unwrap_or(MAX_LISTED).clamp(1, MAX_LISTED);
        let mut following = self.parts.iter().filter(|(number, _)| **number > marker);
        let mut parts = Vec::new();
        let length = usize::try_from(max_parts).unwrap_or_default();
        for (number, (etag, size)) in following.by_ref().take(length) {
            parts.push(Part {
                part_number: Some(*number),
                e_tag: Some(ETag::Strong(etag.clone())),
                size: i64::try_from(*size).ok(),
                ..Part::default()
            });
        }
        let is_truncated = following.next().is_some();
        let last = parts.last().and_then(|part| part.part_number);
        ListPartsOutput {
            bucket: Some(input.bucket),
            key: Some(input.key),
            upload_id: Some(input.upload_id),
            part_number_marker: Some(marker),
            max_parts: Some(max_parts),
            is_truncated: Some(is_truncated),
            next_part_number_marker: last.filter(|_| is_truncated),
            parts: Some(parts),
            ..ListPartsOutput::default()
        }
    }

    /// Checks the parts of a completion: their order, their ETags and their sizes.
    /// <https://docs.aws.amazon.com/AmazonS3/latest/API/API_CompleteMultipartUpload.html>
    pub(super) fn check_parts(&self, given: &[CompletedPart]) -> S3Result<()> {
        if !given.is_sorted_by(|one, next| one.part_number < next.part_number) {
            return Err(s3_error!(InvalidPartOrder));
        }
        for (at, part) in given.iter().enumerate() {
            let number = part.part_number.unwrap_or_default();
            let (etag, size) = self.parts.get(&number).ok_or_else(|| s3_error!(InvalidPart))?;
            if part.e_tag.as_ref().map(ETag::value) != Some(etag) {
                return Err(s3_error!(InvalidPart));
            }
            let is_last = at + 1 == given.len();
            if *size < MIN_PART_SIZE && !is_last {
                return Err(s3_error!(EntityTooSmall));
            }
        }
        Ok(())
    }
}
