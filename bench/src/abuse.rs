//! Measures ten operators, alone and beside an anonymous client that sends 1,000 requests a second.

use std::collections::BTreeMap;
use std::path::Path;
use std::time::Duration;

use matchcut::clip::CompetitionId;
use reqwest::{StatusCode, Url};
use tokio::time::{Instant, MissedTickBehavior, interval_at};

use crate::error::BenchError;
use crate::harvest;
use crate::load::Connection;
use crate::stack::{Background, Service, make_window};
use crate::table::Table;
use crate::timings::Timings;

const OPERATORS: u32 = 10;
/// How often the console of an operator asks for changes.
const POLL_INTERVAL: Duration = Duration::from_millis(500);
/// Each operator cuts a clip at every tenth poll.
const POLLS_PER_CUT: usize = 10;
/// How long a harvest job and an asset take at least. They take little of the processor.
const JOB_TIME: Duration = Duration::from_secs(2);
const PERIOD: Duration = Duration::from_secs(30);
/// The abuser's connections. Together they send 1,000 requests a second.
const CONNECTIONS: u32 = 250;
const REQUEST_INTERVAL: Duration = Duration::from_millis(250);

/// What operators waited for.
#[derive(Debug, Default)]
struct Waits {
    polls: Timings,
    cuts: Timings,
}

pub(crate) async fn measure(table: &mut Table, folder: &Path) -> Result<(), BenchError> {
    let service = &Service::start(Background::SlowJobs(JOB_TIME), folder).await?;
    let competition: &CompetitionId = &"bench-abuse".parse()?;
    // The first requests open connections.
    work_as_operators(service, competition, Instant::now() + 2 * POLL_INTERVAL).await?;
    let alone = work_as_operators(service, competition, Instant::now() + PERIOD).await?;
    let until = Instant::now() + PERIOD;
    let (beside, answers) = tokio::try_join!(
        work_as_operators(service, competition, until),
        abuse(&service.stack.api, competition, until),
    )?;

    table.add_heading(format!(
        "{OPERATORS} operators, alone and beside an anonymous client of 1,000 requests a second"
    ));
    table.add("  reply to GET …/changes, alone", &alone.polls, "");
    table.add("  reply to GET …/changes, beside the client", &beside.polls, "");
    table.add("  p99 beside to p99 alone", compare(&beside.polls, &alone.polls), "under 1.2");
    table.add("  reply to POST /api/clip, alone", &alone.cuts, "");
    table.add("  reply to POST /api/clip, beside the client", &beside.cuts, "");
    table.add("  p99 beside to p99 alone", compare(&beside.cuts, &alone.cuts), "under 1.2");
    let a_second = |count: u64| format!("{} a second", count / PERIOD.as_secs());
    let arrived = answers.values().sum();
    table.add("  requests of the client that arrived", a_second(arrived), "1000 a second");
    for (status, count) in answers {
        table.add(format!("  the client was answered {status}"), a_second(count), "");
    }
    Ok(())
}

fn compare(beside: &Timings, alone: &Timings) -> String {
    let ratio = beside.percentile(99).as_secs_f64() / alone.percentile(99).as_secs_f64();
    format!("ratio {ratio:.2}")
}

/// Polls and cuts as the consoles of all operators do. A request that is refused is an error.
async fn work_as_operators(
    service: &Service,
    competition: &CompetitionId,
    until: Instant,
) -> Result<Waits, BenchError> {
    let started = Instant::now();
    let one = async |operator: u32| {
        let mut waits = Waits::default();
        // The operators take turns: their consoles were not opened in the same moment.
        let mut pace = interval_at(started + POLL_INTERVAL * operator / OPERATORS, POLL_INTERVAL);
        pace.set_missed_tick_behavior(MissedTickBehavior::Delay);
        for number in operator as usize.. {
            pace.tick().await;
            if Instant::now() > until {
                break;
            }
            waits.polls.add(service.api.read_changes(competition.as_str()).await?);
            if number % POLLS_PER_CUT == 0 {
                let window = make_window(number)?;
                let (_, duration) = harvest::create_clip(service, competition, window).await?;
                waits.cuts.add(duration);
            }
        }
        Ok::<_, BenchError>(waits)
    };
    let all = futures_util::future::try_join_all((0..OPERATORS).map(one)).await?;
    let mut sum = Waits::default();
    for waits in all {
        sum.polls.append(waits.polls);
        sum.cuts.append(waits.cuts);
    }
    Ok(sum)
}

/// Sends requests that no cache answers, without a token. Returns how often each status came.
async fn abuse(
    api: &str,
    competition: &CompetitionId,
    until: Instant,
) -> Result<BTreeMap<StatusCode, u64>, BenchError> {
    let api: Url = api.parse().map_err(|_| BenchError::unexpected("URL of the API", &api))?;
    let started = Instant::now();
    let one = async |position: u32| {
        let mut answers = BTreeMap::<StatusCode, u64>::new();
        let mut connection = Connection::open(&api).await.map_err(BenchError::Load)?;
        // The connections alternate. One that was delayed sends its requests afterwards.
        let mut pace =
            interval_at(started + REQUEST_INTERVAL * position / CONNECTIONS, REQUEST_INTERVAL);
        for number in (position..).step_by(CONNECTIONS as usize) {
            pace.tick().await;
            if Instant::now() > until {
                break;
            }
            let path = format!("{}{}", api.path(), make_path(competition, number));
            *answers.entry(connection.get(&path).await.map_err(BenchError::Load)?).or_default() +=
                1;
        }
        Ok::<_, BenchError>(answers)
    };
    let all = futures_util::future::try_join_all((0..CONNECTIONS).map(one)).await?;
    let mut sum = BTreeMap::<StatusCode, u64>::new();
    for (status, count) in all.into_iter().flatten() {
        *sum.entry(status).or_default() += count;
    }
    Ok(sum)
}

/// The path of a request. All of them are different, and the five kinds alternate.
fn make_path(competition: &CompetitionId, number: u32) -> String {
    let list = format!("/competitions/{competition}/clips");
    match number % 5 {
        0 => format!("{list}?tag=x{number}"),
        1 => format!("{list}?from={number}"),
        2 => format!("{list}/20200203133058_20200203133258_{number:06}"),
        3 => format!("/nowhere/{number}"),
        _ => format!("/competitions/{competition}/changes?cursor={number}"),
    }
}
