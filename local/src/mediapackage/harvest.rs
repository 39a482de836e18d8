//! The work of a harvest job: copies a window of the live stream to S3.

use std::ops::Range;

use aws_sdk_s3::primitives::ByteStream;
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::manifest::{
    I_FRAME_PLAYLIST, I_FRAME_RENDITION, i_frame_playlist, media_playlist, multivariant_playlist,
};
use super::startover::Startover;
use super::streams::Streams;

/// Where a job writes to.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct S3Destination {
    pub(super) bucket_name: String,
    pub(super) manifest_key: String,
    pub(super) role_arn: String,
}

/// Why a job failed: the `message` of its event.
#[derive(Debug, thiserror::Error)]
pub(super) enum HarvestFailure {
    #[error("the content is no longer in the startover window")]
    Expired,
    #[error("unable to read segment {sequence}")]
    Read {
        sequence: u64,
        #[source]
        source: std::io::Error,
    },
    #[error("unable to write to the destination bucket")]
    Write(#[source] Box<aws_sdk_s3::Error>),
    #[error("internal error")]
    Injected,
}

/// Copies a window of the stream to its destination.
///
/// The parent manifest is written at the manifest key. Child manifests and segments are written
/// into the same folder, named after the endpoint.
/// <https://docs.aws.amazon.com/mediapackage/latest/ug/ltov-how.html>
///
/// AWS does not document whether a harvest has the I-frame playlist of its endpoint. Here it has, so the
/// product must cope with it.
///
/// With `is_fault_injected`, the job fails after it has copied the segments. What a failed job has
/// copied stays in the bucket: AWS does not document whether it is deleted.
pub(super) async fn harvest(
    startover: &Startover,
    s3: &aws_sdk_s3::Client,
    window: Range<DateTime<Utc>>,
    destination: &S3Destination,
    is_fault_injected: bool,
) -> Result<(), HarvestFailure> {
    let mut stretch =
        startover.stretch(window.start, Some(window.end)).map_err(|_| HarvestFailure::Expired)?;
    stretch.ended = true;
    let streams = &startover.streams;
    let bucket = &destination.bucket_name;
    let parent = destination.manifest_key.as_str();
    let folder = parent.rsplit_once('/').map_or(String::new(), |(folder, _)| format!("{folder}/"));
    // The embedded S3 would write into a bucket that does not exist.
    let head = s3.head_bucket().bucket(bucket).send().await;
    head.map_err(|error| HarvestFailure::Write(Box::new(error.into())))?;
    let put = async |key: String, body: ByteStream, media_type: &str| {
        let request = s3.put_object().bucket(bucket).key(key);
        let sent = request.content_type(media_type).body(body).send().await;
        sent.map_err(|error| HarvestFailure::Write(Box::new(error.into())))
    };
    for segment in &stretch.segments {
        for stream in 0..streams.count() {
            let read = tokio::fs::read(segment.file(&streams.file(stream))).await;
            let media =
                read.map_err(|source| HarvestFailure::Read { sequence: segment.sequence, source })?;
            let key = format!("{folder}{}", streams.segment(stream, segment.sequence));
            put(key, media.into(), streams.media_type(stream)).await?;
        }
    }
    if is_fault_injected {
        return Err(HarvestFailure::Injected);
    }
    let hls = "application/vnd.apple.mpegurl";
    for stream in 0..streams.count() {
        let text = media_playlist(streams, &stretch, stream).into_bytes();
        put(format!("{folder}{}", Streams::playlist(stream)), text.into(), hls).await?;
    }
    let frames = stretch.read_i_frames(&streams.file(I_FRAME_RENDITION)).await;
    let sequence = stretch.segments.first().map_or(0, |segment| segment.sequence);
    let frames = frames.map_err(|source| HarvestFailure::Read { sequence, source })?;
    let text = i_frame_playlist(streams, &stretch, &frames).into_bytes();
    put(format!("{folder}{I_FRAME_PLAYLIST}"), text.into(), hls).await?;
    let text = multivariant_playlist(streams, &stretch, "").into_bytes();
    put(parent.to_owned(), text.into(), hls).await?;
    Ok(())
}
