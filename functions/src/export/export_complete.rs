//! Lambda `export-complete`: records the progress and the end of the MediaConvert jobs of exports.

use aws_config::SdkConfig;
use aws_lambda_events::eventbridge::EventBridgeEvent;
use chrono::Utc;
use lambda_runtime::Diagnostic;

use super::jobs::{EXPORT, ExportError, Exports};
use crate::clip::{ClipKey, ExportChange, ExportId};
use crate::config::{ConfigError, Variables};
use crate::encode::{CANCELED, describe_failure};
use crate::error;
use crate::lambda::EventHandler;
use crate::upload::JobStateChange;

/// Handles the "MediaConvert Job State Change" events of exports.
#[derive(Clone, Debug)]
pub struct ExportComplete {
    exports: Exports,
}

impl From<ExportError> for Diagnostic {
    fn from(failure: ExportError) -> Self {
        let name = match failure {
            ExportError::Job(_) => "Job",
            ExportError::Media(_) => "Media",
            ExportError::Library(_) => "Library",
        };
        error::diagnostic(name, &failure)
    }
}

impl EventHandler for ExportComplete {
    type Event = EventBridgeEvent<JobStateChange>;
    type Output = ();
    type Error = ExportError;

    fn new(sdk: &SdkConfig, variables: &Variables) -> Result<Self, ConfigError> {
        Ok(Self { exports: Exports::from_variables(sdk, variables)? })
    }

    async fn warm_up(&self) {
        self.exports.warm_up().await;
    }

    async fn handle(&self, event: Self::Event) -> Result<(), ExportError> {
        let change = event.detail;
        let Some((key, id)) = find_export(&change) else {
            tracing::debug!("ignored job {}: it is not the job of an export", change.job_id());
            return Ok(());
        };
        let Some(clip) = self.exports.library().find(&key).await? else { return Ok(()) };
        if !clip.exports.get(&id).is_some_and(|export| export.status.is_in_progress()) {
            return Ok(());
        }
        let change = match change.status() {
            "COMPLETE" => self.exports.find_file(&clip, &id).await?,
            "ERROR" => ExportChange::Failed {
                error: describe_failure(change.error_code(), change.error_message()),
            },
            "CANCELED" => ExportChange::Failed { error: CANCELED.to_owned() },
            "STATUS_UPDATE" => {
                let Some(percent) = change.percent() else { return Ok(()) };
                ExportChange::Progressed { percent }
            }
            _ => return Ok(()),
        };
        self.exports.record(&clip, &id, change, Utc::now()).await?;
        Ok(())
    }
}

/// The export that a job belongs to.
fn find_export(change: &JobStateChange) -> Option<(ClipKey, ExportId)> {
    let id = change.metadata(EXPORT)?.parse().ok()?;
    Some((change.clip()?, id))
}
