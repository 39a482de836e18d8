//! A clip as other sites show it: its texts, its URLs and its duration.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use serde::Deserialize;
use serde_json::json;

use super::site::Site;
use crate::clip::{Bounds, ClipId, ClipKey, CompetitionId, format_utc};

/// What the templates show of a clip. The texts have no characters that XML forbids.
#[derive(Clone, Debug)]
pub(super) struct SharedClip {
    pub(super) id: String,
    pub(super) title: String,
    pub(super) description: String,
    pub(super) tags: Vec<String>,
    pub(super) page: String,
    pub(super) embed: String,
    pub(super) oembed: String,
    pub(super) feed: String,
    /// The HLS manifest, if the clip is ready.
    pub(super) manifest: Option<String>,
    /// The DASH manifest, if the clip is ready and has one.
    pub(super) dash_manifest: Option<String>,
    /// A picture of the clip, if it is ready and has one.
    pub(super) poster: Option<String>,
    published_at: DateTime<Utc>,
    updated_at: DateTime<Utc>,
    /// How long the clip plays, if that is known.
    seconds: Option<f64>,
}

/// What is read of the JSON that the API shows of a clip.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct ShownClip {
    competition: CompetitionId,
    clip: ClipId,
    meta: Meta,
    #[serde(default)]
    manifests: BTreeMap<String, String>,
    manifest: Option<String>,
    poster: Option<String>,
    #[serde(default)]
    thumbnails: Vec<String>,
    created_at: DateTime<Utc>,
    updated_at: DateTime<Utc>,
    ready_at: Option<DateTime<Utc>>,
    requested: Option<Requested>,
    actual: Option<Bounds>,
}

#[derive(Debug, Deserialize)]
struct Meta {
    title: String,
    description: String,
    tags: Vec<String>,
}

#[derive(Debug, Deserialize)]
struct Requested {
    start: DateTime<Utc>,
    end: DateTime<Utc>,
}

impl ShownClip {
    pub(super) fn from_json(json: &str) -> Self {
        serde_json::from_str(json).expect("each clip that the API shows has these fields")
    }

    /// How long players play the clip, in seconds: a live clip within its requested window.
    fn play_time(&self) -> Option<f64> {
        let actual = self.actual.map(|actual| actual.duration_seconds);
        let requested = self.requested.as_ref();
        let requested = requested.map(|window| (window.end - window.start).as_seconds_f64());
        // If the stream was off air in between, the clip is shorter than its window.
        match (requested, actual) {
            (Some(requested), Some(actual)) => Some(requested.min(actual)),
            (requested, actual) => requested.or(actual),
        }
    }
}

impl SharedClip {
    pub(super) fn new(site: &Site, clip: ShownClip) -> Self {
        let seconds = clip.play_time();
        let dash_manifest = clip.manifests.into_values().find(|url| url.ends_with(".mpd"));
        let key = ClipKey { competition: clip.competition, clip: clip.clip };
        Self {
            id: key.clip.to_string(),
            title: format_title(&clip.meta.title, &key.clip),
            description: clean(&clip.meta.description),
            tags: clip.meta.tags.iter().map(|tag| clean(tag)).collect(),
            page: site.page_url(&key),
            embed: site.embed_url(&key),
            oembed: site.oembed_url(&key),
            feed: site.feed_url(&key.competition),
            manifest: clip.manifest,
            dash_manifest,
            poster: clip.poster.or_else(|| clip.thumbnails.into_iter().next()),
            published_at: clip.ready_at.unwrap_or(clip.created_at),
            updated_at: clip.updated_at,
            seconds,
        }
    }

    pub(super) fn published_at(&self) -> String {
        format_utc(self.published_at)
    }

    /// The time of publication as RSS writes it.
    pub(super) fn published_at_rfc_2822(&self) -> String {
        self.published_at.to_rfc2822()
    }

    pub(super) fn updated_at(&self) -> String {
        format_utc(self.updated_at)
    }

