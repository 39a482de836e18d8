//! The buckets of the account: a folder of files, with object tags, KMS keys, multipart uploads and
//! events of new objects, which the crate of the file system lacks.

use std::path::{Path, PathBuf};
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use s3s::dto::{
    AbortMultipartUploadInput, AbortMultipartUploadOutput, CompleteMultipartUploadInput,
    CompleteMultipartUploadOutput, CopyObjectInput, CopyObjectOutput, CopySource,
    CreateMultipartUploadInput, CreateMultipartUploadOutput, DeleteObjectInput, DeleteObjectOutput,
    DeleteObjectTaggingInput, DeleteObjectTaggingOutput, DeleteObjectsInput, DeleteObjectsOutput,
    GetBucketLocationInput, GetBucketLocationOutput, GetObjectInput, GetObjectOutput,
    GetObjectTaggingInput, GetObjectTaggingOutput, HeadBucketInput, HeadBucketOutput,
    HeadObjectInput, HeadObjectOutput, ListBucketsInput, ListBucketsOutput,
    ListMultipartUploadsInput, ListMultipartUploadsOutput, ListObjectsInput, ListObjectsOutput,
    ListObjectsV2Input, ListObjectsV2Output, ListPartsInput, ListPartsOutput, Object,
    PutObjectInput, PutObjectOutput, PutObjectTaggingInput, PutObjectTaggingOutput,
    ServerSideEncryption, Tag, UploadPartInput, UploadPartOutput,
};
use s3s::{S3, S3Request, S3Response, S3Result, s3_error};
use s3s_fs::FileSystem;
use tokio::sync::Mutex;

use super::internal_error;
use super::kms_keys::KmsKeys;
use super::listing::list_folder;
use super::multipart_uploads::MultipartUploads;
use super::object_created::object_created;
use super::operations::{request, run_to_end};
use super::stored_keys::StoredKeys;
use super::tags::{ObjectTags, Tags, parse_tags};
use crate::account::{BUCKET, UPLOADS_BUCKET};
use crate::sqs::Queue;

/// The buckets of the account.
#[derive(Clone, Debug)]
pub(crate) struct Buckets {
    files: Arc<FileSystem>,
    /// The folder of the file system.
    root: PathBuf,
    tags: Arc<ObjectTags>,
    kms_keys: Arc<KmsKeys>,
    multipart_uploads: Arc<MultipartUploads>,
    stored_keys: Arc<StoredKeys>,
    uploads: Arc<Queue>,
    /// How many parts of an object are joined in a second.
    join_parts_per_second: f64,
    /// Held while parts are joined. A repeated request waits, and then returns `NoSuchUpload`.
    joining: Arc<Mutex<()>>,
}

impl Buckets {
    pub(crate) fn open(
        folder: &Path,
        uploads: Arc<Queue>,
        join_parts_per_second: f64,
    ) -> std::io::Result<Self> {
        let root = folder.join("s3");
        for bucket in [BUCKET, UPLOADS_BUCKET] {
            std::fs::create_dir_all(root.join(bucket))?;
        }
        let files = FileSystem::new(&root);
        Ok(Self {
            files: Arc::new(files.map_err(|error| std::io::Error::other(format!("{error:?}")))?),
            root,
            tags: Arc::new(ObjectTags::open(&folder.join("object-tags"))?),
            multipart_uploads: Arc::new(MultipartUploads::open(&folder.join("multipart-uploads"))?),
            kms_keys: Arc::new(KmsKeys::open(&folder.join("object-kms-keys"))?),
            stored_keys: Arc::new(StoredKeys::open(&folder.join("object-long-keys"))?),
            uploads,
            join_parts_per_second,
            joining: Arc::default(),
        })
    }

