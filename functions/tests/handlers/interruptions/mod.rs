//! Functions that are stopped at each of their calls to AWS, in each way: the end is always that of
//! a run that nothing disturbed.
//!
//! What lets a clip go on is what AWS does: a queue gives its message again, the bus its event; a
//! client that got no reply asks again; and the sweep runs. The stand-in loses every event and
//! gives no message to anyone, so that each of them is proven to be enough.

mod clip_requests;
mod inventory;
mod live_clips;
mod sweep;
mod uploads;

use std::fmt::Debug;
use std::path::Path;
use std::time::Duration;

use aws_config::SdkConfig;
use aws_config::retry::RetryConfig;
use aws_lambda_events::apigw::{ApiGatewayV2httpRequest, ApiGatewayV2httpResponse};
use aws_lambda_events::sqs::SqsEvent;
use chrono::{TimeDelta, Utc};
use matchcut::clip::{Clip, Status};
use matchcut::config::Variables;
use matchcut_local::{Cut, Run, interruptible};
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::time::MissedTickBehavior;

use crate::api::Api;

/// A run that dies before a call has died after the one before it: there is no need to try both.
const CUTS: [Cut; 3] = [Cut::DieAfter, Cut::BreakAfter, Cut::GoneAfter];
/// For those whose calls are many, and much comes of: what never took effect is tried again, too.
const ALL_CUTS: [Cut; 4] = [Cut::DieAfter, Cut::BreakAfter, Cut::BreakBefore, Cut::GoneAfter];
/// More than any function makes for one clip.
const MAX_CALLS: usize = 40;

/// How often a test is swept while something is awaited, and how often at most.
const SWEEP_INTERVAL: Duration = Duration::from_millis(250);
const MAX_SWEEPS: i64 = 240;
/// What a sweep counts for, in minutes: as long as any look at an unfinished clip is put off.
const MINUTES_PER_SWEEP: i64 = 15;
/// In minutes: later than whatever the sweeps before it can have put off.
const MINUTES_PER_DAY: i64 = 24 * 60;

/// A stack that tells nothing, and what functions are made of whose calls can be cut off.
struct InterruptionTest {
    api: Api,
    sdk: SdkConfig,
    _groups: TempDir,
}

/// A run, and what it was about.
#[derive(Debug)]
struct Interrupted<T, R> {
    what: String,
    case: T,
    /// What it came to, unless it died.
    answer: Option<R>,
}

impl InterruptionTest {
    async fn start() -> Self {
        let groups = tempfile::tempdir().unwrap();
        write_groups(groups.path());
        let folder = groups.path().to_owned();
        let api = Api::start_with(|options| {
            options.faults.lose = 1.0;
            options.pollers = false;
            options.packaging_groups = folder;
            options.create_job_burst = 1000;
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

    /// Sweeps, each time as if so much time had passed, until every clip is as it should be.
    async fn settle(&self, settled: impl Fn(&Clip) -> bool) {
        let mut sweeps = tokio::time::interval(SWEEP_INTERVAL);
        sweeps.set_missed_tick_behavior(MissedTickBehavior::Delay);
        for sweep in 1..=MAX_SWEEPS {
            sweeps.tick().await;
            self.sweep_after(sweep * MINUTES_PER_SWEEP).await;
            if self.clips().await.iter().all(&settled) {
                return;
            }
        }
        let clips = self.clips().await.into_iter();
        let left: Vec<Clip> = clips.filter(|clip| !settled(clip)).collect();
        panic!("these clips did not come to their end: {left:#?}");
    }
}

/// Has clips handled interrupt_each_call: what was given again led the clip to a status, and the rest is left
/// to the sweep. How many clips that took.
async fn interrupt_handler<E: Debug>(
    test: &InterruptionTest,
    ways: &[Cut],
    next: Status,
    mut prepare: impl AsyncFnMut() -> Clip,
    handle: impl AsyncFn(&Clip) -> Result<(), E>,
) -> usize {
    let redelivered = interrupt_and_redeliver(test, ways, next, &mut prepare, &handle).await;
    // One that only met a broken connection says so, and is started again.
    redelivered + interrupt_each_call(&[Cut::DieAfter], prepare, handle).await.len()
}

/// Has clips handled interrupt_each_call, and again where that did not succeed: that led the clip to a
/// status. How many clips it took.
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

/// Runs of one kind, each cut one call later than the one before, until one is not cut any more.
async fn interrupt_each_call<T, R>(
    ways: &[Cut],
    mut prepare: impl AsyncFnMut() -> T,
    work: impl AsyncFn(&T) -> R,
) -> Vec<Interrupted<T, R>> {
    let mut tried = Vec::new();
    for way in ways {
        for call in 0.. {
            assert!(call < MAX_CALLS, "there is no end to it");
            let case = prepare().await;
            let run = Run::cut_at(call, *way);
            let answer = run.of(Box::pin(work(&case))).await;
            tried.push(Interrupted { what: format!("{way:?} at call {call}"), case, answer });
            if !run.was_cut() {
                break;
            }
        }
    }
    tried
}

/// Asks for something interrupt_each_call; who got no reply asks again, and has it then. How often it asked.
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

/// Asks for something interrupt_each_call, each time with another idempotency key.
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

/// A packaging group of two formats that need no ffmpeg.
fn write_groups(folder: &Path) {
    let hls = |id| json!({ "id": id, "hlsPackage": { "hlsManifests": [{}] } });
    let group = json!({ "id": "default", "packagingConfigurations": [hls("hls"), hls("hls-2")] });
    std::fs::write(folder.join("default.json"), group.to_string()).unwrap();
}

/// A request of the operator's, as API Gateway hands it on.
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

/// A batch of one message, as a queue gives it.
fn message(body: &Value) -> SqsEvent {
    serde_json::from_value(json!({ "Records": [{ "body": body.to_string() }] })).unwrap()
}

/// Whether a client has its reply; if not, it asks again.
fn is_answered(answer: Option<&ApiGatewayV2httpResponse>) -> bool {
    answer.is_some_and(|answer| answer.status_code < 500)
}
