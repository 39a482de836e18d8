//! A viewer who watches the lists all the time: what is listed has to play.

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use matchcut::clip::ClipKey;
use matchcut_local::Stack;
use serde_json::Value;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use crate::crowd::Ledger;

pub(crate) struct Viewer {
    stop: CancellationToken,
    watching: JoinHandle<Vec<String>>,
}

pub(crate) const COMPETITIONS: [&str; 4] = ["chaos-0", "chaos-1", "chaos-2", "chaos-3"];

impl Viewer {
    pub(crate) fn start(stack: &Stack, ledger: &Ledger) -> Self {
        let stop = CancellationToken::new();
        let (told, api, ledger) = (stop.clone(), stack.api.clone(), ledger.clone());
        let watching = tokio::spawn(async move {
            let mut watch = Watch {
                http: reqwest::Client::new(),
                api,
                ledger,
                seen: BTreeSet::new(),
                faults: Vec::new(),
            };
            while !told.is_cancelled() {
                let begun = Instant::now();
                for competition in COMPETITIONS {
                    watch.look(competition).await;
                }
                // One viewer among others, however long the lists have become.
                tokio::time::sleep(Duration::from_millis(100) + 2 * begun.elapsed()).await;
            }
            watch.faults
        });
        Self { stop, watching }
    }

    /// What was seen that should not have been.
    pub(crate) async fn stop(self) -> Vec<String> {
        self.stop.cancel();
        self.watching.await.unwrap_or_else(|error| vec![format!("the viewer panicked: {error}")])
    }
}

struct Watch {
    http: reqwest::Client,
    api: String,
    ledger: Ledger,
    seen: BTreeSet<ClipKey>,
    faults: Vec<String>,
}

impl Watch {
    /// Looks at a list, page by page, and at whatever is new in it.
    async fn look(&mut self, competition: &str) {
        for clip in list(&self.http, &self.api, competition).await {
            let Some(key) = key(&clip) else {
                self.faults.push(format!("a list has {clip}"));
                continue;
            };
            if !self.seen.contains(&key) {
                self.play(&key, &clip).await;
                self.seen.insert(key);
            }
        }
    }

    async fn play(&mut self, key: &ClipKey, clip: &Value) {
        let manifests = clip["manifests"].as_object().into_iter().flatten();
        let urls: Vec<_> = manifests.filter_map(|(_, url)| url.as_str()).collect();
        if urls.len() != 2 {
            self.faults.push(format!("{key} is listed with {} formats", urls.len()));
        }
        for url in urls {
            let status = self.http.get(url).send().await.map(|answer| answer.status().as_u16());
            // Someone may have deleted it since the list was read.
            if status.as_ref().ok() != Some(&200) && !self.ledger.is_unwanted(key) {
                self.faults.push(format!("{key} is listed, and {url} answers {status:?}"));
            }
        }
    }
}

/// All clips of a list, page by page; a page that cannot be had ends it.
pub(crate) async fn list(http: &reqwest::Client, api: &str, competition: &str) -> Vec<Value> {
    let mut clips = Vec::new();
    let mut query = String::new();
    loop {
        let url = format!("{api}/competitions/{competition}/clips?limit=100{query}");
        let Ok(answer) = http.get(url).send().await else { return clips };
        if answer.status().is_server_error() {
            continue;
        }
        let page: Value = answer.json().await.unwrap_or_default();
        clips.extend(page["clips"].as_array().into_iter().flatten().cloned());
        match page["next"].as_str() {
            Some(next) => query = format!("&cursor={next}"),
            None => return clips,
        }
    }
}

pub(crate) fn key(clip: &Value) -> Option<ClipKey> {
    format!("{}_{}", clip["competition"].as_str()?, clip["clip"].as_str()?).parse().ok()
}
