//! Starts a clip whose row was just written.

use chrono::{DateTime, TimeDelta, Utc};

use super::{DueQueue, HarvestQueue};
use crate::clip::{Clip, Source, Status};
use crate::error;

/// How soon `harvest-clip` tries to start a clip that could not be started. The harvests of clips that were
/// created at the same time have started by then.
const START_RETRY_DELAY: TimeDelta = TimeDelta::seconds(1);

/// Starts the harvest of a new clip, if a harvest job is free for it. Otherwise sends a due
/// message. Returns the clip as it then is.
///
/// The clip already has a row. If a call fails here, the sweep does what is missing.
pub async fn start_clip(
    queue: &HarvestQueue,
    due: &DueQueue,
    clip: Clip,
    now: DateTime<Utc>,
) -> Clip {
    let key = clip.key();
    if let Source::Live { channel, requested } = &clip.source {
        let (start, end) = (requested.start(), requested.end());
        tracing::info!(clip.id = %key, "clip {key}: {start} to {end} of channel {channel}");
    }
    if clip.status == Status::Scheduled {
        due.send_or_log(&clip, now).await;
        return clip;
    }
    let clip = match queue.start_if_first(clip.clone(), now).await {
        Ok(clip) => clip,
        Err(failure) => {
            let chain = error::chain(&failure);
            tracing::warn!(
                clip.id = %key,
                "could not start the harvest of clip {key}, will retry: {chain}"
            );
            clip
        }
    };
    if clip.status == Status::Queued
        && let Err(failure) = due.send(&key, START_RETRY_DELAY).await
    {
        let chain = error::chain(&failure);
        tracing::warn!(
            clip.id = %key,
            "could not send a due message for clip {key}, the sweep will retry: {chain}"
        );
    }
    clip
}
