//! Starts the program by its command line, and reads the lines that it prints.

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
    /// The functions' environment, as the program prints it with `--print-env`.
    pub(crate) environment: BTreeMap<String, String>,
    token: String,
    pub(crate) viewer_token: String,
    /// The secret of the webhook, if the program was started with one.
    pub(crate) webhook_secret: Option<String>,
    child: Child,
    lines: Lines<BufReader<ChildStdout>>,
    http: reqwest::Client,
}

/// A command that starts the program on a free port.
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
    /// Starts the program with a small picture, which needs a third of the processor time, and waits
    /// until it answers.
    pub(crate) async fn start(data_dir: &Path, arguments: &[&str]) -> Self {
        Self::start_full_size(data_dir, &[arguments, &["--small-picture"]].concat()).await
    }

    /// Starts the program with the picture that `make run` has, and waits until it answers.
    pub(crate) async fn start_full_size(data_dir: &Path, arguments: &[&str]) -> Self {
        let mut child = command(data_dir, arguments).stdout(Stdio::piped()).spawn().unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let mut printed = BTreeMap::new();
        let mut environment = BTreeMap::new();
        loop {
            let line =
                lines.next_line().await.unwrap().expect("the program ended before it was ready");
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

    /// Reads lines until one begins with `beginning`.
    pub(crate) async fn wait_for_line(&mut self, beginning: &str) {
        while let Some(line) = self.lines.next_line().await.unwrap() {
            if line.starts_with(beginning) {
                return;
            }
        }
        panic!("the program ended without a line that begins with {beginning}");
    }

    /// The number of segments in the live manifest.
    pub(crate) async fn count_segments(&self) -> usize {
        let child = self.live.replace("index.m3u8", "index_1.m3u8");
        let text = self.http.get(child).send().await.unwrap().text().await.unwrap();
        text.matches("#EXTINF").count()
    }

    /// Waits until the live manifest has at least `count` segments.
    pub(crate) async fn wait_for_segments(&self, count: usize) {
        eventually("the live manifest has enough segments", async || {
            (self.count_segments().await >= count).then_some(())
        })
        .await;
    }

    pub(crate) async fn post(&self, path: &str, body: &Value) -> reqwest::Result<Response> {
        let request = self.http.post(format!("{}{path}", self.api)).bearer_auth(&self.token);
        request.json(body).send().await
    }

    /// Creates a clip and returns the clip of the reply.
    pub(crate) async fn create_clip(&self, body: &Value) -> Value {
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

    pub(crate) async fn get_as_operator(&self, path: &str) -> Value {
        let url = format!("{}{path}", self.api);
        let request = self.http.get(url).bearer_auth(&self.token);
        request.send().await.unwrap().json().await.unwrap()
    }

    /// Waits until a clip is in its competition's list, and returns it as listed.
    pub(crate) async fn wait_until_listed(&self, clip: &Value) -> Value {
        let path = format!("/competitions/{}/clips", clip["competition"].as_str().unwrap());
        eventually("the clip is listed", async || {
            let list = self.get(&path).await;
            list["clips"].as_array().unwrap().iter().find(|it| it["clip"] == clip["clip"]).cloned()
        })
        .await
    }

    /// The ids of the program's child processes.
    pub(crate) fn child_processes(&self) -> Vec<u32> {
        let parent = self.child.id().expect("the program is running").to_string();
        processes()
            .filter(|(_, stat)| {
                // After the name in brackets come the state and the parent's id.
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
        let id = self.child.id().expect("the program is running").to_string();
        let sent = Command::new("kill").args(["-INT", &id]).status().await.unwrap();
        assert!(sent.success());
        assert!(self.child.wait().await.unwrap().success(), "the program did not exit with 0");
    }
}

fn processes() -> impl Iterator<Item = (u32, String)> {
    std::fs::read_dir("/proc").unwrap().filter_map(|entry| {
        let entry = entry.ok()?;
        let id = entry.file_name().to_str()?.parse().ok()?;
        Some((id, std::fs::read_to_string(entry.path().join("stat")).ok()?))
    })
}

/// Waits until none of the processes exists.
pub(crate) async fn wait_until_ended(ids: &[u32]) {
    eventually("the processes have ended", async || {
        let left = processes().any(|(id, stat)| ids.contains(&id) && !stat.contains(") Z "));
        (!left).then_some(())
    })
    .await;
}

/// Polls a condition until it returns a value. Fails after 2 minutes with the description.
pub(crate) async fn eventually<T>(
    description: &str,
    mut poll: impl AsyncFnMut() -> Option<T>,
) -> T {
    let mut polls = tokio::time::interval(Duration::from_millis(100));
    let result = async {
        loop {
            polls.tick().await;
            if let Some(value) = poll().await {
                return value;
            }
        }
    };
    let result = tokio::time::timeout(Duration::from_mins(2), result);
    result.await.unwrap_or_else(|_| panic!("timed out after 2 minutes: {description}"))
}
