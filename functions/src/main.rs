//! Every Lambda function of the service. The environment variable `FUNCTION` names the one that this
//! process runs.
//!
//! One program is built, uploaded and started for all of them. A function does not read the code of
//! the others into memory, because the system loads a program page by page.

use std::convert::Infallible;
use std::process::ExitCode;

use lambda_runtime::{Error, LambdaEvent, run, service_fn, tracing};
use matchcut::announce::{AnnounceClip, DeliverWebhook};
use matchcut::api::{OriginCheck, RefuseRequest, ScopeToken, serve, serve_with};
use matchcut::asset::AssetPlayable;
use matchcut::channel::{ListChannels, StartChannel, StopChannel};
use matchcut::config::{ConfigError, Variables};
use matchcut::edit::{DeleteClip, RestoreClip, RetryClip, UpdateClip};
use matchcut::error;
use matchcut::export::{CreateExport, ExportComplete, ListExports, ShowExport, ShowTimeline};
use matchcut::harvest::{CreateClip, HarvestClip, HarvestComplete};
use matchcut::lambda::run_handler;
use matchcut::mark::{CreateMark, DeleteMark, ListMarks, ReceiveMarks};
use matchcut::reel::CreateReel;
use matchcut::rule::{
    ApplyRules, ConfirmClip, CreateRule, DeleteRule, ListRules, PreviewRule, ReplaceRule,
};
use matchcut::share::{DescribeEmbed, ShowFeed, ShowPage, ShowSitemap};
use matchcut::sweep::Sweep;
use matchcut::upload::{
    CompleteUpload, CreateUpload, ListUploadParts, TranscodeComplete, TranscodeUpload,
};
use matchcut::viewer::{FollowClip, GrantPlayback, ListChanges, ListClips, ShowClip, show_health};

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    tracing::init_default_subscriber();
    match run_function().await {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            tracing::error!("the function could not start: {}", error::chain(&*failure));
            ExitCode::FAILURE
        }
    }
}

/// Runs the function until the process ends.
async fn run_function() -> Result<(), Error> {
    let variables = Variables::from_process();
    match variables.required("FUNCTION")? {
        "announce-clip" => run_handler::<AnnounceClip>().await,
        "apply-rules" => run_handler::<ApplyRules>().await,
        "asset-playable" => run_handler::<AssetPlayable>().await,
        "complete-upload" => serve::<CompleteUpload>().await,
        "confirm-clip" => serve::<ConfirmClip>().await,
        "create-clip" => serve::<CreateClip>().await,
        "create-export" => serve::<CreateExport>().await,
        "create-mark" => serve::<CreateMark>().await,
        "create-reel" => serve::<CreateReel>().await,
        "create-rule" => serve::<CreateRule>().await,
        "create-upload" => serve::<CreateUpload>().await,
        "delete-clip" => serve::<DeleteClip>().await,
        "delete-mark" => serve::<DeleteMark>().await,
        "delete-rule" => serve::<DeleteRule>().await,
        "deliver-webhook" => run_handler::<DeliverWebhook>().await,
        "describe-embed" => serve::<DescribeEmbed>().await,
        "export-complete" => run_handler::<ExportComplete>().await,
        "follow-clip" => serve::<FollowClip>().await,
        "grant-playback" => serve::<GrantPlayback>().await,
        "harvest-clip" => run_handler::<HarvestClip>().await,
        "harvest-complete" => run_handler::<HarvestComplete>().await,
        "list-changes" => serve::<ListChanges>().await,
        "list-channels" => serve::<ListChannels>().await,
        "list-clips" => serve::<ListClips>().await,
        "list-exports" => serve::<ListExports>().await,
        "list-marks" => serve::<ListMarks>().await,
        "list-rules" => serve::<ListRules>().await,
        "list-upload-parts" => serve::<ListUploadParts>().await,
        "preview-rule" => serve::<PreviewRule>().await,
        "receive-marks" => serve::<ReceiveMarks>().await,
        "refuse-request" => {
            let function = RefuseRequest::new(&variables)?;
            serve_with(OriginCheck::new(&variables)?, async |event| function.handle(event)).await
        }
        "replace-rule" => serve::<ReplaceRule>().await,
        "restore-clip" => serve::<RestoreClip>().await,
        "retry-clip" => serve::<RetryClip>().await,
        "scope-token" => {
            let function = ScopeToken::new(&variables)?;
            run(service_fn(async |event: LambdaEvent<_>| {
                Ok::<_, Infallible>(function.handle(event.payload))
            }))
            .await
        }
        "show-clip" => serve::<ShowClip>().await,
        "show-export" => serve::<ShowExport>().await,
        "show-feed" => serve::<ShowFeed>().await,
        "show-health" => {
            serve_with(OriginCheck::new(&variables)?, async |event| show_health(event)).await
        }
        "show-page" => serve::<ShowPage>().await,
        "show-sitemap" => serve::<ShowSitemap>().await,
        "show-timeline" => serve::<ShowTimeline>().await,
        "start-channel" => serve::<StartChannel>().await,
        "stop-channel" => serve::<StopChannel>().await,
        "sweep-library" => run_handler::<Sweep>().await,
        "transcode-complete" => run_handler::<TranscodeComplete>().await,
        "transcode-upload" => run_handler::<TranscodeUpload>().await,
        "update-clip" => serve::<UpdateClip>().await,
        name => {
            let reason = format!("there is no function {name}");
            Err(ConfigError::Invalid { name: "FUNCTION", reason }.into())
        }
    }
}
