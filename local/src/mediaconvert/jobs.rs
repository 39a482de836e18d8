//! Jobs: their records, their queue, and their events.
//! <https://docs.aws.amazon.com/mediaconvert/latest/ug/working-with-jobs.html>

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use aws_sdk_s3::primitives::ByteStream;
use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;

use super::files;
use super::input::{JobInput, Probes, open_inputs};
use super::input_settings::describe_inputs;
use super::job_error::JobError;
use super::multivariant::finish_manifests;
use super::probe::Stream;
use super::settings::{JobSettings, Output, OutputGroupSettings};
use super::transcode::transcode;
use crate::account::{ACCOUNT, REGION};
use crate::aws_protocol::AwsError;
use crate::eventbridge::Bus;
use crate::faults::Faults;
use crate::rate::Rate;
use crate::records::Records;

/// The cores of a small machine, which the live encoder needs too.
const MAX_CONCURRENT_JOBS: usize = 2;
/// How long a repeated `clientRequestToken` returns the job that it created.
/// <https://docs.aws.amazon.com/mediaconvert/latest/apireference/idempotency.html>
const TOKEN_LIFETIME: TimeDelta = TimeDelta::minutes(1);

/// The record of a job.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Job {
    pub(super) id: String,
    #[serde(flatten)]
    pub(super) request: CreateJob,
    pub(super) status: JobStatus,
    pub(super) created_at: DateTime<Utc>,
    pub(super) percent: u8,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) error: Option<(u32, String)>,
    /// The outputs as GetJob returns them. Only the event has the file paths.
    #[serde(default)]
    pub(super) output_group_details: Value,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct CreateJob {
    role: String,
    pub(super) settings: JobSettings,
    #[serde(default)]
    user_metadata: BTreeMap<String, String>,
    #[serde(default)]
    client_request_token: Option<String>,
    #[serde(default)]
    status_update_interval: Option<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub(super) enum JobStatus {
    Submitted,
    Progressing,
    Complete,
    Canceled,
    Error,
}

/// Why CreateJob added no job.
enum NotAdded {
    /// An earlier request with the same token has created this job.
    Earlier(Box<Job>),
    Rejected(AwsError),
}

impl From<std::io::Error> for NotAdded {
    fn from(error: std::io::Error) -> Self {
        Self::Rejected(error.into())
    }
}

/// The longest Probe, in seconds.
const MAX_PROBE_SECONDS: f64 = 60.0;

/// The jobs of the account.
#[derive(Debug)]
pub(crate) struct Jobs {
    pub(super) records: Records<Job>,
    running: Mutex<BTreeMap<String, CancellationToken>>,
    work: PathBuf,
    pub(super) s3: aws_sdk_s3::Client,
    pub(super) probes: Probes,
    faults: Faults,
    random: Mutex<fastrand::Rng>,
    pub(super) create_rate: Rate,
    /// How many bytes of a file Probe covers in a second.
    probe_bytes_per_second: f64,
    bus: Arc<Bus>,
    slots: Semaphore,
}

impl Jobs {
    pub(crate) fn open(
        folder: &Path,
        s3: aws_sdk_s3::Client,
        faults: &Faults,
        create_rate: Rate,
        probe_bytes_per_second: f64,
        bus: Arc<Bus>,
    ) -> std::io::Result<Arc<Self>> {
        Ok(Arc::new(Self {
            records: Records::open(folder.join("jobs"))?,
            running: Mutex::default(),
            work: folder.join("work"),
            s3,
            probes: Probes::default(),
            faults: faults.clone(),
            random: Mutex::new(faults.random("transcodes")),
            create_rate,
            probe_bytes_per_second,
            bus,
            slots: Semaphore::new(MAX_CONCURRENT_JOBS),
        }))
    }

    /// Restarts the jobs that were not finished when an earlier process ended.
    pub(crate) fn resume(self: &Arc<Self>) {
        for job in self.records.all().into_values() {
            if matches!(job.status, JobStatus::Submitted | JobStatus::Progressing) {
                self.spawn(job);
            }
        }
    }

    /// How long Probe takes for a file of this size: at most a minute.
    pub(super) fn probe_duration(&self, size: i64) -> Duration {
        #[expect(clippy::cast_precision_loss, reason = "the duration is approximate")]
        let seconds = size as f64 / self.probe_bytes_per_second;
        Duration::from_secs_f64(seconds.clamp(0.0, MAX_PROBE_SECONDS))
    }

    pub(super) fn create(self: &Arc<Self>, request: CreateJob) -> Result<Job, AwsError> {
        request.settings.check()?;
        if !request.role.starts_with("arn:aws:iam::") {
            return Err(AwsError::bad_request("/role: not the ARN of a role"));
        }
        parse_interval(request.status_update_interval.as_deref())?;
        let now = Utc::now();
        let id = format!("{}-{:06x}", now.timestamp_micros(), fastrand::u32(..1 << 24));
        let job = Job {
            id: id.clone(),
            request,
            status: JobStatus::Submitted,
            created_at: now,
            percent: 0,
            error: None,
            output_group_details: json!([]),
        };
        let added = self.records.add(&id, job.clone(), |jobs| {
            let token = job.request.client_request_token.as_ref();
            let mut recent =
                jobs.values().rev().take_while(|it| now - it.created_at < TOKEN_LIFETIME);
            let has_token = |it: &&Job| it.request.client_request_token.as_ref() == token;
            match recent.find(has_token).filter(|_| token.is_some()) {
                None => Ok(()),
                Some(earlier) if json!(earlier.request) == json!(job.request) => {
                    Err(NotAdded::Earlier(Box::new(earlier.clone())))
                }
                Some(_) => Err(NotAdded::Rejected(AwsError::conflict(
                    "the clientRequestToken was used for another job",
                ))),
            }
        });
        match added {
            Ok(()) => {
                self.spawn(job.clone());
                Ok(job)
            }
            Err(NotAdded::Earlier(job)) => Ok(*job),
            Err(NotAdded::Rejected(error)) => Err(error),
        }
    }

    pub(super) fn cancel(&self, id: &str) -> Result<(), AwsError> {
        let missing = || AwsError::not_found(format!("job {id} not found"));
        let job = self.records.get(id).ok_or_else(missing)?;
        if !matches!(job.status, JobStatus::Submitted | JobStatus::Progressing) {
            return Err(AwsError::conflict(format!("job {id} is already {:?}", job.status)));
        }
        let running = self.running.lock().expect("no thread panics while it holds the lock");
        running.get(id).map(CancellationToken::cancel).ok_or_else(missing)
    }

    /// Runs a job in the background once a slot is free, and publishes its events.
    fn spawn(self: &Arc<Self>, job: Job) {
        let canceled = CancellationToken::new();
        let mut running = self.running.lock().expect("no thread panics while it holds the lock");
        running.insert(job.id.clone(), canceled.clone());
        drop(running);
        let jobs = Arc::clone(self);
        tokio::spawn(async move {
            let id = job.id.clone();
            let work = jobs.work.join(&id);
            let done = canceled.run_until_cancelled(jobs.run(&job, &work)).await;
            let _ = tokio::fs::remove_dir_all(&work).await;
            jobs.running.lock().expect("no thread panics while it holds the lock").remove(&id);
            let ended = match &done {
                None => jobs.change(&id, |job| job.status = JobStatus::Canceled),
                Some(Ok((details, _))) => jobs.change(&id, |job| {
                    job.status = JobStatus::Complete;
                    job.percent = 100;
                    job.output_group_details = details.clone();
                }),
                Some(Err(error)) => jobs.change(&id, |job| {
                    job.status = JobStatus::Error;
                    job.error = Some((error.code, error.message.clone()));
                }),
            };
            let Some(job) = ended else { return };
            match done {
                None => jobs.publish(&job, "CANCELED", json!({})),
                Some(Ok((_, details))) => {
                    jobs.publish(&job, "COMPLETE", json!({ "outputGroupDetails": details }));
                }
                Some(Err(JobError { code, message })) => {
                    let detail = json!({ "errorCode": code, "errorMessage": message });
                    jobs.publish(&job, "ERROR", detail);
                }
            }
        });
    }

    /// Runs a job. Returns the outputs as GetJob returns them and as the event lists them.
    async fn run(&self, job: &Job, work: &Path) -> Result<(Value, Value), JobError> {
        let _slot = self.slots.acquire().await.expect("the slots are never closed");
        let started_at = tokio::time::Instant::now();
        let settings = &job.request.settings;
        let inputs = open_inputs(&self.s3, &self.probes, settings, work).await?;
        if self.change(&job.id, |job| job.status = JobStatus::Progressing).is_none() {
            return Err(JobError::new(1999, "the job was deleted"));
        }
        self.publish(
            job,
            "INPUT_INFORMATION",
            json!({ "inputDetails": describe_inputs(&settings.inputs) }),
        );
        self.publish(job, "PROGRESSING", json!({}));

        self.transcode(job, &inputs, work).await?;
        let draw = self.random.lock().expect("no thread panics while it holds the lock").f64();
        if draw < self.faults.fail {
            return Err(JobError::new(1999, "injected fault"));
        }
        let failed = |error: String| JobError::new(1401, format!("unable to write: {error}"));
        let mut details = Vec::new();
        for (at, group) in settings.output_groups.iter().enumerate() {
            let folder = work.join(at.to_string());
            files::pad_short_segments(&folder).map_err(|error| failed(error.to_string()))?;
            if let OutputGroupSettings::Hls { hls_group_settings } = &group.output_group_settings {
                let specified = group.outputs.iter().find_map(Output::specified_frame_rate);
                let source = || inputs[0].probed.videos().next().and_then(Stream::frame_rate);
                let rate = specified.or_else(source);
                let finished = finish_manifests(&folder, hls_group_settings, &group.outputs, rate);
                finished.map_err(|error| failed(error.to_string()))?;
            }
            let described = files::describe(group, &folder).await;
            details.push(described.map_err(|error| failed(error.to_string()))?);
            let (bucket, prefix) =
                files::destination_prefix(group).ok_or_else(|| failed(String::new()))?;
            for file in files::list_files(&folder).map_err(|error| failed(error.to_string()))? {
                let name = file.file_name().unwrap_or_default().to_string_lossy().into_owned();
                let body = ByteStream::from_path(&file).await;
                let body = body.map_err(|error| failed(error.to_string()))?;
                let put = self.s3.put_object().bucket(bucket).key(format!("{prefix}{name}"));
                let put = put.content_type(files::media_type(&name)).body(body).send().await;
                put.map_err(|error| failed(aws_sdk_s3::Error::from(error).to_string()))?;
            }
        }
        tokio::time::sleep_until(started_at + self.faults.min_job_duration()).await;
        let without_paths = details.iter().map(files::remove_paths).collect();
        Ok((without_paths, Value::Array(details)))
    }

    /// Runs ffmpeg, and publishes its progress at the interval of the request.
    async fn transcode(
        &self,
        job: &Job,
        inputs: &[JobInput<'_>],
        work: &Path,
    ) -> Result<(), JobError> {
        let every = parse_interval(job.request.status_update_interval.as_deref());
        let mut reports = tokio::time::interval(every.unwrap_or(Duration::from_mins(1)));
        reports.tick().await;
        let percent = Mutex::new(0_u8);
        let read_percent = || *percent.lock().expect("no thread panics while it holds the lock");
        let on_progress = |share: f64| {
            #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a share")]
            let reached = (share * 99.0) as u8;
            *percent.lock().expect("no thread panics while it holds the lock") = reached;
        };
        let transcode = transcode(&job.request.settings, inputs, work, on_progress);
        tokio::pin!(transcode);
        loop {
            tokio::select! {
                done = &mut transcode => return done,
                _ = reports.tick() => {
                    let percent = read_percent();
                    if let Some(job) = self.change(&job.id, |job| job.percent = percent) {
                        let phase = |status, percent| {
                            json!({ "status": status, "percentComplete": percent })
                        };
                        self.publish(&job, "STATUS_UPDATE", json!({ "jobProgress": {
                            "phaseProgress": {
                                "PROBING": phase("COMPLETE", 100),
                                "TRANSCODING": phase("PROGRESSING", percent),
                                "UPLOADING": phase("PENDING", 0),
                            },
                            "jobPercentComplete": percent,
                            "currentPhase": "TRANSCODING",
                            "retryCount": 0,
                        }}));
                    }
                }
            }
        }
    }

    fn change(&self, id: &str, change: impl FnOnce(&mut Job)) -> Option<Job> {
        self.records.change(id, change).unwrap_or_else(|error| {
            tracing::error!("could not store MediaConvert job {id}: {error}");
            None
        })
    }

    /// Publishes an event as captured from AWS. The ARN of the job has no account.
    /// <https://docs.aws.amazon.com/mediaconvert/latest/ug/mediaconvert_cwe_events.html>
    fn publish(&self, job: &Job, status: &str, mut detail: Value) {
        detail["timestamp"] = json!(Utc::now().timestamp_millis());
        detail["accountId"] = json!(ACCOUNT);
        detail["queue"] = json!(queue_arn());
        detail["jobId"] = json!(job.id);
        detail["status"] = json!(status);
        detail["userMetadata"] = json!(job.request.user_metadata);
        let resources = [format!("arn:aws:mediaconvert:{REGION}::jobs/{}", job.id)];
        let detail_type = "MediaConvert Job State Change";
        self.bus.publish("aws.mediaconvert", detail_type, &resources, &detail);
    }
}

fn queue_arn() -> String {
    format!("arn:aws:mediaconvert:{REGION}:{ACCOUNT}:queues/Default")
}

/// Parses a `statusUpdateInterval`. The default is one minute.
fn parse_interval(name: Option<&str>) -> Result<Duration, AwsError> {
    let Some(name) = name else { return Ok(Duration::from_mins(1)) };
    let seconds = name.strip_prefix("SECONDS_").and_then(|number| number.parse::<u64>().ok());
    let seconds = seconds.filter(|it| matches!(it, 10 | 12 | 15 | 20 | 30) || it % 60 == 0);
    let seconds = seconds.filter(|it| (10..=600).contains(it));
    seconds.map(Duration::from_secs).ok_or_else(|| {
        AwsError::bad_request(format!("/statusUpdateInterval: {name} is not a valid interval"))
    })
}

impl Job {
    /// The job as GetJob returns it.
    pub(super) fn describe(&self) -> Value {
        let mut body = json!({
            "arn": format!("arn:aws:mediaconvert:{REGION}:{ACCOUNT}:jobs/{}", self.id),
            "id": self.id,
            "createdAt": self.created_at.timestamp(),
            "jobPercentComplete": self.percent,
            "queue": queue_arn(),
            "role": self.request.role,
            "settings": self.request.settings,
            "status": self.status,
            "userMetadata": self.request.user_metadata,
            "outputGroupDetails": self.output_group_details,
        });
        if let Some((code, message)) = &self.error {
            body["errorCode"] = json!(code);
            body["errorMessage"] = json!(message);
        }
        body
    }
}
