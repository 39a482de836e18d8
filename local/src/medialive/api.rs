//! MediaLive's API: DescribeChannel, StartChannel, StopChannel and ListAlerts.
//! <https://docs.aws.amazon.com/medialive/latest/apireference/channels-channelid.html>

use std::sync::Arc;

use axum::extract::rejection::QueryRejection;
use axum::extract::{Path, Query, State};
use axum::routing::{get, post};
use axum::{Json, Router};
use chrono::Utc;
use serde::Deserialize;
use serde_json::{Value, json};

use super::alerts::AlertState;
use super::channel::Channel;
use crate::aws_protocol::{AwsError, page};

/// The operations on channels.
pub(crate) fn router(channel: Arc<Channel>) -> Router {
    Router::new()
        .route("/prod/channels/{id}", get(describe_channel))
        .route("/prod/channels/{id}/start", post(start_channel))
        .route("/prod/channels/{id}/stop", post(stop_channel))
        .route("/prod/channels/{id}/alerts", get(list_alerts))
        .with_state(channel)
}

type ChannelRequest = (State<Arc<Channel>>, Path<String>);

async fn describe_channel(
    (State(channel), Path(id)): ChannelRequest,
) -> Result<Json<Value>, AwsError> {
    check_id(&channel, &id)?;
    Ok(Json(channel.describe()))
}

async fn start_channel(
    (State(channel), Path(id)): ChannelRequest,
) -> Result<Json<Value>, AwsError> {
    check_id(&channel, &id)?;
    channel.start()?;
    Ok(Json(channel.describe()))
}

async fn stop_channel((State(channel), Path(id)): ChannelRequest) -> Result<Json<Value>, AwsError> {
    check_id(&channel, &id)?;
    channel.stop()?;
    Ok(Json(channel.describe()))
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct ListRequest {
    state_filter: Option<StateFilter>,
    max_results: Option<usize>,
    next_token: Option<String>,
}

#[derive(Clone, Copy, Debug, Default, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
enum StateFilter {
    #[default]
    All,
    Set,
    Cleared,
}

async fn list_alerts(
    (State(channel), Path(id)): ChannelRequest,
    query: Result<Query<ListRequest>, QueryRejection>,
) -> Result<Json<Value>, AwsError> {
    check_id(&channel, &id)?;
    let Query(request) = query.map_err(|error| AwsError::bad_request(error.body_text()))?;
    let is_asked = |state| match request.state_filter.unwrap_or_default() {
        StateFilter::All => true,
        StateFilter::Set => state == AlertState::Set,
        StateFilter::Cleared => state == AlertState::Cleared,
    };
    let alerts = channel.alerts.list(Utc::now()).into_iter();
    let asked = alerts.filter(|it| is_asked(it.state)).map(|it| (format!("{:0>9}", it.id), it));
    let (alerts, next_token) = page(asked, request.max_results, request.next_token.as_deref());
    let mut listed = json!({ "alerts": alerts });
    if let Some(token) = next_token {
        listed["nextToken"] = json!(token);
    }
    Ok(Json(listed))
}

fn check_id(channel: &Channel, id: &str) -> Result<(), AwsError> {
    if channel.id == id {
        Ok(())
    } else {
        Err(AwsError::not_found(format!("channel {id} not found")))
    }
}
