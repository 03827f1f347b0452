//! Where the server's secrets come from.

use std::fs::{self, OpenOptions};
use std::io::Write;
use std::path::Path;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use codegrant::{Entropy, SecretRing, ServerSecret, SystemEntropy};

use crate::config::{Problem, Secret};

/// Reads the secrets, newest first: the first seals, all open.
pub(crate) fn load(secret: &Secret) -> Result<SecretRing, Problem> {
    let (place, text) = match secret {
        Secret::File(path) => {
            let text = fs::read_to_string(path).map_err(|error| unusable(path, &error))?;
            (path.display().to_string(), text)
        }
        Secret::Env(name) => {
            let text = std::env::var(name)
                .map_err(|_| problem(format!("the variable {name} is not set")))?;
            (name.clone(), text)
        }
    };
    let fault = |text: String| problem(format!("{place}: {text}"));
    let mut lines = text.lines().map(str::trim).filter(|line| !line.is_empty());
    let mut next = || lines.next().map(ServerSecret::from_base64url).transpose();
    let newest = next().map_err(|error| fault(error.to_string()))?;
    let mut ring = SecretRing::new(newest.ok_or_else(|| fault("has no secret".to_owned()))?);
    while let Some(older) = next().map_err(|error| fault(error.to_string()))? {
        ring = ring.also_opening(older);
    }
    Ok(ring)
}

/// Draws a secret where there is none yet: right for a store that no other
/// machine uses, since the others would have to know it.
pub(crate) fn create_missing(secret: &Secret) -> Result<(), Problem> {
    match secret {
        Secret::File(path) if !path.exists() => {
            create(path).map_err(|error| unusable(path, &error))
        }
        _ => Ok(()),
    }
}

/// What the start would say, without creating anything.
pub(crate) fn check(secret: &Secret, may_be_created: bool) -> Result<(), Problem> {
    match secret {
        Secret::File(path) if may_be_created && !path.exists() => can_be_created("secret", path),
        _ => load(secret).map(drop),
    }
}

/// Whether there is a folder for the file that `key` names.
pub(crate) fn can_be_created(key: &str, path: &Path) -> Result<(), Problem> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
    match folder.filter(|folder| !folder.is_dir()) {
        Some(folder) => Err(Problem::new(key, format!("{} is not a folder", folder.display()))),
        None => Ok(()),
    }
}

fn unusable(path: &Path, error: &std::io::Error) -> Problem {
    problem(format!("{}: {error}", path.display()))
}

fn problem(text: String) -> Problem {
    Problem::new("secret", text)
}

/// Draws a secret into a new file that only its owner may read.
fn create(path: &Path) -> std::io::Result<()> {
    let mut bits = [0; 32];
    SystemEntropy.fill(&mut bits).map_err(|error| std::io::Error::other(error.to_string()))?;
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(path)?;
    file.write_all(format!("{}\n", URL_SAFE_NO_PAD.encode(bits)).as_bytes())?;
    file.sync_all()
}
