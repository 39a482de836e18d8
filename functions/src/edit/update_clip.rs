//! `PATCH /api/competitions/{competitionId}/clips/{clipId}`: changes the editable fields of a clip.

use aws_config::SdkConfig;
use chrono::{DateTime, Utc};

use super::trim::{check_poster, check_within_media, find_trimmed_window};
use crate::api::{
    ClipView, Fields, Problem, ProblemKind, Reply, Request, Route, edit_digest, find_clip,
};
use crate::clip::{
    Attempt, ChannelId, Clip, Edit, NewWindow, Source, Status, Trigger, Window, apply_trigger,
    floor_millisecond,
};
use crate::config::{ConfigError, Variables};
use crate::harvest::{DueQueue, ResolvedWindow, invalid_window};
use crate::library::Library;
use crate::live::{Channel, Channels, LiveEndpoint};

/// Most tries of one edit. A retry is needed only if the clip changes between read and write.
const MAX_TRIES: usize = 4;

/// The route of `update-clip`.
#[derive(Clone, Debug)]
pub struct UpdateClip {
    library: Library,
    channels: Channels,
    live: LiveEndpoint,
    due: DueQueue,
    view: ClipView,
}

/// The requested changes.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct EditRequest {
    /// All changes but those of start and end.
    pub edit: Edit,
    /// The new start of a suggested or ready clip.
    pub start: Option<DateTime<Utc>>,
    /// The new end of a suggested, scheduled or ready clip.
    pub end: Option<DateTime<Utc>>,
}

