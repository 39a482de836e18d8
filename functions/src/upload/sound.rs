//! Chooses the sound of a file, and mixes it down to stereo.

use aws_sdk_mediaconvert::types::{
    AudioDefaultSelection, AudioSelector, AudioSelectorType, ChannelMapping, Codec,
    OutputChannelMapping, RemixSettings, Track, TrackType,
};

use super::default_sound::{SoundMarks, find_default_sound, find_sound_in};
use super::structure::Structure;
use crate::clip::Language;

/// An audio track, as Probe describes it.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct AudioTrack {
    /// The number among all tracks of the file, from 1.
    pub(super) index: i32,
    /// The number among the audio tracks of the file, from 1.
    pub(super) number: i32,
    pub(super) codec: Codec,
    pub(super) channels: u32,
    /// The name of the channel layout, for example `5.1`. MediaConvert derives most of them from the
    /// number of channels.
    pub(super) layout: Option<String>,
    pub(super) language: Option<Language>,
    pub(super) marks: SoundMarks,
}

/// A sound that a job makes.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct SoundSelection {
    pub(super) selector: AudioSelector,
    pub(super) language: Option<Language>,
}

/// The sound of a video.
#[derive(Clone, Debug, PartialEq, Default)]
pub(super) struct Sound {
    /// The audio tracks that belong to the picture and that MediaConvert decodes, in order.
    tracks: Vec<AudioTrack>,
    /// Whether the number among the audio tracks names a track. If MediaConvert does not recognize
    /// the codec of a track, that number depends on whether the track counts as audio.
    has_other_tracks: bool,
}

/// Most sounds of a clip.
const MAX_SOUNDS: usize = 10;

/// The gain in decibels that silences a channel: the smallest that MediaConvert accepts.
const SILENT: i32 = -60;

impl Sound {
    /// Chooses among the audio tracks of a file those that belong to the picture, by their indexes.
    /// `None` if tracks belong to the picture, but MediaConvert decodes none of them.
    pub(super) fn from_tracks(
        tracks: &[Track],
        belonging: Option<&[i32]>,
        structure: &Structure,
    ) -> Option<Self> {
        let audio = tracks.iter().filter(|track| track.track_type == Some(TrackType::Audio));
        let mut all: Vec<_> =
            audio.zip(1..).map(|(track, number)| AudioTrack::from_track(track, number)).collect();
        let marks = structure.sound_marks(all.len());
        for (track, marks) in all.iter_mut().zip(marks) {
            track.marks = marks;
        }
        let belongs = |track: &&AudioTrack| belonging.is_none_or(|it| it.contains(&track.index));
        let own: Vec<_> = all.iter().filter(belongs).collect();
        let is_decoded = |track: &&AudioTrack| track.codec != Codec::UnknownValue;
        let decoded: Vec<_> = own.iter().copied().filter(is_decoded).cloned().collect();
        if decoded.is_empty() && !own.is_empty() {
            return None;
        }
        Some(Self { has_other_tracks: decoded.len() < all.len(), tracks: decoded })
    }

    /// Selects the sounds, each as stereo: the default one, then one in each other language, in the
    /// order of the file. `default` is the language that the upload asks for.
    ///
    /// If a sound is the left one of two mono tracks, the other one is the right. Other tracks are other
    /// mixes, or silence.
    pub(super) fn selections(&self, default: Option<&Language>) -> Vec<SoundSelection> {
        let Some(first) = find_default_sound(&self.tracks, default) else { return Vec::new() };
        let mut chosen = vec![first];
        for track in &self.tracks {
            let language = track.language.as_ref();
            let is_there = chosen.iter().any(|at| self.tracks[*at].language.as_ref() == language);
            if !is_there && chosen.len() < MAX_SOUNDS {
                chosen.extend(find_sound_in(&self.tracks, language));
            }
        }
        let mut selections: Vec<_> = chosen.into_iter().map(|at| self.select(at)).collect();
        selections[0].selector.default_selection = Some(AudioDefaultSelection::Default);
        selections
    }

