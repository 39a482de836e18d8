//! Formats a clip as the API shows it.

use serde_json::{Map, Value, json};
use url::Url;

use super::reply::format_digest;
use super::{Reply, SealKey, private_folder};
use crate::clip::{Clip, CompetitionId, Source, Status, Upload, format_utc};
use crate::config::{ConfigError, Variables};
use crate::error;
use crate::library::Library;
use crate::live::Channels;

/// What everyone reads about a failure, beside its code.
const PUBLIC_FAILURE: &str = "The clip could not be made. Operators see the reason.";

/// Formats clips with the URLs under which viewers reach them.
#[derive(Clone, Debug)]
pub struct ClipView {
    /// The base URL of manifests and thumbnails: the CDN.
    vod: Url,
    /// Seals the paths of the media, if the library is private.
    seal: Option<SealKey>,
    /// The channels, for previews. A list of ready clips has no previews.
    channels: Option<Channels>,
}

impl ClipView {
    /// A view of clips in any state.
    pub fn from_variables(variables: &Variables) -> Result<Self, ConfigError> {
        let channels = Some(variables.parsed("CHANNELS")?);
        Ok(Self { channels, ..Self::for_ready_clips(variables)? })
    }

    /// A view of ready clips only, which needs no channels.
    pub fn for_ready_clips(variables: &Variables) -> Result<Self, ConfigError> {
        Ok(Self {
            vod: variables.parsed("VOD_BASE_URL")?,
            seal: variables.optional("PLAYBACK_SEAL_KEY")?,
            channels: None,
        })
    }

    /// A reply to everyone, with the clip and the entity tag that an edit needs. The reason of a
    /// failure may quote AWS, so only operators see it.
    pub async fn to_public_reply(&self, library: &Library, clip: &Clip) -> Reply {
        let mut shown = self.to_queued_json(clip, count_ahead(library, clip).await);
        let tag = format_entity_tag(clip, &shown);
        if clip.failure.is_some() {
            shown["failure"]["message"] = json!(PUBLIC_FAILURE);
        }
        Reply::json(200, &shown).with_entity_tag(tag)
    }

    /// A reply to operators, with the clip and the entity tag of the public reply.
    pub async fn to_operator_reply(&self, library: &Library, clip: &Clip) -> Reply {
        let shown = self.to_queued_json(clip, count_ahead(library, clip).await);
        let tag = format_entity_tag(clip, &shown);
        Reply::json(200, &add_operator_fields(clip, shown)).with_entity_tag(tag)
    }

    /// The clip as JSON for operators: with the operator who made it, and with the tag that an edit
    /// needs. A queued clip has its position in the harvest queue, behind `ahead` clips.
    pub fn to_operator_json(&self, clip: &Clip, ahead: Option<usize>) -> Value {
        add_operator_fields(clip, self.to_queued_json(clip, ahead))
    }

    fn to_queued_json(&self, clip: &Clip, ahead: Option<usize>) -> Value {
        let mut shown = self.to_json(clip);
        if let Some(ahead) = ahead {
            shown["queue"] = json!({ "position": ahead + 1, "ahead": ahead });
        }
        shown
    }

