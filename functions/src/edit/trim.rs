//! Moves the start and the end of a ready clip of a live stream within its media.

use chrono::{DateTime, TimeDelta, Utc};

use crate::api::{Problem, ProblemKind};
use crate::clip::{Bounds, Clip, NewWindow, Window, floor_millisecond, format_utc};

/// Shortest clip after a trim.
const MIN_LENGTH: TimeDelta = TimeDelta::seconds(1);

/// Checks a new start and a new end against the media of the clip. An end that is absent stays where it
/// is. Returns `None` if the clip has this window already.
pub(super) fn trim(
    clip: &Clip,
    requested: Window,
    start: Option<DateTime<Utc>>,
    end: Option<DateTime<Utc>>,
) -> Result<Option<NewWindow>, Problem> {
    let invalid = |detail: &str| {
        let field = if end.is_some() { "end" } else { "start" };
        Problem::for_field(ProblemKind::InvalidWindow, field, detail)
    };
    let (start, end) =
        (start.unwrap_or(requested.exact_start()), end.unwrap_or(requested.exact_end()));
    let window = Window::new(start, end)
        .map_err(|_| invalid("The clip ends at or before its start. Give a later end."))?;
    if window == requested {
        return Ok(None);
    }
    let actual = clip.actual.ok_or_else(bounds_unknown)?;
    if window.exact_start() < floor_millisecond(actual.start) {
        return Err(outside("start", &actual));
    }
    if window.exact_end() > actual.end {
        return Err(outside("end", &actual));
    }
    if window.exact_end() - window.exact_start() < MIN_LENGTH {
        let detail = format!("A clip is at least {} s long.", MIN_LENGTH.num_seconds());
        return Err(invalid(&detail));
    }
    Ok(Some(NewWindow::Trimmed(window)))
}

fn outside(field: &str, actual: &Bounds) -> Problem {
    let detail = format!(
        "The media of this clip reaches from {} to {}. Give a start and an end within it, or cut a \
         new clip.",
        format_utc(actual.start),
        format_utc(actual.end)
    );
    Problem::for_field(ProblemKind::WindowOutsideMedia, field, detail)
}

fn bounds_unknown() -> Problem {
    let detail = "The start and the end of the clip's media are unknown, because the live manifest \
                  could not be read when the clip was cut. Cut the clip again.";
    Problem::new(ProblemKind::MediaUnknown, detail)
}
