//! The MediaLive channel: starts and stops the encoder.
//! <https://docs.aws.amazon.com/medialive/latest/apireference/channels-channelid.html>

use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use axum::body::Bytes;
use axum::extract::{DefaultBodyLimit, Path, State};
use axum::http::StatusCode;
use axum::routing::{get, post, put};
use axum::{Json, Router};
use chrono::Utc;
use serde::Serialize;
use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt as _, BufReader};
use tokio::process::ChildStderr;
use tokio::sync::watch;

use super::encoder::{Begin, Source};
use super::ingest::{Ingest, IngestError};
use super::startover::Startover;
use crate::wire::AwsError;

/// A segment of the highest rendition has less than 1 MB.
const LARGEST_SEGMENT: usize = 64 << 20;

/// A channel of MediaLive, and its input into MediaPackage.
#[derive(Debug)]
pub(crate) struct Channel {
    /// MediaLive's id.
    pub(crate) id: String,
    source: Source,
    startover: Arc<Startover>,
    /// Where segments arrive until they are published.
    incoming: PathBuf,
    state: Mutex<ChannelState>,
    wanted: watch::Sender<bool>,
    ingest: Mutex<Option<(u64, Arc<Ingest>)>>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
enum ChannelState {
    Idle,
    Starting,
    Running,
    Stopping,
}

impl Channel {
    pub(crate) fn new(
        id: &str,
        source: Source,
        startover: Arc<Startover>,
        incoming: PathBuf,
    ) -> Self {
        Self {
            id: id.to_owned(),
            source,
            startover,
            incoming,
            state: Mutex::new(ChannelState::Idle),
            wanted: watch::Sender::new(false),
            ingest: Mutex::new(None),
        }
    }

    /// Asks for the encoder to run; [`Channel::run`] sees to it.
    pub(crate) fn start(&self) -> Result<(), AwsError> {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        if *state != ChannelState::Idle {
            return Err(AwsError::conflict(format!("channel {} is {:?}", self.id, *state)));
        }
        *state = ChannelState::Starting;
        self.wanted.send_replace(true);
        Ok(())
    }

    fn stop(&self) -> Result<(), AwsError> {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        if !matches!(*state, ChannelState::Starting | ChannelState::Running) {
            return Err(AwsError::conflict(format!("channel {} is {:?}", self.id, *state)));
        }
        *state = ChannelState::Stopping;
        self.wanted.send_replace(false);
        Ok(())
    }

    /// Takes what the encoder of a run pushes.
    fn put(&self, run: u64, path: &str, body: &[u8]) -> Result<(), IngestError> {
        let ingest = self.ingest.lock().unwrap_or_else(PoisonError::into_inner).clone();
        match ingest {
            Some((current, ingest)) if current == run => ingest.put(path, body, Utc::now()),
            // The last words of an encoder that was stopped.
            _ => Ok(()),
        }
    }

    /// Keeps the encoder as it is wanted, for as long as the process lives.
    pub(crate) async fn run(&self, ingest_url: &str) {
        let mut wanted = self.wanted.subscribe();
        loop {
            if wanted.wait_for(|wanted| *wanted).await.is_err() {
                return;
            }
            self.set_state(ChannelState::Starting);
            match self.encode(ingest_url, &mut wanted).await {
                // A recording is over.
                Ok(()) if self.source.recording().is_some() => {
                    self.wanted.send_replace(false);
                }
                Ok(()) => {}
                Err(reason) => {
                    tracing::warn!("the encoder stopped and is started again: {reason}");
                    let _ =
                        tokio::time::timeout(Duration::from_secs(1), unwanted(&mut wanted)).await;
                }
            }
            if !*self.wanted.borrow() {
                self.set_state(ChannelState::Idle);
            }
        }
    }

