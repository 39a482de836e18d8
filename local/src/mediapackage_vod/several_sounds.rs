//! Which packaging groups keep several sounds.

use super::packaging_group::{GroupError, Package, PackagingConfiguration, PackagingGroup};
use crate::tracks::Tracks;

impl PackagingGroup {
    /// Checks that clips of a stream with several sounds can keep them.
    pub(crate) fn check_sounds(groups: &[Self], tracks: &Tracks) -> Result<(), GroupError> {
        let mut configurations = groups.iter().flat_map(|it| &it.packaging_configurations);
        match configurations.find(|it| !it.keeps_sounds()) {
            Some(it) if !tracks.separate_sounds().is_empty() => {
                Err(GroupError::Sounds(it.id.clone()))
            }
            _ => Ok(()),
        }
    }

    /// Whether a clip keeps several sounds in every format.
    pub(crate) fn keeps_sounds(&self) -> bool {
        self.packaging_configurations.iter().all(PackagingConfiguration::keeps_sounds)
    }
}

impl PackagingConfiguration {
    /// Whether a clip keeps several sounds in this format.
    pub(crate) fn keeps_sounds(&self) -> bool {
        match &self.package {
            Package::HlsPackage(hls) => hls.use_audio_rendition_group,
            Package::DashPackage(_) => true,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HLS: &str = r#"{"id":"hls","hlsPackage":{"hlsManifests":[{"manifestName":"index"}]}}"#;

    #[test]
    fn several_sounds_need_an_audio_rendition_group() {
        let folder = tempfile::tempdir().unwrap();
        let check = |configuration: &str, count: usize| {
            let text = format!(r#"{{"id":"default","packagingConfigurations":[{configuration}]}}"#);
            std::fs::write(folder.path().join("default.json"), text).unwrap();
            let groups = PackagingGroup::read_all(folder.path()).unwrap();
            let sounds = vec!["English=eng".parse().unwrap(); count];
            PackagingGroup::check_sounds(&groups, &Tracks { sounds, ..Tracks::default() })
        };
        check(HLS, 1).unwrap();
        let refused = check(HLS, 2).unwrap_err().to_string();
        assert!(refused.contains("matchcut-hls has no audio rendition group"), "{refused}");
        check(
            &HLS.replace(r#""hlsManifests""#, r#""useAudioRenditionGroup":true,"hlsManifests""#),
            2,
        )
        .unwrap();
    }
}
