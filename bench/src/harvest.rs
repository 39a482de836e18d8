//! Creates clips over HTTP and waits for their harvest jobs.

use std::time::Duration;

use matchcut::clip::{Attempt, ClipKey, CompetitionId, Window};
use matchcut::harvest::{HarvestJobs, HarvestState};
use serde_json::{Value, json};
use tokio::time::timeout;

use crate::error::BenchError;
use crate::stack::Service;

/// Creates a clip of the window. Returns the reply and its response time.
pub(crate) async fn create_clip(
    service: &Service,
    competition: &CompetitionId,
    window: Window,
) -> Result<(Value, Duration), BenchError> {
    let body = json!({
        "competition": competition,
        "start": window.start(),
        "end": window.end(),
        "title": "Men's 100 m, second semi-final",
        "tags": ["100m", "semi-final"],
    });
    service.api.create_clip(&body).await
}

/// Waits until the harvest job of a new clip has succeeded. Returns the attempt of the job.
pub(crate) async fn wait_for_harvest(
    service: &Service,
    clip: &Value,
) -> Result<Attempt, BenchError> {
    let field = |name: &str| clip[name].as_str().unwrap_or_default();
    let clip = ClipKey { competition: field("competition").parse()?, clip: field("clip").parse()? };
    let attempt = Attempt { clip, number: 1 };
    let harvester = HarvestJobs::from_variables(&service.stack.sdk, &service.stack.variables)?;
    with_timeout("a harvest job", async {
        loop {
            match harvester.describe(&attempt).await? {
                HarvestState::Succeeded => return Ok(()),
                HarvestState::InProgress => {}
                state => {
                    return Err(BenchError::unexpected("harvest job", &format!("{state:?}")));
                }
            }
        }
    })
    .await?;
    Ok(attempt)
}

/// Fails if the work takes longer than one minute.
pub(crate) async fn with_timeout<T>(
    what: &'static str,
    work: impl Future<Output = Result<T, BenchError>>,
) -> Result<T, BenchError> {
    timeout(Duration::from_mins(1), work).await.map_err(|_| BenchError::Timeout { what })?
}
