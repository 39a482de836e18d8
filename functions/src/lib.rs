//! Matchcut: clips cut out of a live stream while it airs, served as one VOD library per
//! competition.
//!
//! A module per stage of a clip's life. The stages never call each other: they meet in
//! [`library`], which holds the table and the one transition function, and in AWS notifications.

pub mod asset;
pub mod clip;
pub mod config;
pub mod error;
pub mod fields;
pub mod gate;
pub mod http;
pub mod library;
pub mod live;
pub mod metrics;
pub mod notice;
mod repetition;
pub mod upload;
pub mod viewer;

/// The contract of the HTTP API: OpenAPI 3.1, as YAML.
pub const OPENAPI: &str = include_str!("../openapi.yaml");
