//! Runs ffmpeg and ffprobe as child processes that end with this process.

use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::process::Stdio;

use rustix::process::{Signal, set_parent_process_death_signal};
use tokio::process::Command;

#[derive(Debug, thiserror::Error)]
pub enum FfmpegError {
    #[error("ffmpeg is missing; install it, for example with `apt-get install ffmpeg`")]
    Missing,
    #[error("could not run {program}")]
    Run {
        program: &'static str,
        #[source]
        source: std::io::Error,
    },
    #[error("ffmpeg failed: {0}")]
    Failed(String),
}

/// A command whose process is killed when its handle is dropped or when this process ends, even by
/// `kill -9`.
///
/// The kernel sends the signal when the thread that started the child ends. Start children from the
/// runtime's own threads, which live as long as the process.
pub(crate) fn command(program: &str) -> Command {
    let mut command = Command::new(program);
    command.stdin(Stdio::null()).kill_on_drop(true);
    #[expect(unsafe_code, reason = "the only way to set the parent-death signal of a child")]
    // SAFETY: between fork and exec, the closure makes one system call, which is async-signal-safe.
    unsafe {
        command.pre_exec(|| Ok(set_parent_process_death_signal(Some(Signal::KILL))?));
    }
    command
}

/// Checks that ffmpeg and ffprobe can be started. Each is ended at once, because it takes a tenth of
/// a second to load its libraries.
pub(crate) fn check_installed() -> Result<(), FfmpegError> {
    for program in ["ffmpeg", "ffprobe"] {
        match command(program).stdout(Stdio::null()).stderr(Stdio::null()).spawn() {
            Ok(_ended_when_dropped) => {}
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
                return Err(FfmpegError::Missing);
            }
            Err(source) => return Err(FfmpegError::Run { program, source }),
        }
    }
    Ok(())
}

/// Runs ffmpeg and waits until it ends. If it fails, the error holds its last message.
pub(crate) async fn run<A: AsRef<OsStr>>(
    arguments: impl IntoIterator<Item = A>,
) -> Result<(), FfmpegError> {
    let output = command("ffmpeg")
        .args(["-hide_banner", "-nostats", "-loglevel", "error", "-y"])
        .args(arguments)
        .output()
        .await
        .map_err(|source| FfmpegError::Run { program: "ffmpeg", source })?;
    if output.status.success() {
        return Ok(());
    }
    let messages = String::from_utf8_lossy(&output.stderr);
    let last = messages.lines().rev().find(|line| !line.trim().is_empty());
    Err(FfmpegError::Failed(last.unwrap_or("no message").to_owned()))
}

/// A path or URL as an option of a filter in a filter graph, which reads escapes twice.
pub(crate) fn filter_path(path: &str) -> String {
    let escape = |text: &str, special: &str| {
        let mut escaped = String::new();
        for character in text.chars() {
            if special.contains(character) {
                escaped.push('\\');
            }
            escaped.push(character);
        }
        escaped
    };
    escape(&escape(path, "\\':"), "\\'[],;")
}

/// The codec names of the tracks of a media file that are of one kind: `v` for video, `a` for audio,
/// `s` for captions.
pub(crate) async fn list_tracks(file: &OsStr, kind: &str) -> Result<Vec<String>, FfmpegError> {
    let output = command("ffprobe")
        .args(["-loglevel", "error", "-select_streams", kind])
        .args(["-show_entries", "stream=index,codec_name", "-of", "csv=p=0"])
        .arg(file)
        .output()
        .await
        .map_err(|source| FfmpegError::Run { program: "ffprobe", source })?;
    if !output.status.success() {
        let messages = String::from_utf8_lossy(&output.stderr);
        return Err(FfmpegError::Failed(messages.trim().to_owned()));
    }
    // Of a transport stream, ffprobe prints the tracks once more for each program, and an empty line.
    let lines = String::from_utf8_lossy(&output.stdout);
    let tracks = lines.lines().filter_map(|line| {
        let mut values = line.split(',');
        Some((values.next()?.parse::<u32>().ok()?, values.next().unwrap_or_default().to_owned()))
    });
    Ok(tracks.collect::<BTreeMap<_, _>>().into_values().collect())
}
