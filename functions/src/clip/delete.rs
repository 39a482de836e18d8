//! `DELETE /api/competitions/{competitionId}/clips/{clipId}`: a clip that nobody wants any more.

use aws_config::SdkConfig;
use aws_lambda_events::apigw::{ApiGatewayV2httpRequest, ApiGatewayV2httpResponse};
use chrono::{DateTime, Utc};

use super::{Attempt, ClipId, ClipKey};
use crate::config::{ConfigError, Variables};
use crate::http::{self, Problem, Reply, Request};
use crate::library::{Advanced, Library, Trigger};

/// Everything `delete-clip` needs, built once per cold start.
#[derive(Clone, Debug)]
pub struct DeleteClip {
    library: Library,
}

impl DeleteClip {
    pub fn new(sdk: &SdkConfig, variables: &Variables) -> Result<Self, ConfigError> {
        Ok(Self { library: Library::from_variables(sdk, variables)? })
    }

    /// Opens the connection that the first request will need.
    pub async fn warm_up(&self) {
        self.library.warm_up().await;
    }

    pub async fn handle(&self, event: ApiGatewayV2httpRequest) -> ApiGatewayV2httpResponse {
        let request = Request::from(event);
        let reply = self.delete(&request, Utc::now()).await;
        http::respond(&request, reply)
    }

    /// Hides a clip; the sweep removes what there is of it.
    ///
    /// A clip that is gone, or going, or never was, is as deleted as this one will be.
    async fn delete(&self, request: &Request, now: DateTime<Utc>) -> Result<Reply, Problem> {
        let competition = request.path("competitionId")?;
        let Ok(clip) = request.path::<ClipId>("clipId") else { return Ok(Reply::empty(204)) };
        let key = ClipKey { competition, clip };
        // Whichever attempt is under way.
        let any = Attempt { clip: key.clone(), number: 1 };
        let deleted = self.library.advance(&any, &Trigger::Deleted, now).await;
        match deleted.map_err(|cause| Problem::unavailable(&cause))? {
            Advanced::To(_) => tracing::info!(clip.id = %key, "clip {key}: deleted on request"),
            Advanced::Unchanged(_) | Advanced::Unknown => {}
        }
        Ok(Reply::empty(204))
    }
}
