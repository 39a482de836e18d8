//! Simulates a million phones that open one clip through the caches of CloudFront, and counts the
//! requests that reach the functions.
//!
//! The caches are simulated, with a clock of their own. Each miss is a real request, and the cache
//! keeps the reply as long as its `Cache-Control` says.

use std::path::Path;
use std::time::Duration;

use matchcut::clip::{CompetitionId, Status};

use crate::api::Api;
use crate::error::BenchError;
use crate::rows;
use crate::stack::{Background, Service, make_window};
use crate::table::Table;

const PHONES: u32 = 1_000_000;
/// The period in which all phones open the clip.
const PERIOD: Duration = Duration::from_mins(1);
/// Edge locations ask one of the regional edge caches, and those ask the API.
/// <https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/HowCloudFrontWorks.html>
const EDGE_LOCATIONS: usize = 600;
const REGIONAL_CACHES: usize = 13;

/// Until when each cache may use its copy.
struct Caches {
    edge: Vec<Duration>,
    regional: Vec<Duration>,
}

pub(crate) async fn measure(table: &mut Table, folder: &Path) -> Result<(), BenchError> {
    let service = &Service::start(Background::Off, folder).await?;
    let competition: &CompetitionId = &"bench-crowd".parse()?;
    let window = make_window(0)?;
    let write =
        async |status| rows::write_clip(&service.library, competition, window, status).await;
    let (ready, pending) = (write(Status::Ready).await?, write(Status::Packaging).await?);
    table.add_heading(format!(
        "{PHONES} phones open one clip within {} s, through {EDGE_LOCATIONS} edge locations and \
         {REGIONAL_CACHES} regional caches",
        PERIOD.as_secs()
    ));
    let per_second = f64::from(PHONES) / PERIOD.as_secs_f64();
    table.add("  requests of the phones", format!("{per_second:.0} a second"), "");
    for (what, clip) in [
        ("a ready clip", ready.clip.as_str()),
        ("a clip that is not ready", pending.clip.as_str()),
        ("an unknown clip", "20200203133058_20200203133258_000000"),
    ] {
        let path = format!("/competitions/{competition}/clips/{clip}");
        let requests = open_on_all_phones(&service.api, &path).await?;
        let per_second = f64::from(requests) / PERIOD.as_secs_f64();
        let what = format!("  invocations for {what}");
        table.add(what, format!("{per_second:.1} a second"), "bounded by the caches");
    }
    Ok(())
}

/// Returns how many requests reached the API.
async fn open_on_all_phones(api: &Api, path: &str) -> Result<u32, BenchError> {
    let mut caches = Caches {
        edge: vec![Duration::ZERO; EDGE_LOCATIONS],
        regional: vec![Duration::ZERO; REGIONAL_CACHES],
    };
    let mut requests = 0;
    for phone in 0..PHONES {
        let now = PERIOD * phone / PHONES + Duration::from_nanos(1);
        let edge = fastrand::usize(..EDGE_LOCATIONS);
        if caches.edge[edge] > now {
            continue;
        }
        let regional = edge % REGIONAL_CACHES;
        if caches.regional[regional] <= now {
            requests += 1;
            caches.regional[regional] = now + api.read_max_age(path).await?;
        }
        // The copy is as old at the edge location as in the regional cache.
        caches.edge[edge] = caches.regional[regional];
    }
    Ok(requests)
}
