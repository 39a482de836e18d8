//! Measures the program `local`: its start, and its processor time while idle.

use std::path::Path;
use std::process::Stdio;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};
use tokio::io::{AsyncBufReadExt as _, BufReader, Lines};
use tokio::process::{Child, ChildStdout, Command};
use tokio::time::{sleep, timeout};

use crate::error::BenchError;
use crate::process::{find_program, list_children, read_processor_time};
use crate::stack::PACKAGING_GROUPS;
use crate::table::Table;
use crate::timings::format_milliseconds;

/// How long the idle program is measured.
const IDLE_PERIOD: Duration = Duration::from_secs(10);
const START_TIMEOUT: Duration = Duration::from_mins(1);

/// Starts the program as `make run` does, in a new folder, and then leaves it idle.
pub(crate) async fn measure(table: &mut Table, folder: &Path) -> Result<(), BenchError> {
    let mut local = Local::start(folder)?;
    let ready = local.wait_for_line("ready").await?;
    let on_air = local.wait_for_line("on air ").await?;

    let before = local.read_processor_times()?;
    let started = Instant::now();
    sleep(IDLE_PERIOD).await;
    let period = started.elapsed().as_secs_f64();
    let after = local.read_processor_times()?;
    let [program, encoder] =
        [0, 1].map(|index| after[index].saturating_sub(before[index]).as_secs_f64() / period);
    local.stop().await?;

    table.add_heading("the program local in a new folder");
    table.add("  start to \"ready\"", format_milliseconds(ready), "under 2 s");
    table.add("  start to \"on air\"", format_milliseconds(on_air), "under 10 s");
    let cores = format!("{:.2} cores", program + encoder);
    let what = format!("  processor while idle on air: {program:.2} local, {encoder:.2} encoder");
    table.add(what, cores, "under 1 core");
    Ok(())
}

#[derive(Debug)]
struct Local {
    started: Instant,
    child: Child,
    lines: Lines<BufReader<ChildStdout>>,
}

impl Local {
    fn start(folder: &Path) -> Result<Self, BenchError> {
        let run = |source| BenchError::Run { program: "local".to_owned(), source };
        let started = Instant::now();
        let mut child = Command::new(find_program("local")?)
            .args(["--port", "0", "--packaging-groups", PACKAGING_GROUPS, "--data-dir"])
            .arg(folder)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .map_err(run)?;
        let output =
            child.stdout.take().ok_or_else(|| run(std::io::ErrorKind::BrokenPipe.into()))?;
        Ok(Self { started, child, lines: BufReader::new(output).lines() })
    }

    /// Waits for an output line with a prefix. Returns the time from the program's start to the
    /// line.
    async fn wait_for_line(&mut self, prefix: &str) -> Result<Duration, BenchError> {
        let lines = &mut self.lines;
        let wait = async {
            while let Ok(Some(line)) = lines.next_line().await {
                if line.starts_with(prefix) {
                    return true;
                }
            }
            false
        };
        let found = timeout(START_TIMEOUT, wait).await;
        if found.map_err(|_| BenchError::Timeout { what: "the start of local" })? {
            return Ok(self.started.elapsed());
        }
        let run = |source| BenchError::Run { program: "local".to_owned(), source };
        let status = self.child.wait().await.map_err(run)?;
        Err(BenchError::Exited { program: "local".to_owned(), status })
    }

    /// Reads the processor time of the program and of its child process, the encoder.
    fn read_processor_times(&self) -> Result<[Duration; 2], BenchError> {
        let pid = self.child.id().unwrap_or_default();
        let children = list_children(pid)?.into_iter();
        let encoder: Result<Duration, _> = children.map(read_processor_time).sum();
        Ok([read_processor_time(pid)?, encoder?])
    }

    /// Sends SIGTERM, which stops the program like Ctrl-C does.
    async fn stop(mut self) -> Result<(), BenchError> {
        let run = |source| BenchError::Run { program: "local".to_owned(), source };
        let pid = self.child.id().and_then(|pid| Pid::from_raw(pid.try_into().ok()?));
        if let Some(pid) = pid {
            kill_process(pid, Signal::TERM).map_err(|error| run(error.into()))?;
        }
        self.child.wait().await.map_err(run)?;
        Ok(())
    }
}
