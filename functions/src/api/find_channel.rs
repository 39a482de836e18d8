//! Finds the live channel that the path of a request names.

use super::{Problem, ProblemKind, Request};
use crate::live::{Channel, Channels};

/// Finds the channel of the path parameter `channelId`.
pub fn find_channel<'a>(channels: &'a Channels, request: &Request) -> Result<&'a Channel, Problem> {
    let name: String = request.path_parameter("channelId")?;
    channels.find(&name.as_str().into()).ok_or_else(|| {
        let detail = "There is no channel with this id. GET /api/channels lists the channels.";
        Problem::for_field(ProblemKind::NotFound, "channelId", detail)
    })
}
