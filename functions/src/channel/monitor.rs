//! Observes a channel: the state of its encoder, its live edge, and what its startover window holds.
//!
//! Nothing here fails a request. If MediaLive, the manifest or the table cannot be read, the log
//! says why, and the fields that depend on it are absent.

use aws_config::SdkConfig;
use chrono::{DateTime, TimeDelta, Utc};
use serde_json::{Value, json};

use super::media_live::{Alert, MediaLive};
use super::observation::Observations;
use crate::clip::{ceil_second, format_utc};
use crate::config::{ConfigError, Variables};
use crate::error;
use crate::library::{ChannelRecord, Library};
use crate::live::{
    Channel, ChannelState, Channels, LiveEndpoint, LiveTimeline, MAX_LIVE_EDGE_AGE,
    ManifestReadError,
};

/// The contract promises states that are at most 5 s old. A failure is kept as long, so that a
/// throttled MediaLive is not asked more often.
const STATE_LIFETIME: TimeDelta = TimeDelta::seconds(5);
/// Less than a segment.
const LIVE_EDGE_LIFETIME: TimeDelta = TimeDelta::seconds(1);
/// A stop of the stream leaves the startover window once in a while, so the start is probed rarely.
const WINDOW_START_LIFETIME: TimeDelta = TimeDelta::seconds(60);

/// The stream is on air if its newest segment is at most this many segments old.
const MAX_SILENT_SEGMENTS: i32 = 3;

/// Observes the configured channels.
#[derive(Clone, Debug)]
pub(super) struct Monitor {
    pub(super) channels: Channels,
    pub(super) media_live: MediaLive,
    library: Library,
    endpoint: LiveEndpoint,
    encoders: Observations<Encoder>,
    live_edges: Observations<LiveEdge>,
    window_starts: Observations<DateTime<Utc>>,
}

/// The state of the encoder of a channel, and its active alerts.
#[derive(Clone, Debug)]
struct Encoder {
    state: ChannelState,
    alerts: Vec<Alert>,
}

/// What the live manifest of a channel shows.
#[derive(Clone, Debug)]
enum LiveEdge {
    /// The stream has been on air up to the end of this timeline.
    At(LiveTimeline),
    /// The endpoint answered 404: it has no segment.
    Empty,
    /// The manifest could not be read.
    Unknown,
}

impl LiveEdge {
    /// How long a channel that runs since a time has had no new segment. `None` if that is unknown.
    fn silence(&self, since: DateTime<Utc>, now: DateTime<Utc>) -> Option<TimeDelta> {
        let moved_at = match self {
            // A channel that was just started has the live edge of its last run.
            Self::At(live) => live.moved_at().max(since),
            Self::Empty => since,
            Self::Unknown => return None,
        };
        Some(now - moved_at)
    }
}

impl Monitor {
    pub(super) fn from_variables(
        sdk: &SdkConfig,
        variables: &Variables,
    ) -> Result<Self, ConfigError> {
        Ok(Self {
            channels: variables.parsed("CHANNELS")?,
            media_live: MediaLive::new(sdk),
            library: Library::from_variables(sdk, variables)?,
            endpoint: LiveEndpoint::from_variables(variables)?,
            encoders: Observations::new(STATE_LIFETIME),
            live_edges: Observations::new(LIVE_EDGE_LIFETIME),
            window_starts: Observations::new(WINDOW_START_LIFETIME),
        })
    }

    pub(super) async fn warm_up(&self) {
        self.library.warm_up().await;
    }

    /// Records that MediaLive has just answered with this state.
    pub(super) async fn record_state(
        &self,
        channel: &Channel,
        state: ChannelState,
        observed_at: DateTime<Utc>,
    ) -> Option<ChannelRecord> {
        let recorded =
            self.library.record_channel_state(&channel.id, state.as_str(), observed_at).await;
        recorded.inspect_err(|failure| log(channel, failure)).ok()
    }

