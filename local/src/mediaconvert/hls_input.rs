//! An HLS presentation as the input of a job: joins the segments of its best rendition.
//! <https://docs.aws.amazon.com/mediaconvert/latest/ug/using-hls-inputs.html>

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use chrono::TimeDelta;
use m3u8_rs::{
    AlternativeMediaType, KeyMethod, MasterPlaylist, MediaPlaylist, MediaPlaylistType, Playlist,
};
use tokio::io::AsyncWriteExt as _;

use super::caption_files::to_plain;
use super::captions::{Captions, to_time};
use super::files::parse_s3_url;
use super::input_settings::Input;
use crate::ffmpeg;
use crate::i_frames::first_time;
use crate::webvtt::{Cue, Webvtt};

/// The highest version of a manifest that MediaConvert reads.
const MAX_VERSION: usize = 4;

/// Whether a job's input is an HLS manifest.
pub(super) fn is_manifest(url: &str) -> bool {
    Path::new(url).extension().is_some_and(|extension| extension == "m3u8")
}

/// A presentation that was downloaded.
#[derive(Debug)]
pub(super) struct Downloaded {
    /// One transport stream. The separate sounds are its first ones.
    pub(super) file: PathBuf,
    pub(super) captions: Captions,
}

/// Downloads the presentation of an input into a folder.
///
/// Of a multivariant manifest, MediaConvert reads the rendition with the highest bandwidth. It ignores
/// I-frame playlists. Of the captions, those of the selectors in `needed` are read.
pub(super) async fn download(
    s3: &aws_sdk_s3::Client,
    input: &Input,
    needed: &BTreeSet<&str>,
    folder: &Path,
) -> Result<Downloaded, String> {
    let url = &input.file_input;
    let (bucket, key) =
        parse_s3_url(url).ok_or_else(|| format!("{url} is not s3://<bucket>/<key>"))?;
    let presentation = Presentation { s3, bucket };
    let unreadable = || format!("{url} is not an HLS manifest");
    let sounds = input.separate_sounds();
    let captions = input.caption_selectors.iter().filter_map(|(name, it)| {
        let rendition = it.source_settings.webvtt_hls_source_settings.as_ref()?;
        needed.contains(&**name).then_some((name, rendition))
    });
    let captions: Vec<_> = captions.collect();
    let text = presentation.read(key).await?;
    let (video, sounds, captions) = match m3u8_rs::parse_playlist_res(&text) {
        Ok(Playlist::MediaPlaylist(_)) if sounds.is_empty() && captions.is_empty() => {
            (key.to_owned(), Vec::new(), Vec::new())
        }
        Ok(Playlist::MediaPlaylist(_)) => return Err(format!("{url} has no rendition groups")),
        Ok(Playlist::MasterPlaylist(parent)) => {
            check_version(key, parent.version)?;
            let renditions = parent.variants.iter().filter(|it| !it.is_i_frame);
            let best = renditions.max_by_key(|it| it.bandwidth).ok_or_else(unreadable)?;
            let find = |kind, group: &str, name: &str| {
                find_rendition(&parent, kind, group, name).map(|uri| resolve_key(key, &uri))
            };
            let sounds = sounds.iter().map(|it| {
                find(&AlternativeMediaType::Audio, &it.rendition_group_id, &it.rendition_name)
            });
            let sounds = sounds.collect::<Result<Vec<_>, _>>()?;
            let captions = captions.iter().map(|(selector, it)| {
                let kind = &AlternativeMediaType::Subtitles;
                let uri = find(kind, &it.rendition_group_id, &it.rendition_name)?;
                Ok(((*selector).clone(), uri))
            });
            let captions = captions.collect::<Result<Vec<_>, String>>()?;
            (resolve_key(key, &best.uri), sounds, captions)
        }
        Err(_) => return Err(unreadable()),
    };
    let failed = |error: std::io::Error| error.to_string();
    tokio::fs::create_dir_all(folder).await.map_err(failed)?;
    let file = folder.join("input.ts");
    let segments = presentation.join_segments(&video, &file).await?;
    let mut read = Captions::new();
    for (selector, key) in captions {
        read.insert(selector, presentation.read_captions(&key, &segments).await?);
    }
    let mut sound_files = Vec::new();
    for (at, key) in sounds.iter().enumerate() {
        let sound = folder.join(format!("sound_{}.ts", at + 1));
        presentation.join_segments(key, &sound).await?;
        sound_files.push(sound);
    }
    let file = if sound_files.is_empty() { file } else { join_sounds(&file, &sound_files).await? };
    Ok(Downloaded { file, captions: read })
}

