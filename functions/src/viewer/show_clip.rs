//! `GET /api/competitions/{competitionId}/clips/{clipId}`: one clip, whatever its state.

use aws_config::SdkConfig;
use aws_lambda_events::apigw::{ApiGatewayV2httpRequest, ApiGatewayV2httpResponse};

use super::ClipView;
use crate::clip::{ClipId, ClipKey};
use crate::config::{ConfigError, Variables};
use crate::http::{self, Problem, ProblemKind, Reply, Request};
use crate::library::{Clip, Library, Status};

/// A clip that is ready changes rarely.
const READY: &str = "public, max-age=2, stale-while-revalidate=10";
/// One in the making is being watched by the operator who cut it.
const IN_THE_MAKING: &str = "no-cache";

/// Everything `show-clip` needs, built once per cold start.
#[derive(Clone, Debug)]
pub struct ShowClip {
    library: Library,
    view: ClipView,
}

impl ShowClip {
    pub fn new(sdk: &SdkConfig, variables: &Variables) -> Result<Self, ConfigError> {
        Ok(Self {
            library: Library::from_variables(sdk, variables)?,
            view: ClipView::from_variables(variables)?,
        })
    }

    /// Opens the connection that the first request will need.
    pub async fn warm_up(&self) {
        self.library.warm_up().await;
    }

    pub async fn handle(&self, event: ApiGatewayV2httpRequest) -> ApiGatewayV2httpResponse {
        let request = Request::from(event);
        let reply = self.show(&request).await;
        http::respond(&request, reply)
    }

    async fn show(&self, request: &Request) -> Result<Reply, Problem> {
        let clip = find_clip(&self.library, request).await?;
        let policy = if clip.status == Status::Ready { READY } else { IN_THE_MAKING };
        Ok(self.view.reply(&self.library, &clip).await.cached(policy))
    }
}

/// The clip that a request's path names, unless it was deleted.
pub async fn find_clip(library: &Library, request: &Request) -> Result<Clip, Problem> {
    let competition = request.path("competitionId")?;
    // Whatever cannot be the id of a clip is not the id of one here.
    let clip: ClipId = request.path("clipId").map_err(|_| no_such_clip())?;
    let found = library.find(&ClipKey { competition, clip }).await;
    let found = found.map_err(|cause| Problem::unavailable(&cause))?;
    found.filter(|clip| clip.status != Status::Deleting).ok_or_else(no_such_clip)
}

/// What is answered of a clip that is not there, or is going.
pub fn no_such_clip() -> Problem {
    Problem::of_field(ProblemKind::NotFound, "clipId", "The competition has no such clip.")
}
