//! The operations on harvest jobs.
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

/// How many jobs an account may have at once.
/// <https://docs.aws.amazon.com/mediapackage/latest/ug/limits-live.html>
const MOST_CONCURRENT: usize = 10;

/// A harvest job as it is kept: finished ones stay, for their ids are used once.
///
/// AWS forgets them after 90 days, longer than any stand-in runs.
/// <https://docs.aws.amazon.com/mediapackage/latest/ug/ltov-how.html>
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct HarvestJob {
    #[serde(flatten)]
    asked: CreateHarvestJob,
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
    chance: Mutex<fastrand::Rng>,
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
            chance: Mutex::new(faults.random("harvest jobs")),
            bus,
        }))
    }

    /// Goes on with the jobs that an earlier process left.
    pub(crate) fn resume(self: &Arc<Self>) {
        for job in self.jobs.all().into_values() {
            if job.status == JobStatus::InProgress {
                self.work_on(job);
            }
        }
    }

    fn create(self: &Arc<Self>, asked: CreateHarvestJob) -> Result<HarvestJob, AwsError> {
        check_id(&asked.id)?;
        self.check_window(&asked)?;
        let job = HarvestJob { asked, status: JobStatus::InProgress, created_at: Utc::now() };
        let id = job.asked.id.clone();
        self.jobs.add(&id, job.clone(), |jobs| {
            // Which error a taken id gives is not documented; of the documented ones it is this.
            if jobs.contains_key(&id) {
                return Err(AwsError::unprocessable(format!("harvest job {id} already exists")));
            }
            let busy = |job: &&HarvestJob| job.status == JobStatus::InProgress;
            if MOST_CONCURRENT <= jobs.values().filter(busy).count() {
                return Err(AwsError::too_many_requests(format!(
                    "the account has {MOST_CONCURRENT} harvest jobs in progress"
                )));
            }
            Ok(())
        })?;
        self.work_on(job.clone());
        Ok(job)
    }

    /// The rules of <https://docs.aws.amazon.com/mediapackage/latest/ug/ltov-reqmts.html>.
    fn check_window(&self, asked: &CreateHarvestJob) -> Result<(), AwsError> {
        if asked.origin_endpoint_id != self.endpoint.id {
            let id = &asked.origin_endpoint_id;
            return Err(AwsError::unprocessable(format!("there is no origin endpoint {id}")));
        }
        let window = asked.window()?;
        let stretch = self
            .endpoint
            .startover
            .stretch(window.start, Some(window.end))
            .map_err(|error| AwsError::unprocessable(error.to_string()))?;
        if stretch.ended {
            Ok(())
        } else {
            Err(AwsError::unprocessable("the end time has to be in the past"))
        }
    }

    /// Does a job in the background, and tells of its end.
    fn work_on(self: &Arc<Self>, job: HarvestJob) {
        let jobs = Arc::clone(self);
        tokio::spawn(async move {
            let id = job.asked.id.clone();
            let begun = tokio::time::Instant::now();
            let result = jobs.harvest(&job.asked).await;
            tokio::time::sleep_until(begun + jobs.faults.min_job_duration()).await;
            let (status, message) = match result {
                Ok(()) => (JobStatus::Succeeded, None),
                Err(error) => (JobStatus::Failed, Some(matchcut::error::chain(&error))),
            };
            match jobs.jobs.change(&id, |job| job.status = status) {
                Ok(Some(job)) => jobs.tell(&job, message),
                Ok(None) => {}
                Err(error) => tracing::error!("harvest job {id} could not be kept: {error}"),
            }
        });
    }

    async fn harvest(&self, asked: &CreateHarvestJob) -> Result<(), HarvestFailure> {
        let window = asked.window().map_err(|_| HarvestFailure::Expired)?;
        let draw = self.chance.lock().expect("no thread panics while it holds the lock").f64();
        let is_fault_injected = draw < self.faults.fail;
        let startover = &self.endpoint.startover;
        harvest(startover, &self.s3, window, &asked.s3_destination, is_fault_injected).await
    }

    /// The event as captured: snake case, and two spellings of the ARN.
    /// <https://docs.aws.amazon.com/mediapackage/latest/ug/cloudwatch-events-example.html>
    fn tell(&self, job: &HarvestJob, message: Option<String>) {
        let asked = &job.asked;
        let arn =
            |service| format!("arn:aws:{service}:{REGION}:{ACCOUNT}:harvest_jobs/{}", asked.id);
        let time = |text: &str| parse_time(text).map(iso);
        let mut detail = json!({ "harvest_job": {
            "id": asked.id,
            "arn": arn("mediapackage-vod"),
            "status": job.status,
            "origin_endpoint_id": asked.origin_endpoint_id,
            "start_time": time(&asked.start_time),
            "end_time": time(&asked.end_time),
            "s3_destination": {
                "bucket_name": asked.s3_destination.bucket_name,
                "manifest_key": asked.s3_destination.manifest_key,
                "role_arn": asked.s3_destination.role_arn,
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
                AwsError::unprocessable(format!("{name} {text:?} is no ISO 8601 or epoch time"))
            })
        };
        Ok(time("startTime", &self.start_time)?..time("endTime", &self.end_time)?)
    }
}

impl HarvestJob {
    /// The job as the API shows it; there is no field for why it failed.
    fn describe(&self) -> Value {
        let mut shown = json!(self.asked);
        let arn = format!("arn:aws:mediapackage:{REGION}:{ACCOUNT}:harvest_jobs/{}", self.asked.id);
        shown["arn"] = json!(arn);
        shown["channelId"] = json!(MEDIA_PACKAGE_CHANNEL);
        shown["createdAt"] = json!(iso(self.created_at));
        shown["status"] = json!(self.status);
        shown
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
    let job = job.ok_or_else(|| AwsError::not_found(format!("there is no harvest job {id}")))?;
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
    asked: Result<Query<ListHarvestJobs>, QueryRejection>,
) -> Result<Json<Value>, AwsError> {
    let Query(asked) = asked?;
    let of_channel =
        asked.include_channel_id.as_deref().is_none_or(|id| id == MEDIA_PACKAGE_CHANNEL);
    let all: BTreeMap<_, _> = if of_channel { jobs.jobs.all() } else { BTreeMap::new() };
    let wanted = all
        .into_iter()
        .filter(|(_, job)| asked.include_status.is_none_or(|status| job.status == status))
        .map(|(id, job)| (id, job.describe()));
    let (jobs, next) = page(wanted, asked.max_results, asked.next_token.as_deref());
    let mut body = json!({ "harvestJobs": jobs });
    if let Some(next) = next {
        body["nextToken"] = json!(next);
    }
    Ok(Json(body))
}