    fn select(&self, at: usize) -> SoundSelection {
        let first = &self.tracks[at];
        let pair = self.find_right(at);
        let selected = std::iter::once(first).chain(pair);
        let selector = AudioSelector::builder();
        let selector = if self.has_other_tracks {
            let streams = selected.map(|track| track.index).collect();
            selector.selector_type(AudioSelectorType::Stream).set_streams(Some(streams))
        } else {
            let numbers = selected.map(|track| track.number).collect();
            selector.selector_type(AudioSelectorType::Track).set_tracks(Some(numbers))
        };
        let positions = match pair {
            Some(_) => Some(("LR", 2)),
            None if first.channels == 2 => None,
            None => Some((find_positions(first.channels, first.layout.as_deref()), first.channels)),
        };
        let remix = positions.map(|(positions, channels)| mix_to_stereo(positions, channels));
        let selector = selector.set_remix_settings(remix).build();
        SoundSelection { selector, language: first.language.clone() }
    }

    /// Finds the track that is the right channel of a track.
    ///
    /// Tracks in pairs that are mono, of one codec and one language are left and right, as in files of
    /// broadcasters.
    fn find_right(&self, at: usize) -> Option<&AudioTrack> {
        let (before, rest) = self.tracks.split_at(at);
        let (left, right) = (&rest[0], rest.get(1)?);
        let alike_before = before.iter().rev().take_while(|track| track.is_left_of(left)).count();
        (alike_before.is_multiple_of(2) && left.is_left_of(right)).then_some(right)
    }
}

impl AudioTrack {
    fn from_track(track: &Track, number: i32) -> Self {
        let audio = track.audio_properties.as_ref();
        let channels = audio.and_then(|audio| u32::try_from(audio.channels?).ok());
        let language = audio.and_then(|audio| audio.language_code.clone());
        Self {
            index: track.index.unwrap_or(number),
            number,
            codec: track.codec.clone().unwrap_or(Codec::UnknownValue),
            channels: channels.filter(|channels| *channels > 0).unwrap_or(2),
            layout: audio.and_then(|audio| audio.channel_layout.clone()),
            language: language.and_then(|language| language.parse().ok()),
            marks: SoundMarks::default(),
        }
    }

    /// Whether two tracks are left and right of one sound: both mono, and alike.
    fn is_left_of(&self, right: &Self) -> bool {
        let both_mono = self.channels == 1 && right.channels == 1;
        let is_alike = self.codec == right.codec && self.language == right.language;
        both_mono && is_alike && self.marks.is_additional == right.marks.is_additional
    }
}

/// Finds the position of each channel of a track: by the name of its layout, or by the number of its
/// channels.
///
/// `L` and `R` are the front, `C` is the center, `l` and `r` are the other channels of one side, `b`
/// is behind the center, and `-` is not heard: low-frequency effects.
/// <https://ffmpeg.org/ffmpeg-utils.html#Channel-Layout>
fn find_positions(channels: u32, layout: Option<&str>) -> &'static str {
    let named = layout.and_then(|layout| {
        let positions = match layout {
            "2.1" => "LR-",
            "3.0(back)" => "LRb",
            "quad" | "quad(side)" => "LRlr",
            "3.1" => "LRC-",
            "4.1" => "LRC-b",
            "6.0" => "LRCblr",
            "6.0(front)" => "LRlrlr",
            "hexagonal" => "LRClrb",
            "6.1(back)" => "LRC-lrb",
            "6.1(front)" => "LR-lrlr",
            "7.0" | "7.0(front)" => "LRClrlr",
            "octagonal" => "LRClrblr",
            "5.1.4" => "LRC-lrlrlr",
            "7.1.4" => "LRC-lrlrlrlr",
            _ => return None,
        };
        Some(positions).filter(|it| u32::try_from(it.len()) == Ok(channels))
    });
    named.unwrap_or(match channels {
        1 => "C",
        3 => "LRC",
        4 => "LRCb",
        5 => "LRClr",
        6 => "LRC-lr",
        7 => "LRC-blr",
        8 => "LRC-lrlr",
        // More channels are other mixes beside the stereo mix, which is first.
        _ => "LR",
    })
}

