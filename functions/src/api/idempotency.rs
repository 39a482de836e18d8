//! Creates one clip for a request that is sent several times with the same `Idempotency-Key`.

use chrono::{DateTime, Utc};

use super::{Problem, ProblemKind};
use crate::clip::{Clip, Status};
use crate::library::{IdempotentRequest, Library};

/// Ids have a random suffix, so without a key even a second try is rare. With a key, a second try
/// means that two requests arrived at the same time.
const MAX_TRIES: usize = 8;

/// Finds the clip that this request has already created.
///
/// Returns a problem if the key was used for another request, or if the clip has been deleted.
pub async fn find_created_clip(
    library: &Library,
    request: Option<&IdempotentRequest>,
    now: DateTime<Utc>,
) -> Result<Option<Clip>, Problem> {
    let Some(request) = request else { return Ok(None) };
    let Some(record) = library.find_idempotency_record(request, now).await? else {
        return Ok(None);
    };
    if record.fingerprint != request.fingerprint {
        let detail = "This key was used for a different request. Use a new key for each clip.";
        return Err(Problem::for_field(ProblemKind::KeyReused, "Idempotency-Key", detail));
    }
    let found = library.find(&record.clip).await?.filter(|clip| clip.status != Status::Deleting);
    found.map(Some).ok_or_else(|| {
        let detail = "The clip that was created with this key has been deleted. Use a new key.";
        Problem::for_field(ProblemKind::ClipGone, "Idempotency-Key", detail)
    })
}

/// Writes a new clip. If the same request has created one in the meantime, returns that one.
///
/// `new_clip` gets the time of the write: `now` is when the request arrived, and reading the live
/// stream can take seconds.
pub async fn create_clip_once(
    library: &Library,
    request: Option<&IdempotentRequest>,
    now: DateTime<Utc>,
    new_clip: impl Fn(DateTime<Utc>) -> Clip,
) -> Result<Clip, Problem> {
    let new_clips = |now| (new_clip(now), Vec::new());
    Ok(create_clips_once(library, request, now, new_clips).await?.0)
}

/// Writes a new clip and others, all or none, as `create_clip_once` does. If the same request has
/// created the clip in the meantime, returns it without the others.
pub async fn create_clips_once(
    library: &Library,
    request: Option<&IdempotentRequest>,
    now: DateTime<Utc>,
    new_clips: impl Fn(DateTime<Utc>) -> (Clip, Vec<Clip>),
) -> Result<(Clip, Vec<Clip>), Problem> {
    for _ in 0..MAX_TRIES {
        let (clip, others) = new_clips(Utc::now());
        let is_created = if request.is_none() && others.is_empty() {
            library.create(&clip).await?
        } else {
            library.create_together(&clip, &others, request, now).await?
        };
        if is_created {
            return Ok((clip, others));
        }
        if let Some(clip) = find_created_clip(library, request, now).await? {
            return Ok((clip, Vec::new()));
        }
    }
    Err(Problem::new(
        ProblemKind::Unavailable,
        "Too many requests with this key arrived at the same time. Retry in a few seconds.",
    ))
}
