//! Measures `GET` of a page of clips in libraries of different sizes.

use std::path::Path;
use std::time::Duration;

use chrono::TimeDelta;
use matchcut::clip::{CompetitionId, Status, Window};
use serde_json::Value;

use crate::api::Api;
use crate::error::BenchError;
use crate::rows;
use crate::stack::{Background, RECORDING_START, Service};
use crate::table::Table;
use crate::timings::Timings;

const SIZES: [usize; 3] = [10, 1_000, 100_000];
/// The default number of clips on a page.
const PAGE_SIZE: usize = 50;
const MAX_PAGE_SIZE: usize = 100;
const READS: usize = 500;
/// The pause between two reads, which stays below the throttle of lists.
const READ_INTERVAL: Duration = Duration::from_millis(6);

/// A page of one competition, and how long each read of it took.
#[derive(Debug)]
struct Page {
    label: String,
    competition: CompetitionId,
    cursor: Option<String>,
    reads: Timings,
}

/// Reads pages of all competitions in turn, so that each size is measured under the same load.
pub(crate) async fn measure(table: &mut Table, folder: &Path) -> Result<(), BenchError> {
    let service = &Service::start(Background::Off, folder).await?;
    let mut pages = Vec::new();
    for size in SIZES {
        let competition = write_competition(service, size).await?;
        let all = if size < PAGE_SIZE { ", all on one page" } else { "" };
        let label = format!("  of {size} clips{all}");
        pages.push(Page { label, competition, cursor: None, reads: Timings::default() });
    }
    if let Some(Page { label, competition, .. }) = pages.last() {
        let cursor = Some(find_cursor(&service.api, competition, SIZES[2] / 2).await?);
        let label = format!("{label}, from a cursor in the middle");
        let competition = competition.clone();
        pages.push(Page { label, competition, cursor, reads: Timings::default() });
    }
    let mut pace = tokio::time::interval(READ_INTERVAL);
    for _ in 0..READS {
        for Page { competition, cursor, reads, .. } in &mut pages {
            pace.tick().await;
            let query: Vec<_> = cursor.iter().map(|cursor| ("cursor", cursor.as_str())).collect();
            let (_, duration) = service.api.list_clips(competition.as_str(), &query).await?;
            reads.add(duration);
        }
    }

    table.add_heading(format!(
        "a page of {PAGE_SIZE} ready clips over HTTP, newest first, {READS} reads"
    ));
    for Page { label, reads, .. } in &pages {
        table.add(label, reads, "");
    }
    if let [_, small, large, _] = &pages[..] {
        let [small, large] = [small, large].map(|page| page.reads.median().as_secs_f64());
        let label = "  p50 of 100000 clips to p50 of 1000 clips";
        table.add(label, format!("ratio {:.2}", large / small), "1 for any library size");
    }
    Ok(())
}

/// Writes a competition with `size` ready clips, which start 30 s apart.
async fn write_competition(service: &Service, size: usize) -> Result<CompetitionId, BenchError> {
    let competition = format!("bench-{size}").parse()?;
    let mut start = RECORDING_START;
    let mut clips = Vec::new();
    for _ in 0..size {
        let window = Window::new(start, start + TimeDelta::seconds(10))?;
        clips.push(rows::make_clip(&competition, window, Status::Ready));
        start += TimeDelta::seconds(30);
    }
    rows::write_clips(service, &clips).await?;
    Ok(competition)
}

/// Reads pages as an app does, until `clips` clips are read. Returns the next cursor.
async fn find_cursor(
    api: &Api,
    competition: &CompetitionId,
    clips: usize,
) -> Result<String, BenchError> {
    let limit = MAX_PAGE_SIZE.to_string();
    let mut cursor = String::new();
    let mut reads = tokio::time::interval(READ_INTERVAL);
    for _ in 0..clips / MAX_PAGE_SIZE {
        reads.tick().await;
        let mut query = vec![("limit", limit.as_str())];
        if !cursor.is_empty() {
            query.push(("cursor", &cursor));
        }
        let (page, _) = api.list_clips(competition.as_str(), &query).await?;
        let next = page.get("next").and_then(Value::as_str);
        let next = next.ok_or_else(|| BenchError::unexpected("page without next", &page))?;
        next.clone_into(&mut cursor);
    }
    Ok(cursor)
}
