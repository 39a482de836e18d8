//! `DELETE /api/competitions/{competitionId}/clips/{clipId}`: deletes a clip.

use aws_config::SdkConfig;
use chrono::{DateTime, Utc};

use super::trash::TrashDays;
use crate::api::{Problem, Reply, Request, Route};
use crate::clip::{Attempt, ClipId, ClipKey, Trigger};
use crate::config::{ConfigError, Variables};
use crate::library::{Advanced, Library};

/// The route of `delete-clip`.
#[derive(Clone, Debug)]
pub struct DeleteClip {
    library: Library,
    trash_days: TrashDays,
}

impl Route for DeleteClip {
    fn new(sdk: &SdkConfig, variables: &Variables) -> Result<Self, ConfigError> {
        Ok(Self {
            library: Library::from_variables(sdk, variables)?,
            trash_days: variables.optional("TRASH_DAYS")?.unwrap_or_default(),
        })
    }

    async fn warm_up(&self) {
        self.library.warm_up().await;
    }

    /// Hides a clip at once. After the days of the trash, in which the clip can be restored, the sweep
    /// deletes its asset, its media and its row.
    ///
    /// If the clip does not exist or is already being deleted, the reply is the same 204.
    async fn answer(&self, request: &Request, now: DateTime<Utc>) -> Result<Reply, Problem> {
        let competition = request.path_parameter("competitionId")?;
        let Ok(clip) = request.path_parameter::<ClipId>("clipId") else {
            return Ok(Reply::empty(204));
        };
        let key = ClipKey { competition, clip };
        // A deletion is valid for every attempt, so the number does not matter.
        let any_attempt = Attempt { clip: key.clone(), number: 1 };
        let deleted = Trigger::Deleted { keep: self.trash_days.duration() };
        if let Advanced::Changed(_) = self.library.advance(&any_attempt, &deleted, now).await? {
            tracing::info!(clip.id = %key, "clip {key}: deleted on request");
        }
        Ok(Reply::empty(204))
    }
}
