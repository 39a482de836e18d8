//! `POST /api/clip`: a clip of the live stream, watchable from the reply on.

use aws_config::SdkConfig;
use aws_lambda_events::apigw::{ApiGatewayV2httpRequest, ApiGatewayV2httpResponse};
use chrono::{DateTime, TimeDelta, Utc};

use super::coverage::{covered, still_kept};
use super::{ClipId, ClipKey, ClipRequest, Expiry, Line, Span, Window, WindowError, floor_second};
use crate::config::{ConfigError, Variables};
use crate::error;
use crate::http::{self, Problem, ProblemKind, Reply, Request, sentence};
use crate::library::{ActualBounds, Clip, Repeatable, Source, Status};
use crate::live::{Channel, ReadError, Timeline};
use crate::repetition;
use crate::viewer::ClipView;

/// Everything `create-clip` needs, built once per cold start.
#[derive(Clone, Debug)]
pub struct CreateClip {
    line: Line,
    expiry: Expiry,
    view: ClipView,
}

/// A window that the stream can give, now or later.
#[derive(Clone, Copy, Debug)]
struct Resolved {
    window: Window,
    /// Where the manifest tells them.
    actual: Option<ActualBounds>,
    status: Status,
}

/// How far ahead a clip may end.
const FURTHEST: TimeDelta = TimeDelta::hours(4);

impl CreateClip {
    pub fn new(sdk: &SdkConfig, variables: &Variables) -> Result<Self, ConfigError> {
        Ok(Self {
            line: Line::new(sdk, variables)?,
            expiry: variables.optional("CLIP_EXPIRY_DAYS")?.unwrap_or_default(),
            view: ClipView::from_variables(variables)?,
        })
    }

    /// Opens the connections that the first request will need.
    pub async fn warm_up(&self) {
        self.line.warm_up().await;
    }

    pub async fn handle(&self, event: ApiGatewayV2httpRequest) -> ApiGatewayV2httpResponse {
        let request = Request::from(event);
        let reply = self.answer(&request, Utc::now()).await;
        http::respond(&request, reply)
    }

    async fn answer(&self, request: &Request, now: DateTime<Utc>) -> Result<Reply, Problem> {
        let asked = ClipRequest::read(&request.body()?)?;
        let repeatable = request.repeatable()?;
        let clip = match repetition::of(self.line.library(), repeatable.as_ref(), now).await? {
            Some(clip) => clip,
            None => match self.create(asked, repeatable.as_ref(), now).await {
                Ok(clip) => clip,
                // The same request, sent twice at once, may have met the stream in a better moment.
                Err(problem) => {
                    let made =
                        repetition::of(self.line.library(), repeatable.as_ref(), now).await?;
                    made.ok_or(problem)?
                }
            },
        };
        let path = format!("/api/competitions/{}/clips/{}", clip.competition, clip.clip);
        let shown = self.view.in_line(self.line.library(), &clip).await;
        Ok(Reply::json(202, shown).located(&path))
    }

    /// Writes the clip's row, then asks for its harvest.
    ///
    /// Once the row is there the clip is not lost any more: whatever comes after it and does not
    /// succeed is done again. So only what happens before the row can fail a request.
    async fn create(
        &self,
        asked: ClipRequest,
        repeatable: Option<&Repeatable>,
        now: DateTime<Utc>,
    ) -> Result<Clip, Problem> {
        asked.about.check(now)?;
        let channels = self.line.channels();
        let channel = match &asked.channel {
            None => channels.default_channel(),
            Some(id) => channels.find(id).ok_or_else(|| {
                let known: Vec<_> = channels.ids().map(ToString::to_string).collect();
                let detail = format!("There is no channel {id}; there is {}.", known.join(", "));
                Problem::invalid_field("channel", detail)
            })?,
        };
        let Resolved { window, actual, status } = self.resolve(channel, asked.span, now).await?;

        let competition = asked.competition.as_ref().unwrap_or(&channel.competition).clone();
        let source = Source::Live { channel: channel.id.clone(), requested: window };
        let new = || {
            let key = ClipKey { competition: competition.clone(), clip: ClipId::random(window) };
            let mut clip = Clip::new(key, status, source.clone(), &asked.about, now);
            clip.actual = actual;
            clip.expire_by_default(self.expiry.of(&competition, now));
            clip
        };
        let clip = repetition::record(self.line.library(), repeatable, now, new).await?;
        let key = clip.key();
        tracing::info!(
            clip.id = %key,
            "clip {key}: {} to {} of channel {}",
            window.start(), window.end(), channel.id
        );
        // A moment later: each state has a time of its own.
        Ok(self.line.join(clip, Utc::now()).await)
    }

    /// The window to ask for, and the bounds it will really have where the manifest tells them.
    async fn resolve(
        &self,
        channel: &Channel,
        span: Span,
        now: DateTime<Utc>,
    ) -> Result<Resolved, Problem> {
        let live = self.line.live();
        let limits = channel.limits();
        let aired = |window, actual| Resolved { window, actual, status: Status::Queued };
        let invalid = |field: &str| {
            let field = field.to_owned();
            move |error| Problem::of_field(ProblemKind::InvalidWindow, field, sentence(&error))
        };
        match span {
            Span::Between(window) => {
                window.check(limits).map_err(invalid("end"))?;
                let (on_air, timeline) =
                    tokio::join!(live.on_air(channel), live.of_window(channel, window));
                let on_air = on_air.ok();
                let edge = on_air.as_ref().map_or(now, Timeline::end);
                if edge < window.end() && window.end() <= edge + FURTHEST {
                    still_kept(channel, window, edge)?;
                    return Ok(Resolved { window, actual: None, status: Status::Scheduled });
                }
                let actual = covered(channel, window, on_air.as_ref(), timeline, now)?;
                Ok(aired(window, actual))
            }
            Span::Last(seconds) => {
                let on_air = live.on_air(channel).await.map_err(|cause| {
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
                let mut timeline = live.of_window(channel, window).await;
                if matches!(timeline, Err(ReadError::NotFound)) && window.start() < on_air.start() {
                    // The stream is younger than that: the clip is what there is of it.
                    window = Window::within(on_air.start(), on_air.end())
                        .map_err(invalid("lastSeconds"))?;
                    window.check(limits).map_err(invalid("lastSeconds"))?;
                    timeline = live.of_window(channel, window).await;
                }
                let field = Some("lastSeconds".to_owned());
                let actual = covered(channel, window, Some(&on_air), timeline, now)
                    .map_err(|problem| Problem { field, ..problem })?;
                Ok(aired(window, actual))
            }
        }
    }
}

/// The last seconds before the live edge, counted in PROGRAM-DATE-TIME.
fn last(seconds: u32, on_air: &Timeline) -> Result<Window, WindowError> {
    let edge = floor_second(on_air.end());
    Window::new(edge - TimeDelta::seconds(seconds.into()), edge)
}

#[cfg(test)]
mod tests {
    use super::super::coverage::tests::{at, timeline};
    use super::*;

    #[test]
    fn the_last_seconds_end_with_the_last_whole_second_on_air() {
        let on_air = timeline(940.04, 30, false);
        let window = last(60, &on_air).unwrap();
        assert_eq!((window.start(), window.end()), (at(940.0), at(1000.0)));
    }
}