    /// The channel as the API shows it.
    pub(super) async fn show(&self, channel: &Channel, now: DateTime<Utc>) -> Value {
        let record = self.library.find_channel(&channel.id).await;
        let record = record.inspect_err(|failure| log(channel, failure)).ok();
        let record = record.unwrap_or_default();
        let ((encoder, since), live_edge) = tokio::join!(
            self.observe_encoder(channel, &record, now),
            self.observe_live_edge(channel, now)
        );
        let silence = find_silence(&encoder, since, &live_edge, now);
        let live = if let LiveEdge::At(live) = live_edge { Some(live) } else { None };
        let mut shown = json!({
            "channel": channel.id,
            "competition": channel.competition,
            "state": encoder.state,
            "onAir": live.as_ref().is_some_and(|live| is_on_air(channel, live, now)),
            "stalled": silence.is_some_and(|silence| silence > MAX_LIVE_EDGE_AGE),
            "manifest": channel.viewer_manifest,
            "segmentSeconds": channel.segment_seconds,
            "startoverSeconds": channel.startover_seconds,
            "precision": channel.precision,
            "alerts": encoder.alerts.iter().map(show_alert).collect::<Vec<_>>(),
        });
        if let Some(since) = since {
            shown["since"] = json!(format_utc(since));
        }
        if let Some(live) = live {
            let start = self.find_window_start(channel, &record, &live, now).await;
            let end = live.timeline.end();
            shown["liveEdgeAgeSeconds"] = json!(live.age(now).num_seconds());
            shown["window"] = json!({ "start": format_utc(start), "end": format_utc(end) });
        }
        if let (Some(_), Some(usd)) = (&channel.media_live_channel_id, channel.hourly_usd) {
            shown["hourly"] = json!({ "usd": usd });
        }
        shown
    }

    /// The state of the encoder, and the time since when it is in this state.
    async fn observe_encoder(
        &self,
        channel: &Channel,
        record: &ChannelRecord,
        now: DateTime<Utc>,
    ) -> (Encoder, Option<DateTime<Utc>>) {
        let unknown = Encoder { state: ChannelState::Unknown, alerts: Vec::new() };
        let Some(id) = &channel.media_live_channel_id else { return (unknown, None) };
        // A start or a stop since the observation makes it invalid.
        let recorded_at = record.state.as_ref().map(|(_, since)| *since);
        let known = self.encoders.find(&channel.id, now);
        let known = known.filter(|it| recorded_at.is_none_or(|recorded_at| it.at >= recorded_at));
        let encoder = match known {
            Some(encoder) => encoder,
            None => {
                let encoder = self.describe(channel, id).await.unwrap_or(unknown);
                self.encoders.keep(&channel.id, encoder, now)
            }
        };
        let state = encoder.value.state;
        if state == ChannelState::Unknown {
            return (encoder.value, None);
        }
        let is_recorded = |(recorded, _): &&(String, _)| recorded == state.as_str();
        let since = match record.state.as_ref().filter(is_recorded) {
            Some((_, since)) => Some(*since),
            None => {
                let record = self.record_state(channel, state, encoder.at).await;
                let record = record.and_then(|it| it.state);
                record.filter(|it| is_recorded(&it)).map(|(_, since)| since)
            }
        };
        (encoder.value, since)
    }

    /// Reads the state and the alerts. `None` if the state cannot be read.
    async fn describe(&self, channel: &Channel, id: &str) -> Option<Encoder> {
        let (state, alerts) =
            tokio::join!(self.media_live.describe(id), self.media_live.alerts(id));
        let alerts = alerts.inspect_err(|failure| log(channel, failure)).unwrap_or_default();
        let state = state.inspect_err(|failure| log(channel, failure)).ok()?;
        Some(Encoder { state, alerts })
    }

    /// How old the live edge of a channel is. If the channel should be on air and is not, the age is
    /// counted from its start. `None` if the channel need not be on air, or if that is unknown.
    pub(super) async fn measure_live_edge(
        &self,
        channel: &Channel,
        now: DateTime<Utc>,
    ) -> Option<TimeDelta> {
        let live_edge = self.observe_live_edge(channel, now).await;
        if let LiveEdge::At(live) = &live_edge
            && live.age(now) <= MAX_LIVE_EDGE_AGE
        {
            // The encoder runs. MediaLive need not be asked.
            return Some(live.age(now));
        }
        let record = self.library.find_channel(&channel.id).await;
        let record = record.inspect_err(|failure| log(channel, failure)).ok()?;
        let (encoder, since) = self.observe_encoder(channel, &record, now).await;
        find_silence(&encoder, since, &live_edge, now)
    }

    /// Reads the live edge.
    async fn observe_live_edge(&self, channel: &Channel, now: DateTime<Utc>) -> LiveEdge {
        if let Some(known) = self.live_edges.find(&channel.id, now) {
            return known.value;
        }
        let live = match self.endpoint.read_live(channel).await {
            Ok(live) => LiveEdge::At(live),
            Err(ManifestReadError::NotFound) => LiveEdge::Empty,
            Err(failure) => {
                log(channel, &failure);
                LiveEdge::Unknown
            }
        };
        self.live_edges.keep(&channel.id, live, now).value
    }

