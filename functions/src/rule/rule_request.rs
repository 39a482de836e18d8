//! Parses a rule.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use serde::Deserialize as _;
use serde_json::Value;

use crate::api::{Fields, Problem, parse_whole_number};
use crate::clip::{
    ChannelId, MAX_DESCRIPTION_LENGTH, MAX_TAG_LENGTH, MAX_TAGS, MAX_TITLE_LENGTH, MarkSource,
    Precision, Rule, RuleId, RuleMode, floor_millisecond,
};
use crate::error::format_sentence;
use crate::live::Channels;

const FIELDS: &[&str] = &[
    "name",
    "enabled",
    "channels",
    "labels",
    "sources",
    "minConfidence",
    "tags",
    "beforeSeconds",
    "afterSeconds",
    "mode",
    "title",
    "description",
    "clipTags",
    "competition",
    "listed",
    "precision",
    "minIntervalSeconds",
    "merge",
    "excludeLabels",
];

const MAX_NAME_LENGTH: usize = 80;
const MAX_LABEL_LENGTH: usize = 64;
const MAX_LABELS: usize = 20;
const MAX_CHANNELS: usize = 100;
const MAX_VALUE_LENGTH: usize = 200;
const DEFAULT_TITLE: &str = "{label}";
/// Two segments of 2 s: the shortest clip.
const MIN_LENGTH: u32 = 4;

/// Parses the fields of a rule. The rule is new, so it has version 1.
pub(super) fn parse_rule(
    body: &[u8],
    channels: &Channels,
    updated_by: Option<String>,
    now: DateTime<Utc>,
) -> Result<Rule, Problem> {
    let fields = Fields::parse(body, FIELDS)?;
    let name = required(fields.text("name", MAX_NAME_LENGTH)?, "name", MAX_NAME_LENGTH)?;
    let (before_seconds, after_seconds) = parse_lengths(&fields)?;
    let now = floor_millisecond(now);
    Ok(Rule {
        id: RuleId::for_name(&name),
        name,
        enabled: fields.boolean("enabled")?.unwrap_or(true),
        channels: parse_channels(&fields, channels)?,
        labels: required_list(parse_texts(&fields, "labels", MAX_LABELS, MAX_LABEL_LENGTH)?)?,
        sources: parse_sources(&fields)?,
        min_confidence: parse_confidence(&fields)?,
        tags: parse_tags(&fields)?,
        before_seconds,
        after_seconds,
        mode: parse_choice(&fields, "mode", "This must be \"suggest\" or \"clip\".", |value| {
            RuleMode::deserialize(value).ok()
        })?
        .unwrap_or_default(),
        title: parse_title(&fields)?,
        description: fields
            .text("description", MAX_DESCRIPTION_LENGTH)?
            .unwrap_or_default()
            .to_owned(),
        clip_tags: parse_clip_tags(&fields)?,
        competition: fields.competition()?,
        listed: fields.boolean("listed")?.unwrap_or(true),
        precision: parse_choice(
            &fields,
            "precision",
            "This must be \"segment\" or \"frame\".",
            |value| Precision::deserialize(value).ok(),
        )?,
        min_interval_seconds: parse_seconds(&fields, "minIntervalSeconds", Rule::MAX_INTERVAL)?,
        merge: fields.boolean("merge")?.unwrap_or(true),
        exclude_labels: parse_texts(&fields, "excludeLabels", MAX_LABELS, MAX_LABEL_LENGTH)?
            .unwrap_or_default(),
        version: 1,
        created_at: now,
        updated_at: now,
        updated_by,
    })
}

fn required(text: Option<&str>, name: &str, max_length: usize) -> Result<String, Problem> {
    let text = text.map(str::trim).filter(|text| !text.is_empty());
    text.map(str::to_owned).ok_or_else(|| {
        let detail = format!("This must be a text of 1 to {max_length} characters.");
        Problem::invalid_field(name, detail)
    })
}

fn required_list(labels: Option<Vec<String>>) -> Result<Vec<String>, Problem> {
    labels.filter(|labels| !labels.is_empty()).ok_or_else(|| {
        let detail = format!("This must be a list of 1 to {MAX_LABELS} labels.");
        Problem::invalid_field("labels", detail)
    })
}

fn parse_seconds(fields: &Fields, name: &str, max: u32) -> Result<u32, Problem> {
    let Some(value) = fields.get(name) else { return Ok(0) };
    let seconds = parse_whole_number(value).and_then(|it| u32::try_from(it).ok());
    seconds.filter(|seconds| *seconds <= max).ok_or_else(|| {
        Problem::invalid_field(name, format!("This must be a whole number from 0 to {max}."))
    })
}

