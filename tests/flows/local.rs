//! The program as a user starts it: by its command line, read by the lines it prints.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

use reqwest::{Response, StatusCode};
use serde_json::Value;
use tokio::io::{AsyncBufReadExt as _, BufReader, Lines};
use tokio::process::{Child, ChildStdout, Command};

/// A running program.
pub(crate) struct Local {
    pub(crate) api: String,
    pub(crate) live: String,
    /// The environment of the functions, as it was printed.
    pub(crate) environment: BTreeMap<String, String>,
    token: String,
    pub(crate) viewer_token: String,
    /// The secret of the webhook, if there is one.
    pub(crate) webhook_secret: Option<String>,
    child: Child,
    lines: Lines<BufReader<ChildStdout>>,
    http: reqwest::Client,
}

/// The program, not started yet.
pub(crate) fn command(data_dir: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_local"));
    command
        .current_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join(".."))
        .args(["--print-env", "--port", "0", "--data-dir"])
        .arg(data_dir)
        .args(arguments)
        .kill_on_drop(true);
    command
}

impl Local {
    /// Starts the program and waits until it answers.
    pub(crate) async fn start(data_dir: &Path, arguments: &[&str]) -> Self {
        let mut child = command(data_dir, arguments).stdout(Stdio::piped()).spawn().unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let mut printed = BTreeMap::new();
        let mut environment = BTreeMap::new();
        loop {
            let line = lines.next_line().await.unwrap().expect("it ended before it was ready");
            match line.split_once(char::is_whitespace).map(|(name, rest)| (name, rest.trim())) {
                Some(("env", pair)) => {
                    let (name, value) = pair.split_once('=').unwrap();
                    environment.insert(name.to_owned(), value.to_owned());
                }
                Some((name, value)) => {
                    printed.insert(name.to_owned(), value.to_owned());
                }
                None if line == "ready" => break,
                None => {}
            }
        }
        let webhook = printed.remove("webhook");
        let webhook = webhook.as_deref().and_then(|line| line.rsplit_once(' '));
        let mut take = |name: &str| printed.remove(name).expect(name);
        Self {
            api: take("api"),
            live: take("live"),
            token: take("token"),
            viewer_token: take("viewer"),
            webhook_secret: webhook.map(|(_, secret)| secret.to_owned()),
            environment,
            child,
            lines,
            http: reqwest::Client::new(),
        }
    }

    /// Reads on until a line begins like this.
    pub(crate) async fn wait_for_line(&mut self, beginning: &str) {
        while let Some(line) = self.lines.next_line().await.unwrap() {
            if line.starts_with(beginning) {
                return;
            }
        }
        panic!("it ended without a line that begins with {beginning}");
    }

    /// How many segments the live manifest shows.
    pub(crate) async fn segments(&self) -> usize {
        let child = self.live.replace("index.m3u8", "index_1.m3u8");
        let text = reqwest::get(child).await.unwrap().text().await.unwrap();
        text.matches("#EXTINF").count()
    }

    /// Waits until the live manifest shows so many segments.
    pub(crate) async fn wait_for_segments(&self, count: usize) {
        eventually("the live manifest has enough segments", async || {
            (count <= self.segments().await).then_some(())
        })
        .await;
    }

    pub(crate) async fn post(&self, path: &str, body: &Value) -> reqwest::Result<Response> {
        let request = self.http.post(format!("{}{path}", self.api)).bearer_auth(&self.token);
        request.json(body).send().await
    }

    /// Cuts a clip; the clip of the reply.
    pub(crate) async fn cut(&self, body: &Value) -> Value {
        let response = self.post("/clip", body).await.unwrap();
        let status = response.status();
        let clip: Value = response.json().await.unwrap();
        assert_eq!(status, StatusCode::ACCEPTED, "{clip:#}");
        clip
    }

    pub(crate) async fn get(&self, path: &str) -> Value {
        let url = format!("{}{path}", self.api);
        self.http.get(url).send().await.unwrap().json().await.unwrap()
    }

    /// Waits until a clip is in its competition's list; the clip as listed.
    pub(crate) async fn wait_until_listed(&self, clip: &Value) -> Value {
        let path = format!("/competitions/{}/clips", clip["competition"].as_str().unwrap());
        eventually("the clip is listed", async || {
            let list = self.get(&path).await;
            list["clips"].as_array().unwrap().iter().find(|it| it["clip"] == clip["clip"]).cloned()
        })
        .await
    }

    /// The processes this program started.
    pub(crate) fn children(&self) -> Vec<u32> {
        let parent = self.child.id().expect("it runs").to_string();
        processes()
            .filter(|(_, stat)| {
                // After the name in brackets: state, then the parent.
                stat.rsplit(')').next().and_then(|rest| rest.split_whitespace().nth(1))
                    == Some(parent.as_str())
            })
            .map(|(id, _)| id)
            .collect()
    }

    /// Ends the program as `kill -9` does.
    pub(crate) async fn kill(mut self) {
        self.child.kill().await.unwrap();
    }

    /// Ends the program as Ctrl-C does.
    pub(crate) async fn interrupt(mut self) {
        let id = self.child.id().expect("it runs").to_string();
        let sent = Command::new("kill").args(["-INT", &id]).status().await.unwrap();
        assert!(sent.success());
        assert!(self.child.wait().await.unwrap().success(), "it did not stop cleanly");
    }
}

fn processes() -> impl Iterator<Item = (u32, String)> {
    std::fs::read_dir("/proc").unwrap().filter_map(|entry| {
        let entry = entry.ok()?;
        let id = entry.file_name().to_str()?.parse().ok()?;
        Some((id, std::fs::read_to_string(entry.path().join("stat")).ok()?))
    })
}

/// Waits until none of these processes is left.
pub(crate) async fn all_gone(ids: &[u32]) {
    eventually("no process is left behind", async || {
        let left = processes().any(|(id, stat)| ids.contains(&id) && !stat.contains(") Z "));
        (!left).then_some(())
    })
    .await;
}

/// Asks again until there is an answer.
pub(crate) async fn eventually<T>(what: &str, mut ask: impl AsyncFnMut() -> Option<T>) -> T {
    let mut polls = tokio::time::interval(Duration::from_millis(50));
    let asked = async {
        loop {
            polls.tick().await;
            if let Some(answer) = ask().await {
                return answer;
            }
        }
    };
    let patience = tokio::time::timeout(Duration::from_mins(2), asked);
    patience.await.unwrap_or_else(|_| panic!("waited in vain until {what}"))
}
