//! What may be done with a token.

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

/// A set of scope tokens in the order they were named (RFC 6749 section 3.3).
///
/// At most 64 tokens of printable ASCII without `"` and `\`; one that is named
/// twice is kept once. Cloning shares the text.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "Arc<str>")]
pub struct Scope(Arc<str>);

/// Some of the tokens of one scope, by their places in it: what lets an access
/// token say which part of its grant it carries in eight bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct ScopeChoice(pub(crate) u64);

/// A scope that cannot be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ScopeError {
    /// A character that no scope token may contain.
    #[error("a scope token has a character outside the allowed set")]
    Character,
    /// More tokens than a scope may hold.
    #[error("a scope names more than 64 tokens")]
    TooMany,
}

/// Makes an authorization request an authentication request (OpenID Connect
/// Core section 3.1.2.1).
pub(crate) const OPENID: &str = "openid";

/// Lets a grant of an authentication request survive the user's sign-out
/// (OpenID Connect Core section 11).
pub(crate) const OFFLINE_ACCESS: &str = "offline_access";

const MOST_TOKENS: usize = 64;

impl Scope {
    /// No scope at all.
    #[must_use]
    pub fn empty() -> Self {
        Self("".into())
    }

    /// What makes a request an authentication request.
    #[cfg(feature = "openid")]
    pub(crate) fn openid() -> Self {
        Self(OPENID.into())
    }

    /// The tokens of a space-separated list.
    pub fn parse(text: &str) -> Result<Self, ScopeError> {
        let allowed = |byte: u8| matches!(byte, b' ' | 0x21 | 0x23..=0x5b | 0x5d..=0x7e);
        if !text.bytes().all(allowed) {
            return Err(ScopeError::Character);
        }
        if !text.as_bytes().contains(&b' ') {
            return Ok(Self(text.into()));
        }
        Self::of(text.split(' ').filter(|token| !token.is_empty()))
    }

    /// The tokens, in order.
    pub fn iter(&self) -> impl Iterator<Item = &str> {
        self.0.split(' ').filter(|token| !token.is_empty())
    }

    /// The tokens as the wire separates them, by single spaces.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether no token is in it.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether `token` is one of them.
    #[must_use]
    pub fn contains(&self, token: &str) -> bool {
        self.has(token.as_bytes())
    }

    /// Whether every token of `other` is in this one.
    #[must_use]
    pub fn covers(&self, other: &Self) -> bool {
        let mut tokens = other.0.as_bytes().split(|byte| *byte == b' ');
        self.0 == other.0 || other.is_empty() || tokens.all(|token| self.has(token))
    }

    /// The tokens that are also in `other`, in this one's order.
    #[must_use]
    pub fn intersection(&self, other: &Self) -> Self {
        if other.covers(self) { self.clone() } else { self.filter(|token| other.contains(token)) }
    }

    /// The tokens that are not in `other`.
    #[must_use]
    pub fn without(&self, other: &Self) -> Self {
        self.filter(|token| !other.contains(token))
    }

    /// The tokens but for this one.
    pub(crate) fn but(&self, token: &str) -> Self {
        self.filter(|mine| mine != token)
    }

    /// All tokens of both.
    pub fn union(&self, other: &Self) -> Result<Self, ScopeError> {
        let new = other.iter().filter(|token| !self.contains(token));
        Self::of(self.iter().chain(new))
    }

    /// Every token of this scope.
    pub(crate) fn choose_all(&self) -> ScopeChoice {
        ScopeChoice(u64::MAX)
    }

    /// The places of those tokens that are also in `chosen`.
    pub(crate) fn choose(&self, chosen: &Self) -> ScopeChoice {
        let bits = self.iter().zip(0_u32..).filter(|(token, _)| chosen.contains(token));
        ScopeChoice(bits.fold(0, |choice, (_, place)| choice | 1_u64.wrapping_shl(place)))
    }

    /// The tokens that were chosen.
    pub(crate) fn chosen(&self, choice: ScopeChoice) -> Self {
        if choice == self.choose_all() {
            return self.clone();
        }
        let mut rest = choice.0;
        self.filter(|_| {
            let taken = rest & 1 == 1;
            rest >>= 1;
            taken
        })
    }

    fn has(&self, token: &[u8]) -> bool {
        !token.is_empty() && self.0.as_bytes().split(|byte| *byte == b' ').any(|mine| mine == token)
    }

    fn filter(&self, mut keep: impl FnMut(&str) -> bool) -> Self {
        // A part of a scope is never too large for one.
        Self::of(self.iter().filter(|token| keep(token))).unwrap_or_else(|_| Self::empty())
    }

    fn of<'t>(tokens: impl Iterator<Item = &'t str>) -> Result<Self, ScopeError> {
        let mut text = String::new();
        for (count, token) in tokens.enumerate() {
            if count == MOST_TOKENS {
                return Err(ScopeError::TooMany);
            }
            if text.split(' ').any(|earlier| earlier == token) {
                continue;
            }
            let separator = if text.is_empty() { "" } else { " " };
            text.extend([separator, token]);
        }
        Ok(Self(text.into()))
    }
}

impl FromStr for Scope {
    type Err = ScopeError;

    fn from_str(text: &str) -> Result<Self, ScopeError> {
        Self::parse(text)
    }
}

impl TryFrom<Arc<str>> for Scope {
    type Error = ScopeError;

    fn try_from(text: Arc<str>) -> Result<Self, ScopeError> {
        Self::parse(&text)
    }
}

impl fmt::Display for Scope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn scope(text: &str) -> Scope {
        Scope::parse(text).unwrap()
    }

    #[test]
    fn tokens_are_kept_once_and_in_order() {
        assert_eq!(scope("b a b  c ").as_str(), "b a c");
        assert!(scope("  ").is_empty());
    }

    #[test]
    fn characters_outside_the_grammar_are_refused() {
        for bad in ["a\"b", "a\\b", "a\tb", "a\nb", "\u{e4}", "a\0"] {
            assert_eq!(Scope::parse(bad), Err(ScopeError::Character), "{bad:?}");
        }
    }

    #[test]
    fn a_65th_token_is_refused() {
        let sixty_four: Vec<String> = (0..64).map(|n| format!("s{n}")).collect();
        assert!(Scope::parse(&sixty_four.join(" ")).is_ok());
        assert_eq!(
            Scope::parse(&format!("{} more", sixty_four.join(" "))),
            Err(ScopeError::TooMany)
        );
        assert_eq!(scope(&sixty_four.join(" ")).union(&scope("more")), Err(ScopeError::TooMany));
        assert_eq!(Scope::parse(&"again ".repeat(65)), Err(ScopeError::TooMany));
    }

    #[test]
    fn sets_compare_whatever_their_order() {
        let (small, large) = (scope("c a"), scope("a b c"));
        assert!(large.covers(&small) && !small.covers(&large));
        assert_eq!(large.intersection(&small).as_str(), "a c");
        assert_eq!(large.without(&small).as_str(), "b");
        assert_eq!(small.union(&large).unwrap().as_str(), "c a b");
        assert!(!scope("reports.read").contains("reports"));
    }

    #[test]
    fn a_choice_names_tokens_by_their_places() {
        let granted = scope("a b c");
        assert_eq!(granted.chosen(ScopeChoice(0b101)).as_str(), "a c");
        assert_eq!(granted.chosen(ScopeChoice(0)).as_str(), "");
        assert_eq!(granted.chosen(granted.choose_all()), granted);
    }
}
