//! The app clients of machines: programs that sign in with a secret, and with scopes of their own.
//! <https://docs.aws.amazon.com/cognito/latest/developerguide/cognito-user-pools-define-resource-servers.html>

use std::path::Path;
use std::str::FromStr;
use std::{fs, io};

use aws_lc_rs::constant_time::verify_slices_are_equal;

use super::random::random_text;
use crate::account::CLIENT;
use crate::secret_file::write_secret;

/// Longest name of a machine, in characters.
const MAX_NAME_LENGTH: usize = 20;

/// The value of the option `--machine`: a name and scopes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MachineOption {
    name: String,
    scopes: Vec<String>,
}

/// An app client with a secret. Its id is its name; on AWS, Cognito chooses the id.
#[derive(Clone, Debug)]
pub struct Machine {
    pub id: String,
    pub secret: String,
    /// The scopes that the client may ask for.
    pub(super) scopes: Vec<String>,
}

impl FromStr for MachineOption {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (name, scopes) = text
            .split_once('=')
            .ok_or("this must be NAME=SCOPE,SCOPE, such as newsroom=matchcut/clips.write")?;
        let is_valid = (1..=MAX_NAME_LENGTH).contains(&name.len())
            && name.bytes().all(|it| it.is_ascii_lowercase() || it.is_ascii_digit() || it == b'-')
            && name != CLIENT;
        if !is_valid {
            return Err(format!(
                "the name must have 1 to {MAX_NAME_LENGTH} lowercase letters, digits and hyphens, and must not be {CLIENT}"
            ));
        }
        let scopes = scopes.split(',').map(|scope| scope.trim().to_owned()).collect();
        Ok(Self { name: name.to_owned(), scopes })
    }
}

impl Machine {
    /// Reads the machine's secret from a data folder. If there is none, it is generated. `contract`
    /// has the scopes that a machine may have.
    pub(super) fn open(
        folder: &Path,
        option: &MachineOption,
        contract: &[String],
    ) -> io::Result<Self> {
        if let Some(unknown) = option.scopes.iter().find(|scope| !contract.contains(scope)) {
            return Err(io::Error::other(format!(
                "--machine {} has the scope {unknown:?}, which is not one of {}",
                option.name,
                contract.join(", ")
            )));
        }
        let path = folder.join(format!("machine-{}.secret", option.name));
        if !path.exists() {
            write_secret(&path, random_text().as_bytes())?;
        }
        let secret = fs::read_to_string(path)?;
        Ok(Self { id: option.name.clone(), secret, scopes: option.scopes.clone() })
    }

    pub(super) fn has_secret(&self, secret: &str) -> bool {
        verify_slices_are_equal(self.secret.as_bytes(), secret.as_bytes()).is_ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_machine_has_a_name_and_scopes_of_the_contract() {
        let parse = |text: &str| text.parse::<MachineOption>();
        let option = parse("newsroom=m/write, m/read").unwrap();
        assert_eq!(
            (option.name.as_str(), option.scopes.join(" ")),
            ("newsroom", "m/write m/read".into())
        );
        for wrong in ["newsroom", "=m/write", "News=m/write", "local=m/write"] {
            parse(wrong).unwrap_err();
        }
        let folder = tempfile::tempdir().unwrap();
        let contract = ["m/write".to_owned(), "m/read".to_owned()];
        let machine = Machine::open(folder.path(), &option, &contract).unwrap();
        assert!(machine.has_secret(&machine.secret) && !machine.has_secret(""));
        let again = Machine::open(folder.path(), &option, &contract).unwrap();
        assert_eq!(again.secret, machine.secret, "the secret is kept");
        let error = Machine::open(folder.path(), &option, &contract[..1]).unwrap_err();
        assert!(error.to_string().contains("\"m/read\", which is not one of m/write"), "{error}");
    }
}
