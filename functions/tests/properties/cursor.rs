//! Cursors parse back, and changed ones are refused.

use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use matchcut::library::Cursor;
use proptest::prelude::*;

use crate::values::key;

proptest! {
    #[test]
    fn a_cursor_parses_back(key in key()) {
        let text = BASE64_URL_SAFE_NO_PAD.encode(key.to_string());
        let cursor: Cursor = text.parse().unwrap();
        prop_assert_eq!(cursor.competition(), &key.competition);
        prop_assert_eq!(cursor.to_string(), text);
    }

    #[test]
    fn any_text_is_a_cursor_or_refused(text in r"\PC*") {
        if let Ok(cursor) = text.parse::<Cursor>() {
            prop_assert_eq!(cursor.to_string(), text);
        }
    }

    #[test]
    fn a_changed_cursor_is_another_cursor_or_refused(key in key(), at in any::<usize>(), byte in any::<u8>()) {
        let mut bytes = key.to_string().into_bytes();
        let at = at % bytes.len();
        bytes[at] = byte;
        let text = BASE64_URL_SAFE_NO_PAD.encode(&bytes);
        if let Ok(cursor) = text.parse::<Cursor>() {
            prop_assert_eq!(cursor.to_string(), text);
        }
    }
}
