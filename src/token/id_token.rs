//! ID tokens (OpenID Connect Core section 2): what they say, and what one says
//! that comes back as a hint.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use sha2::{Digest, Sha256, Sha512};

use crate::model::algorithm::Algorithm;
use crate::model::identity::{Acr, Amr, ClientId, Subject};
use crate::model::timestamp::Timestamp;

/// The claims of an ID token, in the order in which they are written.
///
/// It has one audience, the client, so there is no `azp`; and it never leaves
/// beside a code, so there is no `c_hash` (section 3.3.2.11).
#[derive(Serialize)]
pub(crate) struct IdToken<'t> {
    pub(crate) iss: &'t str,
    pub(crate) sub: &'t Subject,
    pub(crate) aud: &'t ClientId,
    pub(crate) exp: Timestamp,
    pub(crate) iat: Timestamp,
    /// When the user proved who they are, however old the grant is by now.
    pub(crate) auth_time: Timestamp,
    /// As the request had it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) nonce: Option<&'t str>,
    pub(crate) at_hash: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) acr: Option<&'t Acr>,
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    pub(crate) amr: &'t [Amr],
    /// The session, where the host names it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) sid: Option<String>,
    /// What is told of the user; none of the claims above.
    #[serde(flatten)]
    pub(crate) released: Map<String, Value>,
}

/// What an ID token says when it comes back, however old.
#[derive(Deserialize)]
pub(crate) struct Hint {
    iss: String,
    /// The user as the client calls them.
    pub(crate) sub: Subject,
    pub(crate) aud: ClientId,
    /// The session as the client calls it.
    #[cfg(feature = "openid")]
    pub(crate) sid: Option<String>,
    /// Every ID token has these. They are no longer of interest.
    #[serde(rename = "exp")]
    _exp: Timestamp,
    #[serde(rename = "iat")]
    _iat: Timestamp,
    #[serde(rename = "auth_time")]
    _auth_time: Timestamp,
}

/// `at_hash`: the left half of the access token's hash, by the hash function of
/// the ID token's signature (section 3.1.3.6). That of Ed25519 is SHA-512 (RFC
/// 8032 section 5.1), of everything else here SHA-256.
pub(crate) fn at_hash(algorithm: Algorithm, access_token: &str) -> String {
    match algorithm {
        Algorithm::EdDsa => left_half(&Sha512::digest(access_token)),
        Algorithm::Rs256 | Algorithm::Ps256 | Algorithm::Es256 => {
            left_half(&Sha256::digest(access_token))
        }
    }
}

fn left_half(digest: &[u8]) -> String {
    let (half, _) = digest.split_at(digest.len() / 2);
    URL_SAFE_NO_PAD.encode(half)
}

impl Hint {
    /// Whether `issuer` made it.
    pub(crate) fn is_of(&self, issuer: &str) -> bool {
        self.iss == issuer
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn subject() -> Subject {
        Subject::parse("alice").unwrap()
    }

    fn client() -> ClientId {
        ClientId::parse("app").unwrap()
    }

    fn read(claims: &Value) -> Option<Hint> {
        serde_json::from_str(&claims.to_string()).ok()
    }

    fn id_token<'t>(sub: &'t Subject, aud: &'t ClientId) -> IdToken<'t> {
        let [auth_time, iat, exp] = [1, 2, 3].map(Timestamp::from_unix);
        let at_hash = "h".to_owned();
        let released = Map::new();
        let (nonce, acr, sid) = (None, None, None);
        let iss = "https://id.example";
        IdToken { iss, sub, aud, exp, iat, auth_time, nonce, at_hash, acr, amr: &[], sid, released }
    }

    /// The example of OpenID Connect Core appendix A.3, and both hashes of the
    /// example of FIPS 180-4.
    #[test]
    fn at_hash_is_the_left_half_of_the_hash_that_the_signature_uses() {
        let example = "jHkWEdUXMU1BwAsC4vtUsZwnNvTIxEl0z9K3vx5KF0Y";
        for algorithm in [Algorithm::Rs256, Algorithm::Ps256, Algorithm::Es256] {
            assert_eq!(at_hash(algorithm, example), "77QmUPtjPfzWtF2AnpK9RQ");
            assert_eq!(at_hash(algorithm, "abc"), "ungWv48Bz-pBQUDeXa4iIw");
        }
        let of_sha_512 = "3a81oZNherrMQXNJriBBMRLm-k6JqX6iCp7u5ktV05o";
        assert_eq!(at_hash(Algorithm::EdDsa, "abc"), of_sha_512);
    }

    #[test]
    fn claims_are_written_in_one_order_and_only_where_there_are_any() {
        let (sub, aud) = (subject(), client());
        let plain = id_token(&sub, &aud);
        let text = r#"{"iss":"https://id.example","sub":"alice","aud":"app","exp":3,"iat":2,"auth_time":1,"at_hash":"h"}"#;
        assert_eq!(serde_json::to_string(&plain).unwrap(), text);
        let (acr, amr) = (Acr::parse("gold").unwrap(), [Amr::parse("pwd").unwrap()]);
        let released = [("email".to_owned(), json!("a@b.example"))].into_iter().collect();
        let (nonce, acr, sid) = (Some("n"), Some(&acr), Some("s".to_owned()));
        let full = IdToken { nonce, acr, amr: &amr, sid, released, ..id_token(&sub, &aud) };
        let text = r#"{"iss":"https://id.example","sub":"alice","aud":"app","exp":3,"iat":2,"auth_time":1,"nonce":"n","at_hash":"h","acr":"gold","amr":["pwd"],"sid":"s","email":"a@b.example"}"#;
        assert_eq!(serde_json::to_string(&full).unwrap(), text);
    }

    #[test]
    fn what_comes_back_is_read_by_who_made_it_for_whom() {
        let (sub, aud) = (subject(), client());
        let hint = read(&serde_json::to_value(id_token(&sub, &aud)).unwrap()).unwrap();
        assert_eq!(hint.sub, sub);
        assert_eq!(hint.aud, aud);
        assert!(hint.is_of("https://id.example"));
        assert!(!hint.is_of("https://id.example/"));
    }

    #[test]
    fn claims_that_no_id_token_has_are_no_hint() {
        let (sub, aud) = (subject(), client());
        let whole = serde_json::to_value(id_token(&sub, &aud)).unwrap();
        assert!(read(&whole).is_some());
        for name in ["iss", "sub", "aud", "exp", "iat", "auth_time"] {
            let mut less = whole.clone();
            less.as_object_mut().unwrap().remove(name);
            assert!(read(&less).is_none(), "without {name}");
        }
        let mut several = whole;
        several["aud"] = json!(["app", "other"]);
        assert!(read(&several).is_none());
    }
}
