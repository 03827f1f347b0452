//! Claims that a client asks for one by one (OpenID Connect Core section 5.5).

use serde::Deserialize;
use serde_json::Value;

use super::asked_claims::AskedClaims;
use super::page::is_language_tag;
use super::wanted_claims::{Object, WantedClaim, WantedClaims};

/// The parameter `claims`: what a client wants to be told in the ID token and
/// by userinfo. Members that are not understood are left out, as section 5.5
/// demands. It is judged as it arrives, and none of it is kept but names.
#[derive(Debug, Default, PartialEq, Eq, Deserialize)]
pub(crate) struct ClaimsRequest {
    #[serde(default)]
    userinfo: WantedClaims,
    #[serde(default)]
    id_token: WantedClaims,
}

/// Whether this server tells clients the claim about the user of this name.
pub(crate) type Offers<'o> = &'o dyn Fn(&str) -> bool;

/// More characters than any client sends.
const LONGEST: usize = 8 * 1024;

impl ClaimsRequest {
    /// Reads the JSON of the parameter. Values in it may nest no deeper than serde
    /// follows them.
    pub(crate) fn parse(json: &str) -> Option<Self> {
        if json.len() > LONGEST {
            None
        } else {
            serde_json::from_str::<Object<Self>>(json).ok().map(|Object(claims)| claims)
        }
    }

    /// The claims about the user that it asks for, where the server `offers` them,
    /// in whatever language. Any other name is not understood, so no text of a
    /// request gets onto a page or into a record as one.
    pub(crate) fn asked(&self, offers: Offers<'_>) -> AskedClaims {
        let is_offered = |name: &&str| match name.split_once('#') {
            Some((name, language)) => offers(name) && is_language_tag(language),
            None => offers(name),
        };
        AskedClaims {
            userinfo: self.userinfo.names().filter(is_offered).collect(),
            id_token: self.id_token.names().filter(is_offered).collect(),
        }
    }

    /// What is wanted of the sign-in's `acr` (section 5.5.1.1).
    pub(crate) fn acr(&self) -> Option<&WantedClaim> {
        self.id_token.get("acr")
    }

    /// The values that `sub` may have, for each place that names any: the user
    /// has to be one of every list.
    pub(crate) fn subjects(&self) -> impl Iterator<Item = Vec<&Value>> {
        let places = [self.id_token.get("sub"), self.userinfo.get("sub")];
        places.into_iter().flatten().map(WantedClaim::values).filter(|values| !values.is_empty())
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::model::claim_names::ClaimNames;

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

    fn asked(json: &str, offered: &[&str]) -> AskedClaims {
        ClaimsRequest::parse(json).unwrap().asked(&|name| offered.contains(&name))
    }

    #[test]
    fn the_example_of_the_specification_asks_for_what_it_says() {
        let claims = ClaimsRequest::parse(EXAMPLE).unwrap();
        assert_eq!(claims.acr().unwrap().values(), ["urn:mace:incommon:iap:silver"]);
        let offered = ["given_name", "nickname", "email", "http://example.info/claims/groups"];
        let asked = asked(EXAMPLE, &offered);
        assert_eq!(asked.userinfo, names(&offered));
        assert!(asked.id_token.is_empty());
    }

    #[test]
    fn what_is_not_offered_in_so_many_words_is_not_asked_for() {
        let json = json!({"userinfo": {
            "email": null,
            "name#de-CH": null,
            "name#x": {"value": [[["deep"]]]},
            "name#": null,
            "name#de#de": null,
            "name#de_CH": null,
            "name#press Allow": null,
            "name#\u{202e}ed": null,
            "email\u{200b}": null,
            "Email": null,
            "phone_number": null,
            "To keep your account, press Allow": null,
        }});
        let asked = asked(&json.to_string(), &["email", "name"]);
        assert_eq!(asked.userinfo, names(&["email", "name#de-CH", "name#x"]));
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
        for (length, fits) in [(8_192, true), (8_193, false)] {
            let padded = format!("{:length$}", "{}");
            assert_eq!(ClaimsRequest::parse(&padded).is_some(), fits, "{length} characters");
        }
        let deep = format!("{}{}", "[".repeat(4000), "]".repeat(4000));
        let in_a_value = format!(r#"{{"id_token":{{"acr":{{"value":{deep}}}}}}}"#);
        assert_eq!(ClaimsRequest::parse(&in_a_value), None);
        let elsewhere = format!(r#"{{"x":{deep}}}"#);
        assert_eq!(ClaimsRequest::parse(&elsewhere), Some(ClaimsRequest::default()));
    }
}
