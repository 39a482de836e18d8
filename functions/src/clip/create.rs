//! `POST /api/clip`: a clip of the live stream, watchable from the reply on.

use aws_config::SdkConfig;
use aws_lambda_events::apigw::{ApiGatewayV2httpRequest, ApiGatewayV2httpResponse};
use chrono::{DateTime, TimeDelta, Utc};

use super::{
    ClipId, ClipKey, ClipRequest, Harvester, Span, Started, Window, WindowError, floor_second,
};
use crate::config::{ConfigError, Variables};
use crate::error;
use crate::http::{self, Problem, ProblemKind, Reply, Request, sentence, utc};
use crate::library::{
    ActualBounds, Advanced, Clip, Failure, FailureCode, Library, Source, Status, Trigger, after,
};
use crate::live::{Channel, Channels, LiveEndpoint, ReadError, Timeline};
use crate::viewer::ClipView;

/// Everything `create-clip` needs, built once per cold start.
#[derive(Clone, Debug)]
pub struct CreateClip {
    library: Library,
    harvester: Harvester,
    live: LiveEndpoint,
    channels: Channels,
    view: ClipView,
}

impl CreateClip {
    pub fn new(sdk: &SdkConfig, variables: &Variables) -> Result<Self, ConfigError> {
        Ok(Self {
            library: Library::from_variables(sdk, variables)?,
            harvester: Harvester::from_variables(sdk, variables)?,
            live: LiveEndpoint::from_variables(variables)?,
            channels: variables.parsed("CHANNELS")?,
            view: ClipView::from_variables(variables)?,
        })
    }

    /// Opens the connections that the first request will need.
    pub async fn warm_up(&self) {
        let origin = self.live.on_air(self.channels.default_channel());
        let _ = tokio::join!(self.library.warm_up(), self.harvester.warm_up(), origin);
    }

    pub async fn handle(&self, event: ApiGatewayV2httpRequest) -> ApiGatewayV2httpResponse {
        let request = Request::from(event);
        let reply = match request.body().and_then(|body| ClipRequest::read(&body)) {
            Ok(asked) => self.create(asked, Utc::now()).await,
            Err(problem) => Err(problem),
        };
        http::respond(&request, reply)
    }

    /// Writes the clip's row, then asks for its harvest.
    ///
    /// Once the row is there the clip is not lost any more: whatever comes after it and does not
    /// succeed is done again by the sweep. So only what happens before the row can fail a request.
    async fn create(&self, asked: ClipRequest, now: DateTime<Utc>) -> Result<Reply, Problem> {
        let channel = match &asked.channel {
            None => self.channels.default_channel(),
            Some(id) => self.channels.find(id).ok_or_else(|| {
                let known: Vec<_> = self.channels.ids().map(ToString::to_string).collect();
                let detail = format!("There is no channel {id}; there is {}.", known.join(", "));
                Problem::invalid_field("channel", detail)
            })?,
        };
        let (window, actual) = self.resolve(channel, asked.span, now).await?;

        let clip = self.record(channel, &asked, window, actual, now).await?;
        let key = clip.key();
        tracing::info!(
            clip.id = %key,
            "clip {key}: {} to {} of channel {}",
            window.start(), window.end(), channel.id
        );
        let clip = self.start_harvest(clip, &channel.origin_endpoint_id, window, now).await;
        let path = format!("/api/competitions/{}/clips/{}", clip.competition, clip.clip);
        Ok(Reply::json(202, self.view.of(&clip)).located(&path))
    }

    /// The window to ask for, and the bounds it will really have where the manifest tells them.
    async fn resolve(
        &self,
        channel: &Channel,
        span: Span,
        now: DateTime<Utc>,
    ) -> Result<(Window, Option<ActualBounds>), Problem> {
        let limits = channel.limits();
        let invalid = |field: &str| {
            let field = field.to_owned();
            move |error| Problem::of_field(ProblemKind::InvalidWindow, field, sentence(&error))
        };
        match span {
            Span::Between(window) => {
                window.check(limits).map_err(invalid("end"))?;
                let (on_air, timeline) =
                    tokio::join!(self.live.on_air(channel), self.live.of_window(channel, window));
                let actual = covered(channel, window, on_air.as_ref().ok(), timeline, now)?;
                Ok((window, actual))
            }
            Span::Last(seconds) => {
                let on_air = self.live.on_air(channel).await.map_err(|cause| {
                    let chain = error::chain(&cause);
                    tracing::warn!("the live edge of channel {} is unknown: {chain}", channel.id);
                    Problem::new(
                        ProblemKind::LiveUnreadable,
                        "The live stream cannot be read, so its last seconds are unknown. \
                         Give start and end instead, or try again in a moment.",
                    )
                })?;
                let mut window = last(seconds, &on_air).map_err(invalid("lastSeconds"))?;
                window.check(limits).map_err(invalid("lastSeconds"))?;
                let mut timeline = self.live.of_window(channel, window).await;
                if matches!(timeline, Err(ReadError::NotFound)) && window.start() < on_air.start() {
                    // The stream is younger than that: the clip is what there is of it.
                    window = Window::within(on_air.start(), on_air.end())
                        .map_err(invalid("lastSeconds"))?;
                    window.check(limits).map_err(invalid("lastSeconds"))?;
                    timeline = self.live.of_window(channel, window).await;
                }
                let field = Some("lastSeconds".to_owned());
                let actual = covered(channel, window, Some(&on_air), timeline, now)
                    .map_err(|problem| Problem { field, ..problem })?;
                Ok((window, actual))
            }
        }
    }

