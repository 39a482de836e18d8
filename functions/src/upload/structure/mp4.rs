//! The structure of an MP4 or MOV file: boxes in boxes.
//! <https://developer.apple.com/documentation/quicktime-file-format>

use super::{Missing, Structure, TrackKind, TrackMarks, Windows};

/// A box. MOV calls it an atom.
#[derive(Clone, Copy, Debug)]
struct Atom {
    name: [u8; 4],
    /// Where its content begins.
    content: u64,
    /// Where it ends. It may end behind the end of a file that is not complete.
    end: u64,
}

/// The boxes that a file itself consists of. Bytes with another name are no box.
const IN_FILE: [&[u8; 4]; 13] = [
    b"ftyp", b"moov", b"mdat", b"moof", b"free", b"skip", b"wide", b"uuid", b"meta", b"udta",
    b"sidx", b"pnot", b"mfra",
];
/// A box of more bytes is invalid.
const MAX_SIZE: u64 = 1 << 50;
/// Most boxes that are read in one box. A film has fewer tracks.
const MAX_ATOMS: usize = 100;
/// The codecs of encrypted tracks: Common Encryption, and the one of Apple's shop.
const ENCRYPTED: [&[u8]; 4] = [b"encv", b"enca", b"drmi", b"drms"];

pub(super) fn parse(file: &Windows) -> Result<Structure, Missing> {
    let mut structure = Structure { lacks_index: true, ..Structure::default() };
    for atom in children(file, 0, MAX_SIZE) {
        let atom = atom?;
        if !IN_FILE.contains(&&atom.name) {
            break;
        }
        // Other boxes have nothing that a player needs.
        if atom.end > file.size() && [b"mdat", b"moov"].contains(&&atom.name) {
            structure.stated_size = Some(atom.end);
        }
        if &atom.name == b"moov" {
            structure.lacks_index = false;
            let mut is_fragmented = false;
            for part in children(file, atom.content, atom.end) {
                let part = part?;
                is_fragmented |= &part.name == b"mvex";
                if &part.name == b"trak" {
                    structure.tracks.push(parse_track(file, part)?);
                }
            }
            // A recording in fragments may break off anywhere.
            if is_fragmented {
                break;
            }
        }
    }
    Ok(structure)
}

fn parse_track(file: &Windows, track: Atom) -> Result<TrackMarks, Missing> {
    let header = find(file, Some(track), &[b"tkhd"])?;
    let handler = find(file, Some(track), &[b"mdia", b"hdlr"])?;
    let samples = find(file, Some(track), &[b"mdia", b"minf", b"stbl", b"stsd"])?;
    // A version, and three bytes of flags. The first flag says that the track is enabled.
    let flags = read(file, header, 0, 4)?;
    let kind = match read(file, handler, 8, 4)? {
        Some(b"vide") => TrackKind::Video,
        Some(b"soun") => TrackKind::Audio,
        _ => TrackKind::Other,
    };
    // A version, flags, the number of entries, and the size and codec of the first one.
    let codec = read(file, samples, 12, 4)?;
    Ok(TrackMarks {
        kind,
        is_default: flags.is_some_and(|flags| flags[3] & 1 == 1),
        is_additional: false,
        is_encrypted: codec.is_some_and(|codec| ENCRYPTED.contains(&codec)),
    })
}

/// Finds a box by its path in another one.
fn find(file: &Windows, parent: Option<Atom>, path: &[&[u8; 4]]) -> Result<Option<Atom>, Missing> {
    let mut found = parent;
    for name in path {
        let Some(parent) = found else { return Ok(None) };
        found = None;
        for atom in children(file, parent.content, parent.end) {
            let atom = atom?;
            if &atom.name == *name {
                found = Some(atom);
                break;
            }
        }
    }
    Ok(found)
}

/// Reads bytes of the content of a box.
fn read(
    file: &Windows,
    atom: Option<Atom>,
    from: u64,
    length: u64,
) -> Result<Option<&[u8]>, Missing> {
    let Some(atom) = atom.filter(|it| it.end - it.content >= from + length) else {
        return Ok(None);
    };
    file.bytes(atom.content + from, length)
}

/// The boxes between two positions, in order.
fn children(file: &Windows, from: u64, to: u64) -> impl Iterator<Item = Result<Atom, Missing>> {
    let mut at = from;
    let next = move || {
        let atom = read_atom(file, at, to).transpose()?;
        at = atom.as_ref().map_or(u64::MAX, |atom| atom.end);
        Some(atom)
    };
    std::iter::from_fn(next).take(MAX_ATOMS)
}

