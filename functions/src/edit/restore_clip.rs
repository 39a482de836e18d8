//! `POST /api/competitions/{competitionId}/clips/{clipId}/restore`: restores a deleted clip.

use aws_config::SdkConfig;
use chrono::{DateTime, Utc};

use crate::api::{ClipView, Problem, ProblemKind, Reply, Request, Route, clip_not_found};
use crate::clip::{Attempt, ClipId, ClipKey, Status, Trigger};
use crate::config::{ConfigError, Variables};
use crate::harvest::DueQueue;
use crate::library::{Advanced, Library};

/// The route of `restore-clip`.
#[derive(Clone, Debug)]
pub struct RestoreClip {
    library: Library,
    due: DueQueue,
    view: ClipView,
}

impl Route for RestoreClip {
    fn new(sdk: &SdkConfig, variables: &Variables) -> Result<Self, ConfigError> {
        Ok(Self {
            library: Library::from_variables(sdk, variables)?,
            due: DueQueue::from_variables(sdk, variables)?,
            view: ClipView::from_variables(variables)?,
        })
    }

    async fn warm_up(&self) {
        self.library.warm_up().await;
    }

    /// Returns a deleted clip to its status before the deletion, as long as its removal has not
    /// started.
    ///
    /// If the clip is not deleted, the reply is the clip as it is, so that a request whose reply was
    /// lost can be repeated. Jobs that were running have gone on. The sweep checks the clip at once
    /// and finds what they did, because their events were ignored.
    async fn answer(&self, request: &Request, now: DateTime<Utc>) -> Result<Reply, Problem> {
        let competition = request.path_parameter("competitionId")?;
        let clip: ClipId = request.path_parameter("clipId").map_err(|_| clip_not_found())?;
        // A deletion is valid for every attempt, so the number does not matter.
        let any_attempt = Attempt { clip: ClipKey { competition, clip }, number: 1 };
        let clip = match self.library.advance(&any_attempt, &Trigger::Restored, now).await? {
            Advanced::Changed(clip) => {
                self.due.send_or_log(&clip, Utc::now()).await;
                clip
            }
            Advanced::Unchanged(clip) if clip.status == Status::Deleting => {
                return Err(Problem::new(
                    ProblemKind::ClipRemoved,
                    "The clip was deleted and its media is being removed. Cut it again.",
                ));
            }
            Advanced::Unchanged(clip) => clip,
            Advanced::NotFound => return Err(clip_not_found()),
        };
        Ok(self.view.to_operator_reply(&self.library, &clip).await)
    }
}
