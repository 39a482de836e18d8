//! VOD assets: what harvested media is played from.

mod groups;
mod harvest_complete;
mod playable;
mod publisher;

pub use groups::{PackagingGroups, PackagingGroupsError};
pub use harvest_complete::{HarvestComplete, HarvestCompleteError, HarvestNotice};
pub use playable::{AssetPlayable, AssetPlayableError, InputNotice};
pub use publisher::{AssetError, Ingest, Ingested, Publisher};
