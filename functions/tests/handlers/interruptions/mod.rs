//! Interrupts each function at each of its calls to AWS. The result must equal that of an
//! undisturbed run.
//!
//! A clip continues because a queue redelivers its message, EventBridge redelivers its event, a
//! client without a reply repeats its request, or the sweep runs. In these tests the stand-in loses
//! every event and delivers no message, so each of the four is tested alone.

mod clip_requests;
mod exact;
mod exports;
mod inventory;
mod live_clips;
mod marks;
mod reels;
mod rules;
mod sweep;
mod uploads;

use std::fmt::Debug;
use std::path::Path;
use std::time::Duration;

use aws_config::SdkConfig;
use aws_config::retry::RetryConfig;
use aws_lambda_events::apigw::{ApiGatewayV2httpRequest, ApiGatewayV2httpResponse};
use aws_lambda_events::sqs::SqsEvent;
use aws_sdk_mediaconvert::types::JobStatus;
use aws_sdk_mediapackagevod::types::EgressEndpoint;
use chrono::{TimeDelta, Utc};
use matchcut::clip::{Clip, FileKinds, Status};
use matchcut::config::Variables;
use matchcut_local::{Cut, Run, interruptible};
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::api::Api;

/// Dying before a call is the same as dying after the previous call, so only one is tested.
const CUTS: [Cut; 3] = [Cut::DieAfter, Cut::BreakAfter, Cut::GoneAfter];
/// For functions with many calls: also tests a call that never took effect.
const ALL_CUTS: [Cut; 4] = [Cut::DieAfter, Cut::BreakAfter, Cut::BreakBefore, Cut::GoneAfter];
/// More calls than any function makes for one clip.
const MAX_CALLS: usize = 40;

/// The maximum number of sweeps until all clips are in their expected state.
const MAX_SWEEPS: u32 = 48;
/// Simulated minutes between two sweeps: the longest delay of a check of a pending clip.
const MINUTES_PER_SWEEP: i64 = 15;
/// Minutes after which the row of a deleted clip can be removed.
const MINUTES_PER_REMOVAL: i64 = 4;
/// Later than any check that an earlier sweep can have scheduled.
const MINUTES_PER_DAY: i64 = 24 * 60;

/// A stack that delivers no event, and an SDK configuration whose calls can be interrupted.
struct InterruptionTest {
    api: Api,
    sdk: SdkConfig,
    _groups: TempDir,
}

/// An interrupted run and its input.
#[derive(Debug)]
struct Interrupted<T, R> {
    what: String,
    case: T,
    /// The result, unless the run died.
    answer: Option<R>,
}

impl InterruptionTest {
    async fn start() -> Self {
        Self::start_with_files(FileKinds::None).await
    }

    async fn start_with_files(kinds: FileKinds) -> Self {
        let groups = tempfile::tempdir().unwrap();
        write_groups(groups.path());
        let folder = groups.path().to_owned();
        let api = Api::start_with(|options| {
            options.faults.lose = 1.0;
            options.clip_files = kinds;
            options.pollers = false;
            options.packaging_groups = folder;
            options.create_job_burst = 1000;
            options.limits.media_package_rate = 1000;
            options.limits.media_package_burst = 1000;
        })
        .await;
        let retries = RetryConfig::standard().with_initial_backoff(Duration::from_millis(1));
        let sdk = interruptible(&api.stack.sdk).to_builder().retry_config(retries).build();
        Self { api, sdk, _groups: groups }
    }

    fn variables(&self) -> &Variables {
        &self.api.stack.variables
    }

    async fn clips(&self) -> Vec<Clip> {
        let rows = self.api.rows().await.into_iter();
        let is_clip = |row: &Value| !row["competition"].as_str().unwrap().contains('#');
        rows.filter(is_clip).map(|row| serde_json::from_value(row).unwrap()).collect()
    }

