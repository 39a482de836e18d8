//! The library as other sites see it: the clips, and the URLs of their pages and media.

use aws_config::SdkConfig;

use super::shared_clip::{SharedClip, ShownClip};
use super::site::Site;
use crate::api::{ClipView, Problem, ProblemKind, Request};
use crate::clip::{Clip, CompetitionId};
use crate::config::{ConfigError, Variables};
use crate::library::{Library, LibraryError, Order, PageRequest};

/// What every route of this module reads.
#[derive(Clone, Debug)]
pub(super) struct SharedLibrary {
    pub(super) library: Library,
    pub(super) view: ClipView,
    pub(super) site: Site,
}

impl SharedLibrary {
    pub(super) fn from_variables(
        sdk: &SdkConfig,
        variables: &Variables,
    ) -> Result<Self, ConfigError> {
        Ok(Self {
            library: Library::from_variables(sdk, variables)?,
            view: ClipView::for_ready_clips(variables)?,
            site: Site::from_variables(variables)?,
        })
    }

    pub(super) fn show(&self, clip: &Clip) -> SharedClip {
        SharedClip::new(&self.site, ShownClip::from_json(&self.view.to_json(clip).to_string()))
    }

    /// The competition of a feed's path. A private library has no feeds.
    pub(super) fn parse_competition(&self, request: &Request) -> Result<CompetitionId, Problem> {
        let competition = request.path_parameter("competitionId")?;
        if self.view.is_private() {
            let detail = "The library is private. It has no feeds.";
            return Err(Problem::new(ProblemKind::NotFound, detail));
        }
        Ok(competition)
    }

    /// The newest clips that viewers' lists show, the newest first.
    pub(super) async fn read_newest(
        &self,
        competition: &CompetitionId,
        limit: usize,
    ) -> Result<Vec<SharedClip>, LibraryError> {
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
            let page = self.library.read_page(&request).await?;
            clips.extend(page.clips.iter().map(|clip| {
                let mut json = String::new();
                self.view.write_listed(competition, clip, &mut json);
                SharedClip::new(&self.site, ShownClip::from_json(&json))
            }));
            // A page can be shorter than its limit, because DynamoDB reads at most 1 MB.
            cursor = page.next;
            if cursor.is_none() || clips.len() >= limit {
                return Ok(clips);
            }
        }
    }
}
