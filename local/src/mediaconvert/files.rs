//! The files that a job writes, and how its event lists them.

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::{fs, io};

use serde_json::{Value, json};

use super::probe::probe;
use super::settings::{Container, Output, OutputGroup, OutputGroupSettings};

/// Parses bucket and key from an `s3://` URL.
pub(super) fn parse_s3_url(url: &str) -> Option<(&str, &str)> {
    let (bucket, key) = url.strip_prefix("s3://")?.split_once('/')?;
    (!bucket.is_empty() && !key.is_empty() && !key.ends_with('/')).then_some((bucket, key))
}

/// The bucket and the key prefix of a group's files.
pub(super) fn destination_prefix(group: &OutputGroup) -> Option<(&str, &str)> {
    let (bucket, key) = parse_s3_url(destination(group))?;
    Some((bucket, key.rsplit_once('/').map_or("", |(folder, _)| &key[..=folder.len()])))
}

fn destination(group: &OutputGroup) -> &str {
    match &group.output_group_settings {
        OutputGroupSettings::Hls { hls_group_settings } => &hls_group_settings.destination,
        OutputGroupSettings::File { file_group_settings } => &file_group_settings.destination,
    }
}

/// Lists the files of a folder, with segments before manifests.
pub(super) fn list_files(folder: &Path) -> io::Result<Vec<PathBuf>> {
    let mut files = fs::read_dir(folder)?
        .map(|entry| entry.map(|entry| entry.path()))
        .collect::<io::Result<Vec<_>>>()?;
    files.sort_by_key(|file| (file.extension().is_some_and(|it| it == "m3u8"), file.clone()));
    Ok(files)
}

/// Appends null packets to transport streams of a few packets. ffmpeg and players that are built on it
/// do not recognize shorter ones as transport streams.
pub(super) fn pad_short_segments(folder: &Path) -> io::Result<()> {
    const PACKET_SIZE: usize = 188;
    const MIN_SIZE: usize = 64 * PACKET_SIZE;
    let mut null = [0xFF; PACKET_SIZE];
    null[..4].copy_from_slice(&[0x47, 0x1F, 0xFF, 0x10]);
    for file in list_files(folder)? {
        let size = usize::try_from(fs::metadata(&file)?.len()).unwrap_or(usize::MAX);
        if file.extension().is_some_and(|extension| extension == "ts") && size < MIN_SIZE {
            let mut file = fs::OpenOptions::new().append(true).open(file)?;
            file.write_all(&null.repeat((MIN_SIZE - size) / PACKET_SIZE))?;
        }
    }
    Ok(())
}

/// Describes a group as the COMPLETE event lists it.
pub(super) async fn describe(group: &OutputGroup, folder: &Path) -> io::Result<Value> {
    let destination = destination(group);
    match group.output_group_settings {
        OutputGroupSettings::Hls { .. } => {
            let name = destination.rsplit('/').next().unwrap_or_default();
            let mut outputs = Vec::new();
            for output in &group.outputs {
                let modifier = &output.name_modifier;
                let playlist = fs::read_to_string(folder.join(format!("{name}{modifier}.m3u8")))?;
                let path = format!("{destination}{modifier}.m3u8");
                outputs.push(describe_output(output, &path, playlist_duration(&playlist)));
            }
            Ok(json!({
                "type": "HLS_GROUP",
                "playlistFilePaths": [format!("{destination}.m3u8")],
                "outputDetails": outputs,
            }))
        }
        OutputGroupSettings::File { .. } => {
            let mut outputs = Vec::new();
            for output in &group.outputs {
                outputs.push(describe_file(output, destination, folder).await?);
            }
            Ok(json!({ "type": "FILE_GROUP", "outputDetails": outputs }))
        }
    }
}

/// Describes an output of a file group. Of frame captures, the event lists the last one.
async fn describe_file(output: &Output, destination: &str, folder: &Path) -> io::Result<Value> {
    let (parent, base) = destination.rsplit_once('/').unwrap_or_default();
    if output.captions().is_some() {
        let path = format!("{parent}/{}", output.file_name(base));
        return Ok(describe_output(output, &path, 0));
    }
    if output.container_settings.container == Container::Mp4 {
        let name = output.file_name(base);
        let file = folder.join(&name);
        let probed = probe(&file.to_string_lossy()).await.map_err(io::Error::other)?;
        let milliseconds = to_milliseconds(probed.seconds().unwrap_or_default());
        return Ok(describe_output(output, &format!("{parent}/{name}"), milliseconds));
    }
    let prefix = format!("{base}{}.", output.name_modifier);
    let names = list_files(folder)?.into_iter().filter_map(|file| {
        Some(file.file_name()?.to_str()?.to_owned()).filter(|name| name.starts_with(&prefix))
    });
    let last = names.max().ok_or_else(|| io::Error::other("no frame was captured"))?;
    Ok(describe_output(output, &format!("{parent}/{last}"), 0))
}

fn describe_output(output: &Output, path: &str, milliseconds: u64) -> Value {
    let mut details = json!({ "outputFilePaths": [path], "durationInMs": milliseconds });
    if let Some(picture) = &output.video_description {
        details["videoDetails"] =
            json!({ "widthInPx": picture.width, "heightInPx": picture.height });
    }
    details
}

/// A group as GetJob returns it: without file paths.
pub(super) fn remove_paths(group: &Value) -> Value {
    let outputs = group["outputDetails"].as_array().into_iter().flatten().map(|output| {
        let mut output = output.clone();
        if let Some(fields) = output.as_object_mut() {
            fields.remove("outputFilePaths");
        }
        output
    });
    json!({ "outputDetails": outputs.collect::<Vec<_>>() })
}

/// The duration of a media playlist in milliseconds.
fn playlist_duration(playlist: &str) -> u64 {
    let lengths = playlist.lines().filter_map(|line| line.strip_prefix("#EXTINF:"));
    let seconds: f64 = lengths.filter_map(|it| it.split(',').next()?.parse::<f64>().ok()).sum();
    to_milliseconds(seconds)
}

fn to_milliseconds(seconds: f64) -> u64 {
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "at most days")]
    let milliseconds = (seconds * 1000.0).round() as u64;
    milliseconds
}

pub(super) fn media_type(name: &str) -> &'static str {
    match name.rsplit('.').next() {
        Some("m3u8") => "application/vnd.apple.mpegurl",
        Some("ts") => "video/mp2t",
        Some("mp4") => "video/mp4",
        Some("vtt") => "text/vtt",
        Some("srt") => "application/x-subrip",
        _ => "image/jpeg",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_caption_file_is_listed_beside_the_video() {
        let captions = json!({
            "nameModifier": "_en",
            "containerSettings": { "container": "RAW" },
            "captionDescriptions": [{
                "captionSelectorName": "Words",
                "destinationSettings": { "destinationType": "SRT" },
            }],
        });
        let group = json!({
            "outputGroupSettings": {
                "type": "FILE_GROUP_SETTINGS",
                "fileGroupSettings": { "destination": "s3://clips/a/clip" },
            },
            "outputs": [captions],
        });
        let group: OutputGroup = serde_json::from_value(group).unwrap();
        let described = describe(&group, Path::new("/unused")).await.unwrap();
        let listed =
            json!([{ "outputFilePaths": ["s3://clips/a/clip_en.srt"], "durationInMs": 0 }]);
        assert_eq!(described["outputDetails"], listed);
        assert_eq!(remove_paths(&described), json!({ "outputDetails": [{ "durationInMs": 0 }] }));
    }
}
