//! `POST /api/clip`: creates a clip of the live stream, or of several streams. Its preview plays from
//! the reply on.

use aws_config::SdkConfig;
use chrono::{DateTime, TimeDelta, Utc};
use futures_util::future::try_join_all;
use serde_json::json;

use super::{
    ClipRequest, DueQueue, HarvestQueue, ResolvedWindow, WindowRequest, invalid_window, start_clip,
};
use crate::api::{
    ClipView, Problem, ProblemKind, Reply, Request, Route, count_ahead, create_clips_once,
    find_created_clip,
};
use crate::clip::{
    Angle, ChannelId, Clip, ClipId, ClipKey, ExpirySettings, Source, Status, Window, WindowError,
    floor_second,
};
use crate::config::{ConfigError, Variables};
use crate::error;
use crate::library::IdempotentRequest;
use crate::live::coverage::{confirm_not_found, find_bounds};
use crate::live::{
    Channel, CoverageError, MAX_LIVE_EDGE_AGE, ManifestError, ManifestReadError, Timeline,
};

/// The route of `create-clip`.
#[derive(Clone, Debug)]
pub struct CreateClip {
    queue: HarvestQueue,
    due: DueQueue,
    expiry: ExpirySettings,
    view: ClipView,
}

impl Route for CreateClip {
    fn new(sdk: &SdkConfig, variables: &Variables) -> Result<Self, ConfigError> {
        Ok(Self {
            queue: HarvestQueue::from_variables(sdk, variables)?,
            due: DueQueue::from_variables(sdk, variables)?,
            expiry: variables.optional("CLIP_EXPIRY_DAYS")?.unwrap_or_default(),
            view: ClipView::from_variables(variables)?,
        })
    }

    async fn warm_up(&self) {
        self.queue.warm_up().await;
    }

    async fn answer(&self, request: &Request, now: DateTime<Utc>) -> Result<Reply, Problem> {
        let clip_request = ClipRequest::parse(&request.body()?)?;
        let idempotent = request.idempotent_request()?;
        let find_created = || find_created_clip(self.queue.library(), idempotent.as_ref(), now);
        let (clip, live_edge_age) = match find_created().await? {
            Some(clip) => (clip, None),
            None => match self.create(clip_request, request, idempotent.as_ref(), now).await {
                Ok(created) => created,
                // The same request may have succeeded at the same time: the stream could be read
                // for one of the two and not for the other.
                Err(problem) => (find_created().await?.ok_or(problem)?, None),
            },
        };
        let path = format!("/api/competitions/{}/clips/{}", clip.competition, clip.clip);
        let ahead = count_ahead(self.queue.library(), &clip).await;
        let mut body = self.view.to_operator_json(&clip, ahead);
        if let Some(age) = live_edge_age {
            body["liveEdgeAgeSeconds"] = json!(age.num_seconds());
        }
        Ok(Reply::json(202, &body).with_location(&path))
    }
}

impl CreateClip {
    /// Writes the row of the clip and those of its other angles, then starts their harvests. Returns the
    /// clip, and the age of the live edge that its window was counted from.
    ///
    /// Once the rows exist, no clip can get lost: if a later step fails, the sweep repeats it.
    /// Therefore only the steps before the rows can fail the request.
    async fn create(
        &self,
        clip_request: ClipRequest,
        request: &Request,
        idempotent: Option<&IdempotentRequest>,
        now: DateTime<Utc>,
    ) -> Result<(Clip, Option<TimeDelta>), Problem> {
        clip_request.description.check_expiry(now)?;
        let (main, others) = self.find_channels(&clip_request.channels)?;
        let (resolved, live_edge_age) = self.resolve_window(main, clip_request.window, now).await?;
        let mut cuts = vec![(main, resolved)];
        cuts.extend(self.resolve_angles(&others, resolved.window, now).await?);

        let competition = clip_request.competition.as_ref().unwrap_or(&main.competition).clone();
        let new_clip = |(channel, resolved): &(&Channel, ResolvedWindow), id, now| {
            let key = ClipKey { competition: competition.clone(), clip: id };
            let requested = resolved.window;
            let source = Source::Live { channel: channel.id.clone(), requested };
            let status = if resolved.has_aired { Status::Queued } else { Status::Scheduled };
            let mut clip = Clip::new(key, status, source, &clip_request.description, now);
            clip.actual = resolved.actual;
            clip.precision = clip_request.precision.unwrap_or(channel.precision);
            clip.created_by = request.operator();
            clip.set_default_expiry(self.expiry.expires_at(&competition, now));
            clip
        };
        let new_clips = |now| {
            let ids: Vec<_> =
                cuts.iter().map(|(_, resolved)| ClipId::for_window(resolved.window)).collect();
            let clips = cuts.iter().zip(&ids).map(|(cut, id)| new_clip(cut, id.clone(), now));
            let mut clips: Vec<_> = clips.collect();
            if clips.len() > 1 {
                let angle = |((channel, _), clip): (&(&Channel, _), &ClipId)| Angle {
                    channel: channel.id.clone(),
                    clip: clip.clone(),
                };
                let angles: Vec<_> = cuts.iter().zip(&ids).map(angle).collect();
                for clip in &mut clips {
                    clip.angles.clone_from(&angles);
                }
            }
            let main = clips.remove(0);
            (main, clips)
        };
        let (clip, others) =
            create_clips_once(self.queue.library(), idempotent, now, new_clips).await?;
        let key = clip.key();
        if let Some(age) = live_edge_age.filter(|age| *age > MAX_LIVE_EDGE_AGE) {
            tracing::warn!(
                clip.id = %key,
                "clip {key} ends at a live edge that has not moved for {} s",
                age.num_seconds()
            );
        }
        // One after the other: the harvest queue starts only its first clip.
        let clip = start_clip(&self.queue, &self.due, clip, now).await;
        for other in others {
            start_clip(&self.queue, &self.due, other, now).await;
        }
        Ok((clip, live_edge_age))
    }

