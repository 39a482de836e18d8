//! A service to measure: the whole stack in this process, with a recording on air.

use std::path::{Path, PathBuf};
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use matchcut::clip::{Window, WindowError};
use matchcut::library::Library;
use matchcut_local::{Faults, Options, Source, Stack};
use reqwest::Url;
use serde_json::Value;
use tokio::time::timeout;

use crate::api::Api;
use crate::error::BenchError;

/// The packaging groups of the product.
pub(crate) const PACKAGING_GROUPS: &str =
    concat!(env!("CARGO_MANIFEST_DIR"), "/../packaging-groups");

/// How much of a stream is on air: 30 segments.
const LENGTH: TimeDelta = TimeDelta::seconds(60);
const SEGMENTS: u64 = 30;

/// What goes on in the service besides what the measurement does.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Background {
    /// All of it: events arrive at once and the sweep runs.
    Normal,
    /// All of it, and each harvest and ingest takes at least so long; but without DASH, which takes
    /// a core for a third of a second each time.
    Slow(Duration),
    /// All of it, and the stream is live.
    Live,
    /// Nothing: every event is lost and the sweep never comes, so each function runs only when
    /// the measurement runs it.
    Still,
}

/// A running stack, and what the measurements use it through.
#[derive(Debug)]
pub(crate) struct Service {
    pub(crate) stack: Stack,
    pub(crate) library: Library,
    pub(crate) api: Api,
}

impl Service {
    pub(crate) async fn start(background: Background, folder: &Path) -> Result<Self, BenchError> {
        let segments = if matches!(background, Background::Live) { 6 } else { SEGMENTS };
        Self::with(options(background, folder)?, segments).await
    }

    /// Starts a still one that uses all there is: the library is private, and `webhook` is told of
    /// changes.
    pub(crate) async fn start_private(webhook: &Url, folder: &Path) -> Result<Self, BenchError> {
        let options = options(Background::Still, folder)?;
        let options = Options { private: true, webhooks: vec![webhook.clone()], ..options };
        Self::with(options, SEGMENTS).await
    }

    async fn with(options: Options, segments: u64) -> Result<Self, BenchError> {
        let stack = Stack::start(options).await?;
        let on_air = timeout(Duration::from_mins(2), stack.on_air(segments));
        on_air.await.map_err(|_| BenchError::OffAir)?;
        Ok(Self {
            library: Library::from_variables(&stack.sdk, &stack.variables)?,
            api: Api::new(&stack.api, &stack.token),
            stack,
        })
    }
}

fn options(background: Background, folder: &Path) -> Result<Options, BenchError> {
    let often = Duration::from_secs(5);
    let (lose, slow, sweep) = match background {
        Background::Normal | Background::Live => (0.0, 0.0, often),
        Background::Slow(pace) => (0.0, pace.as_secs_f64(), often),
        Background::Still => (1.0, 0.0, Duration::from_hours(24)),
    };
    // One segment more: the encoder does not wait until its last playlist is taken.
    let length = LENGTH + TimeDelta::seconds(2);
    Ok(Options {
        port: 0,
        data_dir: folder.to_owned(),
        packaging_groups: match background {
            Background::Slow(_) => without_dash(folder).map_err(BenchError::Folder)?,
            _ => Path::new(PACKAGING_GROUPS).to_owned(),
        },
        source: match background {
            Background::Live => Source::TestPicture,
            Background::Slow(_) => Source::RecordedBlack { begin: begin(), length },
            _ => Source::Recorded { begin: begin(), length },
        },
        startover: Duration::from_mins(15),
        sweep,
        pollers: true,
        faults: Faults { lose, slow, ..Faults::default() },
        create_job_burst: 100,
        cdn_identifier: None,
        private: false,
        webhooks: Vec::new(),
        assets_per_group: 10_000,
    })
}

/// The packaging group of the product, but for what ffmpeg packages.
fn without_dash(folder: &Path) -> std::io::Result<PathBuf> {
    let group = std::fs::read(Path::new(PACKAGING_GROUPS).join("default.json"))?;
    let mut group: Value = serde_json::from_slice(&group)?;
    if let Some(configurations) = group["packagingConfigurations"].as_array_mut() {
        configurations.retain(|configuration| configuration["dashPackage"].is_null());
    }
    let groups = folder.join("packaging-groups");
    std::fs::create_dir_all(&groups)?;
    std::fs::write(groups.join("default.json"), group.to_string())?;
    Ok(groups)
}

/// The window of the `number`th clip: ten seconds that have aired, starting at any of them.
pub(crate) fn window(number: usize) -> Result<Window, WindowError> {
    const CLIP: TimeDelta = TimeDelta::seconds(10);
    let starts = (LENGTH - CLIP).num_seconds() + 1;
    let start = i64::try_from(number).unwrap_or_default() % starts;
    let start = begin() + TimeDelta::seconds(start);
    Window::new(start, start + CLIP)
}

/// When the recording begins: 2020-02-03T13:30:00Z, long over.
fn begin() -> DateTime<Utc> {
    DateTime::UNIX_EPOCH + TimeDelta::seconds(1_580_736_600)
}
