//! The handlers against the stand-in, over the wire and with the real SDKs.

mod bad_files;
mod bad_requests;
mod contract;
mod creating;
mod events;
mod granting;
mod lambdas;
mod listing;
mod media;
mod support;
mod sweeping;
mod uploading;
