//! Claims that a client asks for one by one (OpenID Connect Core section 5.5).

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::wanted_claims::{Object, WantedClaim, WantedClaims};

/// The parameter `claims`: what a client wants to be told in the ID token and
/// by userinfo. Members that are not understood are left out, as section 5.5
/// demands; what more of them is to be kept some day needs a new record format.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct ClaimsRequest {
    #[serde(default, skip_serializing_if = "WantedClaims::is_empty")]
    pub(crate) userinfo: WantedClaims,
    #[serde(default, skip_serializing_if = "WantedClaims::is_empty")]
    pub(crate) id_token: WantedClaims,
}

/// Names of claims, such as `email`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ClaimNames(BTreeSet<String>);

/// More characters than any client sends.
const LONGEST: usize = 8 * 1024;

/// What the protocol itself says, in ID tokens, at userinfo or in other tokens: no
/// user is asked about it, and no directory is.
const OF_THE_PROTOCOL: [&str; 21] = [
    "iss",
    "sub",
    "aud",
    "exp",
    "nbf",
    "iat",
    "jti",
    "auth_time",
    "nonce",
    "acr",
    "amr",
    "azp",
    "sid",
    "at_hash",
    "c_hash",
    "s_hash",
    "cnf",
    "events",
    "sub_jwk",
    "_claim_names",
    "_claim_sources",
];

/// Whether the claim `name`, in whatever language, is none about the person.
pub(crate) fn is_of_the_protocol(name: &str) -> bool {
    OF_THE_PROTOCOL.contains(&without_language(name))
}

fn without_language(name: &str) -> &str {
    name.split_once('#').map_or(name, |(name, _)| name)
}

impl ClaimsRequest {
    /// Reads the JSON of the parameter.
    pub(crate) fn parse(json: &str) -> Option<Self> {
        if json.len() > LONGEST {
            return None;
        }
        let Object(claims) = serde_json::from_str::<Object<Self>>(json).ok()?;
        (claims.userinfo.is_shallow() && claims.id_token.is_shallow()).then_some(claims)
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.userinfo.is_empty() && self.id_token.is_empty()
    }

    /// The claims about the person, wherever they are wanted: what the user is
    /// asked to allow.
    pub(crate) fn names(&self) -> ClaimNames {
        let all = self.userinfo.names().chain(self.id_token.names());
        all.filter(|name| !is_of_the_protocol(name)).collect()
    }

    /// What is left of it when of the claims about the person only `allowed`
    /// are told.
    pub(crate) fn retain(&mut self, allowed: &ClaimNames) {
        let keep = |name: &str| is_of_the_protocol(name) || allowed.contains(name);
        self.userinfo.retain(keep);
        self.id_token.retain(keep);
    }

    /// What is wanted of the sign-in's `acr` (section 5.5.1.1).
    pub(crate) fn acr(&self) -> Option<&WantedClaim> {
        self.id_token.get("acr")
    }

    /// Whether the ID token is to say when the user signed in.
    pub(crate) fn wants_auth_time(&self) -> bool {
        self.id_token.get("auth_time").is_some()
    }

    /// The values that `sub` may have, for each place that names any: the user
    /// has to be one of every list.
    pub(crate) fn subjects(&self) -> impl Iterator<Item = Vec<&Value>> {
        let places = [self.id_token.get("sub"), self.userinfo.get("sub")];
        places.into_iter().flatten().map(WantedClaim::values).filter(|values| !values.is_empty())
    }
}

impl ClaimNames {
    /// No name at all.
    #[must_use]
    pub const fn none() -> Self {
        Self(BTreeSet::new())
    }

    /// The names, in alphabetical order.
    pub fn iter(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(String::as_str)
    }