    /// The start of what the startover window holds, in whole seconds.
    ///
    /// While the window still reaches back to the first segment of the stream, this is the recorded
    /// first segment. After that it is the oldest second of the window, unless the stream was off
    /// air then: the search finds the segment after the stop.
    async fn find_window_start(
        &self,
        channel: &Channel,
        record: &ChannelRecord,
        live: &LiveTimeline,
        now: DateTime<Utc>,
    ) -> DateTime<Utc> {
        let manifest = channel.manifest.as_str();
        let oldest = live.timeline.end() - channel.limits().startover;
        let recorded = record.first_segment.as_ref().filter(|(of, _)| of == manifest);
        let recorded = recorded.map(|(_, first)| *first);
        let first = if let Some(first) = recorded.filter(|first| *first >= oldest) {
            first
        } else if let Some(known) = self.window_starts.find(&channel.id, now) {
            known.value
        } else {
            match self.endpoint.find_first_segment(channel, &live.timeline).await {
                Ok(first) => {
                    self.window_starts.keep(&channel.id, first, now);
                    if recorded.is_none() || first > oldest {
                        let write = self.library.record_first_segment(&channel.id, manifest, first);
                        let _ = write.await.inspect_err(|failure| log(channel, failure));
                    }
                    first
                }
                Err(failure) => {
                    log(channel, &failure);
                    live.timeline.start()
                }
            }
        };
        ceil_second(first.max(oldest))
    }
}

/// How long a channel whose encoder runs has had no new segment. `None` if the encoder does not run,
/// or if one of the two is unknown.
fn find_silence(
    encoder: &Encoder,
    since: Option<DateTime<Utc>>,
    live_edge: &LiveEdge,
    now: DateTime<Utc>,
) -> Option<TimeDelta> {
    let since = since.filter(|_| encoder.state == ChannelState::Running)?;
    live_edge.silence(since, now)
}

/// Whether the live edge has moved within the last three segments.
fn is_on_air(channel: &Channel, live: &LiveTimeline, now: DateTime<Utc>) -> bool {
    live.age(now) <= channel.limits().segment * MAX_SILENT_SEGMENTS
}

fn show_alert(alert: &Alert) -> Value {
    let mut shown = json!({ "message": alert.message });
    if let Some(since) = alert.since {
        shown["since"] = json!(format_utc(since));
    }
    shown
}

fn log(channel: &Channel, failure: &dyn std::error::Error) {
    let (id, chain) = (&channel.id, error::chain(failure));
    tracing::warn!(channel.id = %id, "could not observe channel {id}: {chain}");
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::live::coverage::tests::{at, channel, timeline};

    #[test]
    fn a_channel_is_on_air_if_its_live_edge_has_moved_within_three_segments() {
        let check = |updated_at: Option<f64>, now: f64, expected: bool| {
            let timeline = timeline(0.0, 30, false);
            let live =
                LiveTimeline { timeline, updated_at: updated_at.map(at), ad_breaks: Vec::new() };
            assert_eq!(is_on_air(&channel(), &live, at(now)), expected, "{updated_at:?} {now}");
        };
        // The time of the update counts, whatever the clock of the stream says.
        check(Some(1000.0), 1006.0, true);
        check(Some(1000.0), 1006.1, false);
        check(Some(1000.0), 999.0, true);
        // Without it, the live edge of second 60 counts, which is behind the clock.
        check(None, 76.0, true);
        check(None, 76.1, false);
    }

    #[test]
    fn a_running_channel_without_a_new_segment_is_silent_since_its_start_or_its_last_segment() {
        let live = |updated_at| LiveTimeline {
            timeline: timeline(0.0, 30, false),
            updated_at: Some(at(updated_at)),
            ad_breaks: Vec::new(),
        };
        let check = |live_edge: LiveEdge, state, since: f64, expected: Option<i64>| {
            let encoder = Encoder { state, alerts: Vec::new() };
            let silence = find_silence(&encoder, Some(at(since)), &live_edge, at(1000.0));
            assert_eq!(silence, expected.map(TimeDelta::seconds), "{live_edge:?} {state}");
        };
        let running = ChannelState::Running;
        check(LiveEdge::At(live(880.0)), running, 500.0, Some(120));
        check(LiveEdge::At(live(880.0)), running, 990.0, Some(10));
        check(LiveEdge::Empty, running, 900.0, Some(100));
        check(LiveEdge::Unknown, running, 900.0, None);
        check(LiveEdge::At(live(880.0)), ChannelState::Idle, 500.0, None);
    }
}
