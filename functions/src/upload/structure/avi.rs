//! The structure of an AVI file.
//! <https://learn.microsoft.com/en-us/windows/win32/directshow/avi-riff-file-reference>

use super::Structure;

/// Reads the bytes behind `RIFF`: the size of the first chunk, and its type.
///
/// A recorder writes the size when it closes the file. A recording that broke off has none.
pub(super) fn parse(behind_name: &[u8]) -> Structure {
    let [a, b, c, d, b'A', b'V', b'I', b' ', ..] = behind_name else { return Structure::default() };
    let size = u32::from_le_bytes([*a, *b, *c, *d]);
    let is_stated = size != 0 && size < i32::MAX.unsigned_abs();
    Structure { stated_size: is_stated.then(|| 8 + u64::from(size)), ..Structure::default() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_header_states_the_size_unless_the_recording_broke_off() {
        let check = |behind: &[u8], expected| assert_eq!(parse(behind).stated_size, expected);
        check(b"\x00\x10\0\0AVI LIST", Some(4104));
        check(b"\0\0\0\0AVI LIST", None);
        check(b"\xFF\xFF\xFF\xFFAVI LIST", None);
        check(b"\x00\x10\0\0WAVEfmt ", None);
        check(b"", None);
    }
}
