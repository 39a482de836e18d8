//! Reads the size and the frame rate of a clip's media from its multivariant manifest in S3.

use aws_sdk_s3::Error as S3Error;
use m3u8_rs::{MasterPlaylist, VariantStream};

use super::{ClipMedia, ClipMediaError};
use crate::clip::{Attempt, FrameRate};

/// The rendition with the highest bandwidth. If a job gets the multivariant manifest as its input,
/// MediaConvert reads this one.
/// <https://docs.aws.amazon.com/mediaconvert/latest/ug/using-hls-inputs.html>
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BestRendition {
    pub width: u32,
    pub height: u32,
    pub frame_rate: FrameRate,
    pub sound: RenditionSound,
    /// Whether the media has captions, or further sounds.
    pub has_more_tracks: bool,
}

/// Where the sound of a rendition is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RenditionSound {
    Silent,
    /// In the segments of the rendition.
    Muxed,
    /// In a rendition of its own. This is the one that players choose by default.
    Rendition {
        group: String,
        name: String,
    },
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
    Some(BestRendition {
        width: size.width.try_into().ok()?,
        height: size.height.try_into().ok()?,
        frame_rate: FrameRate::from_decimal(best.frame_rate?)?,
        sound: find_sound(&manifest, best),
        has_more_tracks: manifest.alternatives.len() > usize::from(best.audio.is_some()),
    })
}

fn find_sound(manifest: &MasterPlaylist, best: &VariantStream) -> RenditionSound {
    let is_audible =
        |codecs: &String| ["mp4a", "ac-3", "ec-3"].iter().any(|it| codecs.contains(it));
    if let Some(group) = &best.audio {
        let members = || {
            let alternatives = manifest.alternatives.iter();
            alternatives.filter(|it| it.group_id == *group && it.uri.is_some())
        };
        if let Some(found) = members().find(|it| it.default).or_else(|| members().next()) {
            return RenditionSound::Rendition { group: group.clone(), name: found.name.clone() };
        }
    }
    // Without the attribute, the codecs are unknown. Live streams have sound.
    if best.codecs.as_ref().is_none_or(is_audible) {
        RenditionSound::Muxed
    } else {
        RenditionSound::Silent
    }
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
        assert!(!best.has_more_tracks);
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
        let expected =
            RenditionSound::Rendition { group: "a".to_owned(), name: "Suomi".to_owned() };
        let both = parse(text.as_bytes()).unwrap();
        assert_eq!((both.sound, both.has_more_tracks), (expected, true));
        let captions =
            "#EXT-X-MEDIA:TYPE=CLOSED-CAPTIONS,GROUP-ID=\"c\",NAME=\"608\",INSTREAM-ID=\"CC1\"\n";
        assert!(parse(format!("{MANIFEST}{captions}").as_bytes()).unwrap().has_more_tracks);
    }

    #[test]
    fn a_manifest_without_size_or_frame_rate_has_none() {
        for absent in [",RESOLUTION=1280x720", ",FRAME-RATE=59.940", "#EXTM3U\n"] {
            assert_eq!(parse(MANIFEST.replace(absent, "").as_bytes()), None, "{absent}");
        }
    }
}
