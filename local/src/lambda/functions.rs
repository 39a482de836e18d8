//! The product's functions, as API Gateway, event sources, EventBridge and the schedule start them.

use std::collections::BTreeMap;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use aws_config::SdkConfig;
use aws_lambda_events::apigw::{ApiGatewayV2httpRequest, ApiGatewayV2httpResponse};
use aws_lambda_events::dynamodb::Event as DynamoDbEvent;
use aws_lambda_events::eventbridge::EventBridgeEvent;
use aws_lambda_events::sqs::SqsEvent;
use chrono::Utc;
use matchcut::announce::{AnnounceClip, DeliverWebhook};
use matchcut::api::Route as _;
use matchcut::asset::{AssetPlayable, InputNotification};
use matchcut::channel::{ListChannels, StartChannel, StopChannel};
use matchcut::config::{ConfigError, Variables};
use matchcut::edit::{DeleteClip, RestoreClip, RetryClip, UpdateClip};
use matchcut::error;
use matchcut::export::{CreateExport, ExportComplete, ListExports, ShowExport, ShowTimeline};
use matchcut::harvest::{CreateClip, HarvestClip, HarvestComplete, HarvestJobNotification};
use matchcut::lambda::EventHandler as _;
use matchcut::mark::{CreateMark, DeleteMark, ListMarks, ReceiveMarks};
use matchcut::reel::CreateReel;
use matchcut::rule::{
    ApplyRules, ConfirmClip, CreateRule, DeleteRule, ListRules, PreviewRule, ReplaceRule,
};
use matchcut::share::{DescribeEmbed, ShowFeed, ShowPage, ShowSitemap};
use matchcut::sweep::{Sweep, SweepReport};
use matchcut::upload::{
    CompleteUpload, CreateUpload, JobStateChange, ListUploadParts, TranscodeComplete,
    TranscodeUpload,
};
use matchcut::viewer::{FollowClip, GrantPlayback, ListChanges, ListClips, ShowClip, show_health};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;
use tokio::time::Instant;

use super::chain::Chain;
use super::concurrency::Concurrency;
use super::runs::{RunError, Runs, Tally};
use super::timeouts::Timeouts;
use crate::eventbridge::Subscriber;
use crate::faults::Faults;
use crate::limits::Limits;

/// How many functions an account runs at once by default.
/// <https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html>
const DEFAULT_CONCURRENCY: usize = 1000;

/// Every function, built as its `main` builds it.
#[derive(Clone, Debug)]
pub struct Functions {
    pub create_clip: CreateClip,
    pub list_clips: ListClips,
    pub list_changes: ListChanges,
    pub follow_clip: FollowClip,
    pub show_clip: ShowClip,
    pub update_clip: UpdateClip,
    pub delete_clip: DeleteClip,
    pub restore_clip: RestoreClip,
    pub retry_clip: RetryClip,
    pub grant_playback: GrantPlayback,
    pub list_channels: ListChannels,
    pub start_channel: StartChannel,
    pub stop_channel: StopChannel,
    pub create_mark: CreateMark,
    pub list_marks: ListMarks,
    pub delete_mark: DeleteMark,
    pub receive_marks: ReceiveMarks,
    pub describe_embed: DescribeEmbed,
    pub show_feed: ShowFeed,
    pub show_sitemap: ShowSitemap,
    pub show_page: ShowPage,
    pub show_timeline: ShowTimeline,
    pub create_export: CreateExport,
    pub create_reel: CreateReel,
    pub list_exports: ListExports,
    pub show_export: ShowExport,
    pub export_complete: ExportComplete,
    pub harvest_clip: HarvestClip,
    pub harvest_complete: HarvestComplete,
    pub asset_playable: AssetPlayable,
    pub create_upload: CreateUpload,
    pub list_upload_parts: ListUploadParts,
    pub complete_upload: CompleteUpload,
    pub transcode_upload: TranscodeUpload,
    pub transcode_complete: TranscodeComplete,
    pub announce_clip: AnnounceClip,
    pub apply_rules: ApplyRules,
    pub confirm_clip: ConfirmClip,
    pub create_rule: CreateRule,
    pub delete_rule: DeleteRule,
    pub list_rules: ListRules,
    pub preview_rule: PreviewRule,
    pub replace_rule: ReplaceRule,
    pub sweep: Sweep,
    runs: Runs,
    /// How often a function can run in one chain of requests.
    recursion_limit: u32,
    /// How many clips the sweep has moved to another state.
    repaired: Arc<AtomicUsize>,
}

