//! The changes of a clip that operators ask for: edits, confirmation, deletion, restoration and retry.

use chrono::{DateTime, Utc};

use super::{Attempt, Bounds, Clip, Edit, NewWindow, Source, Status};

impl Clip {
    /// Changes the editable fields. From then on, the clip follows no rule.
    pub(super) fn edit(&mut self, edit: Edit, now: DateTime<Utc>) -> Option<()> {
        fn replace<T>(value: &mut T, new: Option<T>) {
            if let Some(new) = new {
                *value = new;
            }
        }
        let before = self.clone();
        replace(&mut self.title, edit.title);
        replace(&mut self.description, edit.description);
        replace(&mut self.tags, edit.tags);
        replace(&mut self.expires_at, edit.expires_at);
        replace(&mut self.listed, edit.listed);
        let publish_at = edit.publish_at.map(|time| time.filter(|time| *time > now));
        replace(&mut self.publish_at, publish_at);
        if edit.poster_at.is_some_and(|time| time != self.poster_at) {
            replace(&mut self.poster_at, edit.poster_at);
            self.restart_files();
        }
        if let Some(window) = edit.window {
            self.change_window(window, now)?;
        }
        if *self != before {
            self.stop_following();
        }
        Some(())
    }

    /// Lets a suggestion be made: it enters the harvest queue, or waits until its end has aired.
    pub(super) fn confirm(
        &mut self,
        operator: Option<String>,
        has_aired: bool,
        actual: Option<Bounds>,
        now: DateTime<Utc>,
    ) -> Option<()> {
        if self.status != Status::Suggested {
            return None;
        }
        self.stop_following();
        self.created_by = self.created_by.take().or(operator);
        self.status = if has_aired { Status::Queued } else { Status::Scheduled };
        self.queued_at = has_aired.then_some(now);
        self.actual = actual;
        Some(())
    }

    /// Changes the window of a suggested, scheduled or ready clip. If the new end of a scheduled clip has aired, or
    /// if a ready clip needs other media, it enters the harvest queue.
    fn change_window(&mut self, new: NewWindow, now: DateTime<Utc>) -> Option<()> {
        if let (Status::Ready, NewWindow::Trimmed(window)) = (self.status, new) {
            return self.trim(window, now);
        }
        let Source::Live { requested, .. } = &mut self.source else { return None };
        match (self.status, new) {
            (Status::Suggested | Status::Scheduled, NewWindow::Ahead(window)) => {
                *requested = window;
            }
            (Status::Ready, NewWindow::Remade { window, actual }) => {
                self.start_remake(window, actual, now)?;
            }
            (Status::Scheduled, NewWindow::Aired { window, actual }) => {
                *requested = window;
                self.status = Status::Queued;
                self.queued_at = Some(now);
                self.actual = actual;
            }
            _ => return None,
        }
        Some(())
    }

    pub(super) fn delete(&mut self, now: DateTime<Utc>) {
        self.stop_following();
        self.deleted_from = Some(self.status);
        self.status = Status::Deleting;
        self.deleted_at = Some(now);
    }

    /// Returns a deleted clip to the status before the deletion. Once the removal has started,
    /// this is not possible.
    ///
    /// The next check finds the events of the meantime. A clip that had expired is kept.
    pub(super) fn restore(&mut self, now: DateTime<Utc>) -> Option<()> {
        if self.removal_started {
            return None;
        }
        self.status = self.deleted_from.take()?;
        self.deleted_at = None;
        self.expires_at = self.expires_at.filter(|expiry| *expiry > now);
        if self.is_queued() {
            self.queued_at = Some(now);
        }
        Some(())
    }

    /// Starts a new attempt of a failed clip, at the step that failed.
    pub(super) fn retry(&mut self, now: DateTime<Utc>) -> Option<()> {
        let can_retry = self.status == Status::Failed && self.attempt < Attempt::MAX_UNTIL_READY;
        let failure = self.failure.take_if(|_| can_retry)?;
        self.attempt += 1;
        self.manifests.clear();
        self.playable.clear();
        if failure.code.keeps_media() {
            self.status = Status::Packaging;
            return Some(());
        }
        self.media_attempt = self.attempt;
        self.files = None;
        if let Some((job, progress)) = self.encoding_mut() {
            (*job, *progress) = (None, None);
        }
        self.status = match self.source {
            Source::Live { .. } => Status::Queued,
            Source::Upload(_) => Status::Uploading,
            Source::Reel(_) => Status::Transcoding,
        };
        self.queued_at = (self.status == Status::Queued).then_some(now);
        Some(())
    }

    /// The id and the progress of the MediaConvert job of an upload or a reel.
    pub(super) fn encoding_mut(&mut self) -> Option<(&mut Option<String>, &mut Option<u8>)> {
        match &mut self.source {
            Source::Upload(upload) => Some((&mut upload.job, &mut upload.progress)),
            Source::Reel(reel) => Some((&mut reel.job, &mut reel.progress)),
            Source::Live { .. } => None,
        }
    }
}
