//! Measures the functions between the end of a harvest job and the MP4 of a clip.

use std::path::Path;
use std::time::Duration;

use aws_lambda_events::encodings::Body;
use matchcut::api::Route as _;
use matchcut::clip::{Attempt, CompetitionId, Window};
use matchcut::encode::{JobState, MediaJob, MediaJobs};
use matchcut::files::FILES;
use matchcut::lambda::EventHandler as _;
use serde_json::json;
use tokio::time::sleep;

use crate::asset::{harvest_clip, make_ready, parse_event};
use crate::error::BenchError;
use crate::events;
use crate::harvest::with_timeout;
use crate::stack::{Service, make_window};
use crate::table::Table;
use crate::timings::{Timings, time};

const CLIPS: usize = 50;
/// The number of a clip's first job.
const FIRST_JOB: &str = "1";
const POLL_INTERVAL: Duration = Duration::from_millis(50);

/// Harvests real clips and makes their files, one at a time, and runs each function when its event is
/// due. Nothing else runs at that time, except that MediaPackage starts to package the asset.
pub(crate) async fn measure(table: &mut Table, folder: &Path) -> Result<(), BenchError> {
    let service = &Service::start_with_files(folder).await?;
    let competition = "bench-files".parse()?;
    let mut timings = FunctionTimings::default();
    for number in 0..CLIPS {
        timings.measure_clip(service, &competition, make_window(number)?).await?;
    }
    table.add_heading(format!(
        "harvest done to MP4 shown, {CLIPS} clips, without MediaConvert and event delivery"
    ));
    table.add("  all functions", timings.total, "");
    table.add("    harvest-complete, which starts the job", timings.harvest_complete, "");
    table.add("    transcode-complete, which records the files", timings.transcode_complete, "");
    table.add("    show-clip", timings.show_clip, "");
    Ok(())
}

#[derive(Debug, Default)]
struct FunctionTimings {
    total: Timings,
    harvest_complete: Timings,
    transcode_complete: Timings,
    show_clip: Timings,
}

impl FunctionTimings {
    async fn measure_clip(
        &mut self,
        service: &Service,
        competition: &CompetitionId,
        window: Window,
    ) -> Result<(), BenchError> {
        let functions = &service.stack.functions;
        let (attempt, harvest_complete) = harvest_clip(service, competition, window).await?;
        wait_for_files(service, &attempt).await?;
        let mut event = events::build_job_state_change(&attempt);
        event["detail"]["userMetadata"][FILES] = json!(FIRST_JOB);
        let event = parse_event(event)?;
        let (result, transcode_complete) =
            time(Box::pin(functions.transcode_complete.handle(event))).await;
        result?;

        // Viewers see the files of ready clips. The part `asset` measures this function.
        make_ready(service, &attempt).await?;
        let id = &attempt.clip.clip;
        let path = format!("/api/competitions/{competition}/clips/{id}");
        let parameters = json!({ "competitionId": competition, "clipId": id });
        let event = parse_event(events::build_http_request("GET", &path, &parameters, None))?;
        let (reply, show_clip) = time(Box::pin(functions.show_clip.handle(event))).await;
        match &reply.body {
            Some(Body::Text(clip)) if clip.contains(".mp4\"") => {}
            body => {
                let clip = format!("{body:?}");
                return Err(BenchError::unexpected("clip without an MP4", &clip));
            }
        }

        self.total.add(harvest_complete + transcode_complete + show_clip);
        self.harvest_complete.add(harvest_complete);
        self.transcode_complete.add(transcode_complete);
        self.show_clip.add(show_clip);
        Ok(())
    }
}

/// Waits until MediaConvert has made the files of an attempt.
async fn wait_for_files(service: &Service, attempt: &Attempt) -> Result<(), BenchError> {
    let jobs = MediaJobs::from_variables(&service.stack.sdk, &service.stack.variables)?;
    let job = MediaJob { attempt: attempt.clone(), product: FILES, name: FIRST_JOB.to_owned() };
    with_timeout("the files of a clip", async {
        let id = jobs.find(&job).await?;
        let id = id.ok_or_else(|| BenchError::unexpected("clip without a job", attempt))?;
        loop {
            match jobs.describe(&job, &id).await? {
                JobState::Complete { .. } => return Ok(()),
                // The job gets the processor meanwhile.
                JobState::InProgress { .. } => sleep(POLL_INTERVAL).await,
                JobState::Failed(reason) => {
                    return Err(BenchError::unexpected("failed job", &reason));
                }
            }
        }
    })
    .await
}
