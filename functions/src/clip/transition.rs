//! The one function that decides how a clip changes state.

use std::collections::BTreeMap;

use chrono::{DateTime, TimeDelta, Utc};

use super::{
    Bounds, Clip, ConfigurationId, Edit, ExportChange, ExportId, Failure, MadeFiles, PlannedClip,
    Source, Status, Upload,
};

/// What causes a change of a clip: a fact about one attempt, reported by an event or by a check,
/// or a request by a person.
#[derive(Clone, Debug, PartialEq)]
pub enum Trigger {
    /// The end of the clip has aired. `actual` is `None` if the bounds are unknown.
    Aired { actual: Option<Bounds> },
    /// The harvest job exists.
    HarvestStarted,
    /// S3 accepts the file in parts, under this id.
    MultipartStarted { multipart: String },
    /// S3 is joining the parts, which takes longer than a request may.
    JoiningStarted,
    /// The file exists, and it is a video. `actual` is `None` if it does not state its duration.
    FileProbed { actual: Option<Bounds> },
    /// The MediaConvert job exists.
    TranscodeStarted { job: String },
    /// The MediaConvert job has reached this percentage.
    TranscodeProgressed { percent: u8 },
    /// The MediaConvert job is complete, and this many thumbnails exist. The media lasts this long, if
    /// the job reports it.
    Transcoded { seconds: Option<f64>, thumbnails: u32 },
    /// The media and the asset exist. The manifests are at these paths.
    AssetCreated { manifests: BTreeMap<ConfigurationId, String> },
    /// One packaging configuration is playable.
    Playable { configuration: ConfigurationId },
    /// The media in the bucket replaces the asset.
    AssetReplaced,
    /// The asset that was replaced is deleted.
    AssetDeleted,
    /// The MediaConvert job that makes the clip's files exists.
    FilesStarted { number: u32, job: String },
    /// The job has made these files.
    FilesMade(MadeFiles),
    /// The job has failed, or could not be started.
    FilesFailed { number: u32, reason: String },
    /// The asset and the media of a retired attempt are deleted.
    AttemptRemoved,
    /// The attempt has failed.
    Failed(Failure),
    /// An operator retries a failed clip.
    Retried,
    /// The rule that made the clip makes this of the marks now.
    Planned(Box<PlannedClip>),
    /// The rule that made the clip makes nothing of its marks any more.
    Withdrawn,
    /// An operator confirms a suggestion. `actual` is `None` if the bounds are unknown.
    Confirmed { operator: Option<String>, has_aired: bool, actual: Option<Bounds> },
    /// An operator changes the editable fields.
    Edited(Edit),
    /// Something happens to an export of the clip.
    ExportChanged { id: ExportId, change: ExportChange },
    /// The time at which viewers' lists may show the clip may have passed.
    Published,
    /// The file of an upload has not arrived in time.
    Abandoned,
    /// The file has arrived after the upload was given up.
    FileArrived,
    /// An operator deletes the clip. It can be restored for this time.
    Deleted { keep: TimeDelta },
    /// The clip may have passed its expiry.
    Expired,
    /// The sweep starts to remove what the deleted clip has in AWS.
    RemovalStarted,
    /// An operator restores the deleted clip.
    Restored,
}

/// How long a cached list may still show a deleted clip, which must play until then.
///
/// 15 s: `max-age` 2 s, `stale-while-revalidate` 10 s, and index lag.
pub(super) const MAX_LIST_AGE: TimeDelta = TimeDelta::seconds(15);

/// How long a clip may take to play, with pauses, beyond its duration. Until then, its asset stays after
/// it was replaced: a player that has begun with the asset ends with it.
pub(super) const MAX_PAUSE: TimeDelta = TimeDelta::hours(1);

/// How long the row of an upload is kept after it was given up. If the file arrives meanwhile, the clip
/// keeps what it was announced with. Then no request can be under way any more: URLs are valid for an
/// hour.
const MAX_LATENESS: TimeDelta = TimeDelta::hours(24);

