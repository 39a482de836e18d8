//! The input of a MediaPackage channel: the encoder pushes HLS to it with PUT.

use std::io;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::{Duration, Instant};

use axum::Router;
use axum::body::Bytes;
use axum::extract::{DefaultBodyLimit, Path, State};
use axum::http::StatusCode;
use axum::routing::put;
use chrono::{DateTime, Utc};

use super::captions::CaptionSource;
use super::ingest::{Ingest, IngestError};
use super::startover::Startover;
use crate::data_disk::DataDisk;

/// 64 MiB. A segment of the highest rendition has less than 1 MB.
const MAX_SEGMENT_SIZE: usize = 64 << 20;

/// The input of a channel: ingests the segments of the current run of the encoder.
#[derive(Debug)]
pub(crate) struct ChannelInput {
    startover: Arc<Startover>,
    /// Where segments arrive before they are published.
    incoming: PathBuf,
    disk: Arc<DataDisk>,
    /// After how long a run stalls: the fault `stall`.
    stall_after: Option<Duration>,
    current: Mutex<Option<Run>>,
}

/// A run of the encoder.
#[derive(Clone, Debug)]
struct Run {
    number: u64,
    ingest: Arc<Ingest>,
    begun_at: Instant,
}

impl ChannelInput {
    pub(crate) fn new(
        startover: Arc<Startover>,
        incoming: PathBuf,
        disk: Arc<DataDisk>,
        stall_after: Option<Duration>,
    ) -> Self {
        Self { startover, incoming, disk, stall_after, current: Mutex::new(None) }
    }

    pub(crate) fn startover(&self) -> &Startover {
        &self.startover
    }

    /// Where the encoder of a file writes its captions.
    pub(crate) fn captions_folder(&self) -> PathBuf {
        self.incoming.join("captions")
    }

    /// Begins a run of the encoder and returns its number.
    ///
    /// `first_frame_at` is the time of the run's first frame. If it is `None`, the run begins when
    /// its first segment arrives, less the duration of that segment.
    pub(crate) fn begin_run(
        &self,
        first_frame_at: Option<DateTime<Utc>>,
        captions: CaptionSource,
    ) -> io::Result<u64> {
        let number = self.startover.next_run();
        let startover = Arc::clone(&self.startover);
        let ingest = Ingest::begin(startover, &self.incoming, first_frame_at, captions)?;
        let (ingest, begun_at) = (Arc::new(ingest), Instant::now());
        *self.lock() = Some(Run { number, ingest, begun_at });
        Ok(number)
    }

    /// Ends the current run. Later files of it are dropped.
    pub(crate) fn end_run(&self) {
        *self.lock() = None;
    }

    /// Ingests a file of a run.
    fn put(&self, run: u64, path: &str, body: &[u8]) -> Result<(), IngestError> {
        let current = self.lock().clone();
        match current {
            Some(Run { begun_at, .. }) if self.is_stalled(begun_at) => Ok(()),
            Some(Run { number, ingest, .. }) if number == run => {
                ingest.put(path, body, self.disk.is_full(), Utc::now())
            }
            // The last requests of an encoder that was stopped.
            _ => Ok(()),
        }
    }

    fn is_stalled(&self, begun_at: Instant) -> bool {
        self.stall_after.is_some_and(|stall_after| begun_at.elapsed() > stall_after)
    }

    fn lock(&self) -> MutexGuard<'_, Option<Run>> {
        self.current.lock().expect("no thread panics while it holds the lock")
    }
}

/// Where the encoder pushes to.
pub(crate) fn input_router(input: Arc<ChannelInput>) -> Router {
    Router::new()
        .route("/ingest/{run}/{*path}", put(put_file))
        .layer(DefaultBodyLimit::max(MAX_SEGMENT_SIZE))
        .with_state(input)
}

async fn put_file(
    State(input): State<Arc<ChannelInput>>,
    Path((run, path)): Path<(u64, String)>,
    body: Bytes,
) -> StatusCode {
    match input.put(run, &path, &body) {
        Ok(()) => StatusCode::OK,
        Err(IngestError::DiskFull) => StatusCode::INSUFFICIENT_STORAGE,
        Err(error) => {
            tracing::error!(
                "could not ingest {path} of the live stream: {}",
                matchcut::error::chain(&error)
            );
            StatusCode::BAD_REQUEST
        }
    }
}
