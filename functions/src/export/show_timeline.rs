//! `GET /api/competitions/{competitionId}/clips/{clipId}/timeline.otio`: describes a clip for editing
//! suites.

use aws_config::SdkConfig;
use chrono::{DateTime, Utc};

use super::timeline::{self, TimelineMedia};
use crate::api::{ClipView, Problem, ProblemKind, Reply, Request, Route, find_clip};
use crate::asset::ClipMedia;
use crate::clip::{Clip, Status};
use crate::config::{ConfigError, Variables};
use crate::library::Library;

/// The route of `show-timeline`.
#[derive(Clone, Debug)]
pub struct ShowTimeline {
    library: Library,
    media: ClipMedia,
    view: ClipView,
}

impl Route for ShowTimeline {
    fn new(sdk: &SdkConfig, variables: &Variables) -> Result<Self, ConfigError> {
        Ok(Self {
            library: Library::from_variables(sdk, variables)?,
            media: ClipMedia::from_variables(sdk, variables)?,
            view: ClipView::for_ready_clips(variables)?,
        })
    }

    async fn warm_up(&self) {
        self.library.warm_up().await;
    }

    async fn answer(&self, request: &Request, _: DateTime<Utc>) -> Result<Reply, Problem> {
        let clip = find_clip(&self.library, request).await?;
        if clip.status != Status::Ready {
            return Err(not_ready(&clip));
        }
        let attempt = clip.attempt_of_media();
        let rendition = self.media.find_best_rendition(&attempt).await;
        let rendition = rendition.map_err(|cause| Problem::unavailable(&cause))?;
        let (Some(rendition), Some(bounds)) = (rendition, clip.actual) else {
            return Err(media_unknown());
        };
        let shown = self.view.to_json(&clip);
        let url = shown["manifest"].as_str().ok_or_else(media_unknown)?;
        let media = TimelineMedia { url, frame_rate: rendition.frame_rate, bounds };
        let timeline = timeline::build(&clip, media);
        Ok(Reply::json(200, &timeline).with_file_name(&format!("{}.otio", clip.clip)))
    }
}

pub(super) fn not_ready(clip: &Clip) -> Problem {
    let status = clip.status.as_str();
    let detail = format!("This clip is {status}. Send the request again when the clip is ready.");
    Problem::new(ProblemKind::NotReady, detail)
}

pub(super) fn media_unknown() -> Problem {
    let detail = "The start or the frame rate of the clip's media is unknown. Cut the clip again.";
    Problem::new(ProblemKind::MediaUnknown, detail)
}
