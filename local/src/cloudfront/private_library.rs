//! The keys of a private library.

use std::path::Path;
use std::{fs, io};

use aws_lc_rs::signature::{ECDSA_P256_SHA256_ASN1_SIGNING, EcdsaKeyPair, KeyPair as _};
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::secret_file::write_secret;
use crate::secretsmanager::secret_arn;

/// CloudFront's id of the public key.
pub(super) const KEY_PAIR_ID: &str = "KLOCALMATCHCUT";

/// The name of the secret that holds the keys.
const SECRET: &str = "matchcut-playback";

/// The keys of a private library: its clips only play with signed cookies, at sealed paths.
#[derive(Debug)]
pub(crate) struct PrivateLibrary {
    secret: Secret,
    pub(super) public_key: Vec<u8>,
}

/// The secret in Secrets Manager, in the form in which a deployment writes it.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Secret {
    private_key: String,
    seal_key: String,
}

impl PrivateLibrary {
    /// Reads the keys of a data folder. If there are none, they are generated.
    pub(crate) fn open(folder: &Path) -> io::Result<Self> {
        let path = folder.join("playback.json");
        let unusable =
            || io::Error::other("playback.json has no usable key; delete it to generate new ones");
        if !path.exists() {
            let key = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_ASN1_SIGNING);
            let der = key.and_then(|key| key.to_pkcs8v1()).map_err(|_| unusable())?;
            let text = BASE64_STANDARD.encode(der);
            let digits = |_| format!("{:016x}", fastrand::u64(..));
            let secret = Secret {
                private_key: format!(
                    "-----BEGIN PRIVATE KEY-----\n{text}\n-----END PRIVATE KEY-----\n"
                ),
                seal_key: (0..4).map(digits).collect(),
            };
            write_secret(&path, &serde_json::to_vec(&secret)?)?;
        }
        let secret: Secret = serde_json::from_slice(&fs::read(&path)?)?;
        let text: String =
            secret.private_key.lines().filter(|line| !line.starts_with('-')).collect();
        let der = BASE64_STANDARD.decode(text).map_err(|_| unusable())?;
        let key = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_ASN1_SIGNING, &der);
        let public_key = key.map_err(|_| unusable())?.public_key().as_ref().to_vec();
        Ok(Self { secret, public_key })
    }

    /// The environment variables of a private library.
    pub(crate) fn variables(&self) -> [(&'static str, String); 4] {
        [
            ("PLAYBACK_KEY_SECRET_ARN", secret_arn(SECRET)),
            ("PLAYBACK_KEY_PAIR_ID", KEY_PAIR_ID.to_owned()),
            ("PLAYBACK_HOURS", "12".to_owned()),
            ("PLAYBACK_SEAL_KEY", self.secret.seal_key.clone()),
        ]
    }

    /// The secret's name and text.
    pub(crate) fn secret(&self) -> (String, String) {
        (SECRET.to_owned(), json!(self.secret).to_string())
    }

    pub(super) fn seal_key(&self) -> &[u8] {
        self.secret.seal_key.as_bytes()
    }

    #[cfg(test)]
    pub(super) fn private_key(&self) -> &str {
        &self.secret.private_key
    }

    #[cfg(test)]
    pub(super) fn with_seal_key(seal_key: &str) -> Self {
        let secret = Secret { private_key: String::new(), seal_key: seal_key.to_owned() };
        Self { secret, public_key: Vec::new() }
    }
}
