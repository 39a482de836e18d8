//! Lists: what a page costs, however large the library is.

use std::path::Path;

use chrono::{DateTime, TimeDelta};
use matchcut::clip::{CompetitionId, Status, Window};
use serde_json::Value;

use crate::api::Api;
use crate::error::BenchError;
use crate::rows;
use crate::stack::{Background, Service};
use crate::table::Table;
use crate::timings::Timings;

const SIZES: [usize; 3] = [10, 1_000, 10_000];
const PAGE: usize = 50;
const READS: usize = 500;

/// A page of a competition, and how long it took each time.
#[derive(Debug)]
struct List {
    what: String,
    competition: CompetitionId,
    cursor: Option<String>,
    pages: Timings,
}

/// Reads pages of competitions of every size in turn, so that all meet the same conditions.
pub(crate) async fn measure(table: &mut Table, folder: &Path) -> Result<(), BenchError> {
    let service = &Service::start(Background::Still, folder).await?;
    let mut lists = Vec::new();
    for size in SIZES {
        let competition = fill(service, size).await?;
        let all = if size < PAGE { ", all on it" } else { "" };
        let what = format!("  of {size} clips{all}");
        lists.push(List { what, competition, cursor: None, pages: Timings::default() });
    }
    if let Some(List { what, competition, .. }) = lists.last() {
        let cursor = Some(middle(&service.api, competition, SIZES[2] / 2).await?);
        let what = format!("{what}, from the middle by cursor");
        let competition = competition.clone();
        lists.push(List { what, competition, cursor, pages: Timings::default() });
    }
    for _ in 0..READS {
        for List { competition, cursor, pages, .. } in &mut lists {
            let query: Vec<_> = cursor.iter().map(|cursor| ("cursor", cursor.as_str())).collect();
            pages.add(service.api.page(competition.as_str(), &query).await?.1);
        }
    }

    table.heading(format!("a page of {PAGE} ready clips over HTTP, newest first, {READS} times"));
    for List { what, pages, .. } in &lists {
        table.add(what, pages, "");
    }
    if let [_, small, large, _] = &lists[..] {
        let [small, large] = [small, large].map(|list| list.pages.median().as_secs_f64());
        let what = "  p50 of 10000 clips : p50 of 1000 clips";
        table.add(what, format!("{:.2}", large / small), "1, whatever the size");
    }
    Ok(())
}

/// Writes a competition of so many ready clips: one every half a minute.
async fn fill(service: &Service, size: usize) -> Result<CompetitionId, BenchError> {
    let competition = format!("bench-{size}").parse()?;
    let mut start = DateTime::UNIX_EPOCH + TimeDelta::seconds(1_580_736_600);
    for _ in 0..size {
        let window = Window::new(start, start + TimeDelta::seconds(10))?;
        rows::write(&service.library, &competition, window, Status::Ready).await?;
        start += TimeDelta::seconds(30);
    }
    Ok(competition)
}

/// The cursor behind so many clips, found as an app finds it.
async fn middle(
    api: &Api,
    competition: &CompetitionId,
    clips: usize,
) -> Result<String, BenchError> {
    const LARGEST_PAGE: usize = 100;
    let mut cursor = String::new();
    for _ in 0..clips / LARGEST_PAGE {
        let mut query = vec![("limit", "100")];
        if !cursor.is_empty() {
            query.push(("cursor", &cursor));
        }
        let (page, _) = api.page(competition.as_str(), &query).await?;
        let next = page.get("next").and_then(Value::as_str);
        let next = next.ok_or_else(|| BenchError::unexpected("a page without next", &page))?;
        next.clone_into(&mut cursor);
    }
    Ok(cursor)
}
