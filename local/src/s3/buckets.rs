//! The buckets of the account: a folder of files, with object tags, multipart uploads and events of
//! new objects, which the crate of the file system lacks.

use std::collections::BTreeMap;
use std::path::Path;
use std::pin::Pin;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use chrono::{DateTime, Utc};
use percent_encoding::percent_decode_str;
use s3s::dto::{
    AbortMultipartUploadInput, AbortMultipartUploadOutput, CompleteMultipartUploadInput,
    CompleteMultipartUploadOutput, CopyObjectInput, CopyObjectOutput, CreateMultipartUploadInput,
    CreateMultipartUploadOutput, DeleteObjectInput, DeleteObjectOutput, DeleteObjectTaggingInput,
    DeleteObjectTaggingOutput, DeleteObjectsInput, DeleteObjectsOutput, GetBucketLocationInput,
    GetBucketLocationOutput, GetObjectInput, GetObjectOutput, GetObjectTaggingInput,
    GetObjectTaggingOutput, HeadBucketInput, HeadBucketOutput, HeadObjectInput, HeadObjectOutput,
    ListBucketsInput, ListBucketsOutput, ListMultipartUploadsInput, ListMultipartUploadsOutput,
    ListObjectsInput, ListObjectsOutput, ListObjectsV2Input, ListObjectsV2Output, MultipartUpload,
    PutObjectInput, PutObjectOutput, PutObjectTaggingInput, PutObjectTaggingOutput, Tag,
    UploadPartInput, UploadPartOutput,
};
use s3s::{S3, S3Request, S3Response, S3Result, s3_error};
use s3s_fs::FileSystem;
use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::account::ACCOUNT;
use crate::account::UPLOADS_BUCKET;
use crate::eventbridge::envelope;
use crate::records::Records;
use crate::sqs::Queue;

type Tags = BTreeMap<String, String>;

/// 5 MiB: S3's minimum size of a part, except for the last part.
/// <https://docs.aws.amazon.com/AmazonS3/latest/userguide/qfacts.html>
const MIN_PART_SIZE: u64 = 5 << 20;
/// The maximum number of multipart uploads in a page of a list.
const MAX_LISTED: i32 = 1000;
/// The maximum number of tags of an object.
/// <https://docs.aws.amazon.com/AmazonS3/latest/userguide/object-tagging.html>
const MAX_TAGS: usize = 10;

/// The buckets of the account.
#[derive(Debug)]
pub(crate) struct Buckets {
    files: FileSystem,
    tags: Records<Tags>,
    multiparts: Records<Multipart>,
    uploads: Arc<Queue>,
}

/// A multipart upload, and the parts that it has received.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
struct Multipart {
    #[serde(default)]
    bucket: String,
    #[serde(default)]
    key: String,
    #[serde(default)]
    started_at: DateTime<Utc>,
    tags: Tags,
    /// ETag and size of each part, by its number.
    parts: BTreeMap<i32, (String, u64)>,
}

impl Buckets {
    pub(crate) fn open(
        files: FileSystem,
        folder: &Path,
        uploads: Arc<Queue>,
    ) -> std::io::Result<Self> {
        Ok(Self {
            files,
            tags: Records::open(folder.join("object-tags"))?,
            multiparts: Records::open(folder.join("multipart-uploads"))?,
            uploads,
        })
    }

    /// Reads the metadata of an object. If there is no such object, returns S3's error.
    async fn find_object(&self, bucket: &str, key: &str) -> S3Result<HeadObjectOutput> {
        let input = HeadObjectInput::builder().bucket(bucket.to_owned()).key(key.to_owned());
        let input = input.build().map_err(|error| s3_error!(error, InternalError))?;
        Ok(self.files.head_object(request(input)).await?.output)
    }

    /// Replaces an object's tags.
    fn set_tags(&self, bucket: &str, key: &str, tags: Tags) -> S3Result<()> {
        if tags.len() > MAX_TAGS {
            return Err(s3_error!(InvalidTag, "an object can have at most {MAX_TAGS} tags"));
        }
        let name = record_name(bucket, key);
        self.tags.remove(&name).map_err(internal)?;
        if !tags.is_empty() {
            self.tags.add(&name, tags, |_| Ok::<_, std::io::Error>(())).map_err(internal)?;
        }
        Ok(())
    }

