//! Starts one stack for each test and calls its API. Every reply is checked against `openapi.yaml`.

use std::path::{Path, PathBuf};
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use matchcut::clip::{
    Clip, ClipId, ClipKey, Failure, FailureCode, FileKinds, Precision, Status, SuggestedBy, Window,
};
use matchcut::config::Variables;
use matchcut::library::Library;
use matchcut_local::{Faults, FrameRate, Limits, Options, Source, Stack, Tracks, UploadLimits};
use reqwest::header::CONTENT_TYPE;
use reqwest::{Method, StatusCode};
use serde_json::Value;
use tempfile::TempDir;
use tokio::sync::OnceCell;

use crate::openapi;

/// The start of the recorded stream of every test.
pub(crate) const BEGIN: &str = "2020-02-03T13:30:00Z";
/// The length of the recorded stream. Most tests cut clips from its first half.
const RECORDED_SECONDS: i64 = 24;
/// How often a condition is checked. Each check of a clip is a call to DynamoDB, which takes a few
/// milliseconds of the processor.
const POLL_INTERVAL: Duration = Duration::from_millis(50);

pub(crate) struct Api {
    pub(crate) stack: Stack,
    http: reqwest::Client,
    pub(crate) folder: TempDir,
}

/// A reply that matches the contract.
#[derive(Debug)]
pub(crate) struct Reply {
    pub(crate) status: StatusCode,
    pub(crate) headers: reqwest::header::HeaderMap,
    pub(crate) body: Value,
}

pub(crate) fn options(folder: &Path) -> Options {
    Options {
        port: 0,
        data_dir: folder.to_owned(),
        min_free_megabytes: 0,
        packaging_groups: Path::new(env!("CARGO_MANIFEST_DIR")).join("../packaging-groups"),
        source: Source::RecordedBlack {
            begin: BEGIN.parse().unwrap(),
            length: TimeDelta::seconds(RECORDED_SECONDS),
        },
        channel_delay: Duration::ZERO,
        startover: Duration::from_mins(15),
        // Tests run the sweep themselves.
        sweep: Duration::from_hours(24),
        pollers: true,
        faults: Faults::default(),
        limits: Limits::default(),
        create_job_burst: 100,
        api_throttle: 1.0,
        concurrency: 1000,
        public_concurrency: 50,
        cdn_identifier: None,
        private: false,
        domain: None,
        cookie_domain: None,
        machines: Vec::new(),
        webhooks: Vec::new(),
        console: "console/dist".into(),
        branding: None,
        token_lifetime: Duration::from_hours(1),
        assets_per_group: 10_000,
        upload_limits: UploadLimits::default(),
        assets_expire_after_days: None,
        clip_files: FileKinds::None,
        precision: Precision::Segment,
        // Deleted clips are removed at once.
        tracks: Tracks::default(),
        frame_rate: FrameRate::default(),
        small_picture: true,
        trash_days: 0,
    }
}

/// The recorded stream and the key that all stacks share, created once.
struct Recording {
    folder: TempDir,
    /// The segments of the recorded stream.
    segments: Vec<PathBuf>,
}

/// The file with the key that signs the tokens. Creating a key takes long, so all stacks share one.
const ISSUER: &str = "issuer.der";

async fn recording() -> &'static Recording {
    static RECORDING: OnceCell<Recording> = OnceCell::const_new();
    let record = async || {
        let folder = tempfile::tempdir().unwrap();
        let mut options = options(folder.path());
        // One segment more, because the encoder does not wait until its last playlist is accepted.
        let length = TimeDelta::seconds(RECORDED_SECONDS + 2);
        options.source = Source::RecordedBlack { begin: BEGIN.parse().unwrap(), length };
        let stack = Stack::start(options).await.unwrap();
        let count = RECORDED_SECONDS / 2;
        stack.on_air(count.unsigned_abs()).await;
        stack.stop().await;
        let entries = std::fs::read_dir(folder.path().join("live/segments")).unwrap();
        let mut segments: Vec<_> = entries.map(|entry| entry.unwrap().path()).collect();
        segments.sort();
        segments.truncate(count.try_into().unwrap());
        Recording { folder, segments }
    };
    RECORDING.get_or_init(record).await
}

impl Api {
    pub(crate) async fn start() -> Self {
        Self::start_with(|_| ()).await
    }

