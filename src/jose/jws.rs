//! Signed claims in the compact serialization (RFC 7515 section 7.1).

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::json;
use super::jwk::{JwkSet, SignatureError};
use crate::model::algorithm::Algorithm;

/// Longer than any token that is sent in a request.
const LONGEST: usize = 64 * 1024;

/// Header members by which the sender would choose the key, or rules that we do
/// not know: `crit` lists nothing that we understand, since we extend nothing.
pub(super) const REFUSED: [&str; 6] = ["b64", "crit", "jku", "jwk", "x5c", "x5u"];

/// What one of a set's keys has signed.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Verified {
    pub(crate) algorithm: Algorithm,
    pub(crate) kid: String,
    pub(crate) claims: Vec<u8>,
}

/// Why a token proves nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum JwsError {
    #[error("the token is too long")]
    TooLong,
    #[error("the token is not three parts in base64url")]
    Malformed,
    #[error("the token's header is not JSON with alg, kid and typ, each once")]
    Header,
    #[error("the token's header has a member that must not be trusted")]
    Refused,
    #[error("the token names an algorithm that there is not")]
    Algorithm,
    #[error("the token is signed with an unknown key")]
    UnknownKey,
    #[error(transparent)]
    Signature(#[from] SignatureError),
    #[error("the token is of another type")]
    Type,
}

/// Header and claims, ready to be signed.
pub(crate) struct Unsigned(String);

impl Unsigned {
    pub(crate) fn new(algorithm: Algorithm, kid: &str, typ: &str, claims: &[u8]) -> Self {
        let header = json!({ "alg": algorithm.as_str(), "kid": kid, "typ": typ });
        let mut text = URL_SAFE_NO_PAD.encode(header.to_string());
        text.push('.');
        URL_SAFE_NO_PAD.encode_string(claims, &mut text);
        Self(text)
    }

    /// What the signature is made over (RFC 7515 section 5.1).
    pub(crate) fn signing_input(&self) -> &[u8] {
        self.0.as_bytes()
    }

    pub(crate) fn signed(self, signature: &[u8]) -> String {
        let Self(mut text) = self;
        text.push('.');
        URL_SAFE_NO_PAD.encode_string(signature, &mut text);
        text
    }
}

impl Verified {
    /// The claims as `T`, unless one comes twice.
    pub(crate) fn read<'v, T: Deserialize<'v>>(&'v self) -> Option<T> {
        json::parse(&self.claims)
    }
}

/// What `text` says, if one of `keys` signed it as a token of the type `typ`,
/// which is spelled here without `application/`.
pub(crate) fn verify(keys: &JwkSet, text: &str, typ: &str) -> Result<Verified, JwsError> {
    let Parts { signing_input, header, claims, signature } = Parts::of(text)?;
    let (signature, claims) = (decode(signature)?, decode(claims)?);
    let header = Header::parse(&decode(header)?)?;
    let key = keys.find(&header.kid).ok_or(JwsError::UnknownKey)?;
    key.verify(header.algorithm, signing_input.as_bytes(), &signature)?;
    if !is_type(&header.typ, typ) {
        return Err(JwsError::Type);
    }
    Ok(Verified { algorithm: header.algorithm, kid: header.kid, claims })
}

/// The claims of `text`, whoever signed it, if anybody did: they prove nothing.
pub(crate) fn unverified_claims(text: &str) -> Result<Vec<u8>, JwsError> {
    decode(Parts::of(text)?.claims)
}

/// A token taken apart, still encoded.
struct Parts<'t> {
    signing_input: &'t str,
    header: &'t str,
    claims: &'t str,
    signature: &'t str,
}

impl<'t> Parts<'t> {
    fn of(text: &'t str) -> Result<Self, JwsError> {
        if text.len() > LONGEST {
            return Err(JwsError::TooLong);
        }
        let (signing_input, signature) = text.rsplit_once('.').ok_or(JwsError::Malformed)?;
        let (header, claims) = signing_input.split_once('.').ok_or(JwsError::Malformed)?;
        Ok(Self { signing_input, header, claims, signature })
    }
}

/// All that is ever read of a token's header.
struct Header {
    algorithm: Algorithm,
    kid: String,
    typ: String,
}

impl Header {
    fn parse(text: &[u8]) -> Result<Self, JwsError> {
        let members: Map<String, Value> = json::parse(text).ok_or(JwsError::Header)?;
        if REFUSED.iter().any(|name| members.contains_key(*name)) {
            return Err(JwsError::Refused);
        }
        let member = |name| members.get(name).and_then(Value::as_str).ok_or(JwsError::Header);
        Ok(Self {
            algorithm: Algorithm::parse(member("alg")?).ok_or(JwsError::Algorithm)?,
            kid: member("kid")?.to_owned(),
            typ: member("typ")?.to_owned(),
        })
    }
}

/// Media types are alike in any case, and `application/` may be left out (RFC
/// 7515 section 4.1.9).
fn is_type(given: &str, expected: &str) -> bool {
    let short = match given.split_once('/') {
        Some((top, rest)) if top.eq_ignore_ascii_case("application") => rest,
        _ => given,
    };
    short.eq_ignore_ascii_case(expected)
}

/// Base64url in its one spelling: no padding, no stray bits at the end.
fn decode(part: &str) -> Result<Vec<u8>, JwsError> {
    URL_SAFE_NO_PAD.decode(part).map_err(|_| JwsError::Malformed)
}
