//! The other angles of a clip that viewers may see.

use futures_util::future::try_join_all;

use crate::clip::{Angle, Clip, ClipKey};
use crate::error;
use crate::library::{Library, LibraryError};

/// The angles of a clip that viewers may see, and the clip itself. Empty if there is no other.
pub(super) async fn find_visible_angles(library: &Library, clip: &Clip) -> Vec<Angle> {
    match read_visible(library, clip).await {
        Ok(angles) if angles.len() > 1 => angles,
        Ok(_) => Vec::new(),
        Err(failure) => {
            let (key, chain) = (clip.key(), error::chain(&failure));
            tracing::warn!(clip.id = %key, "could not read the angles of clip {key}: {chain}");
            Vec::new()
        }
    }
}

async fn read_visible(library: &Library, clip: &Clip) -> Result<Vec<Angle>, LibraryError> {
    let is_visible = async |angle: &Angle| {
        if angle.clip == clip.clip {
            return Ok(true);
        }
        let key = ClipKey { competition: clip.competition.clone(), clip: angle.clip.clone() };
        Ok(library.find(&key).await?.is_some_and(|clip| clip.is_active()))
    };
    let visible = try_join_all(clip.angles.iter().map(is_visible)).await?;
    let angles = clip.angles.iter().zip(visible);
    Ok(angles.filter(|(_, is_visible)| *is_visible).map(|(angle, _)| angle.clone()).collect())
}
