//! Where the media of a private library lie.
//!
//! MediaPackage's paths say nothing of competitions. So the CDN serves a private library under
//! `/private/<competition>/`, which one cookie policy can cover, and cuts that off again. A seal
//! in the path ties the asset to its competition: without it, whoever holds the cookies of one
//! competition could put any other asset's path behind them.

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
        // The text as it stands is the key, so that every language agrees on its bytes.
        Ok(Self(hmac::Key::new(hmac::HMAC_SHA256, text.as_bytes())))
    }
}

impl SealKey {
    /// The path that plays `path`, `[/<group>]/out/v1/<asset>/…`, to whoever may watch the
    /// competition.
    pub fn sealed(&self, competition: &CompetitionId, path: &str) -> String {
        let (_, asset) = path.split_once("/out/v1/").unwrap_or_default();
        let asset = asset.split('/').next().unwrap_or_default();
        let tag = hmac::sign(&self.0, format!("{competition}/{asset}").as_bytes());
        let seal: String = tag.as_ref()[..16].iter().map(|byte| format!("{byte:02x}")).collect();
        format!("{}{seal}{path}", folder(competition))
    }
}

/// What lies under this path belongs to the competition.
pub(super) fn folder(competition: &CompetitionId) -> String {
    format!("/private/{competition}/")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_seal_is_good_for_one_asset_in_one_competition() {
        let key: SealKey = "0".repeat(64).parse().unwrap();
        let sealed = |competition: &str, path| key.sealed(&competition.parse().unwrap(), path);
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
    fn a_key_that_was_cut_short_is_refused() {
        for text in ["", "00", &"0".repeat(63), &"x".repeat(64)] {
            assert!(text.parse::<SealKey>().is_err(), "{text}");
        }
    }
}