    async fn sweep_after(&self, minutes: i64) {
        let now = Utc::now() + TimeDelta::minutes(minutes);
        self.api.stack.functions.sweep.run(now).await.unwrap();
    }

    /// Sweeps at a time when clips are deleted, and again when nothing can appear of them any more.
    async fn sweep_until_removed(&self, minutes: i64) {
        self.sweep_after(minutes).await;
        self.sweep_after(minutes + MINUTES_PER_REMOVAL).await;
    }

    /// Sweeps until an upload whose file does not arrive is given up, and removed a day later.
    async fn sweep_until_given_up_and_removed(&self, minutes: i64) {
        self.sweep_after(minutes).await;
        self.sweep_until_removed(minutes + MINUTES_PER_DAY + 1).await;
    }

    /// Waits until no job and no ingest is running. Until then, sweeps change nothing.
    async fn wait_until_idle(&self) {
        let sdk = &self.api.stack.sdk;
        let live = aws_sdk_mediapackage::Client::new(sdk);
        let convert = aws_sdk_mediaconvert::Client::new(sdk);
        let vod = aws_sdk_mediapackagevod::Client::new(sdk);
        let is_idle = async || {
            let harvests = live.list_harvest_jobs().include_status("IN_PROGRESS").send().await;
            let mut is_busy = !harvests.unwrap().harvest_jobs().is_empty();
            for status in [JobStatus::Submitted, JobStatus::Progressing] {
                is_busy |=
                    !convert.list_jobs().status(status).send().await.unwrap().jobs().is_empty();
            }
            for clip in self.clips().await.into_iter().map(Clip::into_current_work) {
                if is_busy || clip.status != Status::Packaging {
                    continue;
                }
                let asset = vod.describe_asset().id(clip.current_attempt().to_string());
                if let Ok(asset) = asset.send().await {
                    let mut endpoints = asset.egress_endpoints().iter().map(EgressEndpoint::status);
                    is_busy |= endpoints.any(|it| matches!(it, Some("QUEUED" | "PROCESSING")));
                }
            }
            (!is_busy).then_some(())
        };
        self.api.eventually("no job is running", is_idle).await;
    }

    /// Sweeps, each time `MINUTES_PER_SWEEP` later, until every clip fulfills the condition.
    async fn settle(&self, settled: impl Fn(&Clip) -> bool) {
        for sweep in 1..=MAX_SWEEPS {
            self.sweep_after(i64::from(sweep) * MINUTES_PER_SWEEP).await;
            if self.clips().await.iter().all(&settled) {
                return;
            }
            self.wait_until_idle().await;
        }
        let clips = self.clips().await.into_iter();
        let left: Vec<Clip> = clips.filter(|clip| !settled(clip)).collect();
        panic!("these clips did not reach the expected state: {left:#?}");
    }
}

/// Interrupts the handler at each call. After a redelivery each clip must have the status `next`;
/// runs that died without a redelivery are left to the sweep. Returns the number of clips.
async fn interrupt_handler<E: Debug>(
    test: &InterruptionTest,
    ways: &[Cut],
    next: Status,
    mut prepare: impl AsyncFnMut() -> Clip,
    handle: impl AsyncFn(&Clip) -> Result<(), E>,
) -> usize {
    let redelivered = interrupt_and_redeliver(test, ways, next, &mut prepare, &handle).await;
    // A run that met a broken connection returns an error, and is started again.
    redelivered + interrupt_each_call(&[Cut::DieAfter], prepare, handle).await.len()
}

/// Interrupts the handler at each call and repeats each run that did not succeed. Each clip must
/// then have the status `next`. Returns the number of clips.
async fn interrupt_and_redeliver<E: Debug>(
    test: &InterruptionTest,
    ways: &[Cut],
    next: Status,
    prepare: impl AsyncFnMut() -> Clip,
    handle: impl AsyncFn(&Clip) -> Result<(), E>,
) -> usize {
    let tried = interrupt_each_call(ways, prepare, &handle).await;
    for run in &tried {
        if !matches!(run.answer, Some(Ok(()))) {
            handle(&run.case).await.unwrap();
        }
        let found = test.api.library().find(&run.case.key()).await.unwrap().unwrap();
        assert_eq!(found.status, next, "{}", run.what);
    }
    tried.len()
}

