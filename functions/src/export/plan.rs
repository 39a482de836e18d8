//! Decides which part of the picture and which frames an export has.

use chrono::{DateTime, TimeDelta, Utc};

use super::ExportRequest;
use crate::api::{Problem, ProblemKind};
use crate::asset::{BestRendition, RenditionSound};
use crate::clip::{
    Bounds, Clip, ExportCaptions, ExportSettings, Language, Rectangle, Source, TrackLabel,
    format_utc,
};
use crate::encode::{FrameRange, captions_of};

/// The widest picture of H.264 that MediaConvert makes.
const MAX_WIDTH: u32 = 4096;
/// The narrowest picture that MediaConvert makes.
const MIN_WIDTH: u32 = 32;

/// Plans an export of a clip whose media has this rendition and these bounds.
pub(super) fn plan(
    request: &ExportRequest,
    clip: &Clip,
    rendition: &BestRendition,
    bounds: Bounds,
) -> Result<ExportSettings, Problem> {
    let (start, end) = window(request, clip, bounds)?;
    let rectangle = request
        .aspect
        .ratio()
        .and_then(|ratio| crop(ratio, request.crop, (rendition.width, rendition.height)));
    let source = (rendition.width & !1, rendition.height & !1);
    let (cropped_width, cropped_height) = rectangle.map_or(source, |it| (it.width, it.height));
    let height = request.height.unwrap_or(cropped_height);
    let (across, down) = request.aspect.ratio().unwrap_or((cropped_width, cropped_height));
    let width = if request.height.is_none() {
        cropped_width
    } else {
        round_to_even(f64::from(height) * f64::from(across) / f64::from(down))
    };
    if !(MIN_WIDTH..=MAX_WIDTH).contains(&width) {
        let detail = format!(
            "The picture would be {width} pixels wide. It must be {MIN_WIDTH} to {MAX_WIDTH} wide. \
             Give another height."
        );
        return Err(Problem::invalid_field("height", detail));
    }
    let frames = FrameRange::of_window(start, end, bounds, rendition.frame_rate);
    Ok(ExportSettings {
        attempt: clip.attempt_of_media().number,
        aspect: request.aspect.name().to_owned(),
        crop: rectangle.map(|_| request.crop),
        start,
        end,
        width,
        height,
        rectangle,
        start_timecode: frames.start_timecode(),
        end_timecode: frames.end_timecode(),
        sound: find_sound(request, rendition)?,
        captions: request.captions,
        caption_tracks: find_captions(request, rendition)?,
    })
}

/// The captions that the export has.
fn find_captions(
    request: &ExportRequest,
    rendition: &BestRendition,
) -> Result<Vec<TrackLabel>, Problem> {
    let mut tracks: Vec<_> = captions_of(rendition).into_iter().map(|(label, _)| label).collect();
    match request.captions {
        ExportCaptions::None => return Ok(Vec::new()),
        _ if tracks.is_empty() => {
            let detail = "The clip has no captions. Leave this out.";
            return Err(Problem::invalid_field("captions", detail));
        }
        ExportCaptions::Sidecar => return Ok(tracks),
        ExportCaptions::BurnedIn => {}
    }
    if rendition.captions.is_empty() {
        let detail = "The captions of this clip are in its video, from where they cannot be burned \
                      in. Ask for sidecar.";
        return Err(Problem::invalid_field("captions", detail));
    }
    let Some(wanted) = &request.caption_language else {
        tracks.truncate(1);
        return Ok(tracks);
    };
    let found = find_language(&tracks, wanted).ok_or_else(|| {
        let detail = format!("The clip has captions in {}. Give one of these.", list(&tracks));
        Problem::invalid_field("captionLanguage", detail)
    })?;
    Ok(vec![found.clone()])
}

/// The sound that the export has. `None` if there is none to choose.
fn find_sound(
    request: &ExportRequest,
    rendition: &BestRendition,
) -> Result<Option<TrackLabel>, Problem> {
    let RenditionSound::Separate(sounds) = &rendition.sound else {
        if request.sound_language.is_none() {
            return Ok(None);
        }
        let detail = "The clip has no sounds to choose from. Leave this out.";
        return Err(Problem::invalid_field("soundLanguage", detail));
    };
    let sounds: Vec<_> = sounds.iter().map(|sound| sound.label.clone()).collect();
    let Some(wanted) = &request.sound_language else { return Ok(sounds.into_iter().next()) };
    let found = find_language(&sounds, wanted).ok_or_else(|| {
        let detail = format!("The clip has sounds in {}. Give one of these.", list(&sounds));
        Problem::invalid_field("soundLanguage", detail)
    })?;
    Ok(Some(found.clone()))
}

