//! Why the ingest of an asset failed.

use std::io;

use super::source::SourceError;
use crate::ffmpeg::FfmpegError;

/// Why an ingest failed: the `message` of its event.
#[derive(Debug, thiserror::Error)]
pub(super) enum IngestFailure {
    #[error("unable to ingest the source")]
    Source(#[from] SourceError),
    #[error("no stream of the source is selected by packaging configuration {0}")]
    NoStream(String),
    #[error(
        "the source has several sounds, but packaging configuration {0} has no audio rendition group"
    )]
    Sounds(String),
    #[error("unable to package the source")]
    Ffmpeg(#[source] FfmpegError),
    #[error("unable to store the packaged media")]
    Disk(#[source] io::Error),
}

/// Runs file operations on a thread of their own, so that requests are answered meanwhile.
pub(super) async fn run_blocking<T: Send + 'static>(
    work: impl FnOnce() -> io::Result<T> + Send + 'static,
) -> Result<T, IngestFailure> {
    let done = tokio::task::spawn_blocking(work).await;
    done.map_err(io::Error::other).and_then(|done| done).map_err(IngestFailure::Disk)
}
