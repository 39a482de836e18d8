//! Measures rules: the time from a mark to its suggestion, and to its clip.

use std::collections::HashMap;
use std::path::Path;
use std::time::{Duration, Instant};

use chrono::TimeDelta;
use serde_json::{Value, json};
use tokio::time::{interval, timeout};

use crate::error::BenchError;
use crate::stack::{Background, RECORDING_START, Service};
use crate::table::Table;
use crate::timings::Timings;

/// 10,000 marks an hour.
const MARK_INTERVAL: Duration = Duration::from_millis(360);
const MARKS: usize = 400;
/// Each second mark matches the rule, and makes a suggestion of its own.
const MARKS_PER_GOAL: usize = 2;
/// The time between two goals on the stream's clock, in seconds: their clips do not touch.
const SECONDS_PER_GOAL: usize = 10;
/// Marks of which a rule makes clips at once, one after the other.
const CLIPS: usize = 20;
const CLIP_INTERVAL: Duration = Duration::from_secs(2);
/// How often the feed of changes is read.
const POLL_INTERVAL: Duration = Duration::from_millis(20);
const TIMEOUT: Duration = Duration::from_mins(2);

/// When each clip was first seen in the feed, by its title.
type Seen = HashMap<String, Instant>;

pub(crate) async fn measure(table: &mut Table, folder: &Path) -> Result<(), BenchError> {
    let service = &Service::start(Background::Normal, folder).await?;
    table.add_heading("Rules: from the request for a mark to its clip in the feed of changes");
    let suggest = json!({ "name": "Suggest", "labels": ["goal"], "competition": "suggestions" });
    create_rule(service, suggest).await?;
    let make =
        json!({ "name": "Make", "labels": ["finish"], "competition": "clips", "mode": "clip" });
    create_rule(service, make).await?;

    let goal = |number: usize| match number % MARKS_PER_GOAL {
        0 => mark("goal", number, number / MARKS_PER_GOAL * SECONDS_PER_GOAL),
        _ => mark("pass", number, number),
    };
    let goals = MARKS / MARKS_PER_GOAL;
    let timings =
        send_and_follow(service, "suggestions", "suggested", (MARKS, goals), MARK_INTERVAL, goal);
    table.add(
        format!("  suggestion, {goals} of {MARKS} marks at 10,000 an hour"),
        timings.await?,
        "",
    );

    let finish = |number| mark("finish", number, 5 + number);
    let ready = send_and_follow(service, "clips", "ready", (CLIPS, CLIPS), CLIP_INTERVAL, finish);
    table.add(format!("  ready clip in the mode clip, {CLIPS} marks"), ready.await?, "");
    Ok(())
}

async fn create_rule(service: &Service, mut rule: Value) -> Result<(), BenchError> {
    rule["beforeSeconds"] = json!(4);
    rule["afterSeconds"] = json!(4);
    rule["title"] = json!("{tags.number}");
    rule["merge"] = json!(false);
    service.api.create("/rules", &rule).await.map(drop)
}

fn mark(label: &str, number: usize, second: usize) -> Value {
    let at = RECORDING_START + TimeDelta::seconds(i64::try_from(second).unwrap_or_default());
    json!({ "at": at, "label": label, "tags": { "number": number.to_string() } })
}

/// Sends marks at an interval. Returns the time from each request until the clip of the mark has the
/// status in the feed.
async fn send_and_follow(
    service: &Service,
    competition: &str,
    status: &str,
    (marks, clips): (usize, usize),
    pause: Duration,
    mark: impl Fn(usize) -> Value,
) -> Result<Timings, BenchError> {
    let requests = async {
        let mut times = HashMap::new();
        let mut ticks = interval(pause);
        for number in 0..marks {
            ticks.tick().await;
            times.insert(number.to_string(), Instant::now());
            service.api.create("/channels/main/marks", &mark(number)).await?;
        }
        Ok::<_, BenchError>(times)
    };
    let limit = TIMEOUT + pause * u32::try_from(marks).unwrap_or(u32::MAX);
    let follow = timeout(limit, follow(service, competition, status, clips));
    let (times, seen) = tokio::join!(requests, follow);
    let (times, seen) =
        (times?, seen.map_err(|_| BenchError::Timeout { what: "a clip of a rule" })??);
    let mut timings = Timings::default();
    for (title, seen) in seen {
        timings.add(times.get(&title).map_or(Duration::ZERO, |time| seen - *time));
    }
    Ok(timings)
}

/// Follows the feed until it has shown so many clips with a status.
async fn follow(
    service: &Service,
    competition: &str,
    status: &str,
    clips: usize,
) -> Result<Seen, BenchError> {
    let mut seen = Seen::new();
    let mut cursor: Option<String> = None;
    let mut ticks = interval(POLL_INTERVAL);
    while seen.len() < clips {
        ticks.tick().await;
        let page = service.api.list_changes(competition, cursor.as_deref()).await?;
        for clip in page["clips"].as_array().into_iter().flatten() {
            if clip["status"] == status {
                let title = clip["meta"]["title"].as_str().unwrap_or_default().to_owned();
                seen.entry(title).or_insert_with(Instant::now);
            }
        }
        cursor = page["cursor"].as_str().map(str::to_owned);
    }
    Ok(seen)
}
