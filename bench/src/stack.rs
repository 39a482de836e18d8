//! The service that is measured: the whole stack in this process, with a recording on air.

use std::path::{Path, PathBuf};
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use matchcut::clip::{FileKinds, Precision, Window, WindowError};
use matchcut::library::Library;
use matchcut_local::{Faults, FrameRate, Limits, Options, Source, Stack, Tracks, UploadLimits};
use reqwest::Url;
use serde_json::Value;
use tokio::time::timeout;

use crate::api::Api;
use crate::error::BenchError;

/// The packaging groups that are deployed.
pub(crate) const PACKAGING_GROUPS: &str =
    concat!(env!("CARGO_MANIFEST_DIR"), "/../packaging-groups");

/// 2020-02-03T13:30:00Z, far in the past.
pub(crate) const RECORDING_START: DateTime<Utc> =
    DateTime::from_timestamp(1_580_736_600, 0).expect("the timestamp is in chrono's range");
/// 30 segments of 2 s.
const RECORDING_LENGTH: TimeDelta = TimeDelta::seconds(60);
const RECORDING_SEGMENTS: u64 = 30;
/// A live stream counts as started once it has this many segments.
const MIN_LIVE_SEGMENTS: u64 = 6;
const START_TIMEOUT: Duration = Duration::from_mins(2);

/// What the service does on its own while the measurement runs.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Background {
    /// Events arrive without delay, and the sweep runs every 5 s. MediaPackage accepts a thousand calls
    /// a second.
    Normal,
    /// As `Normal`, but the queues and the table's stream start no function. Each of many thousand rows
    /// that a measurement writes would start one.
    WithoutPollers,
    /// As `Normal`, but with AWS's rate, and each harvest job and each asset takes at least this long.
    /// DASH is left out, because packaging it takes a third of a second of processor time.
    SlowJobs(Duration),
    /// As `Normal`, but with AWS's rate, and with a live stream instead of a recording.
    Live,
    /// Nothing: every event is lost and the sweep does not run. A function runs only when the
    /// measurement runs it.
    Off,
}

/// A running stack and its clients.
#[derive(Debug)]
pub(crate) struct Service {
    pub(crate) stack: Stack,
    pub(crate) library: Library,
    pub(crate) api: Api,
}

impl Service {
    pub(crate) async fn start(background: Background, folder: &Path) -> Result<Self, BenchError> {
        let min_segments = match background {
            Background::Live => MIN_LIVE_SEGMENTS,
            _ => RECORDING_SEGMENTS,
        };
        Self::start_with(build_options(background, folder)?, min_segments).await
    }

    /// Starts a service whose clips get pictures and an MP4, and with `Background::Off`.
    pub(crate) async fn start_with_files(folder: &Path) -> Result<Self, BenchError> {
        let options = build_options(Background::Off, folder)?;
        let options = Options { clip_files: FileKinds::All, pollers: false, ..options };
        Self::start_with(options, RECORDING_SEGMENTS).await
    }

    /// Starts a service with a private library and a webhook, and with `Background::Off`. It is idle even
    /// while rows are written: the queues and the table's stream start no function.
    pub(crate) async fn start_private(webhook: &Url, folder: &Path) -> Result<Self, BenchError> {
        let options = build_options(Background::Off, folder)?;
        let webhooks = vec![webhook.clone()];
        let options = Options { private: true, pollers: false, webhooks, ..options };
        Self::start_with(options, RECORDING_SEGMENTS).await
    }

    /// Starts a service and waits until its stream has `min_segments` segments.
    async fn start_with(options: Options, min_segments: u64) -> Result<Self, BenchError> {
        let stack = Stack::start(options).await?;
        let on_air = timeout(START_TIMEOUT, stack.on_air(min_segments));
        on_air.await.map_err(|_| BenchError::OffAir(START_TIMEOUT))?;
        Ok(Self {
            library: Library::from_variables(&stack.sdk, &stack.variables)?,
            api: Api::new(&stack.api, &stack.token),
            stack,
        })
    }
}

fn build_options(background: Background, folder: &Path) -> Result<Options, BenchError> {
    const SWEEP_PERIOD: Duration = Duration::from_secs(5);
    let (lose, slow, sweep) = match background {
        Background::Normal | Background::WithoutPollers | Background::Live => {
            (0.0, 0.0, SWEEP_PERIOD)
        }
        Background::SlowJobs(duration) => (0.0, duration.as_secs_f64(), SWEEP_PERIOD),
        Background::Off => (1.0, 0.0, Duration::from_hours(24)),
    };
    // One more segment, because the encoder exits before its last playlist is read.
    let length = RECORDING_LENGTH + TimeDelta::seconds(2);
    Ok(Options {
        port: 0,
        data_dir: folder.to_owned(),
        min_free_megabytes: 0,
        packaging_groups: match background {
            Background::SlowJobs(_) => {
                write_group_without_dash(folder).map_err(BenchError::Folder)?
            }
            _ => Path::new(PACKAGING_GROUPS).to_owned(),
        },
        source: match background {
            Background::Live => Source::TestPicture,
            Background::SlowJobs(_) => Source::RecordedBlack { begin: RECORDING_START, length },
            _ => Source::Recorded { begin: RECORDING_START, length },
        },
        channel_delay: Duration::ZERO,
        startover: Duration::from_mins(15),
        sweep,
        pollers: !matches!(background, Background::WithoutPollers),
        faults: Faults { lose, slow, ..Faults::default() },
        limits: match background {
            Background::Live | Background::SlowJobs(_) => Limits::default(),
            // These parts measure the service and not the rate of MediaPackage. Some write thousands of
            // rows at once before they measure.
            Background::Normal | Background::WithoutPollers | Background::Off => Limits {
                media_package_rate: 1000,
                media_package_burst: 1000,
                partition_write_units: 1_000_000,
                ..Limits::default()
            },
        },
        create_job_burst: 100,
        // A measurement that runs everything itself may send in a moment what takes a minute.
        api_throttle: if matches!(background, Background::Off) { 0.0 } else { 1.0 },
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
        tracks: Tracks::default(),
        frame_rate: FrameRate::default(),
        small_picture: false,
        // Deleted clips are removed at once.
        trash_days: 0,
    })
}

/// Copies the deployed packaging group without its DASH configurations.
fn write_group_without_dash(folder: &Path) -> std::io::Result<PathBuf> {
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

/// Makes the window of the `number`th clip: 10 s of the recording. Successive windows start 1 s
/// apart and begin again at the start of the recording.
pub(crate) fn make_window(number: usize) -> Result<Window, WindowError> {
    const CLIP_LENGTH: TimeDelta = TimeDelta::seconds(10);
    let starts = (RECORDING_LENGTH - CLIP_LENGTH).num_seconds() + 1;
    let offset = i64::try_from(number).unwrap_or_default() % starts;
    let start = RECORDING_START + TimeDelta::seconds(offset);
    Window::new(start, start + CLIP_LENGTH)
}