/// The first of the tracks in a language.
fn find_language<'a>(tracks: &'a [TrackLabel], wanted: &str) -> Option<&'a TrackLabel> {
    let is_wanted = |track: &&TrackLabel| {
        track.language.as_ref().is_some_and(|it| is_same_language(it, wanted))
    };
    tracks.iter().find(is_wanted)
}

/// The languages of tracks, for an error.
fn list(tracks: &[TrackLabel]) -> String {
    let languages: Vec<_> = tracks.iter().filter_map(|it| it.language.as_deref()).collect();
    if languages.is_empty() { "no stated language".to_owned() } else { languages.join(", ") }
}

/// Whether two tags name the same language. The manifest of a live clip has codes of three letters.
fn is_same_language(tag: &str, wanted: &str) -> bool {
    let parse = |tag: &str| tag.parse::<Language>().ok();
    tag == wanted || (parse(tag).is_some() && parse(tag) == parse(wanted))
}

/// The start and the end of the export: those of the request, or else those that players show.
fn window(
    request: &ExportRequest,
    clip: &Clip,
    bounds: Bounds,
) -> Result<(DateTime<Utc>, DateTime<Utc>), Problem> {
    let shown = match &clip.source {
        Source::Live { requested, .. } => (requested.exact_start(), requested.exact_end()),
        Source::Upload(_) | Source::Reel(_) => (bounds.start, bounds.end),
    };
    let start = request.start.unwrap_or(shown.0);
    let end = request.end.unwrap_or(shown.1);
    if start >= end {
        let field = if request.end.is_some() { "end" } else { "start" };
        let detail = "The export ends at or before its start. Give a later end.";
        return Err(Problem::for_field(ProblemKind::InvalidWindow, field, detail));
    }
    // Replies have whole milliseconds, and bounds may have more digits.
    let is_outside =
        |time| !(bounds.start - MILLISECOND..=bounds.end + MILLISECOND).contains(&time);
    for (field, time) in [("start", request.start), ("end", request.end)] {
        if time.is_some_and(is_outside) {
            let detail = format!(
                "The media of this clip reaches from {} to {}. Give a time within it.",
                format_utc(bounds.start),
                format_utc(bounds.end)
            );
            return Err(Problem::for_field(ProblemKind::WindowOutsideMedia, field, detail));
        }
    }
    Ok((start, end))
}

const MILLISECOND: TimeDelta = TimeDelta::milliseconds(1);

