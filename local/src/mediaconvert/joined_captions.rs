//! The captions of a job's outputs: those of its inputs, cut and joined as the pictures are.

use chrono::TimeDelta;

use super::captions::to_time;
use super::parts::Part;
use crate::webvtt::Cue;

/// The cues of the outputs for a selector: those of each part, cut to it and moved to where the outputs
/// show it. `lengths` are the durations of the parts in the outputs.
pub(super) fn join_captions(parts: &[Part<'_>], lengths: &[f64], selector: &str) -> Vec<Cue> {
    let mut joined = Vec::new();
    let mut position = TimeDelta::zero();
    for (part, length) in parts.iter().zip(lengths) {
        let cues = part.input.captions.get(selector).map(Vec::as_slice).unwrap_or_default();
        let begin = to_time(part.first_second());
        cut_cues(cues, begin, begin + to_time(*length), position, &mut joined);
        position += to_time(*length);
    }
    joined.sort_by_key(|cue| cue.start);
    joined
}

/// Cuts cues to the time from `begin` to `end`, which the outputs show at `position`.
fn cut_cues(
    cues: &[Cue],
    begin: TimeDelta,
    end: TimeDelta,
    position: TimeDelta,
    to: &mut Vec<Cue>,
) {
    let cut = cues.iter().map(|cue| Cue {
        start: cue.start.max(begin) - begin + position,
        end: cue.end.min(end) - begin + position,
        text: cue.text.clone(),
    });
    to.extend(cut.filter(|cue| cue.start < cue.end));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cues_are_cut_to_their_part_and_moved_to_its_place() {
        let at = |seconds: i64| TimeDelta::seconds(seconds);
        let cue = |start: i64, end: i64, text: &str| Cue {
            start: at(start),
            end: at(end),
            text: text.to_owned(),
        };
        let cues = [
            cue(0, 2, "before"),
            cue(1, 3, "over the begin"),
            cue(4, 5, "inside"),
            cue(6, 9, "over the end"),
            cue(7, 8, "after"),
        ];
        let mut joined = Vec::new();
        cut_cues(&cues, at(2), at(7), at(10), &mut joined);
        let expected =
            [cue(10, 11, "over the begin"), cue(12, 13, "inside"), cue(14, 15, "over the end")];
        assert_eq!(joined, expected);
    }
}
