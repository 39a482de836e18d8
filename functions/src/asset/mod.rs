//! VOD assets: what harvested media is played from.

mod harvest_complete;
mod playable;
mod publisher;

pub use harvest_complete::{HarvestComplete, HarvestCompleteError, HarvestNotice};
pub use playable::{AssetPlayable, AssetPlayableError, InputNotice};
pub use publisher::{AssetError, Ingest, Ingested, Publisher};
