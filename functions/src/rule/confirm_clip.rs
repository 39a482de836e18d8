//! `POST /api/competitions/{competitionId}/clips/{clipId}/confirm`: confirms a suggestion.

use aws_config::SdkConfig;
use chrono::{DateTime, Utc};

use crate::api::{ClipView, Problem, ProblemKind, Reply, Request, Route, find_clip};
use crate::clip::{Clip, Source, Status, Trigger};
use crate::config::{ConfigError, Variables};
use crate::harvest::{DueQueue, HarvestQueue, ResolvedWindow, start_clip};
use crate::library::Library;
use crate::live::{Channels, LiveEndpoint};

/// Most tries of one confirmation. A retry is needed only if the clip changes between read and write.
const MAX_TRIES: usize = 4;

/// The route of `confirm-clip`.
#[derive(Clone, Debug)]
pub struct ConfirmClip {
    library: Library,
    channels: Channels,
    live: LiveEndpoint,
    queue: HarvestQueue,
    due: DueQueue,
    view: ClipView,
}

impl Route for ConfirmClip {
    fn new(sdk: &SdkConfig, variables: &Variables) -> Result<Self, ConfigError> {
        Ok(Self {
            library: Library::from_variables(sdk, variables)?,
            channels: variables.parsed("CHANNELS")?,
            live: LiveEndpoint::from_variables(variables)?,
            queue: HarvestQueue::from_variables(sdk, variables)?,
            due: DueQueue::from_variables(sdk, variables)?,
            view: ClipView::from_variables(variables)?,
        })
    }

    async fn warm_up(&self) {
        self.queue.warm_up().await;
    }

    /// Makes a suggestion, as `create-clip` makes a clip of the same window.
    ///
    /// If the clip is confirmed already, the reply is the clip as it is, so that a request whose reply was
    /// lost can be repeated.
    async fn answer(&self, request: &Request, now: DateTime<Utc>) -> Result<Reply, Problem> {
        for _ in 0..MAX_TRIES {
            let clip = find_clip(&self.library, request).await?;
            if clip.status != Status::Suggested {
                return self.answer_confirmed(&clip, now).await;
            }
            let confirmed = self.find_trigger(&clip, request.operator(), now).await?;
            if let Some(clip) = self.library.apply(&clip, &confirmed, now).await? {
                let clip = start_clip(&self.queue, &self.due, clip, now).await;
                return Ok(self.view.to_operator_reply(&self.library, &clip).await);
            }
        }
        let detail = "The clip changed during every try. Retry in a few seconds.";
        Err(Problem::new(ProblemKind::Unavailable, detail))
    }
}

impl ConfirmClip {
    /// Checks the window like that of a new clip.
    async fn find_trigger(
        &self,
        clip: &Clip,
        operator: Option<String>,
        now: DateTime<Utc>,
    ) -> Result<Trigger, Problem> {
        let Source::Live { channel, requested } = &clip.source else {
            return Err(not_suggested(clip));
        };
        let Some(channel) = self.channels.find(channel) else {
            let detail = format!("Channel {channel} is no longer configured. Dismiss the clip.");
            return Err(Problem::new(ProblemKind::WindowUnavailable, detail));
        };
        let resolved = ResolvedWindow::resolve(&self.live, channel, *requested, now).await;
        // The request has no fields. An edit can change the start and the end.
        let ResolvedWindow { actual, has_aired, .. } =
            resolved.map_err(|problem| Problem { field: None, ..problem })?;
        Ok(Trigger::Confirmed { operator, has_aired, actual })
    }

    async fn answer_confirmed(&self, clip: &Clip, now: DateTime<Utc>) -> Result<Reply, Problem> {
        if clip.suggested_by.is_none() {
            return Err(not_suggested(clip));
        }
        // The first request may have been cut off after its write.
        self.due.send_or_log(clip, now).await;
        Ok(self.view.to_operator_reply(&self.library, clip).await)
    }
}

fn not_suggested(clip: &Clip) -> Problem {
    let status = clip.status.as_str();
    let detail =
        format!("This clip is {status}, and no rule has made it. There is nothing to confirm.");
    Problem::new(ProblemKind::NotSuggested, detail)
}
