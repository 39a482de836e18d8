//! Packaging groups, as the files in `packaging-groups/` define them.
//!
//! The fields are MediaPackage's own:
//! <https://docs.aws.amazon.com/mediapackage-vod/latest/apireference/packaging_configurations.html>

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::account::CONFIGURATION_PREFIX;

/// A packaging group: the formats in which its assets are playable.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct PackagingGroup {
    pub(crate) id: String,
    pub(crate) packaging_configurations: Vec<PackagingConfiguration>,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", try_from = "ConfigurationFields")]
pub(crate) struct PackagingConfiguration {
    pub(crate) id: String,
    #[serde(flatten)]
    pub(crate) package: Package,
}

/// The fields of a configuration. They are parsed separately, because serde cannot name an unknown
/// field of a flattened enum.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct ConfigurationFields {
    id: String,
    hls_package: Option<HlsPackage>,
    dash_package: Option<DashPackage>,
}

impl TryFrom<ConfigurationFields> for PackagingConfiguration {
    type Error = &'static str;

    fn try_from(fields: ConfigurationFields) -> Result<Self, Self::Error> {
        let package = match (fields.hls_package, fields.dash_package) {
            (Some(hls), None) => Package::HlsPackage(hls),
            (None, Some(dash)) => Package::DashPackage(dash),
            _ => return Err("a configuration must have exactly one package"),
        };
        Ok(Self { id: fields.id, package })
    }
}

/// The format of a configuration. MediaPackage's other formats are rejected by name.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) enum Package {
    HlsPackage(HlsPackage),
    DashPackage(DashPackage),
}

#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct HlsPackage {
    pub(crate) hls_manifests: Vec<HlsManifest>,
    #[serde(default = "default_segment_seconds")]
    pub(crate) segment_duration_seconds: u32,
    /// Whether several sounds of a source are rendition groups. A sound that is part of the renditions of
    /// a source stays there; MediaPackage takes it out of each of them.
    #[serde(default)]
    pub(crate) use_audio_rendition_group: bool,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct HlsManifest {
    #[serde(default = "default_manifest_name")]
    pub(crate) manifest_name: String,
    #[serde(default)]
    pub(crate) ad_markers: AdMarkers,
    #[serde(default)]
    pub(crate) include_iframe_only_stream: bool,
    /// The seconds between two EXT-X-PROGRAM-DATE-TIME tags. With 0, none is written.
    #[serde(default)]
    pub(crate) program_date_time_interval_seconds: u32,
    /// Has no effect on unencrypted content.
    #[serde(default)]
    pub(crate) repeat_ext_x_key: bool,
    #[serde(default)]
    pub(crate) stream_selection: StreamSelection,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct DashPackage {
    pub(crate) dash_manifests: Vec<DashManifest>,
    #[serde(default = "default_segment_seconds")]
    pub(crate) segment_duration_seconds: u32,
    #[serde(default)]
    pub(crate) segment_template_format: SegmentTemplateFormat,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct DashManifest {
    #[serde(default = "default_manifest_name")]
    pub(crate) manifest_name: String,
    #[serde(default)]
    pub(crate) manifest_layout: ManifestLayout,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) min_buffer_time_seconds: Option<u32>,
    #[serde(default)]
    pub(crate) profile: DashProfile,
    #[serde(default)]
    pub(crate) stream_selection: StreamSelection,
}

#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct StreamSelection {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) min_video_bits_per_second: Option<u64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) max_video_bits_per_second: Option<u64>,
    #[serde(default)]
    pub(crate) stream_order: StreamOrder,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub(crate) enum StreamOrder {
    #[default]
    Original,
    VideoBitrateAscending,
    VideoBitrateDescending,
}

/// Only `NONE` is supported, because the live stream has no ad markers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub(crate) enum AdMarkers {
    #[default]
    None,
}

/// Only MediaPackage's default layout is supported.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub(crate) enum ManifestLayout {
    #[default]
    Full,
}

/// Only MediaPackage's default profile is supported.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub(crate) enum DashProfile {
    #[default]
    None,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub(crate) enum SegmentTemplateFormat {
    #[default]
    NumberWithTimeline,
    TimeWithTimeline,
    NumberWithDuration,
}

fn default_segment_seconds() -> u32 {
    6
}

fn default_manifest_name() -> String {
    "index".to_owned()
}

