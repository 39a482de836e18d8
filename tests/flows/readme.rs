//! Runs the commands of README.md and docs/walkthrough.md as they are written there.

use std::path::Path;

use tokio::process::Command;

use crate::local::Local;

const README: &str = include_str!("../../README.md");
const WALKTHROUGH: &str = include_str!("../../docs/walkthrough.md");

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_commands_of_readme_and_walkthrough_work() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join(".matchcut");
    let local = Local::start(&data, &[]).await;
    local.wait_for_segments(6).await;

    // A reader runs the commands in the clone's folder, which has the scripts.
    let scripts = concat!(env!("CARGO_MANIFEST_DIR"), "/../scripts");
    std::os::unix::fs::symlink(scripts, folder.path().join("scripts")).unwrap();

    let host = local.api.trim_end_matches("/api");
    run(README, host, folder.path(), &["/live/out/v1/", "/vod/out/v1/"]).await;
    let expected = [
        "\"status\": \"harvesting\"",
        "#EXTM3U",
        "\"status\": \"ready\"",
        "\"title\": \"First race\"",
        "plays as HLS",
        "plays as DASH",
        "scheduled",
        "the same clip",
        "\"title\": \"The final\"",
        "204",
        "urn:matchcut:problem:not-found",
        "urn:matchcut:problem:invalid-window",
        "the upload plays",
        "the thumbnail is a picture",
        "Every pixel",
    ];
    run(WALKTHROUGH, host, folder.path(), &expected).await;
    local.interrupt().await;
}

/// Runs all `sh` blocks of a page in one shell and checks what they print.
async fn run(page: &str, host: &str, folder: &Path, expected: &[&str]) {
    let script: String = page
        .split("```sh\n")
        .skip(1)
        .map(|block| block.split_once("```").unwrap().0)
        .collect::<String>()
        .replace("http://127.0.0.1:8080", host);
    let output =
        Command::new("sh").args(["-eux", "-c", &script]).current_dir(folder).output().await;
    let output = output.unwrap();
    let (out, log) =
        (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "{log}");
    for expected in expected {
        assert!(out.contains(expected), "{expected} is missing in\n{out}\n{log}");
    }
}
