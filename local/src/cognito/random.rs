//! Unguessable texts: codes, refresh tokens and ids.

use aws_lc_rs::rand;
use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;

/// A text of 43 URL-safe characters with 256 random bits.
pub(super) fn random_text() -> String {
    let mut bytes = [0; 32];
    rand::fill(&mut bytes).expect("the system has random bytes");
    BASE64_URL_SAFE_NO_PAD.encode(bytes)
}

/// An id of 32 hexadecimal digits, which can be the name of a file.
pub(super) fn random_id() -> String {
    let mut bytes = [0; 16];
    rand::fill(&mut bytes).expect("the system has random bytes");
    format!("{:032x}", u128::from_be_bytes(bytes))
}