    pub(crate) async fn start_with(change: impl FnOnce(&mut Options)) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let segments: PathBuf = "live/segments".into();
        let recording = recording().await;
        let issuer = recording.folder.path().join(ISSUER);
        std::fs::hard_link(issuer, folder.path().join(ISSUER)).unwrap();
        for segment in &recording.segments {
            let copy = folder.path().join(&segments).join(segment.file_name().unwrap());
            std::fs::create_dir_all(&copy).unwrap();
            for file in std::fs::read_dir(segment).unwrap() {
                let file = file.unwrap();
                std::fs::hard_link(file.path(), copy.join(file.file_name())).unwrap();
            }
        }
        let mut options = options(folder.path());
        change(&mut options);
        let stack = Box::pin(Stack::start(options)).await.unwrap();
        Self { stack, http: reqwest::Client::new(), folder }
    }

    pub(crate) async fn request(
        &self,
        method: Method,
        path: &str,
        headers: &[(&str, &str)],
        body: impl Into<reqwest::Body>,
    ) -> Reply {
        self.request_site(method, &format!("/api{path}"), headers, body).await
    }

    /// Requests a path of the whole site. A body that is not JSON is a text.
    pub(crate) async fn request_site(
        &self,
        method: Method,
        path: &str,
        headers: &[(&str, &str)],
        body: impl Into<reqwest::Body>,
    ) -> Reply {
        let url = format!("{}{path}", self.site());
        let mut request = self.http.request(method.clone(), url).body(body);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let response = request.send().await.unwrap();
        let (status, headers) = (response.status(), response.headers().clone());
        let is_json = headers
            .get(CONTENT_TYPE)
            .is_none_or(|media_type| media_type.to_str().unwrap().ends_with("json"));
        let text = response.text().await.unwrap();
        let body = match text.as_str() {
            "" => Value::Null,
            text if is_json => serde_json::from_str(text).unwrap(),
            text => Value::String(text.to_owned()),
        };
        let answer = Reply { status, headers, body };
        openapi::check(&method, path, &answer);
        answer
    }

    /// The URL of the site, without a slash at its end.
    pub(crate) fn site(&self) -> &str {
        self.stack.api.strip_suffix("/api").unwrap()
    }

    pub(crate) async fn post_clip(&self, body: &str) -> Reply {
        self.post("/clip", body).await
    }

    /// Posts as the operator.
    pub(crate) async fn post(&self, path: &str, body: &str) -> Reply {
        let token = format!("Bearer {}", self.stack.token);
        self.request(Method::POST, path, &[("authorization", &token)], body.to_owned()).await
    }

    /// Edits a clip as the operator, whatever others have edited.
    pub(crate) async fn edit(&self, clip: &ClipKey, body: &Value) -> Reply {
        let token = format!("Bearer {}", self.stack.token);
        let headers = [("authorization", token.as_str()), ("if-match", "*")];
        let path = format!("/competitions/{}/clips/{}", clip.competition, clip.clip);
        self.request(Method::PATCH, &path, &headers, body.to_string()).await
    }

    pub(crate) async fn get(&self, path: &str) -> Reply {
        self.request(Method::GET, path, &[], "").await
    }

    /// Deletes a clip as the operator.
    pub(crate) async fn delete(&self, clip: &ClipKey) {
        let token = format!("Bearer {}", self.stack.token);
        let path = format!("/competitions/{}/clips/{}", clip.competition, clip.clip);
        let answer = self.request(Method::DELETE, &path, &[("authorization", &token)], "").await;
        assert_eq!(answer.status, StatusCode::NO_CONTENT);
    }

    pub(crate) fn library(&self) -> Library {
        Library::from_variables(&self.stack.sdk, &self.stack.variables).unwrap()
    }

    /// The environment of the stack, with some variables changed.
    pub(crate) fn variables(&self, changed: &[(&str, String)]) -> Variables {
        let own = self.stack.variables.iter().map(|(name, value)| (name, value.to_owned()));
        own.chain(changed.iter().map(|(name, value)| (*name, value.clone()))).collect()
    }

    pub(crate) async fn wait_for_status(&self, clip: &Clip, status: Status) -> Clip {
        self.wait_for(&clip.key(), |clip| clip.status == status).await
    }

    /// Runs the sweep at later and later times, until the clip has this status.
    pub(crate) async fn sweep_until(&self, key: &ClipKey, status: Status) -> Clip {
        let mut minutes = 0;
        self.eventually("the sweep has moved the clip", async || {
            let now = Utc::now() + TimeDelta::minutes(minutes);
            minutes += 1;
            self.stack.functions.sweep.run(now).await.unwrap();
            let clip = self.library().find(key).await.unwrap().unwrap();
            (clip.status == status).then_some(clip)
        })
        .await
    }

    /// Waits until any clip fulfills the condition.
    pub(crate) async fn wait_for_any_clip(&self, condition: impl Fn(&Clip) -> bool) -> Clip {
        self.eventually("there is such a clip", async || {
            let clips = self.rows().await.into_iter().filter_map(|row| {
                let part = |name: &str| row[name].as_str();
                format!("{}_{}", part("competition")?, part("clip")?).parse().ok()
            });
            let keys: Vec<ClipKey> = clips.collect();
            for key in keys {
                let found = self.library().find(&key).await.unwrap();
                if let Some(clip) = found.filter(|clip| condition(clip)) {
                    return Some(clip);
                }
            }
            None
        })
        .await
    }

    /// Polls until `ask` returns a value.
    pub(crate) async fn eventually<T>(
        &self,
        what: &str,
        mut ask: impl AsyncFnMut() -> Option<T>,
    ) -> T {
        let deadline = tokio::time::Instant::now() + Duration::from_mins(1);
        let mut polls = tokio::time::interval(POLL_INTERVAL);
        loop {
            polls.tick().await;
            if let Some(answer) = ask().await {
                return answer;
            }
            assert!(tokio::time::Instant::now() < deadline, "timed out waiting until {what}");
        }
    }

    pub(crate) async fn wait_for(&self, key: &ClipKey, condition: impl Fn(&Clip) -> bool) -> Clip {
        let library = self.library();
        let deadline = tokio::time::Instant::now() + Duration::from_mins(1);
        let mut polls = tokio::time::interval(POLL_INTERVAL);
        loop {
            polls.tick().await;
            let clip = library.find(key).await.unwrap().unwrap();
            if condition(&clip) {
                return clip;
            }
            assert!(tokio::time::Instant::now() < deadline, "timed out; the clip is now {clip:?}");
        }
    }
}

