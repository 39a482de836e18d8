//! The table's stream: each change of a clip's state is told on the event bus.

use std::collections::BTreeSet;

use aws_config::SdkConfig;
use aws_lambda_events::dynamodb::{Event, EventRecord};
use aws_sdk_eventbridge::primitives::DateTime;
use aws_sdk_eventbridge::types::PutEventsRequestEntry;
use lambda_runtime::Diagnostic;
use serde::Deserialize;

use crate::clip::ClipKey;
use crate::config::{ConfigError, Variables};
use crate::error;
use crate::library::{Clip, Source, Status};
use crate::metrics::{Metrics, Unit};
use crate::viewer::ClipView;

/// The events of one PutEvents.
/// <https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_PutEvents.html>
const MOST_ENTRIES: usize = 10;

/// How often entries are put that the bus did not take.
const TRIES: u32 = 3;

/// Everything `announce-clip` needs, built once per cold start.
#[derive(Clone, Debug)]
pub struct AnnounceClip {
    bus: aws_sdk_eventbridge::Client,
    view: ClipView,
    metrics: Metrics,
}

#[derive(Debug, thiserror::Error)]
pub enum AnnounceClipError {
    #[error("could not announce {count} changes from that of {clip} on")]
    Put {
        clip: ClipKey,
        count: usize,
        #[source]
        source: Box<aws_sdk_eventbridge::Error>,
    },
    #[error("the bus did not take {count} changes from that of {clip} on: {code}")]
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

/// What has to be known of a row as it was.
#[derive(Deserialize)]
struct Before {
    status: Status,
}

impl AnnounceClip {
    pub fn new(sdk: &SdkConfig, variables: &Variables) -> Result<Self, ConfigError> {
        Ok(Self {
            bus: aws_sdk_eventbridge::Client::new(sdk),
            view: ClipView::from_variables(variables)?,
            metrics: Metrics::from_variables(variables)?,
        })
    }

    /// Announces the changes of a batch, in the order of the stream.
    ///
    /// An error has the stream give the batch again, or a part of it: what was announced before
    /// is announced twice, and known by the clip and its `updatedAt`.
    pub async fn handle(&self, event: Event) -> Result<(), AnnounceClipError> {
        let clips: Vec<Clip> = event.records.into_iter().filter_map(entered).collect();
        let mut rest = clips.as_slice();
        while !rest.is_empty() {
            let (together, later) = rest.split_at(apart(rest));
            self.put(together.iter().collect()).await?;
            for clip in together {
                let key = clip.key();
                tracing::info!("clip {key} is {:?}", clip.status);
                self.measure(clip);
            }
            rest = later;
        }
        Ok(())
    }

    fn measure(&self, clip: &Clip) {
        let entered = [("ClipsEntered", Unit::Count, 1.0)];
        self.metrics.put(&entered, &[("Status", clip.status.name())]);
        if let Some((source, seconds)) = time_to_ready(clip) {
            let measured = [("TimeToReadySeconds", Unit::Seconds, seconds)];
            self.metrics.put(&measured, &[("Source", source)]);
        }
    }

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
            if attempt == TRIES {
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
            .detail(self.view.of(clip).to_string())
            .build()
    }
}

/// How many of the first clips are told in one call: none of them twice, for what a call tells may
/// be taken in part, and the rest later.
fn apart(clips: &[Clip]) -> usize {
    let mut seen = BTreeSet::new();
    clips.iter().take(MOST_ENTRIES).take_while(|clip| seen.insert(clip.key().to_string())).count()
}

/// How long a clip that became ready took, and from what.
///
/// What was waited for by intention does not count: the end of a clip to air, a file to come. Nor
/// does a clip that is ready only by a retry.
fn time_to_ready(clip: &Clip) -> Option<(&'static str, f64)> {
    let ready_at = clip.ready_at.filter(|_| clip.status == Status::Ready)?;
    if 1 < clip.attempt {
        return None;
    }
    let (source, from) = match &clip.source {
        Source::Live { requested, .. } => ("live", clip.created_at.max(requested.end())),
        Source::Upload(_) => ("upload", clip.created_at),
    };
    Some((source, (ready_at - from).as_seconds_f64()))
}

/// The clip of a record that tells of a new state.
pub fn entered(record: EventRecord) -> Option<Clip> {
    let change = record.change;
    if change.new_image.is_empty() || is_other(&change.new_image) {
        return None;
    }
    let before = serde_dynamo::from_item::<_, Before>(change.old_image).ok();
    let clip: Clip = match serde_dynamo::from_item(change.new_image) {
        Ok(clip) => clip,
        Err(reason) => {
            // Another try reads the same.
            tracing::error!("a row of the table is not a clip: {reason}");
            return None;
        }
    };
    before.is_none_or(|before| before.status != clip.status).then_some(clip)
}

/// Whether a row is kept beside the clips: their competitions have no `#`.
fn is_other(image: &serde_dynamo::Item) -> bool {
    match image.get("competition") {
        Some(serde_dynamo::AttributeValue::S(partition)) => partition.contains('#'),
        _ => true,
    }
}
