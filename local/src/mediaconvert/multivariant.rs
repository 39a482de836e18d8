//! The multivariant manifest of an HLS group, and the tags of its other manifests.

use std::fmt::Write as _;
use std::path::Path;
use std::{fs, io};

use super::arguments::base_name;
use super::files::list_files;
use super::hls_settings::{
    AudioTrackType, CaptionLanguageSetting, HlsGroupSettings, HlsSettings, OutputSettings,
};
use super::settings::Output;

/// The rendition group of captions that have playlists of their own.
const SUBTITLES: &str = "subs";
/// The rendition group of captions in the pictures.
const CLOSED_CAPTIONS: &str = "cc";

/// Writes the tags that MediaConvert writes: version 3, the rendition groups, and the frame
/// rate of each rendition. ffmpeg says version 6, because of EXT-X-INDEPENDENT-SEGMENTS, and older
/// versions of it leave the frame rate out.
pub(super) fn finish_manifests(
    folder: &Path,
    hls: &HlsGroupSettings,
    outputs: &[Output],
    rate: Option<(u32, u32)>,
) -> io::Result<()> {
    let parent = folder.join(format!("{}.m3u8", base_name(&hls.destination)));
    for file in list_files(folder)? {
        if file.extension().is_none_or(|it| it != "m3u8") {
            continue;
        }
        let text = fs::read_to_string(&file)?;
        let version = |line: &str| {
            let is_version = line.starts_with("#EXT-X-VERSION:");
            format!("{}\n", if is_version { "#EXT-X-VERSION:3" } else { line })
        };
        let text: String = text.lines().map(version).collect();
        let text = if file == parent { finish_parent(&text, hls, outputs, rate) } else { text };
        fs::write(&file, text)?;
    }
    Ok(())
}

/// Writes the rendition groups and the frame rates into the multivariant manifest of ffmpeg.
fn finish_parent(
    text: &str,
    hls: &HlsGroupSettings,
    outputs: &[Output],
    rate: Option<(u32, u32)>,
) -> String {
    let mut finished = String::new();
    let mut tags = Some(media_tags(hls, outputs));
    let mut lines = text.lines().peekable();
    while let Some(line) = lines.next() {
        if line.starts_with("#EXT-X-MEDIA:") || line.is_empty() {
            continue;
        }
        let Some(attributes) = line.strip_prefix("#EXT-X-STREAM-INF:") else {
            finished.push_str(line);
            finished.push('\n');
            continue;
        };
        finished.push_str(&tags.take().unwrap_or_default());
        let uri = lines.peek().copied().unwrap_or_default();
        let output = outputs.iter().find(|it| child_name(hls, it) == uri);
        let Some(output) = output.filter(|it| it.video_description.is_some()) else {
            // ffmpeg may list a separate sound as a rendition too.
            lines.next();
            continue;
        };
        let groups = group_attributes(hls, output, outputs);
        let (attributes, _) = attributes.split_once(",AUDIO=").unwrap_or((attributes, ""));
        let rate = rate.filter(|_| !attributes.contains("FRAME-RATE="));
        let rate = rate.map(|(numerator, denominator)| {
            format!("FRAME-RATE={:.3},", f64::from(numerator) / f64::from(denominator))
        });
        let rate = rate.unwrap_or_default();
        let _ = writeln!(finished, "#EXT-X-STREAM-INF:{rate}{attributes}{groups}");
    }
    finished
}

/// The playlist of an output.
pub(super) fn child_name(hls: &HlsGroupSettings, output: &Output) -> String {
    format!("{}{}.m3u8", base_name(&hls.destination), output.name_modifier)
}

/// The tags of the sounds and captions that have playlists of their own, and of embedded captions.
fn media_tags(hls: &HlsGroupSettings, outputs: &[Output]) -> String {
    let mut tags = String::new();
    let language = |code: Option<&String>| {
        code.map(|code| format!(",LANGUAGE=\"{code}\"")).unwrap_or_default()
    };
    for output in outputs {
        let Some(HlsSettings { audio_group_id: Some(group), audio_track_type, .. }) =
            hls_settings(output)
        else {
            continue;
        };
        let Some(audio) = output.audio_descriptions.first() else { continue };
        let is_default = *audio_track_type == Some(AudioTrackType::AlternateAudioAutoSelectDefault);
        let default = if is_default { "YES" } else { "NO" };
        let _ = writeln!(
            tags,
            "#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID=\"{group}\",NAME=\"{}\"{},DEFAULT={default},AUTOSELECT=YES,URI=\"{}\"",
            audio.stream_name.as_deref().unwrap_or_default(),
            language(audio.custom_language_code.as_ref()),
            child_name(hls, output),
        );
    }
    let mut default = "YES";
    for output in outputs {
        let Some(captions) = output.captions() else { continue };
        let _ = writeln!(
            tags,
            "#EXT-X-MEDIA:TYPE=SUBTITLES,GROUP-ID=\"{SUBTITLES}\",NAME=\"{}\"{},DEFAULT={default},AUTOSELECT=YES,FORCED=NO,URI=\"{}\"",
            captions.language_description.as_deref().unwrap_or_default(),
            language(captions.custom_language_code.as_ref()),
            child_name(hls, output),
        );
        default = "NO";
    }
    if hls.caption_language_setting == Some(CaptionLanguageSetting::Insert) {
        let mut default = "YES";
        for mapping in &hls.caption_language_mappings {
            let _ = writeln!(
                tags,
                "#EXT-X-MEDIA:TYPE=CLOSED-CAPTIONS,GROUP-ID=\"{CLOSED_CAPTIONS}\",NAME=\"{}\"{},DEFAULT={default},AUTOSELECT=YES,INSTREAM-ID=\"CC{}\"",
                mapping.language_description,
                language(Some(&mapping.custom_language_code)),
                mapping.caption_channel,
            );
            default = "NO";
        }
    }
    tags
}

/// The attributes by which a rendition refers to its sounds and captions.
fn group_attributes(hls: &HlsGroupSettings, output: &Output, outputs: &[Output]) -> String {
    let mut attributes = String::new();
    if let Some(group) = hls_settings(output).and_then(|it| it.audio_rendition_sets.as_ref()) {
        let _ = write!(attributes, ",AUDIO=\"{group}\"");
    }
    if outputs.iter().any(|it| it.captions().is_some()) {
        let _ = write!(attributes, ",SUBTITLES=\"{SUBTITLES}\"");
    }
    match hls.caption_language_setting {
        Some(CaptionLanguageSetting::Insert) => {
            let _ = write!(attributes, ",CLOSED-CAPTIONS=\"{CLOSED_CAPTIONS}\"");
        }
        Some(CaptionLanguageSetting::None) => attributes.push_str(",CLOSED-CAPTIONS=NONE"),
        Some(CaptionLanguageSetting::Omit) | None => {}
    }
    attributes
}

pub(super) fn hls_settings(output: &Output) -> Option<&HlsSettings> {
    output.output_settings.as_ref().map(|OutputSettings { hls_settings }| hls_settings)
}
