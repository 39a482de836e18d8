//! Formats a clip as the API shows it.

use serde_json::{Map, Value, json};
use url::Url;

use super::angles::find_visible_angles;
use super::reply::format_digest;
use super::{Reply, SealKey, private_folder};
use crate::clip::{
    Clip, CompetitionId, Download, FilePaths, MediaPaths, Precision, Source, Status, format_utc,
    to_public_json,
};
use crate::config::{ConfigError, Variables};
use crate::error;
use crate::library::{Library, ListedClip, Page};
use crate::live::Channels;

/// What everyone reads about a failure, beside its code.
const PUBLIC_FAILURE: &str = "The clip could not be made. Operators see the reason.";

const THUMBNAILS: &str = "thumbnails";

/// The folder of media in the bucket. A clip that has lost its asset plays from there.
const MEDIA_FOLDER: &str = "/clips/";

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

    /// A reply to everyone, with the clip, the angles that viewers may see, and the entity tag that an
    /// edit needs. The reason of a failure may quote AWS, so only operators see it.
    pub async fn to_public_reply(&self, library: &Library, clip: &Clip) -> Reply {
        let mut shown = self.to_queued_json(clip, count_ahead(library, clip).await);
        let angles = find_visible_angles(library, clip).await;
        if !angles.is_empty() {
            shown["angles"] = json!(angles);
        }
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
        let mut shown = to_public_json(clip);
        if let Source::Live { channel, requested } = &clip.source {
            let channel = self.channels.as_ref().and_then(|all| all.find(channel));
            if let Some(channel) = channel.filter(|_| clip.status != Status::Ready) {
                shown["preview"] = json!(channel.preview_url(*requested));
            }
        }
        if let Some(MediaPaths { hls, manifests, thumbnails, files }) = MediaPaths::of_ready(clip) {
            let competition = &clip.competition;
            let manifests: Map<String, Value> = manifests
                .into_iter()
                .map(|(format, path)| (format, json!(self.media_url(competition, &path))))
                .collect();
            if let Some(path) = hls {
                shown["manifest"] = json!(self.media_url(competition, &path));
            }
            shown["manifests"] = Value::Object(manifests);
            if let Some(paths) = thumbnails {
                let url = |path: &String| self.object_url(competition, path);
                shown["thumbnails"] = paths.iter().map(url).collect();
            }
            for (name, value) in files.iter().flat_map(|it| self.file_fields(competition, it)) {
                shown[name] = value;
            }
        }
        shown
    }

    /// A page of a list as JSON. The texts of clips are joined, not parsed.
    pub fn to_list(&self, competition: &CompetitionId, page: &Page) -> String {
        let mut json = String::with_capacity(2048 * (1 + page.clips.len()));
        json.push_str(r#"{"clips":["#);
        for (at, clip) in page.clips.iter().enumerate() {
            push_separated(&mut json, at, |json| self.write_listed(competition, clip, json));
        }
        json.push(']');
        if let Some(next) = &page.next {
            json.push_str(r#","next":"#);
            push_text(&mut json, &next.to_string());
        }
        json.push('}');
        json
    }

    /// Appends the JSON of a clip of a list: what `to_json` returns for the same clip.
    pub fn write_listed(&self, competition: &CompetitionId, clip: &ListedClip, json: &mut String) {
        let object = clip.json();
        json.push_str(object.strip_suffix('}').unwrap_or(object));
        let mut hls = None;
        json.push_str(r#","manifests":{"#);
        for (at, (format, path)) in clip.manifests().enumerate() {
            let url = self.media_url(competition, path);
            push_separated(json, at, |json| {
                push_text(json, format);
                json.push(':');
                push_text(json, &url);
            });
            hls = hls.or_else(|| path.ends_with(".m3u8").then_some(url));
        }
        json.push('}');
        if let Some(url) = hls {
            json.push_str(r#","manifest":"#);
            push_text(json, &url);
        }
        let files = clip.files().map(|files| self.file_fields(competition, &files));
        let has_thumbnails = files.iter().flatten().any(|(name, _)| *name == THUMBNAILS);
        for (name, value) in files.into_iter().flatten() {
            json.push(',');
            push_text(json, name);
            json.push(':');
            json.push_str(&value.to_string());
        }
        if clip.is_upload() && !has_thumbnails {
            json.push_str(r#","thumbnails":["#);
            for (at, path) in clip.thumbnails().enumerate() {
                let url = self.object_url(competition, path);
                push_separated(json, at, |json| push_text(json, &url));
            }
            json.push(']');
        }
        json.push('}');
    }

    /// The fields of a clip's files: those that exist.
    fn file_fields(
        &self,
        competition: &CompetitionId,
        files: &FilePaths,
    ) -> Vec<(&'static str, Value)> {
        let url = |path: String| self.object_url(competition, &path);
        let mut fields = Vec::new();
        if let Some(path) = files.poster() {
            fields.push(("poster", json!(url(path))));
        }
        let thumbnails: Vec<String> = files.thumbnails().map(url).collect();
        if !thumbnails.is_empty() {
            fields.push((THUMBNAILS, json!(thumbnails)));
        }
        if let Some(path) = files.storyboard() {
            fields.push(("storyboard", json!(url(path))));
        }
        if let Some((Download { width, height, bytes }, path)) = files.download() {
            let download = json!({
                "aspect": "source",
                "width": width,
                "height": height,
                "bytes": bytes,
                "url": url(path),
            });
            fields.push(("downloads", json!([download])));
        }
        fields
    }

    /// Whether only viewers with cookies can play clips.
    pub fn is_private(&self) -> bool {
        self.seal.is_some()
    }

    /// The URL of an object in the bucket. Its path contains the competition, so it needs no seal.
    fn object_url(&self, competition: &CompetitionId, path: &str) -> String {
        let base = self.vod.as_str().trim_end_matches('/');
        match &self.seal {
            None => format!("{base}{path}"),
            Some(_) => {
                format!("{base}{}{}", private_folder(competition).trim_end_matches('/'), path)
            }
        }
    }

    fn media_url(&self, competition: &CompetitionId, path: &str) -> String {
        if path.starts_with(MEDIA_FOLDER) {
            return self.object_url(competition, path);
        }
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
    if !clip.angles.is_empty() {
        shown["angles"] = json!(clip.angles);
    }
    if clip.precision == Precision::Frame {
        shown["requestedPrecision"] = json!(Precision::Frame);
    }
    if let Some(time) = clip.poster_at {
        shown["posterAt"] = json!(format_utc(time));
    }
    if let Some(files) = &clip.files {
        shown["files"] = json!({ "status": files.status(), "failedTries": files.failed_tries });
        if let Some(failure) = &files.failure {
            shown["files"]["failure"] = json!(failure);
        }
        if let Some(time) = files.retry_at {
            shown["files"]["retryAt"] = json!(format_utc(time));
        }
    }
    if let Some(remake) = clip.remake.as_ref().filter(|_| clip.status == Status::Ready) {
        shown["remake"] = json!({
            "status": remake.status,
            "requested": {
                "start": format_utc(remake.requested.exact_start()),
                "end": format_utc(remake.requested.exact_end()),
            },
        });
        if let Some(failure) = &remake.failure {
            shown["remake"]["failure"] = json!(failure);
        }
        if let Some(exact) = &remake.exact {
            shown["remake"]["precision"] = json!(Precision::Frame);
            if remake.status == Status::Transcoding {
                shown["remake"]["progress"] = json!(exact.progress.unwrap_or(0));
            }
        }
    }
    if let Some(until) = clip.restorable_until() {
        shown["restorableUntil"] = json!(format_utc(until));
    }
    shown
}

/// A digest of the editable fields. It changes exactly when one of them does.
pub fn edit_digest(clip: &Clip) -> String {
    let window = clip.wanted_window();
    let window = window.map(|window| (window.exact_start(), window.exact_end()));
    let editable = json!([
        clip.title,
        clip.description,
        clip.tags,
        clip.expires_at.map(format_utc),
        clip.listed,
        clip.publish_at.map(format_utc),
        clip.poster_at.map(format_utc),
        window,
    ]);
    format_digest(editable.to_string())
}

/// The entity tag of a clip: the digest of the editable fields, and a digest of the public reply.
fn format_entity_tag(clip: &Clip, shown: &Value) -> String {
    format!("\"{}.{}\"", edit_digest(clip), format_digest(shown.to_string()))
}

/// Appends an element of a JSON array or object, after a comma unless it is the first one.
fn push_separated(json: &mut String, at: usize, push: impl FnOnce(&mut String)) {
    if at > 0 {
        json.push(',');
    }
    push(json);
}

/// Appends a text as a JSON string.
fn push_text(json: &mut String, text: &str) {
    json.push_str(&Value::from(text).to_string());
}
