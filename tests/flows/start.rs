//! How the program starts, and refuses to.

use std::net::TcpListener;

use crate::local::{Local, all_gone, command};

/// Starts the program where it cannot start; the sentence it says.
async fn refusal(mut command: tokio::process::Command) -> String {
    let output = command.output().await.unwrap();
    assert!(!output.status.success());
    assert!(output.stdout.is_empty(), "{}", String::from_utf8_lossy(&output.stdout));
    String::from_utf8(output.stderr).unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn it_says_in_a_plain_sentence_why_it_cannot_start() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let check = async |arguments: &[&str], expected: &str| {
        let told = refusal(command(&data, arguments)).await;
        assert!(told.contains(expected), "{told}");
    };
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port().to_string();
    let mut other_port = command(&data, &[]);
    other_port.args(["--packaging-groups", "nowhere"]);
    let told = refusal(other_port).await;
    assert!(told.contains("could not read nowhere: No such file"), "{told}");

    let mut port_taken = tokio::process::Command::new(env!("CARGO_BIN_EXE_local"));
    port_taken.current_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/.."));
    port_taken.args(["--port", &port, "--data-dir"]).arg(&data);
    let told = refusal(port_taken).await;
    let expected = format!(
        "local: port {port} is in use; stop the program that uses it or choose another port with --port\n"
    );
    assert_eq!(told, expected);

    let mut without_ffmpeg = command(&data, &[]);
    without_ffmpeg.env("PATH", folder.path());
    let told = refusal(without_ffmpeg).await;
    let expected =
        "local: ffmpeg is missing; install it, for example with `apt-get install ffmpeg`\n";
    assert_eq!(told, expected);

    check(&["--faults", "win=1"], "\"win=1\" is not a fault: lose, repeat, reorder").await;
    check(&["--source", "nothing.mp4"], "nothing.mp4 is neither a file nor an rtmp://").await;
    check(&["--startover", "5"], "5 is not in 60..=1209600").await;

    let running = Local::start(&data, &[]).await;
    let told = refusal(command(&data, &[])).await;
    assert!(told.contains("is in use by another process; stop that process"), "{told}");
    running.interrupt().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn help_explains_every_option() {
    let folder = tempfile::tempdir().unwrap();
    let output = command(folder.path(), &["--help"]).output().await.unwrap();
    let help = String::from_utf8(output.stdout).unwrap();
    for option in [
        "--port",
        "--data-dir",
        "--packaging-groups",
        "--source",
        "--startover",
        "--sweep",
        "--faults",
        "--cdn-identifier",
    ] {
        assert!(help.contains(option), "{option}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_encoder_is_left_however_it_ends() {
    let folder = tempfile::tempdir().unwrap();
    let mut local = Local::start(folder.path(), &[]).await;
    local.wait_for_line("on air").await;
    let encoders = local.children();
    assert_eq!(encoders.len(), 1);
    local.kill().await;
    all_gone(&encoders).await;

    let mut local = Local::start(folder.path(), &[]).await;
    local.wait_for_line("on air").await;
    let encoders = local.children();
    local.interrupt().await;
    all_gone(&encoders).await;
}
