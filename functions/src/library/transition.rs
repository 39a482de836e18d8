//! What moves a clip from state to state: the one place that decides.

use std::collections::BTreeMap;

use chrono::{DateTime, TimeDelta, Utc};

use super::clip::{ActualBounds, Clip, ConfigurationId, Failure, Source, Status, Upload};
use crate::clip::Attempt;

/// Something learned about an attempt at a clip, from an event or by asking AWS; or something
/// asked for by a person.
#[derive(Clone, Debug, PartialEq)]
pub enum Trigger {
    /// The end of the clip has aired; these are the bounds it will have, where they are known.
    Aired { actual: Option<ActualBounds> },
    /// The harvest job exists.
    HarvestStarted,
    /// S3 takes the file in parts, under this id.
    MultipartStarted { multipart: String },
    /// The file is there, and is a video like this.
    FileProbed { actual: ActualBounds, thumbnails: u32 },
    /// The MediaConvert job exists.
    TranscodeStarted { job: String },
    /// The MediaConvert job has come so far.
    TranscodeProgressed { percent: u8 },
    /// The asset exists, and so its media does; its manifests are at these paths.
    AssetCreated { manifests: BTreeMap<ConfigurationId, String> },
    /// One packaging configuration can be played.
    Playable { configuration: ConfigurationId },
    /// The attempt will not become ready.
    Failed(Failure),
    /// Someone wants a failed clip tried again.
    Retried,
    /// Someone says something else of the clip.
    Edited(Edit),
    /// Someone does not want the clip any more.
    Deleted,
    /// The clip's time may be over.
    Expired,
}

/// What to change of what is said about a clip; what is absent stays.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Edit {
    pub title: Option<String>,
    pub description: Option<String>,
    pub tags: Option<Vec<String>>,
    pub expires_at: Option<Option<DateTime<Utc>>>,
}

/// How long caches may still show a list with a deleted clip in it, which is to play until then:
/// the two and ten seconds that lists may be kept, and what the index is behind.
const STILL_LISTED: TimeDelta = TimeDelta::seconds(15);

/// The clip after `trigger`, which is about attempt number `of`; `None` where that changes nothing.
///
/// Triggers come twice, late and out of order, from events, from the sweep and from requests.
/// Whatever a clip is past already changes nothing, so that any order of them ends in the same
/// state. What is learned of an earlier attempt is about media that nobody wants any more. A retry
/// names the attempt that failed, so that two of them make one new attempt.
pub fn after(clip: &Clip, of: u32, trigger: Trigger, now: DateTime<Utc>) -> Option<Clip> {
    if clip.status == Status::Deleting {
        return None;
    }
    let mut next = clip.clone();
    // Whoever is told of changes puts them in order by their times, and clocks differ.
    let now = now.max(clip.updated_at + TimeDelta::milliseconds(1));
    let mut look_at = None;
    match trigger {
        Trigger::Edited(edit) => next.edit(edit),
        Trigger::Expired if !clip.is_expired(now) => return None,
        Trigger::Deleted | Trigger::Expired => {
            next.status = Status::Deleting;
            next.deleted_at = Some(now);
            look_at = Some(now + STILL_LISTED);
        }
        _ if of != clip.attempt => return None,
        Trigger::Retried => {
            next.try_again(now)?;
            look_at = (next.status != Status::Queued).then_some(now);
        }
        trigger if clip.status.is_in_the_making() => next.learn(trigger, now)?,
        _ => return None,
    }
    if next == *clip {
        return None;
    }
    next.updated_at = now;
    next.version += 1;
    next.next_check_at = look_at.or_else(|| next.next_check(now));
    if next.status != Status::Queued {
        next.queued_at = None;
    }
    Some(next)
}

impl Clip {
    fn edit(&mut self, Edit { title, description, tags, expires_at }: Edit) {
        fn replace<T>(known: &mut T, new: Option<T>) {
            if let Some(new) = new {
                *known = new;
            }
        }
        replace(&mut self.title, title);
        replace(&mut self.description, description);
        replace(&mut self.tags, tags);
        replace(&mut self.expires_at, expires_at);
    }

    /// Goes back to where a failed clip went wrong, under a new number.
    fn try_again(&mut self, now: DateTime<Utc>) -> Option<()> {
        let again = self.status == Status::Failed && self.attempt < Attempt::MOST;
        let failure = self.failure.take_if(|_| again)?;
        self.attempt += 1;
        self.manifests.clear();
        self.playable.clear();
        if failure.code.leaves_media() {
            self.status = Status::Packaging;
            return Some(());
        }
        self.media_attempt = self.attempt;
        match &mut self.source {
            Source::Live { .. } => {
                self.status = Status::Queued;
                self.queued_at = Some(now);
            }
            Source::Upload(upload) => {
                self.status = Status::Uploading;
                upload.job = None;
                upload.progress = None;
            }
        }
        Some(())
    }

    /// Takes in what was learned of the attempt under way.
    fn learn(&mut self, trigger: Trigger, now: DateTime<Utc>) -> Option<()> {
        match trigger {
            Trigger::Aired { actual } if self.status == Status::Scheduled => {
                self.status = Status::Queued;
                self.queued_at = Some(now);
                self.actual = actual;
            }
            Trigger::HarvestStarted if self.status == Status::Queued => {
                self.status = Status::Harvesting;
            }
            Trigger::AssetCreated { manifests } if self.status != Status::Packaging => {
                self.status = Status::Packaging;
                self.manifests = manifests;
            }
            // A retry of the asset waits for it in this state; and an asset that vanished is
            // another one when it was made again.
            Trigger::AssetCreated { manifests } if self.manifests != manifests => {
                if !self.manifests.is_empty() {
                    self.playable.clear();
                }
                self.manifests = manifests;
            }
            Trigger::FileProbed { actual, thumbnails } if self.status == Status::Uploading => {
                self.status = Status::Transcoding;
                self.actual = Some(actual);
                upload_of(self)?.thumbnails = thumbnails;
            }
            Trigger::MultipartStarted { multipart } if self.status == Status::Uploading => {
                upload_of(self)?.multipart.get_or_insert(multipart);
            }
            Trigger::TranscodeStarted { job } if self.status == Status::Transcoding => {
                upload_of(self)?.job.get_or_insert(job);
            }
            // Reports of progress overtake each other.
            Trigger::TranscodeProgressed { percent } if self.status == Status::Transcoding => {
                let progress = &mut upload_of(self)?.progress;
                *progress = Some(progress.map_or(percent, |known| known.max(percent)));
            }
            // Ingest may be over before the row says that it began: it is remembered all the same.
            Trigger::Playable { configuration } => {
                self.playable.insert(configuration);
            }
            // Media cannot fail any more once its asset exists; an ingest still can.
            Trigger::Failed(failure)
                if self.status != Status::Packaging || failure.code.leaves_media() =>
            {
                self.status = Status::Failed;
                self.failure = Some(failure);
            }
            _ => return None,
        }
        let playable = |configuration| self.playable.contains(configuration);
        let proven = !self.manifests.is_empty() && self.manifests.keys().all(playable);
        if self.status == Status::Packaging && proven {
            self.status = Status::Ready;
            self.ready_at = Some(now);
        }
        Some(())
    }
}

fn upload_of(clip: &mut Clip) -> Option<&mut Upload> {
    match &mut clip.source {
        Source::Upload(upload) => Some(upload),
        Source::Live { .. } => None,
    }
}

#[cfg(test)]
pub(super) mod tests;
