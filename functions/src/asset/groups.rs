//! The packaging groups that assets are made in.

use std::str::FromStr;

use serde::Deserialize;

/// The packaging groups, never none, in the order they are filled.
///
/// A group holds 10,000 assets. Written as a JSON array in the variable `PACKAGING_GROUPS`.
/// <https://docs.aws.amazon.com/mediapackage/latest/ug/limits-vod.html>
#[derive(Clone, Debug)]
pub struct PackagingGroups(Vec<PackagingGroup>);

/// A packaging group, and how the CDN tells its assets from those of others.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct PackagingGroup {
    pub(super) id: String,
    /// What stands before the paths of its assets' manifests: each group has a host of its own.
    pub(super) path: String,
}

#[derive(Debug, thiserror::Error)]
pub enum PackagingGroupsError {
    #[error("{0}")]
    Json(serde_json::Error),
    #[error("at least one packaging group is needed")]
    None,
    #[error("a packaging group's path is empty, or a slash and a name: {0:?} is neither")]
    Path(String),
}

/// How many assets a group holds, unless the account's quota was raised.
pub(super) const MOST_ASSETS: u64 = 10_000;

impl PackagingGroups {
    pub(super) fn iter(&self) -> impl Iterator<Item = &PackagingGroup> {
        self.0.iter()
    }

    /// What stands before the paths of a group's assets.
    pub(super) fn path_of(&self, id: &str) -> &str {
        self.iter().find(|group| group.id == id).map_or("", |group| group.path.as_str())
    }
}

impl FromStr for PackagingGroups {
    type Err = PackagingGroupsError;

    fn from_str(text: &str) -> Result<Self, PackagingGroupsError> {
        let groups: Vec<PackagingGroup> =
            serde_json::from_str(text).map_err(PackagingGroupsError::Json)?;
        if groups.is_empty() {
            return Err(PackagingGroupsError::None);
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
    fn groups_are_read_in_order_and_faults_told() {
        let two = r#"[{"id":"a","path":""},{"id":"b","path":"/2"}]"#;
        let groups: PackagingGroups = two.parse().unwrap();
        let ids: Vec<_> = groups.iter().map(|group| group.id.as_str()).collect();
        assert_eq!(ids, ["a", "b"]);
        assert_eq!((groups.path_of("a"), groups.path_of("b")), ("", "/2"));
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
