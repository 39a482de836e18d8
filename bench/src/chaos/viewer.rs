//! A viewer who watches the lists all the time: what is listed has to play.

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use matchcut::clip::ClipKey;
use matchcut_local::Stack;
use reqwest::StatusCode;
use serde_json::Value;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use crate::crowd::{Ledger, MOST_TRIES, PAUSE};

pub(crate) const COMPETITIONS: [&str; 4] = ["chaos-0", "chaos-1", "chaos-2", "chaos-3"];

/// The packaging configurations of the weather's groups.
const FORMATS: usize = 2;

/// Where everybody is slow, a page is not at fault for how long it took.
const MAX_PAUSE: Duration = Duration::from_secs(1);

/// A viewer who watches while others work.
pub(crate) struct Viewer {
    stop: CancellationToken,
    watching: JoinHandle<Watch>,
}

impl Viewer {
    pub(crate) fn start(stack: &Stack, ledger: &Ledger) -> Self {
        let stop = CancellationToken::new();
        let mut watch = Watch {
            http: reqwest::Client::new(),
            api: stack.api.clone(),
            ledger: ledger.clone(),
            seen: BTreeSet::new(),
            faults: BTreeSet::new(),
        };
        let told = stop.clone();
        let watching = tokio::spawn(async move {
            watch.browse(&told).await;
            watch
        });
        Self { stop, watching }
    }

    /// Has the viewer stop after the page that is being looked at.
    pub(crate) async fn stop(self) -> Watch {
        self.stop.cancel();
        self.watching.await.expect("the viewer does not panic")
    }
}

/// What a viewer has seen.
pub(crate) struct Watch {
    http: reqwest::Client,
    api: String,
    ledger: Ledger,
    /// Clips that were played.
    seen: BTreeSet<ClipKey>,
    /// What was seen that should not have been.
    pub(crate) faults: BTreeSet<String>,
}

/// A page, once all that is new on it was played.
struct Page {
    clips: Vec<ClipKey>,
    next: Option<String>,
}

impl Watch {
    /// Looks at one page of each list in turn.
    ///
    /// The longer the lists, the longer until a page's turn comes again: pages are paid for by the
    /// number, and one viewer is not to use up what all others need.
    async fn browse(&mut self, told: &CancellationToken) {
        let mut places = COMPETITIONS.map(|competition| (competition, None));
        loop {
            for (competition, place) in &mut places {
                if told.is_cancelled() {
                    return;
                }
                let begun = Instant::now();
                let page = self.look(competition, place.as_deref(), false).await;
                *place = page.next;
                let pause = Duration::from_millis(50) + 4 * begun.elapsed();
                told.run_until_cancelled(tokio::time::sleep(pause.min(MAX_PAUSE))).await;
            }
        }
    }

    /// Looks at every list from its beginning to its end, and plays all of it; the clips there.
    pub(crate) async fn look_at_all(&mut self) -> Vec<ClipKey> {
        let mut clips = Vec::new();
        for competition in COMPETITIONS {
            let (mut places, mut place) = (BTreeSet::new(), None);
            loop {
                let page = self.look(competition, place.as_deref(), true).await;
                clips.extend(page.clips);
                let Some(next) = page.next else { break };
                if !places.insert(next.clone()) {
                    self.faults.insert(format!("the list of {competition} goes round in circles"));
                    break;
                }
                place = Some(next);
            }
        }
        clips
    }

    /// Looks at a page, and plays what is new on it, or all of it.
    async fn look(&mut self, competition: &str, place: Option<&str>, all: bool) -> Page {
        let cursor = place.map(|place| format!("&cursor={place}")).unwrap_or_default();
        let url = format!("{}/competitions/{competition}/clips?limit=100{cursor}", self.api);
        let mut found = Page { clips: Vec::new(), next: None };
        let (page, asked) = match self.read(&url).await {
            Ok(read) => read,
            Err(fault) => {
                self.faults.insert(fault);
                return found;
            }
        };
        for clip in page["clips"].as_array().into_iter().flatten() {
            let Some(key) = key(clip) else {
                self.faults.insert(format!("a list has {clip}"));
                continue;
            };
            // The API itself is asked, past all caches, and the stand-in's index is never behind
            // its table. DynamoDB's is by up to a second or so.
            if self.ledger.was_deleted(&key, asked) {
                self.faults.insert(format!("{key} was deleted, and is listed"));
            }
            if self.seen.insert(key.clone()) || all {
                self.play(&key, clip).await;
            }
            found.clips.push(key);
        }
        found.next = page["next"].as_str().map(str::to_owned);
        found
    }

    /// A page, and when it was asked for.
    ///
    /// A function that is cut off is tried again; any other answer than a page is wrong.
    async fn read(&self, url: &str) -> Result<(Value, Instant), String> {
        let mut last = String::new();
        for _ in 0..MOST_TRIES {
            let asked = Instant::now();
            match self.http.get(url).send().await {
                Ok(answer) if answer.status().is_server_error() => {
                    last = answer.status().to_string();
                }
                Ok(answer) => {
                    let status = answer.status();
                    let body = answer.bytes().await.unwrap_or_default();
                    let page: Value = serde_json::from_slice(&body).unwrap_or_default();
                    if status == StatusCode::OK && page["clips"].is_array() {
                        return Ok((page, asked));
                    }
                    return Err(format!("{url} is answered {status}, and not by a page: {page}"));
                }
                Err(error) => last = error.to_string(),
            }
            tokio::time::sleep(PAUSE).await;
        }
        Err(format!("{url} was not answered {MOST_TRIES} times: {last}"))
    }

    async fn play(&mut self, key: &ClipKey, clip: &Value) {
        if clip["status"] != "ready" {
            self.faults.insert(format!("{key} is listed, and is {}", clip["status"]));
        }
        let manifests = clip["manifests"].as_object().into_iter().flatten();
        let urls: Vec<_> = manifests.filter_map(|(_, url)| url.as_str()).collect();
        if urls.len() != FORMATS {
            self.faults.insert(format!("{key} is listed with {} formats", urls.len()));
        }
        for url in urls {
            let answer = self.http.get(url).send().await.map(|answer| answer.status());
            let plays = answer.as_ref().is_ok_and(|status| *status == StatusCode::OK);
            if !plays && !self.ledger.may_be_gone(key) {
                self.faults.insert(format!("{key} is listed, and {url} answers {answer:?}"));
            }
        }
    }
}

fn key(clip: &Value) -> Option<ClipKey> {
    format!("{}_{}", clip["competition"].as_str()?, clip["clip"].as_str()?).parse().ok()
}
