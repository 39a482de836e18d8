//! The handlers against the stand-in, over the wire and with the real SDKs.

mod awaits;
mod bad_files;
mod bad_requests;
mod contract;
mod creating;
mod deleting;
mod editing;
mod events;
mod filling;
mod granting;
mod lambdas;
mod listing;
mod measuring;
mod media;
mod repeating;
mod retrying;
mod support;
mod sweeping;
mod transcoding;
mod uploading;
mod waiting;
