//! DASH: the renditions repackaged by ffmpeg, without encoding anything again.

use std::ffi::OsString;
use std::path::Path;
use std::{fs, io};

use super::ingest_failure::{IngestFailure, run_blocking};
use super::packaging_group::{DashPackage, SegmentTemplateFormat};
use super::source::Rendition;
use crate::ffmpeg;

/// Writes manifest and segments into `folder`; `work` is for what comes between.
pub(super) async fn package(
    dash: &DashPackage,
    renditions: &[Rendition],
    folder: &Path,
    work: &Path,
) -> Result<(), IngestFailure> {
    let manifest = &dash.dash_manifests[0];
    let mut arguments: Vec<OsString> = Vec::new();
    for (at, rendition) in renditions.iter().enumerate() {
        let (rendition, work) = (rendition.clone(), work.to_owned());
        let list = run_blocking(move || join(&rendition, at, &work)).await?;
        arguments.extend(["-f", "concat", "-safe", "0", "-i"].map(OsString::from));
        arguments.push(list.into());
    }
    for at in 0..renditions.len() {
        arguments.extend(["-map".into(), format!("{at}:v:0").into()]);
    }
    // All renditions carry the same sound; the manifest offers it once.
    arguments.extend(["-map", "0:a:0?", "-c", "copy"].map(OsString::from));
    // ffmpeg keeps the tags that transport streams have, which MP4 does not know.
    arguments.extend(["-tag:v", "avc1", "-tag:a", "mp4a", "-f", "dash"].map(OsString::from));
    let (timeline, number) = match dash.segment_template_format {
        SegmentTemplateFormat::NumberWithTimeline => ("1", "$Number$"),
        SegmentTemplateFormat::TimeWithTimeline => ("1", "$Time$"),
        SegmentTemplateFormat::NumberWithDuration => ("0", "$Number$"),
    };
    let name = &manifest.manifest_name;
    let seconds = dash.segment_duration_seconds.to_string();
    let init = format!("{name}_$RepresentationID$_init.mp4");
    let media = format!("{name}_$RepresentationID$_{number}.m4s");
    let options = [
        ("-use_template", "1"),
        ("-use_timeline", timeline),
        ("-seg_duration", &seconds),
        ("-adaptation_sets", "id=0,streams=v id=1,streams=a"),
        ("-init_seg_name", &init),
        ("-media_seg_name", &media),
    ];
    arguments.extend(options.into_iter().flat_map(|(name, value)| [name.into(), value.into()]));
    let file = folder.join(format!("{name}.mpd"));
    arguments.push(file.clone().into());
    ffmpeg::run(arguments).await.map_err(IngestFailure::Ffmpeg)?;

    if let Some(seconds) = manifest.min_buffer_time_seconds {
        set_min_buffer_time(&file, seconds).map_err(IngestFailure::Disk)?;
    }
    Ok(())
}

/// Joins each continuous stretch of a rendition to one file; the list of them, as ffmpeg reads it.
///
/// Across a discontinuity time stamps start anew, which only its concat reader can join.
fn join(rendition: &Rendition, number: usize, work: &Path) -> io::Result<std::path::PathBuf> {
    let mut list = "ffconcat version 1.0\n".to_owned();
    let stretches = rendition.segments.chunk_by(|_, next| !next.discontinuity);
    for (at, stretch) in stretches.enumerate() {
        let name = format!("stretch_{number}_{at}.ts");
        let mut media = fs::File::create(work.join(&name))?;
        for segment in stretch {
            io::copy(&mut fs::File::open(&segment.file)?, &mut media)?;
        }
        list.push_str("file ");
        list.push_str(&name);
        list.push('\n');
    }
    let path = work.join(format!("stretches_{number}.txt"));
    fs::write(&path, list)?;
    Ok(path)
}

/// ffmpeg has no option for `minBufferTime`: it writes the length of a segment.
fn set_min_buffer_time(manifest: &Path, seconds: u32) -> io::Result<()> {
    const ATTRIBUTE: &str = "minBufferTime=\"";
    let text = fs::read_to_string(manifest)?;
    let Some((before, rest)) = text.split_once(ATTRIBUTE) else { return Ok(()) };
    let Some((_, after)) = rest.split_once('"') else { return Ok(()) };
    fs::write(manifest, format!("{before}{ATTRIBUTE}PT{seconds}.0S\"{after}"))
}
