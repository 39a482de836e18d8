//! `GET /feeds/{competitionId}/media.rss`: the newest clips as RSS 2.0 with Media RSS.
//! <https://www.rssboard.org/media-rss>

use askama::Template;
use aws_config::SdkConfig;
use chrono::{DateTime, Utc};

use super::CACHE_CONTROL;
use super::shared_clip::SharedClip;
use super::shared_library::SharedLibrary;
use super::site::{PLAYER, Site};
use crate::api::{Problem, Reply, Request, Route};
use crate::clip::CompetitionId;
use crate::config::{ConfigError, Variables};

/// Most clips in a feed.
const MAX_CLIPS: usize = 50;

/// The route of `show-feed`.
#[derive(Clone, Debug)]
pub struct ShowFeed(SharedLibrary);

#[derive(Template)]
#[template(path = "media.rss", escape = "html")]
struct Feed<'a> {
    site: &'a Site,
    competition: &'a CompetitionId,
    clips: Vec<SharedClip>,
}

impl Route for ShowFeed {
    fn new(sdk: &SdkConfig, variables: &Variables) -> Result<Self, ConfigError> {
        SharedLibrary::from_variables(sdk, variables).map(Self)
    }

    async fn warm_up(&self) {
        self.0.library.warm_up_page_query().await;
    }

    async fn answer(&self, request: &Request, _: DateTime<Utc>) -> Result<Reply, Problem> {
        let competition = self.0.parse_competition(request)?;
        let clips = self.0.read_newest(&competition, MAX_CLIPS).await?;
        let feed = Feed { site: &self.0.site, competition: &competition, clips };
        let text = feed.render().expect("it writes to memory");
        Ok(Reply::text(200, "application/rss+xml", text).with_cache_control(CACHE_CONTROL))
    }
}
