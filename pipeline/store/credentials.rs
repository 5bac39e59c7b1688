//! Credentials from a file, in the form that the tools of AWS share: sections are profiles.
//!
//! A file that changes is read again, so that keys can be replaced under a running process.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
    sync::{Arc, Mutex, PoisonError},
    time::SystemTime,
};

use async_trait::async_trait;
use object_store::{CredentialProvider, aws::AwsCredential};

/// Names of the options that say which file and which part of it; `object_store` knows neither.
pub(crate) const FILE: &str = "aws_shared_credentials_file";
pub(crate) const PROFILE: &str = "aws_profile";

/// What else decides where credentials come from, before a file that nobody named.
const OTHERS: [&str; 3] = [
    "aws_web_identity_token_file",
    "aws_container_credentials_relative_uri",
    "aws_container_credentials_full_uri",
];

/// The file cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum CredentialsError {
    /// It cannot be read.
    #[error("the credentials file `{path}` (AWS_SHARED_CREDENTIALS_FILE) cannot be read")]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// It has no key under that name.
    #[error(
        "the credentials file `{path}` has no aws_access_key_id and aws_secret_access_key under \
         [{profile}] (AWS_PROFILE)"
    )]
    NoProfile {
        /// The file.
        path: PathBuf,
        /// The section.
        profile: String,
    },
}

/// Credentials of one profile of a file.
#[derive(Debug)]
pub(crate) struct SharedFile {
    path: PathBuf,
    profile: String,
    held: Mutex<(Option<SystemTime>, Arc<AwsCredential>)>,
}

impl SharedFile {
    /// The file that `options` name, or the user's own where they name no other source.
    pub(crate) fn find(
        options: &BTreeMap<String, String>,
        home: Option<PathBuf>,
    ) -> Result<Option<Self>, CredentialsError> {
        let given = |key: &str| options.get(key).filter(|value| !value.is_empty());
        if ["aws_access_key_id", "aws_secret_access_key", "access_key_id", "secret_access_key"]
            .iter()
            .any(|key| options.contains_key(*key))
        {
            return Ok(None);
        }
        let named = given(FILE).is_some() || given(PROFILE).is_some();
        let own = || home.map(|home| home.join(".aws/credentials"));
        let Some(path) = given(FILE).map(PathBuf::from).or_else(own) else { return Ok(None) };
        let elsewhere = OTHERS.iter().any(|key| options.contains_key(*key)) || !path.exists();
        if !named && elsewhere {
            return Ok(None);
        }
        let profile = given(PROFILE).map_or("default", String::as_str).to_owned();
        match read(&path, &profile) {
            Ok(held) => Ok(Some(Self { path, profile, held: Mutex::new(held) })),
            // The user's own may be for other tools.
            Err(CredentialsError::NoProfile { .. }) if !named => Ok(None),
            Err(error) => Err(error),
        }
    }

    fn current(&self) -> Arc<AwsCredential> {
        let mut held = self.held.lock().unwrap_or_else(PoisonError::into_inner);
        if changed_at(&self.path) != held.0 {
            match read(&self.path, &self.profile) {
                Ok(new) => *held = new,
                // It is being replaced, or is gone; what was there may still do.
                Err(error) => tracing::warn!(%error, "the credentials are those of before"),
            }
        }
        Arc::clone(&held.1)
    }
}

#[async_trait]
impl CredentialProvider for SharedFile {
    type Credential = AwsCredential;

    async fn get_credential(&self) -> object_store::Result<Arc<AwsCredential>> {
        Ok(self.current())
    }
}

fn changed_at(path: &Path) -> Option<SystemTime> {
    std::fs::metadata(path).and_then(|meta| meta.modified()).ok()
}

