//! What a resource server says with its no: the challenge in `WWW-Authenticate`.

use std::time::Duration;

use axum::http::HeaderMap;
use axum::http::header::WWW_AUTHENTICATE;

/// The parameters of a `Bearer` challenge (RFC 6750 section 3); none, where
/// there is no challenge.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Challenge(Vec<(String, String)>);

/// How the user has to sign in before a resource opens (RFC 9470 section 3).
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct StepUp {
    /// One of these will do, the first is best; if there are none, any.
    pub(crate) acr_values: Vec<String>,
    /// How long ago it may have been.
    pub(crate) max_age: Option<Duration>,
}

impl Challenge {
    pub(crate) fn of(headers: &HeaderMap) -> Self {
        let header = headers.get(WWW_AUTHENTICATE).and_then(|value| value.to_str().ok());
        Self::parse(header.unwrap_or_default()).unwrap_or_default()
    }

    pub(crate) fn parameters(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(name, value)| (name.as_str(), value.as_str()))
    }

    /// What is asked of the user, if it is they who have to do something.
    pub(crate) fn step_up(&self) -> Option<StepUp> {
        if self.get("error") != Some("insufficient_user_authentication") {
            return None;
        }
        let acr_values = self.get("acr_values").unwrap_or_default().split_ascii_whitespace();
        let max_age = self.get("max_age").and_then(|seconds| seconds.parse().ok());
        Some(StepUp {
            acr_values: acr_values.map(str::to_owned).collect(),
            max_age: max_age.map(Duration::from_secs),
        })
    }

    /// Whether it is the application that was not allowed enough.
    pub(crate) fn is_for_scope(&self) -> bool {
        self.get("error") == Some("insufficient_scope")
    }

    fn get(&self, name: &str) -> Option<&str> {
        self.parameters().find_map(|(known, value)| (known == name).then_some(value))
    }

    /// Reads `Bearer name="value", …`; no part of one that ends in the middle.
    fn parse(header: &str) -> Option<Self> {
        let mut rest = header.strip_prefix("Bearer ")?;
        let mut parameters = Vec::new();
        while let Some((name, after)) = rest.split_once("=\"") {
            let (value, after) = quoted(after)?;
            parameters.push((name.trim().to_owned(), value));
            rest = after.strip_prefix(',').unwrap_or(after);
        }
        rest.trim().is_empty().then_some(Self(parameters))
    }
}

/// What comes before the closing quotation mark, and what after it. A backslash
/// stands before a character that is meant as it is (RFC 9110 section 5.6.4).
fn quoted(text: &str) -> Option<(String, &str)> {
    let mut value = String::new();
    let mut characters = text.chars();
    loop {
        match characters.next()? {
            '"' => return Some((value, characters.as_str())),
            '\\' => value.push(characters.next()?),
            character => value.push(character),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn challenge(header: &str) -> Challenge {
        Challenge::of(&HeaderMap::from_iter([(WWW_AUTHENTICATE, header.parse().unwrap())]))
    }

    #[test]
    fn a_challenge_says_how_to_sign_in() {
        let header = r#"Bearer realm="r", error="insufficient_user_authentication", acr_values="gold silver", max_age="15""#;
        let demand = StepUp {
            acr_values: vec!["gold".to_owned(), "silver".to_owned()],
            max_age: Some(Duration::from_secs(15)),
        };
        assert_eq!(challenge(header).step_up(), Some(demand));
        assert!(!challenge(header).is_for_scope());
    }

    #[test]
    fn any_other_challenge_asks_nothing_of_the_user() {
        let scope = challenge(r#"Bearer realm="r", error="insufficient_scope", scope="a b""#);
        assert!(scope.step_up().is_none() && scope.is_for_scope());
        for other in [r#"Bearer error="invalid_token", max_age="15""#, r#"Basic realm="r""#] {
            assert!(challenge(other).step_up().is_none(), "{other}");
        }
        assert_eq!(Challenge::of(&HeaderMap::new()), Challenge::default());
    }

    #[test]
    fn a_value_cannot_pass_for_a_parameter() {
        let header = r#"Bearer realm="\", error=\"insufficient_scope", error="invalid_token""#;
        assert_eq!(challenge(header).get("error"), Some("invalid_token"));
        for broken in [r#"Bearer error="insufficient_scope"#, r#"Bearer error="a", max_age=15"#] {
            assert_eq!(challenge(broken), Challenge::default(), "{broken}");
        }
    }
}