/// Repeats the work, each time interrupted one call later, until a run is not interrupted.
async fn interrupt_each_call<T, R>(
    ways: &[Cut],
    mut prepare: impl AsyncFnMut() -> T,
    work: impl AsyncFn(&T) -> R,
) -> Vec<Interrupted<T, R>> {
    let mut tried = Vec::new();
    for way in ways {
        for call in 0.. {
            assert!(call < MAX_CALLS, "the run still made calls after MAX_CALLS interruptions");
            let case = prepare().await;
            let run = Run::cut_at(call, *way);
            let answer = run.execute(Box::pin(work(&case))).await;
            tried.push(Interrupted { what: format!("{way:?} at call {call}"), case, answer });
            if !run.was_cut() {
                break;
            }
        }
    }
    tried
}

/// Interrupts requests at each call and repeats those without a reply. Each repeated request must
/// return the status `done`. Returns the number of cases.
async fn interrupt_requests<T>(
    ways: &[Cut],
    done: i64,
    prepare: impl AsyncFnMut() -> T,
    ask: impl AsyncFn(&T) -> ApiGatewayV2httpResponse,
) -> usize {
    let tried = interrupt_each_call(ways, prepare, &ask).await;
    for run in tried.iter().filter(|run| !is_answered(run.answer.as_ref())) {
        assert_eq!(ask(&run.case).await.status_code, done, "{}", run.what);
    }
    tried.len()
}

/// Interrupts requests at each call, each case with its own idempotency key.
async fn interrupt_keyed_requests(
    done: i64,
    body: &Value,
    ask: impl AsyncFn(ApiGatewayV2httpRequest) -> ApiGatewayV2httpResponse,
) -> usize {
    let mut keys = 0;
    let next = async || {
        keys += 1;
        json!({ "idempotency-key": keys.to_string() })
    };
    let body = body.to_string();
    interrupt_requests(&ALL_CUTS, done, next, async |key| {
        ask(request(&json!({}), key, &body)).await
    })
    .await
}

/// Writes a packaging group of two formats that need no ffmpeg.
fn write_groups(folder: &Path) {
    let hls = |id| json!({ "id": id, "hlsPackage": { "hlsManifests": [{}] } });
    let group = json!({ "id": "default", "packagingConfigurations": [hls("hls"), hls("hls-2")] });
    std::fs::write(folder.join("default.json"), group.to_string()).unwrap();
}

/// An operator's request in the form that API Gateway passes to a function.
fn request(parameters: &Value, headers: &Value, body: &str) -> ApiGatewayV2httpRequest {
    serde_json::from_value(json!({
        "version": "2.0",
        "routeKey": "the same for all",
        "headers": headers,
        "pathParameters": parameters,
        "requestContext": {
            "http": { "method": "POST", "path": "/" },
            "authorizer": { "jwt": { "claims": { "sub": "operator" }, "scopes": [] } },
        },
        "body": body,
        "isBase64Encoded": false,
    }))
    .unwrap()
}

fn clip_parameters(clip: &Clip) -> Value {
    json!({ "competitionId": clip.competition, "clipId": clip.clip })
}

/// An SQS batch of one message.
fn message(body: &Value) -> SqsEvent {
    serde_json::from_value(json!({ "Records": [{ "body": body.to_string() }] })).unwrap()
}

/// Whether the client has a reply. Without one, the client repeats the request.
fn is_answered(answer: Option<&ApiGatewayV2httpResponse>) -> bool {
    answer.is_some_and(|answer| answer.status_code < 500)
}
