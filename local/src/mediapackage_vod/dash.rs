//! DASH: ffmpeg repackages renditions and sounds without transcoding them. Captions become TTML.

use std::ffi::OsString;
use std::fmt::Write as _;
use std::path::Path;
use std::{fs, io};

use chrono::TimeDelta;

use super::dash_manifest;
use super::ingest_failure::{IngestFailure, run_blocking};
use super::packaging_group::{DashPackage, SegmentTemplateFormat};
use super::source::{EmbeddedCaptions, Presentation, SourceSegment};
use super::video_set::{join_sets, other_sets};
use crate::ffmpeg;
use crate::i_frames::first_time;
use crate::webvtt::{Cue, Webvtt, escape_xml, to_ttml};

/// Writes the manifest and the segments into `folder`. `work` is a folder for intermediate files.
pub(super) async fn package(
    dash: &DashPackage,
    presentation: &Presentation,
    folder: &Path,
    work: &Path,
) -> Result<(), IngestFailure> {
    let manifest = &dash.dash_manifests[0];
    let Presentation { renditions, sounds, captions, embedded } = presentation;
    let mut arguments: Vec<OsString> = Vec::new();
    // An adaptation set without a representation is invalid.
    let codecs = renditions.first().and_then(|it| it.stream.codecs.as_deref());
    let has_sound = codecs.is_none_or(|codecs| codecs.contains("mp4a"));
    let inside = usize::from(sounds.is_empty() && has_sound);
    let second = 1 + sounds.len() + inside;
    let mut sets = "id=0,streams=0".to_owned();
    if inside > 0 {
        sets.push_str(" id=1,streams=a");
    }
    let streams =
        renditions.iter().map(|it| &it.segments).chain(sounds.iter().map(|it| &it.segments));
    let streams: Vec<_> = streams.cloned().collect();
    let delays = run_blocking({
        let streams = streams.clone();
        move || find_delays(&streams)
    })
    .await?;
    for (at, (segments, delay)) in streams.into_iter().zip(delays).enumerate() {
        let work = work.to_owned();
        let list = run_blocking(move || join_stretches(&segments, at, &work)).await?;
        arguments.extend(["-itsoffset".into(), format!("{delay:.6}").into()]);
        arguments.extend(["-f", "concat", "-safe", "0", "-i"].map(OsString::from));
        arguments.push(list.into());
    }
    for at in 0..renditions.len() {
        arguments.extend(["-map".into(), format!("{at}:v:0").into()]);
    }
    for (at, sound) in sounds.iter().enumerate() {
        let input = renditions.len() + at;
        arguments.extend(["-map".into(), format!("{input}:a:0").into()]);
        arguments.push(format!("-metadata:s:a:{at}").into());
        arguments.push(format!("language={}", sound.language).into());
        let _ = write!(sets, " id={},streams={input}", at + 1);
    }
    sets.push_str(&other_sets(renditions.len(), second));
    if sounds.is_empty() {
        // All renditions have the same audio. The manifest has it once.
        arguments.extend(["-map", "0:a:0?"].map(OsString::from));
    }
    arguments.extend(["-c", "copy"].map(OsString::from));
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
        ("-adaptation_sets", &sets),
        // Writes the start of a stream into its segments. ffmpeg's edit list would say it otherwise, which
        // browsers ignore: the pictures would be shown before their sound.
        ("-format_options", "movflags=+frag_discont"),
        ("-init_seg_name", &init),
        ("-media_seg_name", &media),
    ];
    arguments.extend(options.into_iter().flat_map(|(name, value)| [name.into(), value.into()]));
    let file = folder.join(format!("{name}.mpd"));
    arguments.push(file.clone().into());
    ffmpeg::run(arguments).await.map_err(IngestFailure::Ffmpeg)?;

    let joined = fs::read_to_string(&file).map(|text| join_sets(&text, renditions.len(), second));
    joined.and_then(|text| fs::write(&file, text)).map_err(IngestFailure::Disk)?;
    let names: Vec<_> = sounds.iter().map(|it| it.name.as_str()).collect();
    dash_manifest::complete(&file, &names, manifest.min_buffer_time_seconds)
        .map_err(IngestFailure::Disk)?;
    announce_embedded_captions(&file, embedded).map_err(IngestFailure::Disk)?;
    if captions.is_empty() {
        return Ok(());
    }
    let (presentation, folder, name) = (presentation.clone(), folder.to_owned(), name.clone());
    run_blocking(move || add_captions(&presentation, &folder, &name)).await
}

