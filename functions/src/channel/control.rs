//! What a start and a stop of a channel share.

use chrono::{DateTime, Utc};

use super::media_live::{ControlOutcome, MediaLive, MediaLiveError};
use super::monitor::Monitor;
use crate::api::{Problem, ProblemKind, Reply, Request, find_channel};
use crate::live::ChannelState;

/// Most tries of one request. Between two calls to MediaLive, a channel that is stopping may have
/// become idle.
const MAX_TRIES: usize = 2;

/// A start or a stop.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Control {
    Start,
    Stop,
}

impl Control {
    /// Whether a channel in this state is as this request wants it.
    fn is_done(self, state: ChannelState) -> bool {
        match self {
            Self::Start => matches!(state, ChannelState::Starting | ChannelState::Running),
            Self::Stop => matches!(state, ChannelState::Stopping | ChannelState::Idle),
        }
    }

    fn as_past(self) -> &'static str {
        match self {
            Self::Start => "started",
            Self::Stop => "stopped",
        }
    }

    async fn send(
        self,
        media_live: &MediaLive,
        id: &str,
    ) -> Result<ControlOutcome, MediaLiveError> {
        match self {
            Self::Start => media_live.start(id).await,
            Self::Stop => media_live.stop(id).await,
        }
    }

    /// Starts or stops the channel that the path of a request names, and shows the channel.
    ///
    /// The request can be repeated: if the channel is already as the request wants it, the reply is
    /// the same 202.
    pub(super) async fn answer(
        self,
        monitor: &Monitor,
        request: &Request,
        now: DateTime<Utc>,
    ) -> Result<Reply, Problem> {
        let channel = find_channel(&monitor.channels, request)?;
        let name = &channel.id;
        let id = channel.media_live_channel_id.as_deref().ok_or_else(|| {
            let detail = "The encoder of this channel is not a MediaLive channel of this service. \
                          Start or stop it where it runs.";
            Problem::new(ProblemKind::ChannelNotControlled, detail)
        })?;
        let unavailable = |failure| Problem::unavailable(&failure);
        for _ in 0..MAX_TRIES {
            let outcome = self.send(&monitor.media_live, id).await.map_err(unavailable)?;
            let state = match outcome {
                ControlOutcome::Accepted(state) => {
                    let operator = request.claim("sub").unwrap_or("-");
                    tracing::info!(
                        operator.id = operator,
                        channel.id = %name,
                        "channel {name}: {} by operator {operator}",
                        self.as_past()
                    );
                    state
                }
                ControlOutcome::Conflict => {
                    monitor.media_live.describe(id).await.map_err(unavailable)?
                }
            };
            if self.is_done(state) {
                monitor.record_state(channel, state, now).await;
                return Ok(Reply::json(202, &monitor.show(channel, now).await));
            }
            // MediaLive may accept a second try in the state in which the channel is now.
            let may_retry = match self {
                Self::Start => state == ChannelState::Idle,
                Self::Stop => state == ChannelState::Running,
            };
            if !may_retry {
                let detail = format!("The channel is {}. Retry in a minute.", describe(state));
                return Err(Problem::new(ProblemKind::ChannelBusy, detail));
            }
        }
        let detail = "The channel changes its state just now. Retry in a minute.";
        Err(Problem::new(ProblemKind::ChannelBusy, detail))
    }
}

/// The state as a word of a sentence.
fn describe(state: ChannelState) -> &'static str {
    match state {
        ChannelState::Creating => "being created",
        ChannelState::Updating => "being updated",
        ChannelState::Deleting => "being deleted",
        ChannelState::Failed => "in a failed state in MediaLive",
        ChannelState::Unknown => "in an unknown state",
        state => state.as_str(),
    }
}