/// The largest part of a picture that has this aspect ratio. `None` if that is the whole picture.
/// `position` says where the part lies: at 0 at the left or at the top, at 1 at the right or at the
/// bottom.
fn crop(
    (across, down): (u32, u32),
    position: f64,
    (width, height): (u32, u32),
) -> Option<Rectangle> {
    let (all_width, all_height) = (f64::from(width), f64::from(height));
    let (across, down) = (f64::from(across), f64::from(down));
    let cut_width = round_to_even(all_height * across / down).min(width & !1);
    let cut_height = round_to_even(all_width * down / across).min(height & !1);
    let offset = |all: u32, part: u32| round_to_even_down(f64::from(all - part) * position);
    if cut_width < (width & !1) {
        let (x, height) = (offset(width, cut_width), height & !1);
        Some(Rectangle { x, y: 0, width: cut_width, height })
    } else if cut_height < (height & !1) {
        let (y, width) = (offset(height, cut_height), width & !1);
        Some(Rectangle { x: 0, y, width, height: cut_height })
    } else {
        None
    }
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "sizes of pictures")]
fn round_to_even(pixels: f64) -> u32 {
    2 * (pixels / 2.0).round() as u32
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "sizes of pictures")]
fn round_to_even_down(pixels: f64) -> u32 {
    2 * (pixels / 2.0).floor() as u32
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::asset::{ClosedCaptions, TrackRendition};

    #[test]
    fn burned_in_captions_are_the_first_ones_or_those_in_the_given_language() {
        let captions = vec![
            TrackRendition::sample("subtitles", "Suomi", "fin"),
            TrackRendition::sample("subtitles", "English", "eng"),
        ];
        let plain = BestRendition::sample(640, 360, 25.0);
        let embedded = BestRendition {
            closed_captions: vec![ClosedCaptions::sample(1, "English", "en")],
            ..plain.clone()
        };
        let captioned = BestRendition { captions, ..embedded.clone() };
        let find = |rendition: &BestRendition, body: &str| {
            let request = ExportRequest::parse(body.as_bytes()).unwrap();
            let found = find_captions(&request, rendition);
            let names = found.map(|it| it.into_iter().map(|it| it.name).collect::<Vec<_>>());
            names.map(|names| names.join(" ")).map_err(|problem| problem.field.unwrap())
        };
        let (burned_in, sidecar) = (r#"{"captions":"burned-in"}"#, r#"{"captions":"sidecar"}"#);
        let in_language =
            |tag: &str| burned_in.replace('}', &format!(r#","captionLanguage":"{tag}"}}"#));
        assert_eq!(find(&captioned, "{}"), Ok(String::new()));
        assert_eq!(find(&captioned, sidecar), Ok("Suomi English".to_owned()));
        assert_eq!(find(&captioned, burned_in), Ok("Suomi".to_owned()));
        assert_eq!(find(&captioned, &in_language("en")), Ok("English".to_owned()));
        assert_eq!(find(&captioned, &in_language("eng")), Ok("English".to_owned()));
        assert_eq!(find(&captioned, &in_language("sv")), Err("captionLanguage".to_owned()));
        assert_eq!(find(&embedded, sidecar), Ok("English".to_owned()));
        assert_eq!(find(&embedded, burned_in), Err("captions".to_owned()));
        assert_eq!(find(&plain, sidecar), Err("captions".to_owned()));
    }

    #[test]
    fn the_sound_is_the_default_one_or_that_in_the_given_language() {
        let muxed = BestRendition::sample(640, 360, 25.0);
        let sounds = vec![
            TrackRendition::sample("audio", "Suomi", "fin"),
            TrackRendition::sample("audio", "English", "eng"),
        ];
        let bilingual = BestRendition { sound: RenditionSound::Separate(sounds), ..muxed.clone() };
        let find = |rendition: &BestRendition, body: &str| {
            let request = ExportRequest::parse(body.as_bytes()).unwrap();
            let found = find_sound(&request, rendition);
            found.map(|it| it.map(|it| it.name)).map_err(|problem| problem.detail)
        };
        let name = |name: &str| Ok(Some(name.to_owned()));
        assert_eq!(find(&bilingual, "{}"), name("Suomi"));
        assert_eq!(find(&bilingual, r#"{"soundLanguage":"en"}"#), name("English"));
        let refused = find(&bilingual, r#"{"soundLanguage":"sv"}"#).unwrap_err();
        assert_eq!(refused, "The clip has sounds in fin, eng. Give one of these.");
        assert_eq!(find(&muxed, "{}"), Ok(None));
        assert!(find(&muxed, r#"{"soundLanguage":"en"}"#).is_err());
    }

    #[test]
    fn a_crop_is_as_large_as_the_picture_allows_and_has_even_numbers() {
        let check = |ratio, position, picture, expected: Option<[u32; 4]>| {
            let found = crop(ratio, position, picture);
            let found = found.map(|it| [it.x, it.y, it.width, it.height]);
            assert_eq!(found, expected, "{ratio:?} at {position} of {picture:?}");
        };
        check((16, 9), 0.5, (1920, 1080), None);
        check((9, 16), 0.5, (1920, 1080), Some([656, 0, 608, 1080]));
        check((9, 16), 0.0, (1920, 1080), Some([0, 0, 608, 1080]));
        check((9, 16), 1.0, (1920, 1080), Some([1312, 0, 608, 1080]));
        check((1, 1), 0.5, (1280, 720), Some([280, 0, 720, 720]));
        check((4, 5), 0.25, (640, 360), Some([88, 0, 288, 360]));
        check((16, 9), 0.5, (1080, 1920), Some([0, 656, 1080, 608]));
        check((16, 9), 1.0, (1000, 1000), Some([0, 438, 1000, 562]));
        check((16, 9), 0.5, (641, 361), None);
    }
}
