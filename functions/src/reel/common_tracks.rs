//! Which sounds and captions a reel keeps: the languages that all of its clips have, and the captions in
//! the video if all of them have some.

use crate::asset::{BestRendition, RenditionSound, TrackRendition};

/// Reduces the tracks of clips to those that all of them have, in the order of the first clip.
///
/// Without two common sounds, the reel has the default sound of each clip.
pub(super) fn keep_common_tracks<'a>(
    media: impl Iterator<Item = &'a BestRendition> + Clone,
) -> Vec<BestRendition> {
    let sounds = find_common(media.clone().map(|it| separate_sounds(&it.sound)));
    let captions = find_common(media.clone().map(|it| it.captions.as_slice()));
    let first = media.clone().next().map(|it| it.closed_captions.clone()).unwrap_or_default();
    let is_common = |channel: u8| {
        media.clone().all(|it| it.closed_captions.iter().any(|other| other.channel == channel))
    };
    let closed_captions: Vec<_> = first.into_iter().filter(|it| is_common(it.channel)).collect();
    let have_embedded = media.clone().all(|it| it.has_embedded_captions);
    let keep = |it: &BestRendition| {
        let mut kept = it.with_default_sound();
        if sounds.len() > 1 {
            kept.sound = RenditionSound::Separate(select(separate_sounds(&it.sound), &sounds));
        }
        kept.captions = select(&it.captions, &captions);
        kept.closed_captions.clone_from(&closed_captions);
        kept.has_embedded_captions = have_embedded;
        kept
    };
    media.map(keep).collect()
}

fn separate_sounds(sound: &RenditionSound) -> &[TrackRendition] {
    match sound {
        RenditionSound::Separate(sounds) => sounds,
        RenditionSound::Silent | RenditionSound::Muxed => &[],
    }
}

/// The language of a track. A track without a language is known by its name.
fn language(track: &TrackRendition) -> &str {
    track.label.language.as_deref().unwrap_or(&track.label.name)
}

/// The languages of the first clip that every clip has.
fn find_common<'a>(mut clips: impl Iterator<Item = &'a [TrackRendition]> + Clone) -> Vec<&'a str> {
    let mut common: Vec<&str> = Vec::new();
    for language in clips.next().unwrap_or_default().iter().map(language) {
        let is_common = clips.clone().all(|tracks| find(tracks, language).is_some());
        if is_common && !common.contains(&language) {
            common.push(language);
        }
    }
    common
}

fn select(tracks: &[TrackRendition], languages: &[&str]) -> Vec<TrackRendition> {
    languages.iter().filter_map(|language| find(tracks, language).cloned()).collect()
}

fn find<'a>(tracks: &'a [TrackRendition], wanted: &str) -> Option<&'a TrackRendition> {
    tracks.iter().find(|track| language(track) == wanted)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::asset::ClosedCaptions;

    fn tracks(names: &[&str]) -> Vec<TrackRendition> {
        names.iter().map(|name| TrackRendition::sample("g", name, &name.to_lowercase())).collect()
    }

    fn media(sounds: &[&str], captions: &[&str], channels: &[u8]) -> BestRendition {
        BestRendition {
            sound: RenditionSound::Separate(tracks(sounds)),
            captions: tracks(captions),
            closed_captions: channels
                .iter()
                .map(|at| ClosedCaptions::sample(*at, "CC", "en"))
                .collect(),
            has_embedded_captions: !channels.is_empty(),
            ..BestRendition::sample(640, 360, 25.0)
        }
    }

    #[test]
    fn a_reel_keeps_the_languages_that_all_of_its_clips_have() {
        let clips = [
            media(&["fi", "en", "sv"], &["fi", "en"], &[1, 3]),
            media(&["en", "fi"], &["en"], &[1]),
        ];
        let kept = keep_common_tracks(clips.iter());
        assert_eq!(kept, vec![media(&["fi", "en"], &["en"], &[1]); 2]);
    }

    #[test]
    fn captions_in_every_video_stay_there_announced_or_not() {
        let announced = media(&["fi"], &[], &[1]);
        let unannounced = BestRendition { has_embedded_captions: true, ..media(&["fi"], &[], &[]) };
        let kept = keep_common_tracks([&announced, &unannounced].into_iter());
        assert_eq!(kept, vec![unannounced.clone(); 2]);
        let without = media(&["fi"], &[], &[]);
        let kept = keep_common_tracks([&unannounced, &without].into_iter());
        assert_eq!(kept, vec![without; 2]);
    }

    #[test]
    fn without_two_common_sounds_each_clip_has_its_default_sound() {
        let clips = [media(&["fi", "en"], &[], &[]), media(&["sv", "fi"], &[], &[])];
        let kept = keep_common_tracks(clips.iter());
        assert_eq!(kept, [media(&["fi"], &[], &[]), media(&["sv"], &[], &[])]);
        let muxed = BestRendition::sample(640, 360, 25.0);
        let kept = keep_common_tracks([&clips[0], &muxed].into_iter());
        assert_eq!(kept, [media(&["fi"], &[], &[]), muxed]);
    }
}
