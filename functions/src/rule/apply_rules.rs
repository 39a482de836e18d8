//! Lambda `apply-rules`: makes suggestions and clips of new marks, as the rules say.
//!
//! What a rule makes is planned from all marks that can influence each other, not from one mark. So marks
//! may come twice, late and in any order.

use std::collections::BTreeMap;
use std::time::Duration;

use aws_config::SdkConfig;
use aws_lambda_events::dynamodb::Event;
use chrono::{DateTime, TimeDelta, Utc};
use lambda_runtime::Diagnostic;
use tokio::time::sleep;

use super::reconciliation::Reconciliation;
use crate::clip::{ChannelId, Clip, ExpirySettings, Mark, Rule, RulePlan, RuleSpan, Status};
use crate::config::{ConfigError, Variables};
use crate::error;
use crate::harvest::DueQueue;
use crate::lambda::EventHandler;
use crate::library::{
    Library, LibraryError, MAX_RULE_WRITES, MarksRequest, RuleGuard, RuleWrite, read_mark,
};
use crate::live::{Channel, Channels};

/// Handles the records of the table's stream.
#[derive(Clone, Debug)]
pub struct ApplyRules {
    library: Library,
    due: DueQueue,
    channels: Channels,
    expiry: ExpirySettings,
}

#[derive(Debug, thiserror::Error)]
pub enum ApplyRulesError {
    #[error("could not read marks or rules, or write what the rules make")]
    Library(#[from] LibraryError),
    #[error(
        "could not write what the rules make on channel {channel}: other writers were faster \
         {MAX_TRIES} times"
    )]
    Contended { channel: ChannelId },
    #[error(
        "channel {channel} has more than {MAX_MARKS} marks that influence each other; let fewer marks \
         be sent, or change the rules that are for them"
    )]
    TooManyMarks { channel: ChannelId },
}

/// Most tries of one channel. The stream gives the marks of a channel to one function at a time, so a
/// retry is needed only if an operator changes a clip or a rule meanwhile.
const MAX_TRIES: u32 = 8;
/// Shortest and longest delay before another try, in milliseconds.
const RETRY_DELAY: std::ops::Range<u64> = 10..100;
/// Marks of a batch that are further apart are planned apart. Otherwise a late mark would have all marks
/// since then read.
const MAX_GAP: TimeDelta = TimeDelta::minutes(30);
/// A clip that leaves the stream within this time is no longer changed.
const MIN_TIME_LEFT: TimeDelta = TimeDelta::minutes(1);
/// Most marks that are read for one span. At 10,000 marks an hour, these are the marks of ten hours.
const MAX_MARKS: usize = 100_000;

impl From<ApplyRulesError> for Diagnostic {
    fn from(failure: ApplyRulesError) -> Self {
        let name = match failure {
            ApplyRulesError::Library(_) => "Library",
            ApplyRulesError::Contended { .. } => "Contended",
            ApplyRulesError::TooManyMarks { .. } => "TooManyMarks",
        };
        error::diagnostic(name, &failure)
    }
}

impl EventHandler for ApplyRules {
    type Event = Event;
    type Output = ();
    type Error = ApplyRulesError;

    fn new(sdk: &SdkConfig, variables: &Variables) -> Result<Self, ConfigError> {
        Ok(Self {
            library: Library::from_variables(sdk, variables)?,
            due: DueQueue::from_variables(sdk, variables)?,
            channels: variables.parsed("CHANNELS")?,
            expiry: variables.optional("CLIP_EXPIRY_DAYS")?.unwrap_or_default(),
        })
    }

    async fn warm_up(&self) {
        self.library.warm_up().await;
    }

    async fn handle(&self, event: Event) -> Result<(), ApplyRulesError> {
        let marks: Vec<_> = event.records.into_iter().filter_map(read_mark).collect();
        self.apply(marks, Utc::now()).await
    }
}

impl ApplyRules {
    /// Applies all rules to new or changed marks. It is safe to do this again.
    pub async fn apply(&self, marks: Vec<Mark>, now: DateTime<Utc>) -> Result<(), ApplyRulesError> {
        let mut by_channel: BTreeMap<ChannelId, Vec<Mark>> = BTreeMap::new();
        for mark in marks {
            by_channel.entry(mark.channel.clone()).or_default().push(mark);
        }
        if by_channel.is_empty() {
            return Ok(());
        }
        let rules = self.library.list_rules().await?;
        for (id, marks) in by_channel {
            let Some(channel) = self.channels.find(&id) else {
                tracing::warn!("left out {} marks: there is no channel {id}", marks.len());
                continue;
            };
            let is_for = |rule: &&Rule| {
                rule.is_for(&id)
                    && marks.iter().any(|mark| rule.matches(mark) || rule.excludes(mark))
            };
            let rules: Vec<_> = rules.iter().filter(is_for).collect();
            if !rules.is_empty() {
                self.apply_to_channel(channel, &rules, &marks, now).await?;
            }
        }
        Ok(())
    }

    async fn apply_to_channel(
        &self,
        channel: &Channel,
        rules: &[&Rule],
        marks: &[Mark],
        now: DateTime<Utc>,
    ) -> Result<(), ApplyRulesError> {
        for _ in 0..MAX_TRIES {
            if self.try_channel(channel, rules, marks, now).await? {
                return Ok(());
            }
            sleep(Duration::from_millis(fastrand::u64(RETRY_DELAY))).await;
        }
        Err(ApplyRulesError::Contended { channel: channel.id.clone() })
    }

