//! `PATCH /api/competitions/{competitionId}/clips/{clipId}`: what is said about a clip.

use aws_config::SdkConfig;
use aws_lambda_events::apigw::{ApiGatewayV2httpRequest, ApiGatewayV2httpResponse};
use chrono::{DateTime, Utc};

use crate::config::{ConfigError, Variables};
use crate::fields::Fields;
use crate::http::{self, Problem, ProblemKind, Reply, Request};
use crate::library::{Edit, Library};
use crate::viewer::{ClipView, find_clip};

/// Whoever edits between the look and the write has the write done once more, after a new look;
/// that is as rare as two editors in one moment.
const MOST_ROUNDS: usize = 4;

/// Everything `update-clip` needs, built once per cold start.
#[derive(Clone, Debug)]
pub struct UpdateClip {
    library: Library,
    view: ClipView,
}

impl UpdateClip {
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
        let reply = self.update(&request, Utc::now()).await;
        http::respond(&request, reply)
    }

    /// Changes what the body names, if nobody else has since the sender last looked.
    ///
    /// The condition is on what can be edited and not on the whole clip, which changes by itself
    /// while it is in the making.
    async fn update(&self, request: &Request, now: DateTime<Utc>) -> Result<Reply, Problem> {
        let edit = read_edit(&request.body()?, now)?;
        for _ in 0..MOST_ROUNDS {
            let clip = find_clip(&self.library, request).await?;
            let said = self.view.said(&clip);
            match request.expects(&said) {
                None => {
                    let detail = "Send If-Match with the ETag of the clip as you know it, so that \
                                  nobody's change is lost.";
                    let kind = ProblemKind::PreconditionRequired;
                    return Err(Problem::of_field(kind, "If-Match", detail));
                }
                Some(false) => {
                    let detail = "Someone else has changed the clip since; look at it again.";
                    let kind = ProblemKind::PreconditionFailed;
                    return Err(Problem::of_field(kind, "If-Match", detail));
                }
                Some(true) => {}
            }
            let edited = self.library.edit(&clip, &edit, now).await;
            if let Some(clip) = edited.map_err(|cause| Problem::unavailable(&cause))? {
                return Ok(self.view.reply(&self.library, &clip).await);
            }
        }
        Err(Problem::new(
            ProblemKind::Unavailable,
            "The clip kept changing; please try again in a moment.",
        ))
    }
}

/// What a body asks for, as a JSON merge patch: what it does not name stays, and `null` removes.
/// <https://www.rfc-editor.org/rfc/rfc7396>
pub fn read_edit(body: &[u8], now: DateTime<Utc>) -> Result<Edit, Problem> {
    let fields = Fields::read(body, &["title", "description", "tags", "expiresAt"])?;
    let about = fields.description()?;
    about.check(now)?;
    Ok(Edit {
        title: fields.names("title").then_some(about.title),
        description: fields.names("description").then_some(about.description),
        tags: fields.names("tags").then_some(about.tags),
        expires_at: fields.names("expiresAt").then_some(about.expires_at),
    })
}

#[cfg(test)]
mod tests {
    use chrono::TimeDelta;

    use super::*;

    #[test]
    fn what_is_not_named_stays_and_null_removes() {
        let now = DateTime::UNIX_EPOCH + TimeDelta::days(1);
        let check =
            |body: &str, expected: Edit| assert_eq!(read_edit(body.as_bytes(), now), Ok(expected));
        check("", Edit::default());
        check("{}", Edit::default());
        check(r#"{"title":"a"}"#, Edit { title: Some("a".to_owned()), ..Edit::default() });
        check(r#"{"title":null}"#, Edit { title: Some(String::new()), ..Edit::default() });
        check(r#"{"tags":null}"#, Edit { tags: Some(Vec::new()), ..Edit::default() });
        check(r#"{"expiresAt":null}"#, Edit { expires_at: Some(None), ..Edit::default() });
        let later = now + TimeDelta::seconds(1);
        check(r#"{"expiresAt":86401}"#, Edit { expires_at: Some(Some(later)), ..Edit::default() });
        for (body, field) in [
            (r#"{"expiresAt":86400}"#, "expiresAt"),
            (r#"{"competition":"a"}"#, "competition"),
            (r#"{"tags":"a"}"#, "tags"),
        ] {
            let problem = read_edit(body.as_bytes(), now).unwrap_err();
            assert_eq!(problem.field.as_deref(), Some(field), "{body}");
        }
    }
}