    /// Sends the event of a new object before the request is answered, so that an answered request
    /// always has its event.
    /// <https://docs.aws.amazon.com/AmazonS3/latest/userguide/ev-events.html>
    async fn send_object_created(&self, bucket: &str, key: &str, reason: &str) -> S3Result<()> {
        if bucket != UPLOADS_BUCKET {
            return Ok(());
        }
        let object = self.find_object(bucket, key).await?;
        let detail = json!({
            "version": "0",
            "bucket": { "name": bucket },
            "object": {
                "key": key,
                "size": object.content_length,
                "etag": object.e_tag.map(s3s::dto::ETag::into_value),
                "sequencer": format!("{:016X}", Utc::now().timestamp_micros()),
            },
            "request-id": format!("{:016X}", fastrand::u64(..)),
            "requester": ACCOUNT,
            "source-ip-address": "127.0.0.1",
            "reason": reason,
        });
        let resources = [format!("arn:aws:s3:::{bucket}")];
        let event = envelope("aws.s3", "Object Created", &resources, &detail);
        tracing::debug!("object {key} was created in the upload bucket");
        self.uploads.send(&event.to_string(), Duration::ZERO).map_err(internal)?;
        Ok(())
    }
}

fn internal(error: std::io::Error) -> s3s::S3Error {
    s3_error!(error, InternalError)
}

fn request<T>(input: T) -> S3Request<T> {
    S3Request {
        input,
        method: axum::http::Method::GET,
        uri: axum::http::Uri::default(),
        headers: axum::http::HeaderMap::default(),
        extensions: axum::http::Extensions::default(),
        credentials: None,
        region: None,
        service: None,
        trailing_headers: None,
    }
}

/// The name of an object's record: a digest, because a key may have characters that a file name may
/// not.
fn record_name(bucket: &str, key: &str) -> String {
    let digest =
        aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, format!("{bucket}/{key}").as_bytes());
    digest.as_ref().iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Parses the tags of a header `x-amz-tagging`, which is written like a query.
fn parse_tags(header: Option<&str>) -> Tags {
    let decode =
        |text: &str| percent_decode_str(&text.replace('+', " ")).decode_utf8_lossy().into_owned();
    let pairs = header.unwrap_or_default().split('&').filter(|pair| !pair.is_empty());
    pairs
        .map(|pair| pair.split_once('=').unwrap_or((pair, "")))
        .map(|(key, value)| (decode(key), decode(value)))
        .collect()
}

/// Forwards operations to the file system, in the form that the trait's attribute requires.
macro_rules! forward_to_files {
    ($($operation:ident($input:ty) -> $output:ty;)*) => {
        $(fn $operation<'a, 'b>(
            &'a self,
            request: S3Request<$input>,
        ) -> Pin<Box<dyn Future<Output = S3Result<S3Response<$output>>> + Send + 'b>>
        where
            'a: 'b,
            Self: 'b,
        {
            self.files.$operation(request)
        })*
    };
}

#[async_trait::async_trait]
impl S3 for Buckets {
    async fn put_object(
        &self,
        request: S3Request<PutObjectInput>,
    ) -> S3Result<S3Response<PutObjectOutput>> {
        let (bucket, key) = (request.input.bucket.clone(), request.input.key.clone());
        let tags = parse_tags(request.input.tagging.as_deref());
        let response = self.files.put_object(request).await?;
        if !key.ends_with('/') {
            self.set_tags(&bucket, &key, tags)?;
            self.send_object_created(&bucket, &key, "PutObject").await?;
        }
        Ok(response)
    }

    async fn copy_object(
        &self,
        request: S3Request<CopyObjectInput>,
    ) -> S3Result<S3Response<CopyObjectOutput>> {
        let (bucket, key) = (request.input.bucket.clone(), request.input.key.clone());
        let response = self.files.copy_object(request).await?;
        self.send_object_created(&bucket, &key, "CopyObject").await?;
        Ok(response)
    }

    async fn create_multipart_upload(
        &self,
        request: S3Request<CreateMultipartUploadInput>,
    ) -> S3Result<S3Response<CreateMultipartUploadOutput>> {
        let tags = parse_tags(request.input.tagging.as_deref());
        let (bucket, key) = (request.input.bucket.clone(), request.input.key.clone());
        let response = self.files.create_multipart_upload(request).await?;
        let id = response.output.upload_id.as_deref().unwrap_or_default();
        let multipart =
            Multipart { bucket, key, started_at: Utc::now(), tags, parts: BTreeMap::new() };
        self.multiparts.add(id, multipart, |_| Ok::<_, std::io::Error>(())).map_err(internal)?;
        Ok(response)
    }

