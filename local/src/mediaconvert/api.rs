//! The operations on jobs, and Probe.
//! <https://docs.aws.amazon.com/mediaconvert/latest/apireference/resources.html>

use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use axum::routing::{get, post};
use axum::{Json, Router};
use serde::Deserialize;
use serde_json::{Value, json};

use super::files::{self, object_of};
use super::jobs::{Job, JobStatus, Jobs};
use super::probe::probe;
use crate::aws_protocol::{AwsError, read_json};

/// The most jobs of a page.
const LARGEST_PAGE: usize = 20;

pub(crate) fn router(jobs: Arc<Jobs>) -> Router {
    Router::new()
        .route("/2017-08-29/jobs", post(create_job).get(list_jobs))
        .route("/2017-08-29/jobs/{id}", get(get_job).delete(cancel_job))
        .route("/2017-08-29/search", get(list_jobs))
        .route("/2017-08-29/probe", post(probe_files))
        .with_state(jobs)
}

type Shared = State<Arc<Jobs>>;

async fn create_job(
    State(jobs): Shared,
    body: Bytes,
) -> Result<(StatusCode, Json<Value>), AwsError> {
    if !jobs.create_rate.take() {
        return Err(AwsError::too_many_requests("Too Many Requests"));
    }
    let job = jobs.create(read_json(&body).map_err(AwsError::bad_request)?)?;
    Ok((StatusCode::CREATED, Json(json!({ "job": job.describe() }))))
}

async fn get_job(State(jobs): Shared, Path(id): Path<String>) -> Result<Json<Value>, AwsError> {
    let job = jobs.records.get(&id);
    let job = job.ok_or_else(|| AwsError::not_found(format!("there is no job {id}")))?;
    Ok(Json(json!({ "job": job.describe() })))
}

async fn cancel_job(
    State(jobs): Shared,
    Path(id): Path<String>,
) -> Result<(StatusCode, Json<Value>), AwsError> {
    jobs.cancel(&id)?;
    Ok((StatusCode::ACCEPTED, Json(json!({}))))
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct List {
    input_file: Option<String>,
    status: Option<JobStatus>,
    #[serde(default)]
    order: Order,
    max_results: Option<usize>,
    next_token: Option<String>,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
enum Order {
    Ascending,
    #[default]
    Descending,
}

/// ListJobs and SearchJobs; only the latter is asked with `inputFile`, which can be part of a URL.
/// <https://docs.aws.amazon.com/mediaconvert/latest/apireference/search.html>
async fn list_jobs(
    State(jobs): Shared,
    asked: Result<Query<List>, QueryRejection>,
) -> Result<Json<Value>, AwsError> {
    let Query(asked) = asked.map_err(|error| AwsError::bad_request(error.body_text()))?;
    let most = asked.max_results.unwrap_or(LARGEST_PAGE);
    if !(1..=LARGEST_PAGE).contains(&most) {
        let message = format!("maxResults: {most} is not from 1 to {LARGEST_PAGE}");
        return Err(AwsError::bad_request(message));
    }
    let all = jobs.records.all();
    let wanted = |job: &&Job| {
        let input = &job.asked.settings.inputs[0].file_input;
        asked.status.is_none_or(|status| job.status == status)
            && asked.input_file.as_ref().is_none_or(|part| input.contains(part))
    };
    let token = asked.next_token.as_ref();
    let ordered: Vec<&Job> = match asked.order {
        Order::Ascending => {
            all.values().filter(|job| token.is_none_or(|it| *it < job.id)).collect()
        }
        Order::Descending => {
            all.values().rev().filter(|job| token.is_none_or(|it| job.id < *it)).collect()
        }
    };
    let mut rest = ordered.into_iter().filter(wanted);
    let page: Vec<&Job> = rest.by_ref().take(most).collect();
    let mut body = json!({ "jobs": page.iter().map(|job| job.describe()).collect::<Vec<_>>() });
    if rest.next().is_some() {
        body["nextToken"] = json!(page.last().map(|job| &job.id));
    }
    Ok(Json(body))
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct ProbeFiles {
    input_files: Vec<ProbeFile>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct ProbeFile {
    file_url: String,
}

async fn probe_files(State(jobs): Shared, body: Bytes) -> Result<Json<Value>, AwsError> {
    let asked: ProbeFiles = read_json(&body).map_err(AwsError::bad_request)?;
    let mut results = Vec::new();
    for ProbeFile { file_url } in asked.input_files {
        let (bucket, key) = object_of(&file_url)
            .ok_or_else(|| AwsError::bad_request(format!("{file_url} is no s3:// URL")))?;
        let head = jobs.s3.head_object().bucket(bucket).key(key).send().await;
        let head = head.map_err(|_| AwsError::not_found(format!("{file_url} is not there")))?;
        let url = files::reading_url(&jobs.s3, &file_url).await.map_err(AwsError::not_found)?;
        let probed = probe(&url).await;
        let result = probed.ok().and_then(|it| it.result(head.content_length().unwrap_or(0)));
        let unreadable = || AwsError::unprocessable(format!("{file_url} cannot be probed"));
        results.push(result.ok_or_else(unreadable)?);
    }
    Ok(Json(json!({ "probeResults": results })))
}