impl Reply {
    /// The key of the clip in a reply.
    pub(crate) fn key(&self) -> ClipKey {
        ClipKey {
            competition: self.body["competition"].as_str().unwrap().parse().unwrap(),
            clip: self.body["clip"].as_str().unwrap().parse().unwrap(),
        }
    }
}

/// The time of this second of the recorded stream.
pub(crate) fn at(seconds: i64) -> DateTime<Utc> {
    BEGIN.parse::<DateTime<Utc>>().unwrap() + TimeDelta::seconds(seconds)
}

/// A rule's note on a suggestion that starts at this second.
pub(crate) fn suggested_by(start: i64) -> SuggestedBy {
    SuggestedBy {
        rule: "goals-k7qx2f".parse().unwrap(),
        name: "Goals".to_owned(),
        version: 1,
        label: "goal".to_owned(),
        marks: 1,
        first: at(start + 2),
        last: at(start + 2),
        follows: true,
        confirmable_until: Utc::now() + TimeDelta::hours(1),
        until: Utc::now() + TimeDelta::hours(2),
    }
}

/// A row as an earlier request could have left it.
pub(crate) fn row(competition: &str, start: i64, status: Status) -> Clip {
    let window = Window::new(at(start), at(start + 4)).unwrap();
    Clip {
        competition: competition.parse().unwrap(),
        clip: ClipId::for_window(window),
        status,
        version: 1,
        attempt: 1,
        media_attempt: 1,
        source: matchcut::clip::Source::Live { channel: "main".into(), requested: window },
        actual: None,
        created_by: None,
        suggested_by: (status == Status::Suggested).then(|| suggested_by(start)),
        title: format!("Clip at {start}"),
        description: String::new(),
        tags: Vec::new(),
        listed: true,
        publish_at: None,
        manifests: [("hls".to_owned(), "/out/v1/a/b/c/index.m3u8".to_owned())].into(),
        playable: ["hls".to_owned()].into(),
        failure: (status == Status::Failed).then(|| Failure {
            code: FailureCode::HarvestFailed,
            message: "It could not be harvested.".to_owned(),
        }),
        files: None,
        created_at: at(100),
        updated_at: at(100),
        ready_at: (status == Status::Ready).then(|| at(110)),
        asset_expires_at: None,
        remake: None,
        poster_at: None,
        angles: Vec::new(),
        precision: Precision::Segment,
        exact: None,
        retired: Vec::new(),
        asset_removable_at: None,
        expires_at: None,
        deleted_at: (status == Status::Deleting).then(|| at(110)),
        deleted_from: (status == Status::Deleting).then_some(Status::Ready),
        removal_started: false,
        exports: [].into(),
        queued_at: (status == Status::Queued).then(|| at(100)),
        next_check_at: status.is_pending().then(|| at(110)),
    }
}
