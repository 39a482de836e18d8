//! Selects the clips of a reel by their tags.

use std::collections::BTreeSet;

use futures_util::future::try_join_all;
use serde::Deserialize;
use serde_json::Value;

use crate::api::{Fields, Problem, ProblemKind, parse_whole_number};
use crate::clip::{Clip, ClipId, ClipKey, CompetitionId, MAX_PARTS, ReelPart, Source};
use crate::library::{Cursor, Library, LibraryError, Order, PageRequest};

/// Which clips a reel has: those that viewers' lists show, in their order, as long as they fit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Selection {
    /// A clip must have all of them. There is at least one.
    tags: Vec<String>,
    order: Order,
    max_seconds: u32,
}

const FIELDS: &[&str] = &["tags", "order", "maxSeconds"];
/// The longest reel of a selection, in seconds.
const MAX_SECONDS: u64 = 600;
/// The most clips of a page. A page with a tag reads as many rows at most.
const PAGE_LIMIT: usize = 100;

/// What a selection needs to know of a clip of a list.
#[derive(Debug, Deserialize)]
struct Listed {
    clip: ClipId,
    source: String,
    meta: Meta,
}

#[derive(Debug, Deserialize)]
struct Meta {
    tags: BTreeSet<String>,
}

impl Selection {
    /// Parses the field `select`.
    pub(super) fn parse(value: &Value) -> Result<Self, Problem> {
        if !value.is_object() {
            let detail = "This must be an object with tags and maxSeconds.";
            return Err(Problem::invalid_field("select", detail));
        }
        Self::parse_fields(value.to_string().as_bytes()).map_err(|problem| {
            let field = problem.field.map(|field| format!("select.{field}"));
            Problem { field, ..problem }
        })
    }

    fn parse_fields(body: &[u8]) -> Result<Self, Problem> {
        let fields = Fields::parse(body, FIELDS)?;
        let tags = fields.tags()?;
        if tags.is_empty() {
            return Err(Problem::invalid_field("tags", "Give at least one tag."));
        }
        let order = match fields.get("order").map(Value::as_str) {
            None | Some(Some("oldest")) => Order::OldestFirst,
            Some(Some("newest")) => Order::NewestFirst,
            Some(_) => {
                return Err(Problem::invalid_field("order", "This must be oldest or newest."));
            }
        };
        let max_seconds = fields.get("maxSeconds").and_then(parse_whole_number);
        let max_seconds = max_seconds.filter(|seconds| (1..=MAX_SECONDS).contains(seconds));
        let max_seconds = max_seconds.and_then(|seconds| u32::try_from(seconds).ok());
        let max_seconds = max_seconds.ok_or_else(|| {
            let detail = format!("This must be a whole number from 1 to {MAX_SECONDS}.");
            Problem::invalid_field("maxSeconds", detail)
        })?;
        Ok(Self { tags, order, max_seconds })
    }

    /// Finds the parts of the reel. The first clip that does not fit ends the selection.
    pub(super) async fn find_parts(
        &self,
        library: &Library,
        competition: &CompetitionId,
    ) -> Result<Vec<ReelPart>, Problem> {
        let (mut parts, mut cursor) = (Vec::new(), None);
        loop {
            let (clips, next) = self.read_page(library, competition, cursor).await?;
            let found = clips.iter().filter_map(ReelPart::from_clip);
            if self.append(found, &mut parts) || next.is_none() {
                break;
            }
            cursor = next;
        }
        if parts.is_empty() {
            let detail = format!(
                "Competition {competition} has no ready and listed clip with these tags that fits \
                 into {} s. Give other tags, or more seconds.",
                self.max_seconds
            );
            return Err(Problem::for_field(ProblemKind::NothingSelected, "select", detail));
        }
        Ok(parts)
    }

