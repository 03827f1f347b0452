//! The only place that draws randomness.

use rand::Rng;
use zeroize::Zeroizing;

use super::HostError;
use crate::model::secret::ClientSecret;
use crate::token::credential::ServerSecret;

/// Draws random bytes that nobody can guess.
pub trait Entropy: Send + Sync {
    /// Fills `bytes`; an error becomes 503, never a weaker source.
    fn fill(&self, bytes: &mut [u8]) -> Result<(), HostError>;
}

/// A generator per thread, seeded and reseeded by the operating system.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemEntropy;

impl SystemEntropy {
    #[allow(clippy::disallowed_methods, reason = "this is the seam the lint points to")]
    fn draw(bytes: &mut [u8]) {
        rand::rng().fill_bytes(bytes);
    }
}

impl Entropy for SystemEntropy {
    fn fill(&self, bytes: &mut [u8]) -> Result<(), HostError> {
        Self::draw(bytes);
        Ok(())
    }
}

impl ServerSecret {
    /// Draws a secret of 256 bits, for a server whose credentials need not
    /// outlive the process.
    #[must_use]
    pub fn generate() -> Self {
        let mut bits = Zeroizing::new([0; 32]);
        SystemEntropy::draw(&mut *bits);
        Self::from_random(&bits)
    }
}

impl ClientSecret {
    /// Draws a secret of 256 bits. Show it to the client's owner once, keep its
    /// [`hash`](Self::hash).
    #[must_use]
    pub fn generate() -> Self {
        let mut bits = Zeroizing::new([0; 32]);
        SystemEntropy::draw(&mut *bits);
        Self::from_random(&bits)
    }
}
