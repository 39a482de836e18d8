//! `POST /api/competitions/{competitionId}/clips/{clipId}/retry`: a failed clip once more.

use aws_config::SdkConfig;
use aws_lambda_events::apigw::{ApiGatewayV2httpRequest, ApiGatewayV2httpResponse};
use chrono::{DateTime, TimeDelta, Utc};

use super::{Attempt, DueQueue};
use crate::config::{ConfigError, Variables};
use crate::error;
use crate::http::{self, Problem, ProblemKind, Reply, Request};
use crate::library::{Advanced, Clip, Library, Status, Trigger};
use crate::viewer::{ClipView, find_clip, no_such_clip};

/// Everything `retry-clip` needs, built once per cold start.
#[derive(Clone, Debug)]
pub struct RetryClip {
    library: Library,
    due: DueQueue,
    view: ClipView,
}

impl RetryClip {
    pub fn new(sdk: &SdkConfig, variables: &Variables) -> Result<Self, ConfigError> {
        Ok(Self {
            library: Library::from_variables(sdk, variables)?,
            due: DueQueue::from_variables(sdk, variables)?,
            view: ClipView::from_variables(variables)?,
        })
    }

    /// Opens the connection that the first request will need.
    pub async fn warm_up(&self) {
        self.library.warm_up().await;
    }

    pub async fn handle(&self, event: ApiGatewayV2httpRequest) -> ApiGatewayV2httpResponse {
        let request = Request::from(event);
        let reply = self.retry(&request, Utc::now()).await;
        http::respond(&request, reply)
    }

    /// Has what failed done again; what did not fail is kept.
    ///
    /// A clip that is being tried already is answered as it stands, so that a request whose reply
    /// got lost can be sent again.
    async fn retry(&self, request: &Request, now: DateTime<Utc>) -> Result<Reply, Problem> {
        let clip = find_clip(&self.library, request).await?;
        let clip = match clip.status {
            Status::Failed if clip.attempt < Attempt::MOST => self.try_again(clip, now).await?,
            Status::Failed => {
                let detail = format!(
                    "This clip has failed {} times; that is as often as one is tried. Cut or \
                     upload it anew.",
                    clip.attempt
                );
                return Err(Problem::new(ProblemKind::NotRetryable, detail));
            }
            status if 1 < clip.attempt && status.is_in_the_making() => clip,
            status => {
                let detail =
                    format!("This clip is {}; only failed ones are tried again.", status.name());
                return Err(Problem::new(ProblemKind::NotRetryable, detail));
            }
        };
        Ok(Reply::json(202, self.view.in_line(&self.library, &clip).await))
    }

    async fn try_again(&self, clip: Clip, now: DateTime<Utc>) -> Result<Clip, Problem> {
        let advanced = self.library.advance(&clip.current(), &Trigger::Retried, now).await;
        let clip = match advanced.map_err(|cause| Problem::unavailable(&cause))? {
            Advanced::To(clip) | Advanced::Unchanged(clip) => *clip,
            Advanced::Unknown => return Err(no_such_clip()),
        };
        if clip.status == Status::Deleting {
            return Err(no_such_clip());
        }
        if clip.status == Status::Queued {
            let key = clip.key();
            if let Err(failure) = self.due.send(&key, TimeDelta::zero()).await {
                let chain = error::chain(&failure);
                tracing::warn!(clip.id = %key, "clip {key}: waits for the sweep: {chain}");
            }
        }
        Ok(clip)
    }
}
