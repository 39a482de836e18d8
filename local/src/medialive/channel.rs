//! The MediaLive channel: starts and stops the encoder.
//! <https://docs.aws.amazon.com/medialive/latest/apireference/channels-channelid.html>

use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use axum::extract::{Path, State};
use axum::routing::{get, post};
use axum::{Json, Router};
use chrono::Utc;
use serde::Serialize;
use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt as _, BufReader};
use tokio::process::ChildStderr;
use tokio::sync::watch;

use super::encoder::{FirstFrame, Source};
use crate::account::{ACCOUNT, REGION};
use crate::aws_protocol::AwsError;
use crate::mediapackage::ChannelInput;

/// How long the channel waits before it starts an encoder again that failed.
const RESTART_DELAY: Duration = Duration::from_secs(1);

/// A channel whose encoder pushes to the input of a MediaPackage channel.
#[derive(Debug)]
pub(crate) struct Channel {
    id: String,
    source: Source,
    input: Arc<ChannelInput>,
    state: Mutex<ChannelState>,
    /// Whether the encoder should run.
    is_wanted: watch::Sender<bool>,
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
    pub(crate) fn new(id: &str, source: Source, input: Arc<ChannelInput>) -> Self {
        Self {
            id: id.to_owned(),
            source,
            input,
            state: Mutex::new(ChannelState::Idle),
            is_wanted: watch::Sender::new(false),
        }
    }

    /// Requests a start. [`Channel::run`] starts the encoder.
    pub(crate) fn start(&self) -> Result<(), AwsError> {
        let mut state = self.state();
        if *state != ChannelState::Idle {
            return Err(AwsError::conflict(format!("channel {} is {:?}", self.id, *state)));
        }
        *state = ChannelState::Starting;
        self.is_wanted.send_replace(true);
        Ok(())
    }

    fn stop(&self) -> Result<(), AwsError> {
        let mut state = self.state();
        if !matches!(*state, ChannelState::Starting | ChannelState::Running) {
            return Err(AwsError::conflict(format!("channel {} is {:?}", self.id, *state)));
        }
        *state = ChannelState::Stopping;
        self.is_wanted.send_replace(false);
        Ok(())
    }

    /// Starts and stops the encoder as requested, until the process ends.
    ///
    /// If the encoder fails, it is started again. A recording runs once, and then the channel is
    /// idle.
    pub(crate) async fn run(&self, ingest_url: &str) {
        let mut is_wanted = self.is_wanted.subscribe();
        loop {
            if is_wanted.wait_for(|is_wanted| *is_wanted).await.is_err() {
                return;
            }
            self.set_state(ChannelState::Starting);
            match self.encode(ingest_url, &mut is_wanted).await {
                Ok(()) if self.source.recording().is_some() => {
                    self.is_wanted.send_replace(false);
                }
                Ok(()) => {}
                Err(reason) => {
                    tracing::warn!("the encoder stopped; starting it again: {reason}");
                    let stopped = wait_for_stop(&mut is_wanted);
                    let _ = tokio::time::timeout(RESTART_DELAY, stopped).await;
                }
            }
            if !*self.is_wanted.borrow() {
                self.set_state(ChannelState::Idle);
            }
        }
    }

    /// Runs the encoder until it ends or a stop is requested.
    async fn encode(
        &self,
        ingest_url: &str,
        is_wanted: &mut watch::Receiver<bool>,
    ) -> Result<(), String> {
        if let Some((begin, length)) = self.source.recording()
            && self.input.startover().live_edge().is_some_and(|edge| edge >= begin + length)
        {
            // An earlier process has encoded the whole recording.
            return Ok(());
        }
        let first_frame = self.source.first_frame(Utc::now());
        let first_frame_at = match first_frame {
            FirstFrame::At(at) => Some(at),
            FirstFrame::WithFirstSegment => None,
        };
        let run = self.input.begin_run(first_frame_at).map_err(|error| error.to_string())?;
        let mut newest = self.input.startover().newest();
        newest.mark_unchanged();
        let target = format!("{ingest_url}/{run}");
        let mut encoder =
            self.source.encode(first_frame, &target).await.map_err(|error| error.to_string())?;
        let messages = tokio::spawn(read_last_message(encoder.stderr.take()));
        let status = loop {
            tokio::select! {
                status = encoder.wait() => break status.map_err(|error| error.to_string())?,
                () = wait_for_stop(is_wanted) => {
                    let _ = encoder.kill().await;
                    return Ok(());
                }
                Ok(()) = newest.changed() => self.set_state(ChannelState::Running),
            }
        };
        if status.success() && !matches!(self.source, Source::Listener(_)) {
            return Ok(());
        }
        let message = messages.await.ok().flatten();
        Err(message.unwrap_or_else(|| "the source ended".to_owned()))
    }

    fn state(&self) -> MutexGuard<'_, ChannelState> {
        self.state.lock().expect("no thread panics while it holds the lock")
    }

    fn set_state(&self, state: ChannelState) {
        *self.state() = state;
    }

    /// The channel as DescribeChannel returns it.
    fn describe(&self) -> Value {
        let state = *self.state();
        json!({
            "arn": format!("arn:aws:medialive:{REGION}:{ACCOUNT}:channel:{}", self.id),
            "channelClass": "SINGLE_PIPELINE",
            "id": self.id,
            "name": "main",
            "pipelinesRunningCount": u32::from(state == ChannelState::Running),
            "state": state,
        })
    }
}

/// Reads the messages of a process to their end, so that the process never blocks on a full pipe,
/// and returns the last one.
async fn read_last_message(stderr: Option<ChildStderr>) -> Option<String> {
    let mut lines = BufReader::new(stderr?).lines();
    let mut last = None;
    while let Ok(Some(line)) = lines.next_line().await {
        tracing::debug!("encoder: {line}");
        last = Some(line).filter(|line| !line.trim().is_empty()).or(last);
    }
    last
}

async fn wait_for_stop(is_wanted: &mut watch::Receiver<bool>) {
    let _ = is_wanted.wait_for(|is_wanted| !*is_wanted).await;
}

/// The operations on channels.
pub(crate) fn router(channel: Arc<Channel>) -> Router {
    Router::new()
        .route("/prod/channels/{id}", get(describe_channel))
        .route("/prod/channels/{id}/start", post(start_channel))
        .route("/prod/channels/{id}/stop", post(stop_channel))
        .with_state(channel)
}

type ChannelRequest = (State<Arc<Channel>>, Path<String>);

async fn describe_channel(
    (State(channel), Path(id)): ChannelRequest,
) -> Result<Json<Value>, AwsError> {
    check_id(&channel, &id)?;
    Ok(Json(channel.describe()))
}

async fn start_channel(
    (State(channel), Path(id)): ChannelRequest,
) -> Result<Json<Value>, AwsError> {
    check_id(&channel, &id)?;
    channel.start()?;
    Ok(Json(channel.describe()))
}

async fn stop_channel((State(channel), Path(id)): ChannelRequest) -> Result<Json<Value>, AwsError> {
    check_id(&channel, &id)?;
    channel.stop()?;
    Ok(Json(channel.describe()))
}

fn check_id(channel: &Channel, id: &str) -> Result<(), AwsError> {
    if channel.id == id {
        Ok(())
    } else {
        Err(AwsError::not_found(format!("channel {id} not found")))
    }
}
