//! The structure of a Matroska or WebM file: elements in elements.
//! <https://www.rfc-editor.org/rfc/rfc9559>

use super::{Missing, Structure, TrackKind, TrackMarks, Windows};

/// An element of EBML.
#[derive(Clone, Copy, Debug)]
struct Element {
    id: u32,
    /// Where its content begins.
    content: u64,
    /// Where it ends. `None` if it does not say it, as in a live recording.
    end: Option<u64>,
}

const SEGMENT: u32 = 0x1853_8067;
const TRACKS: u32 = 0x1654_AE6B;
const CLUSTER: u32 = 0x1F43_B675;
const TRACK_ENTRY: u32 = 0xAE;
const TRACK_TYPE: u32 = 0x83;
const FLAG_DEFAULT: u32 = 0x88;
const FLAG_HEARING_IMPAIRED: u32 = 0x55AB;
const FLAG_VISUAL_IMPAIRED: u32 = 0x55AC;
const FLAG_COMMENTARY: u32 = 0x55AF;
const CONTENT_ENCODINGS: u32 = 0x6D80;
const CONTENT_ENCODING: u32 = 0x6240;
const CONTENT_ENCRYPTION: u32 = 0x5035;
/// Most elements that are read in one element.
const MAX_ELEMENTS: usize = 100;

pub(super) fn parse(file: &Windows) -> Result<Structure, Missing> {
    let mut structure = Structure::default();
    let Some(segment) = find(file, 0, None, SEGMENT)? else { return Ok(structure) };
    structure.stated_size = segment.end.filter(|end| *end > file.size());
    for element in children(file, segment.content, segment.end) {
        let element = element?;
        if element.id == TRACKS {
            for track in children(file, element.content, element.end) {
                let track = track?;
                if track.id == TRACK_ENTRY {
                    structure.tracks.push(parse_track(file, track)?);
                }
            }
        }
        if matches!(element.id, TRACKS | CLUSTER) {
            break;
        }
    }
    Ok(structure)
}

fn parse_track(file: &Windows, track: Element) -> Result<TrackMarks, Missing> {
    let mut marks = TrackMarks {
        kind: TrackKind::Other,
        // The default value of the flag.
        is_default: true,
        is_additional: false,
        is_encrypted: false,
    };
    for element in children(file, track.content, track.end) {
        let element = element?;
        match element.id {
            TRACK_TYPE => {
                marks.kind = match read_number(file, element)? {
                    Some(1) => TrackKind::Video,
                    Some(2) => TrackKind::Audio,
                    _ => TrackKind::Other,
                };
            }
            FLAG_DEFAULT => marks.is_default = read_number(file, element)? == Some(1),
            FLAG_HEARING_IMPAIRED | FLAG_VISUAL_IMPAIRED | FLAG_COMMENTARY => {
                marks.is_additional |= read_number(file, element)? == Some(1);
            }
            CONTENT_ENCODINGS => {
                for encoding in children(file, element.content, element.end) {
                    let Element { id, content, end } = encoding?;
                    let found = find(file, content, end, CONTENT_ENCRYPTION)?;
                    marks.is_encrypted |= id == CONTENT_ENCODING && found.is_some();
                }
            }
            _ => {}
        }
    }
    Ok(marks)
}

/// Finds the first element with an id between two positions.
fn find(file: &Windows, from: u64, to: Option<u64>, id: u32) -> Result<Option<Element>, Missing> {
    for element in children(file, from, to) {
        let element = element?;
        if element.id == id {
            return Ok(Some(element));
        }
    }
    Ok(None)
}

/// Reads an element that is a whole number. Without content, the number is 0.
fn read_number(file: &Windows, element: Element) -> Result<Option<u64>, Missing> {
    let length = element.end.map(|end| end - element.content).filter(|length| *length <= 8);
    let Some(length) = length else { return Ok(None) };
    Ok(file.bytes(element.content, length)?.map(to_number))
}

fn to_number(bytes: &[u8]) -> u64 {
    bytes.iter().fold(0, |number, byte| number << 8 | u64::from(*byte))
}

/// The elements between two positions, in order. An element without end is the last one.
fn children(
    file: &Windows,
    from: u64,
    to: Option<u64>,
) -> impl Iterator<Item = Result<Element, Missing>> {
    let (mut at, to) = (Some(from), to.unwrap_or(u64::MAX));
    let next = move || {
        let element = read_element(file, at.filter(|at| *at < to)?).transpose()?;
        at = element.as_ref().ok().and_then(|element| element.end);
        Some(element)
    };
    std::iter::from_fn(next).take(MAX_ELEMENTS)
}

