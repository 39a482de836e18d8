//! `GET /c/{competitionId}/{clipId}`: the page of a clip, made to be shared.
//!
//! The page is the shell of the viewers' app, with what sites that show links read: Open Graph,
//! player card and JSON-LD. In a private library it has nothing of the clip but its title.

use askama::Template;
use aws_config::SdkConfig;
use chrono::{DateTime, Utc};

use super::shared_clip::{SharedClip, format_title};
use super::shared_library::SharedLibrary;
use super::site::{PLAYER, Site};
use super::{CACHE_CONTROL, SHORT_CACHE_CONTROL};
use crate::api::{Problem, Reply, Request, Route};
use crate::clip::{Clip, ClipId, ClipKey, CompetitionId, Status};
use crate::config::{ConfigError, Variables};

/// An error is not cached.
const ERROR_CACHE_CONTROL: &str = "no-store";

/// The route of `show-page`.
#[derive(Clone, Debug)]
pub struct ShowPage(SharedLibrary);

#[derive(Template)]
#[template(path = "page.html")]
struct Page<'a> {
    site: &'a Site,
    title: String,
    /// Whether search engines may list the page.
    is_indexed: bool,
    /// The clip, if everyone may see what it shows.
    clip: Option<SharedClip>,
    /// What people without JavaScript read.
    message: Option<&'a str>,
}

impl Route for ShowPage {
    fn new(sdk: &SdkConfig, variables: &Variables) -> Result<Self, ConfigError> {
        SharedLibrary::from_variables(sdk, variables).map(Self)
    }

    async fn warm_up(&self) {
        self.0.library.warm_up().await;
    }

    /// Every reply is HTML, because people read it.
    async fn answer(&self, request: &Request, _: DateTime<Utc>) -> Result<Reply, Problem> {
        let Ok(competition) = request.path_parameter::<CompetitionId>("competitionId") else {
            let message = "There is no competition with this name.";
            return Ok(self.show_error(400, CACHE_CONTROL, "Not found", message));
        };
        let not_found = || {
            let message = "The competition has no such clip.";
            self.show_error(404, SHORT_CACHE_CONTROL, "Clip not found", message)
        };
        let Ok(clip) = request.path_parameter::<ClipId>("clipId") else { return Ok(not_found()) };
        let found = match self.0.library.find(&ClipKey { competition, clip }).await {
            Ok(found) => found,
            Err(failure) => {
                let problem = Problem::unavailable(&failure);
                let title = "Service unavailable";
                return Ok(self.show_error(503, ERROR_CACHE_CONTROL, title, &problem.detail));
            }
        };
        Ok(match found {
            None => not_found(),
            Some(clip) if clip.status == Status::Deleting => {
                let message = "This clip was deleted.";
                self.show_error(410, SHORT_CACHE_CONTROL, "Clip deleted", message)
            }
            Some(clip) => self.show_clip(&clip),
        })
    }
}

impl ShowPage {
    fn show_clip(&self, clip: &Clip) -> Reply {
        let is_ready = clip.status == Status::Ready;
        let is_private = self.0.view.is_private();
        let page = Page {
            site: &self.0.site,
            title: format_title(&clip.title, &clip.clip),
            is_indexed: clip.is_active() && !is_private,
            clip: (!is_private).then(|| self.0.show(clip)),
            message: match (is_private, is_ready) {
                (true, _) => Some("Only viewers who have signed in can watch this clip."),
                (false, false) => Some("This clip is not ready yet."),
                (false, true) => None,
            },
        };
        page.into_reply(200, if is_ready { CACHE_CONTROL } else { SHORT_CACHE_CONTROL })
    }

    fn show_error(&self, status: u16, policy: &'static str, title: &str, message: &str) -> Reply {
        let page = Page {
            site: &self.0.site,
            title: title.to_owned(),
            is_indexed: false,
            clip: None,
            message: Some(message),
        };
        page.into_reply(status, policy)
    }
}

impl Page<'_> {
    fn into_reply(self, status: u16, policy: &'static str) -> Reply {
        let html = self.render().expect("it writes to memory");
        Reply::text(status, "text/html; charset=utf-8", html).with_cache_control(policy)
    }
}
