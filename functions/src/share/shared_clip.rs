//! A clip as other sites show it: its texts, its URLs and its duration.

use chrono::{DateTime, Utc};
use serde_json::json;

use super::site::Site;
use crate::api::ClipView;
use crate::clip::{Clip, Source, Status, format_utc};

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

impl SharedClip {
    pub(super) fn new(site: &Site, view: &ClipView, clip: &Clip) -> Self {
        let is_ready = clip.status == Status::Ready;
        let manifest = |format| view.manifest_url(clip, format).filter(|_| is_ready);
        Self {
            id: clip.clip.to_string(),
            title: format_title(clip),
            description: clean(&clip.description),
            tags: clip.tags.iter().map(|tag| clean(tag)).collect(),
            page: site.page_url(clip),
            embed: site.embed_url(clip),
            oembed: site.oembed_url(clip),
            feed: site.feed_url(&clip.competition),
            manifest: manifest(".m3u8"),
            dash_manifest: manifest(".mpd"),
            poster: view.thumbnail_urls(clip).into_iter().next(),
            published_at: clip.ready_at.unwrap_or(clip.created_at),
            updated_at: clip.updated_at,
            seconds: play_time(clip),
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
pub(super) fn format_title(clip: &Clip) -> String {
    let title = clean(&clip.title);
    if !title.trim().is_empty() {
        return title;
    }
    let at = match &clip.source {
        Source::Live { requested, .. } => requested.exact_start(),
        Source::Upload(upload) => upload.at,
    };
    at.format("Clip of %-d %B %Y, %H:%M UTC").to_string()
}

/// How long players play the clip, in seconds: a live clip within its requested window.
fn play_time(clip: &Clip) -> Option<f64> {
    let actual = clip.actual.map(|actual| actual.duration_seconds);
    let requested = match &clip.source {
        Source::Live { requested, .. } => {
            let length = requested.exact_end() - requested.exact_start();
            Some(length.as_seconds_f64())
        }
        Source::Upload(_) => None,
    };
    // If the stream was off air in between, the clip is shorter than its window.
    match (requested, actual) {
        (Some(requested), Some(actual)) => Some(requested.min(actual)),
        (requested, actual) => requested.or(actual),
    }
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
    use crate::clip::Bounds;
    use crate::clip::transition::tests::clip;

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
        let mut clip = clip(Status::Ready);
        clip.title = " ".to_owned();
        let title = format_title(&clip);
        assert!(title.starts_with("Clip of ") && title.ends_with(" UTC"), "{title}");
        clip.title = "First race".to_owned();
        assert_eq!(format_title(&clip), "First race");
    }

    #[test]
    fn the_play_time_of_a_live_clip_is_its_window_without_the_time_off_air() {
        let mut clip = clip(Status::Ready);
        let Source::Live { requested, .. } = clip.source.clone() else { panic!("it is live") };
        let window = (requested.exact_end() - requested.exact_start()).as_seconds_f64();
        clip.actual = None;
        assert_eq!(play_time(&clip), Some(window));
        for (played, expected) in [(window + 3.0, window), (1.5, 1.5)] {
            let (start, end) = (requested.start(), requested.end());
            clip.actual = Some(Bounds { start, end, duration_seconds: played });
            assert_eq!(play_time(&clip), Some(expected));
        }
    }
}
