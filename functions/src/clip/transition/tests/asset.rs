//! Tests of assets that the media in the bucket replaces.

use super::*;

#[test]
fn an_asset_is_replaced_once_and_removable_after_the_clip_has_played() {
    let after = |clip: &Clip, trigger, seconds| apply_trigger(clip, 1, trigger, at(seconds));
    let ready = Clip { actual: None, ..clip(Status::Ready) };
    assert_eq!(after(&ready, Trigger::AssetReplaced, 200), None, "its asset does not expire");
    let actual = Bounds { start: at(0), end: at(120), duration_seconds: 119.5 };
    let ready = Clip { asset_expires_at: Some(at(190)), actual: Some(actual), ..ready };
    assert_eq!(after(&ready, Trigger::AssetDeleted, 200), None);

    let replaced = after(&ready, Trigger::AssetReplaced, 200).unwrap();
    let removable = at(200 + 15 + 120 + 3600);
    assert_eq!(replaced.asset_removable_at, Some(removable));
    assert_eq!((replaced.asset_expires_at, replaced.next_check_at), (None, Some(removable)));
    assert_eq!(replaced.manifests["hls"], format!("/{}", ready.attempt_of_media().manifest_key()));
    assert_eq!(replaced.manifests.len(), 1);
    assert_eq!(after(&replaced, Trigger::AssetReplaced, 300), None);
    assert_eq!(after(&replaced, Trigger::AssetDeleted, 3934), None, "somebody may still play it");

    let deleted = after(&replaced, Trigger::AssetDeleted, 3935).unwrap();
    assert_eq!((deleted.asset_removable_at, deleted.next_check_at), (None, None));
    assert_eq!(after(&deleted, Trigger::AssetDeleted, 4000), None);
    assert_eq!(deleted.manifests, replaced.manifests);
}
