//! Operators and editors who create, follow, retry and delete clips.

use std::time::{Duration, Instant};

use chrono::{DateTime, TimeDelta, Utc};
use futures_util::future::join_all;
use matchcut::clip::{ClipKey, Window};
use matchcut_local::Stack;
use reqwest::{Method, RequestBuilder, StatusCode};
use serde_json::{Value, json};

use crate::Arguments;
use crate::promises::{FinalState, Promises};
use crate::service::RECORDING_LENGTH;

/// The pause after a request that failed or was answered with a server error.
pub(crate) const RETRY_DELAY: Duration = Duration::from_millis(100);
/// Enough tries to outlast the injected faults.
pub(crate) const MAX_TRIES: usize = 300;
/// A clip without a final state after this time is reported as a violation. It counts from the last
/// retry. At MediaPackage's rate, the clips of 400 clients take 6 min.
const FINAL_STATE_TIMEOUT: Duration = Duration::from_mins(30);
const MIN_POLL_INTERVAL: Duration = Duration::from_millis(500);
const MAX_POLL_INTERVAL: Duration = Duration::from_secs(4);
/// A clip with this many attempts is not retried again.
const MAX_ATTEMPTS: u64 = 5;

/// Many clients of one service.
pub(crate) struct Clients {
    http: reqwest::Client,
    api: String,
    token: String,
    promises: Promises,
    arguments: Arguments,
    seed: u64,
    recording_start: DateTime<Utc>,
    video: Vec<u8>,
}

/// What a client does with one clip.
struct ClipPlan {
    idempotency_key: String,
    path: &'static str,
    body: Value,
    /// Whether the request is sent twice at the same time.
    sends_twice: bool,
    /// When the client deletes the clip, if at all.
    deletion: Option<DeletionTime>,
    /// Whether the client retries the clip if it fails.
    retries: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum DeletionTime {
    /// As soon as the clip is created.
    AtOnce,
    /// Once the clip is ready or failed.
    WhenFinished,
}

impl Clients {
    pub(crate) fn new(
        stack: &Stack,
        promises: &Promises,
        arguments: &Arguments,
        seed: u64,
        recording_start: DateTime<Utc>,
        video: Vec<u8>,
    ) -> Self {
        Self {
            http: reqwest::Client::new(),
            api: stack.api.clone(),
            token: stack.token.clone(),
            promises: promises.clone(),
            arguments: arguments.clone(),
            seed,
            recording_start,
            video,
        }
    }

    /// Runs all clients until every clip has reached a final state.
    pub(crate) async fn run(&self) {
        let clients = self.arguments.clients;
        join_all((0..clients).map(async |client| {
            for number in
                (client..self.arguments.clips).step_by(usize::try_from(clients).unwrap_or(1))
            {
                if let Err(violation) = Box::pin(self.run_clip(number)).await {
                    self.promises.add_violation(violation);
                }
            }
        }))
        .await;
    }

    /// Decides what happens to one clip. The same seed and number always give the same plan.
    fn plan_clip(&self, number: u64) -> ClipPlan {
        let mut random = fastrand::Rng::with_seed(self.seed.wrapping_mul(1_000_003) ^ number);
        let competition = format!("chaos-{}", random.u8(0..4));
        let Arguments { uploads, deletions, .. } = self.arguments;
        let is_upload = random.f64() < uploads;
        // Windows start at a segment and last two segments.
        let last_start = RECORDING_LENGTH.num_seconds() / 2 - 2;
        let start = self.recording_start + TimeDelta::seconds(2 * random.i64(0..last_start));
        let window = Window::new(start, start + TimeDelta::seconds(4)).expect("it is 4 s long");
        let body = if is_upload {
            json!({ "competition": competition, "filename": "chaos.mp4", "size": self.video.len(),
                    "contentType": "video/mp4", "at": start, "title": number.to_string() })
        } else {
            json!({ "competition": competition, "start": window.start(), "end": window.end(),
                    "title": number.to_string() })
        };
        ClipPlan {
            idempotency_key: format!("chaos-{number}"),
            path: if is_upload { "/uploads" } else { "/clip" },
            body,
            sends_twice: random.f64() < 0.2,
            deletion: match random.f64() {
                draw if draw < deletions / 2.0 => Some(DeletionTime::AtOnce),
                draw if draw < deletions => Some(DeletionTime::WhenFinished),
                _ => None,
            },
            retries: random.f64() < 0.7,
        }
    }

    /// Creates one clip and follows it to its final state. An error is a broken promise.
    async fn run_clip(&self, number: u64) -> Result<(), String> {
        let plan = self.plan_clip(number);
        let reply = self.create_clip(&plan).await?;
        let clip: ClipKey = format!("{}_{}", text(&reply["competition"]), text(&reply["clip"]))
            .parse()
            .map_err(|_| format!("the reply for clip number {number} has no valid id: {reply}"))?;
        if !self.promises.add_clip(clip.clone()) {
            return Err(format!("two requests were answered with the same clip {clip}"));
        }
        let path = format!("/competitions/{}/clips/{}", clip.competition, clip.clip);
        if let Some(url) = reply["upload"]["url"].as_str() {
            self.put_video(url).await?;
        }
        let mut state = FinalState::Deleted;
        if plan.deletion != Some(DeletionTime::AtOnce) {
            state = self.await_final_state(&path, &plan).await?;
        }
        if plan.deletion.is_some() {
            self.promises.add_deletion(clip.clone(), Instant::now());
            self.delete_clip(&path).await?;
            self.promises.confirm_deletion(&clip);
            state = FinalState::Deleted;
        }
        self.promises.set_final_state(clip, state);
        Ok(())
    }

