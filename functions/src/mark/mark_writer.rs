//! Writes the marks of a channel, each once, whatever sends them.

use aws_config::SdkConfig;
use chrono::{DateTime, TimeDelta, Utc};

use super::{MarkRequest, MarkTime};
use crate::api::{Problem, ProblemKind};
use crate::clip::{Mark, MarkId, MarkSource, floor_millisecond};
use crate::config::{ConfigError, Variables};
use crate::harvest::unknown_live_edge;
use crate::library::{CreatedMark, Library};
use crate::live::{Channel, Channels, LiveEndpoint};

/// How long after the live edge a mark may be.
const MAX_AHEAD: TimeDelta = TimeDelta::hours(1);

/// Writes the marks that requests ask for.
#[derive(Clone, Debug)]
pub(super) struct MarkWriter {
    pub(super) channels: Channels,
    endpoint: LiveEndpoint,
    library: Library,
}

impl MarkWriter {
    pub(super) fn from_variables(
        sdk: &SdkConfig,
        variables: &Variables,
    ) -> Result<Self, ConfigError> {
        Ok(Self {
            channels: variables.parsed("CHANNELS")?,
            endpoint: LiveEndpoint::from_variables(variables)?,
            library: Library::from_variables(sdk, variables)?,
        })
    }

    pub(super) async fn warm_up(&self) {
        self.library.warm_up().await;
    }

    /// Creates a mark, or returns the one that the source has sent with the same key.
    pub(super) async fn create(
        &self,
        channel: &Channel,
        request: MarkRequest,
        source: MarkSource,
        created_by: Option<String>,
        now: DateTime<Utc>,
    ) -> Result<CreatedMark, Problem> {
        let at = match self.resolve_time(channel, &request, now).await {
            Ok(at) => at,
            // A repeated request has its reply, even if its time can no longer be resolved.
            Err(problem) => {
                return self.find_created(channel, &request, &source, problem, now).await;
            }
        };
        let received_at = floor_millisecond(now);
        let mark = Mark {
            id: MarkId::for_time(at),
            channel: channel.id.clone(),
            at,
            end: request.end,
            label: request.label,
            tags: request.tags,
            source,
            confidence: request.confidence,
            key: request.key,
            created_by,
            received_at,
            expires_at: Mark::expiry(at, request.end, received_at, channel.limits().startover),
        };
        let created = self.library.create_mark(&mark, now).await?;
        if let CreatedMark::New(mark) = &created {
            let Mark { id, channel, label, source, .. } = mark;
            tracing::info!(mark.id = %id, "mark {id} of channel {channel}: {label} of {source}");
        }
        Ok(created)
    }

    async fn find_created(
        &self,
        channel: &Channel,
        request: &MarkRequest,
        source: &MarkSource,
        problem: Problem,
        now: DateTime<Utc>,
    ) -> Result<CreatedMark, Problem> {
        let Some(key) = &request.key else { return Err(problem) };
        let found = self.library.find_mark_by_key(&channel.id, source, key, now).await?;
        found.ok_or(problem)
    }

    /// The time of a mark on the stream's clock.
    async fn resolve_time(
        &self,
        channel: &Channel,
        request: &MarkRequest,
        now: DateTime<Utc>,
    ) -> Result<DateTime<Utc>, Problem> {
        let at = match request.at {
            // The stream's clock is near to the service's, so the live edge is rarely needed.
            MarkTime::At(at) if check_time(channel, at, now).is_ok() => at,
            MarkTime::At(at) => {
                let live_edge = self.endpoint.live_timeline(channel).await;
                check_time(channel, at, live_edge.map_or(now, |timeline| timeline.end()))?;
                at
            }
            MarkTime::BehindLiveEdge(behind) => {
                let live = self.endpoint.live_timeline(channel).await.map_err(|cause| {
                    unknown_live_edge(channel, &cause, "Give the time of the mark in at instead")
                })?;
                floor_millisecond(live.end() - behind)
            }
        };
        request.check_end(at)?;
        Ok(at)
    }
}

/// Checks that the startover window keeps a time, or that the stream will have it within an hour.
fn check_time(
    channel: &Channel,
    at: DateTime<Utc>,
    live_edge: DateTime<Utc>,
) -> Result<(), Problem> {
    let outside = |detail| Problem::for_field(ProblemKind::MarkOutsideStream, "at", detail);
    let startover = channel.limits().startover;
    if at < live_edge - startover {
        return Err(outside(format!(
            "The channel keeps {} s of its stream, and no longer has this time.",
            startover.num_seconds()
        )));
    }
    if at > live_edge + MAX_AHEAD {
        return Err(outside("This is more than one hour after the live edge.".to_owned()));
    }
    Ok(())
}
