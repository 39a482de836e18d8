//! Writes clips into the table without going through the API.

use std::collections::{BTreeMap, BTreeSet};

use aws_sdk_dynamodb::types::{PutRequest, WriteRequest};
use chrono::{DateTime, TimeDelta, Utc};
use matchcut::clip::{
    Bounds, Clip, ClipId, ClipKey, CompetitionId, Description, Failure, FailureCode, Precision,
    Source, Status, Upload, Window,
};
use matchcut::library::{Library, encode_row};
use matchcut::live::Channels;

use crate::error::BenchError;
use crate::stack::Service;

/// Writes a live clip with every attribute that its status implies. A pending clip is due for a
/// check.
pub(crate) async fn write_clip(
    library: &Library,
    competition: &CompetitionId,
    window: Window,
    status: Status,
) -> Result<Clip, BenchError> {
    let clip = make_clip(competition, window, status);
    library.create(&clip).await?;
    Ok(clip)
}

/// Writes the multivariant manifest of a clip's media, without segments.
pub(crate) async fn write_manifest(service: &Service, clip: &Clip) -> Result<(), BenchError> {
    const MANIFEST: &str = "#EXTM3U\n#EXT-X-STREAM-INF:BANDWIDTH=5000000,RESOLUTION=1280x720,\
        FRAME-RATE=25.000\nindex_1.m3u8\n";
    let client = aws_sdk_s3::Client::new(&service.stack.sdk);
    let put = client
        .put_object()
        .bucket(service.stack.variables.required("CLIPS_BUCKET")?)
        .key(clip.attempt_of_media().manifest_key())
        .body(MANIFEST.as_bytes().to_vec().into());
    put.send().await.map_err(|error| BenchError::S3(Box::new(error.into())))?;
    Ok(())
}

/// Writes the row that `create-clip` writes at `created_at` for a window of the default channel. Sends
/// no message.
pub(crate) async fn write_new_clip(
    service: &Service,
    competition: &CompetitionId,
    window: Window,
    status: Status,
    created_at: DateTime<Utc>,
) -> Result<ClipKey, BenchError> {
    let channels: Channels = service.stack.variables.parsed("CHANNELS")?;
    let channel = channels.default_channel().id.clone();
    let key = ClipKey { competition: competition.clone(), clip: ClipId::for_window(window) };
    let source = Source::Live { channel, requested: window };
    let clip = Clip::new(key.clone(), status, source, &Description::default(), created_at);
    service.library.create(&clip).await?;
    Ok(key)
}

/// Most rows of one BatchWriteItem call.
/// <https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_BatchWriteItem.html>
const MAX_WRITES: usize = 25;

/// Writes many clips, in the form in which the library writes them.
pub(crate) async fn write_clips(service: &Service, clips: &[Clip]) -> Result<(), BenchError> {
    let client = aws_sdk_dynamodb::Client::new(&service.stack.sdk);
    let table = service.stack.variables.required("CLIPS_TABLE")?;
    for batch in clips.chunks(MAX_WRITES) {
        let mut writes = Vec::new();
        for clip in batch {
            let put = PutRequest::builder().set_item(Some(encode_row(clip)?)).build();
            let put = put.map_err(|error| BenchError::DynamoDb(Box::new(error.into())))?;
            writes.push(WriteRequest::builder().put_request(put).build());
        }
        let write = client.batch_write_item().request_items(table, writes).send().await;
        let write = write.map_err(|error| BenchError::DynamoDb(Box::new(error.into())))?;
        if write.unprocessed_items.is_some_and(|left| !left.is_empty()) {
            return Err(BenchError::Unprocessed);
        }
    }
    Ok(())
}

