//! `GET /feeds/{competitionId}/sitemap.xml`: the newest clips as a video sitemap.
//! <https://developers.google.com/search/docs/crawling-indexing/sitemaps/video-sitemaps>

use askama::Template;
use aws_config::SdkConfig;
use chrono::{DateTime, Utc};

use super::CACHE_CONTROL;
use super::shared_clip::SharedClip;
use super::show_feed::{parse_competition, read_newest};
use super::site::Site;
use crate::api::{ClipView, Problem, Reply, Request, Route};
use crate::config::{ConfigError, Variables};
use crate::library::Library;

/// Most clips in a sitemap. Older ones have been read by search engines.
const MAX_CLIPS: usize = 500;

/// The route of `show-sitemap`.
#[derive(Clone, Debug)]
pub struct ShowSitemap {
    library: Library,
    view: ClipView,
    site: Site,
}

/// A clip without a picture has no video entry, because search engines require a picture in it. Its
/// page describes the video.
#[derive(Template)]
#[template(path = "sitemap.xml", escape = "html")]
struct Sitemap {
    clips: Vec<SharedClip>,
}

impl Route for ShowSitemap {
    fn new(sdk: &SdkConfig, variables: &Variables) -> Result<Self, ConfigError> {
        Ok(Self {
            library: Library::from_variables(sdk, variables)?,
            view: ClipView::for_ready_clips(variables)?,
            site: Site::from_variables(variables)?,
        })
    }

    async fn warm_up(&self) {
        self.library.warm_up_page_query().await;
    }

    async fn answer(&self, request: &Request, _: DateTime<Utc>) -> Result<Reply, Problem> {
        let competition = parse_competition(request, &self.view)?;
        let clips = read_newest(&self.library, &competition, MAX_CLIPS).await?;
        let clips = clips.iter().map(|clip| SharedClip::new(&self.site, &self.view, clip));
        let text = Sitemap { clips: clips.collect() }.render().expect("it writes to memory");
        Ok(Reply::text(200, "application/xml", text).with_cache_control(CACHE_CONTROL))
    }
}