    /// Finds the channel of the clip, and those of its other angles.
    fn find_channels(&self, ids: &[ChannelId]) -> Result<(&Channel, Vec<&Channel>), Problem> {
        let channels = self.queue.channels();
        let find = |(at, id): (usize, &ChannelId)| {
            channels.find(id).ok_or_else(|| {
                let known: Vec<_> = channels.ids().map(ToString::to_string).collect();
                let detail =
                    format!("There is no channel {id}. The channels are {}.", known.join(", "));
                Problem::invalid_field(channel_field(at, ids.len()), detail)
            })
        };
        let mut found = ids.iter().enumerate().map(find).collect::<Result<Vec<_>, _>>()?;
        if found.is_empty() {
            return Ok((channels.default_channel(), found));
        }
        Ok((found.remove(0), found))
    }

    /// Checks that the other angles can be cut, too.
    async fn resolve_angles<'a>(
        &self,
        channels: &[&'a Channel],
        window: Window,
        now: DateTime<Utc>,
    ) -> Result<Vec<(&'a Channel, ResolvedWindow)>, Problem> {
        let resolve = async |(at, channel): (usize, &&'a Channel)| {
            let resolved = ResolvedWindow::resolve(self.queue.live(), channel, window, now).await;
            resolved.map(|resolved| (*channel, resolved)).map_err(|problem| {
                // The first channel is not among these.
                let field = Some(channel_field(at + 1, channels.len() + 1));
                let detail = format!("Channel {}: {}", channel.id, problem.detail);
                Problem { detail, field, ..problem }
            })
        };
        try_join_all(channels.iter().enumerate().map(resolve)).await
    }

    /// Finds the window to harvest, and its bounds if the manifest can be read. If the window is
    /// counted back from the live edge, returns the age of the live edge, too.
    async fn resolve_window(
        &self,
        channel: &Channel,
        request: WindowRequest,
        now: DateTime<Utc>,
    ) -> Result<(ResolvedWindow, Option<TimeDelta>), Problem> {
        let endpoint = self.queue.live();
        let limits = channel.limits();
        match request {
            WindowRequest::Between(window) => {
                Ok((ResolvedWindow::resolve(endpoint, channel, window, now).await?, None))
            }
            WindowRequest::LastSeconds(seconds) => {
                let field = "lastSeconds";
                let invalid = |error| invalid_window(field, &error);
                let live = endpoint.read_live(channel).await;
                let live = live.map_err(|cause| {
                    unknown_live_edge(channel, &cause, "Give start and end instead")
                })?;
                let age = Some(live.age(now));
                let live = live.timeline;
                let mut window = last_seconds_window(seconds, &live).map_err(invalid)?;
                window.check(limits).map_err(invalid)?;
                let mut requested = endpoint.window_timeline(channel, window).await;
                let is_younger = window.start() < live.start();
                if is_younger && matches!(requested, Err(ManifestReadError::NotFound)) {
                    // The stream has been on air for less than that. The clip is all of it.
                    window = Window::new_within(live.start(), live.end()).map_err(invalid)?;
                    window.check(limits).map_err(invalid)?;
                    requested = endpoint.window_timeline(channel, window).await;
                }
                let requested = confirm_not_found(endpoint, channel, window, requested).await;
                match find_bounds(channel, window, Some(&live), requested, now) {
                    Ok(actual) => Ok((ResolvedWindow { window, actual, has_aired: true }, age)),
                    // The manifest of the window does not have the last segment yet.
                    Err(CoverageError::NotAired { .. }) => Ok((ResolvedWindow::ahead(window), age)),
                    Err(error) => Err(Problem { field: Some(field.to_owned()), ..error.into() }),
                }
            }
        }
    }
}

/// The field of a request with the id of channel `at` of `count`.
fn channel_field(at: usize, count: usize) -> String {
    if count == 1 { "channel".to_owned() } else { format!("channels[{at}]") }
}

/// The problem of a request that needs the live edge of a channel whose manifest cannot be read.
/// `remedy` says what the request can have instead.
pub fn unknown_live_edge(channel: &Channel, cause: &ManifestReadError, remedy: &str) -> Problem {
    let chain = error::chain(cause);
    tracing::warn!("could not read the live edge of channel {}: {chain}", channel.id);
    if matches!(cause, ManifestReadError::Manifest(ManifestError::NoProgramDateTime)) {
        return Problem::new(
            ProblemKind::NoProgramDateTime,
            "The live manifest has no PROGRAM-DATE-TIME, so its live edge is unknown. Set \
             ProgramDateTimeIntervalSeconds of the HLS origin endpoint to 1.",
        );
    }
    Problem::new(
        ProblemKind::LiveUnreadable,
        format!(
            "The live stream cannot be read, so its live edge is unknown. {remedy}, or retry in a \
             few seconds."
        ),
    )
}

/// The window of the last seconds before the live edge, on the clock of PROGRAM-DATE-TIME.
fn last_seconds_window(seconds: u32, live: &Timeline) -> Result<Window, WindowError> {
    let live_edge = floor_second(live.end());
    Window::new(live_edge - TimeDelta::seconds(seconds.into()), live_edge)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::live::coverage::tests::{at, timeline};

    #[test]
    fn the_last_seconds_end_at_the_last_whole_second_on_air() {
        let live = timeline(940.04, 30, false);
        let window = last_seconds_window(60, &live).unwrap();
        assert_eq!((window.start(), window.end()), (at(940.0), at(1000.0)));
    }
}
