//! The event of a new object.

use chrono::Utc;
use s3s::dto::{ETag, HeadObjectOutput};
use serde_json::{Value, json};

use crate::account::ACCOUNT;
use crate::eventbridge::envelope;

/// Builds the event of a new object. `reason` is the operation that created it.
/// <https://docs.aws.amazon.com/AmazonS3/latest/userguide/ev-events.html>
pub(super) fn object_created(
    bucket: &str,
    key: &str,
    object: HeadObjectOutput,
    reason: &str,
) -> Value {
    let detail = json!({
        "version": "0",
        "bucket": { "name": bucket },
        "object": {
            "key": key,
            "size": object.content_length,
            "etag": object.e_tag.map(ETag::into_value),
            "sequencer": format!("{:016X}", Utc::now().timestamp_micros()),
        },
        "request-id": format!("{:016X}", fastrand::u64(..)),
        "requester": ACCOUNT,
        "source-ip-address": "127.0.0.1",
        "reason": reason,
    });
    let resources = [format!("arn:aws:s3:::{bucket}")];
    envelope("aws.s3", "Object Created", &resources, &detail)
}
