//! Media of a clip that has the requested frames and no other.

use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};

use super::{Attempt, Bounds, Clip, Failure, FailureCode, Remake, Source, Status, Trigger, Window};

/// How precisely the media of a clip starts and ends.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Precision {
    /// With a segment of the stream. Players skip the frames that were not requested.
    #[default]
    Segment,
    /// With the first and the last requested frame.
    Frame,
}

/// The media that a harvest job has copied out of a stream.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct HarvestedMedia {
    pub attempt: u32,
    pub bounds: Bounds,
}

/// Frame-exact media that a clip plays.
///
/// The harvested media stays in S3, without an asset. So a trim can reach as far as it does, and no frame
/// is encoded twice.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct ExactMedia {
    pub harvest: HarvestedMedia,
    /// The window whose frames the media has.
    pub window: Window,
}

/// The job that makes frame-exact media.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ExactJob {
    /// The media that it reads.
    pub harvest: HarvestedMedia,
    /// The id of the MediaConvert job, once it is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub job: Option<String>,
    /// In percent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub progress: Option<u8>,
    /// The number of failed jobs before this one.
    #[serde(default)]
    pub failed_tries: u32,
    /// When the job may start, after another one has failed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub start_at: Option<DateTime<Utc>>,
}

/// Most jobs for one window.
const MAX_TRIES: u32 = 3;
/// The pause after the first failed job. Each further pause is four times as long.
const FIRST_RETRY_DELAY: TimeDelta = TimeDelta::minutes(1);

impl ExactJob {
    /// Records the id or the progress of the job. Returns `None` if the trigger is about neither.
    pub(super) fn record(&mut self, trigger: &Trigger) -> Option<()> {
        match trigger {
            Trigger::TranscodeStarted { job } => {
                self.job.get_or_insert_with(|| job.clone());
            }
            // Progress events can arrive out of order.
            Trigger::TranscodeProgressed { percent } => {
                self.progress = self.progress.max(Some(*percent));
            }
            _ => return None,
        }
        Some(())
    }

    /// The pause before the next job, if there is a next one after this failure.
    pub(super) fn retry_delay(&self, failure: &Failure) -> Option<TimeDelta> {
        let is_final = failure.code == FailureCode::TranscodeRefused;
        let delay = FIRST_RETRY_DELAY * 4_i32.pow(self.failed_tries.min(MAX_TRIES));
        (!is_final && self.failed_tries + 1 < MAX_TRIES).then_some(delay)
    }
}

impl Clip {
    /// How precisely the media that plays is cut.
    pub fn precision_of_media(&self) -> Precision {
        match (&self.source, &self.exact) {
            (Source::Live { requested, .. }, Some(exact)) if exact.window == *requested => {
                Precision::Frame
            }
            _ => Precision::Segment,
        }
    }

    /// The media that was harvested from the stream. A trim can reach as far as it does. `None` if its
    /// bounds are unknown.
    pub fn harvested_media(&self) -> Option<HarvestedMedia> {
        match self.exact {
            Some(exact) => Some(exact.harvest),
            None => Some(HarvestedMedia { attempt: self.media_attempt, bounds: self.actual? }),
        }
    }

    /// Whether the media of an attempt stays when its asset is deleted, because frame-exact media is
    /// made of it.
    pub fn keeps_media_of(&self, attempt: u32) -> bool {
        self.exact.is_some_and(|exact| exact.harvest.attempt == attempt)
    }

    /// Whether the job for the frame-exact media of the requested window has failed for good.
    pub fn has_failed_exact_job(&self) -> bool {
        self.remake.as_ref().is_some_and(|it| it.status == Status::Failed && it.exact.is_some())
    }

    /// Plans frame-exact media of the requested window, if the clip is to have it.
    pub(super) fn start_exact_media(&mut self, now: DateTime<Utc>) -> Option<()> {
        let Source::Live { requested, .. } = self.source else { return None };
        self.start_exact_job(requested, 0, None, now)
    }

    /// Plans the job for the frame-exact media of a window. Replaces a remake that has not ended.
    pub(super) fn start_exact_job(
        &mut self,
        window: Window,
        failed_tries: u32,
        start_at: Option<DateTime<Utc>>,
        now: DateTime<Utc>,
    ) -> Option<()> {
        let is_made = self.exact.is_some_and(|exact| exact.window == window);
        let is_wanted = self.status == Status::Ready && self.precision == Precision::Frame;
        if !is_wanted || is_made || self.last_attempt().number >= Attempt::MAX {
            return None;
        }
        let harvest = self.harvested_media()?;
        let attempt = self.last_attempt().number + 1;
        self.cancel_remake(now);
        let exact = ExactJob { harvest, job: None, progress: None, failed_tries, start_at };
        self.remake = Some(Remake {
            exact: Some(exact),
            ..Remake::new(attempt, Status::Transcoding, window, Some(harvest.bounds.part(window)))
        });
        Some(())
    }

    /// Moves the window of a ready clip within the harvested media.
    pub(super) fn trim(&mut self, window: Window, now: DateTime<Utc>) -> Option<()> {
        let Source::Live { requested, .. } = &mut self.source else { return None };
        let is_within = self.actual.is_none_or(|it| it.contains(window));
        if is_within {
            let is_moved = *requested != window;
            *requested = window;
            self.cancel_remake(now);
            if is_moved {
                self.restart_files();
            }
        }
        let is_started = self.start_exact_job(window, 0, None, now).is_some();
        (is_within || is_started).then_some(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clip::transition::tests::at;

    #[test]
    fn a_failed_job_is_tried_again_unless_it_was_refused() {
        let failure = |code| Failure { code, message: String::new() };
        let harvest = HarvestedMedia { attempt: 1, bounds: Bounds::lasting(at(0), 10.0) };
        let job = |failed_tries| ExactJob {
            harvest,
            job: None,
            progress: None,
            failed_tries,
            start_at: None,
        };
        let delay = |tries, code| job(tries).retry_delay(&failure(code)).map(|it| it.num_minutes());
        assert_eq!(delay(0, FailureCode::TranscodeFailed), Some(1));
        assert_eq!(delay(1, FailureCode::IngestFailed), Some(4));
        assert_eq!(delay(2, FailureCode::TranscodeFailed), None);
        assert_eq!(delay(0, FailureCode::TranscodeRefused), None);
    }
}
