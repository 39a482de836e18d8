//! A viewer who browses the lists all the time and checks that every listed clip plays.

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use matchcut::clip::ClipKey;
use matchcut_local::Stack;
use reqwest::StatusCode;
use serde_json::Value;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use crate::clients::{MAX_TRIES, RETRY_DELAY, must_be_repeated};
use crate::promises::Promises;

pub(crate) const COMPETITIONS: [&str; 4] = ["chaos-0", "chaos-1", "chaos-2", "chaos-3"];

/// The number of packaging configurations in each packaging group.
const FORMATS: usize = 2;

/// The longest pause between two pages.
const MAX_PAUSE: Duration = Duration::from_secs(1);

/// A viewer who browses in the background while the clients work.
pub(crate) struct Viewer {
    stop: CancellationToken,
    task: JoinHandle<Browser>,
}

impl Viewer {
    pub(crate) fn start(stack: &Stack, promises: &Promises) -> Self {
        let stop = CancellationToken::new();
        let mut browser = Browser {
            http: reqwest::Client::new(),
            api: stack.api.clone(),
            promises: promises.clone(),
            played: BTreeSet::new(),
            violations: BTreeSet::new(),
        };
        let stopped = stop.clone();
        let task = tokio::spawn(async move {
            browser.browse(&stopped).await;
            browser
        });
        Self { stop, task }
    }

    /// Stops the viewer after the page that it is reading.
    pub(crate) async fn stop(self) -> Browser {
        self.stop.cancel();
        self.task.await.expect("the viewer does not panic")
    }
}

/// Reads lists, plays their clips, and collects what is wrong.
pub(crate) struct Browser {
    http: reqwest::Client,
    api: String,
    promises: Promises,
    played: BTreeSet<ClipKey>,
    pub(crate) violations: BTreeSet<String>,
}

struct Page {
    clips: Vec<ClipKey>,
    next: Option<String>,
}

/// Which clips of a page are played.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Play {
    NewClips,
    AllClips,
}

impl Browser {
    /// Reads one page of each list in turn.
    ///
    /// The pause after a page grows with the time that the page took, so that this viewer leaves
    /// enough of the machine to the clients.
    async fn browse(&mut self, stop: &CancellationToken) {
        let mut cursors = COMPETITIONS.map(|competition| (competition, None));
        loop {
            for (competition, cursor) in &mut cursors {
                if stop.is_cancelled() {
                    return;
                }
                let started = Instant::now();
                let page = self.check_page(competition, cursor.as_deref(), Play::NewClips).await;
                *cursor = page.next;
                let pause = Duration::from_millis(50) + 4 * started.elapsed();
                stop.run_until_cancelled(tokio::time::sleep(pause.min(MAX_PAUSE))).await;
            }
        }
    }

    /// Reads every list from start to end and plays all of its clips. Returns these clips.
    pub(crate) async fn check_all_lists(&mut self) -> Vec<ClipKey> {
        let mut clips = Vec::new();
        for competition in COMPETITIONS {
            let (mut cursors, mut cursor) = (BTreeSet::new(), None);
            loop {
                let page = self.check_page(competition, cursor.as_deref(), Play::AllClips).await;
                clips.extend(page.clips);
                let Some(next) = page.next else { break };
                if !cursors.insert(next.clone()) {
                    let violation = format!("the list of {competition} repeats a cursor");
                    self.violations.insert(violation);
                    break;
                }
                cursor = Some(next);
            }
        }
        clips
    }

    /// Reads one page and plays its clips.
    async fn check_page(&mut self, competition: &str, cursor: Option<&str>, play: Play) -> Page {
        let cursor = cursor.map(|cursor| format!("&cursor={cursor}")).unwrap_or_default();
        let url = format!("{}/competitions/{competition}/clips?limit=100{cursor}", self.api);
        let mut page = Page { clips: Vec::new(), next: None };
        let (body, requested) = match self.get_page(&url).await {
            Ok(answer) => answer,
            Err(violation) => {
                self.violations.insert(violation);
                return page;
            }
        };
        for clip in body["clips"].as_array().into_iter().flatten() {
            let Some(key) = parse_key(clip) else {
                self.violations.insert(format!("a list contains a clip without a key: {clip}"));
                continue;
            };
            if self.promises.must_be_unlisted(&key, requested) {
                self.violations.insert(format!("clip {key} is listed after it was deleted"));
            }
            if self.played.insert(key.clone()) || play == Play::AllClips {
                self.play_clip(&key, clip).await;
            }
            page.clips.push(key);
        }
        page.next = body["next"].as_str().map(str::to_owned);
        page
    }

    /// Returns a page and the time of the request that was answered.
    ///
    /// A server error is retried, because functions are cut off. So is a throttled request. Any other reply than a page is a
    /// violation.
    async fn get_page(&self, url: &str) -> Result<(Value, Instant), String> {
        let mut last_error = String::new();
        for _ in 0..MAX_TRIES {
            let requested = Instant::now();
            match self.http.get(url).send().await {
                Ok(response) if must_be_repeated(response.status()) => {
                    last_error = response.status().to_string();
                }
                Ok(response) => {
                    let status = response.status();
                    let body = response.bytes().await.unwrap_or_default();
                    let page: Value = serde_json::from_slice(&body).unwrap_or_default();
                    if status == StatusCode::OK && page["clips"].is_array() {
                        return Ok((page, requested));
                    }
                    return Err(format!("GET {url} was answered {status} without a page: {page}"));
                }
                Err(error) => last_error = error.to_string(),
            }
            tokio::time::sleep(RETRY_DELAY).await;
        }
        Err(format!("GET {url} failed {MAX_TRIES} times, the last time with: {last_error}"))
    }

    async fn play_clip(&mut self, key: &ClipKey, clip: &Value) {
        if clip["status"] != "ready" {
            let violation = format!("clip {key} is listed with the status {}", clip["status"]);
            self.violations.insert(violation);
        }
        let manifests = clip["manifests"].as_object().into_iter().flatten();
        let urls: Vec<_> = manifests.filter_map(|(_, url)| url.as_str()).collect();
        if urls.len() != FORMATS {
            let violation =
                format!("clip {key} is listed with {} formats instead of {FORMATS}", urls.len());
            self.violations.insert(violation);
        }
        for url in urls {
            let answer = self.http.get(url).send().await.map(|response| response.status());
            let plays = answer.as_ref().is_ok_and(|status| *status == StatusCode::OK);
            if !plays && !self.promises.may_be_gone(key) {
                let violation = format!("clip {key} is listed, but GET {url} gave {answer:?}");
                self.violations.insert(violation);
            }
        }
    }
}

fn parse_key(clip: &Value) -> Option<ClipKey> {
    format!("{}_{}", clip["competition"].as_str()?, clip["clip"].as_str()?).parse().ok()
}
