//! The files of a job: where they are read, where they go, and what its event says of them.

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::time::Duration;
use std::{fs, io};

use aws_sdk_s3::presigning::PresigningConfig;
use serde_json::{Value, json};

use super::settings::{Output, OutputGroup, OutputGroupSettings};

/// As long as the longest job.
const READING_TIME: Duration = Duration::from_hours(48);

/// Bucket and key of an `s3://` URL.
pub(super) fn object_of(url: &str) -> Option<(&str, &str)> {
    let (bucket, key) = url.strip_prefix("s3://")?.split_once('/')?;
    (!bucket.is_empty() && !key.is_empty() && !key.ends_with('/')).then_some((bucket, key))
}

/// Where ffmpeg can read an `s3://` object, piece by piece.
pub(super) async fn reading_url(s3: &aws_sdk_s3::Client, url: &str) -> Result<String, String> {
    let (bucket, key) =
        object_of(url).ok_or_else(|| format!("{url} is not s3://<bucket>/<key>"))?;
    let head = s3.head_object().bucket(bucket).key(key).send().await;
    head.map_err(|_| format!("{url} cannot be read"))?;
    let lifetime = PresigningConfig::expires_in(READING_TIME).map_err(|error| error.to_string())?;
    let presigned = s3.get_object().bucket(bucket).key(key).presigned(lifetime).await;
    presigned.map(|it| it.uri().to_owned()).map_err(|_| format!("{url} cannot be presigned"))
}

/// The bucket of a group, and what the keys of its files begin with before their names.
pub(super) fn place(group: &OutputGroup) -> Option<(&str, &str)> {
    let (bucket, key) = object_of(destination(group))?;
    Some((bucket, key.rsplit_once('/').map_or("", |(folder, _)| &key[..=folder.len()])))
}

fn destination(group: &OutputGroup) -> &str {
    match &group.output_group_settings {
        OutputGroupSettings::Hls { hls_group_settings } => &hls_group_settings.destination,
        OutputGroupSettings::File { file_group_settings } => &file_group_settings.destination,
    }
}

/// The files of a folder, segments before the manifests that name them.
pub(super) fn of(folder: &Path) -> io::Result<Vec<PathBuf>> {
    let mut files = fs::read_dir(folder)?
        .map(|entry| entry.map(|entry| entry.path()))
        .collect::<io::Result<Vec<_>>>()?;
    files.sort_by_key(|file| (file.extension().is_some_and(|it| it == "m3u8"), file.clone()));
    Ok(files)
}

/// Fills up transport streams of a few packets with null packets, which say nothing: shorter ones
/// are not recognized as what they are by ffmpeg and the players built on it.
pub(super) fn fill_up(folder: &Path) -> io::Result<()> {
    const PACKET: usize = 188;
    const LEAST: usize = 64 * PACKET;
    let mut null = [0xFF; PACKET];
    null[..4].copy_from_slice(&[0x47, 0x1F, 0xFF, 0x10]);
    for file in of(folder)? {
        let size = usize::try_from(fs::metadata(&file)?.len()).unwrap_or(usize::MAX);
        if file.extension().is_some_and(|extension| extension == "ts") && size < LEAST {
            let mut file = fs::OpenOptions::new().append(true).open(file)?;
            file.write_all(&null.repeat((LEAST - size) / PACKET))?;
        }
    }
    Ok(())
}

/// A group as the COMPLETE event tells of it.
pub(super) fn describe(group: &OutputGroup, folder: &Path) -> io::Result<Value> {
    let destination = destination(group);
    match group.output_group_settings {
        OutputGroupSettings::Hls { .. } => {
            let name = destination.rsplit('/').next().unwrap_or_default();
            let mut outputs = Vec::new();
            for output in &group.outputs {
                let modifier = &output.name_modifier;
                let playlist = fs::read_to_string(folder.join(format!("{name}{modifier}.m3u8")))?;
                let path = format!("{destination}{modifier}.m3u8");
                outputs.push(detail(output, &path, milliseconds(&playlist)));
            }
            Ok(json!({
                "type": "HLS_GROUP",
                "playlistFilePaths": [format!("{destination}.m3u8")],
                "outputDetails": outputs,
            }))
        }
        OutputGroupSettings::File { .. } => {
            let last = of(folder)?.last().map(|file| file.file_name().unwrap_or_default().into());
            let last: PathBuf = last.ok_or_else(|| io::Error::other("no frame was captured"))?;
            let (folder, _) = destination.rsplit_once('/').unwrap_or_default();
            let path = format!("{folder}/{}", last.display());
            let outputs = group.outputs.iter().map(|output| detail(output, &path, 0));
            Ok(json!({ "type": "FILE_GROUP", "outputDetails": outputs.collect::<Vec<_>>() }))
        }
    }
}

fn detail(output: &Output, path: &str, milliseconds: u64) -> Value {
    let picture = &output.video_description;
    json!({
        "outputFilePaths": [path],
        "durationInMs": milliseconds,
        "videoDetails": { "widthInPx": picture.width, "heightInPx": picture.height },
    })
}

/// A group as GetJob shows it.
pub(super) fn without_paths(group: &Value) -> Value {
    let outputs = group["outputDetails"].as_array().into_iter().flatten().map(|output| {
        json!({ "durationInMs": output["durationInMs"], "videoDetails": output["videoDetails"] })
    });
    json!({ "outputDetails": outputs.collect::<Vec<_>>() })
}

/// How long a media playlist plays.
fn milliseconds(playlist: &str) -> u64 {
    let lengths = playlist.lines().filter_map(|line| line.strip_prefix("#EXTINF:"));
    let seconds: f64 = lengths.filter_map(|it| it.split(',').next()?.parse::<f64>().ok()).sum();
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "at most days")]
    let milliseconds = (seconds * 1000.0) as u64;
    milliseconds
}

pub(super) fn media_type(name: &str) -> &'static str {
    match name.rsplit('.').next() {
        Some("m3u8") => "application/vnd.apple.mpegurl",
        Some("ts") => "video/mp2t",
        _ => "image/jpeg",
    }
}
