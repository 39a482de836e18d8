//! The console and the viewer's pages, as a deployment serves them from S3 through CloudFront.

mod branding;
mod headers;
mod not_built;
mod pages;

pub(crate) use branding::Branding;
pub use branding::BrandingError;
pub(crate) use pages::{Site, SiteSettings, add_page_headers, router};
