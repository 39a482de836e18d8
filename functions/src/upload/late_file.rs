//! Uploads whose file is late: S3 is still joining its parts, it has not arrived in time, or it arrives
//! after the upload was given up.

use chrono::{DateTime, Utc};

use super::file_checks;
use super::parts::PartPlan;
use super::processor::{UploadProcessor, UploadProcessorError};
use crate::clip::{Clip, Trigger};
use crate::library::Advanced;

impl UploadProcessor {
    /// Asks S3 again to join the parts of a file, in case that S3 has dropped the first request.
    async fn join_again(&self, clip: &Clip) -> Result<(), UploadProcessorError> {
        let Some(upload) = clip.upload() else { return Ok(()) };
        let (Some(multipart), Some(size)) = (&upload.multipart, upload.size) else { return Ok(()) };
        let count = PartPlan::for_size(size).count;
        if let Some(etags) = self.originals.find_parts(&upload.key, multipart, 1, count).await? {
            let key = clip.key();
            let outcome = self.originals.join_parts(&upload.key, multipart, &etags).await?;
            tracing::warn!(
                clip.id = %key,
                "clip {key}: S3 was asked again to join {count} parts: {outcome:?}"
            );
        }
        Ok(())
    }

    /// Handles an upload whose file has not arrived.
    ///
    /// If S3 should be joining its parts, asks S3 again. If the time for the file is over, the clip
    /// fails if all parts had arrived. Otherwise its parts and then the clip are deleted.
    pub async fn process_missing_file(
        &self,
        clip: &Clip,
        now: DateTime<Utc>,
    ) -> Result<(), UploadProcessorError> {
        let Some(upload) = clip.upload() else { return Ok(()) };
        let is_over = upload.awaited_until.is_some_and(|end| end <= now);
        match (upload.joining_since, is_over) {
            (None, false) => Ok(()),
            (Some(_), false) => self.join_again(clip).await,
            (Some(_), true) => {
                let failed = Trigger::Failed(file_checks::describe_failed_join());
                self.advance(&clip.current_attempt(), failed, now).await.map(drop)
            }
            (None, true) => self.abandon(clip, now).await,
        }
    }

    /// Deletes the parts of an upload whose file has not arrived in time, and then the clip, unless
    /// the file has arrived after all.
    async fn abandon(&self, clip: &Clip, now: DateTime<Utc>) -> Result<(), UploadProcessorError> {
        if let Some(upload) = clip.upload()
            && upload.size.is_some()
        {
            self.originals.abort_multipart_uploads(&upload.key).await?;
            // The client may have joined the parts just before they were aborted.
            if self.originals.find(&upload.key).await?.is_some() {
                return Ok(());
            }
        }
        self.advance(&clip.current_attempt(), Trigger::Abandoned, now).await.map(drop)
    }

    /// Restores an upload that was given up, because its file has arrived. Returns other clips as they
    /// are.
    pub(super) async fn restore_given_up(
        &self,
        clip: Clip,
        now: DateTime<Utc>,
    ) -> Result<Clip, UploadProcessorError> {
        if !clip.is_given_up() {
            return Ok(clip);
        }
        let attempt = clip.current_attempt();
        Ok(match self.library.advance(&attempt, &Trigger::FileArrived, now).await? {
            Advanced::Changed(clip) | Advanced::Unchanged(clip) => *clip,
            Advanced::NotFound => clip,
        })
    }

    /// Processes the file of an upload that was given up, if the file has arrived after all. Returns
    /// whether it has.
    pub async fn process_late_file(
        &self,
        clip: &Clip,
        now: DateTime<Utc>,
    ) -> Result<bool, UploadProcessorError> {
        let Some(upload) = clip.upload().filter(|_| clip.is_given_up()) else { return Ok(false) };
        let Some(original) = self.find_original(clip, upload).await? else { return Ok(false) };
        let clip = self.restore_given_up(clip.clone(), now).await?;
        self.process(clip, Some(original), now).await?;
        Ok(true)
    }
}
