//! The paths of the media of a private library.
//!
//! MediaPackage's paths do not contain the competition. The CDN therefore serves a private library
//! under `/private/<competition>/`, which one cookie policy covers, and removes that prefix before
//! it asks the origin. A seal in the path binds the asset to its competition. Without the seal, a
//! viewer with the cookies of one competition could play an asset of another under that prefix.

use std::str::FromStr;

use aws_lc_rs::hmac;

use crate::clip::CompetitionId;

/// The secret that the functions and the CDN share to seal paths.
#[derive(Clone, Debug)]
pub struct SealKey(hmac::Key);

#[derive(Debug, thiserror::Error)]
#[error("a seal key is 64 hexadecimal digits")]
pub struct SealKeyError;

impl FromStr for SealKey {
    type Err = SealKeyError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if text.len() != 64 || !text.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            return Err(SealKeyError);
        }
        // The bytes of the text are the key, so that the CDN's JavaScript uses the same bytes.
        Ok(Self(hmac::Key::new(hmac::HMAC_SHA256, text.as_bytes())))
    }
}

impl SealKey {
    /// Converts an asset's path, `[/<group>]/out/v1/<asset>/…`, to the path under which viewers of the
    /// competition can play it.
    pub fn seal_path(&self, competition: &CompetitionId, path: &str) -> String {
        let (_, asset) = path.split_once("/out/v1/").unwrap_or_default();
        let asset = asset.split('/').next().unwrap_or_default();
        let tag = hmac::sign(&self.0, format!("{competition}/{asset}").as_bytes());
        let seal: String = tag.as_ref()[..16].iter().map(|byte| format!("{byte:02x}")).collect();
        format!("{}{seal}{path}", private_folder(competition))
    }
}

/// The path prefix of all media of a competition in a private library.
pub fn private_folder(competition: &CompetitionId) -> String {
    format!("/private/{competition}/")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_seal_is_valid_for_one_asset_in_one_competition() {
        let key: SealKey = "0".repeat(64).parse().unwrap();
        let sealed = |competition: &str, path| key.seal_path(&competition.parse().unwrap(), path);
        // printf 100m-dash/1d9c5b7a | openssl dgst -sha256 -hmac <64 zeros>
        assert_eq!(
            sealed("100m-dash", "/out/v1/1d9c5b7a/6e02f4/a81b3c/index.m3u8"),
            "/private/100m-dash/bfbe02c35fa2853c05533303bcad4152/out/v1/1d9c5b7a/6e02f4/a81b3c/index.m3u8"
        );
        let seal =
            |competition, path| sealed(competition, path).split('/').nth(3).unwrap().to_owned();
        let one = seal("100m-dash", "/out/v1/1d9c5b7a/6e02f4/a81b3c/index.m3u8");
        assert_eq!(one, seal("100m-dash", "/out/v1/1d9c5b7a/6e02f4/c40d9e/index.mpd"));
        assert_eq!(one, seal("100m-dash", "/2/out/v1/1d9c5b7a/6e02f4/a81b3c/index.m3u8"));
        assert_ne!(one, seal("100m-dash", "/out/v1/7b2e90d4/6e02f4/a81b3c/index.m3u8"));
        assert_ne!(one, seal("200m-dash", "/out/v1/1d9c5b7a/6e02f4/a81b3c/index.m3u8"));
    }

    #[test]
    fn a_key_that_is_not_64_hexadecimal_digits_is_refused() {
        for text in ["", "00", &"0".repeat(63), &"x".repeat(64)] {
            assert!(text.parse::<SealKey>().is_err(), "{text}");
        }
    }
}
