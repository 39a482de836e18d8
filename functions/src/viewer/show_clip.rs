//! `GET /api/competitions/{competitionId}/clips/{clipId}`: shows one clip in any state.

use aws_config::SdkConfig;
use chrono::{DateTime, Utc};

use crate::api::{ClipView, Problem, ProblemKind, Reply, Request, Route, find_clip};
use crate::clip::Status;
use crate::config::{ConfigError, Variables};
use crate::library::Library;

/// A ready clip rarely changes, so caches may keep it as long as a list.
const READY_CACHE_CONTROL: &str = "public, max-age=2, stale-while-revalidate=10";
/// One second for other clips and for unknown ids: a link that many people open before the clip is
/// ready costs one request a second of each cache. Operators have a route of their own.
const OTHER_CACHE_CONTROL: &str = "public, max-age=1";

/// The route of `show-clip`.
#[derive(Clone, Debug)]
pub struct ShowClip {
    library: Library,
    view: ClipView,
}

impl Route for ShowClip {
    fn new(sdk: &SdkConfig, variables: &Variables) -> Result<Self, ConfigError> {
        Ok(Self {
            library: Library::from_variables(sdk, variables)?,
            view: ClipView::from_variables(variables)?,
        })
    }

    async fn warm_up(&self) {
        self.library.warm_up().await;
    }

    async fn answer(&self, request: &Request, _: DateTime<Utc>) -> Result<Reply, Problem> {
        let clip = match find_clip(&self.library, request).await {
            Ok(clip) => clip,
            Err(problem) if problem.kind == ProblemKind::NotFound => {
                return Ok(problem.to_reply().with_cache_control(OTHER_CACHE_CONTROL));
            }
            Err(problem) => return Err(problem),
        };
        let is_ready = clip.status == Status::Ready;
        let policy = if is_ready { READY_CACHE_CONTROL } else { OTHER_CACHE_CONTROL };
        Ok(self.view.to_public_reply(&self.library, &clip).await.with_cache_control(policy))
    }
}
