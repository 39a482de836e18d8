//! `PATCH /api/competitions/{competitionId}/clips/{clipId}`: changes the editable fields of a clip.

use aws_config::SdkConfig;
use chrono::{DateTime, Utc};

use crate::api::{ClipView, Fields, Problem, ProblemKind, Reply, Request, Route, find_clip};
use crate::clip::Edit;
use crate::config::{ConfigError, Variables};
use crate::library::Library;

/// Most tries of one edit. A retry is needed only if the clip changes between read and write.
const MAX_TRIES: usize = 4;

/// The route of `update-clip`.
#[derive(Clone, Debug)]
pub struct UpdateClip {
    library: Library,
    view: ClipView,
}

impl Route for UpdateClip {
    fn new(sdk: &SdkConfig, variables: &Variables) -> Result<Self, ConfigError> {
        Ok(Self {
            library: Library::from_variables(sdk, variables)?,
            view: ClipView::from_variables(variables)?,
        })
    }

    async fn warm_up(&self) {
        self.library.warm_up().await;
    }

    /// Changes the fields that the body names, if nobody has edited the clip since the sender read
    /// it.
    ///
    /// The condition is on the editable fields only, because the status of a clip in progress changes
    /// all the time.
    async fn answer(&self, request: &Request, now: DateTime<Utc>) -> Result<Reply, Problem> {
        let edit = parse_edit(&request.body()?, now)?;
        for _ in 0..MAX_TRIES {
            let clip = find_clip(&self.library, request).await?;
            match request.matches_edit_digest(&self.view.edit_digest(&clip)) {
                None => {
                    let detail = "Send If-Match with the ETag of the clip, so that no other edit is \
                                  overwritten.";
                    let kind = ProblemKind::PreconditionRequired;
                    return Err(Problem::for_field(kind, "If-Match", detail));
                }
                Some(false) => {
                    let detail = "The clip has been edited since. Get it again, then repeat the \
                                  edit.";
                    let kind = ProblemKind::PreconditionFailed;
                    return Err(Problem::for_field(kind, "If-Match", detail));
                }
                Some(true) => {}
            }
            if let Some(clip) = self.library.edit(&clip, &edit, now).await? {
                return Ok(self.view.to_reply(&self.library, &clip).await);
            }
        }
        Err(Problem::new(
            ProblemKind::Unavailable,
            "The clip changed during every try of the edit. Retry in a few seconds.",
        ))
    }
}

/// Parses the body, a JSON merge patch: a field that is absent keeps its value, and `null` removes it.
/// <https://www.rfc-editor.org/rfc/rfc7396>
pub fn parse_edit(body: &[u8], now: DateTime<Utc>) -> Result<Edit, Problem> {
    let fields = Fields::parse(body, &["title", "description", "tags", "expiresAt"])?;
    let description = fields.description()?;
    description.check_expiry(now)?;
    Ok(Edit {
        title: fields.contains("title").then_some(description.title),
        description: fields.contains("description").then_some(description.description),
        tags: fields.contains("tags").then_some(description.tags),
        expires_at: fields.contains("expiresAt").then_some(description.expires_at),
    })
}

#[cfg(test)]
mod tests {
    use chrono::TimeDelta;

    use super::*;

    #[test]
    fn an_absent_field_keeps_its_value_and_null_removes_it() {
        let now = DateTime::UNIX_EPOCH + TimeDelta::days(1);
        let check =
            |body: &str, expected: Edit| assert_eq!(parse_edit(body.as_bytes(), now), Ok(expected));
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
            let problem = parse_edit(body.as_bytes(), now).unwrap_err();
            assert_eq!(problem.field.as_deref(), Some(field), "{body}");
        }
    }
}
