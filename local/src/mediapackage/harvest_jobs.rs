//! Harvest jobs: their rules, their records, their events, and the operations on them.
//! <https://docs.aws.amazon.com/mediapackage/latest/apireference/harvest_jobs.html>

use std::collections::BTreeMap;
use std::ops::Range;
use std::path::Path as FilePath;
use std::sync::{Arc, Mutex};

use axum::body::Bytes;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Path, Query, State};
use axum::routing::{get, post};
use axum::{Json, Router};
use chrono::{DateTime, SecondsFormat, Utc};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::harvest::{HarvestFailure, S3Destination, harvest};
use super::origin_endpoint::{OriginEndpoint, parse_time};
use crate::account::{ACCOUNT, MEDIA_PACKAGE_CHANNEL, REGION};
use crate::aws_protocol::{AwsError, check_id, page, read_body};
use crate::eventbridge::Bus;
use crate::faults::Faults;
use crate::records::Records;

/// The maximum number of jobs that an account has in progress.
/// <https://docs.aws.amazon.com/mediapackage/latest/ug/limits-live.html>
const MAX_JOBS_IN_PROGRESS: usize = 10;

/// The record of a harvest job. Finished jobs stay, because an id can be used only once.
///
/// AWS deletes jobs after 90 days. The stand-in never does.
/// <https://docs.aws.amazon.com/mediapackage/latest/ug/ltov-how.html>
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct HarvestJob {
    #[serde(flatten)]
    request: CreateHarvestJob,
    status: JobStatus,
    created_at: DateTime<Utc>,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct CreateHarvestJob {
    id: String,
    start_time: String,
    end_time: String,
    origin_endpoint_id: String,
    s3_destination: S3Destination,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
enum JobStatus {
    InProgress,
    Succeeded,
    Failed,
}

/// The harvest jobs of the account.
#[derive(Debug)]
pub(crate) struct HarvestJobs {
    jobs: Records<HarvestJob>,
    endpoint: OriginEndpoint,
    s3: aws_sdk_s3::Client,
    faults: Faults,
    random: Mutex<fastrand::Rng>,
    bus: Arc<Bus>,
}

impl HarvestJobs {
    pub(crate) fn open(
        folder: &FilePath,
        endpoint: OriginEndpoint,
        s3: aws_sdk_s3::Client,
        faults: &Faults,
        bus: Arc<Bus>,
    ) -> std::io::Result<Arc<Self>> {
        Ok(Arc::new(Self {
            jobs: Records::open(folder)?,
            endpoint,
            s3,
            faults: faults.clone(),
            random: Mutex::new(faults.random("harvest jobs")),
            bus,
        }))
    }

    /// Restarts the jobs that were in progress when an earlier process ended.
    pub(crate) fn resume(self: &Arc<Self>) {
        for job in self.jobs.all().into_values() {
            if job.status == JobStatus::InProgress {
                self.spawn(job);
            }
        }
    }

    fn create(self: &Arc<Self>, request: CreateHarvestJob) -> Result<HarvestJob, AwsError> {
        check_id(&request.id)?;
        self.check_window(&request)?;
        let job = HarvestJob { request, status: JobStatus::InProgress, created_at: Utc::now() };
        let id = job.request.id.clone();
        self.jobs.add(&id, job.clone(), |jobs| {
            // AWS does not document the error for an id in use. Of the documented errors, this one
            // fits.
            if jobs.contains_key(&id) {
                return Err(AwsError::unprocessable(format!("harvest job {id} already exists")));
            }
            let is_in_progress = |job: &&HarvestJob| job.status == JobStatus::InProgress;
            if jobs.values().filter(is_in_progress).count() >= MAX_JOBS_IN_PROGRESS {
                return Err(AwsError::too_many_requests(format!(
                    "the account has {MAX_JOBS_IN_PROGRESS} harvest jobs in progress"
                )));
            }
            Ok(())
        })?;
        self.spawn(job.clone());
        Ok(job)
    }

    /// Checks the endpoint and the window of a request.
    /// <https://docs.aws.amazon.com/mediapackage/latest/ug/ltov-reqmts.html>
    fn check_window(&self, request: &CreateHarvestJob) -> Result<(), AwsError> {
        if request.origin_endpoint_id != self.endpoint.id {
            let id = &request.origin_endpoint_id;
            return Err(AwsError::unprocessable(format!("origin endpoint {id} not found")));
        }
        let window = request.window()?;
        let stretch = self
            .endpoint
            .startover
            .stretch(window.start, Some(window.end))
            .map_err(|error| AwsError::unprocessable(error.to_string()))?;
        if stretch.ended {
            Ok(())
        } else {
            Err(AwsError::unprocessable("the end time must be in the past"))
        }
    }

    /// Runs a job in the background and publishes its event when it ends.
    fn spawn(self: &Arc<Self>, job: HarvestJob) {
        let jobs = Arc::clone(self);
        tokio::spawn(async move {
            let id = job.request.id.clone();
            let started_at = tokio::time::Instant::now();
            let result = jobs.harvest(&job.request).await;
            tokio::time::sleep_until(started_at + jobs.faults.min_job_duration()).await;
            let (status, message) = match result {
                Ok(()) => (JobStatus::Succeeded, None),
                Err(error) => (JobStatus::Failed, Some(matchcut::error::chain(&error))),
            };
            match jobs.jobs.change(&id, |job| job.status = status) {
                Ok(Some(job)) => jobs.publish(&job, message),
                Ok(None) => {}
                Err(error) => tracing::error!("could not store harvest job {id}: {error}"),
            }
        });
    }

    async fn harvest(&self, request: &CreateHarvestJob) -> Result<(), HarvestFailure> {
        let window = request.window().map_err(|_| HarvestFailure::Expired)?;
        let draw = self.random.lock().expect("no thread panics while it holds the lock").f64();
        let is_fault_injected = draw < self.faults.fail;
        let startover = &self.endpoint.startover;
        harvest(startover, &self.s3, window, &request.s3_destination, is_fault_injected).await
    }

    /// Publishes the event as captured from AWS: in snake case, with two spellings of the ARN.
    /// <https://docs.aws.amazon.com/mediapackage/latest/ug/cloudwatch-events-example.html>
    fn publish(&self, job: &HarvestJob, message: Option<String>) {
        let request = &job.request;
        let arn =
            |service| format!("arn:aws:{service}:{REGION}:{ACCOUNT}:harvest_jobs/{}", request.id);
        let time = |text: &str| parse_time(text).map(iso);
        let mut detail = json!({ "harvest_job": {
            "id": request.id,
            "arn": arn("mediapackage-vod"),
            "status": job.status,
            "origin_endpoint_id": request.origin_endpoint_id,
            "start_time": time(&request.start_time),
            "end_time": time(&request.end_time),
            "s3_destination": {
                "bucket_name": request.s3_destination.bucket_name,
                "manifest_key": request.s3_destination.manifest_key,
                "role_arn": request.s3_destination.role_arn,
            },
            "created_at": iso(job.created_at),
        }});
        if let Some(message) = message {
            detail["message"] = json!(message);
        }
        let resources = [arn("mediapackage")];
        self.bus.publish(
            "aws.mediapackage",
            "MediaPackage HarvestJob Notification",
            &resources,
            &detail,
        );
    }
}

impl CreateHarvestJob {
    fn window(&self) -> Result<Range<DateTime<Utc>>, AwsError> {
        let time = |name: &str, text: &str| {
            parse_time(text).ok_or_else(|| {
                AwsError::unprocessable(format!(
                    "{name} {text:?} is neither an ISO 8601 nor an epoch time"
                ))
            })
        };
        Ok(time("startTime", &self.start_time)?..time("endTime", &self.end_time)?)
    }
}

impl HarvestJob {
    /// The job as DescribeHarvestJob returns it. There is no field for the reason of a failure.
    fn describe(&self) -> Value {
        let mut body = json!(self.request);
        let arn =
            format!("arn:aws:mediapackage:{REGION}:{ACCOUNT}:harvest_jobs/{}", self.request.id);
        body["arn"] = json!(arn);
        body["channelId"] = json!(MEDIA_PACKAGE_CHANNEL);
        body["createdAt"] = json!(iso(self.created_at));
        body["status"] = json!(self.status);
        body
    }
}

fn iso(time: DateTime<Utc>) -> String {
    time.to_rfc3339_opts(SecondsFormat::Secs, false)
}

/// The operations on harvest jobs.
pub(crate) fn router(jobs: Arc<HarvestJobs>) -> Router {
    Router::new()
        .route("/harvest_jobs", post(create_harvest_job).get(list_harvest_jobs))
        .route("/harvest_jobs/{id}", get(describe_harvest_job))
        .with_state(jobs)
}

async fn create_harvest_job(
    State(jobs): State<Arc<HarvestJobs>>,
    body: Bytes,
) -> Result<Json<Value>, AwsError> {
    Ok(Json(jobs.create(read_body(&body)?)?.describe()))
}

async fn describe_harvest_job(
    State(jobs): State<Arc<HarvestJobs>>,
    Path(id): Path<String>,
) -> Result<Json<Value>, AwsError> {
    let job = jobs.jobs.get(&id);
    let job = job.ok_or_else(|| AwsError::not_found(format!("harvest job {id} not found")))?;
    Ok(Json(job.describe()))
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct ListHarvestJobs {
    include_channel_id: Option<String>,
    include_status: Option<JobStatus>,
    max_results: Option<usize>,
    next_token: Option<String>,
}

async fn list_harvest_jobs(
    State(jobs): State<Arc<HarvestJobs>>,
    request: Result<Query<ListHarvestJobs>, QueryRejection>,
) -> Result<Json<Value>, AwsError> {
    let Query(request) = request?;
    let of_channel =
        request.include_channel_id.as_deref().is_none_or(|id| id == MEDIA_PACKAGE_CHANNEL);
    let all: BTreeMap<_, _> = if of_channel { jobs.jobs.all() } else { BTreeMap::new() };
    let matching = all
        .into_iter()
        .filter(|(_, job)| request.include_status.is_none_or(|status| job.status == status))
        .map(|(id, job)| (id, job.describe()));
    let (jobs, next) = page(matching, request.max_results, request.next_token.as_deref());
    let mut body = json!({ "harvestJobs": jobs });
    if let Some(next) = next {
        body["nextToken"] = json!(next);
    }
    Ok(Json(body))
}
