//! The MediaLive channel: starts and stops the encoder, and keeps its state over a restart.

use std::io;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use chrono::Utc;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt as _, BufReader};
use tokio::process::ChildStderr;
use tokio::sync::watch;
use tokio::time::Instant;

use super::alerts::Alerts;
use super::encoder::{FirstFrame, Source};
use crate::account::{ACCOUNT, REGION};
use crate::aws_protocol::AwsError;
use crate::mediapackage::ChannelInput;
use crate::records::Records;

/// How long the channel waits before it starts an encoder again that failed.
const RESTART_DELAY: Duration = Duration::from_secs(1);

/// How long no segment arrives before the input counts as missing: five segments.
const INPUT_TIMEOUT: Duration = Duration::from_secs(10);

/// The type of the alert of a missing input.
const INPUT_ALERT: &str = "Video Not Detected";

/// A channel whose encoder pushes to the input of a MediaPackage channel.
#[derive(Debug)]
pub(crate) struct Channel {
    pub(super) id: String,
    pub(super) alerts: Alerts,
    source: Source,
    input: Arc<ChannelInput>,
    /// How long a start takes, and a stop.
    delay: Duration,
    states: Records<ChannelState>,
    /// Whether the encoder should run.
    is_wanted: watch::Sender<bool>,
}

/// <https://docs.aws.amazon.com/medialive/latest/ug/monitor-activity-types-channel.html>
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
enum ChannelState {
    Idle,
    Starting,
    Running,
    /// The encoder has failed, or the process has ended, and the encoder is started again.
    Recovering,
    Stopping,
}

/// Why a run of the encoder has ended.
enum RunEnd {
    Stopped,
    /// The source is at its end, or the encoder that pushed to us has stopped.
    InputMissing(String),
    Failed(String),
}

impl Channel {
    /// Opens a channel with the state that an earlier process left in a folder. A new channel is
    /// started.
    pub(crate) fn open(
        folder: &Path,
        id: &str,
        source: Source,
        input: Arc<ChannelInput>,
        delay: Duration,
    ) -> io::Result<Self> {
        let states = Records::open(folder)?;
        let state = match states.get(id) {
            None => {
                states.add(id, ChannelState::Starting, |_| io::Result::Ok(()))?;
                ChannelState::Starting
            }
            Some(ChannelState::Idle | ChannelState::Stopping) => ChannelState::Idle,
            Some(_) => ChannelState::Recovering,
        };
        states.change(id, |stored| *stored = state)?;
        Ok(Self {
            id: id.to_owned(),
            alerts: Alerts::default(),
            source,
            input,
            delay,
            states,
            is_wanted: watch::Sender::new(state != ChannelState::Idle),
        })
    }

    /// Requests a start. [`Channel::run`] starts the encoder.
    ///
    /// A channel that is not idle answers 409.
    /// <https://docs.aws.amazon.com/medialive/latest/apireference/channels-channelid-start.html>
    pub(super) fn start(&self) -> Result<(), AwsError> {
        self.change(ChannelState::Idle, ChannelState::Starting)?;
        self.alerts.reset();
        self.is_wanted.send_replace(true);
        Ok(())
    }

    /// Requests a stop. A channel that is not running answers 409.
    /// <https://docs.aws.amazon.com/medialive/latest/apireference/channels-channelid-stop.html>
    pub(super) fn stop(&self) -> Result<(), AwsError> {
        self.change(ChannelState::Running, ChannelState::Stopping)?;
        self.is_wanted.send_replace(false);
        Ok(())
    }

    /// Changes the state, if it is the expected one.
    fn change(&self, expected: ChannelState, next: ChannelState) -> Result<(), AwsError> {
        let mut found = None;
        self.states.change(&self.id, |state| {
            found = Some(*state);
            if *state == expected {
                *state = next;
            }
        })?;
        match found {
            Some(state) if state == expected => Ok(()),
            state => Err(AwsError::conflict(format!("channel {} is {:?}", self.id, state))),
        }
    }

