//! Uploads: our own share from an object to its job, memory against the file's size, and a burst.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use aws_config::timeout::TimeoutConfig;
use aws_lambda_events::sqs::SqsEvent;
use aws_sdk_mediaconvert::types::ProbeInputFile;
use aws_sdk_s3::primitives::ByteStream;
use matchcut::config::Variables;
use matchcut::lambda::EventHandler as _;
use matchcut::upload::TranscodeUpload;
use tokio::process::Command;

use crate::error::BenchError;
use crate::events;
use crate::lambda::Function;
use crate::stack::{Background, Service};
use crate::table::Table;
use crate::timings::{Timings, milliseconds, timed};

const FILES: usize = 60;
const LARGE: u64 = 1 << 30;
const PATIENCE: Duration = Duration::from_mins(5);
const BURST: u32 = 500;
/// What MediaConvert takes at once, and then each second: the stand-in's throttle.
const AT_ONCE: u32 = 100;
const PER_SECOND: u32 = 2;

pub(crate) async fn measure(table: &mut Table, folder: &Path) -> Result<(), BenchError> {
    let file = &video(folder).await?;
    let service = &Service::start(Background::Still, &folder.join("still")).await?;
    share(table, service, file).await?;
    memory(table, service, file, folder).await?;
    burst(table, folder, file).await
}

/// From an object to its submitted job. Probe is MediaConvert's share: it is asked for on its own,
/// right before, and taken off.
async fn share(table: &mut Table, service: &Service, file: &Path) -> Result<(), BenchError> {
    let variables = unwatched(service)?;
    let function = TranscodeUpload::new(&service.stack.sdk, &variables)?;
    let media_convert = aws_sdk_mediaconvert::Client::new(&service.stack.sdk);
    let bucket = variables.required("UPLOADS_BUCKET")?;
    let (mut own, mut whole, mut probing) =
        (Timings::default(), Timings::default(), Timings::default());
    for number in 0..FILES {
        let key = format!("bench-upload/{number}.mp4");
        put(service, bucket, &key, file).await?;
        let url = ProbeInputFile::builder().file_url(format!("s3://{bucket}/{key}")).build();
        let (answer, probe) = timed(media_convert.probe().input_files(url).send()).await;
        answer.map_err(|error| BenchError::MediaConvert(Box::new(error.into())))?;
        let event = events::queued(&events::object_created(bucket, &key));
        let event: SqsEvent = serde_json::from_value(event)
            .map_err(|error| BenchError::unexpected("an event", &error))?;
        let (done, took) = timed(function.handle(event)).await;
        done?;
        own.add(took.saturating_sub(probe));
        whole.add(took);
        probing.add(probe);
    }
    table.heading(format!("object created to job submitted, of {FILES} files"));
    table.add("  our own share, without Probe", own, "p99 under 100 ms");
    table.add("    with Probe", whole, "");
    table.add("    Probe alone", probing, "");
    Ok(())
}

async fn memory(
    table: &mut Table,
    service: &Service,
    file: &Path,
    folder: &Path,
) -> Result<(), BenchError> {
    let variables = unwatched(service)?;
    let bucket = variables.required("UPLOADS_BUCKET")?;
    let large = folder.join("large.mp4");
    std::fs::copy(file, &large).map_err(BenchError::Folder)?;
    grow(&large).map_err(BenchError::Folder)?;
    let mut peaks = BTreeMap::new();
    for (name, file) in [("small", file), ("large", large.as_path())] {
        let key = format!("bench-memory/{name}.mp4");
        put(service, bucket, &key, file).await?;
        let (mut function, _) = Function::start("transcode-upload", &variables).await?;
        function.invoke(&events::queued(&events::object_created(bucket, &key))).await?;
        peaks.insert(name, function.peak_memory()?);
        function.stop().await?;
    }
    #[expect(clippy::cast_precision_loss, reason = "a few megabytes")]
    let ratio = peaks["large"] as f64 / peaks["small"] as f64;
    let measured = format!("ratio {ratio:.2}");
    table.add("  peak memory, file of 1 GiB : of 1 MB", measured, "independent of the size");
    Ok(())
}

