//! Problems: why a request was refused, in types that clients can rely on.

use serde_json::json;

use super::Reply;
use crate::clip::ExpiryInPast;
use crate::error;
use crate::library::LibraryError;

/// Why a request was refused, as RFC 9457 problem details.
/// <https://www.rfc-editor.org/rfc/rfc9457>
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    pub kind: ProblemKind,
    /// What is wrong and what to do, for a person.
    pub detail: String,
    /// The field of the body, the parameter or the header that is wrong.
    pub field: Option<String>,
}

/// The stable types of problems.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ProblemKind {
    MalformedBody,
    InvalidField,
    InvalidWindow,
    BodyTooLarge,
    WindowNotAired,
    WindowExpired,
    WindowUnavailable,
    WindowOutsideMedia,
    Unauthorized,
    Forbidden,
    UploadClosed,
    PartsRejected,
    NotFound,
    MethodNotAllowed,
    LibraryPublic,
    NotRetryable,
    ChannelNotControlled,
    ChannelBusy,
    NotScheduled,
    NotSuggested,
    TooManyRules,
    NotReady,
    MediaUnknown,
    TooManyExports,
    ClipRemoved,
    ClipGone,
    MarkGone,
    MarkOutsideStream,
    PreconditionFailed,
    NothingSelected,
    KeyReused,
    PreconditionRequired,
    FormatNotImplemented,
    LiveUnreadable,
    NoProgramDateTime,
    Unavailable,
}

impl ProblemKind {
    fn status(self) -> u16 {
        match self {
            Self::MalformedBody | Self::InvalidField | Self::InvalidWindow => 400,
            Self::Unauthorized => 401,
            Self::Forbidden => 403,
            Self::NotFound => 404,
            Self::MethodNotAllowed => 405,
            Self::UploadClosed
            | Self::LibraryPublic
            | Self::NotRetryable
            | Self::ChannelNotControlled
            | Self::ChannelBusy
            | Self::NotScheduled
            | Self::NotSuggested
            | Self::TooManyRules
            | Self::NotReady
            | Self::MediaUnknown
            | Self::TooManyExports
            | Self::ClipRemoved => 409,
            Self::ClipGone | Self::MarkGone => 410,
            Self::PreconditionFailed => 412,
            Self::BodyTooLarge => 413,
            Self::WindowNotAired
            | Self::WindowExpired
            | Self::WindowUnavailable
            | Self::WindowOutsideMedia
            | Self::MarkOutsideStream
            | Self::PartsRejected
            | Self::NothingSelected
            | Self::KeyReused => 422,
            Self::PreconditionRequired => 428,
            Self::FormatNotImplemented => 501,
            Self::LiveUnreadable | Self::NoProgramDateTime | Self::Unavailable => 503,
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
            Self::WindowOutsideMedia => "window-outside-media",
            Self::Unauthorized => "unauthorized",
            Self::Forbidden => "forbidden",
            Self::UploadClosed => "upload-closed",
            Self::PartsRejected => "parts-rejected",
            Self::NotFound => "not-found",
            Self::MethodNotAllowed => "method-not-allowed",
            Self::LibraryPublic => "library-public",
            Self::NotRetryable => "not-retryable",
            Self::ChannelNotControlled => "channel-not-controlled",
            Self::ChannelBusy => "channel-busy",
            Self::NotScheduled => "not-scheduled",
            Self::NotSuggested => "not-suggested",
            Self::TooManyRules => "too-many-rules",
            Self::NotReady => "not-ready",
            Self::MediaUnknown => "media-unknown",
            Self::TooManyExports => "too-many-exports",
            Self::ClipRemoved => "clip-removed",
            Self::ClipGone => "clip-gone",
            Self::MarkGone => "mark-gone",
            Self::MarkOutsideStream => "mark-outside-stream",
            Self::PreconditionFailed => "precondition-failed",
            Self::NothingSelected => "nothing-selected",
            Self::KeyReused => "idempotency-key-reused",
            Self::PreconditionRequired => "precondition-required",
            Self::FormatNotImplemented => "format-not-implemented",
            Self::LiveUnreadable => "live-unreadable",
            Self::NoProgramDateTime => "no-program-date-time",
            Self::Unavailable => "unavailable",
        }
    }