fn read_element(file: &Windows, at: u64) -> Result<Option<Element>, Missing> {
    let Some((id, length)) = read_variable(file, at, 4)? else { return Ok(None) };
    let Some((size, size_length)) = read_variable(file, at + length, 8)? else { return Ok(None) };
    let content = at + length + size_length;
    let marker = 1 << (7 * size_length);
    let size = size - marker;
    // A size of ones only is unknown.
    let is_known = size != marker - 1;
    let end = if is_known { content.checked_add(size) } else { None };
    let element = u32::try_from(id).ok().map(|id| Element { id, content, end });
    Ok(element)
}

/// Reads a number of variable length, with the bit that marks the length. Returns it with its length.
fn read_variable(file: &Windows, at: u64, most: u64) -> Result<Option<(u64, u64)>, Missing> {
    let Some([first]) = file.bytes(at, 1)? else { return Ok(None) };
    let length = u64::from(first.leading_zeros()) + 1;
    if length > most {
        return Ok(None);
    }
    Ok(file.bytes(at, length)?.map(|bytes| (to_number(bytes), length)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn element(id: u32, content: &[u8]) -> Vec<u8> {
        let id: Vec<u8> = id.to_be_bytes().into_iter().skip_while(|byte| *byte == 0).collect();
        let size = 1 << 56 | u64::try_from(content.len()).unwrap();
        [&id, &size.to_be_bytes()[..], content].concat()
    }

    fn track(kind: u8, more: &[Vec<u8>]) -> Vec<u8> {
        element(
            TRACK_ENTRY,
            &[element(0xD7, &[1]), element(TRACK_TYPE, &[kind]), more.concat()].concat(),
        )
    }

    fn file(tracks: &[Vec<u8>]) -> Vec<u8> {
        let information = element(0x1549_A966, &[0; 60]);
        let segment =
            [information, element(TRACKS, &tracks.concat()), element(CLUSTER, &[0; 2000])].concat();
        [element(0x1A45_DFA3, &[0; 20]), element(SEGMENT, &segment)].concat()
    }

    fn structure(file: &[u8]) -> Structure {
        let mut windows = Windows::new(u64::try_from(file.len()).unwrap());
        windows.insert(0, file.to_vec());
        parse(&windows).unwrap()
    }

    #[test]
    fn tracks_are_default_unless_the_file_says_otherwise() {
        let off = || element(FLAG_DEFAULT, &[0]);
        let tracks = [
            track(1, &[]),
            track(2, &[off()]),
            track(2, &[element(FLAG_DEFAULT, &[1])]),
            track(2, &[off(), element(FLAG_COMMENTARY, &[1])]),
            track(2, &[element(FLAG_VISUAL_IMPAIRED, &[1])]),
            track(17, &[]),
        ];
        let found: Vec<_> = structure(&file(&tracks)).tracks;
        let found: Vec<_> =
            found.iter().map(|it| (it.kind, it.is_default, it.is_additional)).collect();
        let expected = [
            (TrackKind::Video, true, false),
            (TrackKind::Audio, false, false),
            (TrackKind::Audio, true, false),
            (TrackKind::Audio, false, true),
            (TrackKind::Audio, true, true),
            (TrackKind::Other, true, false),
        ];
        assert_eq!(found, expected);
    }

    #[test]
    fn an_encrypted_track_is_found_and_a_compressed_one_is_not_encrypted() {
        let encoded = |id| {
            let encoding = element(CONTENT_ENCODING, &element(id, &[0; 10]));
            structure(&file(&[track(1, &[element(CONTENT_ENCODINGS, &encoding)])])).is_encrypted()
        };
        assert!(encoded(CONTENT_ENCRYPTION));
        assert!(!encoded(0x5034));
    }

    #[test]
    fn a_file_that_is_cut_off_lacks_bytes_and_a_live_recording_states_no_size() {
        let mut whole = file(&[track(1, &[])]);
        assert_eq!(structure(&whole).stated_size, None);
        let size = u64::try_from(whole.len()).ok();
        assert_eq!(structure(&whole[..whole.len() / 2]).stated_size, size);
        // The size of the segment is unknown.
        let at = 8 + 4 + 20 + 4;
        whole[at..at + 8].copy_from_slice(&[0x01, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF]);
        let found = structure(&whole[..whole.len() / 2]);
        assert_eq!((found.stated_size, found.tracks.len()), (None, 1));
    }

    #[test]
    fn invalid_elements_end_the_file() {
        for rest in [&[0, 0, 0][..], &[0x18, 0x53, 0x80, 0x67, 0], &[0xFF; 9], &[]] {
            let found = structure(&[element(0x1A45_DFA3, &[0; 4]), rest.to_vec()].concat());
            assert_eq!(found, Structure::default());
        }
    }
}
