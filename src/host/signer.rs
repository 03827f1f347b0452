//! Keys that never leave where they are kept.

use async_trait::async_trait;

use super::HostError;

/// Signs with a private key that is kept elsewhere: in a key management service
/// or a hardware module. One is one key and one algorithm, told to
/// [`SigningKey::from_signer`](crate::SigningKey::from_signer).
///
/// A signature is asked for as a token is issued, before anything is written,
/// so an error or a timeout consumes nothing, and the client may try again: give
/// up within seconds. One that is wrong under the public key that was told is
/// taken for an error, and never leaves.
#[async_trait]
pub trait Signer: Send + Sync {
    /// The signature over `message`, which the signer hashes as its algorithm
    /// says, in the form that JOSE has for it (RFC 7518 section 3, RFC 8037
    /// section 3.1). That of ES256 is the 64 bytes of R and S, not the DER that
    /// most services answer.
    async fn sign(&self, message: &[u8]) -> Result<Vec<u8>, HostError>;
}