    /// Sends the request that creates the clip, twice at the same time if the plan says so.
    async fn create_clip(&self, plan: &ClipPlan) -> Result<Value, String> {
        let key = &plan.idempotency_key;
        let send = async || {
            let request = || {
                self.request(Method::POST, plan.path)
                    .header("idempotency-key", key)
                    .json(&plan.body)
            };
            self.send_with_retries(request).await
        };
        let ((status, reply), second) = if plan.sends_twice {
            let (first, second) = tokio::join!(send(), send());
            (first?, Some(second?))
        } else {
            (send().await?, None)
        };
        if !matches!(status.as_u16(), 201 | 202) {
            return Err(format!("the request with key {key} was answered {status}: {reply}"));
        }
        match second {
            Some((_, second)) if second["clip"] != reply["clip"] => {
                Err(format!("two requests with key {key} created two clips: {reply} and {second}"))
            }
            _ => Ok(reply),
        }
    }

    async fn put_video(&self, url: &str) -> Result<(), String> {
        let put =
            || self.http.put(url).header("content-type", "video/mp4").body(self.video.clone());
        let (status, _) = self.send_with_retries(put).await?;
        if status == StatusCode::OK {
            Ok(())
        } else {
            Err(format!("S3 answered the upload with {status}"))
        }
    }

    /// Polls a clip until it is ready or failed, and retries it if the plan says so.
    async fn await_final_state(&self, path: &str, plan: &ClipPlan) -> Result<FinalState, String> {
        let mut started = Instant::now();
        let mut interval = MIN_POLL_INTERVAL;
        loop {
            tokio::time::sleep(interval).await;
            interval = (interval * 2).min(MAX_POLL_INTERVAL);
            let (status, clip) = self.send_with_retries(|| self.request(Method::GET, path)).await?;
            if status != StatusCode::OK {
                return Err(format!("GET {path} of an accepted clip was answered {status}"));
            }
            match clip["status"].as_str() {
                Some("ready") => return Ok(FinalState::Ready),
                Some("failed") => {
                    let attempts = clip["attempt"].as_u64().unwrap_or_default();
                    if !plan.retries || attempts >= MAX_ATTEMPTS {
                        return Ok(FinalState::Failed);
                    }
                    let retry = format!("{path}/retry");
                    let (status, reply) =
                        self.send_with_retries(|| self.request(Method::POST, &retry)).await?;
                    if !matches!(status.as_u16(), 202 | 409) {
                        return Err(format!("POST {retry} was answered {status}: {reply}"));
                    }
                    (started, interval) = (Instant::now(), MIN_POLL_INTERVAL);
                }
                _ if started.elapsed() > FINAL_STATE_TIMEOUT => {
                    return Err(format!(
                        "{path} was neither ready nor failed after {} min: {clip}",
                        FINAL_STATE_TIMEOUT.as_secs() / 60
                    ));
                }
                _ => {}
            }
        }
    }

    async fn delete_clip(&self, path: &str) -> Result<(), String> {
        let (status, _) = self.send_with_retries(|| self.request(Method::DELETE, path)).await?;
        if status != StatusCode::NO_CONTENT {
            return Err(format!("DELETE {path} was answered {status}"));
        }
        let (status, _) = self.send_with_retries(|| self.request(Method::GET, path)).await?;
        if status == StatusCode::NOT_FOUND {
            Ok(())
        } else {
            Err(format!("GET {path} of a deleted clip was answered {status}"))
        }
    }

    fn request(&self, method: Method, path: &str) -> RequestBuilder {
        self.http.request(method, format!("{}{path}", self.api)).bearer_auth(&self.token)
    }

    /// Sends a request until the service answers with something other than a server error or 429.
    async fn send_with_retries(
        &self,
        request: impl Fn() -> RequestBuilder,
    ) -> Result<(StatusCode, Value), String> {
        let mut last_error = String::new();
        for _ in 0..MAX_TRIES {
            match request().send().await {
                Ok(response) if !must_be_repeated(response.status()) => {
                    let status = response.status();
                    let body = response.bytes().await.unwrap_or_default();
                    return Ok((status, serde_json::from_slice(&body).unwrap_or_default()));
                }
                Ok(response) => last_error = response.status().to_string(),
                Err(error) => last_error = error.to_string(),
            }
            tokio::time::sleep(RETRY_DELAY).await;
        }
        Err(format!("a request failed {MAX_TRIES} times, the last time with: {last_error}"))
    }
}

pub(crate) fn must_be_repeated(status: StatusCode) -> bool {
    status.is_server_error() || status == StatusCode::TOO_MANY_REQUESTS
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}
