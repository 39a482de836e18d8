//! `GET /api/competitions/{competitionId}/clips`: the ready clips of a competition.

use aws_config::SdkConfig;
use aws_lambda_events::apigw::{ApiGatewayV2httpRequest, ApiGatewayV2httpResponse};
use chrono::{DateTime, Utc};
use serde_json::{Value, json};

use super::ClipView;
use crate::clip::parse_moment;
use crate::config::{ConfigError, Variables};
use crate::http::{self, Problem, Reply, Request, sentence};
use crate::library::{Cursor, Library, Order, PageRequest};

/// Long enough for a CDN to absorb a crowd, short enough that a new clip is seen at once.
const CACHE: &str = "public, max-age=2, stale-while-revalidate=10";

const PARAMETERS: &[&str] = &["from", "to", "order", "tag", "limit", "cursor"];
const DEFAULT_LIMIT: usize = 50;
const LARGEST_LIMIT: usize = 100;

/// Everything `list-clips` needs, built once per cold start.
#[derive(Clone, Debug)]
pub struct ListClips {
    library: Library,
    view: ClipView,
}

impl ListClips {
    pub fn new(sdk: &SdkConfig, variables: &Variables) -> Result<Self, ConfigError> {
        Ok(Self {
            library: Library::from_variables(sdk, variables)?,
            view: ClipView::of_ready_clips(variables)?,
        })
    }

    /// Opens the connection that the first request will need.
    pub async fn warm_up(&self) {
        self.library.warm_up_pages().await;
    }

    pub async fn handle(&self, event: ApiGatewayV2httpRequest) -> ApiGatewayV2httpResponse {
        let request = Request::from(event);
        let reply = match read(&request) {
            Ok(page) => self.list(&page).await,
            Err(problem) => Err(problem),
        };
        http::respond(&request, reply)
    }

    async fn list(&self, request: &PageRequest) -> Result<Reply, Problem> {
        let page =
            self.library.page(request).await.map_err(|cause| Problem::unavailable(&cause))?;
        let clips: Vec<Value> = page.clips.iter().map(|clip| self.view.of(clip)).collect();
        let mut body = json!({ "clips": clips });
        if let Some(next) = page.next {
            body["next"] = json!(next.to_string());
        }
        Ok(Reply::json(200, body).cached(CACHE))
    }
}

fn read(request: &Request) -> Result<PageRequest, Problem> {
    if let Some(unknown) = request.query_names().find(|name| !PARAMETERS.contains(name)) {
        let detail = format!("There is no such parameter; a list takes {}.", PARAMETERS.join(", "));
        return Err(Problem::invalid_field(unknown, detail));
    }
    let competition = request.path("competitionId")?;
    let cursor = match request.query("cursor") {
        None => None,
        Some(text) => Some(
            text.parse().ok().filter(|it: &Cursor| *it.competition() == competition).ok_or_else(
                || {
                    let detail = "This is not a cursor of this list; take it from `next` of a page \
                              of the same competition.";
                    Problem::invalid_field("cursor", detail)
                },
            )?,
        ),
    };
    Ok(PageRequest {
        competition,
        order: match request.query("order") {
            None | Some("newest") => Order::NewestFirst,
            Some("oldest") => Order::OldestFirst,
            Some(_) => {
                return Err(Problem::invalid_field("order", "This is either newest or oldest."));
            }
        },
        from: moment(request, "from")?,
        to: moment(request, "to")?,
        tag: request.query("tag").map(str::to_owned),
        limit: limit(request)?,
        cursor,
    })
}

fn limit(request: &Request) -> Result<usize, Problem> {
    let Some(text) = request.query("limit") else { return Ok(DEFAULT_LIMIT) };
    text.parse().ok().filter(|limit| (1..=LARGEST_LIMIT).contains(limit)).ok_or_else(|| {
        let detail = format!("This has to be a whole number from 1 to {LARGEST_LIMIT}.");
        Problem::invalid_field("limit", detail)
    })
}

fn moment(request: &Request, name: &str) -> Result<Option<DateTime<Utc>>, Problem> {
    request
        .query(name)
        .map(parse_moment)
        .transpose()
        .map_err(|error| Problem::invalid_field(name, sentence(&error)))
}