/// Drops files as fast as S3 takes them, and waits until each has its job.
async fn burst(table: &mut Table, folder: &Path, file: &Path) -> Result<(), BenchError> {
    let service = &Service::start(Background::Normal, &folder.join("burst")).await?;
    let bucket = service.stack.variables.required("UPLOADS_BUCKET")?;
    let begun = Instant::now();
    for number in 0..BURST {
        put(service, bucket, &format!("burst/{number:03}.mp4"), file).await?;
    }
    let mut polls = tokio::time::interval(Duration::from_millis(500));
    let count = usize::try_from(BURST).unwrap_or(usize::MAX);
    let mut jobs = inputs(service).await?;
    while jobs.len() < count {
        polls.tick().await;
        jobs = inputs(service).await?;
    }
    let took = begun.elapsed();
    let ideal = Duration::from_secs(((BURST - AT_ONCE) / PER_SECOND).into());
    let ratio = took.as_secs_f64() / ideal.as_secs_f64();
    let in_order = jobs.is_sorted();
    let once = jobs.windows(2).all(|pair| pair[0] != pair[1]);
    table.heading(format!(
        "{BURST} files at once; MediaConvert takes {AT_ONCE} jobs, then {PER_SECOND} a second"
    ));
    let measured = format!("{}, ratio {ratio:.2}", milliseconds(took));
    table.add("  time until each has its job : ideal", measured, "");
    let measured = format!("{in_order}; {}", once && jobs.len() == count);
    table.add("  in order of arrival; each once", measured, "true; true");
    Ok(())
}

/// The input files of the jobs, in the order the jobs were made.
async fn inputs(service: &Service) -> Result<Vec<String>, BenchError> {
    let media_convert = aws_sdk_mediaconvert::Client::new(&service.stack.sdk);
    let list = media_convert.list_jobs().order(aws_sdk_mediaconvert::types::Order::Ascending);
    let mut jobs = list.into_paginator().items().send();
    let mut inputs = Vec::new();
    while let Some(job) = jobs.next().await {
        let job = job.map_err(|error| BenchError::MediaConvert(Box::new(error.into())))?;
        let inputs_of_job = job.settings.map(|settings| settings.inputs().to_vec());
        inputs.extend(inputs_of_job.into_iter().flatten().filter_map(|input| input.file_input));
    }
    Ok(inputs)
}

/// The environment with another upload bucket, whose objects no event tells of: each function runs
/// only when the measurement runs it.
fn unwatched(service: &Service) -> Result<Variables, BenchError> {
    let variables = &service.stack.variables;
    let bucket = variables.required("CLIPS_BUCKET")?;
    Ok(variables.iter().chain([("UPLOADS_BUCKET", bucket)]).collect())
}

async fn put(service: &Service, bucket: &str, key: &str, file: &Path) -> Result<(), BenchError> {
    let body = ByteStream::from_path(file).await;
    let body = body.map_err(|error| BenchError::Folder(std::io::Error::other(error)))?;
    // A gigabyte takes longer than what functions call S3 for.
    let patience = TimeoutConfig::builder()
        .operation_attempt_timeout(PATIENCE)
        .operation_timeout(PATIENCE)
        .build();
    let settings = aws_sdk_s3::config::Builder::from(&service.stack.sdk).timeout_config(patience);
    let s3 = aws_sdk_s3::Client::from_conf(settings.build());
    let put = s3.put_object().bucket(bucket).key(key);
    let put = put.body(body).send().await;
    put.map(drop).map_err(|error| BenchError::S3(Box::new(error.into())))
}

/// Half a second of small pictures: the cores are for what is measured.
async fn video(folder: &Path) -> Result<PathBuf, BenchError> {
    let file = folder.join("video.mp4");
    let run = |source| BenchError::Run { program: "ffmpeg".to_owned(), source };
    let status = Command::new("ffmpeg")
        .args(["-v", "error", "-f", "lavfi", "-i", "testsrc2=size=64x64:rate=10", "-t", "0.5"])
        .arg(&file)
        .status()
        .await
        .map_err(run)?;
    if status.success() {
        Ok(file)
    } else {
        Err(BenchError::Ended { program: "ffmpeg".to_owned(), status })
    }
}

/// Makes an MP4 file large by a box of free space; ISO/IEC 14496-12, 8.1.2.
fn grow(file: &Path) -> std::io::Result<()> {
    use std::io::Write as _;
    let mut file = std::fs::OpenOptions::new().append(true).open(file)?;
    let free = LARGE - file.metadata()?.len();
    file.write_all(&u32::try_from(free).unwrap_or(u32::MAX).to_be_bytes())?;
    file.write_all(b"free")?;
    file.set_len(LARGE)
}
