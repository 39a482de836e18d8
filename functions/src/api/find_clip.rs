//! Finds the clip that a request's path names.

use super::{Problem, ProblemKind, Request};
use crate::clip::{Clip, ClipId, ClipKey, Status};
use crate::library::Library;

/// Finds the clip that the path names. A deleted clip is not found.
pub async fn find_clip(library: &Library, request: &Request) -> Result<Clip, Problem> {
    let competition = request.path_parameter("competitionId")?;
    // A text that is not a clip id cannot be the id of a clip.
    let clip: ClipId = request.path_parameter("clipId").map_err(|_| clip_not_found())?;
    let found = library.find(&ClipKey { competition, clip }).await?;
    found.filter(|clip| clip.status != Status::Deleting).ok_or_else(clip_not_found)
}

/// The problem of a clip that does not exist or has been deleted.
pub fn clip_not_found() -> Problem {
    Problem::for_field(ProblemKind::NotFound, "clipId", "The competition has no such clip.")
}
