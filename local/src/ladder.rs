//! The renditions of the live stream.

/// A rendition as it is encoded.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Rendition {
    pub(crate) width: u32,
    pub(crate) height: u32,
    /// The maximum video bitrate, in kbit/s.
    pub(crate) kilobits: u32,
    /// The H.264 level.
    pub(crate) level: &'static str,
    /// The `CODECS` attribute: H.264 baseline at that level, and AAC-LC.
    /// <https://www.rfc-editor.org/rfc/rfc6381#section-3.3>
    pub(crate) codecs: &'static str,
}

pub(crate) const FRAMES_PER_SECOND: u32 = 25;
pub(crate) const SEGMENT_SECONDS: u32 = 2;

/// The renditions of a stream, the largest first.
pub(crate) type Ladder = [Rendition; 3];

pub(crate) static LADDER: Ladder = [
    Rendition {
        width: 1280,
        height: 720,
        kilobits: 3000,
        level: "3.1",
        codecs: "avc1.42C01F,mp4a.40.2",
    },
    Rendition {
        width: 854,
        height: 480,
        kilobits: 1500,
        level: "3.1",
        codecs: "avc1.42C01F,mp4a.40.2",
    },
    Rendition {
        width: 640,
        height: 360,
        kilobits: 800,
        level: "3.0",
        codecs: "avc1.42C01E,mp4a.40.2",
    },
];

/// The ladder at half the width and height. Encoder and player need a third of the processor time.
pub(crate) static SMALL_LADDER: Ladder = [
    Rendition {
        width: 640,
        height: 360,
        kilobits: 1000,
        level: "3.0",
        codecs: "avc1.42C01E,mp4a.40.2",
    },
    Rendition {
        width: 426,
        height: 240,
        kilobits: 500,
        level: "3.0",
        codecs: "avc1.42C01E,mp4a.40.2",
    },
    Rendition {
        width: 320,
        height: 180,
        kilobits: 300,
        level: "3.0",
        codecs: "avc1.42C01E,mp4a.40.2",
    },
];
