//! Builds the events that AWS services send to functions.

use chrono::{SecondsFormat, Utc};
use matchcut::clip::{Attempt, Clip, Window};
use serde_json::{Value, json};

const REGION: &str = "us-east-1";
const ACCOUNT: &str = "000000000000";

/// An HTTP request through API Gateway, in payload format 2.0.
/// <https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-develop-integrations-lambda.html>
pub(crate) fn build_http_request(
    method: &str,
    path: &str,
    parameters: &Value,
    body: Option<&Value>,
) -> Value {
    json!({
        "version": "2.0",
        "routeKey": "$default",
        "rawPath": path,
        "rawQueryString": "",
        "headers": {
            "accept": "application/json",
            "accept-encoding": "gzip, deflate, br",
            "content-type": "application/json",
            "host": "api.example.com",
            "user-agent": "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0",
            "x-forwarded-for": "203.0.113.7",
            "x-forwarded-port": "443",
            "x-forwarded-proto": "https",
        },
        "pathParameters": parameters,
        "requestContext": {
            "accountId": ACCOUNT,
            "apiId": "bench",
            "authorizer": { "jwt": { "claims": { "sub": "operator" }, "scopes": ["matchcut/clips.write"] } },
            "domainName": "api.example.com",
            "domainPrefix": "api",
            "http": {
                "method": method,
                "path": path,
                "protocol": "HTTP/1.1",
                "sourceIp": "203.0.113.7",
                "userAgent": "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0",
            },
            "requestId": format!("{:016x}", fastrand::u64(..)),
            "routeKey": "$default",
            "stage": "$default",
            "time": Utc::now().format("%d/%b/%Y:%H:%M:%S +0000").to_string(),
            "timeEpoch": Utc::now().timestamp_millis(),
        },
        "body": body.map(ToString::to_string),
        "isBase64Encoded": false,
    })
}

/// The end of a harvest job that succeeded.
/// <https://docs.aws.amazon.com/mediapackage/latest/ug/cloudwatch-events-example.html>
pub(crate) fn build_harvest_job_notification(
    attempt: &Attempt,
    window: Window,
    endpoint: &str,
) -> Value {
    let iso = |time: chrono::DateTime<Utc>| time.to_rfc3339_opts(SecondsFormat::Secs, false);
    let arn = |service| format!("arn:aws:{service}:{REGION}:{ACCOUNT}:harvest_jobs/{attempt}");
    let detail = json!({ "harvest_job": {
        "id": attempt.to_string(),
        "arn": arn("mediapackage-vod"),
        "status": "SUCCEEDED",
        "origin_endpoint_id": endpoint,
        "start_time": iso(window.start()),
        "end_time": iso(window.end()),
        "s3_destination": {
            "bucket_name": "matchcut-clips",
            "manifest_key": format!("{}index.m3u8", attempt.media_prefix()),
            "role_arn": format!("arn:aws:iam::{ACCOUNT}:role/harvest"),
        },
        "created_at": iso(Utc::now()),
    }});
    build_event("MediaPackage HarvestJob Notification", &[arn("mediapackage")], &detail)
}

/// An asset that became playable in one packaging configuration.
/// <https://docs.aws.amazon.com/mediapackage/latest/ug/cloudwatch-events-example.html>
pub(crate) fn build_input_notification(attempt: &Attempt, configuration: &str) -> Value {
    let arn = |what| format!("arn:aws:mediapackage-vod:{REGION}:{ACCOUNT}:{what}");
    let detail = json!({
        "event": "VodAssetPlayable",
        "message": format!(
            "Asset '{attempt}' is now playable for PackagingConfiguration '{configuration}'"
        ),
        "packaging_configuration_id": configuration,
        "manifest_urls": ["https://0123456789abcdef.egress.mediapackage-vod.us-east-1.amazonaws.com/out/v1/a/index.m3u8"],
    });
    let resources = [
        arn(format!("assets/{attempt}")),
        arn(format!("packaging-configurations/{configuration}")),
    ];
    build_event("MediaPackage Input Notification", &resources, &detail)
}

/// A new object in a bucket.
/// <https://docs.aws.amazon.com/AmazonS3/latest/userguide/ev-events.html>
pub(crate) fn build_object_created(bucket: &str, key: &str) -> Value {
    let detail = json!({
        "version": "0",
        "bucket": { "name": bucket },
        "object": { "key": key, "size": 1, "etag": "e", "sequencer": "0" },
        "reason": "PutObject",
    });
    let mut event = build_event("Object Created", &[format!("arn:aws:s3:::{bucket}")], &detail);
    event["source"] = json!("aws.s3");
    event
}

