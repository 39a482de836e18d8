//! The sealed paths of a private library, as its CloudFront Function checks them.

use aws_lc_rs::hmac;

use super::private_library::PrivateLibrary;

/// What a path of a private library leads to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum OriginPath<'a> {
    /// The path prefix of a packaging group, and a path under `/out/v1/` at MediaPackage VOD.
    Media(&'a str, &'a str),
    /// A key under `thumbnails/` or `clips/` in the clip bucket.
    Object(&'a str),
}

/// The path at the origin for `/private/<path>`, if the seal proves that the asset belongs to the
/// competition.
pub(super) fn parse_sealed_path<'a>(
    library: &PrivateLibrary,
    path: &'a str,
) -> Option<OriginPath<'a>> {
    let (competition, key) = path.split_once('/')?;
    let object = ["thumbnails/", "clips/"].iter().find_map(|folder| key.strip_prefix(folder));
    if let Some(rest) = object {
        let is_own = rest.strip_prefix(competition).is_some_and(|rest| rest.starts_with('/'));
        let is_plain = is_own && !rest.contains("/..");
        return is_plain.then_some(OriginPath::Object(key));
    }
    let (owner, rest) = path.split_once("/out/v1/")?;
    let (competition, sealed) = owner.split_once('/')?;
    let (seal, group) = sealed.split_at_checked(32)?;
    let (asset, _) = rest.split_once('/')?;
    if !is_group_prefix(group) {
        return None;
    }
    let key = hmac::Key::new(hmac::HMAC_SHA256, library.seal_key());
    let tag = hmac::sign(&key, format!("{competition}/{asset}").as_bytes());
    let expected: String = tag.as_ref()[..16].iter().map(|it| format!("{it:02x}")).collect();
    (seal == expected).then_some(OriginPath::Media(group, rest))
}

/// Whether a path prefix can belong to a packaging group: nothing, or `/2` to `/9`.
fn is_group_prefix(prefix: &str) -> bool {
    match prefix.strip_prefix('/') {
        Some(number) => matches!(number.as_bytes(), [b'2'..=b'9']),
        None => prefix.is_empty(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_seal_is_good_for_its_asset_and_competition_only() {
        let library = PrivateLibrary::with_seal_key(&"0".repeat(64));
        let seal = "bfbe02c35fa2853c05533303bcad4152";
        let check = |path: &str, expected| {
            assert_eq!(
                parse_sealed_path(&library, &path.replace("SEAL", seal)),
                expected,
                "{path}"
            );
        };
        let rest = "1d9c5b7a/6e02f4/a81b3c/index.m3u8";
        check(&format!("100m-dash/SEAL/out/v1/{rest}"), Some(OriginPath::Media("", rest)));
        check(&format!("100m-dash/SEAL/2/out/v1/{rest}"), Some(OriginPath::Media("/2", rest)));
        check(&format!("100m-dash/SEAL/22/out/v1/{rest}"), None);
        check(&format!("100m-dash/SEAL2/out/v1/{rest}"), None);
        let own = "100m-dash/thumbnails/100m-dash/clip/0.jpg";
        check(own, Some(OriginPath::Object("thumbnails/100m-dash/clip/0.jpg")));
        let own = "100m-dash/clips/100m-dash/clip/1/index.m3u8";
        check(own, Some(OriginPath::Object("clips/100m-dash/clip/1/index.m3u8")));
        check("100m-dash/clips/200m/clip/1/index.m3u8", None);
        check("100m-dash/thumbnails/200m/clip/0.jpg", None);
        check("100m-dash/thumbnails/100m-dash-2/clip/0.jpg", None);
        check("100m-dash/thumbnails/100m-dash/../200m/clip/0.jpg", None);
        check("x/100m-dash/thumbnails/100m-dash/clip/0.jpg", None);
        check(&format!("200m-dash/SEAL/out/v1/{rest}"), None);
        check("100m-dash/SEAL/out/v1/7b2e90d4/6e02f4/a81b3c/index.m3u8", None);
        check(&format!("100m-dash/out/v1/{rest}"), None);
        check(&format!("100m-dash/SEAL/x/out/v1/{rest}"), None);
        check("100m-dash/SEAL/out/v1/1d9c5b7a", None);
        check("", None);
    }
}
