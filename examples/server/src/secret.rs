//! Where the server's secrets come from.

use std::fs;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use codegrant::{Entropy, SecretRing, ServerSecret, SystemEntropy};

use crate::config::{Problem, Secret};
use crate::files;

/// The key of the configuration.
const KEY: &str = "secret";

/// Reads the secrets, newest first: the first seals, all open.
pub(crate) fn load(secret: &Secret) -> Result<SecretRing, Problem> {
    let (place, text) = read(KEY, secret)?;
    let fault = |text: String| Problem::new(KEY, format!("{place}: {text}"));
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
    create_missing_for(KEY, secret)
}

/// What the start would say, without creating anything.
pub(crate) fn check(secret: &Secret, may_be_created: bool) -> Result<(), Problem> {
    match secret {
        Secret::File(path) if may_be_created && !path.exists() => files::check_folder(KEY, path),
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

fn create_missing_for(key: &str, secret: &Secret) -> Result<(), Problem> {
    let Secret::File(path) = secret else { return Ok(()) };
    files::create_missing(key, path, || {
        let mut bits = [0; 32];
        SystemEntropy.fill(&mut bits)?;
        Ok(format!("{}\n", URL_SAFE_NO_PAD.encode(bits)))
    })
}
