//! Measures uploads: the time from an object to its job, memory, and a burst of files.

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
use crate::timings::{Timings, format_milliseconds, time};

const FILES: usize = 60;
const LARGE_FILE_SIZE: u64 = 1 << 30;
/// A file of 1 GiB takes longer than the timeout that functions set for S3.
const PUT_TIMEOUT: Duration = Duration::from_mins(5);
const BURST_FILES: u32 = 500;
/// How many jobs MediaConvert accepts at once, and how many per second from then on: the throttle
/// of the stand-in.
const BURST_JOBS: u32 = 100;
const JOBS_PER_SECOND: u32 = 2;

pub(crate) async fn measure(table: &mut Table, folder: &Path) -> Result<(), BenchError> {
    let file = &make_video(folder).await?;
    let service = &Service::start(Background::Off, &folder.join("idle")).await?;
    measure_function(table, service, file).await?;
    measure_memory(table, service, file, folder).await?;
    measure_burst(table, folder, file).await
}

/// Measures `transcode-upload`, from an object to its submitted job.
///
/// Most of that time is MediaConvert's Probe. A call of Probe right before measures how long Probe
/// takes on its own, and that time is subtracted.
async fn measure_function(
    table: &mut Table,
    service: &Service,
    file: &Path,
) -> Result<(), BenchError> {
    let variables = use_bucket_without_events(service)?;
    let function = TranscodeUpload::new(&service.stack.sdk, &variables)?;
    let media_convert = aws_sdk_mediaconvert::Client::new(&service.stack.sdk);
    let bucket = variables.required("UPLOADS_BUCKET")?;
    let (mut without_probe, mut with_probe, mut probe_alone) =
        (Timings::default(), Timings::default(), Timings::default());
    for number in 0..FILES {
        let key = format!("bench-upload/{number}.mp4");
        put_file(service, bucket, &key, file).await?;
        let url = ProbeInputFile::builder().file_url(format!("s3://{bucket}/{key}")).build();
        let (reply, probe) = time(media_convert.probe().input_files(url).send()).await;
        reply.map_err(|error| BenchError::MediaConvert(Box::new(error.into())))?;
        let event = events::build_sqs_event(&events::build_object_created(bucket, &key));
        let event: SqsEvent = serde_json::from_value(event)
            .map_err(|error| BenchError::unexpected("event", &error))?;
        let (result, duration) = time(function.handle(event)).await;
        result?;
        without_probe.add(duration.saturating_sub(probe));
        with_probe.add(duration);
        probe_alone.add(probe);
    }
    table.add_heading(format!("object created to transcode job submitted, {FILES} files"));
    table.add("  transcode-upload without Probe", without_probe, "p99 under 100 ms");
    table.add("    with Probe", with_probe, "");
    table.add("    Probe alone", probe_alone, "");
    Ok(())
}

async fn measure_memory(
    table: &mut Table,
    service: &Service,
    file: &Path,
    folder: &Path,
) -> Result<(), BenchError> {
    let variables = use_bucket_without_events(service)?;
    let bucket = variables.required("UPLOADS_BUCKET")?;
    let large = folder.join("large.mp4");
    std::fs::copy(file, &large).map_err(BenchError::Folder)?;
    enlarge(&large).map_err(BenchError::Folder)?;
    let mut peaks = BTreeMap::new();
    for (name, file) in [("small", file), ("large", large.as_path())] {
        let key = format!("bench-memory/{name}.mp4");
        put_file(service, bucket, &key, file).await?;
        let (mut function, _) = Function::start("transcode-upload", &variables).await?;
        let event = events::build_sqs_event(&events::build_object_created(bucket, &key));
        function.invoke(&event).await?;
        peaks.insert(name, function.read_peak_memory()?);
        function.stop().await?;
    }
    #[expect(clippy::cast_precision_loss, reason = "a few megabytes")]
    let ratio = peaks["large"] as f64 / peaks["small"] as f64;
    let what = "  peak memory with a file of 1 GiB to that with a file of some kB";
    table.add(what, format!("ratio {ratio:.2}"), "independent of the file size");
    Ok(())
}

