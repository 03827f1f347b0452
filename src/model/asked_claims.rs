//! Claims about the user that a client is told one by one.

use serde::{Deserialize, Serialize};

use super::claim_names::{ClaimNames, without_language};

/// What a grant keeps of the parameter `claims`: where which claims about the user
/// are told. Whatever else a request says of them is judged when it arrives; what
/// more of it is to be kept some day needs a new record format.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct AskedClaims {
    #[serde(default, skip_serializing_if = "ClaimNames::is_empty", with = "members")]
    pub(crate) userinfo: ClaimNames,
    #[serde(default, skip_serializing_if = "ClaimNames::is_empty", with = "members")]
    pub(crate) id_token: ClaimNames,
}

impl AskedClaims {
    pub(crate) fn is_empty(&self) -> bool {
        self.userinfo.is_empty() && self.id_token.is_empty()
    }

    /// What the user is asked to allow: to tell a claim, in whatever language.
    pub(crate) fn names(&self) -> ClaimNames {
        self.userinfo.iter().chain(self.id_token.iter()).map(without_language).collect()
    }

    /// What is left of it when only `allowed` are told.
    pub(crate) fn narrow(&mut self, allowed: &ClaimNames) {
        for place in [&mut self.userinfo, &mut self.id_token] {
            place.retain(|name| allowed.contains(without_language(name)));
        }
    }
}

/// Names as the members of an object. What a record has beside one, however deep,
/// is passed over.
mod members {
    use std::collections::BTreeMap;

    use serde::de::IgnoredAny;
    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    use super::ClaimNames;

    #[derive(Serialize)]
    struct Nothing {}

    pub(super) fn serialize<S: Serializer>(names: &ClaimNames, to: S) -> Result<S::Ok, S::Error> {
        to.collect_map(names.iter().map(|name| (name, Nothing {})))
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<ClaimNames, D::Error> {
        Ok(BTreeMap::<String, IgnoredAny>::deserialize(from)?.into_keys().collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(names: &[&str]) -> ClaimNames {
        names.iter().copied().collect()
    }

    fn asked() -> AskedClaims {
        let (userinfo, id_token) = (names(&["email", "name#de", "name#ja"]), names(&["email"]));
        AskedClaims { userinfo, id_token }
    }

    #[test]
    fn it_is_kept_as_members_without_values() {
        let kept = r#"{"userinfo":{"email":{},"name#de":{},"name#ja":{}},"id_token":{"email":{}}}"#;
        assert_eq!(serde_json::to_string(&asked()).unwrap(), kept);
        assert_eq!(serde_json::from_str::<AskedClaims>(kept).unwrap(), asked());
        assert_eq!(serde_json::from_str::<AskedClaims>("{}").unwrap(), AskedClaims::default());
    }

    /// The deepest of them are more than a reader of values would follow.
    #[test]
    fn values_beside_the_names_are_passed_over_however_deep() {
        for depth in [1, 121, 122, 123, 4000] {
            let deep = format!("{}{}", "[".repeat(depth), "]".repeat(depth));
            let kept = format!(
                r#"{{"userinfo":{{"email":{{"essential":true,"value":{deep}}},"name#de":{{}},
                    "name#ja":{{"values":["a",{deep}]}}}},"id_token":{{"email":{{}}}}}}"#
            );
            assert_eq!(serde_json::from_str::<AskedClaims>(&kept).unwrap(), asked(), "{depth}");
        }
    }

    #[test]
    fn a_claim_is_allowed_or_not_in_all_its_languages() {
        assert_eq!(asked().names(), names(&["email", "name"]));
        let mut claims = asked();
        claims.narrow(&names(&["name", "address"]));
        assert_eq!(claims.userinfo, names(&["name#de", "name#ja"]));
        assert!(claims.id_token.is_empty());
    }
}
