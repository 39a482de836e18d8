//! `GET /feeds/{competitionId}/sitemap.xml`: the newest clips as a video sitemap.
//! <https://developers.google.com/search/docs/crawling-indexing/sitemaps/video-sitemaps>

use askama::Template;
use aws_config::SdkConfig;
use chrono::{DateTime, Utc};

use super::CACHE_CONTROL;
use super::shared_clip::SharedClip;
use super::shared_library::SharedLibrary;
use crate::api::{Problem, Reply, Request, Route};
use crate::config::{ConfigError, Variables};

/// Most clips in a sitemap. Older ones have been read by search engines.
const MAX_CLIPS: usize = 500;

/// The route of `show-sitemap`.
#[derive(Clone, Debug)]
pub struct ShowSitemap(SharedLibrary);

/// A clip without a picture has no video entry, because search engines require a picture in it. Its
/// page describes the video.
#[derive(Template)]
#[template(path = "sitemap.xml", escape = "html")]
struct Sitemap {
    clips: Vec<SharedClip>,
}

impl Route for ShowSitemap {
    fn new(sdk: &SdkConfig, variables: &Variables) -> Result<Self, ConfigError> {
        SharedLibrary::from_variables(sdk, variables).map(Self)
    }

    async fn warm_up(&self) {
        self.0.library.warm_up_page_query().await;
    }

    async fn answer(&self, request: &Request, _: DateTime<Utc>) -> Result<Reply, Problem> {
        let competition = self.0.parse_competition(request)?;
        let clips = self.0.read_newest(&competition, MAX_CLIPS).await?;
        let text = Sitemap { clips }.render().expect("it writes to memory");
        Ok(Reply::text(200, "application/xml", text).with_cache_control(CACHE_CONTROL))
    }
}
