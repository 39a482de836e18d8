//! The input of a job and of Probe: an object in S3, and its properties.

use std::collections::{BTreeSet, HashMap};
use std::path::Path;
use std::sync::Mutex;
use std::time::Duration;

use aws_sdk_s3::operation::head_object::HeadObjectOutput;
use aws_sdk_s3::presigning::PresigningConfig;

use super::captions::{Captions, read_captions};
use super::files::parse_s3_url;
use super::hls_input::Downloaded;
use super::job_error::JobError;
use super::probe::{Probed, probe};
use super::settings::JobSettings;
use super::{hls_input, input_settings};
use crate::ffmpeg::FfmpegError;

/// 48 h: longer than any job runs.
const URL_LIFETIME: Duration = Duration::from_hours(48);

/// An object in S3 that ffmpeg can read in parts.
#[derive(Debug)]
pub(super) struct Input {
    /// The presigned URL.
    pub(super) url: String,
    /// The size in bytes.
    pub(super) size: i64,
    properties: ProbeKey,
}

/// What the result of ffprobe depends on.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct ProbeKey {
    etag: String,
    media_type: Option<String>,
    kms_key: Option<String>,
}

impl Input {
    /// Finds the object of an `s3://` URL.
    pub(super) async fn open(s3: &aws_sdk_s3::Client, url: &str) -> Result<Self, String> {
        let (bucket, key) =
            parse_s3_url(url).ok_or_else(|| format!("{url} is not s3://<bucket>/<key>"))?;
        let head = s3.head_object().bucket(bucket).key(key).send().await;
        let HeadObjectOutput { content_length, e_tag, content_type, ssekms_key_id, .. } =
            head.map_err(|_| format!("could not read {url}"))?;
        let lifetime =
            PresigningConfig::expires_in(URL_LIFETIME).map_err(|error| error.to_string())?;
        let presigned = s3.get_object().bucket(bucket).key(key).presigned(lifetime).await;
        let presigned = presigned.map_err(|_| format!("could not presign {url}"))?;
        Ok(Self {
            url: presigned.uri().to_owned(),
            size: content_length.unwrap_or(0),
            properties: ProbeKey {
                etag: e_tag.ok_or_else(|| format!("{url} has no ETag"))?,
                media_type: content_type,
                kms_key: ssekms_key_id,
            },
        })
    }
}

/// The properties of every file that was probed. Probe and the job of an upload read the same file,
/// and ffprobe takes a tenth of a second to load its libraries.
#[derive(Debug, Default)]
pub(super) struct Probes(Mutex<HashMap<ProbeKey, Probed>>);

impl Probes {
    /// Returns the properties of an object. ffprobe runs if they are not known.
    pub(super) async fn probe(&self, input: &Input) -> Result<Probed, FfmpegError> {
        let known = || self.0.lock().expect("no thread panics while it holds the lock");
        let found = known().get(&input.properties).cloned();
        if let Some(probed) = found {
            return Ok(probed);
        }
        let probed = probe(&input.url).await?;
        known().insert(input.properties.clone(), probed.clone());
        Ok(probed)
    }
}

/// An input of a job that ffmpeg can read.
#[derive(Debug)]
pub(super) struct JobInput<'a> {
    pub(super) settings: &'a input_settings::Input,
    /// The path or URL.
    pub(super) url: String,
    pub(super) probed: Probed,
    /// The captions whose words the outputs need.
    pub(super) captions: Captions,
}

/// Opens the inputs of a job. Each downloads into a folder of its own in `work`.
pub(super) async fn open_inputs<'a>(
    s3: &aws_sdk_s3::Client,
    probes: &Probes,
    job: &'a JobSettings,
    work: &Path,
) -> Result<Vec<JobInput<'a>>, JobError> {
    let (inputs, needed) = (&job.inputs, job.selectors_of_words());
    let mut opened = Vec::new();
    for (at, settings) in inputs.iter().enumerate() {
        let failed = |error: String| {
            let message = format!("unable to open input: {error}");
            JobError::new(1404, message).at_input(at, inputs.len())
        };
        let folder = work.join(format!("input_{}", at + 1));
        opened.push(open_input(s3, probes, settings, &needed, &folder).await.map_err(failed)?);
    }
    Ok(opened)
}

/// Opens an input of a job. An HLS presentation is downloaded into a folder.
async fn open_input<'a>(
    s3: &aws_sdk_s3::Client,
    probes: &Probes,
    settings: &'a input_settings::Input,
    needed: &BTreeSet<&str>,
    folder: &Path,
) -> Result<JobInput<'a>, String> {
    let unreadable = |error: FfmpegError| error.to_string();
    let url = settings.file_input.as_str();
    let (path, properties, mut captions) = if hls_input::is_manifest(url) {
        let Downloaded { file, captions } =
            hls_input::download(s3, settings, needed, folder).await?;
        let path = file.to_str().ok_or("the path of the work folder is not UTF-8")?.to_owned();
        let properties = probe(&path).await.map_err(unreadable)?;
        (path, properties, captions)
    } else {
        if settings.has_rendition_groups() {
            return Err(format!("{url} has no rendition group, because it is no HLS manifest"));
        }
        let file = Input::open(s3, url).await?;
        let properties = probes.probe(&file).await.map_err(unreadable)?;
        (file.url, properties, Captions::new())
    };
    captions.extend(read_captions(s3, settings, needed, &path).await?);
    Ok(JobInput { settings, url: path, probed: properties, captions })
}