/// Mixes channels at these positions to left and right. Channels without a position are not heard.
///
/// The weights are those of ITU-R BS.775. The sum of the gains of one side is at most 1, so that a
/// loud mix does not clip. <https://www.itu.int/rec/R-REC-BS.775>
fn mix_to_stereo(positions: &str, channels: u32) -> RemixSettings {
    const MINUS_3_DECIBELS: f64 = std::f64::consts::FRAC_1_SQRT_2;
    let gains = |side: &str| {
        let weight = |position: char| match position {
            'C' if positions == "C" => 1.0,
            'L' | 'R' if side.contains(position) => 1.0,
            'l' | 'r' if side.contains(position) => MINUS_3_DECIBELS,
            'C' => MINUS_3_DECIBELS,
            'b' => 0.5,
            _ => 0.0,
        };
        let weights = positions.chars().map(weight).chain(std::iter::repeat(0.0));
        let weights: Vec<f64> = weights.take(usize::try_from(channels).unwrap_or(2)).collect();
        let sum = weights.iter().sum::<f64>().max(1.0);
        let gains = weights.into_iter().map(|weight| to_decibels(weight / sum)).collect();
        OutputChannelMapping::builder().set_input_channels(Some(gains)).build()
    };
    let mapping =
        ChannelMapping::builder().output_channels(gains("Ll")).output_channels(gains("Rr")).build();
    RemixSettings::builder()
        .channels_in(i32::try_from(channels).unwrap_or(i32::MAX))
        .channels_out(2)
        .channel_mapping(mapping)
        .build()
}

