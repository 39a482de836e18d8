//! What a clip is: its id, window, status, source, failure and the transitions between states.
//!
//! This module knows neither AWS nor HTTP. Every other module is built on it.

mod angle;
mod bounds;
#[expect(clippy::module_inception, reason = "the file is named for the type that it defines")]
mod clip;
mod description;
mod exact;
mod expiry;
mod export;
mod failure;
mod files;
mod frame_rate;
mod id;
mod language;
mod mark;
mod next_check;
mod operator_changes;
mod public;
mod reel;
mod remake;
pub(crate) mod rule;
mod rule_plan;
mod rule_span;
mod source;
mod status;
mod suggested_by;
mod time;
pub(crate) mod transition;
mod window;

pub use angle::{Angle, MAX_ANGLES};
pub use bounds::Bounds;
pub use clip::{Clip, ConfigurationId, DUE_MESSAGE_LEAD, MAX_AIRING_WAIT};
pub use description::{
    Description, Edit, ExpiryInPast, MAX_DESCRIPTION_LENGTH, MAX_TAG_LENGTH, MAX_TAGS,
    MAX_TITLE_LENGTH, NewWindow,
};
pub use exact::{ExactJob, ExactMedia, HarvestedMedia, Precision};
pub use expiry::{ExpirySettings, ExpirySettingsError};
pub use export::{
    EXPORT_LIFETIME, Export, ExportCaptions, ExportChange, ExportFile, ExportId, ExportIdError,
    ExportSettings, ExportStatus, MAX_EXPORTS, MAX_EXPORTS_IN_PROGRESS, Rectangle,
};
pub use failure::{Failure, FailureCode};
pub use files::{
    ClipFiles, DOWNLOAD_NAME, Download, FileKinds, FilePaths, FileSettings, FilesStatus, MadeFiles,
    POSTER_MODIFIER, SOURCE_MODIFIER, STORYBOARD_NAME, THUMBNAIL_MODIFIER, capture_name,
};
pub use frame_rate::FrameRate;
pub use id::{Attempt, ClipId, ClipKey, CompetitionId, IdError};
pub use language::{Language, LanguageError, TrackLabel};
pub use mark::{Mark, MarkError, MarkId, MarkSource};
pub use public::{MediaPaths, to_public_json};
pub use reel::{MAX_PARTS, Reel, ReelPart};
pub use remake::{Remake, RetiredAttempt};
pub use rule::{Rule, RuleId, RuleIdError, RuleMode};
pub use rule_plan::{MadeRange, RulePlan, end_of_stretch};
pub use rule_span::RuleSpan;
pub use source::{CaptionsFormat, CaptionsSource, ChannelId, Source, Upload, UploadedCaptions};
pub use status::Status;
pub use suggested_by::{PlannedClip, SuggestedBy};
pub use time::{
    TimeError, ceil_second, floor_millisecond, floor_second, format_stamp, format_utc, parse_time,
};
pub use transition::{Trigger, apply_trigger};
pub use window::{Limits, Window, WindowError};
