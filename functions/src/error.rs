//! Formats errors for logs, for Lambda and for people.

use std::error::Error;
use std::fmt::Write as _;

use lambda_runtime::Diagnostic;

/// Joins the messages of an error and of all its causes with `: `.
///
/// `to_string()` returns only the outermost message, which is all that Lambda's runtime would log.
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

/// The error that Lambda reports for a failed invocation, with the messages of all causes.
#[must_use]
pub fn diagnostic(error_type: &str, error: &dyn Error) -> Diagnostic {
    Diagnostic { error_type: error_type.to_owned(), error_message: chain(error) }
}

/// Formats an error as a sentence: a capital letter first, a full stop last.
#[must_use]
pub fn format_sentence(error: &impl ToString) -> String {
    let text = error.to_string();
    let mut letters = text.chars();
    let first = letters.next().into_iter().flat_map(char::to_uppercase);
    first.chain(letters).chain(['.']).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, thiserror::Error)]
    #[error("could not read the manifest")]
    struct Outer(#[source] std::num::ParseIntError);

    #[test]
    fn the_reported_error_contains_every_cause() {
        let error = Outer("x".parse::<u8>().unwrap_err());
        assert_eq!(chain(&error), "could not read the manifest: invalid digit found in string");
        assert_eq!(diagnostic("Manifest", &error).error_type, "Manifest");
    }
}
