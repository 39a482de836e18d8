//! Reads the fields of a request's JSON body. A problem names the field that is wrong.

use chrono::{DateTime, Utc};
use serde_json::{Map, Value};

use super::{Problem, ProblemKind};
use crate::clip::{
    CompetitionId, Description, MAX_DESCRIPTION_LENGTH, MAX_TAG_LENGTH, MAX_TAGS, MAX_TITLE_LENGTH,
    parse_time,
};
use crate::error::format_sentence;

/// The JSON object of a body. A field that is `null` counts as absent.
#[derive(Clone, Debug)]
pub struct Fields(Map<String, Value>);

impl From<Map<String, Value>> for Fields {
    fn from(fields: Map<String, Value>) -> Self {
        Self(fields)
    }
}

impl Fields {
    /// Parses a body. It may have only the known fields. An empty body has no fields.
    pub fn parse(body: &[u8], known: &[&str]) -> Result<Self, Problem> {
        if body.trim_ascii().is_empty() {
            return Ok(Self(Map::new()));
        }
        let malformed = |detail: String| Problem::new(ProblemKind::MalformedBody, detail);
        let body: Value = serde_json::from_slice(body)
            .map_err(|error| malformed(format!("The body is not JSON: {error}.")))?;
        let Value::Object(fields) = body else {
            return Err(malformed("The body is not a JSON object.".to_owned()));
        };
        if let Some(unknown) = fields.keys().find(|name| !known.contains(&name.as_str())) {
            return Err(Problem::invalid_field(
                unknown,
                format!("Unknown field. The known fields are {}.", known.join(", ")),
            ));
        }
        Ok(Self(fields))
    }

    /// Whether the body has the field, even with the value `null`.
    pub fn contains(&self, name: &str) -> bool {
        self.0.contains_key(name)
    }

    /// All fields with a value.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &Value)> {
        self.0.iter().map(|(name, value)| (name.as_str(), value))
    }

    /// The value of a field, unless it is absent or `null`.
    pub fn get(&self, name: &str) -> Option<&Value> {
        self.0.get(name).filter(|value| !value.is_null())
    }

    /// A text of at most `max_length` characters.
    pub fn text(&self, name: &str, max_length: usize) -> Result<Option<&str>, Problem> {
        match self.get(name) {
            None => Ok(None),
            Some(Value::String(text)) => check_length(text, name, max_length).map(Some),
            Some(_) => Err(Problem::invalid_field(name, "This must be a text.")),
        }
    }

    pub fn competition(&self) -> Result<Option<CompetitionId>, Problem> {
        let parsed = self.text("competition", 64)?.map(str::parse).transpose();
        parsed.map_err(|error| Problem::invalid_field("competition", format_sentence(&error)))
    }

    /// A time: RFC 3339 or epoch seconds.
    pub fn time(&self, name: &str) -> Result<Option<DateTime<Utc>>, Problem> {
        let Some(value) = self.get(name) else { return Ok(None) };
        let text = match value {
            Value::String(text) => text.clone(),
            Value::Number(number) => number.to_string(),
            _ => String::new(),
        };
        parse_time(&text)
            .map(Some)
            .map_err(|error| Problem::invalid_field(name, format_sentence(&error)))
    }

    /// `true` or `false`.
    pub fn boolean(&self, name: &str) -> Result<Option<bool>, Problem> {
        match self.get(name) {
            None => Ok(None),
            Some(Value::Bool(value)) => Ok(Some(*value)),
            Some(_) => Err(Problem::invalid_field(name, "This must be true or false.")),
        }
    }

    /// The editable fields: `title`, `description`, `tags`, `expiresAt`, `listed` and `publishAt`.
    pub fn description(&self) -> Result<Description, Problem> {
        Ok(Description {
            title: self.text("title", MAX_TITLE_LENGTH)?.unwrap_or_default().to_owned(),
            description: self
                .text("description", MAX_DESCRIPTION_LENGTH)?
                .unwrap_or_default()
                .to_owned(),
            tags: self.tags()?,
            expires_at: self.time("expiresAt")?,
            listed: self.boolean("listed")?.unwrap_or(true),
            publish_at: self.time("publishAt")?,
        })
    }

    /// The field `tags`. Empty if it is absent.
    pub fn tags(&self) -> Result<Vec<String>, Problem> {
        let tags = match self.get("tags") {
            None => return Ok(Vec::new()),
            Some(Value::Array(tags)) => tags,
            Some(_) => {
                return Err(Problem::invalid_field("tags", "This must be a list of texts."));
            }
        };
        if tags.len() > MAX_TAGS {
            return Err(Problem::invalid_field(
                "tags",
                format!("There are {} tags. At most {MAX_TAGS} are allowed.", tags.len()),
            ));
        }
        let mut kept: Vec<String> = Vec::with_capacity(tags.len());
        for (at, tag) in tags.iter().enumerate() {
            let name = format!("tags[{at}]");
            let Value::String(tag) = tag else {
                return Err(Problem::invalid_field(name, "This must be a text."));
            };
            let tag = check_length(tag, &name, MAX_TAG_LENGTH)?;
            if tag.is_empty() {
                return Err(Problem::invalid_field(
                    name,
                    "A tag must have at least one character.",
                ));
            }
            if !kept.iter().any(|known| known == tag) {
                kept.push(tag.to_owned());
            }
        }
        Ok(kept)
    }
}

/// Parses a whole number that is not negative. As in JSON Schema, `1.0` is a whole number.
pub fn parse_whole_number(value: &Value) -> Option<u64> {
    // 2^53: every smaller whole number has an exact `f64`.
    const MAX_EXACT: f64 = 9_007_199_254_740_992.0;
    value.as_u64().or_else(|| {
        let number =
            value.as_f64().filter(|it| it.fract() == 0.0 && (0.0..MAX_EXACT).contains(it))?;
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "checked to be whole and in range"
        )]
        Some(number as u64)
    })
}

fn check_length<'a>(text: &'a str, name: &str, max_length: usize) -> Result<&'a str, Problem> {
    let length = text.chars().count();
    if length > max_length {
        return Err(Problem::invalid_field(
            name,
            format!("This has {length} characters. At most {max_length} are allowed."),
        ));
    }
    Ok(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_whole_number_may_have_a_decimal_point() {
        let check = |json: &str, expected| {
            assert_eq!(
                parse_whole_number(&serde_json::from_str(json).unwrap()),
                expected,
                "{json}"
            );
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
