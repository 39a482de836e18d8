//! How failures leave a Lambda.

use std::error::Error;
use std::fmt::Write as _;

use lambda_runtime::Diagnostic;

/// Joins an error and all of its causes with `: `.
///
/// The runtime reports `to_string()` of whatever a handler returns, which for an error with a
/// `source` is only the outermost message.
#[must_use]
pub fn chain(error: &dyn Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        let _ = write!(text, ": {error}");
        cause = error.source();
    }
    text
}

/// The reported error of a failed invocation: its type by name, and the whole chain of causes.
#[must_use]
pub fn diagnostic(error_type: &str, error: &dyn Error) -> Diagnostic {
    Diagnostic { error_type: error_type.to_owned(), error_message: chain(error) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, thiserror::Error)]
    #[error("could not read the manifest")]
    struct Outer(#[source] std::num::ParseIntError);

    #[test]
    fn the_reported_error_holds_every_cause() {
        let error = Outer("x".parse::<u8>().unwrap_err());
        assert_eq!(chain(&error), "could not read the manifest: invalid digit found in string");
        assert_eq!(diagnostic("Manifest", &error).error_type, "Manifest");
    }
}
