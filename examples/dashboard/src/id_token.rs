//! An ID token taken apart for people to read. It was verified before.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use openidconnect::core::{CoreIdToken, CoreIdTokenClaims};
use serde_json::{Map, Value};

/// What the two readable parts of a signed ID token say. The third, the
/// signature, is no text.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Decoded {
    pub(crate) header: Vec<Member>,
    pub(crate) claims: Vec<Member>,
}

/// One of the names in it, in words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Member {
    pub(crate) name: String,
    pub(crate) value: String,
    pub(crate) meaning: &'static str,
}

/// The header's members (RFC 7515 section 4.1).
const HEADER: [(&str, &str); 3] = [
    ("typ", "What this is: a JSON Web Token."),
    ("alg", "How it is signed."),
    ("kid", "Which of the server’s published keys verifies it."),
];

/// The claims (OpenID Connect Core section 2, Back-Channel Logout section 2.1).
const CLAIMS: [(&str, &str); 11] = [
    ("iss", "Who vouches for all this: the authorization server."),
    ("sub", "Who signed in. This name of theirs never changes."),
    ("aud", "Whom it is meant for: this dashboard. Others must not accept it."),
    ("iat", "When it was issued."),
    ("exp", "From when on nobody must accept it."),
    ("auth_time", "When the user last proved who they are."),
    ("acr", "How far that proof goes: here, a password."),
    ("amr", "What they proved it by; “pwd” is a password."),
    ("nonce", "The random value of step 2: it was made for this very sign-in."),
    ("at_hash", "Half a hash of the access token: the two belong together."),
    ("sid", "The session at the authorization server, which a sign-out ends."),
];

const UNKNOWN: &str = "The dashboard does not use it.";

impl Decoded {
    /// Takes `id_token` apart, whose verified claims are `claims`.
    pub(crate) fn of(id_token: &CoreIdToken, claims: &CoreIdTokenClaims) -> Self {
        let token = id_token.to_string();
        let mut parts = token.split('.').map(object);
        let mut next = || parts.next().unwrap_or_default();
        let header = members(next(), &HEADER);
        let claims = members(next(), &CLAIMS).into_iter().map(|claim| with_time(claim, claims));
        Self { header, claims: claims.collect() }
    }
}

/// The JSON object in one part of a token.
fn object(part: &str) -> Map<String, Value> {
    let json = URL_SAFE_NO_PAD.decode(part).unwrap_or_default();
    serde_json::from_slice(&json).unwrap_or_default()
}

/// The members that are known, in that order, then all others.
fn members(mut object: Map<String, Value>, known: &[(&str, &'static str)]) -> Vec<Member> {
    let known = known.iter().filter_map(|(name, meaning)| {
        object.remove(*name).map(|value| Member::new(name, &value, meaning))
    });
    let mut members: Vec<_> = known.collect();
    members.extend(object.iter().map(|(name, value)| Member::new(name, value, UNKNOWN)));
    members
}

/// A time as a clock shows it, beside the seconds since 1970 that the token has.
fn with_time(mut claim: Member, claims: &CoreIdTokenClaims) -> Member {
    let time = match claim.name.as_str() {
        "iat" => Some(claims.issue_time()),
        "exp" => Some(claims.expiration()),
        "auth_time" => claims.auth_time(),
        _ => None,
    };
    if let Some(time) = time {
        claim.value = format!("{} ({})", claim.value, time.format("%H:%M:%S UTC"));
    }
    claim
}

impl Member {
    fn new(name: &str, value: &Value, meaning: &'static str) -> Self {
        let value = match value {
            Value::String(text) => text.clone(),
            other => other.to_string(),
        };
        Self { name: name.to_owned(), value, meaning }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    /// An ID token with these claims that nobody signed.
    fn decoded(mut claims: Value) -> Decoded {
        let needed = json!({"iss": "https://id.example", "sub": "alice", "aud": "dashboard"});
        let times = json!({"iat": 1_700_000_000, "exp": 1_700_000_300});
        for more in [needed, times] {
            claims.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        }
        let part = |part: &Value| URL_SAFE_NO_PAD.encode(part.to_string());
        let header = json!({"alg": "RS256", "kid": "k", "typ": "JWT"});
        let token = format!("{}.{}.{}", part(&header), part(&claims), part(&json!("signed")));
        let id_token: CoreIdToken = serde_json::from_value(token.into()).unwrap();
        Decoded::of(&id_token, &serde_json::from_value(claims).unwrap())
    }

    #[test]
    fn what_is_known_comes_first_and_nothing_is_left_out() {
        let decoded = decoded(json!({"a": [1], "amr": ["pwd"]}));
        let names = |members: &[Member]| -> Vec<_> {
            members.iter().map(|member| member.name.clone()).collect()
        };
        assert_eq!(names(&decoded.header), ["typ", "alg", "kid"]);
        assert_eq!(names(&decoded.claims), ["iss", "sub", "aud", "iat", "exp", "amr", "a"]);
        let odd = decoded.claims.last().unwrap();
        assert_eq!((odd.value.as_str(), odd.meaning), ("[1]", UNKNOWN));
    }

    #[test]
    fn a_time_can_be_read_by_people() {
        let decoded = decoded(json!({"auth_time": 1_700_000_000}));
        let shown = |name| decoded.claims.iter().find(|claim| claim.name == name).unwrap();
        assert_eq!(shown("auth_time").value, "1700000000 (22:13:20 UTC)");
        assert_eq!(shown("exp").value, "1700000300 (22:18:20 UTC)");
    }
}
