//! Reads the size and the tracks that a file itself states. MediaConvert's Probe reports neither
//! which tracks are marked as default, nor whether a part of the file is missing.

mod avi;
mod matroska;
mod mp4;
mod windows;

pub use windows::count_structure_windows;
pub(super) use windows::{Missing, Windows};

use super::default_sound::SoundMarks;

/// The structure that a file states. Most fields are empty if the container is none of MP4, MOV, Matroska,
/// WebM and AVI.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Structure {
    /// The first bytes, which show the kind of the file.
    pub(super) first_bytes: Vec<u8>,
    /// The tracks in the order of the file.
    pub(super) tracks: Vec<TrackMarks>,
    /// The least size that the file must have, in bytes.
    pub(super) stated_size: Option<u64>,
    /// Whether the file is an MP4 or MOV without its index. The index is at the end of many files.
    pub(super) lacks_index: bool,
}

/// The marks of a track.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct TrackMarks {
    pub(super) kind: TrackKind,
    /// Whether players choose the track if nobody chooses another one.
    pub(super) is_default: bool,
    /// Whether the track is a commentary, or is made for people who hear or see badly.
    pub(super) is_additional: bool,
    pub(super) is_encrypted: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum TrackKind {
    Video,
    Audio,
    Other,
}

/// How many of the first bytes show the kind of a file.
const FIRST_BYTES: u64 = 1024;

impl Structure {
    /// The structure of a file that says nothing about itself.
    pub(super) const UNKNOWN: Self =
        Self { first_bytes: Vec::new(), tracks: Vec::new(), stated_size: None, lacks_index: false };

    /// Reads the structure of a file. If a part of it is not loaded yet, names that part.
    pub(super) fn parse(file: &Windows) -> Result<Self, Missing> {
        let length = FIRST_BYTES.min(file.size());
        let first_bytes = file.bytes(0, length)?.unwrap_or_default();
        let parsed = match first_bytes {
            [_, _, _, _, b'f', b't', b'y', b'p', ..]
            | [_, _, _, _, b'm', b'o', b'o', b'v', ..]
            | [_, _, _, _, b'm', b'd', b'a', b't', ..]
            | [_, _, _, _, b'w', b'i', b'd', b'e', ..] => mp4::parse(file)?,
            [0x1A, 0x45, 0xDF, 0xA3, ..] => matroska::parse(file)?,
            [b'R', b'I', b'F', b'F', size @ ..] => avi::parse(size),
            _ => Self::default(),
        };
        Ok(Self { first_bytes: first_bytes.to_vec(), ..parsed })
    }

    /// Returns the marks of the audio tracks. There are none if Probe has not found as many tracks.
    pub(super) fn sound_marks(&self, count: usize) -> Vec<SoundMarks> {
        let marks = |it: &TrackMarks| SoundMarks {
            is_default: it.is_default,
            is_additional: it.is_additional,
        };
        self.of_kind(TrackKind::Audio, count).into_iter().map(marks).collect()
    }

    /// Whether the file marks each of its video tracks as default. Nothing, if Probe has not found as
    /// many.
    pub(super) fn default_videos(&self, count: usize) -> Vec<bool> {
        self.of_kind(TrackKind::Video, count).into_iter().map(|it| it.is_default).collect()
    }

    pub(super) fn is_encrypted(&self) -> bool {
        self.tracks.iter().any(|track| track.is_encrypted)
    }

    fn of_kind(&self, kind: TrackKind, count: usize) -> Vec<&TrackMarks> {
        let found: Vec<_> = self.tracks.iter().filter(|track| track.kind == kind).collect();
        if found.len() == count { found } else { Vec::new() }
    }
}