/// How long the row of a file is kept at least after S3 was asked to join its parts, which takes
/// minutes. Meanwhile the sweep asks again.
const MAX_JOIN: TimeDelta = TimeDelta::hours(1);

/// Returns the clip after `trigger`, or `None` if the trigger changes nothing.
///
/// `attempt` is the number of the attempt that the trigger is about. Triggers arrive twice, late
/// and out of order, from events, from the sweep and from requests. A trigger that the clip is
/// already past changes nothing, so every order ends in the same state. Facts about an earlier
/// attempt are ignored. A retry names the attempt that failed, so two retries of one attempt make
/// one new attempt.
pub fn apply_trigger(
    clip: &Clip,
    attempt: u32,
    trigger: Trigger,
    now: DateTime<Utc>,
) -> Option<Clip> {
    let mut next = clip.clone();
    // Subscribers sort change events by this time, and the clocks of functions differ.
    let now = now.max(clip.updated_at + TimeDelta::milliseconds(1));
    let mut check_at = None;
    match trigger {
        Trigger::RemovalStarted | Trigger::Restored | Trigger::FileArrived
            if clip.status != Status::Deleting =>
        {
            return None;
        }
        Trigger::FileArrived if !clip.is_given_up() => return None,
        Trigger::RemovalStarted => {
            next.removal_started = true;
            check_at = Some(now);
        }
        Trigger::Restored | Trigger::FileArrived => {
            next.restore(now)?;
            check_at = needs_immediate_check(next.status).then_some(now);
        }
        Trigger::Planned(planned) => next.follow(*planned)?,
        _ if clip.status == Status::Deleting => return None,
        Trigger::Withdrawn => next.withdraw(now)?,
        Trigger::Confirmed { operator, has_aired, actual } => {
            next.confirm(operator, has_aired, actual, now)?;
        }
        Trigger::Edited(edit) => next.edit(edit, now)?,
        Trigger::ExportChanged { id, change } => next.change_export(&id, change, now)?,
        Trigger::Published if !clip.is_due_for_publication(now) => return None,
        Trigger::Published => next.publish_at = None,
        Trigger::Expired if !clip.is_expired(now) => return None,
        Trigger::Abandoned if attempt != clip.attempt || clip.status != Status::Uploading => {
            return None;
        }
        Trigger::Abandoned => {
            next.delete(now);
            check_at = Some(now + MAX_LATENESS);
        }
        Trigger::Deleted { keep } => {
            next.delete(now);
            check_at = (!next.was_never_made()).then_some(now + keep.max(MAX_LIST_AGE));
        }
        Trigger::Expired => {
            next.delete(now);
            check_at = (!next.was_never_made()).then_some(now + MAX_LIST_AGE);
        }
        Trigger::FilesStarted { .. } | Trigger::FilesMade(_) | Trigger::FilesFailed { .. } => {
            let files = next.files.as_mut().filter(|_| attempt == clip.media_attempt)?;
            match trigger {
                Trigger::FilesStarted { number, job } => files.start(number, job)?,
                Trigger::FilesMade(made) => files.finish(made)?,
                Trigger::FilesFailed { number, reason } => files.fail(number, reason, now)?,
                _ => return None,
            }
        }
        Trigger::AttemptRemoved if clip.status == Status::Ready => {
            next.retired.retain(|retired| retired.attempt != attempt);
            if let Some(files) = &mut next.files {
                files.forget(attempt);
            }
        }
        trigger if clip.remake.as_ref().is_some_and(|remake| remake.attempt == attempt) => {
            next.progress_remake(trigger, now)?;
        }
        _ if attempt != clip.attempt => return None,
        Trigger::Retried => {
            next.retry(now)?;
            check_at = (next.status != Status::Queued).then_some(now);
        }
        Trigger::AssetReplaced => next.replace_asset(now)?,
        Trigger::AssetDeleted if clip.is_asset_removable(now) => next.asset_removable_at = None,
        trigger if clip.status.is_in_progress() => {
            next.progress(trigger, now)?;
            let _ = next.start_exact_media(now);
        }
        _ => return None,
    }
    if next == *clip {
        return None;
    }
    next.updated_at = now;
    next.version += 1;
    next.next_check_at = check_at.or_else(|| next.next_check(now));
    if !next.is_queued() {
        next.queued_at = None;
    }
    Some(next)
}

