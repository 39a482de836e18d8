//! The ingest of an asset: its source, made playable in each format of its packaging group.

use std::path::Path;
use std::{fs, io};

use super::assets::{Asset, Assets};
use super::packaging_group::Package;
use super::source::{self, SourceError};
use super::{dash, hls};
use crate::ffmpeg::FfmpegError;

/// Why an ingest failed: the `message` of its event.
#[derive(Debug, thiserror::Error)]
pub(super) enum IngestFailure {
    #[error("unable to ingest the source")]
    Source(#[from] SourceError),
    #[error("no stream of the source is selected by packaging configuration {0}")]
    NoStream(String),
    #[error("unable to package the source")]
    Ffmpeg(#[source] FfmpegError),
    #[error("unable to keep the packaged media")]
    Disk(#[source] io::Error),
}

/// Makes an asset playable; done again, it gives the same.
pub(super) async fn ingest(assets: &Assets, asset: &Asset) -> Result<(), IngestFailure> {
    let work = assets.media_folder(asset, "source");
    let result = package(assets, asset, &work).await;
    remove(&work).map_err(IngestFailure::Disk)?;
    if result.is_err() {
        for configuration in assets.configurations(asset) {
            remove(&assets.media_folder(asset, &configuration.id)).map_err(IngestFailure::Disk)?;
        }
    }
    result
}

async fn package(assets: &Assets, asset: &Asset, work: &Path) -> Result<(), IngestFailure> {
    renew(work).map_err(IngestFailure::Disk)?;
    let renditions = source::fetch(&assets.s3, &asset.asked.source_arn, work).await?;
    for configuration in assets.configurations(asset) {
        let folder = assets.media_folder(asset, &configuration.id);
        renew(&folder).map_err(IngestFailure::Disk)?;
        let selected = source::select(&renditions, configuration.stream_selection());
        if selected.is_empty() {
            return Err(IngestFailure::NoStream(configuration.id.clone()));
        }
        match &configuration.package {
            Package::HlsPackage(hls) => {
                let hls = hls.clone();
                blocking(move || hls::package(&hls, &selected, &folder)).await?;
            }
            Package::DashPackage(dash) => {
                dash::package(dash, &selected, &folder, work).await?;
            }
        }
    }
    Ok(())
}

/// Copies media without holding up the requests that are answered meanwhile.
pub(super) async fn blocking<T: Send + 'static>(
    copy: impl FnOnce() -> io::Result<T> + Send + 'static,
) -> Result<T, IngestFailure> {
    let copied = tokio::task::spawn_blocking(copy).await;
    copied.map_err(io::Error::other).and_then(|done| done).map_err(IngestFailure::Disk)
}

/// An empty folder, whatever a killed process left in it.
fn renew(folder: &Path) -> io::Result<()> {
    remove(folder)?;
    fs::create_dir_all(folder)
}

fn remove(folder: &Path) -> io::Result<()> {
    match fs::remove_dir_all(folder) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}
