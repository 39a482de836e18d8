//! A clip as everyone sees it, without the URLs of its media.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::{Clip, FilePaths, Precision, Source, Status, format_utc};

/// The paths of the media of a ready clip.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct MediaPaths {
    /// The path of the HLS manifest.
    pub hls: Option<String>,
    /// The path of each manifest, by format.
    pub manifests: BTreeMap<String, String>,
    /// The paths of the thumbnails of an upload, which its transcode job has made.
    pub thumbnails: Option<Vec<String>>,
    /// The poster, the thumbnails, the storyboard and the MP4, if they exist.
    pub files: Option<FilePaths>,
}

/// The clip as JSON for everyone. Fields that do not apply yet are absent.
pub fn to_public_json(clip: &Clip) -> Value {
    let mut shown = json!({
        "competition": clip.competition,
        "clip": clip.clip,
        "status": clip.status,
        "active": clip.is_active(),
        "listed": clip.listed,
        "attempt": clip.attempt,
        "meta": {
            "id": clip.clip,
            "title": clip.title,
            "description": clip.description,
            "tags": clip.tags,
        },
        "createdAt": format_utc(clip.created_at),
        "updatedAt": format_utc(clip.updated_at),
    });
    match &clip.source {
        Source::Live { channel, requested } => {
            shown["source"] = json!("live");
            shown["channel"] = json!(channel);
            shown["requested"] = json!({
                "start": format_utc(requested.exact_start()),
                "end": format_utc(requested.exact_end()),
            });
        }
        Source::Reel(reel) => {
            shown["source"] = json!("reel");
            let parts = reel.parts.iter().map(|part| json!(part.clip));
            shown["clips"] = parts.collect();
            if clip.status == Status::Transcoding {
                shown["progress"] = json!(reel.progress.unwrap_or(0));
            }
        }
        Source::Upload(upload) => {
            shown["source"] = json!("upload");
            shown["filename"] = json!(upload.filename);
            if clip.status == Status::Transcoding {
                shown["progress"] = json!(upload.progress.unwrap_or(0));
            }
        }
    }
    if clip.precision_of_media() == Precision::Frame {
        shown["precision"] = json!(Precision::Frame);
    }
    if let Some(actual) = clip.actual {
        shown["actual"] = json!({
            "start": format_utc(actual.start),
            "end": format_utc(actual.end),
            "durationSeconds": actual.duration_seconds,
        });
    }
    let times = [
        ("readyAt", clip.ready_at),
        ("expiresAt", clip.expires_at),
        ("publishAt", clip.publish_at),
    ];
    for (name, time) in times {
        if let Some(time) = time {
            shown[name] = json!(format_utc(time));
        }
    }
    if let Some(by) = &clip.suggested_by {
        shown["suggestedBy"] = json!({
            "rule": by.rule,
            "name": by.name,
            "label": by.label,
            "marks": by.marks,
        });
    }
    if let Some(failure) = &clip.failure {
        shown["failure"] = json!(failure);
    }
    shown
}

impl MediaPaths {
    /// The paths that viewers may see. `None` if the clip is not ready: its manifests answer 404.
    pub fn of_ready(clip: &Clip) -> Option<Self> {
        if clip.status != Status::Ready {
            return None;
        }
        let attempt = clip.attempt_of_media();
        let thumbnail = |number| format!("/{}", attempt.thumbnail_key(number));
        Some(Self {
            hls: clip.manifests.values().find(|path| path.ends_with(".m3u8")).cloned(),
            manifests: clip
                .manifests
                .iter()
                .map(|(configuration, path)| (format_name(configuration).to_owned(), path.clone()))
                .collect(),
            thumbnails: clip
                .upload()
                .filter(|upload| upload.thumbnails > 0)
                .map(|upload| (0..upload.thumbnails).map(thumbnail).collect()),
            files: clip
                .files
                .as_ref()
                .and_then(|files| files.made.as_ref())
                .map(|made| FilePaths::new(&clip.key(), made)),
        })
    }
}

/// The format of a packaging configuration: its id, up to the first hyphen.
///
/// The ids `hls` and `hls-2` are both of format `hls`. Ids are unique in an account and region, so
/// each packaging group needs ids of its own.
fn format_name(configuration: &str) -> &str {
    configuration.split('-').next().unwrap_or(configuration)
}
