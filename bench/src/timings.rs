//! How long something took, many times over.

use std::fmt;
use std::time::{Duration, Instant};

/// Durations of the same thing.
#[derive(Clone, Debug, Default)]
pub(crate) struct Timings(Vec<Duration>);

impl Timings {
    pub(crate) fn add(&mut self, duration: Duration) {
        self.0.push(duration);
    }

    /// The smallest duration that at least this share of all do not exceed; zero if there is none.
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
        let (median, late) = (self.percentile(50), self.percentile(99));
        write!(f, "p50 {:>8}, p99 {:>8}", milliseconds(median), milliseconds(late))
    }
}

pub(crate) fn milliseconds(duration: Duration) -> String {
    format!("{:.1} ms", duration.as_secs_f64() * 1e3)
}

/// What a future gives, and how long it took to give it.
pub(crate) async fn timed<T>(work: impl Future<Output = T>) -> (T, Duration) {
    let begun = Instant::now();
    let done = work.await;
    (done, begun.elapsed())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_percentile_is_one_of_the_durations() {
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
