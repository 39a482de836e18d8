//! `POST /api/competitions/{competitionId}/reels`: makes one clip of several.

use aws_config::SdkConfig;
use chrono::{DateTime, Utc};
use futures_util::future::try_join_all;
use serde_json::Value;

use super::Selection;
use crate::api::{
    ClipView, Fields, Problem, ProblemKind, Reply, Request, Route, create_clip_once,
    find_created_clip,
};
use crate::clip::{
    Clip, ClipId, ClipKey, CompetitionId, Description, ExpirySettings, MAX_PARTS, Reel, ReelPart,
    Source, Status, floor_millisecond,
};
use crate::config::{ConfigError, Variables};
use crate::library::Library;

/// The route of `create-reel`.
#[derive(Clone, Debug)]
pub struct CreateReel {
    library: Library,
    expiry: ExpirySettings,
    view: ClipView,
}

/// The requested reel.
#[derive(Clone, Debug, PartialEq)]
pub struct ReelRequest {
    pub clips: ReelClips,
    pub description: Description,
}

/// The clips of the requested reel, in one of their two forms.
#[derive(Clone, Debug, PartialEq)]
pub enum ReelClips {
    /// There is at least one.
    List(Vec<ClipId>),
    Select(Selection),
}

const FIELDS: &[&str] =
    &["clips", "select", "title", "description", "tags", "expiresAt", "listed", "publishAt"];

impl Route for CreateReel {
    fn new(sdk: &SdkConfig, variables: &Variables) -> Result<Self, ConfigError> {
        Ok(Self {
            library: Library::from_variables(sdk, variables)?,
            expiry: variables.optional("CLIP_EXPIRY_DAYS")?.unwrap_or_default(),
            view: ClipView::from_variables(variables)?,
        })
    }

    async fn warm_up(&self) {
        self.library.warm_up().await;
    }

    /// Writes the row of the reel. The sweep starts its job.
    async fn answer(&self, request: &Request, now: DateTime<Utc>) -> Result<Reply, Problem> {
        let competition: CompetitionId = request.path_parameter("competitionId")?;
        let reel_request = ReelRequest::parse(&request.body()?)?;
        let idempotent = request.idempotent_request()?;
        let clip = match find_created_clip(&self.library, idempotent.as_ref(), now).await? {
            Some(clip) => clip,
            None => {
                let ReelRequest { clips, description } = &reel_request;
                description.check_expiry(now)?;
                let parts = match clips {
                    ReelClips::List(clips) => self.find_parts(&competition, clips).await?,
                    ReelClips::Select(selection) => {
                        selection.find_parts(&self.library, &competition).await?
                    }
                };
                let new_clip = |now: DateTime<Utc>| {
                    let at = floor_millisecond(now);
                    let key =
                        ClipKey { competition: competition.clone(), clip: ClipId::for_time(at) };
                    let reel = Reel::new(parts.clone(), at);
                    let actual = Some(reel.bounds());
                    let source = Source::Reel(reel);
                    let mut clip = Clip::new(key, Status::Transcoding, source, description, now);
                    clip.actual = actual;
                    clip.created_by = request.operator();
                    clip.set_default_expiry(self.expiry.expires_at(&competition, now));
                    clip
                };
                create_clip_once(&self.library, idempotent.as_ref(), now, new_clip).await?
            }
        };
        let path = format!("/api/competitions/{}/clips/{}", clip.competition, clip.clip);
        Ok(Reply::json(202, &self.view.to_operator_json(&clip, None)).with_location(&path))
    }
}

impl CreateReel {
    async fn find_parts(
        &self,
        competition: &CompetitionId,
        clips: &[ClipId],
    ) -> Result<Vec<ReelPart>, Problem> {
        let find = async |clip: &ClipId| {
            let key = ClipKey { competition: competition.clone(), clip: clip.clone() };
            self.library.find(&key).await
        };
        let found = try_join_all(clips.iter().map(find)).await?;
        let parts = found.iter().zip(clips).enumerate().map(|(at, (found, id))| {
            let field = format!("clips[{at}]");
            let Some(clip) = found.as_ref().filter(|clip| clip.status != Status::Deleting) else {
                let detail = format!("Competition {competition} has no clip {}.", id.as_str());
                return Err(Problem::invalid_field(field, detail));
            };
            to_part(clip, &field)
        });
        parts.collect()
    }
}

fn to_part(clip: &Clip, field: &str) -> Result<ReelPart, Problem> {
    let (id, status) = (clip.clip.as_str(), clip.status.as_str());
    if clip.status != Status::Ready {
        let detail = format!(
            "Clip {id} is {status}. Send the request again when the clip is ready, or without it."
        );
        return Err(Problem::for_field(ProblemKind::NotReady, field, detail));
    }
    ReelPart::from_clip(clip).ok_or_else(|| {
        let detail = format!("The start and the end of the media of clip {id} are unknown.");
        Problem::for_field(ProblemKind::MediaUnknown, field, detail)
    })
}

impl ReelRequest {
    pub fn parse(body: &[u8]) -> Result<Self, Problem> {
        let fields = Fields::parse(body, FIELDS)?;
        let clips = match (fields.get("clips"), fields.get("select")) {
            (Some(_), Some(_)) => {
                let detail = "Give either clips or select, not both.";
                return Err(Problem::invalid_field("select", detail));
            }
            (None, Some(select)) => ReelClips::Select(Selection::parse(select)?),
            (clips, None) => ReelClips::List(Self::parse_ids(clips)?),
        };
        Ok(Self { clips, description: fields.description()? })
    }

    fn parse_ids(clips: Option<&Value>) -> Result<Vec<ClipId>, Problem> {
        let Some(ids) =
            clips.and_then(Value::as_array).filter(|ids| (1..=MAX_PARTS).contains(&ids.len()))
        else {
            let detail =
                format!("This must be a list of 1 to {MAX_PARTS} ids of clips. Or give select.");
            return Err(Problem::invalid_field("clips", detail));
        };
        let parse = |(at, id): (usize, &Value)| {
            let parsed = id.as_str().and_then(|id| id.parse().ok());
            parsed.ok_or_else(|| {
                Problem::invalid_field(format!("clips[{at}]"), "This is not the id of a clip.")
            })
        };
        ids.iter().enumerate().map(parse).collect()
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_fault_is_named_with_its_field() {
        let id = "20200203133058_20200203133258_k7Qx2f";
        let parse = |body: Value| ReelRequest::parse(body.to_string().as_bytes());
        let reel = parse(json!({ "clips": [id, id], "title": "Highlights" })).unwrap();
        let ids = vec![id.parse().unwrap(); 2];
        assert_eq!(reel.clips, ReelClips::List(ids));
        assert_eq!(reel.description.title, "Highlights");
        let select = json!({ "tags": ["final"], "maxSeconds": 90 });
        assert!(parse(json!({ "select": select })).is_ok());
        for (body, field) in [
            (json!({}), "clips"),
            (json!({ "clips": [] }), "clips"),
            (json!({ "clips": id }), "clips"),
            (json!({ "clips": vec![id; MAX_PARTS + 1] }), "clips"),
            (json!({ "clips": [id, "final"] }), "clips[1]"),
            (json!({ "clips": [7] }), "clips[0]"),
            (json!({ "clips": [id], "select": select }), "select"),
            (json!({ "select": {} }), "select.tags"),
            (json!({ "clips": [id], "start": 7 }), "start"),
        ] {
            let problem = parse(body.clone()).unwrap_err();
            assert_eq!(problem.field.as_deref(), Some(field), "{body}");
        }
    }
}
