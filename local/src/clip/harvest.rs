//! What a harvest job does.

use aws_sdk_s3::primitives::ByteStream;

use super::harvest_jobs::{CreateHarvestJob, HarvestJobs};
use crate::live::{LADDER, media_playlist, multivariant_playlist, rendition_name, segment_name};

/// Why a job failed: the `message` of its event.
#[derive(Debug, thiserror::Error)]
pub(super) enum HarvestFailure {
    #[error("the content is no longer in the startover window")]
    Gone,
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

/// Copies the window of a job to its destination.
///
/// What was copied before something fails stays there: whether AWS removes it is not documented.
///
/// The parent manifest is written at the manifest key; child manifests and segments lie flat
/// beside it, named after the endpoint.
/// <https://docs.aws.amazon.com/mediapackage/latest/ug/ltov-how.html>
pub(super) async fn harvest(
    jobs: &HarvestJobs,
    asked: &CreateHarvestJob,
) -> Result<(), HarvestFailure> {
    let (start, end) = asked.window().map_err(|_| HarvestFailure::Gone)?;
    let mut stretch =
        jobs.endpoint.startover.stretch(start, Some(end)).map_err(|_| HarvestFailure::Gone)?;
    stretch.ended = true;
    let parent = asked.s3_destination.manifest_key.as_str();
    let folder = parent.rsplit_once('/').map_or(String::new(), |(folder, _)| format!("{folder}/"));
    // The embedded S3 would take objects into a bucket that is not there.
    let bucket = jobs.s3.head_bucket().bucket(&asked.s3_destination.bucket_name).send().await;
    bucket.map_err(|error| HarvestFailure::Write(Box::new(error.into())))?;
    let put = async |key: String, body: ByteStream, media_type: &str| {
        let request = jobs.s3.put_object().bucket(&asked.s3_destination.bucket_name).key(key);
        let sent = request.content_type(media_type).body(body).send().await;
        sent.map_err(|error| HarvestFailure::Write(Box::new(error.into())))
    };
    for segment in &stretch.segments {
        for rendition in 0..LADDER.len() {
            let read = tokio::fs::read(segment.file(rendition)).await;
            let media =
                read.map_err(|source| HarvestFailure::Read { sequence: segment.sequence, source })?;
            let key = format!("{folder}{}", segment_name(rendition, segment.sequence));
            put(key, media.into(), "video/mp2t").await?;
        }
    }
    let chance = jobs.chance.lock().expect("nothing panics while it holds it").f64();
    if chance < jobs.faults.fail {
        return Err(HarvestFailure::Injected);
    }
    let hls = "application/vnd.apple.mpegurl";
    for rendition in 0..LADDER.len() {
        let text = media_playlist(&stretch, rendition).into_bytes();
        put(format!("{folder}{}", rendition_name(rendition)), text.into(), hls).await?;
    }
    let text = multivariant_playlist(&stretch, "").into_bytes();
    put(parent.to_owned(), text.into(), hls).await?;
    Ok(())
}
