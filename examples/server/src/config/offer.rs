//! What an OpenID Connect provider with this configuration can do for its clients.

use std::path::PathBuf;

use codegrant::{Algorithm, ConfigError};

use super::{Config, Problem};
use crate::signing_keys;

/// Why something of OpenID Connect is refused where there is no provider.
pub(super) const NO_PROVIDER: &str = "belongs to OpenID Connect, which needs signing_keys";

/// Nothing, without keys.
pub(super) struct Offer {
    algorithms: Vec<Algorithm>,
    is_pairwise: bool,
    is_shown: bool,
}

impl Offer {
    pub(super) fn read(
        config: &Config,
        signing_keys: &[PathBuf],
        problems: &mut Vec<Problem>,
    ) -> Self {
        let mut algorithms = Vec::new();
        for (index, path) in signing_keys.iter().enumerate() {
            match signing_keys::algorithm(path) {
                Some(algorithm) => algorithms.push(algorithm),
                None => problems.push(signing_keys::unnamed(index)),
            }
        }
        if !algorithms.is_empty() && !algorithms.contains(&Algorithm::Rs256) {
            problems.push(Problem::new("signing_keys", ConfigError::NoRs256));
        }
        let is_pairwise = config.pairwise_salt.is_some();
        if is_pairwise && signing_keys.is_empty() {
            problems.push(Problem::new("pairwise_salt", NO_PROVIDER));
        }
        let is_shown = config.clients == Config::default().clients;
        Self { algorithms, is_pairwise, is_shown }
    }

    pub(super) const fn is_provider(&self) -> bool {
        !self.algorithms.is_empty()
    }

    /// Whether clients may name what is OpenID Connect's: the demonstration's are
    /// the same wherever they are shown.
    pub(super) const fn may_be_named(&self) -> bool {
        self.is_provider() || self.is_shown
    }

    /// Whether there is a salt for pairwise subjects.
    pub(super) const fn is_pairwise(&self) -> bool {
        self.is_pairwise
    }

    /// The algorithm of this name, if something can be signed by it.
    pub(super) fn algorithm(&self, name: &str) -> Result<Algorithm, String> {
        let algorithm = Algorithm::parse(name);
        let algorithm = algorithm.ok_or_else(|| format!("{name:?} is none that is offered"))?;
        if self.algorithms.contains(&algorithm) {
            Ok(algorithm)
        } else {
            Err(format!("none of the signing_keys is for {name:?}"))
        }
    }
}