/// By how many seconds each stream begins later than the first one. A segment of sound begins with a
/// whole frame of sound, so not exactly with the video.
///
/// Renditions begin together: with sounds of their own, they have nothing else inside.
fn find_delays(streams: &[Vec<SourceSegment>]) -> io::Result<Vec<f64>> {
    let first = |segments: &Vec<SourceSegment>| -> io::Result<Option<i64>> {
        let Some(segment) = segments.first() else { return Ok(None) };
        Ok(first_time(&fs::read(&segment.file)?))
    };
    let times: Vec<_> = streams.iter().map(first).collect::<io::Result<_>>()?;
    let earliest = times.iter().flatten().min().copied().unwrap_or(0);
    let seconds = |time: &Option<i64>| {
        #[expect(clippy::cast_precision_loss, reason = "the streams begin within a second")]
        let ticks = time.map_or(0, |time| time - earliest) as f64;
        ticks / 90_000.0
    };
    Ok(times.iter().map(seconds).collect())
}

/// Writes the captions as one TTML file each, and adds them to the manifest.
///
/// MediaPackage makes EBU-TT of WebVTT. In which form is not documented.
/// <https://docs.aws.amazon.com/mediapackage/latest/ug/supported-inputs-vod.html>
fn add_captions(presentation: &Presentation, folder: &Path, name: &str) -> io::Result<()> {
    let mut sets = String::new();
    for (at, track) in presentation.captions.iter().enumerate() {
        let video = &presentation.renditions[0].segments;
        let cues = clip_cues(&track.segments, video)?;
        let file = format!("{name}_captions_{}.ttml", at + 1);
        let text = to_ttml(&cues, &track.language);
        let id = 1 + presentation.sounds.len().max(1) + at;
        let _ = write!(
            sets,
            "\t\t<AdaptationSet id=\"{id}\" contentType=\"text\" mimeType=\"application/ttml+xml\" lang=\"{}\">\n\
             \t\t\t<Label>{}</Label>\n\
             \t\t\t<Role schemeIdUri=\"urn:mpeg:dash:role:2011\" value=\"subtitle\"/>\n\
             \t\t\t<Representation id=\"captions_{}\" bandwidth=\"{}\">\n\
             \t\t\t\t<BaseURL>{file}</BaseURL>\n\t\t\t</Representation>\n\t\t</AdaptationSet>\n",
            track.language,
            escape_xml(&track.name),
            at + 1,
            text.len() * 8,
        );
        fs::write(folder.join(file), text)?;
    }
    let manifest = folder.join(format!("{name}.mpd"));
    let text = fs::read_to_string(&manifest)?;
    fs::write(manifest, text.replacen("\t</Period>", &format!("{sets}\t</Period>"), 1))
}

/// The cues of captions, counted from the first frame of the clip and cut to the clip.
fn clip_cues(captions: &[SourceSegment], video: &[SourceSegment]) -> io::Result<Vec<Cue>> {
    let mut cues: Vec<Cue> = Vec::new();
    let mut position = TimeDelta::zero();
    let length = video.iter().map(|it| it.duration).sum();
    for (segment, video) in captions.iter().zip(video) {
        let webvtt = Webvtt::parse(&fs::read_to_string(&segment.file)?);
        let first = first_time(&fs::read(&video.file)?).unwrap_or(webvtt.map.mpegts);
        let offset = webvtt.map.offset_from(first) + position;
        for cue in webvtt.cues {
            let start = (cue.start + offset).max(TimeDelta::zero());
            let cue = Cue { start, end: (cue.end + offset).min(length), ..cue };
            if !cues.contains(&cue) {
                cues.push(cue);
            }
        }
        position += video.duration;
    }
    Ok(cues)
}

/// Adds the captions in the pictures to the adaptation set of the video, as `CC1=eng`.
/// <https://dashif.org/docs/DASH-IF-IOP-v4.3.pdf>, section 6.4.3.3
fn announce_embedded_captions(manifest: &Path, captions: &[EmbeddedCaptions]) -> io::Result<()> {
    if captions.is_empty() {
        return Ok(());
    }
    let channels = captions.iter().map(|it| format!("{}={}", it.channel, it.language));
    let channels = channels.collect::<Vec<_>>().join(";");
    let mut text = fs::read_to_string(manifest)?;
    let set = text.find("<AdaptationSet id=\"0\"");
    let Some(end) = set.and_then(|it| Some(it + text[it..].find(">\n")? + 2)) else {
        return Ok(());
    };
    let tag = format!(
        "\t\t\t<Accessibility schemeIdUri=\"urn:scte:dash:cc:cea-608:2015\" value=\"{channels}\"/>\n"
    );
    text.insert_str(end, &tag);
    fs::write(manifest, text)
}

/// Joins each continuous stretch of a stream to one file, and writes the list of these files for
/// ffmpeg's concat reader.
///
/// After a discontinuity the time stamps start again, which only the concat reader can join.
fn join_stretches(
    segments: &[SourceSegment],
    number: usize,
    work: &Path,
) -> io::Result<std::path::PathBuf> {
    let mut list = "ffconcat version 1.0\n".to_owned();
    let stretches = segments.chunk_by(|_, next| !next.discontinuity);
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
