//! `POST /api/competitions/{competitionId}/clips/{clipId}/retry`: retries a failed clip.

use aws_config::SdkConfig;
use chrono::{DateTime, Utc};

use crate::api::{
    ClipView, Problem, ProblemKind, Reply, Request, Route, clip_not_found, count_ahead, find_clip,
};
use crate::clip::{Attempt, Clip, Status, Trigger};
use crate::config::{ConfigError, Variables};
use crate::harvest::DueQueue;
use crate::library::{Advanced, Library};

/// The route of `retry-clip`.
#[derive(Clone, Debug)]
pub struct RetryClip {
    library: Library,
    due: DueQueue,
    view: ClipView,
}

impl Route for RetryClip {
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

    /// Starts a new attempt at the step that failed. Media that is complete is kept.
    ///
    /// If a retry is already in progress, the reply is the clip as it is, so that a request whose
    /// reply was lost can be repeated.
    async fn answer(&self, request: &Request, now: DateTime<Utc>) -> Result<Reply, Problem> {
        let clip = find_clip(&self.library, request).await?;
        let clip = match clip.status {
            Status::Failed if clip.attempt < Attempt::MAX_UNTIL_READY => {
                self.retry(clip, now).await?
            }
            Status::Failed => {
                let detail = format!(
                    "This clip has failed {} times, which is the limit. Create a new clip or \
                     upload.",
                    clip.attempt
                );
                return Err(Problem::new(ProblemKind::NotRetryable, detail));
            }
            status if clip.attempt > 1 && status.is_in_progress() => clip,
            status => {
                let status = status.as_str();
                let detail = format!("This clip is {status}. Only failed clips can be retried.");
                return Err(Problem::new(ProblemKind::NotRetryable, detail));
            }
        };
        let ahead = count_ahead(&self.library, &clip).await;
        Ok(Reply::json(202, &self.view.to_operator_json(&clip, ahead)))
    }
}

impl RetryClip {
    async fn retry(&self, clip: Clip, now: DateTime<Utc>) -> Result<Clip, Problem> {
        let attempt = clip.current_attempt();
        let clip = match self.library.advance(&attempt, &Trigger::Retried, now).await? {
            Advanced::Changed(clip) | Advanced::Unchanged(clip) => *clip,
            Advanced::NotFound => return Err(clip_not_found()),
        };
        if clip.status == Status::Deleting {
            return Err(clip_not_found());
        }
        self.due.send_or_log(&clip, now).await;
        Ok(clip)
    }
}
