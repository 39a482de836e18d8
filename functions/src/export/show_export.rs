//! `GET …/clips/{clipId}/exports` and `GET …/exports/{exportId}`: the exports of a clip, with the URLs
//! of their files.

use std::time::Duration;

use aws_config::SdkConfig;
use chrono::{DateTime, Utc};
use serde_json::{Value, json};

use super::export_view::to_json;
use crate::api::{Problem, ProblemKind, Reply, Request, Route, find_clip};
use crate::asset::ClipMedia;
use crate::clip::{Clip, Export, ExportId, ExportStatus};
use crate::config::{ConfigError, Variables};
use crate::library::Library;

/// How long the URL of a file is valid. A new request for the export gives a new URL.
const URL_LIFETIME: Duration = Duration::from_hours(1);

/// The routes `list-exports` and `show-export`.
#[derive(Clone, Debug)]
struct ExportReader {
    library: Library,
    media: ClipMedia,
}

/// The route of `list-exports`.
#[derive(Clone, Debug)]
pub struct ListExports(ExportReader);

/// The route of `show-export`.
#[derive(Clone, Debug)]
pub struct ShowExport(ExportReader);

impl Route for ListExports {
    fn new(sdk: &SdkConfig, variables: &Variables) -> Result<Self, ConfigError> {
        Ok(Self(ExportReader::from_variables(sdk, variables)?))
    }

    async fn warm_up(&self) {
        self.0.library.warm_up().await;
    }

    async fn answer(&self, request: &Request, now: DateTime<Utc>) -> Result<Reply, Problem> {
        let clip = find_clip(&self.0.library, request).await?;
        let mut exports: Vec<_> =
            clip.exports.iter().filter(|(_, it)| !it.is_expired(now)).collect();
        exports.sort_by_key(|(id, export)| (std::cmp::Reverse(export.created_at), *id));
        let mut shown = Vec::new();
        for (id, export) in exports {
            shown.push(self.0.show(&clip, id, export).await?);
        }
        Ok(Reply::json(200, &json!({ "exports": shown })))
    }
}

impl Route for ShowExport {
    fn new(sdk: &SdkConfig, variables: &Variables) -> Result<Self, ConfigError> {
        Ok(Self(ExportReader::from_variables(sdk, variables)?))
    }

    async fn warm_up(&self) {
        self.0.library.warm_up().await;
    }

    async fn answer(&self, request: &Request, now: DateTime<Utc>) -> Result<Reply, Problem> {
        let clip = find_clip(&self.0.library, request).await?;
        // A text that is not an export id cannot be the id of an export.
        let id: ExportId = request.path_parameter("exportId").map_err(|_| export_not_found())?;
        let export = clip.exports.get(&id).filter(|export| !export.is_expired(now));
        let export = export.ok_or_else(export_not_found)?;
        Ok(Reply::json(200, &self.0.show(&clip, &id, export).await?))
    }
}

impl ExportReader {
    fn from_variables(sdk: &SdkConfig, variables: &Variables) -> Result<Self, ConfigError> {
        Ok(Self {
            library: Library::from_variables(sdk, variables)?,
            media: ClipMedia::from_variables(sdk, variables)?,
        })
    }

    /// Formats an export. A ready one has the URL of its file.
    async fn show(&self, clip: &Clip, id: &ExportId, export: &Export) -> Result<Value, Problem> {
        let mut shown = to_json(id, export);
        if export.status == ExportStatus::Ready {
            let name = format!("{}_{}.mp4", clip.clip, export.settings.aspect.replace(':', "x"));
            let url = self.media.presign_export(&clip.key(), id, &name, URL_LIFETIME).await;
            shown["url"] = json!(url.map_err(|cause| Problem::unavailable(&cause))?);
        }
        Ok(shown)
    }
}

fn export_not_found() -> Problem {
    let detail = "The clip has no such export. Its file is deleted a day after it was made.";
    Problem::for_field(ProblemKind::NotFound, "exportId", detail)
}
