//! A rule: what is to be made of the marks of a channel.

use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;

use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};

use super::{ChannelId, CompetitionId, Mark, MarkSource, Precision, Status};

/// What is to be made of marks. Lengths are in seconds.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Rule {
    pub id: RuleId,
    pub name: String,
    pub enabled: bool,
    /// Absent: the rule is for all channels.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub channels: Option<Vec<ChannelId>>,
    /// The rule is for marks with one of these labels.
    pub labels: Vec<String>,
    /// Absent: the rule is for marks of all sources.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sources: Option<Vec<MarkSource>>,
    /// A mark without a confidence counts as 1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub min_confidence: Option<f64>,
    /// A mark must have all of these tags.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub tags: BTreeMap<String, String>,
    /// The clip starts so long before the first mark.
    pub before_seconds: u32,
    /// The clip ends so long after the last mark, or after its end.
    pub after_seconds: u32,
    pub mode: RuleMode,
    /// The template of the title.
    pub title: String,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub description: String,
    /// The templates of the clip's tags.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub clip_tags: Vec<String>,
    /// Absent: the competition of the channel.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub competition: Option<CompetitionId>,
    pub listed: bool,
    /// Absent: the precision of the channel.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub precision: Option<Precision>,
    /// The first marks of two clips are at least so far apart.
    pub min_interval_seconds: u32,
    /// Whether clips that overlap or touch become one.
    pub merge: bool,
    /// Stretches with one of these labels are in no clip.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub exclude_labels: Vec<String>,
    /// The number of changes of the rule.
    pub version: u64,
    pub created_at: DateTime<Utc>,
    /// The rule is for marks that were received since then.
    pub updated_at: DateTime<Utc>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub updated_by: Option<String>,
}

/// What a rule makes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum RuleMode {
    /// Suggestions, which an operator confirms.
    #[default]
    Suggest,
    /// Clips, which are made as soon as they have aired.
    Clip,
}

/// The id of a rule: 1 to 40 lowercase letters, digits and hyphens.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct RuleId(String);

#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a rule id is 1 to {} lowercase letters, digits and hyphens", RuleId::MAX_LENGTH)]
pub struct RuleIdError;

/// A place of a template that a mark fills.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Placeholder<'a> {
    Label,
    Source,
    Tag(&'a str),
}

impl Rule {
    /// The largest of `before_seconds` and `after_seconds`.
    pub const MAX_LEAD: u32 = 600;
    /// The largest `min_interval_seconds`.
    pub const MAX_INTERVAL: u32 = 3600;

    /// The status of a clip that the rule makes.
    pub fn status(&self) -> Status {
        match self.mode {
            RuleMode::Suggest => Status::Suggested,
            RuleMode::Clip => Status::Scheduled,
        }
    }

    /// How long before its first mark a clip starts.
    pub fn lead(&self) -> TimeDelta {
        TimeDelta::seconds(self.before_seconds.into())
    }

    /// How long after its last mark a clip ends.
    pub fn lag(&self) -> TimeDelta {
        TimeDelta::seconds(self.after_seconds.into())
    }

    pub fn min_interval(&self) -> TimeDelta {
        TimeDelta::seconds(self.min_interval_seconds.into())
    }

    /// Whether the rule makes something of the marks of a channel.
    pub fn is_for(&self, channel: &ChannelId) -> bool {
        self.enabled && self.channels.as_ref().is_none_or(|all| all.contains(channel))
    }

    /// Whether the rule makes a clip of a mark.
    pub fn matches(&self, mark: &Mark) -> bool {
        self.labels.contains(&mark.label)
            && mark.received_at >= self.updated_at
            && self.sources.as_ref().is_none_or(|all| all.contains(&mark.source))
            && self.min_confidence.is_none_or(|min| mark.confidence.unwrap_or(1.0) >= min)
            && self.tags.iter().all(|(name, value)| mark.tags.get(name) == Some(value))
    }

    /// Whether the rule keeps the stretch of a mark out of clips.
    pub fn excludes(&self, mark: &Mark) -> bool {
        mark.end.is_some() && self.exclude_labels.contains(&mark.label)
    }

    /// Fills a template. A value that the mark does not have is empty. White space is collapsed.
    pub fn fill(template: &str, mark: &Mark, max_length: usize) -> String {
        let mut filled = String::with_capacity(template.len());
        let mut rest = template;
        while let Some((before, inside, after)) = split_placeholder(rest) {
            filled.push_str(before);
            filled.push_str(match parse_placeholder(inside) {
                Some(Placeholder::Label) => &mark.label,
                Some(Placeholder::Source) => mark.source.as_str(),
                Some(Placeholder::Tag(name)) => mark.tags.get(name).map_or("", String::as_str),
                None => "",
            });
            rest = after;
        }
        filled.push_str(rest);
        let words: Vec<_> = filled.split_whitespace().collect();
        words.join(" ").chars().take(max_length).collect::<String>().trim_end().to_owned()
    }

    /// The first placeholder of a template that no mark can fill.
    pub fn find_unknown_placeholder(template: &str) -> Option<&str> {
        let (_, inside, after) = split_placeholder(template)?;
        match parse_placeholder(inside) {
            Some(_) => Self::find_unknown_placeholder(after),
            None => Some(inside),
        }
    }
}

/// Splits a template at its first placeholder: the text before it, what is between its braces, and the
/// text after it.
fn split_placeholder(template: &str) -> Option<(&str, &str, &str)> {
    let (before, rest) = template.split_once('{')?;
    let (inside, after) = rest.split_once('}')?;
    Some((before, inside, after))
}

