//! The header by which the API recognizes requests of the distribution.

use std::path::Path;
use std::{fs, io};

use axum::extract::{Request, State};
use axum::http::{HeaderName, HeaderValue};
use axum::middleware::Next;
use axum::response::Response;
use matchcut::api::ORIGIN_HEADER;

use crate::secret_file::write_secret;

/// The secret value of the header.
#[derive(Clone, Debug)]
pub(crate) struct OriginSecret(String);

impl OriginSecret {
    /// Reads the secret of a data folder. If there is none, it is generated.
    pub(crate) fn open(folder: &Path) -> io::Result<Self> {
        let path = folder.join("origin-secret");
        if !path.exists() {
            let digits = |_| format!("{:016x}", fastrand::u64(..));
            let secret: String = (0..4).map(digits).collect();
            write_secret(&path, secret.as_bytes())?;
        }
        Ok(Self(fs::read_to_string(&path)?))
    }

    /// The environment variable of the functions.
    pub(crate) fn variable(&self) -> (&'static str, String) {
        ("ORIGIN_SECRETS", self.0.clone())
    }
}

/// Adds the header to a request. CloudFront replaces a header of this name that a viewer sent.
/// <https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/add-origin-custom-headers.html>
pub(crate) async fn add_origin_header(
    State(OriginSecret(secret)): State<OriginSecret>,
    mut request: Request,
    next: Next,
) -> Response {
    let value = HeaderValue::from_str(&secret).expect("the secret has hexadecimal digits");
    request.headers_mut().insert(HeaderName::from_static(ORIGIN_HEADER), value);
    next.run(request).await
}
