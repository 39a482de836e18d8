//! `GET …/clips/{clipId}/exports` and `GET …/exports/{exportId}`: the exports of a clip, with the URLs
//! of their files.

use std::time::Duration;

use aws_config::SdkConfig;
use chrono::{DateTime, Utc};
use serde_json::{Value, json};

use super::export_view::to_json;
use crate::api::{Problem, ProblemKind, Reply, Request, Route, find_clip};
use crate::asset::ClipMedia;
use crate::clip::{Clip, Export, ExportCaptions, ExportFile, ExportId, ExportStatus};
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
            let stem = format!("{}_{}", clip.clip, export.settings.aspect.replace(':', "x"));
            shown["url"] = self.presign(clip, id, ExportFile::Video, &stem).await?;
            if export.settings.captions == ExportCaptions::Sidecar {
                shown["captionFiles"] = self.show_captions(clip, id, export, &stem).await?;
            }
        }
        Ok(shown)
    }

    async fn show_captions(
        &self,
        clip: &Clip,
        id: &ExportId,
        export: &Export,
        stem: &str,
    ) -> Result<Value, Problem> {
        let mut shown = Vec::new();
        for (at, track) in export.settings.caption_tracks.iter().enumerate() {
            let language = track.language.as_deref().unwrap_or("captions");
            let stem = format!("{stem}_{}_{language}", at + 1);
            for file in [ExportFile::Webvtt(at), ExportFile::Srt(at)] {
                let mut entry = json!(track);
                entry["format"] = json!(file.extension());
                entry["url"] = self.presign(clip, id, file, &stem).await?;
                shown.push(entry);
            }
        }
        Ok(json!(shown))
    }

    async fn presign(
        &self,
        clip: &Clip,
        id: &ExportId,
        file: ExportFile,
        stem: &str,
    ) -> Result<Value, Problem> {
        let name = format!("{stem}.{}", file.extension());
        let url = self.media.presign_export(&clip.key(), id, file, &name, URL_LIFETIME).await;
        Ok(json!(url.map_err(|cause| Problem::unavailable(&cause))?))
    }
}

fn export_not_found() -> Problem {
    let detail = "The clip has no such export. Its file is deleted a day after it was made.";
    Problem::for_field(ProblemKind::NotFound, "exportId", detail)
}
