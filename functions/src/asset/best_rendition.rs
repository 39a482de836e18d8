//! Reads the size and the frame rate of a clip's media from its multivariant manifest in S3.

use aws_sdk_s3::Error as S3Error;
use m3u8_rs::{AlternativeMedia, AlternativeMediaType, InstreamId, MasterPlaylist, VariantStream};

use super::{ClipMedia, ClipMediaError};
use crate::clip::{Attempt, FrameRate, TrackLabel};

/// The rendition with the highest bandwidth. If a job gets the multivariant manifest as its input,
/// MediaConvert reads this one.
/// <https://docs.aws.amazon.com/mediaconvert/latest/ug/using-hls-inputs.html>
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BestRendition {
    pub width: u32,
    pub height: u32,
    pub frame_rate: FrameRate,
    pub sound: RenditionSound,
    /// The captions that have a playlist of their own.
    pub captions: Vec<TrackRendition>,
    /// The captions in the video that the manifest announces.
    pub closed_captions: Vec<ClosedCaptions>,
    /// Whether the video has captions, announced or not.
    pub has_embedded_captions: bool,
}

/// Where the sound of a rendition is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RenditionSound {
    Silent,
    /// In the segments of the rendition.
    Muxed,
    /// Each in a playlist of its own. The first is the one that players choose by default.
    Separate(Vec<TrackRendition>),
}

/// A sound, or captions, with a playlist of its own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TrackRendition {
    pub group: String,
    pub label: TrackLabel,
}

/// Captions of CEA-608 in the video.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClosedCaptions {
    /// 1 to 4.
    pub channel: u8,
    pub label: TrackLabel,
}

impl BestRendition {
    /// The same media, with its default sound only.
    #[must_use]
    pub fn with_default_sound(&self) -> Self {
        let mut reduced = self.clone();
        (reduced.captions, reduced.closed_captions) = (Vec::new(), Vec::new());
        reduced.has_embedded_captions = false;
        if let RenditionSound::Separate(sounds) = &mut reduced.sound {
            sounds.truncate(1);
        }
        reduced
    }

    /// The same media, with one of its sounds only.
    #[must_use]
    pub fn with_sound(&self, wanted: &TrackLabel) -> Self {
        let mut reduced = self.with_default_sound();
        if let RenditionSound::Separate(sounds) = &self.sound {
            let found = sounds.iter().find(|it| it.label == *wanted);
            reduced.sound =
                found.map_or(reduced.sound, |it| RenditionSound::Separate(vec![it.clone()]));
        }
        reduced
    }

    /// Media with muxed sound and no captions.
    #[cfg(test)]
    pub(crate) fn sample(width: u32, height: u32, frames_per_second: f64) -> Self {
        Self {
            width,
            height,
            frame_rate: FrameRate::from_decimal(frames_per_second).unwrap(),
            sound: RenditionSound::Muxed,
            captions: Vec::new(),
            closed_captions: Vec::new(),
            has_embedded_captions: false,
        }
    }
}

#[cfg(test)]
impl TrackRendition {
    pub(crate) fn sample(group: &str, name: &str, language: &str) -> Self {
        let (name, language) = (name.to_owned(), Some(language.to_owned()));
        Self { group: group.to_owned(), label: TrackLabel { name, language } }
    }
}

#[cfg(test)]
impl ClosedCaptions {
    pub(crate) fn sample(channel: u8, name: &str, language: &str) -> Self {
        let (name, language) = (name.to_owned(), Some(language.to_owned()));
        Self { channel, label: TrackLabel { name, language } }
    }
}

impl ClipMedia {
    /// Reads the manifest of an attempt. Returns `None` if there is no manifest, or if it does not
    /// state both size and frame rate.
    pub async fn find_best_rendition(
        &self,
        attempt: &Attempt,
    ) -> Result<Option<BestRendition>, ClipMediaError> {
        let failed = |source: S3Error| ClipMediaError::Read {
            clip: attempt.clip.clone(),
            source: Box::new(source),
        };
        let read = self.client.get_object().bucket(&self.bucket).key(attempt.manifest_key());
        let body = match read.send().await.map_err(S3Error::from) {
            Ok(found) => found.body.collect().await,
            Err(S3Error::NoSuchKey(_)) => return Ok(None),
            Err(source) => return Err(failed(source)),
        };
        let body = body.map_err(|source| ClipMediaError::Interrupted {
            clip: attempt.clip.clone(),
            source: Box::new(source),
        })?;
        Ok(parse(&body.into_bytes()))
    }
}

fn parse(manifest: &[u8]) -> Option<BestRendition> {
    let manifest = m3u8_rs::parse_master_playlist_res(manifest).ok()?;
    let renditions = manifest.variants.iter().filter(|it| !it.is_i_frame);
    let best = renditions.max_by_key(|it| it.bandwidth)?;
    let size = best.resolution?;
    let closed_captions: Vec<_> =
        manifest.alternatives.iter().filter_map(to_closed_captions).collect();
    Some(BestRendition {
        width: size.width.try_into().ok()?,
        height: size.height.try_into().ok()?,
        frame_rate: FrameRate::from_decimal(best.frame_rate?)?,
        sound: find_sound(&manifest, best),
        captions: find_captions(&manifest, best),
        has_embedded_captions: !closed_captions.is_empty(),
        closed_captions,
    })
}

