//! Matchcut: clips cut out of a live stream while it airs, served as one VOD library per
//! competition.
//!
//! The modules form floors. Each module imports only from the modules above it in this list, and
//! `tests/floors.rs` checks that:
//!
//! 1. [`error`] and [`config`], then [`large_variables`], then [`metrics`], [`lambda`], [`pace`] and
//!    [`signature`]:
//!    the ground floor.
//! 2. [`clip`]: what a clip is. It knows neither AWS nor HTTP.
//! 3. [`library`]: the table of clips. [`live`]: the channels and their live manifests.
//! 4. [`api`]: what the HTTP routes share.
//! 5. [`asset`]: MediaPackage VOD, and the media of clips in S3.
//! 6. [`files`]: from media to poster, thumbnails, storyboard and MP4.
//! 7. [`harvest`]: from a window of the stream to media. [`upload`]: from a file to media.
//! 8. [`export`]: from a clip to files for use elsewhere.
//! 9. [`mark`]: moments of a live stream that operators and other systems have noted.
//! 10. [`rule`]: what is made of marks.
//! 11. [`channel`], [`edit`], [`viewer`], [`share`], [`announce`]: the routes of operators and
//!     viewers, pages and feeds for other sites, change events and webhooks.
//! 12. [`sweep`]: the roof. It is the one module that knows every stage.
//!
//! `src/main.rs` runs each of them as a Lambda function.

pub mod announce;
pub mod api;
pub mod asset;
pub mod channel;
pub mod clip;
pub mod config;
pub mod edit;
pub mod encode;
pub mod error;
pub mod exact;
pub mod export;
pub mod files;
pub mod harvest;
pub mod lambda;
pub mod large_variables;
pub mod library;
pub mod live;
pub mod mark;
pub mod metrics;
pub mod pace;
pub mod reel;
pub mod rule;
pub mod share;
pub mod signature;
pub mod sweep;
pub mod upload;
pub mod viewer;

/// The contract of the HTTP API: OpenAPI 3.1, as YAML.
pub const OPENAPI: &str = include_str!("../openapi.yaml");

/// The timeout of each function in seconds, as YAML.
pub const TIMEOUTS: &str = include_str!("../timeouts.yaml");