fn parse_lengths(fields: &Fields) -> Result<(u32, u32), Problem> {
    for name in ["beforeSeconds", "afterSeconds"] {
        if fields.get(name).is_none() {
            let detail = format!("Give a whole number from 0 to {}.", Rule::MAX_LEAD);
            return Err(Problem::invalid_field(name, detail));
        }
    }
    let before = parse_seconds(fields, "beforeSeconds", Rule::MAX_LEAD)?;
    let after = parse_seconds(fields, "afterSeconds", Rule::MAX_LEAD)?;
    if before + after < MIN_LENGTH {
        let detail = format!(
            "A clip is at least {MIN_LENGTH} s long, so beforeSeconds and afterSeconds must be at \
             least {MIN_LENGTH} s together."
        );
        return Err(Problem::invalid_field("afterSeconds", detail));
    }
    Ok((before, after))
}

fn parse_confidence(fields: &Fields) -> Result<Option<f64>, Problem> {
    let Some(value) = fields.get("minConfidence") else { return Ok(None) };
    let number = value.as_f64().filter(|number| (0.0..=1.0).contains(number));
    let invalid = || Problem::invalid_field("minConfidence", "This must be a number from 0 to 1.");
    number.map(Some).ok_or_else(invalid)
}

fn parse_choice<T>(
    fields: &Fields,
    name: &str,
    detail: &str,
    parse: impl Fn(&Value) -> Option<T>,
) -> Result<Option<T>, Problem> {
    let Some(value) = fields.get(name) else { return Ok(None) };
    parse(value).map(Some).ok_or_else(|| Problem::invalid_field(name, detail))
}

/// A list of texts without duplicates. Each has at least one character.
fn parse_texts(
    fields: &Fields,
    name: &str,
    max_items: usize,
    max_length: usize,
) -> Result<Option<Vec<String>>, Problem> {
    let items = match fields.get(name) {
        None => return Ok(None),
        Some(Value::Array(items)) => items,
        Some(_) => return Err(Problem::invalid_field(name, "This must be a list of texts.")),
    };
    if items.len() > max_items {
        let detail = format!("There are {} items. At most {max_items} are allowed.", items.len());
        return Err(Problem::invalid_field(name, detail));
    }
    let mut texts: Vec<String> = Vec::with_capacity(items.len());
    for (at, item) in items.iter().enumerate() {
        let valid = |text: &&str| (1..=max_length).contains(&text.chars().count());
        let text = item.as_str().filter(valid).ok_or_else(|| {
            let detail = format!("This must be a text of 1 to {max_length} characters.");
            Problem::invalid_field(format!("{name}[{at}]"), detail)
        })?;
        if !texts.iter().any(|known| known == text) {
            texts.push(text.to_owned());
        }
    }
    Ok(Some(texts))
}

fn parse_channels(fields: &Fields, channels: &Channels) -> Result<Option<Vec<ChannelId>>, Problem> {
    let Some(names) = parse_texts(fields, "channels", MAX_CHANNELS, 64)? else { return Ok(None) };
    let ids: Vec<_> = names.iter().map(|name| ChannelId::from(name.as_str())).collect();
    if ids.is_empty() {
        let detail = "Name a channel, or leave the field out: then the rule is for all channels.";
        return Err(Problem::invalid_field("channels", detail));
    }
    for (at, id) in ids.iter().enumerate() {
        if channels.find(id).is_none() {
            let known: Vec<_> = channels.ids().map(ToString::to_string).collect();
            let known = known.join(", ");
            let detail = format!("There is no channel {id}. The channels are {known}.");
            return Err(Problem::invalid_field(format!("channels[{at}]"), detail));
        }
    }
    Ok(Some(ids))
}

fn parse_sources(fields: &Fields) -> Result<Option<Vec<MarkSource>>, Problem> {
    let names = parse_texts(fields, "sources", MAX_LABELS, MarkSource::MAX_LENGTH)?;
    let Some(names) = names.filter(|names| !names.is_empty()) else { return Ok(None) };
    let parse = |(at, name): (usize, &String)| {
        name.parse().map_err(|error| {
            Problem::invalid_field(format!("sources[{at}]"), format_sentence(&error))
        })
    };
    names.iter().enumerate().map(parse).collect::<Result<_, _>>().map(Some)
}

fn parse_tags(fields: &Fields) -> Result<BTreeMap<String, String>, Problem> {
    let tags = match fields.get("tags") {
        None => return Ok(BTreeMap::new()),
        Some(Value::Object(tags)) => tags,
        Some(_) => {
            return Err(Problem::invalid_field("tags", "This must be an object of texts."));
        }
    };
    if tags.len() > MAX_TAGS {
        let detail = format!("There are {} tags. At most {MAX_TAGS} are allowed.", tags.len());
        return Err(Problem::invalid_field("tags", detail));
    }
    let parse = |(name, value): (&String, &Value)| {
        let text = value.as_str().filter(|it| it.chars().count() <= MAX_VALUE_LENGTH);
        let text = text.ok_or_else(|| {
            let detail = format!("This must be a text of at most {MAX_VALUE_LENGTH} characters.");
            Problem::invalid_field(format!("tags.{name}"), detail)
        })?;
        Ok((name.clone(), text.to_owned()))
    };
    tags.iter().map(parse).collect()
}

