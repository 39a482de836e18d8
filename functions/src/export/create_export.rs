//! `POST /api/competitions/{competitionId}/clips/{clipId}/exports`: makes an MP4 file of a clip.

use aws_config::SdkConfig;
use chrono::{DateTime, Utc};

use super::export_view::to_json;
use super::plan::plan;
use super::show_timeline::{media_unknown, not_ready};
use super::{ExportError, ExportRequest, Exports};
use crate::api::{Problem, ProblemKind, Reply, Request, Route, find_clip};
use crate::clip::{
    Clip, Export, ExportChange, ExportId, ExportSettings, ExportStatus, MAX_EXPORTS,
    MAX_EXPORTS_IN_PROGRESS, Status, Trigger,
};
use crate::config::{ConfigError, Variables};
use crate::error;
use crate::library::IdempotentRequest;

/// Most tries of one request. A retry is needed only if the clip changes between read and write.
const MAX_TRIES: usize = 8;

/// The route of `create-export`.
#[derive(Clone, Debug)]
pub struct CreateExport {
    exports: Exports,
}

impl Route for CreateExport {
    fn new(sdk: &SdkConfig, variables: &Variables) -> Result<Self, ConfigError> {
        Ok(Self { exports: Exports::from_variables(sdk, variables)? })
    }

    async fn warm_up(&self) {
        self.exports.warm_up().await;
    }

    /// Writes the export into the row of the clip, then creates its job. If the second step fails, the
    /// sweep repeats it.
    async fn answer(&self, request: &Request, now: DateTime<Utc>) -> Result<Reply, Problem> {
        let export_request = ExportRequest::parse(&request.body()?)?;
        let idempotent = request.idempotent_request()?;
        let id = idempotent
            .as_ref()
            .map_or_else(ExportId::random, |it| ExportId::derive(&it.sender, &it.key));
        let (clip, is_new) =
            self.record(request, &export_request, idempotent.as_ref(), &id, now).await?;
        let clip = if is_new { self.start(clip, &id, now).await } else { clip };
        let path =
            format!("/api/competitions/{}/clips/{}/exports/{id}", clip.competition, clip.clip);
        let export = clip.exports.get(&id).ok_or_else(export_gone)?;
        Ok(Reply::json(202, &to_json(&id, export)).with_location(&path))
    }
}

impl CreateExport {
    /// Writes the export into the row. Returns the clip, and whether the export is new: a repeated
    /// request finds the export of the first one.
    async fn record(
        &self,
        request: &Request,
        export_request: &ExportRequest,
        idempotent: Option<&IdempotentRequest>,
        id: &ExportId,
        now: DateTime<Utc>,
    ) -> Result<(Clip, bool), Problem> {
        let library = self.exports.library();
        for tries in 0..MAX_TRIES {
            let clip = find_clip(library, request).await?;
            let fingerprint = idempotent.map_or_else(String::new, |it| it.fingerprint.clone());
            if let Some(export) = clip.exports.get(id) {
                if export.fingerprint != fingerprint {
                    return Err(key_reused());
                }
                // Without a key, only the try before this one can have written the export.
                return Ok((clip, tries > 0));
            }
            check_room(&clip)?;
            let export = Export {
                status: ExportStatus::Queued,
                created_at: now,
                created_by: request.operator(),
                fingerprint,
                settings: self.plan(export_request, &clip).await?,
                job: None,
                progress: None,
                bytes: None,
                error: None,
                expires_at: None,
            };
            let change = ExportChange::Requested(Box::new(export));
            let trigger = Trigger::ExportChanged { id: id.clone(), change };
            if let Some(clip) = library.apply(&clip, &trigger, now).await? {
                return Ok((clip, true));
            }
        }
        Err(Problem::new(
            ProblemKind::Unavailable,
            "The clip changed during every try. Retry in a few seconds.",
        ))
    }

    async fn plan(
        &self,
        export_request: &ExportRequest,
        clip: &Clip,
    ) -> Result<ExportSettings, Problem> {
        if clip.status != Status::Ready {
            return Err(not_ready(clip));
        }
        let rendition = self.exports.media().find_best_rendition(&clip.attempt_of_media()).await;
        let rendition = rendition.map_err(|cause| Problem::unavailable(&cause))?;
        let (Some(rendition), Some(bounds)) = (rendition, clip.actual) else {
            return Err(media_unknown());
        };
        plan(export_request, clip, &rendition, bounds)
    }

    /// Creates the job of a new export, and records it. Returns the clip as it then is.
    async fn start(&self, clip: Clip, id: &ExportId, now: DateTime<Utc>) -> Clip {
        let Some(export) = clip.exports.get(id) else { return clip };
        let started = async {
            let Some(change) = self.exports.start(&clip, id, export).await? else {
                return Ok(None);
            };
            Ok::<_, ExportError>(self.exports.record(&clip, id, change, now).await?)
        };
        match started.await {
            Ok(started) => started.unwrap_or(clip),
            Err(failure) => {
                let (key, chain) = (clip.key(), error::chain(&failure));
                tracing::warn!(
                    clip.id = %key,
                    "could not start export {id} of clip {key}, the sweep will retry: {chain}"
                );
                clip
            }
        }
    }
}

/// Checks that the clip can have one more export.
fn check_room(clip: &Clip) -> Result<(), Problem> {
    if clip.exports_in_progress() >= MAX_EXPORTS_IN_PROGRESS {
        let detail = format!(
            "{MAX_EXPORTS_IN_PROGRESS} exports of this clip are in progress, which is the limit. \
             Send the request again when one of them is ready."
        );
        return Err(Problem::new(ProblemKind::TooManyExports, detail));
    }
    if clip.exports.len() >= MAX_EXPORTS {
        let detail = format!(
            "This clip has {MAX_EXPORTS} exports, which is the limit. Send the request again when \
             the oldest has expired."
        );
        return Err(Problem::new(ProblemKind::TooManyExports, detail));
    }
    Ok(())
}

fn key_reused() -> Problem {
    let detail = "This key was used for a different request. Use a new key for each export.";
    Problem::for_field(ProblemKind::KeyReused, "Idempotency-Key", detail)
}

fn export_gone() -> Problem {
    Problem::new(ProblemKind::Unavailable, "The export has vanished. Request it again.")
}
