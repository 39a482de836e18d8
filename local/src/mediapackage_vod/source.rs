//! The source of an asset: downloads an HLS presentation from S3.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use chrono::{DateTime, TimeDelta, Utc};
use m3u8_rs::{
    AlternativeMedia, AlternativeMediaType, MasterPlaylist, MediaPlaylist, VariantStream,
};

use super::packaging_group::{StreamOrder, StreamSelection};

/// The media of an asset.
#[derive(Clone, Debug)]
pub(super) struct Presentation {
    pub(super) renditions: Vec<Rendition>,
    /// The sounds that are not part of the renditions.
    pub(super) sounds: Vec<Track>,
    pub(super) captions: Vec<Track>,
    /// The captions in the pictures that the source announces.
    pub(super) embedded: Vec<EmbeddedCaptions>,
}

/// Captions in the pictures, as CEA-608 or CEA-708.
#[derive(Clone, Debug)]
pub(super) struct EmbeddedCaptions {
    pub(super) name: String,
    /// The language that the source says, or `und`.
    pub(super) language: String,
    /// The channel, as `CC1` or `SERVICE1`.
    pub(super) channel: String,
}

/// A sound or captions, with its segments in order.
#[derive(Clone, Debug)]
pub(super) struct Track {
    pub(super) name: String,
    /// The language that the source says, or `und`.
    pub(super) language: String,
    pub(super) is_default: bool,
    pub(super) segments: Vec<SourceSegment>,
}

/// A rendition and its segments, in order.
#[derive(Clone, Debug)]
pub(super) struct Rendition {
    pub(super) bandwidth: u64,
    pub(super) stream: VariantStream,
    pub(super) segments: Vec<SourceSegment>,
}

#[derive(Clone, Debug)]
pub(super) struct SourceSegment {
    pub(super) file: PathBuf,
    pub(super) duration: TimeDelta,
    pub(super) start: Option<DateTime<Utc>>,
    /// Whether its time stamps do not continue those of the segment before it.
    pub(super) discontinuity: bool,
}

#[derive(Debug, thiserror::Error)]
pub(super) enum SourceError {
    #[error("the source ARN is not the ARN of an S3 object")]
    Arn,
    #[error("unable to read {key} of the source bucket")]
    Read {
        key: String,
        #[source]
        source: Box<aws_sdk_s3::Error>,
    },
    #[error("unable to receive {key} of the source bucket")]
    Receive {
        key: String,
        #[source]
        source: std::io::Error,
    },
    #[error("{key} is not a manifest that can be ingested")]
    Manifest { key: String },
}

/// Downloads the presentation of a source ARN into a folder.
pub(super) async fn fetch(
    s3: &aws_sdk_s3::Client,
    source_arn: &str,
    folder: &Path,
) -> Result<Presentation, SourceError> {
    let object = source_arn.strip_prefix("arn:aws:s3:::").ok_or(SourceError::Arn)?;
    let (bucket, parent_key) = object.split_once('/').ok_or(SourceError::Arn)?;
    let source = Source { s3, bucket, folder };
    let unusable = |key: &str| SourceError::Manifest { key: key.to_owned() };

    let text = source.read(parent_key).await?;
    let parent: MasterPlaylist =
        m3u8_rs::parse_master_playlist_res(&text).map_err(|_| unusable(parent_key))?;
    let embedded = find_embedded_captions(&parent);
    let mut renditions = Vec::new();
    // MediaPackage makes I-frame playlists of its own from the renditions.
    for stream in parent.variants.into_iter().filter(|stream| !stream.is_i_frame) {
        let segments = source.stream(parent_key, &stream.uri).await?;
        renditions.push(Rendition { bandwidth: stream.bandwidth, stream, segments });
    }
    if renditions.is_empty() {
        return Err(unusable(parent_key));
    }
    let sounds =
        source.tracks(parent_key, &parent.alternatives, AlternativeMediaType::Audio).await?;
    let captions =
        source.tracks(parent_key, &parent.alternatives, AlternativeMediaType::Subtitles).await?;
    Ok(Presentation { renditions, sounds, captions, embedded })
}

/// The captions in the pictures. MediaPackage announces them only if the source does.
/// <https://docs.aws.amazon.com/mediapackage/latest/ug/supported-inputs-vod.html>
fn find_embedded_captions(parent: &MasterPlaylist) -> Vec<EmbeddedCaptions> {
    let is_embedded =
        |it: &&AlternativeMedia| it.media_type == AlternativeMediaType::ClosedCaptions;
    let mut found: Vec<EmbeddedCaptions> = Vec::new();
    for media in parent.alternatives.iter().filter(is_embedded) {
        let Some(channel) = media.instream_id.as_ref().map(ToString::to_string) else { continue };
        if found.iter().all(|it| it.channel != channel) {
            let name = media.name.clone();
            let language = media.language.clone().unwrap_or_else(|| "und".to_owned());
            found.push(EmbeddedCaptions { name, language, channel });
        }
    }
    found
}