fn parse_placeholder(inside: &str) -> Option<Placeholder<'_>> {
    match inside {
        "label" => Some(Placeholder::Label),
        "source" => Some(Placeholder::Source),
        _ => inside.strip_prefix("tags.").map(Placeholder::Tag),
    }
}

impl RuleId {
    /// Longest id, in characters.
    pub const MAX_LENGTH: usize = 40;

    /// Creates an id of the name of a rule and a random suffix.
    pub fn for_name(name: &str) -> Self {
        let suffix = super::id::random_suffix().to_ascii_lowercase();
        let letters = name.to_ascii_lowercase();
        let words = letters.split(|letter: char| !letter.is_ascii_alphanumeric());
        let words: Vec<_> = words.filter(|word| !word.is_empty()).collect();
        let longest = Self::MAX_LENGTH - suffix.len() - 1;
        let name: String = words.join("-").chars().take(longest).collect();
        let name = if name.is_empty() { "rule" } else { name.trim_end_matches('-') };
        Self(format!("{name}-{suffix}"))
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for RuleId {
    type Err = RuleIdError;

    fn from_str(text: &str) -> Result<Self, RuleIdError> {
        let allowed = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
        if (1..=Self::MAX_LENGTH).contains(&text.len()) && text.bytes().all(allowed) {
            Ok(Self(text.to_owned()))
        } else {
            Err(RuleIdError)
        }
    }
}

impl TryFrom<String> for RuleId {
    type Error = RuleIdError;

    fn try_from(text: String) -> Result<Self, RuleIdError> {
        text.parse()
    }
}

impl From<RuleId> for String {
    fn from(id: RuleId) -> Self {
        id.0
    }
}

impl fmt::Display for RuleId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    /// A rule for marks with the label `goal`: from 12 s before to 6 s after.
    pub(crate) fn rule() -> Rule {
        Rule {
            id: "goals-k7qx2f".parse().unwrap(),
            name: "Goals".to_owned(),
            enabled: true,
            channels: None,
            labels: vec!["goal".to_owned()],
            sources: None,
            min_confidence: None,
            tags: BTreeMap::new(),
            before_seconds: 12,
            after_seconds: 6,
            mode: RuleMode::Suggest,
            title: "{label} {tags.player}".to_owned(),
            description: String::new(),
            clip_tags: vec!["{label}".to_owned(), "{tags.team}".to_owned()],
            competition: None,
            listed: true,
            precision: None,
            min_interval_seconds: 0,
            merge: true,
            exclude_labels: vec!["ad-break".to_owned()],
            version: 1,
            created_at: DateTime::UNIX_EPOCH,
            updated_at: DateTime::UNIX_EPOCH,
            updated_by: None,
        }
    }

    /// A mark with the label `goal`, so many seconds after 1970.
    pub(crate) fn mark(at: i64) -> Mark {
        let at = DateTime::from_timestamp(at, 0).unwrap();
        Mark {
            id: crate::clip::MarkId::for_time(at),
            channel: "main".into(),
            at,
            end: None,
            label: "goal".to_owned(),
            tags: [("player".to_owned(), "Kane".to_owned())].into(),
            source: "api".parse().unwrap(),
            confidence: None,
            key: None,
            created_by: None,
            received_at: at,
            expires_at: at + TimeDelta::days(1),
        }
    }

    #[test]
    fn a_rule_matches_by_label_source_confidence_tags_and_time() {
        let check = |change: fn(&mut Rule, &mut Mark), expected| {
            let (mut rule, mut mark) = (rule(), mark(100));
            change(&mut rule, &mut mark);
            assert_eq!(rule.matches(&mark), expected, "{rule:?} {mark:?}");
        };
        check(|_, _| {}, true);
        check(|_, mark| mark.label = "save".to_owned(), false);
        check(|rule, _| rule.sources = Some(vec!["scte35".parse().unwrap()]), false);
        check(|rule, _| rule.sources = Some(vec!["api".parse().unwrap()]), true);
        check(|rule, _| rule.min_confidence = Some(1.0), true);
        check(|rule, mark| (rule.min_confidence, mark.confidence) = (Some(0.8), Some(0.8)), true);
        check(|rule, mark| (rule.min_confidence, mark.confidence) = (Some(0.8), Some(0.7)), false);
        check(|rule, _| rule.tags = [("player".to_owned(), "Kane".to_owned())].into(), true);
        check(|rule, _| rule.tags = [("player".to_owned(), "Saka".to_owned())].into(), false);
        check(|rule, mark| rule.updated_at = mark.received_at, true);
        check(|rule, mark| rule.updated_at = mark.received_at + TimeDelta::seconds(1), false);
    }

    #[test]
    fn a_template_is_filled_by_the_mark() {
        let check = |template: &str, expected: &str| {
            assert_eq!(Rule::fill(template, &mark(100), 12), expected, "{template}");
        };
        check("{label} {tags.player}", "goal Kane");
        check("{label} {tags.team} by  {tags.player}", "goal by Kane");
        check("{source}: {nothing}{label", "api: {label");
        check("{tags.team}", "");
        check("Goal of the {tags.player}", "Goal of the");
        assert_eq!(Rule::find_unknown_placeholder("{label} {tags.a} {source} {x"), None);
        assert_eq!(Rule::find_unknown_placeholder("{label} {Label}"), Some("Label"));
    }

    #[test]
    fn an_id_is_made_of_the_name() {
        let id = |name: &str| RuleId::for_name(name).as_str().to_owned();
        assert!(id("Goals & saves").starts_with("goals-saves-"));
        assert!(id("ÄÖ").starts_with("rule-"));
        let long = "a very long name of a rule for goals and saves";
        for name in ["Goals", "", long, "a---------------------------------b"] {
            assert!(id(name).parse::<RuleId>().is_ok(), "{name}");
        }
    }
}