fn read_atom(file: &Windows, at: u64, to: u64) -> Result<Option<Atom>, Missing> {
    if at >= to {
        return Ok(None);
    }
    let Some(header) = file.bytes(at, 8)? else { return Ok(None) };
    let Some((size, name)) = header.split_first_chunk::<4>() else { return Ok(None) };
    let Ok(name) = <[u8; 4]>::try_from(name) else { return Ok(None) };
    let (header, size) = match u32::from_be_bytes(*size) {
        // To the end of the file.
        0 => (8, file.size() - at),
        // The size has 64 bits.
        1 => match file.bytes(at + 8, 8)?.and_then(|size| <[u8; 8]>::try_from(size).ok()) {
            Some(size) => (16, u64::from_be_bytes(size)),
            None => return Ok(None),
        },
        size => (8, u64::from(size)),
    };
    let atom = at.checked_add(size).map(|end| Atom { name, content: at + header, end });
    Ok(atom.filter(|atom| size >= header && atom.end <= to))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn atom(name: &str, content: &[u8]) -> Vec<u8> {
        let size = u32::try_from(8 + content.len()).unwrap();
        [&size.to_be_bytes(), name.as_bytes(), content].concat()
    }

    fn track(flags: u8, handler: &str, codec: &str) -> Vec<u8> {
        let header = atom("tkhd", &[&[0, 0, 0, flags][..], &[0; 80]].concat());
        let handler = atom("hdlr", &[&[0; 8], handler.as_bytes(), &[0; 12]].concat());
        let samples =
            atom("stsd", &[&[0, 0, 0, 0, 0, 0, 0, 1], &atom(codec, &[0; 40])[..]].concat());
        let samples = atom("minf", &atom("stbl", &samples));
        atom(
            "trak",
            &[header, atom("edts", &[0; 28]), atom("mdia", &[handler, samples].concat())].concat(),
        )
    }

    fn index(tracks: &[Vec<u8>]) -> Vec<u8> {
        atom("moov", &[atom("mvhd", &[0; 100]), tracks.concat()].concat())
    }

    fn structure(file: &[u8]) -> Structure {
        let mut windows = Windows::new(u64::try_from(file.len()).unwrap());
        windows.insert(0, file.to_vec());
        parse(&windows).unwrap()
    }

    fn marks(kind: TrackKind, is_default: bool) -> TrackMarks {
        TrackMarks { kind, is_default, is_additional: false, is_encrypted: false }
    }

    #[test]
    fn a_track_that_is_enabled_is_a_default() {
        let tracks = [track(3, "vide", "avc1"), track(2, "soun", "mp4a"), track(3, "soun", "mp4a")];
        let expected = [
            marks(TrackKind::Video, true),
            marks(TrackKind::Audio, false),
            marks(TrackKind::Audio, true),
        ];
        let media = atom("mdat", &[0; 90]);
        for file in [
            [atom("ftyp", b"isom"), index(&tracks), media.clone()].concat(),
            [atom("ftyp", b"isom"), media.clone(), index(&tracks)].concat(),
            [media, index(&tracks), b"behind the end".to_vec()].concat(),
        ] {
            let found = structure(&file);
            assert_eq!(found.tracks, expected);
            assert_eq!((found.stated_size, found.lacks_index), (None, false));
        }
    }

    #[test]
    fn common_encryption_is_found() {
        for codec in ["encv", "drmi"] {
            let file = index(&[track(3, "vide", codec)]);
            assert!(structure(&file).is_encrypted(), "{codec}");
        }
        assert!(structure(&index(&[track(3, "soun", "enca")])).is_encrypted());
        assert!(!structure(&index(&[track(3, "vide", "avc1")])).is_encrypted());
    }

    #[test]
    fn a_file_that_is_cut_off_lacks_bytes_and_perhaps_its_index() {
        let tracks = [track(3, "vide", "avc1")];
        let (media, size) = (atom("mdat", &[0; 5000]), 5008);
        let first = [index(&tracks), media.clone()].concat();
        let found = structure(&first[..first.len() / 2]);
        assert_eq!(found.stated_size, u64::try_from(first.len()).ok());
        assert!(!found.lacks_index);
        let last = [media, index(&tracks)].concat();
        let found = structure(&last[..2000]);
        assert_eq!((found.stated_size, found.lacks_index), (Some(size), true));
        // The media is complete, and the index is not there at all.
        let found = structure(&last[..usize::try_from(size).unwrap()]);
        assert_eq!((found.stated_size, found.lacks_index), (None, true));
    }

    #[test]
    fn a_recording_in_fragments_may_break_off() {
        let movie = [track(3, "vide", "avc1"), atom("mvex", &[0; 32])];
        let fragment = [atom("moof", &[0; 100]), atom("mdat", &[0; 1000])].concat();
        let file = [index(&movie), fragment].concat();
        assert_eq!(structure(&file[..file.len() - 500]).stated_size, None);
    }

    #[test]
    fn sizes_of_64_bits_and_sizes_up_to_the_end_are_read() {
        let large = [&[0, 0, 0, 1][..], b"mdat", &u64::to_be_bytes(5 << 30), &[0; 50]].concat();
        assert_eq!(structure(&large).stated_size, Some(5 << 30));
        let rest = [&[0, 0, 0, 0][..], b"mdat", &[0; 50]].concat();
        assert_eq!(structure(&rest).stated_size, None);
        for size in [&u64::to_be_bytes(u64::MAX)[..], &u64::to_be_bytes(3)] {
            let invalid = [&[0, 0, 0, 1][..], b"mdat", size, &[0; 50]].concat();
            assert_eq!(structure(&invalid).stated_size, None);
        }
    }
}
