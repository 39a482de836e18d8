//! Recognizes by its first bytes what kind of file it is that MediaConvert cannot read.

use crate::clip::{Failure, FailureCode};

/// The kinds of files that are not taken, as an editor calls them.
enum Kind {
    StillPicture(&'static str),
    /// A video, but not in a container that MediaConvert reads.
    OtherVideo(&'static str),
    /// Not a video.
    Other(&'static str),
}

/// The first bytes of files, with their kinds. The number is the position of the bytes.
const SIGNATURES: &[(usize, &[u8], Kind)] = &[
    (0, b"\xFF\xD8\xFF", Kind::StillPicture("JPEG")),
    (0, b"\x89PNG\r\n\x1A\n", Kind::StillPicture("PNG")),
    (0, b"II*\0", Kind::StillPicture("TIFF")),
    (0, b"MM\0*", Kind::StillPicture("TIFF")),
    (0, b"BM", Kind::StillPicture("BMP")),
    (8, b"WEBP", Kind::StillPicture("WebP")),
    (4, b"ftypheic", Kind::StillPicture("HEIC")),
    (4, b"ftypheix", Kind::StillPicture("HEIC")),
    (4, b"ftypmif1", Kind::StillPicture("HEIF")),
    (4, b"ftypavif", Kind::StillPicture("AVIF")),
    (0, b"8BPS", Kind::StillPicture("Photoshop")),
    (0, b"GIF8", Kind::OtherVideo("GIF")),
    (0, b"FLV\x01", Kind::OtherVideo("FLV")),
    (0, b".RMF", Kind::OtherVideo("RealMedia")),
    (0, b"YUV4MPEG2", Kind::OtherVideo("Y4M")),
    (0, b"#EXTM3U", Kind::Other("an HLS manifest without its segments")),
    (0, b"%PDF", Kind::Other("a PDF document")),
    (0, b"PK\x03\x04", Kind::Other("a ZIP archive or an office document")),
    (0, b"\x1F\x8B", Kind::Other("a compressed archive")),
    (0, b"Rar!", Kind::Other("a compressed archive")),
    (0, b"7z\xBC\xAF\x27\x1C", Kind::Other("a compressed archive")),
    (0, b"<?xml", Kind::Other("an XML document")),
    (0, b"<!DOCTYPE", Kind::Other("a web page")),
    (0, b"<html", Kind::Other("a web page")),
];

/// Describes why a file is not taken. `None` if its kind is not known, or is one that MediaConvert
/// reads.
pub(super) fn describe(first_bytes: &[u8]) -> Option<Failure> {
    let has_signature = |(at, signature, _): &&(usize, &[u8], Kind)| {
        first_bytes.get(*at..).is_some_and(|rest| rest.starts_with(signature))
    };
    let (_, _, kind) = SIGNATURES.iter().find(has_signature)?;
    let message = match kind {
        Kind::StillPicture(name) => {
            format!("The file is a still picture ({name}), not a video. Upload a video.")
        }
        Kind::OtherVideo(name) => {
            format!("This kind of file ({name}) is not taken. Export the video as MP4 or MOV.")
        }
        Kind::Other(name) => format!("The file is {name}, not a video. Upload a video."),
    };
    Some(Failure { code: FailureCode::UnreadableFile, message })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_that_is_not_taken_has_its_own_reason() {
        let check = |first_bytes: &[u8], reason: &str| {
            let message = describe(first_bytes).map(|failure| failure.message);
            assert!(message.as_ref().is_some_and(|it| it.contains(reason)), "{message:?}");
        };
        check(b"\xFF\xD8\xFF\xE0\0\x10JFIF\0", "a still picture (JPEG)");
        check(b"\0\0\0\x18ftypheic\0\0\0\0", "a still picture (HEIC)");
        check(b"RIFF\x24\0\0\0WEBPVP8 ", "a still picture (WebP)");
        check(b"FLV\x01\x05\0\0\0\x09", "This kind of file (FLV) is not taken");
        check(b"%PDF-1.7", "a PDF document");
        assert_eq!(describe(b"\0\0\0\x20ftypisom\0\0\x02\0"), None);
        assert_eq!(describe(b"This is not a video."), None);
        assert_eq!(describe(b""), None);
    }
}