    async fn record(
        &self,
        channel: &Channel,
        asked: &ClipRequest,
        window: Window,
        actual: Option<ActualBounds>,
        now: DateTime<Utc>,
    ) -> Result<Clip, Problem> {
        loop {
            let competition = asked.competition.as_ref().unwrap_or(&channel.competition).clone();
            let key = ClipKey { competition, clip: ClipId::random(window) };
            let source = Source::Live { channel: channel.id.clone(), requested: window };
            let mut clip = Clip::new(key, Status::Queued, source, &asked.about, now);
            clip.actual = actual;
            let created = self.library.create(&clip).await;
            if created.map_err(|cause| Problem::unavailable(&cause))? {
                return Ok(clip);
            }
        }
    }

    /// Asks for the harvest; the clip as it stands then.
    async fn start_harvest(
        &self,
        clip: Clip,
        endpoint: &str,
        window: Window,
        now: DateTime<Utc>,
    ) -> Clip {
        let key = clip.key();
        let trigger = match self.harvester.start(&key, endpoint, window).await {
            Ok(Started::Yes) => Trigger::HarvestStarted,
            Ok(Started::NoSlot) => {
                tracing::info!(clip.id = %key, "clip {key}: waits for a free harvest job");
                return clip;
            }
            Ok(Started::Refused { message }) => Trigger::Failed(Failure {
                code: FailureCode::HarvestRefused,
                message: format!("MediaPackage would not harvest this window: {message}"),
            }),
            Err(cause) => {
                let chain = error::chain(&cause);
                tracing::warn!(clip.id = %key, "clip {key}: waits for the sweep: {chain}");
                return clip;
            }
        };
        match self.library.advance(&key, &trigger, now).await {
            Ok(Advanced::To(clip) | Advanced::Unchanged(clip)) => *clip,
            Ok(Advanced::Unknown) => clip,
            Err(cause) => {
                let chain = error::chain(&cause);
                tracing::warn!(clip.id = %key, "clip {key}: its row is behind: {chain}");
                after(&clip, trigger, now).unwrap_or(clip)
            }
        }
    }
}

/// The last seconds before the live edge, counted in PROGRAM-DATE-TIME.
fn last(seconds: u32, on_air: &Timeline) -> Result<Window, WindowError> {
    let edge = floor_second(on_air.end());
    Window::new(edge - TimeDelta::seconds(seconds.into()), edge)
}

