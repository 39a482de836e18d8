//! Programs that were built beside this one, and what the kernel tells of a process.
//! <https://man7.org/linux/man-pages/man5/proc_pid_stat.5.html>

use std::fs;
use std::path::PathBuf;
use std::time::Duration;

use rustix::param::clock_ticks_per_second;

use crate::error::BenchError;

/// The program of that name in the folder of this one.
pub(crate) fn built(name: &str) -> Result<PathBuf, BenchError> {
    let this = std::env::current_exe();
    let this = this.map_err(|source| BenchError::Run { program: name.to_owned(), source })?;
    let path = this.with_file_name(name);
    if path.is_file() { Ok(path) } else { Err(BenchError::NotBuilt(path)) }
}

/// Processor time a process has used, in its own code and in the kernel.
pub(crate) fn processor_time(pid: u32) -> Result<Duration, BenchError> {
    let path = file(pid, "stat");
    let text = read(&path)?;
    let stat = Stat::parse(&text).ok_or_else(|| unreadable(path))?;
    #[expect(clippy::cast_precision_loss, reason = "ticks of minutes")]
    Ok(Duration::from_secs_f64(stat.ticks as f64 / clock_ticks_per_second() as f64))
}

/// The processes that a process has started and that still run.
pub(crate) fn children(pid: u32) -> Result<Vec<u32>, BenchError> {
    let folder = PathBuf::from("/proc");
    let failed = |source| BenchError::Proc { path: folder.clone(), source };
    let processes = fs::read_dir(&folder).map_err(failed)?;
    let processes = processes.filter_map(|it| it.ok()?.file_name().to_str()?.parse().ok());
    // One that ends meanwhile is none of them any more.
    Ok(processes
        .filter(|it| {
            fs::read_to_string(file(*it, "stat"))
                .is_ok_and(|text| Stat::parse(&text).is_some_and(|stat| stat.parent == pid))
        })
        .collect())
}

/// The most memory a process has had resident, in bytes.
pub(crate) fn peak_memory(pid: u32) -> Result<u64, BenchError> {
    let path = file(pid, "status");
    peak(&read(&path)?).ok_or_else(|| unreadable(path))
}

fn file(pid: u32, name: &str) -> PathBuf {
    PathBuf::from(format!("/proc/{pid}/{name}"))
}

fn read(path: &PathBuf) -> Result<String, BenchError> {
    fs::read_to_string(path).map_err(|source| BenchError::Proc { path: path.clone(), source })
}

fn unreadable(path: PathBuf) -> BenchError {
    BenchError::Proc { path, source: std::io::ErrorKind::InvalidData.into() }
}

#[derive(Debug, PartialEq)]
struct Stat {
    parent: u32,
    ticks: u64,
}

impl Stat {
    /// The program's name stands second and in parentheses, and may hold anything.
    fn parse(text: &str) -> Option<Self> {
        let (_, rest) = text.rsplit_once(')')?;
        let fields: Vec<_> = rest.split_whitespace().collect();
        let field = |number: usize| fields.get(number - 3)?.parse::<u64>().ok();
        let (parent, user, system) = (field(4)?, field(14)?, field(15)?);
        Some(Self { parent: parent.try_into().ok()?, ticks: user + system })
    }
}

fn peak(status: &str) -> Option<u64> {
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    let kilobytes: u64 = line.trim().strip_suffix(" kB")?.parse().ok()?;
    Some(kilobytes * 1024)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stat_line_is_read_whatever_the_program_is_called() {
        let line = "7 (a) b (c) S 3 7 7 0 -1 4194304 90 0 0 0 12 5 0 0 20 0 4 0 8 1 2";
        assert_eq!(Stat::parse(line), Some(Stat { parent: 3, ticks: 17 }));
        assert_eq!(Stat::parse("7 (cat) S 3"), None);
    }

    #[test]
    fn the_peak_is_in_bytes() {
        assert_eq!(peak("VmPeak:\t  100 kB\nVmHWM:\t    7168 kB\n"), Some(7 << 20));
        assert_eq!(peak("Name:\tkthreadd\n"), None);
    }
}