    /// Whether `name` is one of them.
    #[must_use]
    pub fn contains(&self, name: &str) -> bool {
        self.0.contains(name)
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether every name of `other` is one of these.
    pub(crate) fn covers(&self, other: &Self) -> bool {
        other.0.is_subset(&self.0)
    }

    /// The names that are also in `other`.
    pub(crate) fn intersection(&self, other: &Self) -> Self {
        Self(self.0.intersection(&other.0).cloned().collect())
    }

    /// The names that are not in `others`, in whatever language.
    pub(crate) fn without(&self, others: &Self) -> Self {
        self.iter().filter(|name| !others.contains(without_language(name))).collect()
    }

    /// These names but for `asked`, and then `allowed`.
    pub(crate) fn answered(&self, asked: &Self, allowed: &Self) -> Self {
        let kept = self.0.difference(&asked.0);
        Self(kept.chain(&allowed.0).cloned().collect())
    }
}

impl<N: Into<String>> FromIterator<N> for ClaimNames {
    fn from_iter<I: IntoIterator<Item = N>>(names: I) -> Self {
        Self(names.into_iter().map(Into::into).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The example of section 5.5.
    const EXAMPLE: &str = r#"{
        "userinfo": {
            "given_name": {"essential": true},
            "nickname": null,
            "email": {"essential": true},
            "http://example.info/claims/groups": null
        },
        "id_token": {
            "auth_time": {"essential": true},
            "acr": {"values": ["urn:mace:incommon:iap:silver"]}
        }
    }"#;

    fn names(names: &[&str]) -> ClaimNames {
        names.iter().copied().collect()
    }

    #[test]
    fn the_example_of_the_specification_reads_and_reads_back() {
        let claims = ClaimsRequest::parse(EXAMPLE).unwrap();
        let personal = ["given_name", "nickname", "email", "http://example.info/claims/groups"];
        assert_eq!(claims.names(), names(&personal));
        assert!(claims.wants_auth_time());
        assert_eq!(claims.acr().unwrap().values(), ["urn:mace:incommon:iap:silver"]);
        let written = serde_json::to_string(&claims).unwrap();
        assert_eq!(ClaimsRequest::parse(&written), Some(claims));
    }

    #[test]
    fn members_that_are_not_understood_are_ignored() {
        for json in [
            "{}",
            r#"{"purpose": "trade", "x": [1, {"y": null}]}"#,
            r#"{"userinfo": {}, "id_token": {}}"#,
        ] {
            assert_eq!(ClaimsRequest::parse(json), Some(ClaimsRequest::default()), "{json}");
        }
        let known = ClaimsRequest::parse(r#"{"userinfo": {"email": {"essential": true}}}"#);
        let more = r#"{"userinfo": {"email": {"essential": true, "purpose": "mail"}}, "x": 1}"#;
        assert_eq!(ClaimsRequest::parse(more), known);
    }

    /// A grant's record holds them deeper than the request did, and has to be read.
    #[test]
    fn values_that_are_too_deep_to_be_kept_are_refused() {
        for place in ["userinfo", "id_token"] {
            for member in ["value", "values"] {
                let nested = |depth| {
                    let (open, close) = ("[".repeat(depth), "]".repeat(depth));
                    format!(r#"{{"{place}": {{"x": {{"{member}": [{open}{{"a":1}}{close}]}}}}}}"#)
                };
                assert!(ClaimsRequest::parse(&nested(14)).is_some(), "{place} {member}");
                for depth in [16, 100, 121] {
                    assert!(ClaimsRequest::parse(&nested(depth)).is_none(), "{depth}");
                }
            }
        }
    }

    #[test]
    fn numbers_that_no_float_holds_are_kept_as_they_were_first_read() {
        let number = format!("66666666666{}666", "0".repeat(67));
        let json = format!(r#"{{"id_token": {{"x": {{"value": {number}}}}}}}"#);
        let claims = ClaimsRequest::parse(&json).unwrap();
        let written = serde_json::to_string(&claims).unwrap();
        assert_eq!(ClaimsRequest::parse(&written), Some(claims));
    }

    #[test]
    fn other_shapes_are_refused() {
        for json in [
            "",
            "null",
            "[]",
            "\"email\"",
            "{",
            r#"{"userinfo": {}} {}"#,
            r#"{"userinfo": null}"#,
            r#"{"userinfo": []}"#,
            r#"{"userinfo": "email"}"#,
            r#"{"id_token": {"email": true}}"#,
            r#"{"id_token": {"email": "a@b.example"}}"#,
            r#"{"id_token": {"email": []}}"#,
            r#"{"id_token": {"email": {"essential": "true"}}}"#,
            r#"{"id_token": {"email": {"essential": 1}}}"#,
            r#"{"id_token": {"acr": {"values": "gold"}}}"#,
            r#"{"id_token": {"acr": {"values": []}}}"#,
            r#"{"id_token": {"acr": {"value": "gold", "values": ["silver"]}}}"#,
            r#"{"id_token": {"": null}}"#,
            r#"{"id_token": {"email": null, "email": null}}"#,
            r#"{"id_token": {"email": {"essential": true, "essential": false}}}"#,
            r#"{"id_token": {}, "id_token": {}}"#,
        ] {
            assert_eq!(ClaimsRequest::parse(json), None, "{json}");
        }
    }

    #[test]
    fn what_is_larger_than_any_client_sends_is_refused() {
        let of = |count: usize, length: usize| {
            let wanted: Vec<_> = (0..count).map(|n| format!("\"{n:0length$}\":null")).collect();
            format!("{{\"userinfo\":{{{}}}}}", wanted.join(","))
        };
        for (count, length, fits) in
            [(100, 10, true), (101, 10, false), (1, 255, true), (1, 256, false), (60, 200, false)]
        {
            let claims = ClaimsRequest::parse(&of(count, length));
            assert_eq!(claims.is_some(), fits, "{count} names of {length}");
        }
        let deep = format!("{}{}", "[".repeat(4000), "]".repeat(4000));
        let in_a_value = format!(r#"{{"id_token":{{"acr":{{"value":{deep}}}}}}}"#);
        assert_eq!(ClaimsRequest::parse(&in_a_value), None);
        let elsewhere = format!(r#"{{"x":{deep}}}"#);
        assert_eq!(ClaimsRequest::parse(&elsewhere), Some(ClaimsRequest::default()));
    }

    #[test]
    fn what_the_user_did_not_allow_is_left_out_and_the_protocols_claims_stay() {
        let mut claims = ClaimsRequest::parse(EXAMPLE).unwrap();
        claims.retain(&names(&["email", "address"]));
        assert_eq!(claims.names(), names(&["email"]));
        assert!(claims.wants_auth_time() && claims.acr().is_some());
    }

    #[test]
    fn an_answer_takes_back_what_it_leaves_out_and_nothing_else() {
        let before = names(&["a", "b"]);
        assert_eq!(before.answered(&names(&["b", "c"]), &names(&["c"])), names(&["a", "c"]));
        assert!(before.covers(&names(&["a"])) && !before.covers(&names(&["c"])));
    }
}