impl Route for UpdateClip {
    fn new(sdk: &SdkConfig, variables: &Variables) -> Result<Self, ConfigError> {
        Ok(Self {
            library: Library::from_variables(sdk, variables)?,
            channels: variables.parsed("CHANNELS")?,
            live: LiveEndpoint::from_variables(variables)?,
            due: DueQueue::from_variables(sdk, variables)?,
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
        let edit_request = EditRequest::parse(&request.body()?, now)?;
        for tries in 0..MAX_TRIES {
            let clip = find_clip(&self.library, request).await?;
            // If the reply of a write was lost and another writer has changed the clip since, the try
            // before this one has succeeded.
            let is_done = tries > 0 && edit_request.is_applied_to(&clip, now);
            if !is_done {
                check_not_edited(request, &clip)?;
            }
            if let Some(Some(time)) = edit_request.edit.poster_at {
                check_poster(&clip, time)?;
            }
            let edit = Edit {
                window: self.find_new_window(&clip, &edit_request, now).await?,
                ..edit_request.edit.clone()
            };
            let Some(edited) = self.library.edit(&clip, &edit, now).await? else { continue };
            if edit.window.is_some() {
                // The message for the old end finds that the new one has not aired.
                self.due.send_or_log(&edited, Utc::now()).await;
            }
            return Ok(self.view.to_operator_reply(&self.library, &edited).await);
        }
        Err(Problem::new(
            ProblemKind::Unavailable,
            "The clip changed during every try of the edit. Retry in a few seconds.",
        ))
    }
}

impl UpdateClip {
    /// Checks a new start and a new end. Returns `None` if the clip has them already. If it has them, but
    /// its frame-exact media could not be made, they are tried again.
    async fn find_new_window(
        &self,
        clip: &Clip,
        &EditRequest { start, end, .. }: &EditRequest,
        now: DateTime<Utc>,
    ) -> Result<Option<NewWindow>, Problem> {
        let is_repeated = clip.has_failed_exact_job() && (start.is_some() || end.is_some());
        if has_window(clip, start, end) && !is_repeated {
            return Ok(None);
        }
        match (&clip.source, clip.status) {
            (Source::Live { channel, .. }, Status::Ready) => {
                let Some(window) = find_trimmed_window(clip, start, end)? else { return Ok(None) };
                match check_within_media(clip, window) {
                    Ok(()) => Ok(Some(NewWindow::Trimmed(window))),
                    Err(outside) => self.extend_media(clip, channel, window, outside, now).await,
                }
            }
            (Source::Live { channel, requested }, Status::Suggested) => {
                let start = start.unwrap_or(requested.exact_start());
                let end = end.unwrap_or(requested.exact_end());
                self.move_suggestion(channel, start, end, now).await
            }
            (Source::Live { channel, requested }, Status::Scheduled) => {
                if !has_window(clip, start, None) {
                    return Err(window_fixed(clip, "start"));
                }
                let Some(end) = end else { return Ok(None) };
                self.move_end(channel, *requested, end, now).await
            }
            _ if has_window(clip, start, None) => Err(window_fixed(clip, "end")),
            _ => Err(window_fixed(clip, "start")),
        }
    }

    /// Checks a window that reaches beyond the media of a ready clip like that of a new clip. If the
    /// stream does not have it any more, or yet, the problem is that it lies `outside` of the media.
    async fn extend_media(
        &self,
        clip: &Clip,
        channel: &ChannelId,
        window: Window,
        outside: Problem,
        now: DateTime<Utc>,
    ) -> Result<Option<NewWindow>, Problem> {
        let because = |reason: &str| Problem {
            detail: format!("{} {reason}", outside.detail),
            ..outside.clone()
        };
        let Some(channel) = self.channels.find(channel) else {
            return Err(because(&format!("Channel {channel} is no longer configured.")));
        };
        if clip.last_attempt().number >= Attempt::MAX {
            return Err(because("It has been made anew too often. Cut a new clip."));
        }
        match ResolvedWindow::resolve(&self.live, channel, window, now).await {
            Ok(ResolvedWindow { window, actual, has_aired: true }) => {
                Ok(Some(NewWindow::Remade { window, actual }))
            }
            Ok(_) => Err(because("The stream has not aired the new end. Try again once it has.")),
            Err(problem) => Err(because(&problem.detail)),
        }
    }

    /// Checks a new window of a suggestion like that of a new clip.
    async fn move_suggestion(
        &self,
        channel: &ChannelId,
        start: DateTime<Utc>,
        end: DateTime<Utc>,
        now: DateTime<Utc>,
    ) -> Result<Option<NewWindow>, Problem> {
        let window = Window::new(start, end).map_err(|error| invalid_window("end", &error))?;
        let channel = self.find_channel(channel)?;
        let resolved = ResolvedWindow::resolve(&self.live, channel, window, now).await?;
        Ok(Some(NewWindow::Ahead(resolved.window)))
    }

    fn find_channel(&self, channel: &ChannelId) -> Result<&Channel, Problem> {
        self.channels.find(channel).ok_or_else(|| {
            let detail = format!("Channel {channel} is no longer configured.");
            Problem::for_field(ProblemKind::WindowUnavailable, "end", detail)
        })
    }

    /// Checks a new end of a scheduled clip like that of a new clip.
    async fn move_end(
        &self,
        channel: &ChannelId,
        requested: Window,
        end: DateTime<Utc>,
        now: DateTime<Utc>,
    ) -> Result<Option<NewWindow>, Problem> {
        let window = requested.with_end(end).map_err(|error| invalid_window("end", &error))?;
        let channel = self.find_channel(channel)?;
        let resolved = ResolvedWindow::resolve(&self.live, channel, window, now).await;
        let ResolvedWindow { window, actual, has_aired } =
            resolved.map_err(|problem| Problem { field: Some("end".to_owned()), ..problem })?;
        Ok(Some(if has_aired {
            NewWindow::Aired { window, actual }
        } else {
            NewWindow::Ahead(window)
        }))
    }
}

/// Checks `If-Match` against the editable fields of the clip.
fn check_not_edited(request: &Request, clip: &Clip) -> Result<(), Problem> {
    match request.matches_edit_digest(&edit_digest(clip)) {
        Some(true) => Ok(()),
        Some(false) => {
            let detail = "The clip has been edited since. Get it again, then repeat the edit.";
            Err(Problem::for_field(ProblemKind::PreconditionFailed, "If-Match", detail))
        }
        None => {
            let detail = "Send If-Match with the ETag of the clip, so that no other edit is \
                          overwritten.";
            Err(Problem::for_field(ProblemKind::PreconditionRequired, "If-Match", detail))
        }
    }
}

/// Whether the clip was asked to start and to end at these times. An absent time is not compared.
fn has_window(clip: &Clip, start: Option<DateTime<Utc>>, end: Option<DateTime<Utc>>) -> bool {
    match clip.wanted_window() {
        Some(wanted) => {
            let start = start.unwrap_or(wanted.exact_start());
            let end = end.unwrap_or(wanted.exact_end());
            Window::new(start, end) == Ok(wanted)
        }
        None => start.is_none() && end.is_none(),
    }
}

fn window_fixed(clip: &Clip, field: &str) -> Problem {
    let status = clip.status.as_str();
    let detail = match &clip.source {
        Source::Live { .. } => format!(
            "This clip is {status}. The end of a clip can change while it is scheduled, and its \
             start and end while it is suggested or ready."
        ),
        Source::Reel(_) => {
            "This clip is a reel. Make another reel instead of moving its start or its end."
                .to_owned()
        }
        Source::Upload(_) => {
            "This is a clip of a file. Only a clip of a live stream has a start and an end."
                .to_owned()
        }
    };
    Problem::for_field(ProblemKind::NotScheduled, field, detail)
}

impl EditRequest {
    /// Parses the body, a JSON merge patch: a field that is absent keeps its value, and `null`
    /// removes it. <https://www.rfc-editor.org/rfc/rfc7396>
    pub fn parse(body: &[u8], now: DateTime<Utc>) -> Result<Self, Problem> {
        let known = [
            "title",
            "description",
            "tags",
            "expiresAt",
            "listed",
            "publishAt",
            "posterAt",
            "start",
            "end",
        ];
        let fields = Fields::parse(body, &known)?;
        let description = fields.description()?;
        description.check_expiry(now)?;
        for name in ["start", "end"] {
            if fields.contains(name) && fields.get(name).is_none() {
                let detail = "A clip cannot be without a start and an end. Give a time.";
                return Err(Problem::invalid_field(name, detail));
            }
        }
        let poster_at = fields.time("posterAt")?.map(floor_millisecond);
        let edit = Edit {
            title: fields.contains("title").then_some(description.title),
            description: fields.contains("description").then_some(description.description),
            tags: fields.contains("tags").then_some(description.tags),
            expires_at: fields.contains("expiresAt").then_some(description.expires_at),
            listed: fields.contains("listed").then_some(description.listed),
            publish_at: fields.contains("publishAt").then_some(description.publish_at),
            poster_at: fields.contains("posterAt").then_some(poster_at),
            window: None,
        };
        Ok(Self { edit, start: fields.time("start")?, end: fields.time("end")? })
    }

    /// Whether the clip already has the requested values.
    fn is_applied_to(&self, clip: &Clip, now: DateTime<Utc>) -> bool {
        let edited = Trigger::Edited(self.edit.clone());
        has_window(clip, self.start, self.end)
            && apply_trigger(clip, clip.attempt, edited, now).is_none()
    }
}

#[cfg(test)]
mod tests {
    use chrono::TimeDelta;

    use super::*;

    #[test]
    fn an_absent_field_keeps_its_value_and_null_removes_it() {
        let now = DateTime::UNIX_EPOCH + TimeDelta::days(1);
        let parse = |body: &str| EditRequest::parse(body.as_bytes(), now);
        let check = |body: &str, edit: Edit| {
            assert_eq!(parse(body), Ok(EditRequest { edit, ..EditRequest::default() }), "{body}");
        };
        check("", Edit::default());
        check("{}", Edit::default());
        check(r#"{"title":"a"}"#, Edit { title: Some("a".to_owned()), ..Edit::default() });
        check(r#"{"title":null}"#, Edit { title: Some(String::new()), ..Edit::default() });
        check(r#"{"tags":null}"#, Edit { tags: Some(Vec::new()), ..Edit::default() });
        check(r#"{"expiresAt":null}"#, Edit { expires_at: Some(None), ..Edit::default() });
        let later = now + TimeDelta::seconds(1);
        check(r#"{"expiresAt":86401}"#, Edit { expires_at: Some(Some(later)), ..Edit::default() });
        check(r#"{"listed":false}"#, Edit { listed: Some(false), ..Edit::default() });
        check(r#"{"listed":null}"#, Edit { listed: Some(true), ..Edit::default() });
        check(r#"{"publishAt":86401}"#, Edit { publish_at: Some(Some(later)), ..Edit::default() });
        check(r#"{"posterAt":86401}"#, Edit { poster_at: Some(Some(later)), ..Edit::default() });
        check(r#"{"posterAt":null}"#, Edit { poster_at: Some(None), ..Edit::default() });
        check(r#"{"publishAt":null}"#, Edit { publish_at: Some(None), ..Edit::default() });
        let end = EditRequest { end: Some(later), ..EditRequest::default() };
        assert_eq!(parse(r#"{"end":86401}"#), Ok(end));
        let start = EditRequest { start: Some(later), ..EditRequest::default() };
        assert_eq!(parse(r#"{"start":86401}"#), Ok(start));
        for (body, field) in [
            (r#"{"expiresAt":86400}"#, "expiresAt"),
            (r#"{"competition":"a"}"#, "competition"),
            (r#"{"tags":"a"}"#, "tags"),
            (r#"{"listed":"no"}"#, "listed"),
            (r#"{"publishAt":"soon"}"#, "publishAt"),
            (r#"{"start":null}"#, "start"),
            (r#"{"end":null}"#, "end"),
        ] {
            let problem = parse(body).unwrap_err();
            assert_eq!(problem.field.as_deref(), Some(field), "{body}");
        }
    }
}
