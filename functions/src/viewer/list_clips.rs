//! `GET /api/competitions/{competitionId}/clips`: lists the ready clips of a competition.

use aws_config::SdkConfig;
use chrono::{DateTime, Utc};

use crate::api::{ClipView, Problem, Reply, Request, Route};
use crate::clip::parse_time;
use crate::config::{ConfigError, Variables};
use crate::error::format_sentence;
use crate::library::{Cursor, Library, Order, PageRequest};

/// 2 s: the CDN asks the origin at most once every two seconds, and viewers see a new clip within
/// seconds.
const CACHE_CONTROL: &str = "public, max-age=2, stale-while-revalidate=10";

const DEFAULT_LIMIT: usize = 50;
const MAX_LIMIT: usize = 100;

/// The route of `list-clips`.
#[derive(Clone, Debug)]
pub struct ListClips {
    library: Library,
    view: ClipView,
}

impl Route for ListClips {
    fn new(sdk: &SdkConfig, variables: &Variables) -> Result<Self, ConfigError> {
        Ok(Self {
            library: Library::from_variables(sdk, variables)?,
            view: ClipView::for_ready_clips(variables)?,
        })
    }

    async fn warm_up(&self) {
        self.library.warm_up_page_query().await;
    }

    async fn answer(&self, request: &Request, _: DateTime<Utc>) -> Result<Reply, Problem> {
        let query = parse_query(request)?;
        let page = self.library.read_page(&query).await?;
        let body = self.view.to_list(&query.competition, &page);
        Ok(Reply::text(200, "application/json", body).with_cache_control(CACHE_CONTROL))
    }
}

fn parse_query(request: &Request) -> Result<PageRequest, Problem> {
    let competition = request.path_parameter("competitionId")?;
    let cursor = match request.query_parameter("cursor") {
        None => None,
        Some(text) => Some(
            text.parse().ok().filter(|it: &Cursor| *it.competition() == competition).ok_or_else(
                || {
                    let detail = "This is not a cursor of this list. Use `next` of a page of the \
                              same competition.";
                    Problem::invalid_field("cursor", detail)
                },
            )?,
        ),
    };
    Ok(PageRequest {
        competition,
        order: match request.query_parameter("order") {
            None | Some("newest") => Order::NewestFirst,
            Some("oldest") => Order::OldestFirst,
            Some(_) => {
                return Err(Problem::invalid_field("order", "This must be newest or oldest."));
            }
        },
        from: parse_time_parameter(request, "from")?,
        to: parse_time_parameter(request, "to")?,
        tag: request.query_parameter("tag").map(str::to_owned),
        limit: request.limit(DEFAULT_LIMIT, MAX_LIMIT)?,
        cursor,
    })
}

fn parse_time_parameter(request: &Request, name: &str) -> Result<Option<DateTime<Utc>>, Problem> {
    request
        .query_parameter(name)
        .map(parse_time)
        .transpose()
        .map_err(|error| Problem::invalid_field(name, format_sentence(&error)))
}
