//! Measures lists of libraries of different sizes: time and read units of a page, and whether a large
//! library can be paged through and played.

use std::collections::BTreeSet;
use std::path::Path;
use std::time::Duration;

use aws_sdk_dynamodb::types::{AttributeValue, ReturnConsumedCapacity, Select};
use chrono::TimeDelta;
use matchcut::clip::{CompetitionId, Status, Window};
use matchcut::library::{ACTIVE_INDEX, ACTIVE_PARTITION};
use serde_json::Value;

use crate::api::Api;
use crate::error::BenchError;
use crate::harvest::{self, with_timeout};
use crate::rows;
use crate::stack::{Background, RECORDING_START, Service, make_window};
use crate::table::Table;
use crate::timings::{Timings, format_milliseconds};

const SIZES: [usize; 3] = [10, 1_000, LARGE];
const LARGE: usize = 100_000;
/// The default number of clips on a page.
const PAGE_SIZE: usize = 50;
const MAX_PAGE_SIZE: usize = 100;
const READS: usize = 500;
/// The pause between two reads, which stays below the throttle of lists.
const READ_INTERVAL: Duration = Duration::from_millis(6);
const POLL_INTERVAL: Duration = Duration::from_millis(200);

/// A large competition, read from start to end.
#[derive(Debug, Default)]
struct WholeList {
    clips: BTreeSet<String>,
    /// The cursor of the page in the middle.
    middle: String,
    duration: Duration,
}

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
    let service = &Service::start(Background::WithoutPollers, folder).await?;
    let mut pages = Vec::new();
    let mut units = Vec::new();
    for size in SIZES {
        eprintln!("writing a library of {size} clips");
        let competition = write_competition(service, size).await?;
        units.push(measure_read_units(service, &competition).await?);
        let all = if size < PAGE_SIZE { ", all on one page" } else { "" };
        let label = format!("  of {size} clips{all}");
        pages.push(Page { label, competition, cursor: None, reads: Timings::default() });
    }
    let large = format!("bench-{LARGE}").parse()?;
    let clip = play_new_clip(service, &large).await?;
    let list = read_whole_list(&service.api, &large, LARGE / 2).await?;
    pages.push(Page {
        label: format!("  of {LARGE} clips, from a cursor in the middle"),
        competition: large,
        cursor: Some(list.middle),
        reads: Timings::default(),
    });
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
        let label = format!("  p50 of {LARGE} clips to p50 of 1000 clips");
        table.add(label, format!("ratio {:.2}", large / small), "1 for any library size");
    }
    for (size, units) in SIZES.into_iter().zip(units) {
        let label = format!("  read units of a page of {size} clips");
        table.add(label, format!("{units:.1}"), "3 for any library size");
    }
    let label = format!("  clips on all pages of {LARGE} clips and a new one, each once");
    let duration = format_milliseconds(list.duration);
    table.add(label, format!("{} in {duration}", list.clips.len()), "");
    let is_listed = list.clips.contains(&clip);
    let label = format!("  a new clip among {LARGE} is on a page, and plays");
    table.add(label, if is_listed { "yes" } else { "no" }, "yes");
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

/// The read units of the query of a page, as DynamoDB returns them.
async fn measure_read_units(
    service: &Service,
    competition: &CompetitionId,
) -> Result<f64, BenchError> {
    let query = aws_sdk_dynamodb::Client::new(&service.stack.sdk)
        .query()
        .table_name(service.stack.variables.required("CLIPS_TABLE")?)
        .index_name(ACTIVE_INDEX)
        .key_condition_expression("#competition = :competition")
        .expression_attribute_names("#competition", ACTIVE_PARTITION)
        .expression_attribute_values(":competition", AttributeValue::S(competition.to_string()))
        .select(Select::AllProjectedAttributes)
        .scan_index_forward(false)
        // One more clip than the page has: it decides whether there is a next page.
        .limit(i32::try_from(PAGE_SIZE + 1).unwrap_or(i32::MAX))
        .return_consumed_capacity(ReturnConsumedCapacity::Total);
    let read = query.send().await.map_err(|error| BenchError::DynamoDb(Box::new(error.into())))?;
    Ok(read.consumed_capacity.and_then(|capacity| capacity.capacity_units).unwrap_or_default())
}

/// Cuts a clip in a competition, waits until it is listed, and plays it. Returns its id.
async fn play_new_clip(
    service: &Service,
    competition: &CompetitionId,
) -> Result<String, BenchError> {
    let (clip, _) = harvest::create_clip(service, competition, make_window(0)?).await?;
    let listed = with_timeout("a listed clip", async {
        loop {
            // The clip starts with the recording, as the oldest does.
            let query = [("order", "oldest")];
            let (page, _) = service.api.list_clips(competition.as_str(), &query).await?;
            let mut clips = page["clips"].as_array().into_iter().flatten();
            if let Some(found) = clips.find(|listed| listed["clip"] == clip["clip"]) {
                return Ok(found.clone());
            }
            tokio::time::sleep(POLL_INTERVAL).await;
        }
    })
    .await?;
    let manifest = listed["manifests"]["hls"].as_str().unwrap_or_default();
    if !service.api.has_endlist(manifest).await? {
        return Err(BenchError::unexpected("clip that does not play", &listed));
    }
    Ok(listed["clip"].as_str().unwrap_or_default().to_owned())
}

/// Reads all pages as an app does. `middle` clips are before the cursor in the middle.
async fn read_whole_list(
    api: &Api,
    competition: &CompetitionId,
    middle: usize,
) -> Result<WholeList, BenchError> {
    let limit = MAX_PAGE_SIZE.to_string();
    let mut list = WholeList::default();
    let mut cursor = String::new();
    let mut reads = tokio::time::interval(READ_INTERVAL);
    loop {
        reads.tick().await;
        let mut query = vec![("limit", limit.as_str())];
        if !cursor.is_empty() {
            query.push(("cursor", &cursor));
        }
        let (page, duration) = api.list_clips(competition.as_str(), &query).await?;
        list.duration += duration;
        for clip in page["clips"].as_array().into_iter().flatten() {
            let id = clip["clip"].as_str().unwrap_or_default();
            if !list.clips.insert(id.to_owned()) {
                return Err(BenchError::unexpected("clip that is listed twice", clip));
            }
        }
        let Some(next) = page.get("next").and_then(Value::as_str) else { return Ok(list) };
        next.clone_into(&mut cursor);
        if list.clips.len() == middle {
            list.middle.clone_from(&cursor);
        }
    }
}