impl Functions {
    pub fn new(sdk: &SdkConfig, variables: &Variables) -> Result<Self, ConfigError> {
        Ok(Self {
            create_clip: CreateClip::new(sdk, variables)?,
            list_clips: ListClips::new(sdk, variables)?,
            list_changes: ListChanges::new(sdk, variables)?,
            follow_clip: FollowClip::new(sdk, variables)?,
            show_clip: ShowClip::new(sdk, variables)?,
            update_clip: UpdateClip::new(sdk, variables)?,
            delete_clip: DeleteClip::new(sdk, variables)?,
            restore_clip: RestoreClip::new(sdk, variables)?,
            retry_clip: RetryClip::new(sdk, variables)?,
            grant_playback: GrantPlayback::new(sdk, variables)?,
            list_channels: ListChannels::new(sdk, variables)?,
            start_channel: StartChannel::new(sdk, variables)?,
            stop_channel: StopChannel::new(sdk, variables)?,
            create_mark: CreateMark::new(sdk, variables)?,
            list_marks: ListMarks::new(sdk, variables)?,
            delete_mark: DeleteMark::new(sdk, variables)?,
            receive_marks: ReceiveMarks::new(sdk, variables)?,
            describe_embed: DescribeEmbed::new(sdk, variables)?,
            show_feed: ShowFeed::new(sdk, variables)?,
            show_sitemap: ShowSitemap::new(sdk, variables)?,
            show_page: ShowPage::new(sdk, variables)?,
            show_timeline: ShowTimeline::new(sdk, variables)?,
            create_export: CreateExport::new(sdk, variables)?,
            create_reel: CreateReel::new(sdk, variables)?,
            list_exports: ListExports::new(sdk, variables)?,
            show_export: ShowExport::new(sdk, variables)?,
            export_complete: ExportComplete::new(sdk, variables)?,
            harvest_clip: HarvestClip::new(sdk, variables)?,
            harvest_complete: HarvestComplete::new(sdk, variables)?,
            asset_playable: AssetPlayable::new(sdk, variables)?,
            create_upload: CreateUpload::new(sdk, variables)?,
            list_upload_parts: ListUploadParts::new(sdk, variables)?,
            complete_upload: CompleteUpload::new(sdk, variables)?,
            transcode_upload: TranscodeUpload::new(sdk, variables)?,
            transcode_complete: TranscodeComplete::new(sdk, variables)?,
            announce_clip: AnnounceClip::new(sdk, variables)?,
            apply_rules: ApplyRules::new(sdk, variables)?,
            confirm_clip: ConfirmClip::new(sdk, variables)?,
            create_rule: CreateRule::new(sdk, variables)?,
            delete_rule: DeleteRule::new(sdk, variables)?,
            list_rules: ListRules::new(sdk, variables)?,
            preview_rule: PreviewRule::new(sdk, variables)?,
            replace_rule: ReplaceRule::new(sdk, variables)?,
            sweep: Sweep::new(sdk, variables)?,
            runs: Runs::new(
                &Faults::default(),
                Concurrency::new(DEFAULT_CONCURRENCY, [], 0),
                Timeouts::new(Limits::default().function_timeout),
            ),
            recursion_limit: Limits::default().recursion_limit,
            repaired: Arc::default(),
        })
    }

