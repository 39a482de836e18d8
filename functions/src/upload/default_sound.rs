//! Chooses the audio track that viewers hear if they choose none.

use super::sound::AudioTrack;
use crate::clip::Language;

/// The marks of an audio track in a file, beside its language.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct SoundMarks {
    /// Whether players choose the track if nobody chooses another one.
    pub(super) is_default: bool,
    /// Whether the track is a commentary, or describes the picture. Both accompany the program's sound.
    pub(super) is_additional: bool,
}

/// Finds the default sound among the audio tracks of a file, by its position.
///
/// Each rule chooses among the tracks that the rules before it leave. A rule that no track meets is
/// skipped.
///
/// 1. The track has the language that the upload asks for.
/// 2. The track is neither a commentary nor a description of the picture.
/// 3. The file marks the track as default.
/// 4. The track is the first one.
pub(super) fn find_default_sound(
    tracks: &[AudioTrack],
    language: Option<&Language>,
) -> Option<usize> {
    let mut left: Vec<usize> = (0..tracks.len()).collect();
    keep(&mut left, |at| language.is_some() && tracks[at].language.as_ref() == language);
    choose(tracks, left)
}

/// Finds the sound of a language, or the sound whose language is unknown, by the same rules.
pub(super) fn find_sound_in(tracks: &[AudioTrack], language: Option<&Language>) -> Option<usize> {
    let has_language = |at: &usize| tracks[*at].language.as_ref() == language;
    choose(tracks, (0..tracks.len()).filter(has_language).collect())
}

fn choose(tracks: &[AudioTrack], mut left: Vec<usize>) -> Option<usize> {
    keep(&mut left, |at| !tracks[at].marks.is_additional);
    keep(&mut left, |at| tracks[at].marks.is_default);
    left.first().copied()
}

/// Keeps the tracks that meet a rule. If no track meets it, keeps all of them.
fn keep(left: &mut Vec<usize>, meets: impl Fn(usize) -> bool) {
    if left.iter().any(|at| meets(*at)) {
        left.retain(|at| meets(*at));
    }
}

#[cfg(test)]
mod tests {
    use super::super::sound::tests::audio_track;
    use super::*;

    const PLAIN: SoundMarks = SoundMarks { is_default: false, is_additional: false };
    const DEFAULT: SoundMarks = SoundMarks { is_default: true, is_additional: false };
    const COMMENTARY: SoundMarks = SoundMarks { is_default: false, is_additional: true };

    #[track_caller]
    fn check(tracks: &[(&str, SoundMarks)], asked: Option<&str>, expected: Option<usize>) {
        let track = |(language, marks): &(&str, SoundMarks)| AudioTrack {
            language: language.parse().ok(),
            marks: *marks,
            ..audio_track(1, 2)
        };
        let tracks: Vec<_> = tracks.iter().map(track).collect();
        let asked: Option<Language> = asked.map(|it| it.parse().unwrap());
        assert_eq!(find_default_sound(&tracks, asked.as_ref()), expected, "{tracks:?}");
    }

    #[test]
    fn the_track_that_the_file_marks_as_default_is_heard() {
        check(&[("eng", PLAIN), ("fra", DEFAULT)], None, Some(1));
        check(&[("", PLAIN), ("", PLAIN), ("", DEFAULT)], None, Some(2));
    }

    #[test]
    fn of_equal_tracks_the_first_is_heard() {
        check(&[("eng", PLAIN), ("fra", PLAIN)], None, Some(0));
        check(&[("eng", DEFAULT), ("fra", DEFAULT)], None, Some(0));
        check(&[], None, None);
    }

    #[test]
    fn commentaries_are_heard_only_if_there_is_nothing_else() {
        check(&[("eng", COMMENTARY), ("eng", PLAIN)], None, Some(1));
        let marked = SoundMarks { is_default: true, is_additional: true };
        check(&[("eng", marked), ("eng", PLAIN)], None, Some(1));
        check(&[("eng", COMMENTARY), ("fra", COMMENTARY)], None, Some(0));
    }

    #[test]
    fn the_language_that_the_upload_asks_for_comes_first() {
        check(&[("eng", DEFAULT), ("fra", PLAIN)], Some("FRA"), Some(1));
        check(&[("eng", DEFAULT), ("fra", COMMENTARY), ("fra", PLAIN)], Some("fra"), Some(2));
        check(&[("eng", PLAIN), ("fra", DEFAULT)], Some("deu"), Some(1));
    }
}
