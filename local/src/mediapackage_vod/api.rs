//! The operations on assets, packaging groups and packaging configurations.
//! <https://docs.aws.amazon.com/mediapackage-vod/latest/apireference/resources.html>

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use axum::routing::{get, post};
use axum::{Json, Router};
use chrono::SecondsFormat;
use serde::Deserialize;
use serde_json::{Value, json};

use super::assets::{Asset, Assets, Egress, asset_arn};
use super::packaging_group::{PackagingConfiguration, PackagingGroup};
use crate::account::{ACCOUNT, REGION};
use crate::aws_protocol::{AwsError, page, read_body};

pub(crate) fn router(assets: Arc<Assets>) -> Router {
    Router::new()
        .route("/assets", post(create_asset).get(list_assets))
        .route("/assets/{id}", get(describe_asset).delete(delete_asset))
        .route("/packaging_groups", get(list_packaging_groups))
        .route("/packaging_groups/{id}", get(describe_packaging_group))
        .route("/packaging_configurations", get(list_packaging_configurations))
        .route("/packaging_configurations/{id}", get(describe_packaging_configuration))
        .with_state(assets)
}

type Shared = State<Arc<Assets>>;

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct List {
    packaging_group_id: Option<String>,
    max_results: Option<usize>,
    next_token: Option<String>,
}

impl List {
    /// A page of the items, which are given as id, packaging group and JSON.
    ///
    /// If the request names a packaging group, only the items of that group are listed.
    fn reply(
        self,
        name: &str,
        items: impl Iterator<Item = (String, String, Value)>,
    ) -> Json<Value> {
        let matching: BTreeMap<_, _> = items
            .filter_map(|(id, group, item)| {
                self.packaging_group_id.as_ref().is_none_or(|it| *it == group).then_some((id, item))
            })
            .collect();
        let (items, next) =
            page(matching.into_iter(), self.max_results, self.next_token.as_deref());
        let mut body = json!({ name: items });
        if let Some(next) = next {
            body["nextToken"] = json!(next);
        }
        Json(body)
    }
}

async fn create_asset(State(assets): Shared, body: Bytes) -> Result<Json<Value>, AwsError> {
    let asset = assets.create(read_body(&body)?)?;
    Ok(Json(describe(&assets, &asset)))
}

async fn describe_asset(
    State(assets): Shared,
    Path(id): Path<String>,
) -> Result<Json<Value>, AwsError> {
    let asset = assets.records.get(&id);
    let asset = asset.ok_or_else(|| AwsError::not_found(format!("asset {id} not found")))?;
    Ok(Json(describe(&assets, &asset)))
}

async fn delete_asset(
    State(assets): Shared,
    Path(id): Path<String>,
) -> Result<(StatusCode, Json<Value>), AwsError> {
    assets.delete(&id)?;
    Ok((StatusCode::ACCEPTED, Json(json!({}))))
}

/// Lists assets, without their egress endpoints.
async fn list_assets(State(assets): Shared, Query(list): Query<List>) -> Json<Value> {
    let shallow = assets.records.all().into_iter().map(|(id, asset)| {
        let mut body = describe(&assets, &asset);
        if let Some(fields) = body.as_object_mut() {
            fields.remove("egressEndpoints");
        }
        (id, asset.request.packaging_group_id, body)
    });
    list.reply("assets", shallow)
}

fn describe(assets: &Assets, asset: &Asset) -> Value {
    let endpoint = |(configuration, egress): (&String, &Egress)| {
        json!({
            "packagingConfigurationId": configuration,
            "status": egress.status,
            "url": assets.egress_url(egress),
        })
    };
    let mut body = json!(asset.request);
    body["arn"] = json!(asset_arn(&asset.request.id));
    body["createdAt"] = json!(asset.created_at.to_rfc3339_opts(SecondsFormat::Millis, true));
    body["egressEndpoints"] = asset.egress.iter().map(endpoint).collect();
    body
}

async fn list_packaging_groups(State(assets): Shared, Query(list): Query<List>) -> Json<Value> {
    let groups = assets.groups.iter();
    let groups =
        groups.map(|group| (group.id.clone(), group.id.clone(), describe_group(&assets, group)));
    list.reply("packagingGroups", groups)
}

async fn describe_packaging_group(
    State(assets): Shared,
    Path(id): Path<String>,
) -> Result<Json<Value>, AwsError> {
    let group = assets.group(&id);
    let missing = || AwsError::not_found(format!("packaging group {id} not found"));
    Ok(Json(describe_group(&assets, group.ok_or_else(missing)?)))
}

fn describe_group(assets: &Assets, group: &PackagingGroup) -> Value {
    let in_group = |asset: &&Asset| asset.request.packaging_group_id == group.id;
    json!({
        "approximateAssetCount": assets.records.all().values().filter(in_group).count(),
        "arn": format!("arn:aws:mediapackage-vod:{REGION}:{ACCOUNT}:packaging-groups/{}", group.id),
        "domainName": assets.domain_name,
        "id": group.id,
        "tags": {},
    })
}

async fn list_packaging_configurations(
    State(assets): Shared,
    Query(list): Query<List>,
) -> Json<Value> {
    let all = assets.groups.iter().flat_map(|group| {
        let describe = |it: &PackagingConfiguration| {
            (it.id.clone(), group.id.clone(), describe_configuration(group, it))
        };
        group.packaging_configurations.iter().map(describe)
    });
    list.reply("packagingConfigurations", all)
}

async fn describe_packaging_configuration(
    State(assets): Shared,
    Path(id): Path<String>,
) -> Result<Json<Value>, AwsError> {
    let found = assets.groups.iter().find_map(|group| {
        let matching = group.packaging_configurations.iter().find(|it| it.id == id)?;
        Some(describe_configuration(group, matching))
    });
    let missing = || AwsError::not_found(format!("packaging configuration {id} not found"));
    Ok(Json(found.ok_or_else(missing)?))
}

fn describe_configuration(group: &PackagingGroup, configuration: &PackagingConfiguration) -> Value {
    let id = &configuration.id;
    let mut body = json!(configuration);
    body["arn"] =
        json!(format!("arn:aws:mediapackage-vod:{REGION}:{ACCOUNT}:packaging-configurations/{id}"));
    body["packagingGroupId"] = json!(group.id);
    body["tags"] = json!({});
    body
}
