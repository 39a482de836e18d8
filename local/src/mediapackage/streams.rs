//! The streams of the origin endpoint, in MediaPackage's order: the renditions of the video, the sounds
//! that are streams of their own, and the captions.

use crate::ladder::{FrameRate, LADDER, Ladder};
use crate::tracks::{Track, Tracks};

/// The `manifestName` of the origin endpoint; child manifests and segments are named after it.
const MANIFEST_NAME: &str = "index";

/// The streams of a channel. A stream has a number, from 0.
#[derive(Clone, Debug)]
pub(crate) struct Streams {
    pub(crate) ladder: &'static Ladder,
    pub(crate) tracks: Tracks,
    pub(crate) frame_rate: FrameRate,
}

impl Streams {
    pub(crate) fn new(ladder: &'static Ladder, tracks: Tracks) -> Self {
        Self { ladder, tracks, frame_rate: FrameRate::default() }
    }

    /// How many streams the encoder pushes: all but the captions.
    pub(crate) fn pushed(&self) -> usize {
        LADDER.len() + self.tracks.separate_sounds().len()
    }

    pub(crate) fn count(&self) -> usize {
        self.pushed() + self.tracks.captions.len()
    }

    /// The sounds that are streams of their own, with their numbers.
    pub(super) fn sounds(&self) -> impl Iterator<Item = (usize, &Track)> {
        (LADDER.len()..).zip(self.tracks.separate_sounds())
    }

    /// The captions, with their numbers.
    pub(super) fn captions(&self) -> impl Iterator<Item = (usize, &Track)> {
        (self.pushed()..).zip(&self.tracks.captions)
    }

    /// The name under which a segment's file is stored.
    pub(crate) fn file(&self, stream: usize) -> String {
        format!("{stream}.{}", self.extension(stream))
    }

    pub(crate) fn media_type(&self, stream: usize) -> &'static str {
        if stream < self.pushed() { "video/mp2t" } else { "text/vtt" }
    }

    /// The name of a stream's manifest.
    pub(crate) fn playlist(stream: usize) -> String {
        format!("{}.m3u8", base_name(stream))
    }

    /// The name of a segment at the endpoint.
    pub(crate) fn segment(&self, stream: usize, sequence: u64) -> String {
        format!("{}_{sequence}.{}", base_name(stream), self.extension(stream))
    }

    /// Parses the stream and the sequence number from a segment's name.
    pub(crate) fn parse_segment(&self, name: &str) -> Option<(usize, u64)> {
        let (stem, extension) = name.rsplit_once('.')?;
        let (base, sequence) = stem.rsplit_once('_')?;
        let stream = (0..self.count()).find(|it| base_name(*it) == base)?;
        (extension == self.extension(stream)).then_some((stream, sequence.parse().ok()?))
    }

    fn extension(&self, stream: usize) -> &'static str {
        if stream < self.pushed() { "ts" } else { "vtt" }
    }
}

/// What the names of a stream begin with. Streams are numbered from 1. MediaPackage also numbers the
/// tracks of a stream of sound or captions, from 0.
fn base_name(stream: usize) -> String {
    let track = if stream < LADDER.len() { "" } else { "_0" };
    format!("{MANIFEST_NAME}_{}{track}", stream + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn segment_names_parse_back() {
        let tracks = ["English=eng", "Français=fra"].map(|it| it.parse().unwrap()).to_vec();
        let tracks = Tracks { sounds: tracks.clone(), captions: tracks };
        let streams = Streams::new(&LADDER, tracks);
        let names = (0..streams.count()).map(|it| streams.segment(it, 17));
        let expected = "index_1_17.ts index_2_17.ts index_3_17.ts index_4_0_17.ts index_5_0_17.ts \
             index_6_0_17.vtt index_7_0_17.vtt";
        assert_eq!(names.clone().collect::<Vec<_>>().join(" "), expected);
        for (stream, name) in names.enumerate() {
            assert_eq!(streams.parse_segment(&name), Some((stream, 17)));
        }
        let wrong = "index_0_1.ts index_4_1.ts index_1_0_1.ts index_8_0_1.vtt index_6_0_1.ts \
                     index_1.m3u8 index_1_x.ts 1_1.ts";
        for name in wrong.split(' ') {
            assert_eq!(streams.parse_segment(name), None, "{name}");
        }
    }

    #[test]
    fn a_single_sound_is_part_of_every_rendition() {
        let sounds = vec!["English=eng".parse().unwrap()];
        let streams = Streams::new(&LADDER, Tracks { sounds, captions: Vec::new() });
        assert_eq!(streams.count(), LADDER.len());
    }
}