    /// The duration in whole seconds, at least 1.
    pub(super) fn whole_seconds(&self) -> Option<u64> {
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "casts saturate"
        )]
        self.seconds.map(|seconds| seconds.round().max(1.0) as u64)
    }

    pub(super) fn description_or_title(&self) -> &str {
        if self.description.is_empty() { &self.title } else { &self.description }
    }

    /// A `VideoObject` of schema.org, for a data block in HTML.
    /// <https://developers.google.com/search/docs/appearance/structured-data/video>
    pub(super) fn json_ld(&self) -> String {
        let mut video = json!({
            "@context": "https://schema.org",
            "@type": "VideoObject",
            "name": self.title,
            "description": self.description_or_title(),
            "url": self.page,
            "embedUrl": self.embed,
            "uploadDate": self.published_at(),
        });
        if let Some(manifest) = &self.manifest {
            video["contentUrl"] = json!(manifest);
        }
        if let Some(poster) = &self.poster {
            video["thumbnailUrl"] = json!([poster]);
        }
        if let Some(seconds) = self.seconds {
            video["duration"] = json!(format!("PT{seconds:.3}S"));
        }
        if !self.tags.is_empty() {
            video["keywords"] = json!(self.tags.join(", "));
        }
        escape_json(&video.to_string())
    }
}

/// The title, or for a clip without one the time that it shows.
pub(super) fn format_title(title: &str, clip: &ClipId) -> String {
    let title = clean(title);
    if !title.trim().is_empty() {
        return title;
    }
    clip.start().format("Clip of %-d %B %Y, %H:%M UTC").to_string()
}

/// Removes the characters that XML 1.0 forbids. Everything else is escaped by the templates.
/// <https://www.w3.org/TR/xml/#charsets>
pub(super) fn clean(text: &str) -> String {
    let is_allowed = |it: &char| {
        matches!(it, '\t' | '\n' | '\r') || !matches!(it, '\0'..' ' | '\u{fffe}' | '\u{ffff}')
    };
    text.chars().filter(is_allowed).collect()
}

/// Escapes JSON so that it cannot end the `script` element that it stands in.
fn escape_json(json: &str) -> String {
    json.replace('<', "\\u003c").replace('>', "\\u003e").replace('&', "\\u0026")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clip::transition::tests::clip;
    use crate::clip::{Clip, Source, Status, to_public_json};

    #[test]
    fn json_in_a_script_element_keeps_its_value_and_cannot_end_the_element() {
        let value = json!({ "name": "</script><!-- & \u{2028}\"" });
        let escaped = escape_json(&value.to_string());
        assert!(!escaped.contains(['<', '>', '&']), "{escaped}");
        assert_eq!(serde_json::from_str::<serde_json::Value>(&escaped).unwrap(), value);
    }

    #[test]
    fn characters_that_xml_forbids_are_removed() {
        assert_eq!(clean("a\0b\u{1b}[2Jc\td\ne\u{fffe}f\u{ffff}"), "ab[2Jc\td\nef");
        assert_eq!(clean("Läufe 🏃 <b>&\u{7f}"), "Läufe 🏃 <b>&\u{7f}");
    }

    #[test]
    fn a_clip_without_a_title_is_named_by_its_time() {
        let clip = clip(Status::Ready);
        assert_eq!(format_title(" ", &clip.clip), "Clip of 3 February 2020, 13:30 UTC");
        assert_eq!(format_title("First race", &clip.clip), "First race");
    }

    #[test]
    fn the_play_time_of_a_live_clip_is_its_window_without_the_time_off_air() {
        let mut clip = clip(Status::Ready);
        let Source::Live { requested, .. } = clip.source.clone() else { panic!("it is live") };
        let window = (requested.exact_end() - requested.exact_start()).as_seconds_f64();
        let play_time =
            |clip: &Clip| ShownClip::from_json(&to_public_json(clip).to_string()).play_time();
        clip.actual = None;
        assert_eq!(play_time(&clip), Some(window));
        for (played, expected) in [(window + 3.0, window), (1.5, 1.5)] {
            let (start, end) = (requested.start(), requested.end());
            clip.actual = Some(Bounds { start, end, duration_seconds: played });
            assert_eq!(play_time(&clip), Some(expected));
        }
    }
}
