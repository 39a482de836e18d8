//! The names that Probe has for containers, codecs and colors, by the names of ffprobe.

/// Names color primaries, transfer characteristics or matrix coefficients as Probe does.
pub(super) fn color_name(name: &str) -> Option<&'static str> {
    Some(match name {
        "bt709" => "ITU_709",
        "bt470m" => "ITU_470M",
        "bt470bg" => "ITU_470BG",
        "smpte170m" => "SMPTE_170M",
        "smpte240m" => "SMPTE_240M",
        "bt2020" => "ITU_2020",
        "bt2020-10" => "ITU_2020_10bit",
        "bt2020-12" => "ITU_2020_12bit",
        "smpte2084" => "SMPTE_2084",
        "arib-std-b67" => "ARIB_B67",
        "smpte431" => "SMPTE_431_2",
        "smpte432" => "SMPTE_EG_432_1",
        "iec61966-2-1" => "IEC_61966_2_1",
        "linear" => "LINEAR",
        _ => return None,
    })
}

/// The containers that MediaConvert reads, by the names that Probe uses.
pub(super) fn container_name(names: &str) -> Option<&'static str> {
    Some(match names {
        "mov,mp4,m4a,3gp,3g2,mj2" => "mp4",
        "matroska,webm" => "matroska",
        "mxf" => "mxf",
        "wav" => "wave",
        "avi" => "avi",
        "mpegts" => "mpegts",
        "mpeg" => "mpegps",
        "mp3" => "mp3",
        "flac" => "flac",
        "asf" => "asf",
        "ogg" => "ogg",
        "aac" => "aac",
        "ac3" => "ac3",
        "eac3" => "eac3",
        _ => return None,
    })
}

/// The codecs that MediaConvert reads, by the names that Probe uses.
pub(super) fn codec(name: &str) -> &'static str {
    match name {
        "aac" => "AAC",
        "ac3" => "AC3",
        "eac3" => "EAC3",
        "flac" => "FLAC",
        "mp2" => "MP2",
        "mp3" => "MP3",
        "opus" => "OPUS",
        "vorbis" => "VORBIS",
        "amr_nb" | "amr_wb" => "AMR",
        "wmav1" => "WMA",
        "wmav2" => "WMA2",
        "wmapro" => "WMAPRO",
        "av1" => "AV1",
        "h264" => "AVC",
        "dvvideo" => "DV",
        "h263" => "H263",
        "hevc" => "HEVC",
        "jpeg2000" => "JPEG2000",
        "mjpeg" => "MJPEG",
        "mpeg1video" => "MPEG1",
        "mpeg2video" => "MPEG2",
        "mpeg4" => "MP4V",
        "prores" => "PRORES",
        "qtrle" => "QTRLE",
        "rawvideo" => "UNCOMPRESSED",
        "theora" => "THEORA",
        "vc1" | "wmv3" => "VC1",
        "dnxhd" => "VC3",
        "vp8" => "VP8",
        "vp9" => "VP9",
        name if name.starts_with("pcm_") => "PCM",
        _ => "UNKNOWN",
    }
}
