//! `GET /api/oembed`: describes the embedded player of a clip, as oEmbed 1.0 says.
//! <https://oembed.com>

use askama::Template;
use aws_config::SdkConfig;
use chrono::{DateTime, Utc};
use serde_json::json;

use super::shared_clip::format_title;
use super::shared_library::SharedLibrary;
use super::site::PlayerSize;
use super::{CACHE_CONTROL, SHORT_CACHE_CONTROL};
use crate::api::{Problem, ProblemKind, Reply, Request, Route};
use crate::clip::Status;
use crate::config::{ConfigError, Variables};

/// Longest URL, in bytes.
const MAX_URL_LENGTH: usize = 2048;
/// Largest maximum of a side, in pixels.
const MAX_SIDE: u32 = 10_000;

/// The size of a player whose sides have no maximum.
const DEFAULT_SIZE: PlayerSize = PlayerSize { width: 640, height: 360 };
/// The largest player.
const MAX_SIZE: PlayerSize = PlayerSize { width: 1280, height: 720 };

/// The route of `describe-embed`.
#[derive(Clone, Debug)]
pub struct DescribeEmbed(SharedLibrary);

/// The HTML of an embedded player.
#[derive(Template)]
#[template(
    source = r#"<iframe src="{{ url }}" width="{{ size.width }}" height="{{ size.height }}" title="{{ title }}" allow="autoplay; fullscreen; picture-in-picture" allowfullscreen></iframe>"#,
    ext = "html"
)]
struct EmbedCode<'a> {
    url: &'a str,
    size: PlayerSize,
    title: &'a str,
}

impl Route for DescribeEmbed {
    fn new(sdk: &SdkConfig, variables: &Variables) -> Result<Self, ConfigError> {
        SharedLibrary::from_variables(sdk, variables).map(Self)
    }

    async fn warm_up(&self) {
        self.0.library.warm_up().await;
    }

    /// Parameters that oEmbed does not name are ignored: consumers send some of their own.
    async fn answer(&self, request: &Request, _: DateTime<Utc>) -> Result<Reply, Problem> {
        let refused = |problem: Problem, policy| Ok(problem.to_reply().with_cache_control(policy));
        if !matches!(request.query_parameter("format"), None | Some("json")) {
            let detail = "Embed descriptions are available as JSON only.";
            let kind = ProblemKind::FormatNotImplemented;
            return refused(Problem::for_field(kind, "format", detail), CACHE_CONTROL);
        }
        let size = fit_size(parse_side(request, "maxwidth")?, parse_side(request, "maxheight")?);
        let url = request.query_parameter("url").unwrap_or_default();
        if url.is_empty() || url.len() > MAX_URL_LENGTH {
            let detail = format!("Give the URL of a clip page, of at most {MAX_URL_LENGTH} bytes.");
            return Err(Problem::invalid_field("url", detail));
        }
        if self.0.view.is_private() {
            let detail = "The library is private. Its clips cannot be embedded.";
            return refused(Problem::new(ProblemKind::Unauthorized, detail), CACHE_CONTROL);
        }
        let not_found = || {
            let detail = "This is not the URL of a ready clip of this service.";
            Problem::for_field(ProblemKind::NotFound, "url", detail)
        };
        let Some((key, start)) = self.0.site.parse_url(url) else {
            return refused(not_found(), CACHE_CONTROL);
        };
        let found = self.0.library.find(&key).await?;
        let Some(clip) = found.filter(|clip| clip.status == Status::Ready) else {
            return refused(not_found(), SHORT_CACHE_CONTROL);
        };
        let title = format_title(&clip.title, &clip.clip);
        let mut embed = self.0.site.embed_url(&key);
        if let Some(start) = start {
            embed = format!("{embed}?t={start}");
        }
        let html = EmbedCode { url: &embed, size, title: &title };
        let body = json!({
            "type": "video",
            "version": "1.0",
            "title": title,
            "provider_name": self.0.site.name,
            "provider_url": format!("{}/", self.0.site.origin),
            "html": html.render().expect("it writes to memory"),
            "width": size.width,
            "height": size.height,
        });
        Ok(Reply::json(200, &body).with_cache_control(CACHE_CONTROL))
    }
}

fn parse_side(request: &Request, name: &str) -> Result<Option<u32>, Problem> {
    let Some(text) = request.query_parameter(name) else { return Ok(None) };
    let side = text.parse().ok().filter(|side| (1..=MAX_SIDE).contains(side));
    side.map(Some).ok_or_else(|| {
        let detail = format!("This must be a whole number from 1 to {MAX_SIDE}.");
        Problem::invalid_field(name, detail)
    })
}

/// The size of a 16:9 player within these maximums: as large as they allow, up to the largest player.
fn fit_size(max_width: Option<u32>, max_height: Option<u32>) -> PlayerSize {
    if max_width.is_none() && max_height.is_none() {
        return DEFAULT_SIZE;
    }
    let width = max_width.unwrap_or(MAX_SIDE).min(max_height.unwrap_or(MAX_SIDE) * 16 / 9);
    let width = width.clamp(1, MAX_SIZE.width);
    PlayerSize { width, height: (width * 9 / 16).max(1) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_player_fits_into_both_maximums() {
        let check = |max_width: Option<u32>, max_height: Option<u32>, width, height| {
            let size = fit_size(max_width, max_height);
            assert_eq!(size, PlayerSize { width, height }, "{max_width:?} × {max_height:?}");
            assert!(max_width.is_none_or(|max| size.width <= max));
            assert!(max_height.is_none_or(|max| size.height <= max));
        };
        check(None, None, 640, 360);
        check(Some(320), None, 320, 180);
        check(None, Some(180), 320, 180);
        check(Some(1000), Some(1000), 1000, 562);
        check(Some(5000), Some(5000), 1280, 720);
        check(Some(400), Some(90), 160, 90);
        check(Some(1), Some(1), 1, 1);
    }
}
