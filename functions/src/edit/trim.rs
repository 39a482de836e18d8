//! Checks the times of an edit: the start and the end of a ready clip, and the frame of its poster.

use chrono::{DateTime, TimeDelta, Utc};

use crate::api::{Problem, ProblemKind};
use crate::clip::{Attempt, Clip, Window, floor_millisecond, format_utc};

/// Shortest clip after a trim.
const MIN_LENGTH: TimeDelta = TimeDelta::seconds(1);

/// The window with a new start and a new end. An end that is absent stays where it is. Returns `None` if
/// the clip has this window already.
pub(super) fn find_trimmed_window(
    clip: &Clip,
    start: Option<DateTime<Utc>>,
    end: Option<DateTime<Utc>>,
) -> Result<Option<Window>, Problem> {
    let invalid = |detail: &str| {
        let field = if end.is_some() { "end" } else { "start" };
        Problem::for_field(ProblemKind::InvalidWindow, field, detail)
    };
    let Some(wanted) = clip.wanted_window() else { return Ok(None) };
    let start = start.unwrap_or(wanted.exact_start());
    let window = Window::new(start, end.unwrap_or(wanted.exact_end()))
        .map_err(|_| invalid("The clip ends at or before its start. Give a later end."))?;
    if window.exact_end() - window.exact_start() < MIN_LENGTH {
        let detail = format!("A clip is at least {} s long.", MIN_LENGTH.num_seconds());
        return Err(invalid(&detail));
    }
    Ok(Some(window).filter(|window| *window != wanted || clip.has_failed_exact_job()))
}

/// Checks whether a window lies within the harvested media of a clip.
pub(super) fn check_within_media(clip: &Clip, window: Window) -> Result<(), Problem> {
    let can_be_made = clip.last_attempt().number < Attempt::MAX;
    let harvested = clip.harvested_media().filter(|_| can_be_made).map(|it| it.bounds);
    let Some(actual) = harvested.or(clip.actual) else {
        let detail = "The start and the end of the clip's media are unknown, because the live \
                      manifest could not be read when the clip was cut.";
        return Err(Problem::new(ProblemKind::MediaUnknown, detail));
    };
    let field = if window.exact_start() < floor_millisecond(actual.start) {
        "start"
    } else if window.exact_end() > actual.end {
        "end"
    } else {
        return Ok(());
    };
    let detail = format!(
        "The media of this clip reaches from {} to {}.",
        format_utc(actual.start),
        format_utc(actual.end)
    );
    Err(Problem::for_field(ProblemKind::WindowOutsideMedia, field, detail))
}

/// Checks whether a clip shows the time of a poster.
pub(super) fn check_poster(clip: &Clip, time: DateTime<Utc>) -> Result<(), Problem> {
    let Some(shown) = clip.shown_bounds() else {
        let detail = "The start and the end of the clip's media are not known. Send the request again \
                      when the clip is ready.";
        return Err(Problem::for_field(ProblemKind::MediaUnknown, "posterAt", detail));
    };
    if (floor_millisecond(shown.start)..shown.end).contains(&time) {
        return Ok(());
    }
    let detail = format!(
        "This clip shows {} to {}. Give a time within it.",
        format_utc(shown.start),
        format_utc(shown.end)
    );
    Err(Problem::for_field(ProblemKind::WindowOutsideMedia, "posterAt", detail))
}