    fn title(self) -> &'static str {
        match self {
            Self::MalformedBody => "Malformed JSON body",
            Self::InvalidField => "Invalid field",
            Self::InvalidWindow => "Invalid window",
            Self::BodyTooLarge => "Request body too large",
            Self::WindowNotAired => "Window not aired yet",
            Self::WindowExpired => "Window expired",
            Self::WindowUnavailable => "Window not available",
            Self::WindowOutsideMedia => "Window outside of the media",
            Self::Unauthorized => "Authentication required",
            Self::Forbidden => "Access denied",
            Self::UploadClosed => "Upload closed",
            Self::PartsRejected => "Parts rejected",
            Self::NotFound => "Not found",
            Self::MethodNotAllowed => "Method not allowed",
            Self::LibraryPublic => "Library is public",
            Self::NotRetryable => "Clip cannot be retried",
            Self::ChannelNotControlled => "Channel not controlled",
            Self::ChannelBusy => "Channel busy",
            Self::NotScheduled => "Clip not scheduled",
            Self::NotSuggested => "Clip not suggested",
            Self::TooManyRules => "Too many rules",
            Self::NotReady => "Clip not ready",
            Self::MediaUnknown => "Media of the clip unknown",
            Self::TooManyExports => "Too many exports",
            Self::ClipRemoved => "Clip removed",
            Self::ClipGone => "Clip deleted",
            Self::MarkGone => "Mark deleted",
            Self::MarkOutsideStream => "Mark outside of the stream",
            Self::PreconditionFailed => "Clip has changed",
            Self::NothingSelected => "No clip selected",
            Self::KeyReused => "Idempotency key reused",
            Self::PreconditionRequired => "If-Match required",
            Self::FormatNotImplemented => "Format not implemented",
            Self::LiveUnreadable => "Live stream unreadable",
            Self::NoProgramDateTime => "No PROGRAM-DATE-TIME",
            Self::Unavailable => "Service unavailable",
        }
    }
}

impl Problem {
    pub fn new(kind: ProblemKind, detail: impl Into<String>) -> Self {
        Self { kind, detail: detail.into(), field: None }
    }

    pub fn for_field(
        kind: ProblemKind,
        field: impl Into<String>,
        detail: impl Into<String>,
    ) -> Self {
        Self { kind, detail: detail.into(), field: Some(field.into()) }
    }

    pub fn invalid_field(field: impl Into<String>, detail: impl Into<String>) -> Self {
        Self::for_field(ProblemKind::InvalidField, field, detail)
    }

    /// A failure on our side. Logs the causes, which clients never see.
    pub fn unavailable(cause: &dyn std::error::Error) -> Self {
        tracing::error!("a request failed: {}", error::chain(cause));
        Self::new(
            ProblemKind::Unavailable,
            "The service is temporarily unavailable. Retry in a few seconds.",
        )
    }

    /// The reply that refuses a request. It is not cached, unless the route sets another policy.
    pub fn to_reply(&self) -> Reply {
        let mut body = json!({
            "type": format_problem_type(self.kind.name()),
            "title": self.kind.title(),
            "status": self.kind.status(),
            "detail": self.detail,
        });
        if let Some(field) = &self.field {
            body["field"] = json!(field);
        }
        Reply::text(self.kind.status(), "application/problem+json", body.to_string())
    }
}

impl From<LibraryError> for Problem {
    fn from(cause: LibraryError) -> Self {
        Self::unavailable(&cause)
    }
}

impl From<ExpiryInPast> for Problem {
    fn from(_: ExpiryInPast) -> Self {
        let detail = "This must be in the future. To delete a clip now, use DELETE.";
        Self::invalid_field("expiresAt", detail)
    }
}

/// Formats the URI of a problem type.
pub fn format_problem_type(name: &str) -> String {
    format!("urn:matchcut:problem:{name}")
}