    async fn upload_part(
        &self,
        request: S3Request<UploadPartInput>,
    ) -> S3Result<S3Response<UploadPartOutput>> {
        let (id, number) = (request.input.upload_id.clone(), request.input.part_number);
        let size = request.input.content_length.and_then(|it| u64::try_from(it).ok());
        if self.multiparts.get(&id).is_none() {
            return Err(s3_error!(NoSuchUpload));
        }
        let response = self.files.upload_part(request).await?;
        if let Some(etag) = &response.output.e_tag {
            let part = (etag.value().to_owned(), size.unwrap_or(u64::MAX));
            let added = self.multiparts.change(&id, |it| drop(it.parts.insert(number, part)));
            added.map_err(internal)?;
        }
        Ok(response)
    }

    /// <https://docs.aws.amazon.com/AmazonS3/latest/API/API_CompleteMultipartUpload.html>
    async fn complete_multipart_upload(
        &self,
        request: S3Request<CompleteMultipartUploadInput>,
    ) -> S3Result<S3Response<CompleteMultipartUploadOutput>> {
        let input = &request.input;
        let (bucket, key, id) = (input.bucket.clone(), input.key.clone(), input.upload_id.clone());
        let known = self.multiparts.get(&id).ok_or_else(|| s3_error!(NoSuchUpload))?;
        let given = input.multipart_upload.as_ref().and_then(|upload| upload.parts.as_ref());
        let given = given.ok_or_else(|| s3_error!(MalformedXML))?;
        if !given.is_sorted_by(|one, next| one.part_number < next.part_number) {
            return Err(s3_error!(InvalidPartOrder));
        }
        for (at, part) in given.iter().enumerate() {
            let number = part.part_number.unwrap_or_default();
            let (etag, size) = known.parts.get(&number).ok_or_else(|| s3_error!(InvalidPart))?;
            if part.e_tag.as_ref().map(s3s::dto::ETag::value) != Some(etag) {
                return Err(s3_error!(InvalidPart));
            }
            if *size < MIN_PART_SIZE && at + 1 < given.len() {
                return Err(s3_error!(EntityTooSmall));
            }
        }
        let response = self.files.complete_multipart_upload(request).await?;
        self.set_tags(&bucket, &key, known.tags)?;
        self.send_object_created(&bucket, &key, "CompleteMultipartUpload").await?;
        self.multiparts.remove(&id).map_err(internal)?;
        Ok(response)
    }

    async fn abort_multipart_upload(
        &self,
        request: S3Request<AbortMultipartUploadInput>,
    ) -> S3Result<S3Response<AbortMultipartUploadOutput>> {
        let id = request.input.upload_id.clone();
        if self.multiparts.get(&id).is_none() {
            return Err(s3_error!(NoSuchUpload));
        }
        let response = self.files.abort_multipart_upload(request).await?;
        self.multiparts.remove(&id).map_err(internal)?;
        Ok(response)
    }

