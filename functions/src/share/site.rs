//! The site that clips are shared from: its name, and the URLs of its pages.

use url::Url;

use crate::clip::{ClipKey, CompetitionId};
use crate::config::{ConfigError, Variables};

/// The name of the site, if the deployment has no other.
const DEFAULT_NAME: &str = "Matchcut";

/// The site of the distribution that serves the clips.
#[derive(Clone, Debug)]
pub(super) struct Site {
    pub(super) name: String,
    /// Scheme, host and port, without a slash.
    pub(super) origin: String,
}

/// The size of the embedded player in pixels.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct PlayerSize {
    pub(super) width: u32,
    pub(super) height: u32,
}

/// The size of a player in a link preview.
pub(super) const PLAYER: PlayerSize = PlayerSize { width: 1280, height: 720 };

impl Site {
    pub(super) fn from_variables(variables: &Variables) -> Result<Self, ConfigError> {
        let vod: Url = variables.parsed("VOD_BASE_URL")?;
        let name: Option<String> = variables.optional("SITE_NAME")?;
        let name = name.filter(|name| !name.is_empty());
        Ok(Self {
            name: name.unwrap_or_else(|| DEFAULT_NAME.to_owned()),
            origin: vod.origin().ascii_serialization(),
        })
    }

    pub(super) fn page_url(&self, clip: &ClipKey) -> String {
        format!("{}/c/{}/{}", self.origin, clip.competition, clip.clip)
    }

    pub(super) fn embed_url(&self, clip: &ClipKey) -> String {
        format!("{}/embed/{}/{}", self.origin, clip.competition, clip.clip)
    }

    pub(super) fn competition_url(&self, competition: &CompetitionId) -> String {
        format!("{}/w/{competition}", self.origin)
    }

    pub(super) fn feed_url(&self, competition: &CompetitionId) -> String {
        format!("{}/feeds/{competition}/media.rss", self.origin)
    }

    /// The URL of the oEmbed description of a clip.
    pub(super) fn oembed_url(&self, clip: &ClipKey) -> String {
        let page = self.page_url(clip);
        let query = url::form_urlencoded::Serializer::new(String::new())
            .append_pair("url", &page)
            .append_pair("format", "json")
            .finish();
        format!("{}/api/oembed?{query}", self.origin)
    }

    /// The clip of the URL of a clip page or of an embed page, and the second at which the URL
    /// starts the clip. `None` if the URL is another one.
    pub(super) fn parse_url(&self, text: &str) -> Option<(ClipKey, Option<u32>)> {
        let url: Url = text.parse().ok()?;
        if url.origin().ascii_serialization() != self.origin {
            return None;
        }
        let parts: Vec<_> = url.path_segments()?.collect();
        let ["c" | "embed", competition, clip] = parts[..] else { return None };
        let key = ClipKey { competition: competition.parse().ok()?, clip: clip.parse().ok()? };
        let start = url.query_pairs().find(|(name, _)| name == "t");
        Some((key, start.and_then(|(_, seconds)| seconds.parse().ok())))
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    pub(in crate::share) fn site() -> Site {
        let variables = [("VOD_BASE_URL", "https://clips.example.com/vod")].into_iter().collect();
        Site::from_variables(&variables).unwrap()
    }

    #[test]
    fn urls_of_clip_pages_and_embed_pages_of_this_site_are_parsed() {
        let clip = "20200203133058_20200203133258_k7Qx2f";
        let check = |url: &str, expected: Option<Option<u32>>| {
            let parsed = site().parse_url(url);
            assert_eq!(parsed.as_ref().map(|(_, start)| *start), expected, "{url}");
            if let Some((key, _)) = parsed {
                assert_eq!(key.to_string(), format!("100m_{clip}"));
            }
        };
        check(&format!("https://clips.example.com/c/100m/{clip}"), Some(None));
        check(&format!("https://clips.example.com:443/embed/100m/{clip}?t=7#x"), Some(Some(7)));
        check(&format!("https://clips.example.com/c/100m/{clip}?t=soon"), Some(None));
        check(&format!("http://clips.example.com/c/100m/{clip}"), None);
        check(&format!("https://clips.example.com.evil.example/c/100m/{clip}"), None);
        check(&format!("https://clips.example.com/w/100m/{clip}"), None);
        check(&format!("https://clips.example.com/c/100m/{clip}/more"), None);
        check(&format!("https://clips.example.com/c/100_m/{clip}"), None);
        check("https://clips.example.com/c/100m/first", None);
        check("javascript:alert(1)", None);
        check("", None);
    }
}
