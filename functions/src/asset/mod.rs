//! VOD assets in MediaPackage, and the media of clips in S3.

mod asset_playable;
mod assets;
mod best_rendition;
mod media;
mod packaging_groups;

pub use asset_playable::{AssetPlayable, AssetPlayableError, InputNotification};
pub use assets::{AssetError, Assets, PackagingState};
pub use best_rendition::{BestRendition, ClosedCaptions, RenditionSound, TrackRendition};
pub use media::{ClipMedia, ClipMediaError};
pub use packaging_groups::{PackagingGroups, PackagingGroupsError};