/// A live clip with every attribute that its status implies.
pub(crate) fn make_clip(competition: &CompetitionId, window: Window, status: Status) -> Clip {
    let created = window.end() + TimeDelta::seconds(5);
    let is_ready = status == Status::Ready;
    let has_manifests = is_ready || status == Status::Packaging;
    let formats = [("dash", "index.mpd"), ("hls", "index.m3u8")];
    Clip {
        competition: competition.clone(),
        clip: ClipId::for_window(window),
        status,
        version: 3,
        attempt: 1,
        media_attempt: 1,
        source: Source::Live { channel: "main".into(), requested: window },
        actual: Some(Bounds {
            start: window.start(),
            end: window.end(),
            duration_seconds: (window.end() - window.start()).as_seconds_f64(),
        }),
        created_by: Some("operator".to_owned()),
        suggested_by: None,
        title: "Men's 100 m, second semi-final".to_owned(),
        description: "False start in lane 4, then a photo finish.".to_owned(),
        tags: vec!["100m".to_owned(), "semi-final".to_owned()],
        listed: true,
        publish_at: None,
        manifests: formats
            .iter()
            .filter(|_| has_manifests)
            .map(|(format, name)| ((*format).to_owned(), make_manifest_path(name)))
            .collect(),
        playable: formats
            .iter()
            .filter(|_| is_ready)
            .map(|(format, _)| (*format).to_owned())
            .collect(),
        failure: (status == Status::Failed).then(|| Failure {
            code: FailureCode::HarvestFailed,
            message: "MediaPackage could not harvest the clip: internal error".to_owned(),
        }),
        files: None,
        created_at: created,
        updated_at: created,
        ready_at: is_ready.then_some(created),
        asset_expires_at: None,
        remake: None,
        poster_at: None,
        angles: Vec::new(),
        precision: Precision::Segment,
        exact: None,
        retired: Vec::new(),
        asset_removable_at: None,
        expires_at: None,
        deleted_at: None,
        deleted_from: None,
        removal_started: false,
        exports: [].into(),
        queued_at: (status == Status::Queued).then_some(created),
        next_check_at: status.is_pending().then_some(created),
    }
}

/// The number of parts of the file in [`write_upload`].
pub(crate) const UPLOAD_PARTS: u32 = 7;

/// Writes a multipart upload. If it is transcoding, the id of its job is `1`.
pub(crate) async fn write_upload(
    service: &Service,
    competition: &CompetitionId,
    status: Status,
) -> Result<Clip, BenchError> {
    let at = Utc::now();
    let is_transcoding = status == Status::Transcoding;
    let id = ClipId::for_time(at);
    let key = format!("{competition}/{id}/original.mov");
    // S3 knows the upload while its parts are sent.
    let multipart =
        if is_transcoding { "m".repeat(100) } else { start_multipart(service, &key).await? };
    let clip = Clip {
        competition: competition.clone(),
        clip: id.clone(),
        status,
        version: 1,
        attempt: 1,
        media_attempt: 1,
        source: Source::Upload(Upload {
            key,
            filename: "final.mov".to_owned(),
            at,
            size: Some(100 << 20),
            uploader: Some("operator".to_owned()),
            multipart: Some(multipart),
            joining_since: None,
            awaited_until: Some(at + TimeDelta::hours(24)),
            job: is_transcoding.then(|| "1".to_owned()),
            progress: None,
            thumbnails: 10,
            captions: Vec::new(),
            default_sound: None,
        }),
        actual: is_transcoding.then(|| Bounds {
            start: at,
            end: at + TimeDelta::seconds(10),
            duration_seconds: 10.0,
        }),
        created_by: Some("operator".to_owned()),
        suggested_by: None,
        title: "Men's 100 m, the winner speaks".to_owned(),
        description: String::new(),
        tags: vec!["interview".to_owned()],
        listed: true,
        publish_at: None,
        manifests: BTreeMap::new(),
        playable: BTreeSet::new(),
        failure: None,
        files: None,
        created_at: at,
        updated_at: at,
        ready_at: None,
        asset_expires_at: None,
        remake: None,
        poster_at: None,
        angles: Vec::new(),
        precision: Precision::Segment,
        exact: None,
        retired: Vec::new(),
        asset_removable_at: None,
        expires_at: None,
        deleted_at: None,
        deleted_from: None,
        removal_started: false,
        exports: [].into(),
        queued_at: None,
        next_check_at: Some(at + TimeDelta::hours(24)),
    };
    service.library.create(&clip).await?;
    Ok(clip)
}

/// Starts a multipart upload in S3, and returns its id.
async fn start_multipart(service: &Service, key: &str) -> Result<String, BenchError> {
    let bucket = service.stack.variables.required("UPLOADS_BUCKET")?;
    let client = aws_sdk_s3::Client::new(&service.stack.sdk);
    let started = client.create_multipart_upload().bucket(bucket).key(key).send().await;
    let started = started.map_err(|error| BenchError::S3(Box::new(error.into())))?;
    Ok(started.upload_id.unwrap_or_default())
}

/// Makes a manifest path as long as those of MediaPackage.
fn make_manifest_path(name: &str) -> String {
    let hex = || format!("{:032x}", fastrand::u128(..));
    format!("/out/v1/{}/{}/{}/{name}", hex(), hex(), hex())
}
