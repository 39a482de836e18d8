//! Clips on other sites: the page of a clip, its embedded player, feeds and sitemaps.

mod describe_embed;
mod shared_clip;
mod shared_library;
mod show_feed;
mod show_page;
mod show_sitemap;
mod site;

pub use describe_embed::DescribeEmbed;
pub use show_feed::ShowFeed;
pub use show_page::ShowPage;
pub use show_sitemap::ShowSitemap;

/// A minute, for pages and descriptions of ready clips.
const CACHE_CONTROL: &str = "public, max-age=60";
/// A second, for clips that are unknown, not ready or deleted: they may be ready in the next one.
const SHORT_CACHE_CONTROL: &str = "public, max-age=1";