fn parse_title(fields: &Fields) -> Result<String, Problem> {
    let title = fields.text("title", MAX_TITLE_LENGTH)?.unwrap_or(DEFAULT_TITLE);
    check_template(title, "title")?;
    Ok(title.to_owned())
}

fn parse_clip_tags(fields: &Fields) -> Result<Vec<String>, Problem> {
    let templates = parse_texts(fields, "clipTags", MAX_TAGS, MAX_TAG_LENGTH)?.unwrap_or_default();
    for (at, template) in templates.iter().enumerate() {
        check_template(template, &format!("clipTags[{at}]"))?;
    }
    Ok(templates)
}

fn check_template(template: &str, name: &str) -> Result<(), Problem> {
    let Some(unknown) = Rule::find_unknown_placeholder(template) else { return Ok(()) };
    let detail = format!(
        "There is no placeholder {{{unknown}}}. The placeholders are {{label}}, {{source}} and \
         {{tags.NAME}}."
    );
    Err(Problem::invalid_field(name, detail))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn channels() -> Channels {
        let channel = serde_json::json!([{
            "id": "main", "competition": "100m-dash", "originEndpointId": "main-hls",
            "manifest": "https://origin.example/index.m3u8",
            "viewerManifest": "https://cdn.example/index.m3u8",
            "segmentSeconds": 2, "startoverSeconds": 900,
        }]);
        channel.to_string().parse().unwrap()
    }

    fn parse(body: &str) -> Result<Rule, Problem> {
        parse_rule(body.as_bytes(), &channels(), None, DateTime::UNIX_EPOCH)
    }

    #[test]
    fn a_rule_has_defaults() {
        let rule =
            parse(r#"{"name":"Goals","labels":["goal"],"beforeSeconds":12,"afterSeconds":6}"#);
        let rule = rule.unwrap();
        assert_eq!((rule.mode, rule.title.as_str()), (RuleMode::Suggest, "{label}"));
        assert!(rule.enabled && rule.listed && rule.merge && rule.channels.is_none());
        assert_eq!((rule.version, rule.min_interval_seconds), (1, 0));
    }

    #[test]
    fn the_field_that_is_wrong_is_named() {
        let check = |change: &str, field: &str| {
            let mut body: Value = serde_json::json!({
                "name": "Goals", "labels": ["goal"], "beforeSeconds": 12, "afterSeconds": 6,
            });
            let change: Value = serde_json::from_str(change).unwrap();
            for (name, value) in change.as_object().unwrap() {
                body[name] = value.clone();
            }
            let problem = parse(&body.to_string()).unwrap_err();
            assert_eq!(problem.field.as_deref(), Some(field), "{change}");
        };
        check(r#"{"name":" "}"#, "name");
        check(r#"{"name":null}"#, "name");
        check(r#"{"enabled":"yes"}"#, "enabled");
        check(r#"{"channels":[]}"#, "channels");
        check(r#"{"channels":["nowhere"]}"#, "channels[0]");
        check(r#"{"labels":[]}"#, "labels");
        check(r#"{"labels":["goal",""]}"#, "labels[1]");
        check(r#"{"sources":["A b"]}"#, "sources[0]");
        check(r#"{"minConfidence":1.1}"#, "minConfidence");
        check(r#"{"tags":["a"]}"#, "tags");
        check(r#"{"tags":{"player":7}}"#, "tags.player");
        check(r#"{"beforeSeconds":601}"#, "beforeSeconds");
        check(r#"{"beforeSeconds":null}"#, "beforeSeconds");
        check(r#"{"afterSeconds":1.5}"#, "afterSeconds");
        check(r#"{"beforeSeconds":2,"afterSeconds":1}"#, "afterSeconds");
        check(r#"{"mode":"make"}"#, "mode");
        check(r#"{"title":"{Label}"}"#, "title");
        check(r#"{"clipTags":["{tag}"]}"#, "clipTags[0]");
        check(r#"{"competition":"a b"}"#, "competition");
        check(r#"{"precision":"exact"}"#, "precision");
        check(r#"{"minIntervalSeconds":3601}"#, "minIntervalSeconds");
        check(r#"{"excludeLabels":"ad-break"}"#, "excludeLabels");
        check(r#"{"version":2}"#, "version");
    }
}
