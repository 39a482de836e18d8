//! Why a request was not done, in types that clients can rely on.

use serde_json::json;

use super::Reply;
use crate::error;

/// Why a request was not done, as RFC 9457 problem details.
/// <https://www.rfc-editor.org/rfc/rfc9457>
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    pub kind: ProblemKind,
    /// What is wrong and what to do about it, for a person.
    pub detail: String,
    /// The field of the body, or the parameter, that is at fault.
    pub field: Option<String>,
}

/// The stable types of problems; clients may rely on them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ProblemKind {
    MalformedBody,
    InvalidField,
    InvalidWindow,
    BodyTooLarge,
    WindowNotAired,
    WindowExpired,
    WindowUnavailable,
    Forbidden,
    UploadClosed,
    PartsRejected,
    NotFound,
    MethodNotAllowed,
    LibraryPublic,
    NotRetryable,
    ClipGone,
    PreconditionFailed,
    KeyReused,
    PreconditionRequired,
    LiveUnreadable,
    Unavailable,
}

impl ProblemKind {
    fn status(self) -> u16 {
        match self {
            Self::MalformedBody | Self::InvalidField | Self::InvalidWindow => 400,
            Self::Forbidden => 403,
            Self::NotFound => 404,
            Self::MethodNotAllowed => 405,
            Self::UploadClosed | Self::LibraryPublic | Self::NotRetryable => 409,
            Self::ClipGone => 410,
            Self::PreconditionFailed => 412,
            Self::BodyTooLarge => 413,
            Self::WindowNotAired
            | Self::WindowExpired
            | Self::WindowUnavailable
            | Self::PartsRejected
            | Self::KeyReused => 422,
            Self::PreconditionRequired => 428,
            Self::LiveUnreadable | Self::Unavailable => 503,
        }
    }

    fn name(self) -> &'static str {
        match self {
            Self::MalformedBody => "malformed-body",
            Self::InvalidField => "invalid-field",
            Self::InvalidWindow => "invalid-window",
            Self::BodyTooLarge => "body-too-large",
            Self::WindowNotAired => "window-not-aired",
            Self::WindowExpired => "window-expired",
            Self::WindowUnavailable => "window-unavailable",
            Self::Forbidden => "forbidden",
            Self::UploadClosed => "upload-closed",
            Self::PartsRejected => "parts-rejected",
            Self::NotFound => "not-found",
            Self::MethodNotAllowed => "method-not-allowed",
            Self::LibraryPublic => "library-public",
            Self::NotRetryable => "not-retryable",
            Self::ClipGone => "clip-gone",
            Self::PreconditionFailed => "precondition-failed",
            Self::KeyReused => "idempotency-key-reused",
            Self::PreconditionRequired => "precondition-required",
            Self::LiveUnreadable => "live-unreadable",
            Self::Unavailable => "unavailable",
        }
    }

    fn title(self) -> &'static str {
        match self {
            Self::MalformedBody => "The body is not a JSON object",
            Self::InvalidField => "A field is not valid",
            Self::InvalidWindow => "No clip can have this window",
            Self::BodyTooLarge => "The body is too large",
            Self::WindowNotAired => "The window has not aired yet",
            Self::WindowExpired => "The window is no longer kept",
            Self::WindowUnavailable => "The stream does not cover the window",
            Self::Forbidden => "The token does not allow this",
            Self::UploadClosed => "The upload takes no more parts",
            Self::PartsRejected => "The parts do not make the file",
            Self::NotFound => "There is no such thing",
            Self::MethodNotAllowed => "The path does not take this method",
            Self::LibraryPublic => "The library is public",
            Self::NotRetryable => "The clip is not tried again",
            Self::ClipGone => "The clip has been deleted",
            Self::PreconditionFailed => "The clip has changed",
            Self::KeyReused => "The key belongs to another request",
            Self::PreconditionRequired => "The request has to say what it knows",
            Self::LiveUnreadable => "The live stream cannot be read",
            Self::Unavailable => "The service is not available",
        }
    }
}

impl Problem {
    pub fn new(kind: ProblemKind, detail: impl Into<String>) -> Self {
        Self { kind, detail: detail.into(), field: None }
    }

    pub fn of_field(
        kind: ProblemKind,
        field: impl Into<String>,
        detail: impl Into<String>,
    ) -> Self {
        Self { kind, detail: detail.into(), field: Some(field.into()) }
    }

    pub fn invalid_field(field: impl Into<String>, detail: impl Into<String>) -> Self {
        Self::of_field(ProblemKind::InvalidField, field, detail)
    }

    /// A failure on our side: its causes are logged, once and here, and never shown.
    pub fn unavailable(cause: &dyn std::error::Error) -> Self {
        tracing::error!("a request could not be answered: {}", error::chain(cause));
        Self::new(
            ProblemKind::Unavailable,
            "The service could not answer just now; please try again in a moment.",
        )
    }

    pub(super) fn reply(&self) -> Reply {
        let mut body = json!({
            "type": problem_type(self.kind.name()),
            "title": self.kind.title(),
            "status": self.kind.status(),
            "detail": self.detail,
        });
        if let Some(field) = &self.field {
            body["field"] = json!(field);
        }
        Reply::json(self.kind.status(), body)
    }
}

/// The URI of a problem type.
pub fn problem_type(name: &str) -> String {
    format!("urn:matchcut:problem:{name}")
}