    /// The same functions, of which only some run at once, so long, and so often in one chain, and whose
    /// runs are cut off as the faults say.
    pub(crate) fn with_limits(
        self,
        faults: &Faults,
        concurrency: Concurrency,
        limits: Limits,
    ) -> Self {
        let timeouts = Timeouts::new(limits.function_timeout);
        let recursion_limit = limits.recursion_limit;
        Self { runs: Runs::new(faults, concurrency, timeouts), recursion_limit, ..self }
    }

    /// The runs of each function so far. Empty without the fault `kill`.
    pub fn tallies(&self) -> BTreeMap<String, Tally> {
        self.runs.tallies()
    }

    /// How many clips the sweep has moved to another state, because no event did.
    pub fn repaired(&self) -> usize {
        self.repaired.load(Ordering::Relaxed)
    }

    /// Runs the function of an operation of the contract. `None` if there is no such function.
    pub(crate) async fn answer(
        &self,
        operation: &str,
        event: ApiGatewayV2httpRequest,
    ) -> Result<Option<ApiGatewayV2httpResponse>, RunError> {
        let run = async {
            Some(match operation {
                "create-clip" => self.create_clip.handle(event).await,
                "list-clips" => self.list_clips.handle(event).await,
                "follow-clip" => self.follow_clip.handle(event).await,
                "list-changes" => self.list_changes.handle(event).await,
                "show-clip" => self.show_clip.handle(event).await,
                "update-clip" => self.update_clip.handle(event).await,
                "delete-clip" => self.delete_clip.handle(event).await,
                "restore-clip" => self.restore_clip.handle(event).await,
                "retry-clip" => self.retry_clip.handle(event).await,
                "create-upload" => self.create_upload.handle(event).await,
                "list-upload-parts" => self.list_upload_parts.handle(event).await,
                "complete-upload" => self.complete_upload.handle(event).await,
                "grant-playback" => self.grant_playback.handle(event).await,
                "list-channels" => self.list_channels.handle(event).await,
                "start-channel" => self.start_channel.handle(event).await,
                "stop-channel" => self.stop_channel.handle(event).await,
                "create-mark" => self.create_mark.handle(event).await,
                "list-marks" => self.list_marks.handle(event).await,
                "delete-mark" => self.delete_mark.handle(event).await,
                "receive-marks" => self.receive_marks.handle(event).await,
                "describe-embed" => self.describe_embed.handle(event).await,
                "show-feed" => self.show_feed.handle(event).await,
                "show-sitemap" => self.show_sitemap.handle(event).await,
                "show-page" => self.show_page.handle(event).await,
                "show-timeline" => self.show_timeline.handle(event).await,
                "create-reel" => self.create_reel.handle(event).await,
                "confirm-clip" => self.confirm_clip.handle(event).await,
                "create-rule" => self.create_rule.handle(event).await,
                "delete-rule" => self.delete_rule.handle(event).await,
                "list-rules" => self.list_rules.handle(event).await,
                "preview-rule" => self.preview_rule.handle(event).await,
                "replace-rule" => self.replace_rule.handle(event).await,
                "create-export" => self.create_export.handle(event).await,
                "list-exports" => self.list_exports.handle(event).await,
                "show-export" => self.show_export.handle(event).await,
                "show-health" => show_health(event),
                _ => return None,
            })
        };
        self.runs.run(operation, run).await
    }

    /// Runs `transcode-upload` for a batch of its queue.
    pub(crate) async fn transcode_upload(self, batch: Value) -> Result<Value, String> {
        let handle = |batch| self.transcode_upload.handle(batch);
        self.run_batch("transcode-upload", &batch, handle).await
    }

    /// Runs `harvest-clip` for a batch of its queue.
    pub(crate) async fn harvest_clip(self, batch: Value) -> Result<Value, String> {
        let handle = |batch| self.harvest_clip.handle(batch);
        self.run_batch("harvest-clip", &batch, handle).await
    }

    /// Runs `announce-clip` for a batch of the table's stream.
    pub(crate) async fn announce_clip(self, batch: Value) -> Result<(), String> {
        let batch: DynamoDbEvent = parse(&batch)?;
        self.run("announce-clip", self.announce_clip.handle(batch)).await
    }