    /// Starts and stops the encoder as requested, until the process ends.
    ///
    /// If the encoder fails, it is started again. If the source of the stream ends, the channel
    /// runs on without an input, as a channel of MediaLive does.
    pub(crate) async fn run(&self, ingest_url: &str) {
        let mut is_wanted = self.is_wanted.subscribe();
        // A channel that this process finds started is on air at once.
        let mut start_delay = Duration::ZERO;
        while is_wanted.wait_for(|is_wanted| *is_wanted).await.is_ok() {
            tokio::time::sleep(start_delay).await;
            start_delay = self.delay;
            while *self.is_wanted.borrow() {
                self.set_state(ChannelState::Running);
                match self.encode(ingest_url, &mut is_wanted).await {
                    RunEnd::Stopped => {}
                    RunEnd::InputMissing(reason) => {
                        tracing::warn!("the live stream has no input: {reason}");
                        self.alerts.set(INPUT_ALERT, reason, Utc::now());
                        self.wait_before_restart(&mut is_wanted).await;
                    }
                    RunEnd::Failed(reason) => {
                        tracing::warn!("the encoder failed; starting it again: {reason}");
                        self.set_state(ChannelState::Recovering);
                        self.wait_before_restart(&mut is_wanted).await;
                    }
                }
            }
            self.input.end_run();
            tokio::time::sleep(self.delay).await;
            self.alerts.clear(Utc::now());
            self.set_state(ChannelState::Idle);
        }
    }

    async fn wait_before_restart(&self, is_wanted: &mut watch::Receiver<bool>) {
        let stopped = wait_for_stop(is_wanted);
        if self.source.recording().is_some() {
            // A recording is encoded once.
            stopped.await;
        } else {
            let _ = tokio::time::timeout(RESTART_DELAY, stopped).await;
        }
    }

    /// Runs the encoder until it ends or a stop is requested.
    async fn encode(&self, ingest_url: &str, is_wanted: &mut watch::Receiver<bool>) -> RunEnd {
        self.try_encode(ingest_url, is_wanted)
            .await
            .unwrap_or_else(|error| RunEnd::Failed(matchcut::error::chain(&*error)))
    }

    async fn try_encode(
        &self,
        ingest_url: &str,
        is_wanted: &mut watch::Receiver<bool>,
    ) -> Result<RunEnd, Box<dyn std::error::Error + Send + Sync>> {
        let ended = || RunEnd::InputMissing("The recording has ended.".to_owned());
        if let Some((begin, length)) = self.source.recording()
            && self.input.startover().live_edge().is_some_and(|edge| edge >= begin + length)
        {
            // An earlier process has encoded the whole recording.
            return Ok(ended());
        }
        let first_frame = self.source.first_frame(Utc::now());
        let first_frame_at = match first_frame {
            FirstFrame::At(at) => Some(at),
            FirstFrame::WithFirstSegment => None,
        };
        let captions = self.input.captions_folder();
        let run = self.input.begin_run(first_frame_at, self.source.captions(captions.clone()))?;
        let mut newest = self.input.startover().newest();
        newest.mark_unchanged();
        let target = format!("{ingest_url}/{run}");
        let streams = &self.input.startover().streams;
        let mut encoder = self.source.encode(streams, first_frame, &target, &captions).await?;
        let messages = tokio::spawn(read_last_message(encoder.stderr.take()));
        let mut input_deadline = Instant::now() + INPUT_TIMEOUT;
        let status = loop {
            tokio::select! {
                status = encoder.wait() => break status?,
                () = wait_for_stop(is_wanted) => {
                    let _ = encoder.kill().await;
                    return Ok(RunEnd::Stopped);
                }
                Ok(()) = newest.changed() => {
                    self.alerts.clear(Utc::now());
                    input_deadline = Instant::now() + INPUT_TIMEOUT;
                }
                () = tokio::time::sleep_until(input_deadline) => {
                    let seconds = INPUT_TIMEOUT.as_secs();
                    let message = format!("No video has arrived for {seconds} s.");
                    self.alerts.set(INPUT_ALERT, message, Utc::now());
                    input_deadline = Instant::now() + INPUT_TIMEOUT;
                }
            }
        };
        let message = messages.await.ok().flatten();
        Ok(match self.source {
            Source::Recorded { .. } | Source::RecordedBlack { .. } if status.success() => ended(),
            Source::Listener(_) => RunEnd::InputMissing(
                message.unwrap_or_else(|| "The encoder has stopped pushing video.".to_owned()),
            ),
            _ => RunEnd::Failed(message.unwrap_or_else(|| "the source ended".to_owned())),
        })
    }

    fn state(&self) -> ChannelState {
        self.states.get(&self.id).expect("a channel is opened with a state")
    }

    fn set_state(&self, state: ChannelState) {
        if let Err(failure) = self.states.change(&self.id, |stored| *stored = state) {
            tracing::error!("could not store the state of channel {}: {failure}", self.id);
        }
    }

    /// The channel as DescribeChannel returns it.
    pub(super) fn describe(&self) -> Value {
        let state = self.state();
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
