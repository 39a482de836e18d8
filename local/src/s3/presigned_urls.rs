//! The end of presigned URLs: a URL is valid no longer than the credentials that presigned it.
//! <https://docs.aws.amazon.com/AmazonS3/latest/userguide/using-presigned-url.html>

use std::time::Duration;

use axum::extract::rejection::QueryRejection;
use axum::extract::{Query, Request, State};
use axum::http::StatusCode;
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};
use chrono::{NaiveDateTime, TimeDelta, Utc};
use serde::Deserialize;

/// The error of S3 for credentials that have expired.
/// <https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html#ErrorCodeList>
const EXPIRED_TOKEN: &str = "<?xml version=\"1.0\" encoding=\"UTF-8\"?><Error><Code>ExpiredToken\
                             </Code><Message>The provided token has expired.</Message></Error>";

#[derive(Deserialize)]
pub(super) struct Presigned {
    #[serde(rename = "X-Amz-Date")]
    date: String,
}

/// Answers 400 to a presigned request whose credentials have expired.
///
/// The stand-in takes the time of the signature for the time at which the credentials were issued.
pub(super) async fn check_credentials(
    State(lifetime): State<Duration>,
    presigned: Result<Query<Presigned>, QueryRejection>,
    request: Request,
    next: Next,
) -> Response {
    let lifetime = TimeDelta::from_std(lifetime).unwrap_or(TimeDelta::MAX);
    let expired = presigned
        .ok()
        .and_then(|Query(Presigned { date })| parse_date(&date))
        .filter(|signed_at| Utc::now().naive_utc() - *signed_at > lifetime);
    match expired {
        Some(_) => (StatusCode::BAD_REQUEST, EXPIRED_TOKEN).into_response(),
        None => next.run(request).await,
    }
}

fn parse_date(date: &str) -> Option<NaiveDateTime> {
    NaiveDateTime::parse_from_str(date, "%Y%m%dT%H%M%SZ").ok()
}
