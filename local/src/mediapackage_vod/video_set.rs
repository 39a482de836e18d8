//! The adaptation set of the renditions of a DASH manifest.
//!
//! ffmpeg refuses an adaptation set whose renditions differ in their aspect ratio. They do if the
//! picture is not 16:9, because each size is rounded to whole pixels. So ffmpeg writes a set for each
//! rendition, and this joins the sets to one.

use std::fmt::Write as _;

const END: &str = "</AdaptationSet>";

/// The adaptation sets of all renditions but the first, for ffmpeg's option `-adaptation_sets`. Their
/// ids begin with `second`: ffmpeg accepts ids in ascending order only, without a gap.
pub(super) fn other_sets(renditions: usize, second: usize) -> String {
    let mut sets = String::new();
    for at in 1..renditions {
        let _ = write!(sets, " id={},streams={at}", second + at - 1);
    }
    sets
}

/// Joins the sets of renditions in a manifest to the first one.
pub(super) fn join_sets(manifest: &str, renditions: usize, second: usize) -> String {
    let mut text = manifest.to_owned();
    let mut representations = String::new();
    for at in 1..renditions {
        let start = format!("\t\t<AdaptationSet id=\"{}\"", second + at - 1);
        let Some((before, set)) = text.split_once(&start) else { continue };
        let Some((set, after)) = set.split_once(END) else { continue };
        if let Some((_, content)) = set.split_once(">\n") {
            representations.push_str(content.trim_end_matches('\t'));
        }
        text = format!("{before}{}", after.trim_start_matches('\n'));
    }
    text.replacen(&format!("\t\t{END}"), &format!("{representations}\t\t{END}"), 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_renditions_are_in_one_set_and_the_sound_in_another() {
        assert_eq!(other_sets(1, 2), "");
        assert_eq!(other_sets(3, 2), " id=2,streams=1 id=3,streams=2");
        let set = |id: usize, content: &str| {
            format!("\t\t<AdaptationSet id=\"{id}\" lang=\"x\">\n{content}\t\t</AdaptationSet>\n")
        };
        let video =
            |at: usize| format!("\t\t\t<Representation id=\"{at}\">\n\t\t\t</Representation>\n");
        let manifest =
            |sets: &[String]| format!("<MPD>\n\t<Period>\n{}\t</Period>\n", sets.concat());
        let written = [set(0, &video(0)), set(2, &video(1)), set(3, &video(2)), set(1, "")];
        let expected = [set(0, &[video(0), video(1), video(2)].concat()), set(1, "")];
        assert_eq!(join_sets(&manifest(&written), 3, 2), manifest(&expected));
        let alone = manifest(&[set(0, &video(0)), set(1, "")]);
        assert_eq!(join_sets(&alone, 1, 2), alone);
    }
}
