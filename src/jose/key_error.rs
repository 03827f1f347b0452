//! Why a key, or a set of keys, is not taken.

/// Why a key, or a set of keys, is not taken. It quotes nothing of a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum KeyError {
    /// Not one PEM block `PRIVATE KEY` (RFC 7468 section 10). An older label,
    /// such as `RSA PRIVATE KEY`, is converted by `openssl pkcs8 -topk8 -nocrypt`.
    #[error("this is not a PKCS#8 private key in PEM")]
    Pem,
    /// Not JSON as RFC 7517 describes it: a member is of the wrong type or not
    /// base64url, or comes twice.
    #[error("this is not a JWK")]
    Jwk,
    /// Members of the key are missing, or it has more primes than two.
    #[error("the JWK lacks members, or has some that its type does not have")]
    Members,
    /// A private or secret key came where only a public one may.
    #[error("this is not a public key")]
    Private,
    /// Another type of key, or one that names another algorithm.
    #[error("the key is not for this algorithm")]
    Algorithm,
    /// Its `use` or `key_ops` says so.
    #[error("the key is not for signatures")]
    Use,
    /// An RSA key has 2048 to 8192 bits, and an odd exponent from 3 up to 32 bits.
    #[error("the RSA key is too small, too large, or has an unfit exponent")]
    Rsa,
    /// It is damaged: no point of the curve, or its halves do not belong together.
    #[error("the key is invalid")]
    Invalid,
    /// No key could be drawn.
    #[error("no key could be generated")]
    Generation,
    /// The private key is a [`Signer`](crate::Signer)'s, so it cannot be told.
    #[error("the private key is held elsewhere")]
    Elsewhere,
    /// Two keys of a set have the same name: they are the same key, maybe for
    /// two algorithms.
    #[error("two keys have the same kid")]
    Twice,
    /// A set without a key.
    #[error("there is no key")]
    Empty,
}
