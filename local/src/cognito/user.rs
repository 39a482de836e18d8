//! The users of the pool.

use serde::{Deserialize, Serialize};

/// The longest name of a user, in characters.
/// <https://docs.aws.amazon.com/cognito-user-identity-pools/latest/APIReference/API_AdminCreateUser.html>
const MAX_NAME_LENGTH: usize = 128;

/// A user of the pool.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct User {
    pub(super) name: String,
    /// The user's group: a security scheme of the contract.
    pub(super) group: String,
}

impl User {
    /// The operator that a sign-in without a login page gives.
    pub(crate) fn operator() -> Self {
        Self { name: "operator".to_owned(), group: "operator".to_owned() }
    }

    pub(crate) fn viewer() -> Self {
        Self { name: "viewer".to_owned(), group: "viewer".to_owned() }
    }

    /// The user that somebody signs in as at the login page, if the name is valid.
    pub(super) fn parse(name: &str, group: &str) -> Option<Self> {
        let name = name.trim();
        let is_valid = !name.is_empty()
            && name.chars().count() <= MAX_NAME_LENGTH
            && !name.chars().any(char::is_control)
            && ["operator", "viewer"].contains(&group);
        is_valid.then(|| Self { name: name.to_owned(), group: group.to_owned() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_user_has_a_printable_name_and_a_known_group() {
        let check = |name: &str, group, expected: Option<&str>| {
            let user = User::parse(name, group);
            assert_eq!(user.as_ref().map(|user| user.name.as_str()), expected, "{name} {group}");
        };
        check(" Änne O'Hara ", "operator", Some("Änne O'Hara"));
        check("<b>", "viewer", Some("<b>"));
        check(&"x".repeat(128), "viewer", Some(&"x".repeat(128)));
        check(&"x".repeat(129), "viewer", None);
        check(" ", "operator", None);
        check("a\u{7}b", "operator", None);
        check("ann", "administrator", None);
    }
}