fn read(
    path: &Path,
    profile: &str,
) -> Result<(Option<SystemTime>, Arc<AwsCredential>), CredentialsError> {
    // Before its content: a change in between is then seen the next time.
    let changed = changed_at(path);
    let text = std::fs::read_to_string(path)
        .map_err(|source| CredentialsError::Unreadable { path: path.to_owned(), source })?;
    let credential = credential(&text, profile).ok_or_else(|| CredentialsError::NoProfile {
        path: path.to_owned(),
        profile: profile.to_owned(),
    })?;
    Ok((changed, Arc::new(credential)))
}

/// The keys under `[profile]`.
fn credential(text: &str, profile: &str) -> Option<AwsCredential> {
    let mut values = BTreeMap::new();
    let mut within = false;
    for line in text.lines().map(str::trim).filter(|line| !line.starts_with(['#', ';'])) {
        if let Some(section) = line.strip_prefix('[').and_then(|line| line.strip_suffix(']')) {
            within = section.trim() == profile;
        } else if let (true, Some((key, value))) = (within, line.split_once('=')) {
            values.insert(key.trim(), value.trim().to_owned());
        }
    }
    Some(AwsCredential {
        key_id: values.remove("aws_access_key_id")?,
        secret_key: values.remove("aws_secret_access_key")?,
        token: values.remove("aws_session_token"),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "# ours\n[default]\naws_access_key_id = A\naws_secret_access_key=s/=\n\n\
                        [ backup ]\naws_access_key_id = B\naws_secret_access_key = t\n\
                        aws_session_token = u\n[empty]\n";

    fn options(pairs: &[(&str, &str)]) -> BTreeMap<String, String> {
        pairs.iter().map(|(key, value)| ((*key).into(), (*value).into())).collect()
    }

    #[test]
    fn a_profile_is_a_section() {
        let default = credential(TEXT, "default").unwrap();
        assert_eq!((default.key_id.as_str(), default.secret_key.as_str()), ("A", "s/="));
        assert_eq!(credential(TEXT, "backup").unwrap().token.as_deref(), Some("u"));
        assert!(credential(TEXT, "empty").is_none() && credential(TEXT, "other").is_none());
    }

    #[test]
    fn a_replaced_file_is_read_again_and_a_broken_one_is_not() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("credentials");
        std::fs::write(&path, TEXT).unwrap();
        let found =
            SharedFile::find(&options(&[(FILE, path.to_str().unwrap())]), None).unwrap().unwrap();
        assert_eq!(found.current().key_id, "A");
        let replace = |text: &str, seconds| {
            std::fs::write(&path, text).unwrap();
            let file = std::fs::File::options().write(true).open(&path).unwrap();
            let time = SystemTime::UNIX_EPOCH + std::time::Duration::from_secs(seconds);
            file.set_modified(time).unwrap();
        };
        replace(&TEXT.replace("= A", "= C"), 1_000);
        assert_eq!(found.current().key_id, "C");
        replace("", 2_000);
        assert_eq!(found.current().key_id, "C");
    }

    #[test]
    fn a_file_that_was_named_must_be_there_and_the_users_own_need_not() {
        let home = tempfile::tempdir().unwrap();
        let own = Some(home.path().to_owned());
        assert!(SharedFile::find(&options(&[]), own.clone()).unwrap().is_none());
        let named = SharedFile::find(&options(&[(PROFILE, "x")]), own.clone()).unwrap_err();
        assert!(named.to_string().contains("AWS_SHARED_CREDENTIALS_FILE"));
        std::fs::create_dir(home.path().join(".aws")).unwrap();
        std::fs::write(home.path().join(".aws/credentials"), TEXT).unwrap();
        assert!(SharedFile::find(&options(&[]), own.clone()).unwrap().is_some());
        let key = options(&[("aws_access_key_id", "K")]);
        assert!(SharedFile::find(&key, own.clone()).unwrap().is_none());
        let wrong = SharedFile::find(&options(&[(PROFILE, "x")]), own).unwrap_err();
        assert!(wrong.to_string().contains("[x]"));
    }
}