    /// Lists uploads in the order of their keys, and uploads of one key from the earliest on.
    /// <https://docs.aws.amazon.com/AmazonS3/latest/API/API_ListMultipartUploads.html>
    async fn list_multipart_uploads(
        &self,
        S3Request { input, .. }: S3Request<ListMultipartUploadsInput>,
    ) -> S3Result<S3Response<ListMultipartUploadsOutput>> {
        if input.delimiter.is_some() || input.encoding_type.is_some() {
            return Err(s3_error!(NotImplemented, "the stand-in only lists by prefix"));
        }
        let prefix = input.prefix.as_deref().unwrap_or_default();
        let mut all: Vec<_> = self.multiparts.all().into_iter().collect();
        all.retain(|(_, upload)| upload.bucket == input.bucket && upload.key.starts_with(prefix));
        all.sort_by(|(_, one), (_, other)| {
            (&one.key, one.started_at).cmp(&(&other.key, other.started_at))
        });
        if let Some(marker) = &input.key_marker {
            let last = all.iter().rposition(|(id, upload)| {
                let seen = input.upload_id_marker.as_ref().is_none_or(|last| last == id);
                upload.key == *marker && seen
            });
            match last {
                Some(last) => drop(all.drain(..=last)),
                None => all.retain(|(_, upload)| *marker < upload.key),
            }
        }
        let max_uploads = input.max_uploads.unwrap_or(MAX_LISTED).clamp(1, MAX_LISTED);
        let cut = usize::try_from(max_uploads).unwrap_or_default();
        let is_truncated = cut < all.len();
        all.truncate(cut);
        let last = all.last().filter(|_| is_truncated);
        let shown = |(id, upload): &(String, Multipart)| MultipartUpload {
            key: Some(upload.key.clone()),
            upload_id: Some(id.clone()),
            initiated: Some(SystemTime::from(upload.started_at).into()),
            ..MultipartUpload::default()
        };
        Ok(S3Response::new(ListMultipartUploadsOutput {
            bucket: Some(input.bucket),
            prefix: input.prefix.clone(),
            key_marker: input.key_marker,
            upload_id_marker: input.upload_id_marker,
            max_uploads: Some(max_uploads),
            is_truncated: Some(is_truncated),
            next_key_marker: last.map(|(_, upload)| upload.key.clone()),
            next_upload_id_marker: last.map(|(id, _)| id.clone()),
            uploads: Some(all.iter().map(shown).collect()),
            ..ListMultipartUploadsOutput::default()
        }))
    }

    async fn delete_object(
        &self,
        request: S3Request<DeleteObjectInput>,
    ) -> S3Result<S3Response<DeleteObjectOutput>> {
        let (bucket, key) = (request.input.bucket.clone(), request.input.key.clone());
        let response = self.files.delete_object(request).await?;
        self.set_tags(&bucket, &key, Tags::new())?;
        Ok(response)
    }

    async fn delete_objects(
        &self,
        request: S3Request<DeleteObjectsInput>,
    ) -> S3Result<S3Response<DeleteObjectsOutput>> {
        let bucket = request.input.bucket.clone();
        let response = self.files.delete_objects(request).await?;
        for key in response.output.deleted.iter().flatten().filter_map(|it| it.key.as_deref()) {
            self.set_tags(&bucket, key, Tags::new())?;
        }
        Ok(response)
    }

    async fn get_object_tagging(
        &self,
        S3Request { input, .. }: S3Request<GetObjectTaggingInput>,
    ) -> S3Result<S3Response<GetObjectTaggingOutput>> {
        self.find_object(&input.bucket, &input.key).await?;
        let tags = self.tags.get(&record_name(&input.bucket, &input.key)).unwrap_or_default();
        let tag = |(key, value)| Tag { key: Some(key), value: Some(value) };
        let tag_set = tags.into_iter().map(tag).collect();
        Ok(S3Response::new(GetObjectTaggingOutput { tag_set, version_id: None }))
    }

    async fn put_object_tagging(
        &self,
        S3Request { input, .. }: S3Request<PutObjectTaggingInput>,
    ) -> S3Result<S3Response<PutObjectTaggingOutput>> {
        self.find_object(&input.bucket, &input.key).await?;
        let text = |text: Option<String>| text.unwrap_or_default();
        let tags = input.tagging.tag_set.into_iter().map(|tag| (text(tag.key), text(tag.value)));
        self.set_tags(&input.bucket, &input.key, tags.collect())?;
        Ok(S3Response::new(PutObjectTaggingOutput::default()))
    }

    async fn delete_object_tagging(
        &self,
        S3Request { input, .. }: S3Request<DeleteObjectTaggingInput>,
    ) -> S3Result<S3Response<DeleteObjectTaggingOutput>> {
        self.find_object(&input.bucket, &input.key).await?;
        self.set_tags(&input.bucket, &input.key, Tags::new())?;
        Ok(S3Response::new(DeleteObjectTaggingOutput::default()))
    }

    forward_to_files! {
        get_bucket_location(GetBucketLocationInput) -> GetBucketLocationOutput;
        get_object(GetObjectInput) -> GetObjectOutput;
        head_bucket(HeadBucketInput) -> HeadBucketOutput;
        head_object(HeadObjectInput) -> HeadObjectOutput;
        list_buckets(ListBucketsInput) -> ListBucketsOutput;
        list_objects(ListObjectsInput) -> ListObjectsOutput;
        list_objects_v2(ListObjectsV2Input) -> ListObjectsV2Output;
    }
}
