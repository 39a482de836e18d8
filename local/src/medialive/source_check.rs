//! Checks that a source has the sounds and captions that the stream should have.

use std::path::PathBuf;

use super::encoder::Source;
use crate::ffmpeg::{self, FfmpegError};
use crate::tracks::Tracks;

/// Captions that are pictures. They cannot become WebVTT.
const PICTURES: [&str; 4] = ["dvd_subtitle", "dvb_subtitle", "hdmv_pgs_subtitle", "xsub"];

#[derive(Debug, thiserror::Error)]
pub enum SourceError {
    #[error("could not list the tracks of {}", .file.display())]
    Probe {
        file: PathBuf,
        #[source]
        source: FfmpegError,
    },
    #[error(
        "{} has {found} of the {wanted} sounds that --audio names. Remove an --audio, or give a file with \
         more sounds", .file.display()
    )]
    Sounds { file: PathBuf, found: usize, wanted: usize },
    #[error(
        "{} has {found} of the {wanted} tracks of text that --captions names. Remove a --captions, or give \
         a file with more tracks, such as an .mkv or .mp4 with subtitles", .file.display()
    )]
    Captions { file: PathBuf, found: usize, wanted: usize },
    #[error(
        "--captions needs the test picture or a file. Captions that are embedded in a pushed stream stay \
         in its video without --captions"
    )]
    PushedCaptions,
}

impl Source {
    /// Checks that the source has all tracks. Those of a pushed stream are not known yet.
    pub(crate) async fn check(&self, tracks: &Tracks) -> Result<(), SourceError> {
        let file = match self {
            Self::TestPicture | Self::Recorded { .. } | Self::RecordedBlack { .. } => return Ok(()),
            Self::Listener(_) if tracks.captions.is_empty() => return Ok(()),
            Self::Listener(_) => return Err(SourceError::PushedCaptions),
            Self::File(file) => file,
        };
        let list = async |kind| {
            let listed = ffmpeg::list_tracks(file.as_os_str(), kind).await;
            listed.map_err(|source| SourceError::Probe { file: file.clone(), source })
        };
        let wanted = tracks.sounds.len();
        if wanted > 1 {
            let found = list("a").await?.len();
            if found < wanted {
                return Err(SourceError::Sounds { file: file.clone(), found, wanted });
            }
        }
        let wanted = tracks.captions.len();
        if wanted > 0 {
            let listed = list("s").await?;
            let is_text = |codec: &&String| !PICTURES.contains(&codec.as_str());
            let found = listed.iter().take(wanted).filter(is_text).count();
            if found < wanted {
                return Err(SourceError::Captions { file: file.clone(), found, wanted });
            }
        }
        Ok(())
    }
}