/// An event that an SQS queue delivers to a function.
/// <https://docs.aws.amazon.com/lambda/latest/dg/with-sqs.html>
pub(crate) fn build_sqs_event(event: &Value) -> Value {
    json!({ "Records": [{
        "messageId": format!("{:032x}", fastrand::u128(..)),
        "receiptHandle": "r",
        "body": event.to_string(),
        "eventSource": "aws:sqs",
        "awsRegion": REGION,
    }]})
}

/// The end of a MediaConvert job that succeeded.
/// <https://docs.aws.amazon.com/mediaconvert/latest/ug/mediaconvert_cwe_events.html>
pub(crate) fn build_job_state_change(attempt: &Attempt) -> Value {
    let output = json!({
        "outputFilePaths": ["s3://matchcut-clips/index_1.m3u8"],
        "durationInMs": 10_000,
        "videoDetails": { "widthInPx": 1920, "heightInPx": 1080 },
    });
    let detail = json!({
        "timestamp": Utc::now().timestamp_millis(),
        "accountId": ACCOUNT,
        "queue": format!("arn:aws:mediaconvert:{REGION}:{ACCOUNT}:queues/Default"),
        "jobId": "1",
        "status": "COMPLETE",
        "userMetadata": {
            "competition": attempt.clip.competition,
            "clip": attempt.clip.clip,
            "attempt": attempt.number.to_string(),
        },
        "outputGroupDetails": [{
            "type": "HLS_GROUP",
            "playlistFilePaths": ["s3://matchcut-clips/index.m3u8"],
            "outputDetails": [output],
        }],
    });
    let mut event = build_event("MediaConvert Job State Change", &[], &detail);
    event["source"] = json!("aws.mediaconvert");
    event
}

/// The change event that `announce-clip` puts on the event bus.
pub(crate) fn build_change_event(clip: &Clip) -> Value {
    let mut event = build_event("Clip State Changed", &[], &json!(clip));
    event["source"] = json!("matchcut");
    event
}

/// A changed row, as the DynamoDB stream of the table delivers it to a function.
/// <https://docs.aws.amazon.com/lambda/latest/dg/with-ddb-example.html>
pub(crate) fn build_stream_event(before: &Clip, after: &Clip) -> serde_dynamo::Result<Value> {
    let image = |clip: &Clip| serde_dynamo::to_item::<_, serde_dynamo::Item>(clip);
    Ok(json!({ "Records": [{
        "eventID": format!("{:032x}", fastrand::u128(..)),
        "eventName": "MODIFY",
        "eventVersion": "1.1",
        "eventSource": "aws:dynamodb",
        "awsRegion": REGION,
        "dynamodb": {
            "ApproximateCreationDateTime": Utc::now().timestamp(),
            "Keys": {
                "competition": { "S": after.competition },
                "clip": { "S": after.clip },
            },
            "NewImage": image(after)?,
            "OldImage": image(before)?,
            "SequenceNumber": "1",
            "SizeBytes": 2000,
            "StreamViewType": "NEW_AND_OLD_IMAGES",
        },
        "eventSourceARN": format!("arn:aws:dynamodb:{REGION}:{ACCOUNT}:table/clips/stream/2020"),
    }]}))
}

/// A token that Cognito is about to issue.
/// <https://docs.aws.amazon.com/cognito/latest/developerguide/user-pool-lambda-pre-token-generation.html>
pub(crate) fn build_token_event() -> Value {
    json!({
        "version": "2",
        "triggerSource": "TokenGeneration_Authentication",
        "region": REGION,
        "userName": "operator",
        "request": { "groupConfiguration": { "groupsToOverride": ["operator"] } },
        "response": {},
    })
}

/// A run of an EventBridge schedule.
/// <https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-run-lambda-schedule.html>
pub(crate) fn build_scheduled_event() -> Value {
    let mut event = build_event("Scheduled Event", &[], &json!({}));
    event["source"] = json!("aws.events");
    event
}

fn build_event(detail_type: &str, resources: &[String], detail: &Value) -> Value {
    json!({
        "version": "0",
        "id": format!("{:032x}", fastrand::u128(..)),
        "detail-type": detail_type,
        "source": "aws.mediapackage",
        "account": ACCOUNT,
        "time": Utc::now().to_rfc3339_opts(SecondsFormat::Secs, true),
        "region": REGION,
        "resources": resources,
        "detail": detail,
    })
}