fn find_sound(manifest: &MasterPlaylist, best: &VariantStream) -> RenditionSound {
    let is_audible =
        |codecs: &String| ["mp4a", "ac-3", "ec-3"].iter().any(|it| codecs.contains(it));
    let sounds = find_group(manifest, best.audio.as_deref());
    if !sounds.is_empty() {
        return RenditionSound::Separate(sounds);
    }
    // Without the attribute, the codecs are unknown. Live streams have sound.
    if best.codecs.as_ref().is_none_or(is_audible) {
        RenditionSound::Muxed
    } else {
        RenditionSound::Silent
    }
}

fn find_captions(manifest: &MasterPlaylist, best: &VariantStream) -> Vec<TrackRendition> {
    find_group(manifest, best.subtitles.as_deref())
}

/// The members of a rendition group that have a playlist, the default one first.
fn find_group(manifest: &MasterPlaylist, group: Option<&str>) -> Vec<TrackRendition> {
    let Some(group) = group else { return Vec::new() };
    let members = manifest.alternatives.iter();
    let mut members: Vec<_> =
        members.filter(|it| it.group_id == group && it.uri.is_some()).collect();
    members.sort_by_key(|it| !it.default);
    let rendition = |media: &AlternativeMedia| TrackRendition {
        group: media.group_id.clone(),
        label: label_of(media),
    };
    members.into_iter().map(rendition).collect()
}

fn to_closed_captions(media: &AlternativeMedia) -> Option<ClosedCaptions> {
    if media.media_type != AlternativeMediaType::ClosedCaptions {
        return None;
    }
    let Some(InstreamId::CC(channel @ 1..=4)) = media.instream_id else { return None };
    Some(ClosedCaptions { channel, label: label_of(media) })
}

fn label_of(media: &AlternativeMedia) -> TrackLabel {
    TrackLabel { name: media.name.clone(), language: media.language.clone() }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MANIFEST: &str = "#EXTM3U\n#EXT-X-VERSION:3\n\
        #EXT-X-STREAM-INF:BANDWIDTH=900000,RESOLUTION=640x360,FRAME-RATE=29.970\nindex_1.m3u8\n\
        #EXT-X-STREAM-INF:BANDWIDTH=5000000,RESOLUTION=1280x720,FRAME-RATE=59.940\nindex_2.m3u8\n\
        #EXT-X-I-FRAME-STREAM-INF:BANDWIDTH=9000000,RESOLUTION=640x360,URI=\"frames.m3u8\"\n";

    #[test]
    fn the_rendition_with_the_highest_bandwidth_is_the_best() {
        let best = parse(MANIFEST.as_bytes()).unwrap();
        assert_eq!((best.width, best.height), (1280, 720));
        assert_eq!(best.frame_rate.to_string(), "60000/1001");
        assert!(best.captions.is_empty() && best.closed_captions.is_empty());
    }

    #[test]
    fn the_sound_is_in_the_rendition_or_in_one_of_its_own() {
        let sound =
            |old: &str, new: &str| parse(MANIFEST.replace(old, new).as_bytes()).unwrap().sound;
        let frame_rate = "FRAME-RATE=59.940";
        let with = |attributes: &str| sound(frame_rate, &format!("{frame_rate},{attributes}"));
        assert_eq!(with("CODECS=\"avc1.64001F,mp4a.40.2\""), RenditionSound::Muxed);
        assert_eq!(with("CODECS=\"avc1.64001F\""), RenditionSound::Silent);
        let media = "#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID=\"a\",NAME=\"English\",URI=\"en.m3u8\"\n\
                     #EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID=\"a\",NAME=\"Suomi\",DEFAULT=YES,URI=\"fi.m3u8\"\n";
        let text = MANIFEST.replace(frame_rate, &format!("{frame_rate},AUDIO=\"a\"")) + media;
        let RenditionSound::Separate(sounds) = parse(text.as_bytes()).unwrap().sound else {
            panic!("the sounds are separate")
        };
        let found = sounds.iter().map(|it| (it.group.as_str(), it.label.name.as_str()));
        assert_eq!(found.collect::<Vec<_>>(), [("a", "Suomi"), ("a", "English")]);
    }

    #[test]
    fn captions_are_renditions_or_in_the_video() {
        let frame_rate = "FRAME-RATE=59.940";
        let media = "#EXT-X-MEDIA:TYPE=SUBTITLES,GROUP-ID=\"s\",NAME=\"Suomi\",LANGUAGE=\"fi\",URI=\"fi.m3u8\"\n\
             #EXT-X-MEDIA:TYPE=CLOSED-CAPTIONS,GROUP-ID=\"c\",NAME=\"English\",LANGUAGE=\"en\",INSTREAM-ID=\"CC1\"\n";
        let text = MANIFEST.replace(frame_rate, &format!("{frame_rate},SUBTITLES=\"s\"")) + media;
        let best = parse(text.as_bytes()).unwrap();
        assert_eq!(best.captions, [TrackRendition::sample("s", "Suomi", "fi")]);
        assert_eq!(best.closed_captions, [ClosedCaptions::sample(1, "English", "en")]);
    }

    #[test]
    fn a_manifest_without_size_or_frame_rate_has_none() {
        for absent in [",RESOLUTION=1280x720", ",FRAME-RATE=59.940", "#EXTM3U\n"] {
            assert_eq!(parse(MANIFEST.replace(absent, "").as_bytes()), None, "{absent}");
        }
    }
}
