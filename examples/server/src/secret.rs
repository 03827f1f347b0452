//! Where the server's secrets come from.

use std::fs;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use codegrant::{Entropy, PairwiseSalt, SecretRing, ServerSecret, SystemEntropy};

use crate::config::{Problem, Secret};
use crate::files;

/// Keys of the configuration.
pub(crate) const SECRET: &str = "secret";
pub(crate) const PAIRWISE_SALT: &str = "pairwise_salt";

/// Reads the secrets, newest first: the first seals, all open.
pub(crate) fn load(secret: &Secret) -> Result<SecretRing, Problem> {
    let (place, text) = read(SECRET, secret)?;
    let fault = |text: String| Problem::new(SECRET, format!("{place}: {text}"));
    let mut lines = text.lines().map(str::trim).filter(|line| !line.is_empty());
    let mut next = || lines.next().map(ServerSecret::from_base64url).transpose();
    let newest = next().map_err(|error| fault(error.to_string()))?;
    let mut ring = SecretRing::new(newest.ok_or_else(|| fault("has no secret".to_owned()))?);
    while let Some(older) = next().map_err(|error| fault(error.to_string()))? {
        ring = ring.also_opening(older);
    }
    Ok(ring)
}

/// Reads the salt of the names that pairwise clients know users by. With another
/// one, everybody is somebody new to all of them.
pub(crate) fn load_pairwise_salt(salt: &Secret) -> Result<PairwiseSalt, Problem> {
    let (place, text) = read(PAIRWISE_SALT, salt)?;
    PairwiseSalt::from_base64url(text.trim())
        .map_err(|error| Problem::new(PAIRWISE_SALT, format!("{place}: {error}")))
}

/// Draws a secret for `key` where there is none yet: right for a store that no
/// other machine uses, since the others would have to know it.
pub(crate) fn create_missing(key: &str, secret: &Secret) -> Result<(), Problem> {
    let Secret::File(path) = secret else { return Ok(()) };
    let draw = || {
        let mut bits = [0; 32];
        SystemEntropy.fill(&mut bits)?;
        Ok(format!("{}\n", URL_SAFE_NO_PAD.encode(bits)))
    };
    files::create_missing(key, path, draw).map(drop)
}

/// What the start would say, which reads it by `load`. Nothing is created.
pub(crate) fn check<T>(
    key: &str,
    secret: &Secret,
    may_be_created: bool,
    load: impl FnOnce(&Secret) -> Result<T, Problem>,
) -> Result<(), Problem> {
    match secret {
        Secret::File(path) if may_be_created && !path.exists() => files::check_folder(key, path),
        _ => load(secret).map(drop),
    }
}

/// The text of what `key` names, and what to call the place that it is from.
fn read(key: &str, secret: &Secret) -> Result<(String, String), Problem> {
    match secret {
        Secret::File(path) => {
            let text = fs::read_to_string(path);
            let text = text.map_err(|error| files::unusable(key, path, &error))?;
            Ok((path.display().to_string(), text))
        }
        Secret::Env(name) => {
            let text = std::env::var(name);
            let fault = |_| Problem::new(key, format!("the variable {name} is not set"));
            Ok((name.clone(), text.map_err(fault)?))
        }
    }
}
