//! Paths of programs that were built with this one, and figures of running processes from `/proc`.
//! <https://man7.org/linux/man-pages/man5/proc_pid_stat.5.html>

use std::fs;
use std::path::PathBuf;
use std::time::Duration;

use rustix::param::clock_ticks_per_second;

use crate::error::BenchError;

/// Finds a program in the folder of this program.
pub(crate) fn find_program(name: &str) -> Result<PathBuf, BenchError> {
    let this = std::env::current_exe();
    let this = this.map_err(|source| BenchError::Run { program: name.to_owned(), source })?;
    let path = this.with_file_name(name);
    if path.is_file() { Ok(path) } else { Err(BenchError::NotBuilt(path)) }
}

/// The processor time that a process has used, in user mode and in the kernel.
pub(crate) fn read_processor_time(pid: u32) -> Result<Duration, BenchError> {
    let path = proc_path(pid, "stat");
    let text = read(&path)?;
    let stat = Stat::parse(&text).ok_or_else(|| invalid_file(path))?;
    #[expect(clippy::cast_precision_loss, reason = "at most some minutes in ticks")]
    Ok(Duration::from_secs_f64(stat.ticks as f64 / clock_ticks_per_second() as f64))
}

/// Lists the running child processes of a process.
pub(crate) fn list_children(pid: u32) -> Result<Vec<u32>, BenchError> {
    let folder = PathBuf::from("/proc");
    let failed = |source| BenchError::ReadFile { path: folder.clone(), source };
    let processes = fs::read_dir(&folder).map_err(failed)?;
    let processes =
        processes.filter_map(|process| process.ok()?.file_name().to_str()?.parse().ok());
    // A process that exits meanwhile is left out.
    Ok(processes
        .filter(|process| {
            fs::read_to_string(proc_path(*process, "stat"))
                .is_ok_and(|text| Stat::parse(&text).is_some_and(|stat| stat.parent == pid))
        })
        .collect())
}

/// The largest resident set size of a process so far, in bytes.
pub(crate) fn read_peak_memory(pid: u32) -> Result<u64, BenchError> {
    let path = proc_path(pid, "status");
    parse_peak(&read(&path)?).ok_or_else(|| invalid_file(path))
}

fn proc_path(pid: u32, name: &str) -> PathBuf {
    PathBuf::from(format!("/proc/{pid}/{name}"))
}

fn read(path: &PathBuf) -> Result<String, BenchError> {
    fs::read_to_string(path).map_err(|source| BenchError::ReadFile { path: path.clone(), source })
}

fn invalid_file(path: PathBuf) -> BenchError {
    BenchError::ReadFile { path, source: std::io::ErrorKind::InvalidData.into() }
}

#[derive(Debug, PartialEq)]
struct Stat {
    parent: u32,
    ticks: u64,
}

impl Stat {
    /// Parses a line of `/proc/<pid>/stat`. The second field is the program's name in parentheses,
    /// which can itself contain spaces and parentheses.
    fn parse(text: &str) -> Option<Self> {
        let (_, rest) = text.rsplit_once(')')?;
        let fields: Vec<_> = rest.split_whitespace().collect();
        let field = |number: usize| fields.get(number - 3)?.parse::<u64>().ok();
        let (parent, user, system) = (field(4)?, field(14)?, field(15)?);
        Some(Self { parent: parent.try_into().ok()?, ticks: user + system })
    }
}

fn parse_peak(status: &str) -> Option<u64> {
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    let kilobytes: u64 = line.trim().strip_suffix(" kB")?.parse().ok()?;
    Some(kilobytes * 1024)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stat_line_is_parsed_for_any_program_name() {
        let line = "7 (a) b (c) S 3 7 7 0 -1 4194304 90 0 0 0 12 5 0 0 20 0 4 0 8 1 2";
        assert_eq!(Stat::parse(line), Some(Stat { parent: 3, ticks: 17 }));
        assert_eq!(Stat::parse("7 (cat) S 3"), None);
    }

    #[test]
    fn peak_memory_is_in_bytes() {
        assert_eq!(parse_peak("VmPeak:\t  100 kB\nVmHWM:\t    7168 kB\n"), Some(7 << 20));
        assert_eq!(parse_peak("Name:\tkthreadd\n"), None);
    }
}
