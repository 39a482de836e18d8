//! The fields of a request's body, read one by one; what is wrong is said by field.

use chrono::{DateTime, Utc};
use serde_json::{Map, Value};

use crate::clip::{CompetitionId, parse_moment};
use crate::http::{Problem, ProblemKind, sentence};

pub const LONGEST_TITLE: usize = 200;
pub const LONGEST_DESCRIPTION: usize = 2000;
pub const MOST_TAGS: usize = 20;
pub const LONGEST_TAG: usize = 50;

/// The JSON object that a body is; `null` counts as absent.
#[derive(Clone, Debug)]
pub struct Fields(Map<String, Value>);

/// What a person says of a clip, live or uploaded.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Description {
    pub title: String,
    pub description: String,
    pub tags: Vec<String>,
    /// When the clip is to be deleted.
    pub expires_at: Option<DateTime<Utc>>,
}

impl Description {
    /// Refuses what cannot be meant, now.
    pub fn check(&self, now: DateTime<Utc>) -> Result<(), Problem> {
        match self.expires_at {
            Some(expiry) if expiry <= now => {
                let detail = "This has to be in the future; to delete a clip now, use DELETE.";
                Err(Problem::invalid_field("expiresAt", detail))
            }
            _ => Ok(()),
        }
    }
}

impl Fields {
    /// Reads a body that may have these fields only; an empty one has none of them.
    pub fn read(body: &[u8], known: &[&str]) -> Result<Self, Problem> {
        if body.trim_ascii().is_empty() {
            return Ok(Self(Map::new()));
        }
        let malformed = |detail: String| Problem::new(ProblemKind::MalformedBody, detail);
        let body: Value = serde_json::from_slice(body)
            .map_err(|error| malformed(format!("The body is not JSON: {error}.")))?;
        let Value::Object(fields) = body else {
            return Err(malformed("The body is JSON, but not an object.".to_owned()));
        };
        if let Some(unknown) = fields.keys().find(|name| !known.contains(&name.as_str())) {
            return Err(Problem::invalid_field(
                unknown,
                format!("There is no such field; this takes {}.", known.join(", ")),
            ));
        }
        Ok(Self(fields))
    }

    /// Whether the body has the field, even if as `null`.
    pub fn names(&self, name: &str) -> bool {
        self.0.contains_key(name)
    }

    pub fn get(&self, name: &str) -> Option<&Value> {
        self.0.get(name).filter(|value| !value.is_null())
    }

    /// A text of at most so many characters.
    pub fn text(&self, name: &str, longest: usize) -> Result<Option<&str>, Problem> {
        match self.get(name) {
            None => Ok(None),
            Some(Value::String(text)) => bounded(text, name, longest).map(Some),
            Some(_) => Err(Problem::invalid_field(name, "This has to be a text.")),
        }
    }

    pub fn competition(&self) -> Result<Option<CompetitionId>, Problem> {
        let parsed = self.text("competition", 64)?.map(str::parse).transpose();
        parsed.map_err(|error| Problem::invalid_field("competition", sentence(&error)))
    }

    pub fn moment(&self, name: &str) -> Result<Option<DateTime<Utc>>, Problem> {
        let Some(value) = self.get(name) else { return Ok(None) };
        let text = match value {
            Value::String(text) => text.clone(),
            Value::Number(number) => number.to_string(),
            _ => String::new(),
        };
        let moment = parse_moment(&text);
        moment.map(Some).map_err(|error| Problem::invalid_field(name, sentence(&error)))
    }

    /// `title`, `description`, `tags` and `expiresAt`.
    pub fn description(&self) -> Result<Description, Problem> {
        Ok(Description {
            title: self.text("title", LONGEST_TITLE)?.unwrap_or_default().to_owned(),
            description: self
                .text("description", LONGEST_DESCRIPTION)?
                .unwrap_or_default()
                .to_owned(),
            tags: self.tags()?,
            expires_at: self.moment("expiresAt")?,
        })
    }

    fn tags(&self) -> Result<Vec<String>, Problem> {
        let tags = match self.get("tags") {
            None => return Ok(Vec::new()),
            Some(Value::Array(tags)) => tags,
            Some(_) => {
                return Err(Problem::invalid_field("tags", "This has to be a list of texts."));
            }
        };
        if MOST_TAGS < tags.len() {
            return Err(Problem::invalid_field(
                "tags",
                format!("There are {} tags; at most {MOST_TAGS} are taken.", tags.len()),
            ));
        }
        let mut kept: Vec<String> = Vec::with_capacity(tags.len());
        for (at, tag) in tags.iter().enumerate() {
            let name = format!("tags[{at}]");
            let Value::String(tag) = tag else {
                return Err(Problem::invalid_field(name, "This has to be a text."));
            };
            let tag = bounded(tag, &name, LONGEST_TAG)?;
            if tag.is_empty() {
                return Err(Problem::invalid_field(name, "A tag has at least one character."));
            }
            if !kept.iter().any(|known| known == tag) {
                kept.push(tag.to_owned());
            }
        }
        Ok(kept)
    }
}

/// A whole number that is not negative; `1.0` is one, as it is for JSON Schema.
pub fn whole(value: &Value) -> Option<u64> {
    // Below 2^53, every whole number is a float of its own.
    const EXACT: f64 = 9_007_199_254_740_992.0;
    value.as_u64().or_else(|| {
        let number = value.as_f64().filter(|it| it.fract() == 0.0 && (0.0..EXACT).contains(it))?;
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "whole and in range, checked above"
        )]
        Some(number as u64)
    })
}

fn bounded<'a>(text: &'a str, name: &str, longest: usize) -> Result<&'a str, Problem> {
    let length = text.chars().count();
    if longest < length {
        return Err(Problem::invalid_field(
            name,
            format!("This has {length} characters; at most {longest} are taken."),
        ));
    }
    Ok(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whole_numbers_may_be_written_with_a_point() {
        let check = |json: &str, expected| {
            assert_eq!(whole(&serde_json::from_str(json).unwrap()), expected, "{json}");
        };
        check("1", Some(1));
        check("1.0", Some(1));
        check("-0.0", Some(0));
        check("1e3", Some(1000));
        check("18446744073709551615", Some(u64::MAX));
        for other in ["1.5", "-1", "-1.0", "1e300", "\"1\"", "true", "[]"] {
            check(other, None);
        }
    }
}