impl Clip {
    /// Lets the media in the bucket, which is HLS, replace the asset of a ready clip.
    fn replace_asset(&mut self, now: DateTime<Utc>) -> Option<()> {
        if self.status != Status::Ready {
            return None;
        }
        self.asset_expires_at.take()?;
        self.asset_removable_at = Some(now + self.longest_play_time());
        self.manifests = [("hls".to_owned(), self.media_path())].into();
        self.playable = ["hls".to_owned()].into();
        Some(())
    }

    /// Applies a fact about the current attempt.
    pub(super) fn progress(&mut self, trigger: Trigger, now: DateTime<Utc>) -> Option<()> {
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
            // A retry of the asset is already `packaging` when its asset is created. If an asset
            // vanished and was created again, nothing is proven playable yet.
            Trigger::AssetCreated { manifests } if self.manifests != manifests => {
                if !self.manifests.is_empty() {
                    self.playable.clear();
                }
                self.manifests = manifests;
            }
            Trigger::FileProbed { actual } if self.status == Status::Uploading => {
                self.status = Status::Transcoding;
                self.actual = actual;
            }
            Trigger::MultipartStarted { multipart } if self.status == Status::Uploading => {
                upload_mut(self)?.multipart.get_or_insert(multipart);
            }
            Trigger::JoiningStarted if self.status == Status::Uploading => {
                let upload = upload_mut(self)?;
                upload.joining_since.get_or_insert(now);
                upload.awaited_until = upload.awaited_until.map(|until| until.max(now + MAX_JOIN));
            }
            Trigger::TranscodeStarted { job } if self.status == Status::Transcoding => {
                self.encoding_mut()?.0.get_or_insert(job);
            }
            // Progress events can arrive out of order.
            Trigger::TranscodeProgressed { percent } if self.status == Status::Transcoding => {
                let (_, progress) = self.encoding_mut()?;
                *progress = Some(progress.map_or(percent, |known| known.max(percent)));
            }
            Trigger::Transcoded { seconds, thumbnails } if self.status == Status::Transcoding => {
                let start = match &mut self.source {
                    Source::Reel(reel) => reel.at,
                    _ => {
                        let upload = upload_mut(self)?;
                        upload.thumbnails = thumbnails;
                        upload.at
                    }
                };
                // Each part of a reel was rounded to whole frames. The duration that a file states may
                // count a delay before its first frame.
                let made = seconds.map(|seconds| Bounds::lasting(start, seconds));
                self.actual = made.or(self.actual);
            }
            // The ingest can end before the row says that the asset exists.
            Trigger::Playable { configuration } => {
                self.playable.insert(configuration);
            }
            // Once the asset exists, the media is complete. Only the ingest can still fail.
            Trigger::Failed(failure)
                if self.status != Status::Packaging || failure.code.keeps_media() =>
            {
                self.status = Status::Failed;
                self.failure = Some(failure);
            }
            _ => return None,
        }
        let is_playable = |configuration| self.playable.contains(configuration);
        let is_proven = !self.manifests.is_empty() && self.manifests.keys().all(is_playable);
        if self.status == Status::Packaging && is_proven {
            self.status = Status::Ready;
            self.ready_at = Some(now);
        }
        Some(())
    }
}

/// Whether events that a restored clip in this status waits for may have been ignored while it was
/// deleted. Queued and scheduled clips get a due message instead.
fn needs_immediate_check(status: Status) -> bool {
    matches!(
        status,
        Status::Harvesting | Status::Uploading | Status::Transcoding | Status::Packaging
    )
}

fn upload_mut(clip: &mut Clip) -> Option<&mut Upload> {
    match &mut clip.source {
        Source::Upload(upload) => Some(upload),
        Source::Live { .. } | Source::Reel(_) => None,
    }
}

#[cfg(test)]
pub(crate) mod tests;
