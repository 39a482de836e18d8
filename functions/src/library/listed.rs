//! A clip as viewers' lists show it, in the form in which its row keeps it.
//!
//! A page of a list must cost little: anyone can ask for it. So each row of an active clip keeps the
//! clip's public JSON and the paths of its media as one text. The index of active clips projects this
//! text instead of the row. A page is read without decoding rows.
//!
//! The text is compressed with a preset dictionary, because DynamoDB counts bytes: 900 bytes become
//! about 310. [RFC 1951](https://www.rfc-editor.org/rfc/rfc1951) defines the format.

use aws_sdk_dynamodb::primitives::Blob;
use aws_sdk_dynamodb::types::AttributeValue;
use flate2::{Compress, Compression, Decompress, FlushCompress, FlushDecompress, Status};

use super::rows::Item;
use crate::clip::{Clip, FilePaths, MediaPaths, to_public_json};

/// The attribute of a row with this form of the clip. Only active clips have it.
pub const LISTED_AS: &str = "listedAs";

/// The first byte of the attribute. A reader that does not know the form reads the row instead.
const FORM: u8 = 1;
/// The first byte if the clip has files. Earlier versions of this program do not know their line.
const FORM_WITH_FILES: u8 = 2;
/// The begin of the line with the clip's files.
const FILES_MARK: &str = "!";

/// A text that is similar to all texts. It is part of the form: rows are compressed with it.
const DICTIONARY: &str = concat!(
    r#""failure":null,"progress":100,"publishAt":"2026-,"filename":".mp4","source":"upload","#,
    r#""expiresAt":"2027-"#,
    r#"{"active":true,"actual":{"durationSeconds":10.0,"end":"2026-01-01T20:00:00Z","start":"2026-0"#,
    r#"1-01T20:00:00Z"},"attempt":1,"channel":"main","clip":"20260101200000_20260101200010_","#,
    r#""competition":"","createdAt":"2026-01-01T20:00:00.000Z","listed":true,"meta":{"description":"#,
    r#""","id":"20260101200000_20260101200010_","tags":["final"],"title":""},"readyAt":"2026-01-01T2"#,
    r#"0:00:00.000Z","requested":{"end":"2026-01-01T20:00:00Z","start":"2026-01-01T20:00:00Z"},"#,
    r#""source":"live","status":"ready","updatedAt":"2026-01-01T20:00:00.000Z"}"#,
    "\n/thumbnails/thumbnail.0000000.jpg\n/thumbnails/thumbnail.0000001.jpg",
    "\ndash /out/v1/0123456789abcdef/index.mpd\nhls /out/v1/0123456789abcdef/index.m3u8",
);

/// The longest text. The longest title, description and tags have 20 KB.
const MAX_LENGTH: usize = 1 << 20;

/// A clip as lists show it.
///
/// The text is JSON in one line, and then one line for each path: `<format> <path>` of a manifest, or
/// the path of a thumbnail, or `!` and the clip's files. JSON in one line contains no line break, so no title can add a path.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ListedClip(String);

impl ListedClip {
    /// The form of an active clip. `None` if viewers' lists do not show the clip.
    pub fn from_clip(clip: &Clip) -> Option<Self> {
        let paths = MediaPaths::of_ready(clip).filter(|_| clip.is_active())?;
        let mut text = to_public_json(clip).to_string();
        for path in paths.thumbnails.into_iter().flatten() {
            text.extend(["\n", &path]);
        }
        if let Some(files) = paths.files {
            text.extend(["\n", FILES_MARK, &files.to_line()]);
        }
        for (format, path) in &paths.manifests {
            text.extend(["\n", format, " ", path]);
        }
        Some(Self(text))
    }

    /// The public JSON of the clip, without the URLs of its media. It is an object.
    pub fn json(&self) -> &str {
        self.0.split('\n').next().unwrap_or_default()
    }

    /// The format and the path of each manifest, in the order of the formats.
    pub fn manifests(&self) -> impl Iterator<Item = (&str, &str)> {
        let lines = self.0.split('\n').skip(1);
        lines.filter(|line| !line.starts_with(FILES_MARK)).filter_map(|line| line.split_once(' '))
    }

    /// The paths of the thumbnails.
    pub fn thumbnails(&self) -> impl Iterator<Item = &str> {
        self.0.split('\n').skip(1).filter(|line| line.starts_with('/'))
    }

    /// The poster, the thumbnails, the storyboard and the MP4, if they exist.
    pub fn files(&self) -> Option<FilePaths> {
        let line = self.0.split('\n').skip(1).find_map(|line| line.strip_prefix(FILES_MARK));
        line.and_then(FilePaths::from_line)
    }

