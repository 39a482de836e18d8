//! MediaConvert's jobs: their records, their turn, their events.
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
use super::probe::{Probed, probe};
use super::rate::Rate;
use super::settings::JobSettings;
use super::transcode::{JobError, transcode};
use crate::account::{ACCOUNT, REGION};
use crate::aws_protocol::AwsError;
use crate::eventbridge::Bus;
use crate::faults::Faults;
use crate::records::Records;

/// The cores of a small machine, which the live encoder needs too.
const MOST_AT_ONCE: usize = 2;
/// How long a `clientRequestToken` gives the job that it made.
/// <https://docs.aws.amazon.com/mediaconvert/latest/apireference/idempotency.html>
const TOKEN_LIFETIME: TimeDelta = TimeDelta::minutes(1);

/// A job as it is kept.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Job {
    pub(super) id: String,
    #[serde(flatten)]
    pub(super) asked: CreateJob,
    pub(super) status: JobStatus,
    pub(super) created_at: DateTime<Utc>,
    pub(super) percent: u8,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) error: Option<(u32, String)>,
    /// In MediaConvert's words, without the paths, which only the event has.
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

/// Why no job was added.
enum NotAdded {
    /// Its token has made this one already.
    Earlier(Box<Job>),
    Refused(AwsError),
}

impl From<std::io::Error> for NotAdded {
    fn from(error: std::io::Error) -> Self {
        Self::Refused(error.into())
    }
}

/// The jobs of the account.
#[derive(Debug)]
pub(crate) struct Jobs {
    pub(super) records: Records<Job>,
    running: Mutex<BTreeMap<String, CancellationToken>>,
    work: PathBuf,
    pub(super) s3: aws_sdk_s3::Client,
    pub(super) faults: Faults,
    pub(super) chance: Mutex<fastrand::Rng>,
    pub(super) create_rate: Rate,
    bus: Arc<Bus>,
    slots: Semaphore,
}

impl Jobs {
    pub(crate) fn open(
        folder: &Path,
        s3: aws_sdk_s3::Client,
        faults: &Faults,
        create_rate: Rate,
        bus: Arc<Bus>,
    ) -> std::io::Result<Arc<Self>> {
        Ok(Arc::new(Self {
            records: Records::open(folder.join("jobs"))?,
            running: Mutex::default(),
            work: folder.join("work"),
            s3,
            faults: faults.clone(),
            chance: Mutex::new(faults.random("transcodes")),
            create_rate,
            bus,
            slots: Semaphore::new(MOST_AT_ONCE),
        }))
    }

    /// Goes on with the jobs that an earlier process left, from their beginning.
    pub(crate) fn resume(self: &Arc<Self>) {
        for job in self.records.all().into_values() {
            if matches!(job.status, JobStatus::Submitted | JobStatus::Progressing) {
                self.work_on(job);
            }
        }
    }

    pub(super) fn create(self: &Arc<Self>, asked: CreateJob) -> Result<Job, AwsError> {
        asked.settings.check()?;
        if !asked.role.starts_with("arn:aws:iam::") {
            return Err(AwsError::bad_request("/role: this is not the ARN of a role"));
        }
        interval(asked.status_update_interval.as_deref())?;
        let now = Utc::now();
        let id = format!("{}-{:06x}", now.timestamp_micros(), fastrand::u32(..1 << 24));
        let job = Job {
            id: id.clone(),
            asked,
            status: JobStatus::Submitted,
            created_at: now,
            percent: 0,
            error: None,
            output_group_details: json!([]),
        };
        let added = self.records.add(&id, job.clone(), |jobs| {
            let token = job.asked.client_request_token.as_ref();
            let mut recent =
                jobs.values().rev().take_while(|it| now - it.created_at < TOKEN_LIFETIME);
            let of_token = |it: &&Job| it.asked.client_request_token.as_ref() == token;
            match recent.find(of_token).filter(|_| token.is_some()) {
                None => Ok(()),
                Some(earlier) if json!(earlier.asked) == json!(job.asked) => {
                    Err(NotAdded::Earlier(Box::new(earlier.clone())))
                }
                Some(_) => Err(NotAdded::Refused(AwsError::conflict(
                    "the clientRequestToken was used for another job",
                ))),
            }
        });
        match added {
            Ok(()) => {
                self.work_on(job.clone());
                Ok(job)
            }
            Err(NotAdded::Earlier(job)) => Ok(*job),
            Err(NotAdded::Refused(error)) => Err(error),
        }
    }