    /// The clip as JSON for everyone. Fields that do not apply yet are absent.
    pub fn to_json(&self, clip: &Clip) -> Value {
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
                let channel = self.channels.as_ref().and_then(|all| all.find(channel));
                if let Some(channel) = channel.filter(|_| clip.status != Status::Ready) {
                    shown["preview"] = json!(channel.preview_url(*requested));
                }
            }
            Source::Upload(upload) => self.add_upload(&mut shown, clip, upload),
        }
        if let Some(actual) = clip.actual {
            shown["actual"] = json!({
                "start": format_utc(actual.start),
                "end": format_utc(actual.end),
                "durationSeconds": actual.duration_seconds,
            });
        }
        if clip.status == Status::Ready {
            // Before the clip is ready, its manifests answer 404.
            let manifests: Map<String, Value> = clip
                .manifests
                .iter()
                .map(|(configuration, path)| {
                    (
                        format_name(configuration).to_owned(),
                        json!(self.vod_url(&clip.competition, path)),
                    )
                })
                .collect();
            if let Some(manifest) = self.manifest_url(clip, ".m3u8") {
                shown["manifest"] = json!(manifest);
            }
            shown["manifests"] = Value::Object(manifests);
        }
        if let Some(ready_at) = clip.ready_at {
            shown["readyAt"] = json!(format_utc(ready_at));
        }
        if let Some(expires_at) = clip.expires_at {
            shown["expiresAt"] = json!(format_utc(expires_at));
        }
        if let Some(publish_at) = clip.publish_at {
            shown["publishAt"] = json!(format_utc(publish_at));
        }
        if let Some(failure) = &clip.failure {
            shown["failure"] = json!(failure);
        }
        shown
    }

    fn add_upload(&self, shown: &mut Value, clip: &Clip, upload: &Upload) {
        shown["source"] = json!("upload");
        shown["filename"] = json!(upload.filename);
        if clip.status == Status::Transcoding {
            shown["progress"] = json!(upload.progress.unwrap_or(0));
        }
        if clip.status == Status::Ready {
            shown["thumbnails"] = json!(self.thumbnail_urls(clip));
        }
    }

    /// Whether only viewers with cookies can play clips.
    pub fn is_private(&self) -> bool {
        self.seal.is_some()
    }

    /// The URL of the manifest with this extension: `.m3u8` for HLS, `.mpd` for DASH. It answers 404
    /// until the clip is ready.
    pub fn manifest_url(&self, clip: &Clip, extension: &str) -> Option<String> {
        let path = clip.manifests.values().find(|path| path.ends_with(extension))?;
        Some(self.vod_url(&clip.competition, path))
    }

    /// The URLs of the pictures of a ready clip of a file. Other clips have none.
    pub fn thumbnail_urls(&self, clip: &Clip) -> Vec<String> {
        let Some(upload) = clip.upload().filter(|_| clip.status == Status::Ready) else {
            return Vec::new();
        };
        let attempt = clip.attempt_of_media();
        let url = |number| {
            let path = format!("/{}", attempt.thumbnail_key(number));
            self.thumbnail_url(&clip.competition, &path)
        };
        (0..upload.thumbnails).map(url).collect()
    }

    fn thumbnail_url(&self, competition: &CompetitionId, path: &str) -> String {
        let base = self.vod.as_str().trim_end_matches('/');
        match &self.seal {
            None => format!("{base}{path}"),
            // The path of a thumbnail contains the competition, so it needs no seal.
            Some(_) => {
                format!("{base}{}{}", private_folder(competition).trim_end_matches('/'), path)
            }
        }
    }

    fn vod_url(&self, competition: &CompetitionId, path: &str) -> String {
        let base = self.vod.as_str().trim_end_matches('/');
        match &self.seal {
            None => format!("{base}{path}"),
            Some(key) => format!("{base}{}", key.seal_path(competition, path)),
        }
    }
}

/// The number of clips before a queued clip in the harvest queue. `None` if the clip is not queued,
/// or if the queue cannot be read.
pub async fn count_ahead(library: &Library, clip: &Clip) -> Option<usize> {
    if clip.status != Status::Queued {
        return None;
    }
    let counted = library.count_ahead_of(clip).await.inspect_err(|failure| {
        let (key, chain) = (clip.key(), error::chain(failure));
        tracing::warn!(
            clip.id = %key,
            "could not find the position of clip {key} in the harvest queue: {chain}"
        );
    });
    counted.ok()
}

/// Adds the fields that only operators see.
fn add_operator_fields(clip: &Clip, mut shown: Value) -> Value {
    shown["etag"] = json!(format!("\"{}\"", edit_digest(clip)));
    if let Some(operator) = &clip.created_by {
        shown["createdBy"] = json!(operator);
    }
    if let Some(until) = clip.restorable_until() {
        shown["restorableUntil"] = json!(format_utc(until));
    }
    shown
}

/// A digest of the editable fields. It changes exactly when one of them does.
pub fn edit_digest(clip: &Clip) -> String {
    let window = match &clip.source {
        Source::Live { requested, .. } => Some((requested.exact_start(), requested.exact_end())),
        Source::Upload(_) => None,
    };
    let editable = json!([
        clip.title,
        clip.description,
        clip.tags,
        clip.expires_at.map(format_utc),
        clip.listed,
        clip.publish_at.map(format_utc),
        window,
    ]);
    format_digest(editable.to_string())
}

/// The entity tag of a clip: the digest of the editable fields, and a digest of the public reply.
fn format_entity_tag(clip: &Clip, shown: &Value) -> String {
    format!("\"{}.{}\"", edit_digest(clip), format_digest(shown.to_string()))
}

/// The format of a packaging configuration: its id, up to the first hyphen.
///
/// The ids `hls` and `hls-2` are both of format `hls`. Ids are unique in an account and region, so
/// each packaging group needs ids of its own.
fn format_name(configuration: &str) -> &str {
    configuration.split('-').next().unwrap_or(configuration)
}