    /// Reads the metadata of an object. If there is no such object, returns S3's error.
    async fn find_object(&self, bucket: &str, key: &str) -> S3Result<HeadObjectOutput> {
        let stored = StoredKeys::find(bucket, key);
        let input = HeadObjectInput::builder().bucket(bucket.to_owned()).key(stored);
        let input = input.build().map_err(|error| s3_error!(error, InternalError))?;
        Ok(self.files.head_object(request(input)).await?.output)
    }

    /// Gives listed objects the keys that they were stored with.
    fn restore_keys<'a>(&self, objects: impl Iterator<Item = &'a mut Object>) {
        for key in objects.filter_map(|object| object.key.as_mut()) {
            *key = self.stored_keys.restore(key);
        }
    }

    /// Sends the event of a new object before the request is answered, so that an answered request
    /// always has its event.
    /// <https://docs.aws.amazon.com/AmazonS3/latest/userguide/ev-events.html>
    async fn send_object_created(&self, bucket: &str, key: &str, reason: &str) -> S3Result<()> {
        if bucket != UPLOADS_BUCKET {
            return Ok(());
        }
        let object = self.find_object(bucket, key).await?;
        let event = object_created(bucket, key, object, reason);
        tracing::debug!("object {key} was created in the upload bucket");
        self.uploads.send(&event.to_string(), Duration::ZERO).map_err(internal_error)?;
        Ok(())
    }

    async fn put(
        &self,
        mut request: S3Request<PutObjectInput>,
    ) -> S3Result<S3Response<PutObjectOutput>> {
        let (bucket, key) = (request.input.bucket.clone(), request.input.key.clone());
        let tags = parse_tags(request.input.tagging.as_deref());
        let kms_key = request.input.ssekms_key_id.clone();
        request.input.key = self.stored_keys.add(&bucket, &key)?;
        let response = self.files.put_object(request).await?;
        if !key.ends_with('/') {
            self.tags.set(&bucket, &key, tags)?;
            self.kms_keys.set(&bucket, &key, kms_key)?;
            self.send_object_created(&bucket, &key, "PutObject").await?;
        }
        Ok(response)
    }

    async fn copy(
        &self,
        mut request: S3Request<CopyObjectInput>,
    ) -> S3Result<S3Response<CopyObjectOutput>> {
        let (bucket, key) = (request.input.bucket.clone(), request.input.key.clone());
        let kms_key = request.input.ssekms_key_id.clone();
        request.input.key = self.stored_keys.add(&bucket, &key)?;
        if let CopySource::Bucket { bucket, key, .. } = &mut request.input.copy_source {
            *key = StoredKeys::find(bucket, key).into();
        }
        let response = self.files.copy_object(request).await?;
        self.kms_keys.set(&bucket, &key, kms_key)?;
        self.send_object_created(&bucket, &key, "CopyObject").await?;
        Ok(response)
    }

    /// Checks the parts of a completion, and returns how long joining them takes.
    fn check_completion(&self, input: &CompleteMultipartUploadInput) -> S3Result<Duration> {
        let upload = self.multipart_uploads.find(&input.upload_id)?;
        let parts = input.multipart_upload.as_ref().and_then(|upload| upload.parts.as_ref());
        let parts = parts.ok_or_else(|| s3_error!(MalformedXML))?;
        upload.check_parts(parts)?;
        let count = u32::try_from(parts.len()).unwrap_or(u32::MAX);
        Ok(Duration::from_secs_f64(f64::from(count) / self.join_parts_per_second))
    }

    async fn join_parts(
        &self,
        mut request: S3Request<CompleteMultipartUploadInput>,
    ) -> S3Result<S3Response<CompleteMultipartUploadOutput>> {
        let _joining = self.joining.lock().await;
        let input = &request.input;
        let (bucket, key, id) = (input.bucket.clone(), input.key.clone(), input.upload_id.clone());
        let upload = self.multipart_uploads.find(&id)?;
        request.input.key = StoredKeys::find(&bucket, &key);
        let response = self.files.complete_multipart_upload(request).await?;
        self.tags.set(&bucket, &key, upload.tags)?;
        self.kms_keys.set(&bucket, &key, None)?;
        self.send_object_created(&bucket, &key, "CompleteMultipartUpload").await?;
        self.multipart_uploads.remove(&id)?;
        Ok(response)
    }
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
        let buckets = self.clone();
        run_to_end(async move { buckets.put(request).await }).await
    }

    async fn copy_object(
        &self,
        request: S3Request<CopyObjectInput>,
    ) -> S3Result<S3Response<CopyObjectOutput>> {
        let buckets = self.clone();
        run_to_end(async move { buckets.copy(request).await }).await
    }

    async fn create_multipart_upload(
        &self,
        mut request: S3Request<CreateMultipartUploadInput>,
    ) -> S3Result<S3Response<CreateMultipartUploadOutput>> {
        let tags = parse_tags(request.input.tagging.as_deref());
        let (bucket, key) = (request.input.bucket.clone(), request.input.key.clone());
        request.input.key = self.stored_keys.add(&bucket, &key)?;
        let mut response = self.files.create_multipart_upload(request).await?;
        response.output.key = Some(key.clone());
        let id = response.output.upload_id.as_deref().unwrap_or_default();
        self.multipart_uploads.add(id, bucket, key, tags)?;
        Ok(response)
    }

    async fn upload_part(
        &self,
        mut request: S3Request<UploadPartInput>,
    ) -> S3Result<S3Response<UploadPartOutput>> {
        let (id, number) = (request.input.upload_id.clone(), request.input.part_number);
        let size = request.input.content_length.and_then(|it| u64::try_from(it).ok());
        self.multipart_uploads.find(&id)?;
        request.input.key = StoredKeys::find(&request.input.bucket, &request.input.key);
        let response = self.files.upload_part(request).await?;
        if let Some(etag) = &response.output.e_tag {
            self.multipart_uploads.add_part(&id, number, etag, size.unwrap_or(u64::MAX))?;
        }
        Ok(response)
    }

    /// Answers 200 before the parts are joined, and sends white space until they are. The end of the
    /// body is the result or an error.
    /// <https://docs.aws.amazon.com/AmazonS3/latest/API/API_CompleteMultipartUpload.html>
    async fn complete_multipart_upload(
        &self,
        request: S3Request<CompleteMultipartUploadInput>,
    ) -> S3Result<S3Response<CompleteMultipartUploadOutput>> {
        let duration = self.check_completion(&request.input)?;
        let buckets = self.clone();
        let join = tokio::spawn(run_to_end(async move {
            tokio::time::sleep(duration).await;
            buckets.join_parts(request).await.map(|response| response.output)
        }));
        let result = async { join.await.map_err(|error| internal_error(error.into()))? };
        Ok(S3Response::new(CompleteMultipartUploadOutput {
            future: Some(Box::pin(result)),
            ..CompleteMultipartUploadOutput::default()
        }))
    }

    async fn get_object(
        &self,
        mut request: S3Request<GetObjectInput>,
    ) -> S3Result<S3Response<GetObjectOutput>> {
        self.kms_keys.check_readable(&request.input.bucket, &request.input.key)?;
        request.input.key = StoredKeys::find(&request.input.bucket, &request.input.key);
        self.files.get_object(request).await
    }

    async fn head_object(
        &self,
        mut request: S3Request<HeadObjectInput>,
    ) -> S3Result<S3Response<HeadObjectOutput>> {
        let kms_key = self.kms_keys.find(&request.input.bucket, &request.input.key);
        request.input.key = StoredKeys::find(&request.input.bucket, &request.input.key);
        let mut response = self.files.head_object(request).await?;
        if kms_key.is_some() {
            let kms = ServerSideEncryption::from_static(ServerSideEncryption::AWS_KMS);
            response.output.server_side_encryption = Some(kms);
            response.output.ssekms_key_id = kms_key;
        }
        Ok(response)
    }

    async fn abort_multipart_upload(
        &self,
        mut request: S3Request<AbortMultipartUploadInput>,
    ) -> S3Result<S3Response<AbortMultipartUploadOutput>> {
        let id = request.input.upload_id.clone();
        self.multipart_uploads.find(&id)?;
        request.input.key = StoredKeys::find(&request.input.bucket, &request.input.key);
        let response = self.files.abort_multipart_upload(request).await?;
        self.multipart_uploads.remove(&id)?;
        Ok(response)
    }

    async fn list_multipart_uploads(
        &self,
        S3Request { input, .. }: S3Request<ListMultipartUploadsInput>,
    ) -> S3Result<S3Response<ListMultipartUploadsOutput>> {
        self.multipart_uploads.list(input).map(S3Response::new)
    }

    async fn list_parts(
        &self,
        S3Request { input, .. }: S3Request<ListPartsInput>,
    ) -> S3Result<S3Response<ListPartsOutput>> {
        let upload = self.multipart_uploads.find(&input.upload_id)?;
        Ok(S3Response::new(upload.list_parts(input)))
    }

    async fn delete_object(
        &self,
        mut request: S3Request<DeleteObjectInput>,
    ) -> S3Result<S3Response<DeleteObjectOutput>> {
        let (bucket, key) = (request.input.bucket.clone(), request.input.key.clone());
        request.input.key = StoredKeys::find(&bucket, &key);
        let response = self.files.delete_object(request).await?;
        self.tags.set(&bucket, &key, Tags::new())?;
        Ok(response)
    }

    async fn delete_objects(
        &self,
        mut request: S3Request<DeleteObjectsInput>,
    ) -> S3Result<S3Response<DeleteObjectsOutput>> {
        let bucket = request.input.bucket.clone();
        for object in &mut request.input.delete.objects {
            object.key = StoredKeys::find(&bucket, &object.key);
        }
        let mut response = self.files.delete_objects(request).await?;
        let deleted = response.output.deleted.iter_mut().flatten();
        for key in deleted.filter_map(|object| object.key.as_mut()) {
            *key = self.stored_keys.restore(key);
            self.tags.set(&bucket, key, Tags::new())?;
        }
        Ok(response)
    }

    async fn list_objects(
        &self,
        request: S3Request<ListObjectsInput>,
    ) -> S3Result<S3Response<ListObjectsOutput>> {
        let mut response = self.files.list_objects(request).await?;
        self.restore_keys(response.output.contents.iter_mut().flatten());
        Ok(response)
    }

    async fn list_objects_v2(
        &self,
        request: S3Request<ListObjectsV2Input>,
    ) -> S3Result<S3Response<ListObjectsV2Output>> {
        let mut response = list_folder(&self.files, &self.root, request).await?;
        self.restore_keys(response.output.contents.iter_mut().flatten());
        Ok(response)
    }

    async fn get_object_tagging(
        &self,
        S3Request { input, .. }: S3Request<GetObjectTaggingInput>,
    ) -> S3Result<S3Response<GetObjectTaggingOutput>> {
        self.find_object(&input.bucket, &input.key).await?;
        let tags = self.tags.get(&input.bucket, &input.key);
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
        self.tags.set(&input.bucket, &input.key, tags.collect())?;
        Ok(S3Response::new(PutObjectTaggingOutput::default()))
    }

    async fn delete_object_tagging(
        &self,
        S3Request { input, .. }: S3Request<DeleteObjectTaggingInput>,
    ) -> S3Result<S3Response<DeleteObjectTaggingOutput>> {
        self.find_object(&input.bucket, &input.key).await?;
        self.tags.set(&input.bucket, &input.key, Tags::new())?;
        Ok(S3Response::new(DeleteObjectTaggingOutput::default()))
    }

    forward_to_files! {
        get_bucket_location(GetBucketLocationInput) -> GetBucketLocationOutput;
        head_bucket(HeadBucketInput) -> HeadBucketOutput;
        list_buckets(ListBucketsInput) -> ListBucketsOutput;
    }
}
