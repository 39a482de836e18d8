//! `GET /api/competitions/{competitionId}/changes`: lists a competition's clips in every state, in the
//! order of change.

use aws_config::SdkConfig;
use chrono::{DateTime, Utc};
use serde_json::{Value, json};

use crate::api::{ClipView, Problem, Reply, Request, Route};
use crate::config::{ConfigError, Variables};
use crate::library::{ChangesCursor, ChangesRequest, Library};

const PARAMETERS: &[&str] = &["cursor", "limit"];
const MAX_LIMIT: usize = 100;

/// The route of `list-changes`.
#[derive(Clone, Debug)]
pub struct ListChanges {
    library: Library,
    view: ClipView,
}

impl Route for ListChanges {
    fn new(sdk: &SdkConfig, variables: &Variables) -> Result<Self, ConfigError> {
        Ok(Self {
            library: Library::from_variables(sdk, variables)?,
            view: ClipView::from_variables(variables)?,
        })
    }

    async fn warm_up(&self) {
        self.library.warm_up_changes_query().await;
    }

    async fn answer(&self, request: &Request, now: DateTime<Utc>) -> Result<Reply, Problem> {
        let changes = self.library.read_changes(&parse_query(request)?, now).await?;
        let ahead = self.library.count_ahead_of_all(&changes.clips).await?;
        let show = |clip| self.view.to_operator_json(clip, ahead.get(&clip.key()).copied());
        let clips: Vec<Value> = changes.clips.iter().map(show).collect();
        let mut body = json!({ "clips": clips, "cursor": changes.cursor.to_string() });
        if let Some(older) = changes.older {
            body["older"] = json!(older.to_string());
        }
        if changes.has_more {
            body["more"] = json!(true);
        }
        if changes.is_reset {
            body["reset"] = json!(true);
        }
        Ok(Reply::json(200, &body))
    }
}

fn parse_query(request: &Request) -> Result<ChangesRequest, Problem> {
    request.check_query_parameters(PARAMETERS)?;
    let competition = request.path_parameter("competitionId")?;
    let parse_cursor = |text: &str| {
        let cursor =
            text.parse().ok().filter(|it: &ChangesCursor| *it.competition() == competition);
        cursor.ok_or_else(|| {
            let detail = "This is not a cursor of these changes. Use `cursor` or `older` of a reply \
                          of the same competition.";
            Problem::invalid_field("cursor", detail)
        })
    };
    Ok(ChangesRequest {
        cursor: request.query_parameter("cursor").map(parse_cursor).transpose()?,
        limit: request.limit(MAX_LIMIT, MAX_LIMIT)?,
        competition,
    })
}