    /// Runs `apply-rules` for a batch of the table's stream.
    pub(crate) async fn apply_rules(self, batch: Value) -> Result<(), String> {
        let batch: DynamoDbEvent = parse(&batch)?;
        self.run("apply-rules", self.apply_rules.handle(batch)).await
    }

    /// Runs a subscriber's `deliver-webhook` for a batch of its queue.
    pub(crate) async fn deliver_webhook(
        self,
        function: DeliverWebhook,
        batch: Value,
    ) -> Result<Value, String> {
        self.run_batch("deliver-webhook", &batch, |batch| function.handle(batch)).await
    }

    /// Runs a function for a batch of its queue, as part of the chain that the messages belong to.
    /// Returns the response of the function.
    async fn run_batch<F, T: Serialize, E: std::error::Error>(
        &self,
        function: &str,
        batch: &Value,
        handle: impl FnOnce(SqsEvent) -> F,
    ) -> Result<Value, String>
    where
        F: Future<Output = Result<T, E>>,
    {
        let chain = Chain::of_batch(batch).with_run(function, self.recursion_limit);
        let chain = chain.map_err(|stopped| stopped.to_string())?;
        let batch: SqsEvent = parse(batch)?;
        let response = chain.scope(self.run(function, handle(batch))).await?;
        serde_json::to_value(response).map_err(|error| error.to_string())
    }

    /// Runs a function. The error is the text that Lambda reports.
    async fn run<T, E: std::error::Error>(
        &self,
        function: &str,
        work: impl Future<Output = Result<T, E>>,
    ) -> Result<T, String> {
        match self.runs.run(function, work).await {
            Ok(done) => done.map_err(|failure| error::chain(&failure)),
            Err(error) => Err(error.to_string()),
        }
    }

    /// Runs the sweep at an interval, until the process ends.
    pub(crate) async fn sweep_every(&self, interval: Duration) {
        let mut ticks = tokio::time::interval_at(Instant::now() + interval, interval);
        ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        loop {
            ticks.tick().await;
            let Ok(run) = self.runs.run("sweep-library", self.sweep.run(Utc::now())).await else {
                continue;
            };
            match run {
                Ok(SweepReport { repaired: 0, .. }) => {}
                Ok(swept) => {
                    self.repaired.fetch_add(swept.repaired, Ordering::Relaxed);
                    tracing::info!("the sweep repaired {} clips", swept.repaired);
                }
                Err(failure) => tracing::error!("the sweep failed: {}", error::chain(&failure)),
            }
        }
    }
}

impl Subscriber for Functions {
    fn receive<'a>(
        &'a self,
        event: &'a Value,
    ) -> Pin<Box<dyn Future<Output = Result<(), String>> + Send + 'a>> {
        Box::pin(async move {
            match event["detail-type"].as_str() {
                Some("MediaPackage HarvestJob Notification") => {
                    let event: EventBridgeEvent<HarvestJobNotification> = parse(event)?;
                    self.run("harvest-complete", self.harvest_complete.handle(event)).await
                }
                Some("MediaPackage Input Notification") => {
                    let event: EventBridgeEvent<InputNotification> = parse(event)?;
                    self.run("asset-playable", self.asset_playable.handle(event)).await
                }
                Some("MediaConvert Job State Change")
                    if event["detail"]["userMetadata"]["export"].is_string() =>
                {
                    let event: EventBridgeEvent<JobStateChange> = parse(event)?;
                    self.run("export-complete", self.export_complete.handle(event)).await
                }
                Some("MediaConvert Job State Change") => {
                    let event: EventBridgeEvent<JobStateChange> = parse(event)?;
                    self.run("transcode-complete", self.transcode_complete.handle(event)).await
                }
                _ => Ok(()),
            }
        })
    }
}

fn parse<T: DeserializeOwned>(event: &Value) -> Result<T, String> {
    T::deserialize(event).map_err(|error| error.to_string())
}
