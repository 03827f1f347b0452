//! What claims are called.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

/// Names of claims, such as `email`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ClaimNames(BTreeSet<String>);

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

pub(crate) fn without_language(name: &str) -> &str {
    name.split_once('#').map_or(name, |(name, _)| name)
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

    pub(super) fn retain(&mut self, keep: impl Fn(&str) -> bool) {
        self.0.retain(|name| keep(name));
    }

    /// The names that are also in `other`.
    pub(crate) fn intersection(&self, other: &Self) -> Self {
        Self(self.0.intersection(&other.0).cloned().collect())
    }

    /// The names that are not in `others`, in whatever language.
    pub(crate) fn without(&self, others: &Self) -> Self {
        let others: Self = others.iter().map(without_language).collect();
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

    fn names(names: &[&str]) -> ClaimNames {
        names.iter().copied().collect()
    }

    #[test]
    fn a_claim_is_the_same_in_every_language() {
        let all = names(&["motto", "name#de", "email", "phone_number"]);
        let left = all.without(&names(&["motto#de", "name#fr", "email"]));
        assert_eq!(left, names(&["phone_number"]));
    }

    #[test]
    fn an_answer_takes_back_what_it_leaves_out_and_nothing_else() {
        let before = names(&["a", "b"]);
        assert_eq!(before.answered(&names(&["b", "c"]), &names(&["c"])), names(&["a", "c"]));
        assert!(before.covers(&names(&["a"])) && !before.covers(&names(&["c"])));
    }
}
