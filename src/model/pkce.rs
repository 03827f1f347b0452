//! Proof Key for Code Exchange (RFC 7636), method `S256` only.

use std::fmt;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::{base64url, constant_time};

/// What the client committed to when it asked: the SHA-256 of its verifier.
#[derive(Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub(crate) struct CodeChallenge(#[serde(with = "base64url")] [u8; 32]);

/// What the client reveals when it redeems: 43 to 128 unreserved characters.
pub(crate) struct CodeVerifier<'r>(&'r str);

impl CodeChallenge {
    /// Reads the 43 base64url characters of RFC 7636 section 4.2.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let mut hash = [0; 32];
        let length = URL_SAFE_NO_PAD.decode_slice(text, &mut hash).ok()?;
        (length == hash.len()).then_some(Self(hash))
    }

    /// Whether this is the challenge of `verifier`, in constant time.
    pub(crate) fn is_met_by(&self, verifier: &CodeVerifier<'_>) -> bool {
        let challenge: [u8; 32] = Sha256::digest(verifier.0).into();
        constant_time::are_equal(&challenge, &self.0)
    }
}

impl fmt::Debug for CodeChallenge {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "CodeChallenge({})", URL_SAFE_NO_PAD.encode(self.0))
    }
}

impl<'r> CodeVerifier<'r> {
    /// Reads the verifier of RFC 7636 section 4.1.
    pub(crate) fn parse(text: &'r str) -> Option<Self> {
        let unreserved =
            |byte: u8| byte.is_ascii_alphanumeric() | matches!(byte, b'-' | b'.' | b'_' | b'~');
        let is_fit = text.bytes().fold(true, |fit, byte| fit & unreserved(byte));
        ((43..=128).contains(&text.len()) && is_fit).then_some(Self(text))
    }
}

impl fmt::Debug for CodeVerifier<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("CodeVerifier(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rfc_7636_appendix_b() {
        let challenge =
            CodeChallenge::parse("E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM").unwrap();
        let verifier = CodeVerifier::parse("dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk").unwrap();
        assert!(challenge.is_met_by(&verifier));
        let other = CodeVerifier::parse("dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXl").unwrap();
        assert!(!challenge.is_met_by(&other));
    }

    #[test]
    fn verifiers_have_43_to_128_unreserved_characters() {
        for good in ["a".repeat(43), "Az09-._~".repeat(16)] {
            assert!(CodeVerifier::parse(&good).is_some(), "{good}");
        }
        for bad in ["a".repeat(42), "a".repeat(129), format!("{}+", "a".repeat(43)), String::new()]
        {
            assert!(CodeVerifier::parse(&bad).is_none(), "{bad}");
        }
    }

    #[test]
    fn challenges_are_exactly_32_bytes_of_canonical_base64url() {
        for bad in [
            "",
            "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-c",
            "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cMA",
            "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cN",
            "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw+cM",
            "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM=",
        ] {
            assert!(CodeChallenge::parse(bad).is_none(), "{bad}");
        }
    }

    #[test]
    fn a_challenge_prints_as_it_came_and_a_verifier_does_not() {
        let text = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";
        let challenge = CodeChallenge::parse(text).unwrap();
        assert_eq!(format!("{challenge:?}"), format!("CodeChallenge({text})"));
        let verifier = CodeVerifier::parse(text).unwrap();
        assert_eq!(format!("{verifier:?}"), "CodeVerifier(…)");
    }
}
