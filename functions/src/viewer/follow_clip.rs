//! `GET /api/competitions/{competitionId}/changes/{clipId}`: shows one clip in any state to operators.
//!
//! The public route shows the same clip, but the CDN caches its replies, and everyone shares its
//! throttle.

use aws_config::SdkConfig;
use chrono::{DateTime, Utc};

use crate::api::{ClipView, Problem, Reply, Request, Route, find_clip};
use crate::config::{ConfigError, Variables};
use crate::library::Library;

/// The route of `follow-clip`.
#[derive(Clone, Debug)]
pub struct FollowClip {
    library: Library,
    view: ClipView,
}

impl Route for FollowClip {
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
        let clip = find_clip(&self.library, request).await?;
        Ok(self.view.to_operator_reply(&self.library, &clip).await)
    }
}
