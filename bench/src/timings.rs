//! Durations of repeated work, and their percentiles.

use std::fmt;
use std::time::{Duration, Instant};

/// Durations of the same work, measured many times.
#[derive(Clone, Debug, Default)]
pub(crate) struct Timings(Vec<Duration>);

impl Timings {
    pub(crate) fn add(&mut self, duration: Duration) {
        self.0.push(duration);
    }

    /// Adds the durations of others.
    pub(crate) fn append(&mut self, mut others: Self) {
        self.0.append(&mut others.0);
    }

    /// The smallest duration that at least `percent` percent of all durations do not exceed. Zero if
    /// there are no durations.
    pub(crate) fn percentile(&self, percent: usize) -> Duration {
        let mut sorted = self.0.clone();
        sorted.sort_unstable();
        let rank = (sorted.len() * percent).div_ceil(100).max(1);
        sorted.get(rank - 1).copied().unwrap_or_default()
    }

    pub(crate) fn median(&self) -> Duration {
        self.percentile(50)
    }
}

impl fmt::Display for Timings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (p50, p99) = (self.percentile(50), self.percentile(99));
        write!(f, "p50 {:>8}, p99 {:>8}", format_milliseconds(p50), format_milliseconds(p99))
    }
}

pub(crate) fn format_milliseconds(duration: Duration) -> String {
    format!("{:.1} ms", duration.as_secs_f64() * 1e3)
}

/// Awaits a future. Returns its output and how long it took.
pub(crate) async fn time<T>(work: impl Future<Output = T>) -> (T, Duration) {
    let started = Instant::now();
    let output = work.await;
    (output, started.elapsed())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_percentile_is_a_measured_duration() {
        let check = |count: u64, percent, expected| {
            let timings = Timings((1..=count).rev().map(Duration::from_millis).collect());
            let expected = Duration::from_millis(expected);
            assert_eq!(timings.percentile(percent), expected, "{percent} of {count}");
        };
        check(0, 50, 0);
        check(1, 50, 1);
        check(1, 99, 1);
        check(20, 50, 10);
        check(100, 99, 99);
        check(200, 99, 198);
    }
}
