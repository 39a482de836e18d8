//! Reads the properties of a video track that its renditions depend on: size, frame rate and colors.

use aws_sdk_mediaconvert::types::{
    AspectRatio, ColorPrimaries, FrameRate, MatrixCoefficients, TransferCharacteristics,
    VideoProperties,
};

/// The picture of a video.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Picture {
    /// The width in square pixels, after rotation.
    pub(super) width: f64,
    pub(super) height: f64,
    /// The frame rate of the renditions as a fraction. `None` if it is the frame rate of the file.
    pub(super) frame_rate: Option<(i32, i32)>,
    /// Whether the colors are to be converted to those of HD television, BT.709.
    pub(super) has_other_colors: bool,
}

/// The frame rates that cameras have. All players show them.
const FRAME_RATES: [(i32, i32); 9] = [
    (24_000, 1001),
    (24, 1),
    (25, 1),
    (30_000, 1001),
    (30, 1),
    (48, 1),
    (50, 1),
    (60_000, 1001),
    (60, 1),
];
/// How much a frame rate may differ from one of [`FRAME_RATES`] and still be the same rate.
const FRAME_RATE_TOLERANCE: f64 = 0.0005;
/// How much the average of a variable frame rate may differ from the rate of most of its frames.
const AVERAGE_TOLERANCE: f64 = 0.02;

impl Picture {
    /// Reads the properties of a track. `None` if the picture has no size.
    pub(super) fn from_properties(properties: &VideoProperties) -> Option<Self> {
        let (width, height) = display_size(properties)?;
        Some(Self {
            width,
            height,
            frame_rate: choose_frame_rate(properties.frame_rate.as_ref()),
            has_other_colors: has_other_colors(properties),
        })
    }
}

/// Chooses the frame rate of the renditions: at most 60 frames per second.
///
/// A rate that cameras have is kept. A multiple of such a rate is divided: 240 becomes 60. A fraction is
/// multiplied: 12.5 becomes 25. Any other rate may be the average of a variable rate. A recording that
/// lost some frames keeps the whole rate that is near. A screen recording may have a picture that
/// stands still for minutes: its motion keeps 30 frames per second, or 60 if the average is higher.
fn choose_frame_rate(rate: Option<&FrameRate>) -> Option<(i32, i32)> {
    let rate = rate.and_then(|rate| Some((rate.numerator?, rate.denominator?)));
    let Some((numerator, denominator)) = rate.filter(|(n, d)| *n > 0 && *d > 0) else {
        return Some((30, 1));
    };
    let rate = f64::from(numerator) / f64::from(denominator);
    let is_near = |of: f64, (numerator, denominator): &(i32, i32)| {
        let standard = f64::from(*numerator) / f64::from(*denominator);
        (of / standard - 1.0).abs() < FRAME_RATE_TOLERANCE
    };
    if FRAME_RATES.iter().any(|standard| is_near(rate, standard)) {
        return None;
    }
    // The frames of a slower video are shown at different times, like those of a slide show.
    let is_related = rate > 60.0 || (10.0..24.0).contains(&rate);
    let factors = (2..=10).map(f64::from).filter(|_| is_related);
    let mut related = factors.map(|factor| if rate > 60.0 { rate / factor } else { rate * factor });
    let found =
        related.find_map(|rate| FRAME_RATES.iter().rev().find(|standard| is_near(rate, standard)));
    let distance = |(numerator, _): &&(i32, i32)| (rate / f64::from(*numerator) - 1.0).abs();
    let mut whole = FRAME_RATES.iter().filter(|(_, denominator)| *denominator == 1);
    let near = whole.find(|standard| distance(standard) < AVERAGE_TOLERANCE);
    let motion = if rate > 30.1 { (60, 1) } else { (30, 1) };
    Some(*found.or(near).unwrap_or(&motion))
}

/// The width and height in square pixels, after rotation.
fn display_size(properties: &VideoProperties) -> Option<(f64, f64)> {
    let coded = properties.codec_metadata.as_ref();
    let shape = properties.sample_aspect_ratio.as_ref();
    let shape = shape.or_else(|| coded?.sample_aspect_ratio.as_ref());
    let width = f64::from(properties.width?) * pixel_aspect_ratio(shape);
    let height = f64::from(properties.height?);
    let is_turned = properties.rotation.unwrap_or(0).rem_euclid(180) == 90;
    let (width, height) = if is_turned { (height, width) } else { (width, height) };
    (width > 0.0 && height > 0.0).then_some((width, height))
}

/// The width of a pixel divided by its height.
fn pixel_aspect_ratio(ratio: Option<&AspectRatio>) -> f64 {
    let ratio = ratio.and_then(|ratio| Some((ratio.numerator?, ratio.denominator?)));
    match ratio {
        Some((numerator, denominator)) if numerator > 0 && denominator > 0 => {
            f64::from(numerator) / f64::from(denominator)
        }
        _ => 1.0,
    }
}