    /// Whether the clip is an upload.
    pub fn is_upload(&self) -> bool {
        self.json().contains(r#","source":"upload","#)
    }

    /// The value of the attribute.
    pub(super) fn encode(&self) -> AttributeValue {
        let mut compress = Compress::new(Compression::best(), false);
        compress.set_dictionary(DICTIONARY.as_bytes()).expect("no data were compressed before");
        let mut bytes = Vec::with_capacity(1 + self.0.len() + self.0.len() / 100 + 64);
        bytes.push(if self.files().is_some() { FORM_WITH_FILES } else { FORM });
        let done = compress.compress_vec(self.0.as_bytes(), &mut bytes, FlushCompress::Finish);
        assert!(matches!(done, Ok(Status::StreamEnd)), "the vector has room for any result");
        AttributeValue::B(Blob::new(bytes))
    }
}

/// Decodes rows of the index one after the other, with one buffer.
pub(super) struct ListedClipDecoder(Decompress);

impl ListedClipDecoder {
    pub(super) fn new() -> Self {
        Self(Decompress::new(false))
    }

    /// The clip of a row. `None` if the row was written without this form, or with one of another
    /// version.
    pub(super) fn decode(&mut self, row: &Item) -> Option<ListedClip> {
        let bytes = row.get(LISTED_AS)?.as_b().ok()?.as_ref();
        let (FORM | FORM_WITH_FILES, compressed) =
            bytes.split_first().map(|(form, rest)| (*form, rest))?
        else {
            return None;
        };
        self.0.reset(false);
        self.0.set_dictionary(DICTIONARY.as_bytes()).ok()?;
        let mut text = Vec::with_capacity(2048);
        loop {
            let read = usize::try_from(self.0.total_in()).ok()?;
            let rest = compressed.get(read..)?;
            match self.0.decompress_vec(rest, &mut text, FlushDecompress::Finish).ok()? {
                Status::StreamEnd => return String::from_utf8(text).ok().map(ListedClip),
                _ if text.len() < text.capacity() || text.len() > MAX_LENGTH => return None,
                _ => text.reserve(text.len()),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clip::Status as ClipStatus;
    use crate::clip::transition::tests::clip;

    fn row(attribute: AttributeValue) -> Item {
        [(LISTED_AS.to_owned(), attribute)].into()
    }

    #[test]
    fn a_listed_clip_is_decoded_as_it_was_encoded() {
        let mut decoder = ListedClipDecoder::new();
        for length in [0, 1, 20, 5_000, 100_000] {
            let clip = Clip { description: "ä\n\"".repeat(length), ..clip(ClipStatus::Ready) };
            let listed = ListedClip::from_clip(&clip).unwrap();
            assert_eq!(decoder.decode(&row(listed.encode())).as_ref(), Some(&listed), "{length}");
            let expected: Vec<_> = clip.manifests.iter().collect();
            let manifests = listed.manifests();
            let manifests: Vec<_> = manifests.map(|(it, path)| (it.into(), path.into())).collect();
            assert_eq!(manifests.iter().map(|(it, path)| (it, path)).collect::<Vec<_>>(), expected);
            let json: serde_json::Value = serde_json::from_str(listed.json()).unwrap();
            assert_eq!(json, to_public_json(&clip));
        }
    }

    #[test]
    fn a_row_without_a_known_form_is_not_decoded() {
        let listed = ListedClip::from_clip(&clip(ClipStatus::Ready)).unwrap().encode();
        let bytes = listed.as_b().unwrap().as_ref();
        let other_form = [&[FORM_WITH_FILES + 1], &bytes[1..]].concat();
        let cut = &bytes[..bytes.len() - 5];
        let mut decoder = ListedClipDecoder::new();
        for bytes in [b"".as_slice(), &[FORM], &[FORM, 0xff, 0xff], &other_form, cut] {
            let row = row(AttributeValue::B(Blob::new(bytes)));
            assert_eq!(decoder.decode(&row), None, "{bytes:?}");
        }
        assert_eq!(decoder.decode(&Item::new()), None);
        assert!(decoder.decode(&row(listed)).is_some(), "the decoder works on after an error");
    }

    #[test]
    fn a_clip_that_is_held_back_has_no_form_for_lists() {
        let held_back = Clip { listed: false, ..clip(ClipStatus::Ready) };
        assert_eq!(ListedClip::from_clip(&held_back), None);
        assert_eq!(ListedClip::from_clip(&clip(ClipStatus::Packaging)), None);
    }
}
