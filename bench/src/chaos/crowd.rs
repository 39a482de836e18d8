//! Operators and editors: what they want, and what they were promised.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use chrono::TimeDelta;
use futures_util::future::join_all;
use matchcut::clip::{ClipKey, Window};
use matchcut_local::Stack;
use reqwest::{Method, RequestBuilder, StatusCode};
use serde_json::{Value, json};

use crate::Arguments;
use crate::weather::{LENGTH, begin};

/// What was promised to clients, and what they asked to be gone.
#[derive(Clone, Debug, Default)]
pub(crate) struct Ledger(Arc<Mutex<Promises>>);

#[derive(Debug, Default)]
struct Promises {
    clips: BTreeMap<ClipKey, Option<End>>,
    deletions: BTreeMap<ClipKey, Deletion>,
    broken: Vec<String>,
}

/// When a clip was deleted.
#[derive(Clone, Copy, Debug)]
struct Deletion {
    asked: Instant,
    /// When the answer was there: from then on, no list may have the clip.
    done: Option<Instant>,
}

/// How a clip ended, as its client saw it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum End {
    Ready,
    Failed,
    Deleted,
}

impl Ledger {
    fn lock(&self) -> MutexGuard<'_, Promises> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn clips(&self) -> BTreeMap<ClipKey, Option<End>> {
        self.lock().clips.clone()
    }

    /// Whether a clip's client was told before that moment that it is deleted.
    pub(crate) fn was_deleted(&self, clip: &ClipKey, before: Instant) -> bool {
        let done = self.lock().deletions.get(clip).and_then(|deletion| deletion.done);
        done.is_some_and(|done| done < before)
    }

    /// Whether a clip that was listed may play no more: it was deleted, and caches had their time.
    pub(crate) fn may_be_gone(&self, clip: &ClipKey) -> bool {
        let deletion = self.lock().deletions.get(clip).copied();
        deletion.is_some_and(|deletion| STILL_LISTED <= deletion.asked.elapsed())
    }

    /// What clients were answered that they should not have been.
    pub(crate) fn broken(&self) -> Vec<String> {
        self.lock().broken.clone()
    }

    /// How many clips came to their end.
    pub(crate) fn ended(&self) -> usize {
        self.lock().clips.values().filter(|end| end.is_some()).count()
    }

    fn breaks(&self, promise: String) {
        self.lock().broken.push(promise);
    }
}

/// Many clients of one service.
pub(crate) struct Crowd {
    http: reqwest::Client,
    api: String,
    token: String,
    ledger: Ledger,
    arguments: Arguments,
    seed: u64,
    file: Vec<u8>,
}

/// What a client wants of one clip.
struct Wish {
    key: String,
    path: &'static str,
    body: Value,
    twice: bool,
    /// When it is to be deleted, if ever.
    regret: Option<Regret>,
    /// Tries it again, should it fail.
    insists: bool,
}

/// When a client does not want a clip any more.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Regret {
    AtOnce,
    AtItsEnd,
}

/// A service that answers is tried again after this; nobody gives up before the weather does.
pub(crate) const PAUSE: Duration = Duration::from_millis(100);
pub(crate) const MOST_TRIES: usize = 300;
/// A clip that has not come to its end by then never will.
const PATIENCE: Duration = Duration::from_mins(15);
/// For so long a deleted clip plays on, for the sake of whoever was shown it by a cache.
const STILL_LISTED: Duration = Duration::from_secs(15);

impl Crowd {
    pub(crate) fn new(
        stack: &Stack,
        ledger: &Ledger,
        arguments: &Arguments,
        seed: u64,
        file: Vec<u8>,
    ) -> Self {
        Self {
            http: reqwest::Client::new(),
            api: stack.api.clone(),
            token: stack.token.clone(),
            ledger: ledger.clone(),
            arguments: arguments.clone(),
            seed,
            file,
        }
    }

    /// Works until every clip has come to its end.
    pub(crate) async fn work(&self) {
        let clients = self.arguments.clients;
        join_all((0..clients).map(async |client| {
            for number in
                (client..self.arguments.clips).step_by(usize::try_from(clients).unwrap_or(1))
            {
                if let Err(promise) = Box::pin(self.make(number)).await {
                    self.ledger.breaks(promise);
                }
            }
        }))
        .await;
    }

    fn wish(&self, number: u64) -> Wish {
        let mut chance = fastrand::Rng::with_seed(self.seed.wrapping_mul(1_000_003) ^ number);
        let competition = format!("chaos-{}", chance.u8(0..4));
        let Arguments { uploads, regrets, .. } = self.arguments;
        let upload = chance.f64() < uploads;
        // Two segments: windows begin where segments do.
        let start = begin() + TimeDelta::seconds(2 * chance.i64(0..LENGTH.num_seconds() / 2 - 2));
        let window = Window::new(start, start + TimeDelta::seconds(4)).expect("it is 4 s long");
        let body = if upload {
            json!({ "competition": competition, "filename": "chaos.mp4", "size": self.file.len(),
                    "contentType": "video/mp4", "at": start, "title": number.to_string() })
        } else {
            json!({ "competition": competition, "start": window.start(), "end": window.end(),
                    "title": number.to_string() })
        };
        Wish {
            key: format!("chaos-{number}"),
            path: if upload { "/uploads" } else { "/clip" },
            body,
            twice: chance.f64() < 0.2,
            regret: match chance.f64() {
                at if at < regrets / 2.0 => Some(Regret::AtOnce),
                at if at < regrets => Some(Regret::AtItsEnd),
                _ => None,
            },
            insists: chance.f64() < 0.7,
        }
    }

