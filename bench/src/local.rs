//! The program `local`: how soon it is up and on air, and what it costs while idle.

use std::path::Path;
use std::process::Stdio;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};
use tokio::io::{AsyncBufReadExt as _, BufReader, Lines};
use tokio::process::{Child, ChildStdout, Command};
use tokio::time::{sleep, timeout};

use crate::error::BenchError;
use crate::process::{children, processor_time};
use crate::stack::PACKAGING_GROUPS;
use crate::table::Table;
use crate::timings::milliseconds;

const WINDOW: Duration = Duration::from_secs(10);

/// Starts the program as `make run` does, on a new folder, and leaves it alone for a while.
pub(crate) async fn measure(table: &mut Table, folder: &Path) -> Result<(), BenchError> {
    let mut local = Local::start(folder)?;
    let ready = local.said("ready").await?;
    let on_air = local.said("on air ").await?;

    let before = local.processor_times()?;
    let begun = Instant::now();
    sleep(WINDOW).await;
    let window = begun.elapsed().as_secs_f64();
    let after = local.processor_times()?;
    let [program, encoder] =
        [0, 1].map(|it| (after[it].saturating_sub(before[it])).as_secs_f64() / window);
    local.stop().await?;

    table.heading("local on a new folder");
    table.add("  from start to \"ready\"", milliseconds(ready), "under 2 s");
    table.add("  from start to \"on air\"", milliseconds(on_air), "under 10 s");
    let shares = format!("{:.2} cores", program + encoder);
    let what = format!("  idle on air: {program:.2} of a core itself, {encoder:.2} its encoder");
    table.add(what, shares, "under 1 core");
    Ok(())
}

#[derive(Debug)]
struct Local {
    begun: Instant,
    child: Child,
    lines: Lines<BufReader<ChildStdout>>,
}

impl Local {
    fn start(folder: &Path) -> Result<Self, BenchError> {
        let run = |source| BenchError::Run { program: "local".to_owned(), source };
        let begun = Instant::now();
        let mut child = Command::new(crate::process::built("local")?)
            .args(["--port", "0", "--packaging-groups", PACKAGING_GROUPS, "--data-dir"])
            .arg(folder)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .map_err(run)?;
        let output =
            child.stdout.take().ok_or_else(|| run(std::io::ErrorKind::BrokenPipe.into()))?;
        Ok(Self { begun, child, lines: BufReader::new(output).lines() })
    }

    /// Waits for a line that starts so; how long after the start it came.
    async fn said(&mut self, start: &str) -> Result<Duration, BenchError> {
        let lines = &mut self.lines;
        let wait = async {
            while let Ok(Some(line)) = lines.next_line().await {
                if line.starts_with(start) {
                    return true;
                }
            }
            false
        };
        let said = timeout(Duration::from_mins(1), wait).await;
        if said.map_err(|_| BenchError::Late { what: "the start of local" })? {
            return Ok(self.begun.elapsed());
        }
        let run = |source| BenchError::Run { program: "local".to_owned(), source };
        let status = self.child.wait().await.map_err(run)?;
        Err(BenchError::Ended { program: "local".to_owned(), status })
    }

    /// Processor time of the program itself, and of what it runs: the encoder.
    fn processor_times(&self) -> Result<[Duration; 2], BenchError> {
        let pid = self.child.id().unwrap_or_default();
        let of_children: Result<Duration, _> = children(pid)?.into_iter().map(processor_time).sum();
        Ok([processor_time(pid)?, of_children?])
    }

    /// Stops it as Ctrl-C would.
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
