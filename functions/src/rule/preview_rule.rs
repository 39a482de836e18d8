//! `POST /api/rules/preview`: shows what a rule would have made of the marks of a channel.

use aws_config::SdkConfig;
use chrono::{DateTime, Utc};

use chrono::TimeDelta;
use serde_json::{Value, json};

use super::parse_rule;
use crate::api::{Fields, Problem, Reply, Request, Route};
use crate::clip::{PlannedClip, Rule, RulePlan, format_utc};
use crate::config::{ConfigError, Variables};
use crate::library::{Library, MarksRequest};
use crate::live::{Channel, Channels};

/// The stretch of time that is looked at by default.
const DEFAULT_PERIOD: TimeDelta = TimeDelta::hours(1);
/// The longest one.
const MAX_PERIOD: TimeDelta = TimeDelta::hours(24);
/// Most marks that are read. With 400 bytes each, they are 40 MB.
const MAX_MARKS: usize = 100_000;

/// The route of `preview-rule`.
#[derive(Clone, Debug)]
pub struct PreviewRule {
    channels: Channels,
    library: Library,
}

impl Route for PreviewRule {
    fn new(sdk: &SdkConfig, variables: &Variables) -> Result<Self, ConfigError> {
        Ok(Self {
            channels: variables.parsed("CHANNELS")?,
            library: Library::from_variables(sdk, variables)?,
        })
    }

    async fn warm_up(&self) {
        self.library.warm_up().await;
    }

    /// Plans the clips of all marks whose time is in the period. Nothing is written.
    ///
    /// The rule has made nothing yet, so clips that operators have edited or deleted make no difference.
    async fn answer(&self, request: &Request, now: DateTime<Utc>) -> Result<Reply, Problem> {
        let fields = Fields::parse(&request.body()?, &["rule", "channel", "from", "to"])?;
        let channel = self.find_channel(&fields)?;
        let (from, to) = parse_period(&fields, now)?;
        let rule = self.parse_rule(&fields)?;
        let plan = RulePlan { rule: &rule, limits: channel.limits(), now: DateTime::UNIX_EPOCH };
        let margin = plan.reach() + RulePlan::MAX_STRETCH;
        let marks = MarksRequest {
            channel: channel.id.clone(),
            from: Some(from - margin),
            to: Some(to + margin),
            after: None,
            limit: MAX_MARKS,
        };
        let page = self.library.list_marks(&marks, now).await?;
        if page.next.is_some() {
            let detail = format!("There are more than {MAX_MARKS} marks. Choose a shorter time.");
            return Err(Problem::invalid_field("from", detail));
        }
        let clips = plan.plan(&page.marks, &[]);
        let is_in_period = |clip: &&PlannedClip| (from..=to).contains(&clip.suggested_by.first);
        let clips: Vec<Value> = clips.iter().filter(is_in_period).map(show_clip).collect();
        Ok(Reply::json(200, &json!({ "clips": clips })))
    }
}

impl PreviewRule {
    fn find_channel(&self, fields: &Fields) -> Result<&Channel, Problem> {
        let Some(name) = fields.text("channel", 64)? else {
            return Ok(self.channels.default_channel());
        };
        self.channels.find(&name.into()).ok_or_else(|| {
            let known: Vec<_> = self.channels.ids().map(ToString::to_string).collect();
            let known = known.join(", ");
            let detail = format!("There is no channel {name}. The channels are {known}.");
            Problem::invalid_field("channel", detail)
        })
    }

    /// Parses the rule. It is for marks of any time of receipt.
    fn parse_rule(&self, fields: &Fields) -> Result<Rule, Problem> {
        let Some(rule @ Value::Object(_)) = fields.get("rule") else {
            let detail = "This must be a rule, as in POST /api/rules.";
            return Err(Problem::invalid_field("rule", detail));
        };
        let body = rule.to_string();
        parse_rule(body.as_bytes(), &self.channels, None, DateTime::UNIX_EPOCH).map_err(|problem| {
            let field = problem.field.map(|field| format!("rule.{field}"));
            Problem { field, ..problem }
        })
    }
}

fn parse_period(
    fields: &Fields,
    now: DateTime<Utc>,
) -> Result<(DateTime<Utc>, DateTime<Utc>), Problem> {
    let to = fields.time("to")?;
    let from = fields.time("from")?.unwrap_or(to.unwrap_or(now) - DEFAULT_PERIOD);
    let to = to.unwrap_or_else(|| now.max(from + DEFAULT_PERIOD));
    if to <= from {
        return Err(Problem::invalid_field("to", "This must be after from."));
    }
    if to - from > MAX_PERIOD {
        let detail = format!("From and to are at most {} hours apart.", MAX_PERIOD.num_hours());
        return Err(Problem::invalid_field("from", detail));
    }
    Ok((from, to))
}

fn show_clip(clip: &PlannedClip) -> Value {
    json!({
        "start": format_utc(clip.window.exact_start()),
        "end": format_utc(clip.window.exact_end()),
        "title": clip.title,
        "tags": clip.tags,
        "marks": clip.suggested_by.marks,
    })
}
