//! `GET /feeds/{competitionId}/media.rss`: the newest clips as RSS 2.0 with Media RSS.
//! <https://www.rssboard.org/media-rss>

use askama::Template;
use aws_config::SdkConfig;
use chrono::{DateTime, Utc};

use super::CACHE_CONTROL;
use super::shared_clip::SharedClip;
use super::site::{PLAYER, Site};
use crate::api::{ClipView, Problem, ProblemKind, Reply, Request, Route};
use crate::clip::{Clip, CompetitionId};
use crate::config::{ConfigError, Variables};
use crate::library::{Library, LibraryError, Order, PageRequest};

/// Most clips in a feed.
const MAX_CLIPS: usize = 50;

/// The route of `show-feed`.
#[derive(Clone, Debug)]
pub struct ShowFeed {
    library: Library,
    view: ClipView,
    site: Site,
}

#[derive(Template)]
#[template(path = "media.rss", escape = "html")]
struct Feed<'a> {
    site: &'a Site,
    competition: &'a CompetitionId,
    clips: Vec<SharedClip>,
}

impl Route for ShowFeed {
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
        let feed = Feed { site: &self.site, competition: &competition, clips: clips.collect() };
        let text = feed.render().expect("it writes to memory");
        Ok(Reply::text(200, "application/rss+xml", text).with_cache_control(CACHE_CONTROL))
    }
}

/// The competition of a feed's path. A private library has no feeds.
pub(super) fn parse_competition(
    request: &Request,
    view: &ClipView,
) -> Result<CompetitionId, Problem> {
    let competition = request.path_parameter("competitionId")?;
    if view.is_private() {
        let detail = "The library is private. It has no feeds.";
        return Err(Problem::new(ProblemKind::NotFound, detail));
    }
    Ok(competition)
}

/// The newest clips that viewers' lists show, the newest first.
pub(super) async fn read_newest(
    library: &Library,
    competition: &CompetitionId,
    limit: usize,
) -> Result<Vec<Clip>, LibraryError> {
    let mut clips = Vec::new();
    let mut cursor = None;
    loop {
        let request = PageRequest {
            competition: competition.clone(),
            order: Order::NewestFirst,
            from: None,
            to: None,
            tag: None,
            limit: limit - clips.len(),
            cursor,
        };
        let page = library.read_page(&request).await?;
        clips.extend(page.clips);
        // A page can be shorter than its limit, because DynamoDB reads at most 1 MB.
        cursor = page.next;
        if cursor.is_none() || clips.len() >= limit {
            return Ok(clips);
        }
    }
}