struct Source<'a> {
    s3: &'a aws_sdk_s3::Client,
    bucket: &'a str,
    folder: &'a Path,
}

impl Source<'_> {
    async fn read(&self, key: &str) -> Result<Vec<u8>, SourceError> {
        let object = self.s3.get_object().bucket(self.bucket).key(key).send().await;
        let object = object.map_err(|error| SourceError::Read {
            key: key.to_owned(),
            source: Box::new(error.into()),
        })?;
        let body = object.body.collect().await.map_err(|error| SourceError::Receive {
            key: key.to_owned(),
            source: std::io::Error::other(error),
        })?;
        Ok(body.to_vec())
    }

    /// Downloads the tracks of a kind. Renditions may share a track, which is then downloaded once.
    async fn tracks(
        &self,
        parent_key: &str,
        alternatives: &[AlternativeMedia],
        kind: AlternativeMediaType,
    ) -> Result<Vec<Track>, SourceError> {
        let mut tracks = Vec::new();
        let mut known = BTreeSet::new();
        for media in alternatives.iter().filter(|it| it.media_type == kind) {
            // Without a URI, the sound is part of the renditions.
            let Some(uri) = media.uri.as_ref().filter(|uri| known.insert(*uri)) else { continue };
            tracks.push(Track {
                name: media.name.clone(),
                language: media.language.clone().unwrap_or_else(|| "und".to_owned()),
                is_default: media.default,
                segments: self.stream(parent_key, uri).await?,
            });
        }
        Ok(tracks)
    }

    /// Downloads the segments of a stream that a parent manifest names.
    async fn stream(&self, parent_key: &str, uri: &str) -> Result<Vec<SourceSegment>, SourceError> {
        let key = resolve_key(parent_key, uri);
        let unusable = || SourceError::Manifest { key: key.clone() };
        let text = self.read(&key).await?;
        let playlist = m3u8_rs::parse_media_playlist_res(&text).map_err(|_| unusable())?;
        if !playlist.end_list || playlist.segments.is_empty() {
            return Err(unusable());
        }
        self.segments(&key, &playlist).await
    }

    async fn segments(
        &self,
        playlist_key: &str,
        playlist: &MediaPlaylist,
    ) -> Result<Vec<SourceSegment>, SourceError> {
        let mut segments = Vec::new();
        let mut next_start = None;
        for segment in &playlist.segments {
            let key = resolve_key(playlist_key, &segment.uri);
            let file = self.folder.join(key.rsplit('/').next().unwrap_or_default());
            let media = self.read(&key).await?;
            tokio::fs::write(&file, media)
                .await
                .map_err(|source| SourceError::Receive { key, source })?;
            #[expect(clippy::cast_possible_truncation, reason = "segments last seconds")]
            let microseconds = (f64::from(segment.duration) * 1e6).round() as i64;
            let duration = TimeDelta::microseconds(microseconds);
            let start = segment.program_date_time.map(|time| time.to_utc()).or(next_start);
            next_start = start.map(|start| start + duration);
            segments.push(SourceSegment {
                file,
                duration,
                start,
                discontinuity: segment.discontinuity,
            });
        }
        Ok(segments)
    }
}

/// The key of a URI in a manifest, which is relative to the manifest's key.
fn resolve_key(key: &str, uri: &str) -> String {
    key.rsplit_once('/').map_or_else(|| uri.to_owned(), |(folder, _)| format!("{folder}/{uri}"))
}

impl Presentation {
    /// The presentation with the renditions of a manifest, in the order of its stream selection.
    pub(super) fn select(&self, selection: &StreamSelection) -> Self {
        let bounds = selection.min_video_bits_per_second.unwrap_or(0)
            ..=selection.max_video_bits_per_second.unwrap_or(u64::MAX);
        let mut selected = self.clone();
        let renditions = &mut selected.renditions;
        renditions.retain(|it| bounds.contains(&it.bandwidth));
        match selection.stream_order {
            StreamOrder::Original => {}
            StreamOrder::VideoBitrateAscending => renditions.sort_by_key(|it| it.bandwidth),
            StreamOrder::VideoBitrateDescending => {
                renditions.sort_by_key(|it| std::cmp::Reverse(it.bandwidth));
            }
        }
        selected
    }
}
