//! Makes media fixtures with ffmpeg, and counts frames.

use std::path::{Path, PathBuf};

use tokio::process::Command;

/// Runs ffmpeg; its last argument is a name in the folder.
pub(crate) async fn make(folder: &Path, name: &str, arguments: &str) -> PathBuf {
    let file = folder.join(name);
    let output = Command::new("ffmpeg")
        .args(["-v", "error", "-y"])
        .args(arguments.split_whitespace())
        .arg(&file)
        .current_dir(folder)
        .output()
        .await
        .unwrap();
    assert!(output.status.success(), "{name}: {}", String::from_utf8_lossy(&output.stderr));
    file
}

/// An input for ffmpeg: a moving picture.
pub(crate) fn picture(size: &str, seconds: f64) -> String {
    format!("-f lavfi -t {seconds} -i testsrc2=size={size}:rate=25")
}

/// An input for ffmpeg: a tone with the given number of channels.
pub(crate) fn tone(channels: &str, seconds: f64) -> String {
    let expression = "0.1*sin(2*PI*440*t)|".repeat(channels.parse().unwrap());
    let expression = expression.trim_end_matches('|');
    format!("-f lavfi -t {seconds} -i aevalsrc={expression}:s=48000")
}

/// Rotates the first video track of an MP4 by 90° as phones do, by the matrix of its header.
///
/// ISO/IEC 14496-12, 8.3.2: a `tkhd` of version 0 has its matrix 40 bytes after its type.
pub(crate) fn turn(file: &Path) {
    let mut bytes = std::fs::read(file).unwrap();
    let header = bytes.windows(4).position(|word| word == b"tkhd").unwrap();
    assert_eq!(bytes[header + 4], 0, "the header has version 0");
    let matrix: [u32; 9] = [0, 0x1_0000, 0, 0xFFFF_0000, 0, 0, 0, 0, 0x4000_0000];
    let matrix: Vec<u8> = matrix.into_iter().flat_map(u32::to_be_bytes).collect();
    bytes[header + 44..header + 80].copy_from_slice(&matrix);
    std::fs::write(file, bytes).unwrap();
}

/// Cuts a file off at half its length.
pub(crate) fn truncate(file: &Path) {
    let bytes = std::fs::read(file).unwrap();
    std::fs::write(file, &bytes[..bytes.len() / 2]).unwrap();
}

/// A video of 1.6 seconds.
pub(crate) async fn video() -> Vec<u8> {
    let folder = tempfile::tempdir().unwrap();
    let arguments = format!("{} -c:v libx264 -preset ultrafast", picture("320x180", 1.6));
    std::fs::read(make(folder.path(), "video.mp4", &arguments).await).unwrap()
}

/// Counts the frames of the best video at a URL.
pub(crate) async fn count_frames(url: &str) -> String {
    let output = Command::new("ffprobe")
        .args(["-v", "error", "-select_streams", "v:0", "-count_frames"])
        .args(["-show_entries", "stream=nb_read_frames", "-of", "csv=p=0", url])
        .output()
        .await
        .unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    text.lines().find(|line| !line.is_empty()).unwrap_or_default().to_owned()
}