/// Converts a factor to whole decibels, rounded down, so that sums stay at most 1.
fn to_decibels(factor: f64) -> i32 {
    #[expect(clippy::cast_possible_truncation, reason = "from -60 to 0")]
    let decibels = (20.0 * factor.log10()).floor().max(f64::from(SILENT)) as i32;
    decibels
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    /// An audio track behind a video track.
    pub(in crate::upload) fn audio_track(number: i32, channels: u32) -> AudioTrack {
        AudioTrack {
            index: number + 1,
            number,
            codec: Codec::Pcm,
            channels,
            layout: None,
            language: None,
            marks: SoundMarks::default(),
        }
    }

    /// The sound of tracks with these numbers of channels.
    pub(in crate::upload) fn sound(channels: &[u32]) -> Sound {
        let tracks = channels.iter().zip(1..).map(|(it, number)| audio_track(number, *it));
        Sound { tracks: tracks.collect(), has_other_tracks: false }
    }

    impl Sound {
        /// A stereo track in each language.
        pub(in crate::upload) fn in_languages(languages: &[&str]) -> Self {
            let mut all = sound(&vec![2; languages.len()]);
            for (track, language) in all.tracks.iter_mut().zip(languages) {
                track.language = Some(language.parse().unwrap());
            }
            all
        }
    }

    fn gains(positions: &str) -> [Vec<i32>; 2] {
        let channels = u32::try_from(positions.len()).unwrap();
        let mapping = mix_to_stereo(positions, channels).channel_mapping.unwrap();
        [0, 1].map(|side| mapping.output_channels()[side].input_channels().to_vec())
    }

    #[test]
    fn every_layout_keeps_its_center_and_no_mix_clips() {
        let names = "2.1 3.0 3.0(back) 4.0 quad 3.1 5.0 4.1 5.1 5.1(side) 6.0 6.0(front) hexagonal \
                     6.1 6.1(back) 6.1(front) 7.0 7.0(front) 7.1 7.1(wide) octagonal 5.1.4 7.1.4";
        for name in names.split(' ') {
            let digits = match name.split_once('(').map_or(name, |(name, _)| name) {
                "quad" => "4",
                "hexagonal" => "6",
                "octagonal" => "8",
                digits => digits,
            };
            let channels = digits.split('.').map(|it| it.parse::<u32>().unwrap()).sum();
            let positions = find_positions(channels, Some(name));
            assert_eq!(u32::try_from(positions.len()).unwrap(), channels, "{name}: {positions}");
            for side in gains(positions) {
                let factor = |gain: &i32| 10_f64.powf(f64::from(*gain) / 20.0);
                let audible = side.iter().filter(|gain| **gain > SILENT);
                let sum: f64 = audible.map(factor).sum();
                assert!((0.7..=1.0).contains(&sum), "{name} has {side:?}, which sums to {sum}");
            }
            if let Some(center) = positions.find(['C', 'b']) {
                for side in gains(positions) {
                    assert!(side[center] > -20, "{name} loses its center: {side:?}");
                }
            }
        }
        assert_eq!(gains("C"), [[0], [0]]);
        assert_eq!(gains("LR"), [[0, SILENT], [SILENT, 0]]);
    }

    #[test]
    fn two_mono_tracks_are_left_and_right_unless_something_says_otherwise() {
        let pair = |change: fn(&mut AudioTrack)| {
            let mut sound = sound(&[1, 1]);
            change(&mut sound.tracks[1]);
            let selections = sound.selections(None);
            selections[0].selector.tracks().to_vec()
        };
        assert_eq!(pair(|_| ()), [1, 2]);
        assert_eq!(pair(|track| track.language = Some("fr".parse().unwrap())), [1]);
        assert_eq!(pair(|track| track.codec = Codec::Aac), [1]);
        assert_eq!(pair(|track| track.channels = 2), [1]);
        assert_eq!(pair(|track| track.marks.is_additional = true), [1]);
        // The file says that the second one is a sound of its own.
        assert_eq!(pair(|track| track.marks.is_default = true), [2]);
    }

    #[test]
    fn the_default_sound_may_be_any_pair_of_mono_tracks() {
        let selected = |channels: &[u32], default: usize| {
            let mut sound = sound(channels);
            sound.tracks[default].marks.is_default = true;
            sound.selections(None)[0].selector.tracks().to_vec()
        };
        assert_eq!(selected(&[1; 8], 0), [1, 2]);
        assert_eq!(selected(&[1; 8], 2), [3, 4]);
        assert_eq!(selected(&[1; 8], 3), [4]);
        assert_eq!(selected(&[2, 1, 1], 1), [2, 3]);
        assert_eq!(selected(&[2, 6], 1), [2]);
    }

    #[test]
    fn a_track_behind_an_unknown_codec_is_selected_by_its_index_in_the_file() {
        let track = |index, codec| {
            Track::builder().index(index).track_type(TrackType::Audio).codec(codec).build()
        };
        let tracks = [track(2, Codec::UnknownValue), track(3, Codec::Aac), track(5, Codec::Aac)];
        let first = |tracks: &[Track], belonging: Option<&[i32]>| {
            let sound = Sound::from_tracks(tracks, belonging, &Structure::UNKNOWN).unwrap();
            sound.selections(None).remove(0).selector
        };
        let selector = first(&tracks, None);
        assert_eq!(selector.selector_type, Some(AudioSelectorType::Stream));
        assert_eq!(selector.streams(), [3]);
        // Another program has its own sound.
        let selector = first(&tracks, Some(&[1, 5]));
        assert_eq!(selector.streams(), [5]);
        assert!(
            Sound::from_tracks(&tracks, Some(&[1]), &Structure::UNKNOWN).unwrap().tracks.is_empty()
        );
        assert_eq!(Sound::from_tracks(&tracks[..1], None, &Structure::UNKNOWN), None);
        assert_eq!(first(&tracks[1..], None).tracks(), [1]);
    }

    #[test]
    fn each_language_is_a_sound_and_the_wanted_one_is_the_first() {
        let mut all = sound(&[1, 1, 2, 6, 2]);
        let languages = [None, None, Some("fi"), Some("en"), Some("fi")];
        for (track, language) in all.tracks.iter_mut().zip(languages) {
            track.language = language.map(|it| it.parse().unwrap());
        }
        let selected = |default: Option<&str>| {
            let default: Option<Language> = default.map(|it| it.parse().unwrap());
            let selections = all.selections(default.as_ref()).into_iter();
            let selected = selections.map(|it| {
                let language = it.language.map(|it| it.to_string()).unwrap_or_default();
                (language, it.selector.tracks().to_vec())
            });
            selected.collect::<Vec<_>>()
        };
        let [none, fi, en] = [("", vec![1, 2]), ("fi", vec![3]), ("en", vec![4])]
            .map(|(language, tracks)| (language.to_owned(), tracks));
        assert_eq!(selected(None), [none.clone(), fi.clone(), en.clone()]);
        assert_eq!(selected(Some("en")), [en.clone(), none.clone(), fi.clone()]);
        assert_eq!(selected(Some("sv")), [none, fi, en]);
    }
}
