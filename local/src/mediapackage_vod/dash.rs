//! DASH: ffmpeg repackages the renditions without transcoding them.

use std::ffi::OsString;
use std::path::Path;
use std::{fs, io};

use super::ingest_failure::{IngestFailure, run_blocking};
use super::packaging_group::{DashPackage, SegmentTemplateFormat};
use super::source::Rendition;
use crate::ffmpeg;

/// Writes the manifest and the segments into `folder`. `work` is a folder for intermediate files.
pub(super) async fn package(
    dash: &DashPackage,
    renditions: &[Rendition],
    folder: &Path,
    work: &Path,
) -> Result<(), IngestFailure> {
    let manifest = &dash.dash_manifests[0];
    let mut arguments: Vec<OsString> = Vec::new();
    // An adaptation set without a representation is invalid.
    let codecs = renditions.first().and_then(|it| it.stream.codecs.as_deref());
    let has_sound = codecs.is_none_or(|codecs| codecs.contains("mp4a"));
    let sets = if has_sound { "id=0,streams=v id=1,streams=a" } else { "id=0,streams=v" };
    for (at, rendition) in renditions.iter().enumerate() {
        let (rendition, work) = (rendition.clone(), work.to_owned());
        let list = run_blocking(move || join_stretches(&rendition, at, &work)).await?;
        arguments.extend(["-f", "concat", "-safe", "0", "-i"].map(OsString::from));
        arguments.push(list.into());
    }
    for at in 0..renditions.len() {
        arguments.extend(["-map".into(), format!("{at}:v:0").into()]);
    }
    // All renditions have the same audio. The manifest has it once.
    arguments.extend(["-map", "0:a:0?", "-c", "copy"].map(OsString::from));
    // ffmpeg copies the codec tags of transport streams, which are not valid in MP4.
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
        ("-adaptation_sets", sets),
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

/// Joins each continuous stretch of a rendition to one file, and writes the list of these files for
/// ffmpeg's concat reader.
///
/// After a discontinuity the time stamps start again, which only the concat reader can join.
fn join_stretches(
    rendition: &Rendition,
    number: usize,
    work: &Path,
) -> io::Result<std::path::PathBuf> {
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

/// Sets `minBufferTime` in a manifest. ffmpeg has no option for it and writes the length of a segment.
fn set_min_buffer_time(manifest: &Path, seconds: u32) -> io::Result<()> {
    const ATTRIBUTE: &str = "minBufferTime=\"";
    let text = fs::read_to_string(manifest)?;
    let Some((before, rest)) = text.split_once(ATTRIBUTE) else { return Ok(()) };
    let Some((_, after)) = rest.split_once('"') else { return Ok(()) };
    fs::write(manifest, format!("{before}{ATTRIBUTE}PT{seconds}.0S\"{after}"))
}