/// Joins a video and its separate sounds in one file. The sounds of the video come behind them.
async fn join_sounds(video: &Path, sounds: &[PathBuf]) -> Result<PathBuf, String> {
    let joined = video.with_file_name("joined.ts");
    let mut command = ffmpeg::command("ffmpeg");
    // All have the time stamps of the stream, which keep them in step.
    command.args(["-loglevel", "error", "-copyts", "-i"]).arg(video);
    for sound in sounds {
        command.arg("-i").arg(sound);
    }
    command.args(["-map", "0:v:0"]);
    for input in 1..=sounds.len() {
        command.args(["-map", &format!("{input}:a:0")]);
    }
    command.args(["-map", "0:a?", "-c", "copy", "-muxdelay", "0", "-f", "mpegts"]).arg(&joined);
    let muxed = command.output().await.map_err(|error| error.to_string())?;
    if muxed.status.success() {
        Ok(joined)
    } else {
        Err(String::from_utf8_lossy(&muxed.stderr).into_owned())
    }
}

/// The URI of the playlist of a sound or of captions.
fn find_rendition(
    parent: &MasterPlaylist,
    kind: &AlternativeMediaType,
    group: &str,
    name: &str,
) -> Result<String, String> {
    let word = if *kind == AlternativeMediaType::Audio { "sound" } else { "captions" };
    let mut alternatives = parent.alternatives.iter().filter(|it| it.media_type == *kind);
    let found = alternatives.find(|it| it.group_id == group && it.name == name);
    found.and_then(|it| it.uri.clone()).ok_or_else(|| {
        format!("the manifest has no {word} {name:?} in the rendition group {group:?}")
    })
}

/// A segment of the video: where its first picture is on the timeline of the input, and its time stamp.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct VideoSegment {
    position: TimeDelta,
    mpegts: i64,
    /// Whether its time stamps do not continue those of the segment before it.
    discontinuity: bool,
}

/// A folder of manifests and segments in S3.
struct Presentation<'a> {
    s3: &'a aws_sdk_s3::Client,
    bucket: &'a str,
}

impl Presentation<'_> {
    async fn read(&self, key: &str) -> Result<Vec<u8>, String> {
        let bucket = self.bucket;
        let object = self.s3.get_object().bucket(bucket).key(key).send().await;
        let object = object.map_err(|_| format!("could not read s3://{bucket}/{key}"))?;
        let body = object.body.collect().await;
        Ok(body.map_err(|error| error.to_string())?.to_vec())
    }

    async fn read_playlist(&self, key: &str, extension: &str) -> Result<MediaPlaylist, String> {
        let text = self.read(key).await?;
        let playlist = m3u8_rs::parse_media_playlist_res(&text)
            .map_err(|_| format!("{key} is not an HLS playlist"))?;
        check_playlist(key, &playlist, extension)?;
        Ok(playlist)
    }

    /// Joins the segments of a playlist in a file.
    async fn join_segments(&self, key: &str, file: &Path) -> Result<Vec<VideoSegment>, String> {
        let failed = |error: std::io::Error| error.to_string();
        let playlist = self.read_playlist(key, ".ts").await?;
        let mut joined = tokio::fs::File::create(file).await.map_err(failed)?;
        let (mut segments, mut position) = (Vec::new(), TimeDelta::zero());
        for segment in &playlist.segments {
            let media = self.read(&resolve_key(key, &segment.uri)).await?;
            joined.write_all(&media).await.map_err(failed)?;
            let mpegts = first_time(&media).unwrap_or_default();
            let discontinuity = segment.discontinuity;
            segments.push(VideoSegment { position, mpegts, discontinuity });
            position += to_time(segment.duration.into());
        }
        joined.flush().await.map_err(failed)?;
        Ok(segments)
    }

    /// Reads the cues of a playlist of WebVTT, counted from the first frame of the video.
    async fn read_captions(&self, key: &str, video: &[VideoSegment]) -> Result<Vec<Cue>, String> {
        let playlist = self.read_playlist(key, "").await?;
        let mut segments = Vec::new();
        for segment in &playlist.segments {
            let text = self.read(&resolve_key(key, &segment.uri)).await?;
            segments.push(Webvtt::parse(&String::from_utf8_lossy(&text)));
        }
        Ok(to_plain(place_cues(segments, video)))
    }
}

/// The cues of segments of captions on the timeline of the video. A cue that several segments repeat is
/// kept once.
///
/// Time stamps count from the first segment, and from each segment with a discontinuity.
fn place_cues(captions: Vec<Webvtt>, video: &[VideoSegment]) -> Vec<Cue> {
    let mut cues: Vec<Cue> = Vec::new();
    let mut start = None;
    for (at, segment) in captions.into_iter().enumerate() {
        let begins = |it: &&VideoSegment| at == 0 || it.discontinuity;
        start = video.get(at).filter(begins).or(start);
        let Some(VideoSegment { position, mpegts, .. }) = start else { break };
        let offset = segment.map.offset_from(*mpegts) + *position;
        for cue in segment.cues {
            let cue = Cue { start: cue.start + offset, end: cue.end + offset, ..cue };
            if !cues.contains(&cue) {
                cues.push(cue);
            }
        }
    }
    cues
}

