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
    (0, b"\0\0\0\x0CjP  ", Kind::StillPicture("JPEG 2000")),
    (0, b"v/1\x01", Kind::StillPicture("OpenEXR")),
    (0, b"\0\0\x01\0", Kind::StillPicture("ICO")),
    (0, b"<svg", Kind::StillPicture("SVG")),
    (0, b"8BPS", Kind::StillPicture("Photoshop")),
    (0, b"GIF8", Kind::OtherVideo("GIF")),
    (0, b"FLV\x01", Kind::OtherVideo("FLV")),
    (0, b".RMF", Kind::OtherVideo("RealMedia")),
    (0, b"YUV4MPEG2", Kind::OtherVideo("Y4M")),
    (0, b"DKIF", Kind::OtherVideo("IVF")),
    (0, b"nut/multimedia container", Kind::OtherVideo("NUT")),
    (0, b"\0\0\0\x01\x67", Kind::OtherVideo("H.264 without a container")),
    (0, b"\0\0\0\x01\x09", Kind::OtherVideo("H.264 without a container")),
    (0, b"\0\0\0\x01\x40", Kind::OtherVideo("HEVC without a container")),
    (4, b"RED1", Kind::OtherVideo("REDCODE")),
    (4, b"RED2", Kind::OtherVideo("REDCODE")),
    (0, b"#EXTM3U", Kind::Other("an HLS manifest without its segments")),
    (0, b"%PDF", Kind::Other("a PDF document")),
    (0, b"PK\x03\x04", Kind::Other("a ZIP archive or an office document")),
    (0, b"\x1F\x8B", Kind::Other("a compressed archive")),
    (0, b"Rar!", Kind::Other("a compressed archive")),
    (0, b"7z\xBC\xAF\x27\x1C", Kind::Other("a compressed archive")),
    (0, b"<?xml", Kind::Other("an XML document")),
    (0, b"<!DOCTYPE", Kind::Other("a web page")),
    (0, b"<!doctype", Kind::Other("a web page")),
    (0, b"<html", Kind::Other("a web page")),
    (257, b"ustar", Kind::Other("a TAR archive")),
    (0, b"Salted__", Kind::Other("encrypted by OpenSSL")),
    (0, b"\0\x05\x16\x07", Kind::Other("a file of macOS about another file")),
];

/// Describes a still picture, which MediaConvert may read as a video of one frame.
pub(super) fn describe_still_picture(first_bytes: &[u8]) -> Option<Failure> {
    matches!(find(first_bytes)?, Kind::StillPicture(_)).then(|| describe(first_bytes))?
}

/// Describes why a file is not taken. `None` if its kind is not known, or is one that MediaConvert
/// reads.
pub(super) fn describe(first_bytes: &[u8]) -> Option<Failure> {
    let kind = find(first_bytes).or_else(|| find_content(first_bytes))?;
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

/// Finds the kind of a file by its signature.
fn find(first_bytes: &[u8]) -> Option<&'static Kind> {
    if first_bytes.starts_with(b"\x89PNG") && first_bytes.windows(4).any(|it| it == b"acTL") {
        return Some(&Kind::OtherVideo("animated PNG"));
    }
    if first_bytes.get(8..16) == Some(b"WEBPVP8X")
        && first_bytes.get(20).is_some_and(|it| it & 2 != 0)
    {
        return Some(&Kind::OtherVideo("animated WebP"));
    }
    let has_signature = |(at, signature, _): &&(usize, &[u8], Kind)| {
        first_bytes.get(*at..).is_some_and(|rest| rest.starts_with(signature))
    };
    SIGNATURES.iter().find(has_signature).map(|(_, _, kind)| kind)
}

/// Finds the kind of a file without signature. All of its first bytes must have something in common.
fn find_content(first_bytes: &[u8]) -> Option<&'static Kind> {
    if first_bytes.is_empty() {
        return None;
    }
    if first_bytes.iter().all(|byte| *byte == 0) {
        return Some(&Kind::Other("empty space that was reserved for a file"));
    }
    // The last character may be cut off.
    let text = std::str::from_utf8(first_bytes).or_else(|invalid| match invalid.error_len() {
        None => std::str::from_utf8(&first_bytes[..invalid.valid_up_to()]),
        Some(_) => Err(invalid),
    });
    let is_plain = |it: char| !it.is_control() || matches!(it, '\n' | '\r' | '\t');
    text.is_ok_and(|text| text.chars().all(is_plain)).then_some(&Kind::Other("text"))
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
        check(b"\x89PNG\r\n\x1A\n\0\0\0\x0DIHDR\0\0\x01", "a still picture (PNG)");
        check(b"\x89PNG\r\n\x1A\n\0\0\0\x0DIHDR\0\0\0\x08acTL", "(animated PNG) is not taken");
        check(b"RIFF\x24\0\0\0WEBPVP8X\x0A\0\0\0\x02\0\0\0", "(animated WebP) is not taken");
        check(b"DKIF\0\0 \0", "(IVF) is not taken");
        check("1\n00:00:00,000 --> 00:00:01,000\nÜber".as_bytes(), "is text");
        // The last character is cut off.
        check(&"Über Ü".as_bytes()[..7], "is text");
        check(&[0; 64], "empty space");
        check(b"Salted__\x12\x34", "encrypted by OpenSSL");
        assert_eq!(describe(b"\0\0\0\x20ftypisom\0\0\x02\0"), None);
        assert_eq!(describe(b"\x47\x40\0\x10\0\0\xB0\x0D"), None);
        assert_eq!(describe(b""), None);
        assert_eq!(describe_still_picture(b"GIF89a"), None);
        assert!(describe_still_picture(b"\0\0\0\x1Cftypavif\0\0\0\0").is_some());
    }
}