    /// Reads the rows of the clips of a page that have all tags. Lists lag behind their rows.
    async fn read_page(
        &self,
        library: &Library,
        competition: &CompetitionId,
        cursor: Option<Cursor>,
    ) -> Result<(Vec<Clip>, Option<Cursor>), LibraryError> {
        let request = PageRequest {
            competition: competition.clone(),
            order: self.order,
            from: None,
            to: None,
            tag: self.tags.first().cloned(),
            limit: PAGE_LIMIT,
            cursor,
        };
        let page = library.read_page(&request).await?;
        let listed = page.clips.iter().filter_map(|clip| serde_json::from_str(clip.json()).ok());
        let wanted = listed.filter(|it: &Listed| it.source != "reel" && self.fits(&it.meta.tags));
        let find = async |it: Listed| {
            library.find(&ClipKey { competition: competition.clone(), clip: it.clip }).await
        };
        let found = try_join_all(wanted.map(find)).await?.into_iter().flatten();
        Ok((found.filter(|clip| self.is_selected(clip)).collect(), page.next))
    }

    fn is_selected(&self, clip: &Clip) -> bool {
        let tags = clip.tags.iter().cloned().collect();
        clip.is_active() && !matches!(clip.source, Source::Reel(_)) && self.fits(&tags)
    }

    fn fits(&self, tags: &BTreeSet<String>) -> bool {
        self.tags.iter().all(|tag| tags.contains(tag))
    }

    /// Appends parts as long as they fit. Returns whether the reel takes no more.
    fn append(&self, found: impl Iterator<Item = ReelPart>, parts: &mut Vec<ReelPart>) -> bool {
        let mut seconds: f64 = parts.iter().map(|part| part.shown.duration_seconds).sum();
        for part in found {
            seconds += part.shown.duration_seconds;
            if seconds > f64::from(self.max_seconds) || parts.len() == MAX_PARTS {
                return true;
            }
            parts.push(part);
        }
        false
    }
}

#[cfg(test)]
mod tests {
    use chrono::DateTime;
    use serde_json::json;

    use super::*;
    use crate::clip::Bounds;

    fn selection(max_seconds: u32) -> Selection {
        let body = json!({ "tags": ["final"], "maxSeconds": max_seconds });
        Selection::parse(&body).unwrap()
    }

    fn part(seconds: f64) -> ReelPart {
        let bounds = Bounds::lasting(DateTime::from_timestamp(1_580_736_658, 0).unwrap(), seconds);
        let clip = "20200203133058_20200203133258_k7Qx2f".parse().unwrap();
        ReelPart { clip, attempt: 1, media: bounds, shown: bounds, channel: None }
    }

    #[test]
    fn the_first_clip_that_does_not_fit_ends_the_selection() {
        let check = |max_seconds, seconds: &[f64], expected: usize, is_full: bool| {
            let mut parts = Vec::new();
            let found = seconds.iter().map(|seconds| part(*seconds));
            let ended = selection(max_seconds).append(found, &mut parts);
            assert_eq!((parts.len(), ended), (expected, is_full), "{seconds:?} in {max_seconds} s");
        };
        check(30, &[10.0, 20.0], 2, false);
        check(30, &[10.0, 20.04, 5.0], 1, true);
        check(30, &[31.0, 5.0], 0, true);
        check(600, &[1.0; MAX_PARTS], MAX_PARTS, false);
        check(600, &[1.0; MAX_PARTS + 1], MAX_PARTS, true);
        let mut parts = vec![part(20.0)];
        assert!(selection(30).append([part(11.0)].into_iter(), &mut parts));
    }

    #[test]
    fn a_fault_is_named_with_its_field() {
        for (select, field) in [
            (json!("final"), "select"),
            (json!({ "maxSeconds": 90 }), "select.tags"),
            (json!({ "tags": [], "maxSeconds": 90 }), "select.tags"),
            (json!({ "tags": [7], "maxSeconds": 90 }), "select.tags[0]"),
            (json!({ "tags": ["final"] }), "select.maxSeconds"),
            (json!({ "tags": ["final"], "maxSeconds": 601 }), "select.maxSeconds"),
            (json!({ "tags": ["final"], "maxSeconds": 90, "order": "time" }), "select.order"),
            (json!({ "tags": ["final"], "maxSeconds": 90, "limit": 3 }), "select.limit"),
        ] {
            let problem = Selection::parse(&select).unwrap_err();
            assert_eq!(problem.field.as_deref(), Some(field), "{select}");
        }
    }
}
