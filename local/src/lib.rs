//! The stand-in: every AWS service that the product uses, on one machine and with real media.
//!
//! The AWS Elemental services are implemented here: an encoder, harvest jobs, transcodes and VOD
//! assets, which ffmpeg makes real. DynamoDB and S3 are embedded crates. The product's functions
//! run unchanged: they use the real AWS SDKs over loopback. Only the endpoint URLs in their
//! environment are different.
//!
//! # Floors
//!
//! A module imports only from modules that stand before it in this list. `tests/floors.rs` holds
//! the same list and checks every import.
//!
//! 1. **Ground floor**, no AWS service: `account` (names and numbers of the account),
//!    `secret_file`, `data_folder`, `data_disk` (its free space), `records` (JSON files that survive `kill -9`),
//!    `faults`, `upload_limits`, `ffmpeg`, `ladder` (the live renditions), `tracks` (sounds and captions), `webvtt`, `media_file`, `i_frames` (of transport streams), `server`,
//!    `browser`, `aws_protocol` (errors and bodies of AWS's JSON protocols), `limits` (limits of AWS
//!    that can be changed), `rate` (token buckets), `call_faults`.
//! 2. **AWS services**, one module each: `secretsmanager`, `sqs`, `eventbridge`,
//!    `dynamodb`, `s3`, `mediapackage`, `medialive`, `mediapackage_vod`,
//!    `mediaconvert`, `cognito`, `origins` (MediaPackage's hosts), `cloudfront`.
//! 3. **Wiring**: `webhook` (subscribers), `options`, `environment` (the functions'
//!    environment variables), `elemental` (all Elemental services at one address), `aws_json`
//!    (the other services at one address), `lambda` (runs the functions), `api_gateway`, `site` (the
//!    console and the viewer's pages).
//! 4. **Roof**: `stack` starts everything; `elemental_only` starts AWS Elemental alone.

mod account;
mod api_gateway;
mod aws_json;
mod aws_protocol;
mod browser;
mod call_faults;
mod cloudfront;
mod cognito;
mod data_disk;
mod data_folder;
mod dynamodb;
mod elemental;
mod elemental_only;
mod environment;
mod eventbridge;
mod faults;
mod ffmpeg;
mod i_frames;
mod ladder;
mod lambda;
mod limits;
mod media_file;
mod mediaconvert;
mod medialive;
mod mediapackage;
mod mediapackage_vod;
mod options;
mod origins;
mod rate;
mod records;
mod s3;
mod secret_file;
mod secretsmanager;
mod server;
mod site;
mod sqs;
mod stack;
mod tracks;
mod upload_limits;
mod webhook;
mod webvtt;

pub use api_gateway::ContractError;
pub use browser::open_in_browser;
pub use cognito::{Machine, MachineOption, TokenError, UserPoolError};
pub use data_folder::DataFolderError;
pub use dynamodb::TableError;
pub use elemental_only::ElementalOnly;
pub use faults::Faults;
pub use ffmpeg::FfmpegError;
pub use ladder::FrameRate;
pub use lambda::{Cut, Functions, Run, Tally, interruptible};
pub use limits::{Limits, parse_factor};
pub use medialive::{Source, SourceError};
pub use mediapackage_vod::GroupError;
pub use options::Options;
pub use server::ListenError;
pub use site::BrandingError;
pub use stack::{OPERATOR_SCOPE, Stack, StackError, VIEWER_SCOPE};
pub use tracks::{Track, Tracks};
pub use upload_limits::UploadLimits;
pub use webhook::{MarksWebhook, Webhook};
