//! The README's walkthroughs, run as they are written there.

use tokio::process::Command;

use crate::local::Local;

const README: &str = include_str!("../../README.md");

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_walkthrough_works_pasted_line_by_line() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join(".matchcut");
    let local = Local::start(&data, &[]).await;
    local.wait_for_segments(6).await;

    // A user is in the clone's folder, and so has its scripts at hand.
    let scripts = concat!(env!("CARGO_MANIFEST_DIR"), "/../scripts");
    std::os::unix::fs::symlink(scripts, folder.path().join("scripts")).unwrap();

    let (_, walkthrough) = README.split_once("## A clip's life").unwrap();
    let script: String = walkthrough
        .split("```sh\n")
        .skip(1)
        .map(|block| block.split_once("```").unwrap().0)
        .collect::<String>()
        .replace("http://127.0.0.1:8080", local.api.trim_end_matches("/api"));
    let output = Command::new("sh")
        .args(["-eux", "-c", &script])
        .current_dir(folder.path())
        .output()
        .await
        .unwrap();
    let (out, log) =
        (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "{log}");
    for expected in [
        "\"status\":\"harvesting\"",
        "\"status\":\"ready\"",
        "plays as HLS",
        "plays as DASH",
        "\"status\":\"scheduled\"",
        "the same clip",
        "\"title\":\"The final\"",
        "204",
        "not-found",
        "the upload plays",
        "the thumbnail is a picture",
        "\"title\":\"Every pixel\"",
    ] {
        assert!(out.contains(expected), "there is no {expected} in\n{out}\n{log}");
    }
    local.interrupt().await;
}
