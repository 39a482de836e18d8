//! I-frame playlists: the pictures of a transport stream that a player can show alone, for scrubbing.
//!
//! An entry is the byte range of one I frame in its segment. The segment begins with its PAT and PMT,
//! which the player reads first.
//! <https://www.rfc-editor.org/rfc/rfc8216#section-4.3.3.6>

use std::fmt::Write as _;

use chrono::TimeDelta;

const PACKET: usize = 188;
const SYNC: u8 = 0x47;
/// Time stamps count ticks of 90 kHz, and begin again after 2^33 of them.
const TICKS_PER_SECOND: i64 = 90_000;
const TICKS: i64 = 1 << 33;

/// An I frame of a segment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct IFrame {
    /// Its first byte in the segment.
    offset: usize,
    length: usize,
    duration: TimeDelta,
}

impl IFrame {
    /// The bit rate of a player that shows each I frame for its duration.
    pub(crate) fn bits_per_second(&self) -> u64 {
        let milliseconds = self.duration.num_milliseconds().max(1).unsigned_abs();
        self.length as u64 * 8 * 1000 / milliseconds
    }
}

/// Finds the I frames of a segment that lasts `duration`. An I frame lasts until the next one.
pub(crate) fn find_i_frames(segment: &[u8], duration: TimeDelta) -> Vec<IFrame> {
    let Some(video) = find_video_pid(segment) else { return Vec::new() };
    let mut found: Vec<(usize, usize, i64)> = Vec::new();
    let mut is_inside = false;
    for (offset, packet) in packets(segment).filter(|(_, packet)| pid(packet) == video) {
        if begins_unit(packet) {
            is_inside = is_random_access(packet);
            if let Some(time) = presentation_time(packet).filter(|_| is_inside) {
                found.push((offset, offset + PACKET, time));
            }
        } else if is_inside && let Some((_, end, _)) = found.last_mut() {
            *end = offset + PACKET;
        }
    }
    let starts: Vec<_> = found.iter().map(|(_, _, time)| since(*time, found[0].2)).collect();
    let ends = starts.iter().skip(1).copied().chain([duration]);
    let durations = starts.iter().zip(ends).map(|(start, end)| end - *start);
    let frames = found.iter().zip(durations);
    frames
        .map(|((offset, end, _), duration)| IFrame {
            offset: *offset,
            length: end - offset,
            duration,
        })
        .collect()
}

/// Writes the entries of a segment's I frames.
pub(crate) fn write_entries(text: &mut String, frames: &[IFrame], uri: &str) {
    for IFrame { offset, length, duration } in frames {
        let seconds = duration.as_seconds_f64();
        let _ = writeln!(text, "#EXTINF:{seconds:.6},\n#EXT-X-BYTERANGE:{length}@{offset}\n{uri}");
    }
}

/// The part of a `CODECS` attribute that describes video.
pub(crate) fn video_codecs(codecs: &str) -> &str {
    codecs.split(',').find(|codec| codec.starts_with("avc")).unwrap_or(codecs)
}

/// The packets of a transport stream, with their offsets.
fn packets(stream: &[u8]) -> impl Iterator<Item = (usize, &[u8])> {
    let packets = stream.chunks_exact(PACKET).enumerate().map(|(at, packet)| (at * PACKET, packet));
    packets.filter(|(_, packet)| packet[0] == SYNC)
}

fn pid(packet: &[u8]) -> u16 {
    u16::from_be_bytes([packet[1] & 0x1f, packet[2]])
}

/// Whether a PES packet or a table begins in the packet.
fn begins_unit(packet: &[u8]) -> bool {
    packet[1] & 0x40 != 0
}

fn payload(packet: &[u8]) -> &[u8] {
    let adaptation = if packet[3] & 0x20 == 0 { 0 } else { 1 + usize::from(packet[4]) };
    packet.get(4 + adaptation..).unwrap_or_default()
}

/// Whether a decoder can start at the packet: its adaptation field says so.
fn is_random_access(packet: &[u8]) -> bool {
    packet[3] & 0x20 != 0 && packet[4] > 0 && packet[5] & 0x40 != 0
}