/// Uploads files as fast as S3 accepts them, and waits until each file has a job.
async fn measure_burst(table: &mut Table, folder: &Path, file: &Path) -> Result<(), BenchError> {
    let service = &Service::start(Background::Normal, &folder.join("burst")).await?;
    let bucket = service.stack.variables.required("UPLOADS_BUCKET")?;
    let started = Instant::now();
    for number in 0..BURST_FILES {
        put_file(service, bucket, &format!("burst/{number:03}.mp4"), file).await?;
    }
    let mut polls = tokio::time::interval(Duration::from_millis(500));
    let mut inputs = list_job_inputs(service).await?;
    while inputs.len() < BURST_FILES as usize {
        polls.tick().await;
        inputs = list_job_inputs(service).await?;
    }
    let duration = started.elapsed();
    let ideal = Duration::from_secs(((BURST_FILES - BURST_JOBS) / JOBS_PER_SECOND).into());
    let ratio = duration.as_secs_f64() / ideal.as_secs_f64();
    inputs.sort_unstable();
    let has_duplicates = inputs.windows(2).any(|pair| pair[0] == pair[1]);
    let exactly_once = !has_duplicates && inputs.len() == BURST_FILES as usize;
    table.add_heading(format!(
        "{BURST_FILES} files at once; MediaConvert accepts {BURST_JOBS} jobs, then \
         {JOBS_PER_SECOND} per second"
    ));
    let what = format!("  time until each file has a job, ideal {} s", ideal.as_secs());
    table.add(what, format!("{}, ratio {ratio:.2}", format_milliseconds(duration)), "");
    table.add("  exactly one job for each file", exactly_once.to_string(), "true");
    Ok(())
}

/// Lists the input files of all jobs, in the order in which the jobs were created.
async fn list_job_inputs(service: &Service) -> Result<Vec<String>, BenchError> {
    let media_convert = aws_sdk_mediaconvert::Client::new(&service.stack.sdk);
    let list = media_convert.list_jobs().order(aws_sdk_mediaconvert::types::Order::Ascending);
    let mut jobs = list.into_paginator().items().send();
    let mut files = Vec::new();
    while let Some(job) = jobs.next().await {
        let job = job.map_err(|error| BenchError::MediaConvert(Box::new(error.into())))?;
        let inputs = job.settings.map(|settings| settings.inputs().to_vec());
        files.extend(inputs.into_iter().flatten().filter_map(|input| input.file_input));
    }
    Ok(files)
}

/// Returns the service's variables with the clip bucket as upload bucket. Its objects cause no
/// event, so the function runs only when the measurement runs it.
fn use_bucket_without_events(service: &Service) -> Result<Variables, BenchError> {
    let variables = &service.stack.variables;
    let bucket = variables.required("CLIPS_BUCKET")?;
    Ok(variables.iter().chain([("UPLOADS_BUCKET", bucket)]).collect())
}

async fn put_file(
    service: &Service,
    bucket: &str,
    key: &str,
    file: &Path,
) -> Result<(), BenchError> {
    let body = ByteStream::from_path(file).await;
    let body = body.map_err(|error| BenchError::Folder(std::io::Error::other(error)))?;
    let timeouts = TimeoutConfig::builder()
        .operation_attempt_timeout(PUT_TIMEOUT)
        .operation_timeout(PUT_TIMEOUT)
        .build();
    let settings = aws_sdk_s3::config::Builder::from(&service.stack.sdk).timeout_config(timeouts);
    let s3 = aws_sdk_s3::Client::from_conf(settings.build());
    let put = s3.put_object().bucket(bucket).key(key).body(body).send().await;
    put.map(drop).map_err(|error| BenchError::S3(Box::new(error.into())))
}

/// Makes 0.5 s of video with 64x64 pixels. Transcoding a larger video would use processor time that
/// is measured.
async fn make_video(folder: &Path) -> Result<PathBuf, BenchError> {
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
        Err(BenchError::Exited { program: "ffmpeg".to_owned(), status })
    }
}

/// Enlarges an MP4 file to 1 GiB by a free space box (ISO/IEC 14496-12, 8.1.2).
fn enlarge(file: &Path) -> std::io::Result<()> {
    use std::io::Write as _;
    let mut file = std::fs::OpenOptions::new().append(true).open(file)?;
    let free = LARGE_FILE_SIZE - file.metadata()?.len();
    file.write_all(&u32::try_from(free).unwrap_or(u32::MAX).to_be_bytes())?;
    file.write_all(b"free")?;
    file.set_len(LARGE_FILE_SIZE)
}
