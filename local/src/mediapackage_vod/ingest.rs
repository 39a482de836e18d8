//! The ingest of an asset: packages its source in each format of its packaging group.

use std::path::Path;
use std::{fs, io};

use super::ingest_failure::{IngestFailure, run_blocking};
use super::packaging_group::{Package, PackagingConfiguration};
use super::{dash, hls, source};

/// Packages a source for each configuration, into a folder named by its id under `media`.
///
/// If the ingest fails, the folders are deleted. Running it again gives the same result.
pub(super) async fn ingest(
    s3: &aws_sdk_s3::Client,
    source_arn: &str,
    configurations: &[PackagingConfiguration],
    media: &Path,
) -> Result<(), IngestFailure> {
    let work = media.join("source");
    let result = package(s3, source_arn, configurations, media, &work).await;
    delete_folder(&work).map_err(IngestFailure::Disk)?;
    if result.is_err() {
        for configuration in configurations {
            delete_folder(&media.join(&configuration.id)).map_err(IngestFailure::Disk)?;
        }
    }
    result
}

async fn package(
    s3: &aws_sdk_s3::Client,
    source_arn: &str,
    configurations: &[PackagingConfiguration],
    media: &Path,
    work: &Path,
) -> Result<(), IngestFailure> {
    create_empty_folder(work).map_err(IngestFailure::Disk)?;
    let presentation = source::fetch(s3, source_arn, work).await?;
    for configuration in configurations {
        let folder = media.join(&configuration.id);
        create_empty_folder(&folder).map_err(IngestFailure::Disk)?;
        let selected = presentation.select(configuration.stream_selection());
        if selected.renditions.is_empty() {
            return Err(IngestFailure::NoStream(configuration.id.clone()));
        }
        if selected.sounds.len() > 1 && !configuration.keeps_sounds() {
            return Err(IngestFailure::Sounds(configuration.id.clone()));
        }
        match &configuration.package {
            Package::HlsPackage(hls) => {
                let hls = hls.clone();
                run_blocking(move || hls::package(&hls, &selected, &folder)).await?;
            }
            Package::DashPackage(dash) => {
                dash::package(dash, &selected, &folder, work).await?;
            }
        }
    }
    Ok(())
}

/// Creates an empty folder. If a killed process has left files in it, they are deleted.
fn create_empty_folder(folder: &Path) -> io::Result<()> {
    delete_folder(folder)?;
    fs::create_dir_all(folder)
}

/// Deletes a folder, if it exists.
pub(super) fn delete_folder(folder: &Path) -> io::Result<()> {
    match fs::remove_dir_all(folder) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}
