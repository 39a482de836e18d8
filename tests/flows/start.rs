//! The start of the program: its errors, its help, and its child processes.

use std::net::TcpListener;

use crate::local::{Local, command, wait_until_ended};

/// Runs a command that must fail, and returns its error message.
async fn read_error(mut command: tokio::process::Command) -> String {
    let output = command.output().await.unwrap();
    assert!(!output.status.success());
    assert!(output.stdout.is_empty(), "{}", String::from_utf8_lossy(&output.stdout));
    String::from_utf8(output.stderr).unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_start_that_fails_prints_the_reason_and_the_remedy() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let check = async |arguments: &[&str], expected: &str| {
        let error = read_error(command(&data, arguments)).await;
        assert!(error.contains(expected), "{error}");
    };
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port().to_string();
    let mut missing_folder = command(&data, &[]);
    missing_folder.args(["--packaging-groups", "nowhere"]);
    let error = read_error(missing_folder).await;
    assert!(error.contains("could not read nowhere: No such file"), "{error}");

    let mut port_in_use = tokio::process::Command::new(env!("CARGO_BIN_EXE_local"));
    port_in_use.current_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/.."));
    port_in_use.args(["--port", &port, "--data-dir"]).arg(&data);
    let error = read_error(port_in_use).await;
    let expected = format!(
        "local: port {port} is in use; stop the program that uses it or choose another port with --port\n"
    );
    assert_eq!(error, expected);

    let mut without_ffmpeg = command(&data, &[]);
    without_ffmpeg.env("PATH", folder.path());
    let error = read_error(without_ffmpeg).await;
    let expected =
        "local: ffmpeg is missing; install it, for example with `apt-get install ffmpeg`\n";
    assert_eq!(error, expected);

    check(&["--faults", "win=1"], "\"win=1\" is not a fault: lose, repeat, reorder").await;
    check(
        &["--source", "nothing.mp4"],
        "nothing.mp4 is neither a file nor an address that begins with rtmp://",
    )
    .await;
    check(&["--startover", "5"], "5 is not in 60..=1209600").await;

    let running = Local::start(&data, &[]).await;
    let error = read_error(command(&data, &[])).await;
    assert!(error.contains("is in use by another process; stop that process"), "{error}");
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
        "--assets-per-group",
        "--cdn-identifier",
        "--private",
        "--webhook",
        "--console",
        "--branding",
        "--token-lifetime",
        "--no-open",
        "--elemental-only",
        "--print-env",
    ] {
        assert!(help.contains(option), "{option}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_whole_environment_is_printed_on_request() {
    let folder = tempfile::tempdir().unwrap();
    let local = Local::start(folder.path(), &[]).await;
    for name in ["CLIPS_TABLE", "CHANNELS", "PACKAGING_GROUPS", "VOD_BASE_URL", "AWS_REGION"] {
        assert!(local.environment.contains_key(name), "{name} is missing");
    }
    local.interrupt().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_encoder_ends_with_the_program() {
    let folder = tempfile::tempdir().unwrap();
    let mut local = Local::start(folder.path(), &[]).await;
    local.wait_for_line("on air").await;
    let encoders = local.child_processes();
    assert_eq!(encoders.len(), 1);
    local.kill().await;
    wait_until_ended(&encoders).await;

    let mut local = Local::start(folder.path(), &[]).await;
    local.wait_for_line("on air").await;
    let encoders = local.child_processes();
    local.interrupt().await;
    wait_until_ended(&encoders).await;
}