    /// One run of the encoder, until it ends or is not wanted any more.
    async fn encode(
        &self,
        ingest_url: &str,
        wanted: &mut watch::Receiver<bool>,
    ) -> Result<(), String> {
        if let Some((begin, length)) = self.source.recording()
            && self.startover.edge().is_some_and(|edge| begin + length <= edge)
        {
            // An earlier process recorded it.
            return Ok(());
        }
        let run = self.startover.next_run();
        let begin = self.source.begin(Utc::now());
        let at = match begin {
            Begin::At(at) => Some(at),
            Begin::WithFirstSegment => None,
        };
        let ingest = Ingest::begin(Arc::clone(&self.startover), &self.incoming, at);
        let ingest = Arc::new(ingest.map_err(|error| error.to_string())?);
        *self.ingest.lock().unwrap_or_else(PoisonError::into_inner) = Some((run, ingest));

        let mut on_air = self.startover.newest();
        on_air.mark_unchanged();
        let target = format!("{ingest_url}/{}/{run}", self.id);
        let mut encoder =
            self.source.encode(begin, &target).await.map_err(|error| error.to_string())?;
        let complaints = tokio::spawn(last_line(encoder.stderr.take()));
        let status = loop {
            tokio::select! {
                status = encoder.wait() => break status.map_err(|error| error.to_string())?,
                () = unwanted(wanted) => {
                    let _ = encoder.kill().await;
                    return Ok(());
                }
                Ok(()) = on_air.changed() => self.set_state(ChannelState::Running),
            }
        };
        if status.success() && !matches!(self.source, Source::Listener(_)) {
            return Ok(());
        }
        let complaint = complaints.await.ok().flatten();
        Err(complaint.unwrap_or_else(|| "the source ended".to_owned()))
    }

    fn set_state(&self, state: ChannelState) {
        *self.state.lock().unwrap_or_else(PoisonError::into_inner) = state;
    }

    /// The channel as DescribeChannel shows it.
    fn describe(&self) -> Value {
        let state = *self.state.lock().unwrap_or_else(PoisonError::into_inner);
        json!({
            "arn": format!("arn:aws:medialive:us-east-1:000000000000:channel:{}", self.id),
            "channelClass": "SINGLE_PIPELINE",
            "id": self.id,
            "name": "main",
            "pipelinesRunningCount": u32::from(state == ChannelState::Running),
            "state": state,
        })
    }
}

/// Reads what a process complains of to its end, lest it waits to be read; its last words.
async fn last_line(complaints: Option<ChildStderr>) -> Option<String> {
    let mut lines = BufReader::new(complaints?).lines();
    let mut last = None;
    while let Ok(Some(line)) = lines.next_line().await {
        tracing::debug!("the encoder says: {line}");
        last = Some(line).filter(|line| !line.trim().is_empty()).or(last);
    }
    last
}

async fn unwanted(wanted: &mut watch::Receiver<bool>) {
    let _ = wanted.wait_for(|wanted| !*wanted).await;
}

/// The operations of MediaLive.
pub(crate) fn media_live_router(channel: Arc<Channel>) -> Router {
    Router::new()
        .route("/prod/channels/{id}", get(describe_channel))
        .route("/prod/channels/{id}/start", post(start_channel))
        .route("/prod/channels/{id}/stop", post(stop_channel))
        .with_state(channel)
}

/// The input of MediaPackage's channel: where the encoder pushes to.
pub(crate) fn ingest_router(channel: Arc<Channel>) -> Router {
    Router::new()
        .route("/ingest/{channel}/{run}/{*path}", put(put_segment))
        .layer(DefaultBodyLimit::max(LARGEST_SEGMENT))
        .with_state(channel)
}

async fn put_segment(
    State(channel): State<Arc<Channel>>,
    Path((id, run, path)): Path<(String, u64, String)>,
    body: Bytes,
) -> StatusCode {
    if id != channel.id {
        return StatusCode::NOT_FOUND;
    }
    match channel.put(run, &path, &body) {
        Ok(()) => StatusCode::OK,
        Err(error) => {
            tracing::error!("{path} of the live stream is lost: {error}");
            StatusCode::BAD_REQUEST
        }
    }
}

type ChannelRequest = (State<Arc<Channel>>, Path<String>);

async fn describe_channel(
    (State(channel), Path(id)): ChannelRequest,
) -> Result<Json<Value>, AwsError> {
    find(&channel, &id)?;
    Ok(Json(channel.describe()))
}

async fn start_channel(
    (State(channel), Path(id)): ChannelRequest,
) -> Result<Json<Value>, AwsError> {
    find(&channel, &id)?;
    channel.start()?;
    Ok(Json(channel.describe()))
}

async fn stop_channel((State(channel), Path(id)): ChannelRequest) -> Result<Json<Value>, AwsError> {
    find(&channel, &id)?;
    channel.stop()?;
    Ok(Json(channel.describe()))
}

fn find(channel: &Channel, id: &str) -> Result<(), AwsError> {
    if channel.id == id {
        Ok(())
    } else {
        Err(AwsError::not_found(format!("there is no channel {id}")))
    }
}
