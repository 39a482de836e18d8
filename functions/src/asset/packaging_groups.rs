//! The packaging groups that assets are created in.

use std::str::FromStr;

use serde::Deserialize;

use crate::clip::ConfigurationId;
use crate::config::{ConfigError, Variables};

/// The packaging groups in the order in which they are filled: at least one.
///
/// A group holds 10,000 assets. The variable `PACKAGING_GROUPS` holds the groups as a JSON array.
/// <https://docs.aws.amazon.com/mediapackage/latest/ug/limits-vod.html>
#[derive(Clone, Debug)]
pub struct PackagingGroups(Vec<PackagingGroup>);

/// A packaging group, and the path prefix under which the CDN serves it.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct PackagingGroup {
    pub(super) id: String,
    /// The prefix of the paths of its assets, empty or `/<name>`. Each group has its own host, and
    /// the CDN chooses the host by this prefix.
    pub(super) path: String,
}

#[derive(Debug, thiserror::Error)]
pub enum PackagingGroupsError {
    #[error("{0}")]
    Json(serde_json::Error),
    #[error("at least one packaging group is required")]
    Empty,
    #[error("the path of a packaging group must be empty, or a slash and a name, but it is {0:?}")]
    Path(String),
}

/// The prefix of the deployment's packaging configurations, whose ids are unique in an account and
/// region. Rows and the API use ids without it: `hls` for `matchcut-hls`.
///
/// The variable `CONFIGURATION_PREFIX` holds it.
#[derive(Clone, Debug)]
pub(super) struct ConfigurationPrefix(String);

impl ConfigurationPrefix {
    pub(super) fn from_variables(variables: &Variables) -> Result<Self, ConfigError> {
        Ok(Self(variables.optional("CONFIGURATION_PREFIX")?.unwrap_or_default()))
    }

    /// The id without the prefix.
    pub(super) fn strip(&self, id: String) -> ConfigurationId {
        match id.strip_prefix(&self.0) {
            Some(rest) if !rest.is_empty() => rest.to_owned(),
            _ => id,
        }
    }
}

/// Most assets of a group, unless the account's quota was raised.
pub(super) const MAX_ASSETS: u64 = 10_000;

impl PackagingGroups {
    pub(super) fn iter(&self) -> impl Iterator<Item = &PackagingGroup> {
        self.0.iter()
    }

    /// The path prefix of a group's assets.
    pub(super) fn find_path(&self, id: &str) -> &str {
        self.iter().find(|group| group.id == id).map_or("", |group| group.path.as_str())
    }
}

impl FromStr for PackagingGroups {
    type Err = PackagingGroupsError;

    fn from_str(text: &str) -> Result<Self, PackagingGroupsError> {
        let groups: Vec<PackagingGroup> =
            serde_json::from_str(text).map_err(PackagingGroupsError::Json)?;
        if groups.is_empty() {
            return Err(PackagingGroupsError::Empty);
        }
        let is_name =
            |name: &str| !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_alphanumeric());
        let is_path = |path: &str| path.is_empty() || path.strip_prefix('/').is_some_and(is_name);
        match groups.iter().find(|group| !is_path(&group.path)) {
            Some(group) => Err(PackagingGroupsError::Path(group.path.clone())),
            None => Ok(Self(groups)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_configuration_has_the_same_id_in_every_deployment() {
        let prefix = |value| {
            let variables = [("CONFIGURATION_PREFIX", value)].into_iter().collect();
            ConfigurationPrefix::from_variables(&variables).unwrap()
        };
        let check = |value, id: &str, expected| {
            assert_eq!(prefix(value).strip(id.to_owned()), expected, "{value} {id}");
        };
        check("matchcut-", "matchcut-hls", "hls");
        check("match-cut-2-", "match-cut-2-hls-2", "hls-2");
        check("", "hls-2", "hls-2");
        check("matchcut-", "hls", "hls");
        check("matchcut-", "matchcut-", "matchcut-");
        let none = ConfigurationPrefix::from_variables(&Variables::default()).unwrap();
        assert_eq!(none.strip("hls".to_owned()), "hls");
    }

    #[test]
    fn groups_keep_their_order_and_an_invalid_group_is_refused() {
        let two = r#"[{"id":"a","path":""},{"id":"b","path":"/2"}]"#;
        let groups: PackagingGroups = two.parse().unwrap();
        let ids: Vec<_> = groups.iter().map(|group| group.id.as_str()).collect();
        assert_eq!(ids, ["a", "b"]);
        assert_eq!((groups.find_path("a"), groups.find_path("b")), ("", "/2"));
        for wrong in [
            "",
            "[]",
            r#"[{"id":"a"}]"#,
            r#"[{"id":"a","path":"2"}]"#,
            r#"[{"id":"a","path":"/2/"}]"#,
            r#"[{"id":"a","path":"/"}]"#,
        ] {
            assert!(wrong.parse::<PackagingGroups>().is_err(), "{wrong}");
        }
    }
}
