//! Why a grant does not give what was asked.

/// Why a grant does not give what was asked. It stays as it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Refusal {
    /// The credential carries another seed than the grant expects now.
    #[error("the credential does not belong to this stage of the grant")]
    OtherSeed,
    /// The grant is another client's.
    #[error("the grant belongs to another client")]
    OtherClient,
    /// `redirect_uri` is missing or not the one that the code was sent to.
    #[error("the redirect_uri is not the one the code was issued for")]
    RedirectUri,
    /// The code was issued with a challenge, and no verifier came.
    #[error("the code_verifier is missing")]
    VerifierMissing,
    /// A verifier came for a code that was issued without a challenge.
    #[error("a code_verifier came for a code without code_challenge")]
    VerifierUnexpected,
    /// The verifier is not the one that the challenge was made from.
    #[error("the code_verifier does not match")]
    VerifierMismatch,
    /// More scope is asked for than was allowed, or than the client may still
    /// ask for (RFC 6749 section 6).
    #[error("the grant does not cover the scope")]
    Scope,
    /// A resource is asked for that the grant does not have (RFC 8707 section 2.2).
    #[error("the grant does not cover the resource")]
    Target,
    /// The token is addressed to other resource servers.
    #[error("the token is addressed to another resource server")]
    OtherAudience,
    /// Its time is over.
    #[error("the credential has expired")]
    Expired,
    /// The grant was ended.
    #[error("the grant was ended")]
    Ended,
}
