//! Lambda `announce-clip`: puts a change event on the event bus for each change of a clip's status,
//! and for each change of whether viewers' lists show the clip.

use std::collections::BTreeSet;

use aws_config::SdkConfig;
use aws_lambda_events::dynamodb::Event;
use aws_sdk_eventbridge::primitives::DateTime;
use aws_sdk_eventbridge::types::PutEventsRequestEntry;
use lambda_runtime::Diagnostic;

use crate::api::ClipView;
use crate::clip::{Clip, ClipKey, Source, Status};
use crate::config::{ConfigError, Variables};
use crate::error;
use crate::lambda::EventHandler;
use crate::library::{ClipChange, read_clip_change};
use crate::metrics::{Metrics, Unit};

/// Most events of one PutEvents call.
/// <https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_PutEvents.html>
const MAX_ENTRIES: usize = 10;

/// Most tries for events that the bus rejected.
const MAX_TRIES: u32 = 3;

/// Handles the records of the table's stream.
#[derive(Clone, Debug)]
pub struct AnnounceClip {
    bus: aws_sdk_eventbridge::Client,
    view: ClipView,
    metrics: Metrics,
}

#[derive(Debug, thiserror::Error)]
pub enum AnnounceClipError {
    #[error("PutEvents failed for {count} change events, the first of clip {clip}")]
    Put {
        clip: ClipKey,
        count: usize,
        #[source]
        source: Box<aws_sdk_eventbridge::Error>,
    },
    #[error("the event bus rejected {count} change events, the first of clip {clip}: {code}")]
    Refused { clip: ClipKey, count: usize, code: String },
}

impl From<AnnounceClipError> for Diagnostic {
    fn from(failure: AnnounceClipError) -> Self {
        let name = match failure {
            AnnounceClipError::Put { .. } => "Put",
            AnnounceClipError::Refused { .. } => "Refused",
        };
        error::diagnostic(name, &failure)
    }
}

impl EventHandler for AnnounceClip {
    type Event = Event;
    type Output = ();
    type Error = AnnounceClipError;

    fn new(sdk: &SdkConfig, variables: &Variables) -> Result<Self, ConfigError> {
        Ok(Self {
            bus: aws_sdk_eventbridge::Client::new(sdk),
            view: ClipView::from_variables(variables)?,
            metrics: Metrics::from_variables(variables)?,
        })
    }

    /// Opens no connection: nobody waits for a change event.
    async fn warm_up(&self) {}

    /// Announces the changes of a batch, in the order of the stream.
    ///
    /// After an error, Lambda delivers the batch again, or a part of it. Some changes are then
    /// announced twice. Subscribers recognize them by the clip and its `updatedAt`.
    async fn handle(&self, event: Event) -> Result<(), AnnounceClipError> {
        let changes: Vec<_> = event.records.into_iter().filter_map(read_clip_change).collect();
        let mut rest = changes.as_slice();
        while !rest.is_empty() {
            let (batch, later) = rest.split_at(distinct_prefix_length(rest));
            self.put(batch.iter().map(|change| &change.clip).collect()).await?;
            for ClipChange { clip, has_new_status } in batch {
                let key = clip.key();
                let status = clip.status.as_str();
                tracing::info!(clip.id = %key, clip.status = status, "announced clip {key}: {status}");
                if *has_new_status {
                    self.measure(clip);
                }
            }
            rest = later;
        }
        Ok(())
    }
}

impl AnnounceClip {
    fn measure(&self, clip: &Clip) {
        let entered = [("ClipsEntered", Unit::Count, 1.0)];
        self.metrics.put(&entered, &[("Status", clip.status.as_str())]);
        if let Some((source, seconds)) = measure_time_to_ready(clip) {
            let measured = [("TimeToReadySeconds", Unit::Seconds, seconds)];
            self.metrics.put(&measured, &[("Source", source)]);
        }
    }

    /// Puts the change events of clips. Retries the events that the bus rejects.
    async fn put(&self, mut clips: Vec<&Clip>) -> Result<(), AnnounceClipError> {
        for attempt in 1.. {
            let entries = clips.iter().map(|clip| self.entry(clip)).collect();
            let put = self.bus.put_events().set_entries(Some(entries)).send().await;
            let put = put.map_err(|error| AnnounceClipError::Put {
                clip: clips[0].key(),
                count: clips.len(),
                source: Box::new(error.into()),
            })?;
            let codes: Vec<_> = put.entries().iter().map(|entry| entry.error_code()).collect();
            let code = codes.iter().find_map(|code| *code).map(str::to_owned);
            let mut refused = codes.into_iter().map(|code| code.is_some());
            clips.retain(|_| refused.next().unwrap_or_default());
            let Some(code) = code else { break };
            if attempt == MAX_TRIES {
                let (clip, count) = (clips[0].key(), clips.len());
                return Err(AnnounceClipError::Refused { clip, count, code });
            }
        }
        Ok(())
    }

    fn entry(&self, clip: &Clip) -> PutEventsRequestEntry {
        PutEventsRequestEntry::builder()
            .source("matchcut")
            .detail_type("Clip State Changed")
            .time(DateTime::from_millis(clip.updated_at.timestamp_millis()))
            .detail(self.view.to_json(clip).to_string())
            .build()
    }
}

/// The number of changes, from the first, that can be announced in one call.
///
/// No clip may be in a call twice: the bus can reject the first of its changes and accept the second,
/// and the retry would then announce them in the wrong order.
fn distinct_prefix_length(changes: &[ClipChange]) -> usize {
    let mut seen = BTreeSet::new();
    let is_first = |change: &&ClipChange| seen.insert(change.clip.key().to_string());
    changes.iter().take(MAX_ENTRIES).take_while(is_first).count()
}

/// The source of a clip that has become ready, and the seconds that this took.
///
/// The time is measured from the creation of the clip, or from its end if that airs later. A clip that
/// was retried or restored is not measured.
fn measure_time_to_ready(clip: &Clip) -> Option<(&'static str, f64)> {
    let ready_at = clip.ready_at.filter(|_| clip.status == Status::Ready)?;
    if clip.attempt > 1 || ready_at != clip.updated_at {
        return None;
    }
    let (source, from) = match &clip.source {
        Source::Live { requested, .. } => ("live", clip.created_at.max(requested.end())),
        Source::Upload(_) => ("upload", clip.created_at),
        Source::Reel(_) => ("reel", clip.created_at),
    };
    Some((source, (ready_at - from).as_seconds_f64()))
}
