//! The editable fields of a clip: title, description, tags, expiry, listing and the window.

use chrono::{DateTime, Utc};

use super::{Bounds, Window};

/// Longest title, in characters.
pub const MAX_TITLE_LENGTH: usize = 200;
/// Longest description, in characters.
pub const MAX_DESCRIPTION_LENGTH: usize = 2000;
/// Most tags of a clip.
pub const MAX_TAGS: usize = 20;
/// Longest tag, in characters.
pub const MAX_TAG_LENGTH: usize = 50;

/// The editable fields of a new clip.
#[derive(Clone, Debug, PartialEq)]
pub struct Description {
    pub title: String,
    pub description: String,
    pub tags: Vec<String>,
    pub expires_at: Option<DateTime<Utc>>,
    /// Whether viewers' lists show the clip once it is ready.
    pub listed: bool,
    /// When viewers' lists may show the clip. A time in the past means at once.
    pub publish_at: Option<DateTime<Utc>>,
}

/// A change of the editable fields. A field that is `None` keeps its value.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Edit {
    pub title: Option<String>,
    pub description: Option<String>,
    pub tags: Option<Vec<String>>,
    /// `Some(None)` removes the expiry: the clip is kept.
    pub expires_at: Option<Option<DateTime<Utc>>>,
    pub listed: Option<bool>,
    /// `Some(None)`, or a time in the past: viewers' lists may show the clip at once.
    pub publish_at: Option<Option<DateTime<Utc>>>,
    /// `Some(None)`: the poster is from the middle of the clip.
    pub poster_at: Option<Option<DateTime<Utc>>>,
    /// Only for a suggested or scheduled clip, or for a ready clip of a live stream.
    pub window: Option<NewWindow>,
}

/// The window that an edit gives a clip of a live stream.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum NewWindow {
    /// The end has not aired, or the clip is a suggestion. Its status does not change.
    Ahead(Window),
    /// The end has aired. `actual` is `None` if the bounds are unknown.
    Aired { window: Window, actual: Option<Bounds> },
    /// The clip is ready, and the window lies within its bounds.
    Trimmed(Window),
    /// The clip is ready, and the window reaches beyond its bounds. The stream still has it. `actual` is
    /// `None` if the bounds of the new media are unknown.
    Remade { window: Window, actual: Option<Bounds> },
}

/// The expiry of a description is not in the future.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the expiry is not in the future")]
pub struct ExpiryInPast;

impl Default for Description {
    fn default() -> Self {
        Self {
            title: String::new(),
            description: String::new(),
            tags: Vec::new(),
            expires_at: None,
            listed: true,
            publish_at: None,
        }
    }
}

impl Description {
    /// Checks that the clip does not expire at once.
    pub fn check_expiry(&self, now: DateTime<Utc>) -> Result<(), ExpiryInPast> {
        match self.expires_at {
            Some(expiry) if expiry <= now => Err(ExpiryInPast),
            _ => Ok(()),
        }
    }
}
