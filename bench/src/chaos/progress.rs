//! Says how long a run will take: before it from the limits, and in it from the clips done so far.

use std::time::{Duration, Instant};

use matchcut_local::Limits;

use crate::Arguments;
use crate::promises::Promises;

/// A run takes about as long as MediaPackage's rate needs for this many calls of each clip. Measured with
/// 10,000 clips: a throttled call waits longer than until the next call would be accepted.
const CALLS_PER_CLIP: f64 = 2.1;
const REPORT_PERIOD: Duration = Duration::from_secs(10);

/// Describes MediaPackage's rate, and how long it lets the run take.
pub(crate) fn describe_limits(arguments: &Arguments) -> String {
    let Limits { media_package_rate, media_package_burst, .. } = arguments.limits;
    let calls = count(arguments.clips) * CALLS_PER_CLIP - f64::from(media_package_burst);
    let duration = Duration::from_secs_f64(calls.max(0.0) / f64::from(media_package_rate));
    format!(
        "limits    MediaPackage accepts {media_package_rate} calls a second after a burst of \
         {media_package_burst}: {} clips take about {}, or as long as this machine needs",
        arguments.clips,
        format_duration(duration)
    )
}

/// Prints every 10 s how many clips have reached a final state, and how long the others will take.
/// Never returns.
pub(crate) async fn report(promises: &Promises, clips: u64) {
    let started = Instant::now();
    let mut ticks = tokio::time::interval(REPORT_PERIOD);
    ticks.tick().await;
    loop {
        ticks.tick().await;
        let finished = promises.count_finished() as u64;
        let left = match estimate_time_left(finished, clips, started.elapsed()) {
            Some(left) => format!("about {} left", format_duration(left)),
            None => "time left unknown".to_owned(),
        };
        eprintln!("{finished} of {clips} clips have reached a final state, {left}");
    }
}

/// How long the other clips take if they take as long as those that have finished.
fn estimate_time_left(finished: u64, clips: u64, elapsed: Duration) -> Option<Duration> {
    (finished > 0).then(|| elapsed.mul_f64(count(clips - finished) / count(finished)))
}

#[expect(clippy::cast_precision_loss, reason = "at most some thousands of clips")]
pub(crate) fn count(clips: u64) -> f64 {
    clips as f64
}

/// Formats a duration in seconds up to two minutes, and then in minutes.
fn format_duration(duration: Duration) -> String {
    match duration.as_secs() {
        seconds @ ..120 => format!("{seconds} s"),
        seconds => format!("{} min", (seconds + 30) / 60),
    }
}

#[cfg(test)]
mod tests {
    use clap::Parser as _;

    use super::*;

    #[test]
    fn the_time_that_a_run_takes_follows_from_the_limits() {
        let check = |options: &[&str], expected: &str| {
            let arguments = Arguments::parse_from(["chaos"].iter().chain(options));
            let text = describe_limits(&arguments);
            assert!(text.contains(expected), "{text}");
        };
        check(&[], "10000 clips take about 70 min,");
        check(&["--clips=60"], "60 clips take about 15 s,");
        check(&["--media-package-rate=1000"], "10000 clips take about 20 s,");
        check(&["--clips=10"], "10 clips take about 0 s,");
    }

    #[test]
    fn the_time_left_follows_from_the_clips_that_have_finished() {
        let estimate = |finished| estimate_time_left(finished, 100, Duration::from_mins(1));
        assert_eq!(estimate(0), None);
        assert_eq!(estimate(25), Some(Duration::from_mins(3)));
        assert_eq!(estimate(100), Some(Duration::ZERO));
    }
}