#[derive(Debug, thiserror::Error)]
pub enum GroupError {
    #[error("could not read {}", .path.display())]
    Read {
        path: PathBuf,
        #[source]
        source: std::io::Error,
    },
    #[error("{}: {field}: {reason}", .path.display())]
    Field { path: PathBuf, field: String, reason: String },
    #[error(
        "{}: {what} {id} is also in another group. Ids are unique in an account: use {id}-2",
        .path.display()
    )]
    Taken { path: PathBuf, what: &'static str, id: String },
    #[error(
        "the stream has several sounds, but packaging configuration {0} has no audio rendition group. \
         Copy the folder packaging-groups, set useAudioRenditionGroup to true there, and give the copy \
         as --packaging-groups"
    )]
    Sounds(String),
    #[error("{} has no packaging group (*.json)", .0.display())]
    None(PathBuf),
}

impl PackagingGroup {
    /// The path prefix of a group's assets at the CDN, by the group's position in the order in which
    /// groups are filled: nothing for the first, `/2` for the second.
    pub(crate) fn path_prefix(position: usize) -> String {
        if position == 0 { String::new() } else { format!("/{}", position + 1) }
    }

    /// Reads every group of a folder. `default.json` is the first; the others are in the order of their
    /// file names.
    pub(crate) fn read_all(folder: &Path) -> Result<Vec<Self>, GroupError> {
        let unreadable = |source| GroupError::Read { path: folder.to_owned(), source };
        let mut files = std::fs::read_dir(folder)
            .and_then(|entries| {
                entries.map(|entry| Ok(entry?.path())).collect::<std::io::Result<Vec<_>>>()
            })
            .map_err(unreadable)?;
        files.retain(|path| path.extension().is_some_and(|extension| extension == "json"));
        files.sort_by_key(|path| (!path.ends_with("default.json"), path.clone()));
        if files.is_empty() {
            return Err(GroupError::None(folder.to_owned()));
        }
        let mut groups: Vec<Self> = Vec::new();
        for path in &files {
            let group = Self::read(path)?;
            if let Some((what, id)) = group.find_taken_id(&groups) {
                return Err(GroupError::Taken { path: path.clone(), what, id });
            }
            groups.push(group);
        }
        for configuration in groups.iter_mut().flat_map(|it| &mut it.packaging_configurations) {
            configuration.id.insert_str(0, CONFIGURATION_PREFIX);
        }
        Ok(groups)
    }

    /// The id of this group, or of one of its configurations, that another one has.
    ///
    /// MediaPackage refuses it: an id "must be unique for your account in the AWS Region".
    /// <https://docs.aws.amazon.com/mediapackage/latest/ug/cfigs-hls-new.html>
    fn find_taken_id(&self, others: &[Self]) -> Option<(&'static str, String)> {
        if others.iter().any(|other| other.id == self.id) {
            return Some(("packaging group", self.id.clone()));
        }
        let before = others.iter().flat_map(|other| &other.packaging_configurations);
        let mut taken: BTreeSet<_> = before.map(|it| it.id.as_str()).collect();
        let again = self.packaging_configurations.iter().find(|it| !taken.insert(&it.id))?;
        Some(("packaging configuration", again.id.clone()))
    }

    fn read(path: &Path) -> Result<Self, GroupError> {
        let text = std::fs::read(path)
            .map_err(|source| GroupError::Read { path: path.to_owned(), source })?;
        let json = &mut serde_json::Deserializer::from_slice(&text);
        let group: Self = serde_path_to_error::deserialize(json).map_err(|error| {
            let field = error.path().to_string();
            GroupError::Field { path: path.to_owned(), field, reason: error.inner().to_string() }
        })?;
        group.check().map_err(|(field, reason)| GroupError::Field {
            path: path.to_owned(),
            field,
            reason: reason.to_owned(),
        })?;
        Ok(group)
    }

    /// Checks the rules that the types do not express. Returns the invalid field and the reason.
    fn check(&self) -> Result<(), (String, &'static str)> {
        if self.packaging_configurations.is_empty() {
            let reason =
                "there must be at least one, because a clip is ready when every one is playable";
            return Err(("packagingConfigurations".to_owned(), reason));
        }
        for (at, configuration) in self.packaging_configurations.iter().enumerate() {
            let field = |name: &str| format!("packagingConfigurations[{at}].{name}");
            let (manifests, segment_seconds, kind) = match &configuration.package {
                Package::HlsPackage(hls) => {
                    (hls.hls_manifests.len(), hls.segment_duration_seconds, "hls")
                }
                Package::DashPackage(dash) => {
                    (dash.dash_manifests.len(), dash.segment_duration_seconds, "dash")
                }
            };
            if manifests != 1 {
                let field = field(&format!("{kind}Package.{kind}Manifests"));
                return Err((field, "the stand-in supports exactly one manifest"));
            }
            if segment_seconds == 0 {
                let field = field(&format!("{kind}Package.segmentDurationSeconds"));
                return Err((field, "must be at least 1"));
            }
        }
        Ok(())
    }
}