fn check_version(key: &str, version: Option<usize>) -> Result<(), String> {
    match version {
        Some(version @ MAX_VERSION..) if version > MAX_VERSION => {
            Err(format!("{key} has EXT-X-VERSION {version}, which is above {MAX_VERSION}"))
        }
        _ => Ok(()),
    }
}

/// Checks that MediaConvert reads a playlist. The names of its segments must end with the extension.
fn check_playlist(key: &str, playlist: &MediaPlaylist, extension: &str) -> Result<(), String> {
    check_version(key, playlist.version)?;
    let segments = &playlist.segments;
    let is_vod = playlist.end_list || playlist.playlist_type == Some(MediaPlaylistType::Vod);
    if !is_vod {
        return Err(format!("{key} has neither EXT-X-ENDLIST nor the type VOD"));
    }
    if segments.is_empty() {
        return Err(format!("{key} has no segments"));
    }
    let is_encrypted = |it: &m3u8_rs::Key| it.method != KeyMethod::None;
    if segments.iter().any(|it| it.key.as_ref().is_some_and(is_encrypted)) {
        return Err(format!("{key} is encrypted"));
    }
    let is_whole = |it: &m3u8_rs::MediaSegment| {
        it.map.is_none() && it.byte_range.is_none() && it.uri.ends_with(extension)
    };
    if !segments.iter().all(is_whole) {
        return Err(format!("{key} has segments that are not whole files *{extension}"));
    }
    Ok(())
}

/// The key of a URI in a manifest, which is relative to the manifest's key.
fn resolve_key(key: &str, uri: &str) -> String {
    key.rsplit_once('/').map_or_else(|| uri.to_owned(), |(folder, _)| format!("{folder}/{uri}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cues_are_placed_by_the_time_stamps_of_the_video() {
        let segment = |seconds: i64, mpegts, discontinuity| VideoSegment {
            position: TimeDelta::seconds(seconds),
            mpegts,
            discontinuity,
        };
        let video =
            [segment(0, 900_000, false), segment(2, 1_080_000, false), segment(4, 90_000, true)];
        let captions = |ticks: i64, times: &str, words: &str| {
            let map = format!("X-TIMESTAMP-MAP=MPEGTS:{ticks},LOCAL:00:00:00.000");
            Webvtt::parse(&format!("WEBVTT\n{map}\n\n{times}\n{words}\n"))
        };
        let cues = place_cues(
            vec![
                captions(810_000, "00:02.000 --> 00:03.500", "over"),
                captions(0, "00:11.000 --> 00:12.500", "over"),
                captions(0, "00:01.500 --> 00:02.000", "next"),
            ],
            &video,
        );
        let found = cues
            .iter()
            .map(|it| (it.start.num_milliseconds(), it.end.num_milliseconds(), it.text.as_str()));
        assert_eq!(found.collect::<Vec<_>>(), [(1000, 2500, "over"), (4500, 5000, "next")]);
    }

    #[test]
    fn a_playlist_that_mediaconvert_does_not_read_is_refused() {
        let good = "#EXTM3U\n#EXT-X-VERSION:3\n#EXT-X-TARGETDURATION:2\n\
                    #EXTINF:2,\na_1.ts\n#EXTINF:2,\na_2.ts\n#EXT-X-ENDLIST\n";
        let check = |old: &str, new: &str| {
            let text = good.replace(old, new);
            let playlist = m3u8_rs::parse_media_playlist_res(text.as_bytes()).unwrap();
            check_playlist("a.m3u8", &playlist, ".ts").err()
        };
        assert_eq!(check("", ""), None);
        assert_eq!(check("VERSION:3", "VERSION:4"), None);
        for (old, new, reason) in [
            ("VERSION:3", "VERSION:6", "above 4"),
            ("#EXT-X-ENDLIST\n", "", "neither EXT-X-ENDLIST"),
            ("a_2.ts", "a_2.m4s", "not whole"),
            ("#EXTINF:2,\na_1.ts\n#EXTINF:2,\na_2.ts\n", "", "no segments"),
            (
                "#EXTINF:2,\na_1.ts",
                "#EXT-X-KEY:METHOD=AES-128,URI=\"k\"\n#EXTINF:2,\na_1.ts",
                "encrypted",
            ),
        ] {
            let found = check(old, new).unwrap_or_default();
            assert!(found.contains(reason), "{new}: {found}");
        }
    }
}
