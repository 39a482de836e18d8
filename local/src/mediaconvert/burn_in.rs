//! Captions that are drawn into the pictures of an output.
//! <https://docs.aws.amazon.com/mediaconvert/latest/ug/burn-in-output-captions.html>

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::Path;
use std::{fs, io};

use chrono::TimeDelta;

use super::caption_outputs::OutputCaptions;
use super::caption_settings::{Alignment, BoxColor, BurnInSettings, CaptionDestination, Color};
use super::settings::{Output, VideoDescription};
use crate::ffmpeg::filter_path;
use crate::webvtt::Cue;

/// The filters after that of an output's picture, by the number of the output.
pub(super) type BurnInFilters = BTreeMap<usize, String>;

/// Writes the words of each output that has burnt-in captions to a file in `work`, as ASS. `delay` is the
/// time of the first frame.
pub(super) fn write_words(
    outputs: &[&Output],
    captions: &OutputCaptions<'_>,
    delay: TimeDelta,
    work: &Path,
) -> io::Result<BurnInFilters> {
    let mut filters = BurnInFilters::new();
    for (number, output) in outputs.iter().enumerate() {
        let Some(picture) = &output.video_description else { continue };
        for description in &output.caption_descriptions {
            let CaptionDestination::BurnIn { burnin_destination_settings: style } =
                &description.destination_settings
            else {
                continue;
            };
            let cues = captions.get(&*description.caption_selector_name);
            let cues = cues.map(Vec::as_slice).unwrap_or_default();
            let file = work.join(format!("words_{number}.ass"));
            let style = style.clone().unwrap_or_default();
            fs::write(&file, to_ass(cues, &style, picture, delay))?;
            let path = filter_path(&file.to_string_lossy());
            filters.insert(number, format!(",ass=filename={path}"));
        }
    }
    Ok(filters)
}

/// The cues as ASS, in the pixels of the picture.
fn to_ass(
    cues: &[Cue],
    style: &BurnInSettings,
    picture: &VideoDescription,
    delay: TimeDelta,
) -> String {
    let VideoDescription { width, height, .. } = picture;
    let size = style.font_size.filter(|it| *it > 0).unwrap_or(height / 16);
    let words = ass_color(style.font_color, "FFFFFF", style.font_opacity.unwrap_or(255));
    let outline = ass_color(style.outline_color, "000000", 255);
    let thickness = style.outline_size.unwrap_or(2);
    let opacity = style.background_opacity.unwrap_or(255);
    let background = match style.background_color.unwrap_or_default() {
        BoxColor::Black => Some(format!("&H{:02X}000000", 255 - opacity)),
        BoxColor::White => Some(format!("&H{:02X}FFFFFF", 255 - opacity)),
        BoxColor::None | BoxColor::Auto => None,
    };
    // With the border style 4, libass draws a box in the color of the shadow behind the words.
    let border = if background.is_some() { 4 } else { 1 };
    let background = background.unwrap_or_else(|| "&H00000000".to_owned());
    let place = if style.alignment == Some(Alignment::Left) { 1 } else { 2 };
    let margin = height / 18;
    let mut text = format!(
        "[Script Info]\nScriptType: v4.00+\nPlayResX: {width}\nPlayResY: {height}\n\
         ScaledBorderAndShadow: yes\n\n[V4+ Styles]\n\
         Format: Name, Fontname, Fontsize, PrimaryColour, OutlineColour, BackColour, \
         BorderStyle, Outline, Shadow, Alignment, MarginL, MarginR, MarginV\n\
         Style: Default,Sans,{size},{words},{outline},{background},\
         {border},{thickness},0,{place},{margin},{margin},{margin}\n\n[Events]\n\
         Format: Layer, Start, End, Style, Text\n"
    );
    for Cue { start, end, text: words } in cues {
        let (start, end) = (ass_time(*start + delay), ass_time(*end + delay));
        let _ = writeln!(text, "Dialogue: 0,{start},{end},Default,{}", ass_words(words));
    }
    text
}

/// A color as ASS has it: transparency, blue, green, red. The color `AUTO` is MediaConvert's choice.
fn ass_color(color: Option<Color>, automatic: &str, opacity: u8) -> String {
    let color = match color.unwrap_or_default() {
        Color::Auto => automatic,
        Color::Black => "000000",
        Color::White => "FFFFFF",
        Color::Yellow => "00FFFF",
        Color::Red => "0000FF",
        Color::Green => "00FF00",
        Color::Blue => "FF0000",
    };
    format!("&H{:02X}{color}", 255 - opacity)
}

/// A time as ASS has it, in hundredths of a second.
fn ass_time(time: TimeDelta) -> String {
    let hundredths = (time.num_milliseconds().max(0) + 5) / 10;
    let (seconds, rest) = (hundredths / 100, hundredths % 100);
    format!("{}:{:02}:{:02}.{rest:02}", seconds / 3600, seconds / 60 % 60, seconds % 60)
}

/// Words in which ASS finds no styles.
fn ass_words(words: &str) -> String {
    words.replace('\\', "\\\u{2060}").replace('{', "\\{").replace('}', "\\}").replace('\n', "\\N")
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::super::sample_job::{sample_input, sample_job};
    use super::*;

    /// The lines of ASS that begin with a word.
    fn lines(style: Value, words: &str, begin: &str) -> Vec<String> {
        let job = sample_job(&[sample_input()]);
        let picture = job.output_groups[0].outputs[0].video_description.clone().unwrap();
        let [start, end] = [1004, 61_006].map(TimeDelta::milliseconds);
        let cue = Cue { start, end, text: words.to_owned() };
        let style = serde_json::from_value(style).unwrap();
        let text = to_ass(&[cue], &style, &picture, TimeDelta::milliseconds(100));
        text.lines().filter(|line| line.starts_with(begin)).map(str::to_owned).collect()
    }

    #[test]
    fn a_style_is_written_as_ass_counts_colors() {
        let style = json!({
            "alignment": "LEFT",
            "backgroundColor": "WHITE",
            "backgroundOpacity": 128,
            "fontColor": "YELLOW",
            "fontOpacity": 255,
            "fontSize": 30,
            "outlineColor": "RED",
            "outlineSize": 3,
        });
        let expected = "Style: Default,Sans,30,&H0000FFFF,&H000000FF,&H7FFFFFFF,4,3,0,1,20,20,20";
        assert_eq!(lines(style, "", "Style:"), [expected]);
        let expected = "Style: Default,Sans,22,&H00FFFFFF,&H00000000,&H00000000,1,2,0,2,20,20,20";
        assert_eq!(lines(json!({}), "", "Style:"), [expected]);
    }

    #[test]
    fn words_are_no_styles() {
        let expected = "Dialogue: 0,0:00:01.10,0:01:01.11,Default,\\{b\\} a\\\u{2060}n\\Nend";
        assert_eq!(lines(json!({}), "{b} a\\n\nend", "Dialogue:"), [expected]);
    }
}
