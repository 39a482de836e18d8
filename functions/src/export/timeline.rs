//! Describes a clip as OpenTimelineIO, which editing suites import.
//!
//! <https://opentimelineio.readthedocs.io/en/stable/tutorials/otio-serialized-schema.html>

use chrono::{DateTime, TimeDelta, Utc};
use serde_json::{Value, json};

use crate::clip::{Bounds, Clip, FrameRate, Source, format_utc};

/// The file that a timeline refers to.
#[derive(Clone, Copy, Debug)]
pub(super) struct TimelineMedia<'a> {
    pub(super) url: &'a str,
    pub(super) frame_rate: FrameRate,
    /// The start and end of the media. The first frame of the media is frame 0.
    pub(super) bounds: Bounds,
}

/// A range of frames: the first one, and how many there are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Frames {
    first: i64,
    count: i64,
}

/// Builds a timeline of one video and one audio track. Each has the clip, from the first to the last
/// requested frame.
pub(super) fn build(clip: &Clip, media: TimelineMedia<'_>) -> Value {
    let tracks: Vec<Value> = [("Video", "V1"), ("Audio", "A1")]
        .into_iter()
        .map(|(kind, name)| {
            let mut track = composition("Track.1", name, &[clip_of_track(clip, media)]);
            track["kind"] = json!(kind);
            track
        })
        .collect();
    json!({
        "OTIO_SCHEMA": "Timeline.1",
        "name": name_of(clip),
        "metadata": { "matchcut": metadata(clip) },
        "global_start_time": null,
        "tracks": composition("Stack.1", "tracks", &tracks),
    })
}

fn composition(schema: &str, name: &str, children: &[Value]) -> Value {
    json!({
        "OTIO_SCHEMA": schema,
        "name": name,
        "metadata": {},
        "source_range": null,
        "effects": [],
        "markers": [],
        "enabled": true,
        "children": children,
    })
}

fn clip_of_track(clip: &Clip, media: TimelineMedia<'_>) -> Value {
    let available = available_frames(media);
    json!({
        "OTIO_SCHEMA": "Clip.2",
        "name": name_of(clip),
        "metadata": {},
        "source_range": range(requested_frames(clip, media), media.frame_rate),
        "effects": [],
        "markers": [],
        "enabled": true,
        "media_references": {
            "DEFAULT_MEDIA": {
                "OTIO_SCHEMA": "ExternalReference.1",
                "name": "",
                "metadata": {},
                "available_range": range(available, media.frame_rate),
                "available_image_bounds": null,
                "target_url": media.url,
            },
        },
        "active_media_reference_key": "DEFAULT_MEDIA",
    })
}

/// All frames of the media.
fn available_frames(TimelineMedia { frame_rate, bounds, .. }: TimelineMedia<'_>) -> Frames {
    let duration = Bounds::lasting(bounds.start, bounds.duration_seconds);
    Frames { first: 0, count: frame_rate.count_frames(duration.end - duration.start) }
}

/// The frames of the requested window. A clip of a file has all frames.
fn requested_frames(clip: &Clip, media: TimelineMedia<'_>) -> Frames {
    let available = available_frames(media);
    let Source::Live { requested, .. } = &clip.source else { return available };
    let frame_at = |time: DateTime<Utc>| {
        let offset = (time - media.bounds.start).max(TimeDelta::zero());
        media.frame_rate.count_frames(offset).min(available.count)
    };
    let first = frame_at(requested.exact_start());
    Frames { first, count: frame_at(requested.exact_end()) - first }
}

fn range(Frames { first, count }: Frames, frame_rate: FrameRate) -> Value {
    let time = |frames: i64| {
        #[expect(clippy::cast_precision_loss, reason = "a clip has fewer than 2^53 frames")]
        let value = frames as f64;
        json!({ "OTIO_SCHEMA": "RationalTime.1", "rate": frame_rate.as_f64(), "value": value })
    };
    json!({ "OTIO_SCHEMA": "TimeRange.1", "start_time": time(first), "duration": time(count) })
}

fn name_of(clip: &Clip) -> &str {
    if clip.title.is_empty() { clip.clip.as_str() } else { &clip.title }
}

/// What editing suites have no field for.
fn metadata(clip: &Clip) -> Value {
    let mut metadata = json!({ "competition": clip.competition, "clip": clip.clip });
    if let Source::Live { channel, requested } = &clip.source {
        metadata["channel"] = json!(channel);
        metadata["start"] = json!(format_utc(requested.exact_start()));
        metadata["end"] = json!(format_utc(requested.exact_end()));
    }
    metadata
}