    pub(super) fn cancel(&self, id: &str) -> Result<(), AwsError> {
        let missing = || AwsError::not_found(format!("there is no job {id}"));
        let job = self.records.get(id).ok_or_else(missing)?;
        if !matches!(job.status, JobStatus::Submitted | JobStatus::Progressing) {
            return Err(AwsError::conflict(format!("job {id} is {:?} already", job.status)));
        }
        let running = self.running.lock().expect("no thread panics while it holds the lock");
        running.get(id).map(CancellationToken::cancel).ok_or_else(missing)
    }

    /// Does a job when its turn comes, and tells how it goes.
    fn work_on(self: &Arc<Self>, job: Job) {
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
                None => jobs.tell(&job, "CANCELED", json!({})),
                Some(Ok((_, details))) => {
                    jobs.tell(&job, "COMPLETE", json!({ "outputGroupDetails": details }));
                }
                Some(Err(JobError { code, message })) => {
                    let detail = json!({ "errorCode": code, "errorMessage": message });
                    jobs.tell(&job, "ERROR", detail);
                }
            }
        });
    }

    /// The outputs as GetJob shows them, and as the event does.
    async fn run(&self, job: &Job, work: &Path) -> Result<(Value, Value), JobError> {
        let _slot = self.slots.acquire().await.expect("the slots are never closed");
        let begun = tokio::time::Instant::now();
        let input = &job.asked.settings.inputs[0].file_input;
        let opening = |error: String| JobError::new(1404, format!("unable to open input: {error}"));
        let url = files::reading_url(&self.s3, input).await.map_err(opening)?;
        let probed = probe(&url).await.map_err(|error| opening(error.to_string()))?;
        if self.change(&job.id, |job| job.status = JobStatus::Progressing).is_none() {
            return Err(JobError::new(1999, "the job is gone"));
        }
        self.tell(job, "INPUT_INFORMATION", json!({ "inputDetails": [{ "id": 1, "uri": input }] }));
        self.tell(job, "PROGRESSING", json!({}));

        self.transcode(job, &probed, &url, work).await?;
        let chance = self.chance.lock().expect("no thread panics while it holds the lock").f64();
        if chance < self.faults.fail {
            return Err(JobError::new(1999, "the service had a bad day"));
        }
        let groups = &job.asked.settings.output_groups;
        let failed = |error: String| JobError::new(1401, format!("unable to write: {error}"));
        let mut details = Vec::new();
        for (at, group) in groups.iter().enumerate() {
            let folder = work.join(at.to_string());
            files::fill_up(&folder).map_err(|error| failed(error.to_string()))?;
            details.push(files::describe(group, &folder).map_err(|it| failed(it.to_string()))?);
            let (bucket, prefix) = files::place(group).ok_or_else(|| failed(String::new()))?;
            for file in files::of(&folder).map_err(|error| failed(error.to_string()))? {
                let name = file.file_name().unwrap_or_default().to_string_lossy().into_owned();
                let body = ByteStream::from_path(&file).await;
                let body = body.map_err(|error| failed(error.to_string()))?;
                let put = self.s3.put_object().bucket(bucket).key(format!("{prefix}{name}"));
                let put = put.content_type(files::media_type(&name)).body(body).send().await;
                put.map_err(|error| failed(aws_sdk_s3::Error::from(error).to_string()))?;
            }
        }
        tokio::time::sleep_until(begun + self.faults.min_job_duration()).await;
        let shown = details.iter().map(files::without_paths).collect();
        Ok((shown, Value::Array(details)))
    }

    /// Runs ffmpeg, and tells at the asked interval how far it is.
    async fn transcode(
        &self,
        job: &Job,
        probed: &Probed,
        url: &str,
        work: &Path,
    ) -> Result<(), JobError> {
        let every = interval(job.asked.status_update_interval.as_deref());
        let mut reports = tokio::time::interval(every.unwrap_or(Duration::from_mins(1)));
        reports.tick().await;
        let percent = Mutex::new(0_u8);
        let at = || *percent.lock().expect("no thread panics while it holds the lock");
        let progressed = |share: f64| {
            #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a share")]
            let reached = (share * 99.0) as u8;
            *percent.lock().expect("no thread panics while it holds the lock") = reached;
        };
        let settings = &job.asked.settings;
        let work = transcode(settings, probed, url, work, progressed);
        tokio::pin!(work);
        loop {
            tokio::select! {
                done = &mut work => return done,
                _ = reports.tick() => {
                    let percent = at();
                    if let Some(job) = self.change(&job.id, |job| job.percent = percent) {
                        let phase = |status, percent| {
                            json!({ "status": status, "percentComplete": percent })
                        };
                        self.tell(&job, "STATUS_UPDATE", json!({ "jobProgress": {
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
            tracing::error!("MediaConvert job {id} could not be kept: {error}");
            None
        })
    }

    /// The event as captured; its ARN lacks the account.
    /// <https://docs.aws.amazon.com/mediaconvert/latest/ug/mediaconvert_cwe_events.html>
    fn tell(&self, job: &Job, status: &str, mut detail: Value) {
        detail["timestamp"] = json!(Utc::now().timestamp_millis());
        detail["accountId"] = json!(ACCOUNT);
        detail["queue"] = json!(queue_arn());
        detail["jobId"] = json!(job.id);
        detail["status"] = json!(status);
        detail["userMetadata"] = json!(job.asked.user_metadata);
        let resources = [format!("arn:aws:mediaconvert:{REGION}::jobs/{}", job.id)];
        let detail_type = "MediaConvert Job State Change";
        self.bus.publish("aws.mediaconvert", detail_type, &resources, &detail);
    }
}

fn queue_arn() -> String {
    format!("arn:aws:mediaconvert:{REGION}:{ACCOUNT}:queues/Default")
}

/// How often progress is told.
fn interval(name: Option<&str>) -> Result<Duration, AwsError> {
    let Some(name) = name else { return Ok(Duration::from_mins(1)) };
    let seconds = name.strip_prefix("SECONDS_").and_then(|number| number.parse::<u64>().ok());
    let seconds = seconds.filter(|it| matches!(it, 10 | 12 | 15 | 20 | 30) || it % 60 == 0);
    let seconds = seconds.filter(|it| (10..=600).contains(it));
    seconds.map(Duration::from_secs).ok_or_else(|| {
        AwsError::bad_request(format!("/statusUpdateInterval: {name} is none of the intervals"))
    })
}

impl Job {
    /// The job as the API shows it.
    pub(super) fn describe(&self) -> Value {
        let mut shown = json!({
            "arn": format!("arn:aws:mediaconvert:{REGION}:{ACCOUNT}:jobs/{}", self.id),
            "id": self.id,
            "createdAt": self.created_at.timestamp(),
            "jobPercentComplete": self.percent,
            "queue": queue_arn(),
            "role": self.asked.role,
            "settings": self.asked.settings,
            "status": self.status,
            "userMetadata": self.asked.user_metadata,
            "outputGroupDetails": self.output_group_details,
        });
        if let Some((code, message)) = &self.error {
            shown["errorCode"] = json!(code);
            shown["errorMessage"] = json!(message);
        }
        shown
    }
}
