//! The operations on jobs, and the operation Probe.
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

use super::files::parse_s3_url;
use super::input::Input;
use super::jobs::{Job, JobStatus, Jobs};
use super::model_bounds::find_out_of_bounds;
use crate::aws_protocol::{AwsError, read_json};

/// The maximum number of jobs in a page.
const MAX_PAGE_SIZE: usize = 20;

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
    let request = read_json(&body).map_err(AwsError::bad_request)?;
    let values: Value = read_json(&body).map_err(AwsError::bad_request)?;
    if let Some(fault) = find_out_of_bounds(&values) {
        return Err(AwsError::bad_request(fault));
    }
    let job = jobs.create(request)?;
    Ok((StatusCode::CREATED, Json(json!({ "job": job.describe() }))))
}

async fn get_job(State(jobs): Shared, Path(id): Path<String>) -> Result<Json<Value>, AwsError> {
    let job = jobs.records.get(&id);
    let job = job.ok_or_else(|| AwsError::not_found(format!("job {id} not found")))?;
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

/// Answers ListJobs and SearchJobs. Only SearchJobs has `inputFile`, which may be part of a URL.
/// <https://docs.aws.amazon.com/mediaconvert/latest/apireference/search.html>
async fn list_jobs(
    State(jobs): Shared,
    request: Result<Query<List>, QueryRejection>,
) -> Result<Json<Value>, AwsError> {
    let Query(request) = request.map_err(|error| AwsError::bad_request(error.body_text()))?;
    let max_results = request.max_results.unwrap_or(MAX_PAGE_SIZE);
    if !(1..=MAX_PAGE_SIZE).contains(&max_results) {
        let message = format!("maxResults: {max_results} is not from 1 to {MAX_PAGE_SIZE}");
        return Err(AwsError::bad_request(message));
    }
    let all = jobs.records.all();
    let matching = |job: &&Job| {
        let inputs = &job.request.settings.inputs;
        let has_file = |part: &String| inputs.iter().any(|it| it.file_input.contains(part));
        request.status.is_none_or(|status| job.status == status)
            && request.input_file.as_ref().is_none_or(has_file)
    };
    let token = request.next_token.as_ref();
    let ordered: Vec<&Job> = match request.order {
        Order::Ascending => {
            all.values().filter(|job| token.is_none_or(|it| *it < job.id)).collect()
        }
        Order::Descending => {
            all.values().rev().filter(|job| token.is_none_or(|it| job.id < *it)).collect()
        }
    };
    let mut rest = ordered.into_iter().filter(matching);
    let page: Vec<&Job> = rest.by_ref().take(max_results).collect();
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
    let request: ProbeFiles = read_json(&body).map_err(AwsError::bad_request)?;
    let mut results = Vec::new();
    for ProbeFile { file_url } in request.input_files {
        if parse_s3_url(&file_url).is_none() {
            return Err(AwsError::bad_request(format!("{file_url} is not an s3:// URL")));
        }
        let input = Input::open(&jobs.s3, &file_url).await.map_err(AwsError::not_found)?;
        tokio::time::sleep(jobs.probe_duration(input.size)).await;
        let probed = jobs.probes.probe(&input).await;
        let unreadable = |_| AwsError::unprocessable(format!("could not probe {file_url}"));
        results.push(probed.map_err(unreadable)?.result(input.size));
    }
    Ok(Json(json!({ "probeResults": results })))
}