/// The PID of the first H.264 stream in the program map table.
fn find_video_pid(segment: &[u8]) -> Option<u16> {
    const H264: u8 = 0x1b;
    let table = |id: u16| {
        let (_, packet) = packets(segment).find(|(_, it)| pid(it) == id && begins_unit(it))?;
        let payload = payload(packet);
        payload.get(1 + usize::from(*payload.first()?)..)
    };
    // A PAT has 8 bytes before its programs. In each, the PID of the map is behind the number.
    let pat = table(0)?;
    let map = u16::from_be_bytes([pat.get(10)? & 0x1f, *pat.get(11)?]);
    // A PMT has 12 bytes and descriptors before its streams, and a checksum of 4 bytes behind them.
    let pmt = table(map)?;
    let number =
        |at: usize| Some(usize::from(*pmt.get(at)? & 0x0f) << 8 | usize::from(*pmt.get(at + 1)?));
    let end = 3 + number(1)? - 4;
    let mut at = 12 + number(10)?;
    while at + 5 <= end {
        if *pmt.get(at)? == H264 {
            return Some(u16::from_be_bytes([pmt.get(at + 1)? & 0x1f, *pmt.get(at + 2)?]));
        }
        at += 5 + number(at + 3)?;
    }
    None
}

/// The time stamp of the first picture of a segment, or of its first sound if it has no picture.
pub(crate) fn first_time(segment: &[u8]) -> Option<i64> {
    let video = find_video_pid(segment);
    let of_stream = |packet: &[u8]| video.is_none_or(|video| pid(packet) == video);
    packets(segment)
        .filter(|(_, packet)| begins_unit(packet) && of_stream(packet))
        .find_map(|(_, packet)| presentation_time(packet))
}

/// The presentation time stamp of a PES packet that begins in the packet.
fn presentation_time(packet: &[u8]) -> Option<i64> {
    let pes = payload(packet);
    let has_time = pes.starts_with(&[0, 0, 1]) && *pes.get(7)? & 0x80 != 0;
    let bits = |at: usize, mask: u8| Some(i64::from(*pes.get(at)? & mask));
    let time = bits(9, 0x0e)? << 29
        | bits(10, 0xff)? << 22
        | bits(11, 0xfe)? << 14
        | bits(12, 0xff)? << 7
        | bits(13, 0xfe)? >> 1;
    has_time.then_some(time)
}

/// The time from one time stamp to a later one.
fn since(time: i64, first: i64) -> TimeDelta {
    let ticks = (time - first).rem_euclid(TICKS);
    TimeDelta::microseconds(ticks * 1_000_000 / TICKS_PER_SECOND)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn each_i_frame_of_a_segment_is_found_with_its_duration() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("segment.ts");
        let source = ["-f", "lavfi", "-i", "testsrc2=size=320x180:rate=25"];
        let sound = ["-f", "lavfi", "-i", "sine=frequency=440"];
        // The second I frame is after 30 of the 50 frames. B frames arrive in another order.
        let encoder = ["-c:v", "libx264", "-g", "30", "-bf", "2", "-sc_threshold", "0"];
        let output = ["-t", "2", "-c:a", "aac", "-f", "mpegts", file.to_str().unwrap()];
        let arguments = source.iter().chain(&sound).chain(&encoder).chain(&output);
        crate::ffmpeg::run(arguments).await.unwrap();

        let media = std::fs::read(&file).unwrap();
        let frames = find_i_frames(&media, TimeDelta::seconds(2));
        let durations: Vec<_> = frames.iter().map(|it| it.duration.num_milliseconds()).collect();
        assert_eq!(durations, [1200, 800]);
        for frame in &frames {
            // The tables at the start of the segment, and the bytes of the frame.
            let end = frame.offset + frame.length;
            let picture = [&media[..frames[0].offset], &media[frame.offset..end]].concat();
            let file = folder.path().join("picture.ts");
            std::fs::write(&file, picture).unwrap();
            assert_eq!(list_pictures(&file).await, ["I"]);
        }
        assert!(frames[0].bits_per_second() > 0);
    }

    #[test]
    fn what_is_no_transport_stream_has_no_i_frames() {
        let silent = vec![0; 10 * PACKET];
        for media in [&b"media"[..], &[], &silent, &[SYNC; 3 * PACKET]] {
            assert_eq!(find_i_frames(media, TimeDelta::seconds(2)), []);
        }
    }

    #[test]
    fn time_stamps_may_begin_again() {
        assert_eq!(since(90_000, TICKS - 90_000), TimeDelta::seconds(2));
    }

    /// Decodes a file, and lists the types of its pictures.
    async fn list_pictures(file: &std::path::Path) -> Vec<String> {
        let asked = ["-loglevel", "error", "-select_streams", "v"];
        let output = crate::ffmpeg::command("ffprobe")
            .args(asked)
            .args(["-show_entries", "frame=pict_type", "-of", "csv=p=0"])
            .arg(file)
            .output()
            .await
            .unwrap();
        let text = String::from_utf8(output.stdout).unwrap();
        // Side data of a picture leaves a comma and an empty line.
        text.split_whitespace().map(|line| line.trim_end_matches(',').to_owned()).collect()
    }
}
