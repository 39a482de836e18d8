//! Requests that make a clip and may be sent twice: `Idempotency-Key`.

use chrono::{DateTime, Utc};

use crate::http::{Problem, ProblemKind};
use crate::library::{Clip, Library, Repeatable, Status};

/// The clip that this very request has made before.
pub(crate) async fn of(
    library: &Library,
    request: Option<&Repeatable>,
    now: DateTime<Utc>,
) -> Result<Option<Clip>, Problem> {
    let Some(request) = request else { return Ok(None) };
    let recorded = library.recorded(request, now).await;
    let Some(recorded) = recorded.map_err(|cause| Problem::unavailable(&cause))? else {
        return Ok(None);
    };
    if recorded.fingerprint != request.fingerprint {
        let detail = "Another request was sent with this key; use a new key for each clip.";
        return Err(Problem::of_field(ProblemKind::KeyReused, "Idempotency-Key", detail));
    }
    let found = library.find(&recorded.clip).await.map_err(|cause| Problem::unavailable(&cause))?;
    let there = found.filter(|clip| clip.status != Status::Deleting);
    there.map(Some).ok_or_else(|| {
        let detail = "The clip that was made with this key has been deleted since; use a new key.";
        Problem::of_field(ProblemKind::ClipGone, "Idempotency-Key", detail)
    })
}

/// Writes a new clip, or finds the one that this very request has made in the meantime.
pub(crate) async fn record(
    library: &Library,
    request: Option<&Repeatable>,
    now: DateTime<Utc>,
    new: impl Fn() -> Clip,
) -> Result<Clip, Problem> {
    // Ids are random, so even the second round is rare without a key; with one, it is two requests
    // at once.
    const MOST_ROUNDS: usize = 8;
    for _ in 0..MOST_ROUNDS {
        let clip = new();
        let created = match request {
            None => library.create(&clip).await,
            Some(request) => library.create_once(&clip, request, now).await,
        };
        if created.map_err(|cause| Problem::unavailable(&cause))? {
            return Ok(clip);
        }
        if let Some(clip) = of(library, request, now).await? {
            return Ok(clip);
        }
    }
    Err(Problem::new(
        ProblemKind::Unavailable,
        "Too many requests were sent with this key at once; please try again in a moment.",
    ))
}