/// Whether the file states colors other than BT.709. Of MPEG-2 streams, only the codec states them.
fn has_other_colors(properties: &VideoProperties) -> bool {
    let coded = properties.codec_metadata.as_ref();
    let primaries = properties.color_primaries.as_ref();
    let primaries = primaries.or_else(|| coded?.color_primaries.as_ref());
    let transfer = properties.transfer_characteristics.as_ref();
    let transfer = transfer.or_else(|| coded?.transfer_characteristics.as_ref());
    let matrix = properties.matrix_coefficients.as_ref();
    let matrix = matrix.or_else(|| coded?.matrix_coefficients.as_ref());
    let has_other_primaries = primaries.is_some_and(|primaries| {
        use ColorPrimaries::{Itu709, Last, Reserved, Unspecified};
        !matches!(primaries, Itu709 | Last | Reserved | Unspecified)
    });
    let has_other_matrix = matrix.is_some_and(|matrix| {
        use MatrixCoefficients::{Itu709, Last, Reserved, Unspecified};
        !matches!(matrix, Itu709 | Last | Reserved | Unspecified)
    });
    let is_high_dynamic_range = matches!(
        transfer,
        Some(TransferCharacteristics::Smpte2084 | TransferCharacteristics::AribB67)
    );
    has_other_primaries || has_other_matrix || is_high_dynamic_range
}

#[cfg(test)]
mod tests {
    use aws_sdk_mediaconvert::types::CodecMetadata;

    use super::*;

    #[test]
    fn renditions_have_at_most_60_frames_per_second_and_a_variable_rate_keeps_its_motion() {
        let check = |numerator: i32, denominator: i32, expected: Option<(i32, i32)>| {
            let rate = FrameRate::builder().numerator(numerator).denominator(denominator).build();
            assert_eq!(choose_frame_rate(Some(&rate)), expected, "{numerator}/{denominator}");
        };
        for (numerator, denominator) in [(25, 1), (30_000, 1001), (2997, 50), (60, 1), (50, 1)] {
            check(numerator, denominator, None);
        }
        check(240, 1, Some((60, 1)));
        check(120, 1, Some((60, 1)));
        check(100, 1, Some((50, 1)));
        check(120_000, 1001, Some((60_000, 1001)));
        check(72, 1, Some((24, 1)));
        // A screen recording, a phone, a rate that no camera has, and a slide show.
        check(59, 20, Some((30, 1)));
        check(17_900, 599, Some((30, 1)));
        check(5893, 100, Some((60, 1)));
        // A recording in fragments, whose average is not exact.
        check(480_000, 19_337, Some((25, 1)));
        check(2360, 100, Some((24, 1)));
        check(12, 1, Some((24, 1)));
        check(25, 2, Some((25, 1)));
        check(15_000, 1001, Some((30_000, 1001)));
        check(20, 1, Some((60, 1)));
        check(1000, 1, Some((60, 1)));
        check(40, 1, Some((60, 1)));
        check(1, 1, Some((30, 1)));
        assert_eq!(choose_frame_rate(None), Some((30, 1)));
    }

    #[test]
    fn the_properties_that_only_the_codec_states_count_too() {
        let shape = AspectRatio::builder().numerator(64).denominator(45).build();
        let coded = CodecMetadata::builder()
            .sample_aspect_ratio(shape)
            .color_primaries(ColorPrimaries::Itu470Bg);
        let properties = VideoProperties::builder().width(720).height(576);
        let properties = properties.codec_metadata(coded.build()).build();
        let picture = Picture::from_properties(&properties).unwrap();
        assert_eq!((picture.width, picture.height), (1024.0, 576.0));
        assert!(picture.has_other_colors);
    }

    #[test]
    fn colors_other_than_bt_709_are_converted() {
        let check = |build: fn(&mut VideoProperties), expected: bool| {
            let mut properties = VideoProperties::builder().width(64).height(64).build();
            build(&mut properties);
            assert_eq!(has_other_colors(&properties), expected, "{properties:?}");
        };
        check(|_| (), false);
        check(|it| it.matrix_coefficients = Some(MatrixCoefficients::Itu709), false);
        check(|it| it.matrix_coefficients = Some(MatrixCoefficients::Unspecified), false);
        check(|it| it.matrix_coefficients = Some(MatrixCoefficients::Rgb), true);
        check(|it| it.color_primaries = Some(ColorPrimaries::Smpte170M), true);
        check(|it| it.color_primaries = Some(ColorPrimaries::Itu2020), true);
        check(|it| it.transfer_characteristics = Some(TransferCharacteristics::AribB67), true);
    }
}