/// The bounds a clip of `window` will have, or why there can be none.
///
/// A manifest that could not be read tells neither: the clip is then made without bounds, for an
/// origin's bad moment is no reason to fail an operator. Only what the clock rules out is refused.
fn covered(
    channel: &Channel,
    window: Window,
    on_air: Option<&Timeline>,
    timeline: Result<Timeline, ReadError>,
    now: DateTime<Utc>,
) -> Result<Option<ActualBounds>, Problem> {
    let edge = on_air.map_or(now, Timeline::end);
    let oldest = edge - channel.limits().startover;
    let not_aired = || {
        let detail = format!(
            "The clip ends at {}, but the stream has only aired up to {}.",
            utc(window.end()),
            utc(edge)
        );
        Problem::of_field(ProblemKind::WindowNotAired, "end", detail)
    };
    let expired = || {
        let detail = format!(
            "The clip starts at {}, but the stream is only kept since {}.",
            utc(window.start()),
            utc(oldest)
        );
        Problem::of_field(ProblemKind::WindowExpired, "start", detail)
    };
    match timeline {
        Ok(timeline) if !timeline.ended => Err(not_aired()),
        Ok(timeline) if window.start() < timeline.start() || timeline.end() < window.end() => {
            let detail = format!(
                "Of this window, the stream was on air only from {} to {}.",
                utc(timeline.start()),
                utc(timeline.end())
            );
            Err(Problem::of_field(ProblemKind::WindowUnavailable, "start", detail))
        }
        Ok(timeline) => Ok(Some(ActualBounds::from(&timeline))),
        Err(_) if edge < window.end() => Err(not_aired()),
        Err(_) if window.start() < oldest => Err(expired()),
        Err(ReadError::NotFound) => Err(Problem::of_field(
            ProblemKind::WindowUnavailable,
            "start",
            "The stream was not on air during this window.",
        )),
        Err(cause) => {
            let chain = error::chain(&cause);
            tracing::warn!("the bounds of a clip of channel {} are unknown: {chain}", channel.id);
            Ok(None)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: f64) -> DateTime<Utc> {
        #[expect(clippy::cast_possible_truncation, reason = "small numbers")]
        let milliseconds = (seconds * 1000.0) as i64;
        DateTime::from_timestamp_millis(1_580_736_000_000 + milliseconds).unwrap()
    }

    fn channel() -> Channel {
        serde_json::from_value(serde_json::json!({
            "id": "main", "competition": "demo", "originEndpointId": "main-hls",
            "manifest": "http://origin/index.m3u8", "viewerManifest": "http://cdn/index.m3u8",
            "segmentSeconds": 2, "startoverSeconds": 900,
        }))
        .unwrap()
    }

    /// A timeline of two-second segments.
    fn timeline(start: f64, count: usize, ended: bool) -> Timeline {
        let mut text = format!(
            "#EXTM3U\n#EXT-X-TARGETDURATION:2\n#EXT-X-PROGRAM-DATE-TIME:{}\n",
            at(start).to_rfc3339()
        );
        text.push_str(&"#EXTINF:2,\na.ts\n".repeat(count));
        if ended {
            text.push_str("#EXT-X-ENDLIST\n");
        }
        let playlist = m3u8_rs::parse_media_playlist_res(text.as_bytes()).unwrap();
        Timeline::read(&playlist).unwrap()
    }

    /// The stream is on air up to second 1000; the clip is from 900 to 930.
    #[track_caller]
    fn check(
        now: f64,
        on_air: Option<&Timeline>,
        read: Result<Timeline, ReadError>,
        expected: Result<Option<f64>, ProblemKind>,
    ) {
        let window = Window::new(at(900.0), at(930.0)).unwrap();
        let actual = covered(&channel(), window, on_air, read, at(now))
            .map(|bounds| bounds.map(|bounds| bounds.duration_seconds))
            .map_err(|problem| problem.kind);
        assert_eq!(actual, expected);
    }

    #[test]
    fn a_window_on_air_has_the_bounds_of_its_segments() {
        let on_air = timeline(940.0, 30, false);
        let read = |read| check(1000.0, Some(&on_air), read, Err(ProblemKind::WindowUnavailable));
        check(1000.0, Some(&on_air), Ok(timeline(899.0, 16, true)), Ok(Some(32.0)));
        read(Ok(timeline(901.0, 15, true)));
        read(Ok(timeline(899.0, 15, true)));
        read(Err(ReadError::NotFound));
    }

    #[test]
    fn time_is_the_streams_and_not_the_clocks() {
        let until = |end: f64| timeline(end - 20.0, 10, false);
        let not_aired = Err(ProblemKind::WindowNotAired);
        check(9999.0, Some(&until(929.0)), Err(ReadError::NotFound), not_aired);
        check(9999.0, Some(&until(929.0)), Ok(timeline(899.0, 15, false)), not_aired);
        let expired = Err(ProblemKind::WindowExpired);
        check(1000.0, Some(&until(1801.0)), Err(ReadError::NotFound), expired);
        let unavailable = Err(ProblemKind::WindowUnavailable);
        check(1000.0, Some(&until(1799.0)), Err(ReadError::NotFound), unavailable);
    }

    #[test]
    fn an_unreadable_manifest_does_not_fail_the_operator() {
        let broken = || Err(ReadError::Status(reqwest::StatusCode::BAD_GATEWAY));
        check(1000.0, None, broken(), Ok(None));
        check(929.0, None, broken(), Err(ProblemKind::WindowNotAired));
        check(1801.0, None, broken(), Err(ProblemKind::WindowExpired));
    }

    #[test]
    fn the_last_seconds_end_with_the_last_whole_second_on_air() {
        let on_air = timeline(940.04, 30, false);
        let window = last(60, &on_air).unwrap();
        assert_eq!((window.start(), window.end()), (at(940.0), at(1000.0)));
    }
}
