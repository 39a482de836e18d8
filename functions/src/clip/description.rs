//! The editable fields of a clip: title, description, tags and expiry.

use chrono::{DateTime, Utc};

/// Longest title, in characters.
pub const MAX_TITLE_LENGTH: usize = 200;
/// Longest description, in characters.
pub const MAX_DESCRIPTION_LENGTH: usize = 2000;
/// Most tags of a clip.
pub const MAX_TAGS: usize = 20;
/// Longest tag, in characters.
pub const MAX_TAG_LENGTH: usize = 50;

/// The editable fields of a clip.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Description {
    pub title: String,
    pub description: String,
    pub tags: Vec<String>,
    pub expires_at: Option<DateTime<Utc>>,
}

/// A change of the editable fields. A field that is `None` keeps its value.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Edit {
    pub title: Option<String>,
    pub description: Option<String>,
    pub tags: Option<Vec<String>>,
    /// `Some(None)` removes the expiry: the clip is kept.
    pub expires_at: Option<Option<DateTime<Utc>>>,
}

/// The expiry of a description is not in the future.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the expiry is not in the future")]
pub struct ExpiryInPast;

impl Description {
    /// Checks that the clip does not expire at once.
    pub fn check_expiry(&self, now: DateTime<Utc>) -> Result<(), ExpiryInPast> {
        match self.expires_at {
            Some(expiry) if expiry <= now => Err(ExpiryInPast),
            _ => Ok(()),
        }
    }
}