    /// Makes one clip, and stays with it until its end.
    async fn make(&self, number: u64) -> Result<(), String> {
        let wish = self.wish(number);
        let made = self.post(&wish).await?;
        let clip: ClipKey = format!("{}_{}", text(&made["competition"]), text(&made["clip"]))
            .parse()
            .map_err(|_| format!("{number} was promised {made}"))?;
        if self.ledger.lock().clips.insert(clip.clone(), None).is_some() {
            return Err(format!("{clip} was promised to two requests"));
        }
        let path = format!("/competitions/{}/clips/{}", clip.competition, clip.clip);
        if let Some(url) = made["upload"]["url"].as_str() {
            self.send(url).await?;
        }
        let mut end = End::Deleted;
        if wish.regret != Some(Regret::AtOnce) {
            end = self.follow(&path, &wish).await?;
        }
        if wish.regret.is_some() {
            let mut deletion = Deletion { asked: Instant::now(), done: None };
            self.ledger.lock().deletions.insert(clip.clone(), deletion);
            self.delete(&path).await?;
            deletion.done = Some(Instant::now());
            self.ledger.lock().deletions.insert(clip.clone(), deletion);
            end = End::Deleted;
        }
        self.ledger.lock().clips.insert(clip, Some(end));
        Ok(())
    }

    /// Sends a request until it is answered; twice at once, if so wished.
    async fn post(&self, wish: &Wish) -> Result<Value, String> {
        let sent = async || {
            let request = || {
                self.request(Method::POST, wish.path)
                    .header("idempotency-key", &wish.key)
                    .json(&wish.body)
            };
            self.insist(request).await
        };
        let ((status, made), other) = if wish.twice {
            let (answer, other) = tokio::join!(sent(), sent());
            (answer?, Some(other?))
        } else {
            (sent().await?, None)
        };
        if !matches!(status.as_u16(), 201 | 202) {
            return Err(format!("{} was answered {status}: {made}", wish.key));
        }
        match other {
            Some((_, other)) if other["clip"] != made["clip"] => {
                Err(format!("{} made two clips: {made} and {other}", wish.key))
            }
            _ => Ok(made),
        }
    }

    async fn send(&self, url: &str) -> Result<(), String> {
        let put = || self.http.put(url).header("content-type", "video/mp4").body(self.file.clone());
        let (status, _) = self.insist(put).await?;
        if status == StatusCode::OK { Ok(()) } else { Err(format!("S3 answered {status}")) }
    }

    /// Asks for a clip until it has come to its end.
    async fn follow(&self, path: &str, wish: &Wish) -> Result<End, String> {
        let begun = Instant::now();
        let mut pause = Duration::from_millis(500);
        loop {
            tokio::time::sleep(pause).await;
            pause = (pause * 2).min(Duration::from_secs(4));
            let (status, clip) = self.insist(|| self.request(Method::GET, path)).await?;
            if status != StatusCode::OK {
                return Err(format!("{path} was promised, and then answered {status}"));
            }
            match clip["status"].as_str() {
                Some("ready") => return Ok(End::Ready),
                Some("failed") => {
                    let tried = clip["attempt"].as_u64().unwrap_or_default();
                    if !wish.insists || 5 <= tried {
                        return Ok(End::Failed);
                    }
                    let retry = format!("{path}/retry");
                    let (status, answer) =
                        self.insist(|| self.request(Method::POST, &retry)).await?;
                    if !matches!(status.as_u16(), 202 | 409) {
                        return Err(format!("{retry} was answered {status}: {answer}"));
                    }
                    pause = Duration::from_millis(500);
                }
                _ if PATIENCE < begun.elapsed() => {
                    return Err(format!("{path} comes to no end: {clip}"));
                }
                _ => {}
            }
        }
    }

    async fn delete(&self, path: &str) -> Result<(), String> {
        let (status, _) = self.insist(|| self.request(Method::DELETE, path)).await?;
        if status != StatusCode::NO_CONTENT {
            return Err(format!("DELETE {path} was answered {status}"));
        }
        let (status, _) = self.insist(|| self.request(Method::GET, path)).await?;
        if status == StatusCode::NOT_FOUND {
            Ok(())
        } else {
            Err(format!("{path} was deleted, and then answered {status}"))
        }
    }

    fn request(&self, method: Method, path: &str) -> RequestBuilder {
        self.http.request(method, format!("{}{path}", self.api)).bearer_auth(&self.token)
    }

    /// Sends a request again for as long as the service cannot answer it.
    async fn insist(
        &self,
        request: impl Fn() -> RequestBuilder,
    ) -> Result<(StatusCode, Value), String> {
        let mut last = String::new();
        for _ in 0..MOST_TRIES {
            match request().send().await {
                Ok(answer) if !answer.status().is_server_error() => {
                    let status = answer.status();
                    let body = answer.bytes().await.unwrap_or_default();
                    return Ok((status, serde_json::from_slice(&body).unwrap_or_default()));
                }
                Ok(answer) => last = answer.status().to_string(),
                Err(error) => last = error.to_string(),
            }
            tokio::time::sleep(PAUSE).await;
        }
        Err(format!("a request was not answered {MOST_TRIES} times: {last}"))
    }
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}
