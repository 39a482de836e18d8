//! An HLS presentation as the input of a job: joins the segments of its best rendition.
//! <https://docs.aws.amazon.com/mediaconvert/latest/ug/using-hls-inputs.html>

use std::path::{Path, PathBuf};

use m3u8_rs::{KeyMethod, MasterPlaylist, MediaPlaylist, MediaPlaylistType, Playlist};
use tokio::io::AsyncWriteExt as _;

use super::files::parse_s3_url;
use super::input_settings::HlsRenditionGroupSettings;
use crate::ffmpeg;

/// The highest version of a manifest that MediaConvert reads.
const MAX_VERSION: usize = 4;

/// Whether a job's input is an HLS manifest.
pub(super) fn is_manifest(url: &str) -> bool {
    Path::new(url).extension().is_some_and(|extension| extension == "m3u8")
}

/// Downloads a presentation into one transport stream in a folder.
///
/// Of a multivariant manifest, MediaConvert reads the rendition with the highest bandwidth. It ignores
/// I-frame playlists. `sound` names a sound that has a playlist of its own; it replaces that of the
/// rendition.
pub(super) async fn download(
    s3: &aws_sdk_s3::Client,
    url: &str,
    sound: Option<&HlsRenditionGroupSettings>,
    folder: &Path,
) -> Result<PathBuf, String> {
    let (bucket, key) =
        parse_s3_url(url).ok_or_else(|| format!("{url} is not s3://<bucket>/<key>"))?;
    let presentation = Presentation { s3, bucket };
    let unreadable = || format!("{url} is not an HLS manifest");
    let text = presentation.read(key).await?;
    let (video, sound) = match m3u8_rs::parse_playlist_res(&text) {
        Ok(Playlist::MediaPlaylist(_)) if sound.is_none() => (key.to_owned(), None),
        Ok(Playlist::MediaPlaylist(_)) => return Err(format!("{url} has no rendition groups")),
        Ok(Playlist::MasterPlaylist(parent)) => {
            check_version(key, parent.version)?;
            let renditions = parent.variants.iter().filter(|it| !it.is_i_frame);
            let best = renditions.max_by_key(|it| it.bandwidth).ok_or_else(unreadable)?;
            let sound = sound.map(|it| find_sound(&parent, it)).transpose()?;
            (resolve_key(key, &best.uri), sound.map(|uri| resolve_key(key, &uri)))
        }
        Err(_) => return Err(unreadable()),
    };
    let failed = |error: std::io::Error| error.to_string();
    tokio::fs::create_dir_all(folder).await.map_err(failed)?;
    let file = folder.join("input.ts");
    presentation.join_segments(&video, &file).await?;
    let Some(sound) = sound else { return Ok(file) };
    let (sound_file, joined) = (folder.join("sound.ts"), folder.join("joined.ts"));
    presentation.join_segments(&sound, &sound_file).await?;
    // Both have the time stamps of the stream, which keep them in step.
    let muxed = ffmpeg::command("ffmpeg")
        .args(["-loglevel", "error", "-copyts", "-i"])
        .arg(&file)
        .arg("-i")
        .arg(&sound_file)
        .args(["-map", "0:v:0", "-map", "1:a:0", "-c", "copy", "-muxdelay", "0", "-f", "mpegts"])
        .arg(&joined)
        .output()
        .await
        .map_err(failed)?;
    if muxed.status.success() {
        Ok(joined)
    } else {
        Err(String::from_utf8_lossy(&muxed.stderr).into_owned())
    }
}

/// The URI of the playlist of a sound.
fn find_sound(
    parent: &MasterPlaylist,
    sound: &HlsRenditionGroupSettings,
) -> Result<String, String> {
    let HlsRenditionGroupSettings { rendition_group_id: group, rendition_name: name } = sound;
    let mut alternatives = parent.alternatives.iter();
    let found = alternatives.find(|it| it.group_id == *group && it.name == *name);
    found.and_then(|it| it.uri.clone()).ok_or_else(|| {
        format!("the manifest has no sound {name:?} in the rendition group {group:?}")
    })
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

    /// Joins the segments of a playlist in a file.
    async fn join_segments(&self, key: &str, file: &Path) -> Result<(), String> {
        let failed = |error: std::io::Error| error.to_string();
        let text = self.read(key).await?;
        let playlist = m3u8_rs::parse_media_playlist_res(&text)
            .map_err(|_| format!("{key} is not an HLS playlist"))?;
        check_playlist(key, &playlist)?;
        let mut joined = tokio::fs::File::create(file).await.map_err(failed)?;
        for segment in &playlist.segments {
            let media = self.read(&resolve_key(key, &segment.uri)).await?;
            joined.write_all(&media).await.map_err(failed)?;
        }
        joined.flush().await.map_err(failed)
    }
}

fn check_version(key: &str, version: Option<usize>) -> Result<(), String> {
    match version {
        Some(version @ MAX_VERSION..) if version > MAX_VERSION => {
            Err(format!("{key} has EXT-X-VERSION {version}, which is above {MAX_VERSION}"))
        }
        _ => Ok(()),
    }
}

fn check_playlist(key: &str, playlist: &MediaPlaylist) -> Result<(), String> {
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
    let is_transport_stream = |it: &m3u8_rs::MediaSegment| {
        it.map.is_none() && it.byte_range.is_none() && it.uri.ends_with(".ts")
    };
    if !segments.iter().all(is_transport_stream) {
        return Err(format!("{key} has segments that are not whole MPEG-2 transport streams"));
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
    fn a_playlist_that_mediaconvert_does_not_read_is_refused() {
        let good = "#EXTM3U\n#EXT-X-VERSION:3\n#EXT-X-TARGETDURATION:2\n\
                    #EXTINF:2,\na_1.ts\n#EXTINF:2,\na_2.ts\n#EXT-X-ENDLIST\n";
        let check = |old: &str, new: &str| {
            let text = good.replace(old, new);
            let playlist = m3u8_rs::parse_media_playlist_res(text.as_bytes()).unwrap();
            check_playlist("a.m3u8", &playlist).err()
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