    /// Applies rules to the marks of a channel. Returns `false` if another writer was faster. What is
    /// written until then is what the rules plan.
    async fn try_channel(
        &self,
        channel: &Channel,
        rules: &[&Rule],
        marks: &[Mark],
        now: DateTime<Utc>,
    ) -> Result<bool, ApplyRulesError> {
        // The guard is read before the marks: whoever has read other marks raises it.
        let mut guard = self.library.read_rule_guard(&channel.id).await?;
        let mut read = ReadMarks::new(&self.library, channel);
        for rule in rules {
            let plan = RulePlan { rule, limits: channel.limits(), now: now + MIN_TIME_LEFT };
            let reconciliation = Reconciliation { plan, channel, expiry: &self.expiry };
            for (from, to) in find_periods(&plan, marks) {
                let writes = self.find_writes(&reconciliation, from, to, &mut read, now).await?;
                for writes in writes.chunks(MAX_RULE_WRITES) {
                    match self.write(rule, guard, writes).await? {
                        Some(next) => guard = next,
                        None => return Ok(false),
                    }
                }
            }
        }
        Ok(true)
    }

    /// The writes after which the clips of a rule between two times are what it plans.
    async fn find_writes(
        &self,
        reconciliation: &Reconciliation<'_>,
        mut from: DateTime<Utc>,
        mut to: DateTime<Utc>,
        read: &mut ReadMarks<'_>,
        now: DateTime<Utc>,
    ) -> Result<Vec<RuleWrite>, ApplyRulesError> {
        let plan = reconciliation.plan;
        loop {
            let (span, marks) = read.find_span(&plan, from, to, now).await?;
            let (first, last) = reconciliation.id_range(span);
            let (rule, competition) = (plan.rule, reconciliation.competition());
            let clips = self.library.find_clips_of_rule(rule, competition, first, last).await?;
            let made = reconciliation.sort_clips(clips);
            let wider = made.widen(span);
            if wider != span {
                // Marks of these clips were deleted, so the marks alone do not lead to all of them.
                (from, to) = (wider.first, wider.last);
                continue;
            }
            let planned = plan.plan(&marks, made.ranges());
            return Ok(reconciliation.find_writes(planned, span, made, Utc::now().max(now)));
        }
    }

    /// Writes clips, then sends the due messages of those that are to be made. If that fails, the sweep
    /// does it.
    async fn write(
        &self,
        rule: &Rule,
        guard: RuleGuard,
        writes: &[RuleWrite],
    ) -> Result<Option<RuleGuard>, LibraryError> {
        let guard = self.library.write_clips_of_rule(rule, guard, writes).await?;
        if guard.is_some() {
            for RuleWrite { clip, .. } in writes {
                log(rule, clip);
                if clip.status == Status::Scheduled {
                    self.due.send_or_log(clip, Utc::now()).await;
                }
            }
        }
        Ok(guard)
    }
}

fn log(rule: &Rule, clip: &Clip) {
    let (key, status) = (clip.key(), clip.status.as_str());
    tracing::info!(
        clip.id = %key,
        clip.status = status,
        "clip {key}: {status} by rule {}", rule.id
    );
}

/// The times of the marks that concern a rule, in periods without a long gap.
fn find_periods(plan: &RulePlan<'_>, marks: &[Mark]) -> Vec<(DateTime<Utc>, DateTime<Utc>)> {
    let mut times: Vec<_> =
        marks.iter().filter(|mark| plan.concerns(mark)).map(|mark| mark.at).collect();
    times.sort();
    let mut periods: Vec<(DateTime<Utc>, DateTime<Utc>)> = Vec::new();
    for time in times {
        match periods.last_mut() {
            Some((_, last)) if time - *last <= MAX_GAP => *last = time,
            _ => periods.push((time, time)),
        }
    }
    periods
}

/// The marks of a channel between two times, read once for all rules.
struct ReadMarks<'a> {
    library: &'a Library,
    channel: &'a Channel,
    period: Option<(DateTime<Utc>, DateTime<Utc>)>,
    marks: Vec<Mark>,
}

impl<'a> ReadMarks<'a> {
    fn new(library: &'a Library, channel: &'a Channel) -> Self {
        Self { library, channel, period: None, marks: Vec::new() }
    }

    /// Finds the span of the marks between two times. Reads on until no mark outside can influence them.
    async fn find_span(
        &mut self,
        plan: &RulePlan<'_>,
        from: DateTime<Utc>,
        to: DateTime<Utc>,
        now: DateTime<Utc>,
    ) -> Result<(RuleSpan, Vec<Mark>), ApplyRulesError> {
        let mut margin = plan.margin();
        let mut span = RuleSpan { first: from, last: to };
        loop {
            self.read(span.first - margin, span.last + margin, now).await?;
            let wider = plan.find_span(&self.marks, span.first, span.last);
            if wider == span {
                let is_inside = |mark: &&Mark| span.first <= mark.at && mark.at <= span.last;
                return Ok((span, self.marks.iter().filter(is_inside).cloned().collect()));
            }
            span = wider;
            margin = margin * 2;
        }
    }

    async fn read(
        &mut self,
        from: DateTime<Utc>,
        to: DateTime<Utc>,
        now: DateTime<Utc>,
    ) -> Result<(), ApplyRulesError> {
        if self.period.is_some_and(|(first, last)| first <= from && to <= last) {
            return Ok(());
        }
        let request = MarksRequest {
            channel: self.channel.id.clone(),
            from: Some(from),
            to: Some(to),
            after: None,
            limit: MAX_MARKS,
        };
        let page = self.library.list_marks(&request, now).await?;
        if page.next.is_some() {
            // Without the rest, clips of the rest would be withdrawn.
            return Err(ApplyRulesError::TooManyMarks { channel: self.channel.id.clone() });
        }
        self.marks = page.marks;
        self.period = Some((from, to));
        Ok(())
    }
}
