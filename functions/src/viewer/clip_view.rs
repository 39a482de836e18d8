//! A clip as the API shows it, everywhere alike.

use serde_json::{Map, Value, json};
use url::Url;

use super::SealKey;
use super::private::folder;
use crate::clip::CompetitionId;
use crate::config::{ConfigError, Variables};
use crate::error;
use crate::http::{Reply, digest, utc};
use crate::library::{Clip, Library, Source, Status, Upload};
use crate::live::Channels;
use crate::upload::thumbnail_name;

/// Shows clips with the URLs viewers reach them at.
#[derive(Clone, Debug)]
pub struct ClipView {
    /// What stands before the path of a VOD manifest.
    vod: Url,
    /// Of a private library: seals the paths of its media.
    seal: Option<SealKey>,
    /// For previews; lists of ready clips have none.
    channels: Option<Channels>,
}

impl ClipView {
    pub fn from_variables(variables: &Variables) -> Result<Self, ConfigError> {
        let channels = Some(variables.parsed("CHANNELS")?);
        Ok(Self { channels, ..Self::of_ready_clips(variables)? })
    }

    pub fn of_ready_clips(variables: &Variables) -> Result<Self, ConfigError> {
        Ok(Self {
            vod: variables.parsed("VOD_BASE_URL")?,
            seal: variables.optional("PLAYBACK_SEAL_KEY")?,
            channels: None,
        })
    }

    /// The clip as a reply of its own, which can be edited on the condition of its entity tag.
    pub async fn reply(&self, library: &Library, clip: &Clip) -> Reply {
        Reply::json(200, self.in_line(library, clip).await).saying(self.said(clip))
    }

    /// A text that is the same as long as what can be edited of the clip is.
    pub fn said(&self, clip: &Clip) -> String {
        let said = json!([clip.title, clip.description, clip.tags, clip.expires_at.map(utc)]);
        digest(said.to_string())
    }

    /// The clip as JSON, with its place in line while it waits for its harvest.
    pub async fn in_line(&self, library: &Library, clip: &Clip) -> Value {
        let mut shown = self.of(clip);
        if clip.status == Status::Queued {
            match library.ahead_of(clip).await {
                Ok(ahead) => shown["queue"] = json!({ "position": ahead + 1, "ahead": ahead }),
                Err(failure) => {
                    let chain = error::chain(&failure);
                    tracing::warn!("the place of clip {} in line is unknown: {chain}", clip.key());
                }
            }
        }
        shown
    }

    /// The clip as JSON; fields that do not apply yet are absent.
    pub fn of(&self, clip: &Clip) -> Value {
        let mut shown = json!({
            "competition": clip.competition,
            "clip": clip.clip,
            "status": clip.status,
            "active": clip.status == Status::Ready,
            "attempt": clip.attempt,
            "meta": {
                "id": clip.clip,
                "title": clip.title,
                "description": clip.description,
                "tags": clip.tags,
            },
            "createdAt": utc(clip.created_at),
            "updatedAt": utc(clip.updated_at),
        });
        match &clip.source {
            Source::Live { channel, requested } => {
                shown["source"] = json!("live");
                shown["channel"] = json!(channel);
                shown["requested"] =
                    json!({ "start": utc(requested.start()), "end": utc(requested.end()) });
                let channel = self.channels.as_ref().and_then(|all| all.find(channel));
                if let Some(channel) = channel.filter(|_| clip.status != Status::Ready) {
                    shown["preview"] = json!(channel.preview(*requested));
                }
            }
            Source::Upload(upload) => self.show_upload(&mut shown, clip, upload),
        }
        if let Some(actual) = clip.actual {
            shown["actual"] = json!({
                "start": utc(actual.start),
                "end": utc(actual.end),
                "durationSeconds": actual.duration_seconds,
            });
        }
        if clip.status == Status::Ready {
            // Before that they would not play.
            let manifests: Map<String, Value> = clip
                .manifests
                .iter()
                .map(|(configuration, path)| {
                    (
                        format_of(configuration).to_owned(),
                        json!(self.vod_url(&clip.competition, path)),
                    )
                })
                .collect();
            let hls = clip.manifests.values().find(|path| path.ends_with(".m3u8"));
            if let Some(path) = hls {
                shown["manifest"] = json!(self.vod_url(&clip.competition, path));
            }
            shown["manifests"] = Value::Object(manifests);
        }
        if let Some(ready_at) = clip.ready_at {
            shown["readyAt"] = json!(utc(ready_at));
        }
        if let Some(expires_at) = clip.expires_at {
            shown["expiresAt"] = json!(utc(expires_at));
        }
        if let Some(failure) = &clip.failure {
            shown["failure"] = json!(failure);
        }
        shown
    }

    fn show_upload(&self, shown: &mut Value, clip: &Clip, upload: &Upload) {
        shown["source"] = json!("upload");
        shown["filename"] = json!(upload.filename);
        if clip.status == Status::Transcoding {
            shown["progress"] = json!(upload.progress.unwrap_or(0));
        }
        if clip.status == Status::Ready {
            let prefix = clip.media().thumbnail_prefix();
            let url = |number| {
                self.thumbnail_url(
                    &clip.competition,
                    &format!("/{prefix}{}", thumbnail_name(number)),
                )
            };
            shown["thumbnails"] = (0..upload.thumbnails).map(url).collect();
        }
    }

    fn thumbnail_url(&self, competition: &CompetitionId, path: &str) -> String {
        let base = self.vod.as_str().trim_end_matches('/');
        match &self.seal {
            None => format!("{base}{path}"),
            // Their path tells the competition; it needs no seal.
            Some(_) => format!("{base}{}{}", folder(competition).trim_end_matches('/'), path),
        }
    }

    fn vod_url(&self, competition: &CompetitionId, path: &str) -> String {
        let base = self.vod.as_str().trim_end_matches('/');
        match &self.seal {
            None => format!("{base}{path}"),
            Some(key) => format!("{base}{}", key.sealed(competition, path)),
        }
    }
}

/// The name of a packaging configuration's format: its id, up to the first hyphen.
///
/// Ids are unique in an account and region, so each packaging group spells them in its own way.
fn format_of(configuration: &str) -> &str {
    configuration.split('-').next().unwrap_or(configuration)
}