impl PackagingConfiguration {
    /// The file name of the configuration's manifest.
    pub(crate) fn manifest(&self) -> String {
        match &self.package {
            Package::HlsPackage(hls) => format!("{}.m3u8", hls.hls_manifests[0].manifest_name),
            Package::DashPackage(dash) => format!("{}.mpd", dash.dash_manifests[0].manifest_name),
        }
    }

    pub(crate) fn stream_selection(&self) -> &StreamSelection {
        match &self.package {
            Package::HlsPackage(hls) => &hls.hls_manifests[0].stream_selection,
            Package::DashPackage(dash) => &dash.dash_manifests[0].stream_selection,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HLS: &str = r#"{"id":"hls","hlsPackage":{"hlsManifests":[{"manifestName":"index"}]}}"#;

    #[track_caller]
    fn check(configurations: &str, expected: &str) {
        let folder = tempfile::tempdir().unwrap();
        let text = format!(r#"{{"id":"default","packagingConfigurations":[{configurations}]}}"#);
        std::fs::write(folder.path().join("default.json"), text).unwrap();
        let error = PackagingGroup::read_all(folder.path()).unwrap_err().to_string();
        assert!(error.contains("default.json: "), "{error}");
        assert!(error.contains(expected), "{error}");
    }

    #[test]
    fn the_packaging_groups_of_the_product_are_supported() {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../packaging-groups");
        for group in PackagingGroup::read_all(&folder).unwrap() {
            let manifests: Vec<_> = group
                .packaging_configurations
                .iter()
                .map(PackagingConfiguration::manifest)
                .collect();
            assert!(manifests.contains(&"index.m3u8".to_owned()), "{manifests:?}");
            assert!(manifests.contains(&"index.mpd".to_owned()), "{manifests:?}");
        }
    }

    #[test]
    fn the_id_of_another_configuration_is_refused_and_all_ids_have_the_prefix() {
        let folder = tempfile::tempdir().unwrap();
        let write = |file: &str, group: &str, configurations: &str| {
            let text =
                format!(r#"{{"id":"{group}","packagingConfigurations":[{configurations}]}}"#);
            std::fs::write(folder.path().join(file), text).unwrap();
        };
        let refused = || PackagingGroup::read_all(folder.path()).unwrap_err().to_string();
        let second = HLS.replace(r#""hls""#, r#""hls-2""#);
        write("default.json", "default", HLS);
        write("second.json", "second", HLS);
        assert!(refused().contains("second.json: packaging configuration hls"), "{}", refused());
        write("second.json", "second", &format!("{second},{second}"));
        assert!(refused().contains("packaging configuration hls-2 "), "{}", refused());
        write("second.json", "default", &second);
        assert!(refused().contains("packaging group default "), "{}", refused());
        write("second.json", "second", &second);
        let groups = PackagingGroup::read_all(folder.path()).unwrap();
        let ids = groups.iter().flat_map(|it| &it.packaging_configurations).map(|it| &it.id);
        assert_eq!(ids.collect::<Vec<_>>(), ["matchcut-hls", "matchcut-hls-2"]);
    }

    #[test]
    fn unsupported_settings_are_rejected_by_file_and_field() {
        check("", "packagingConfigurations: ");
        check(r#"{"id":"mss","mssPackage":{}}"#, "mssPackage");
        check(&HLS.replace("manifestName", "name"), "unknown field `name`");
        check(&HLS.replace(r#""index""#, "7"), "expected a string");
        check(
            &HLS.replace(r#""index""#, r#""index","adMarkers":"PASSTHROUGH""#),
            "unknown variant `PASSTHROUGH`",
        );
        check(&HLS.replace(r#"{"manifestName":"index"}"#, ""), "hlsPackage.hlsManifests: ");
        check(
            &HLS.replace(r#""hlsManifests""#, r#""segmentDurationSeconds":0,"hlsManifests""#),
            "hlsPackage.segmentDurationSeconds: ",
        );
        check(&HLS.replace(r#""hlsManifests""#, r#""encryption":{},"hlsManifests""#), "encryption");
    }
}
