//! Clips cut over HTTP and harvested for real.

use std::time::Duration;

use matchcut::clip::{Attempt, ClipKey, CompetitionId, Window};
use matchcut::harvest::{HarvestJobs, HarvestState};
use serde_json::{Value, json};
use tokio::time::timeout;

use crate::error::BenchError;
use crate::stack::Service;

/// Cuts a clip; the reply, and how long that took.
pub(crate) async fn cut(
    service: &Service,
    competition: &CompetitionId,
    window: Window,
) -> Result<(Value, Duration), BenchError> {
    let asked = json!({
        "competition": competition,
        "start": window.start(),
        "end": window.end(),
        "title": "Men's 100 m, second semi-final",
        "tags": ["100m", "semi-final"],
    });
    service.api.cut(&asked).await
}

/// Waits until the clip of a reply is harvested; the name of its job.
pub(crate) async fn done(service: &Service, clip: &Value) -> Result<Attempt, BenchError> {
    let part = |name: &str| clip[name].as_str().unwrap_or_default();
    let clip = ClipKey { competition: part("competition").parse()?, clip: part("clip").parse()? };
    let attempt = Attempt { clip, number: 1 };
    let harvester = HarvestJobs::from_variables(&service.stack.sdk, &service.stack.variables)?;
    within_a_minute("a harvest", async {
        loop {
            match harvester.describe(&attempt).await? {
                HarvestState::Succeeded => return Ok(()),
                HarvestState::InProgress => {}
                state => return Err(BenchError::unexpected("a harvest", &format!("{state:?}"))),
            }
        }
    })
    .await?;
    Ok(attempt)
}

pub(crate) async fn within_a_minute<T>(
    what: &'static str,
    work: impl Future<Output = Result<T, BenchError>>,
) -> Result<T, BenchError> {
    let late = |_| BenchError::Late { what };
    timeout(Duration::from_mins(1), work).await.map_err(late)?
}
