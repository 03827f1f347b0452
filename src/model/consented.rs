//! What one user allowed one client, remembered.

use serde::{Deserialize, Serialize};

use super::identity::{ClientId, Subject};
use super::record::{self, RecordError};
use super::resource::Resources;
use super::scope::Scope;

/// What a user has allowed a client and not withdrawn, at one version.
///
/// Like a grant it is only ever replaced by its next version, so that no answer
/// of the user gets lost, and a withdrawal is seen by whoever is just about to
/// rely on what was withdrawn.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Consented {
    version: u64,
    facts: Facts,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Facts {
    user: Subject,
    client: ClientId,
    /// `None` if nothing was allowed, or all of it was withdrawn.
    allowed: Option<Allowed>,
    /// How often all of it was withdrawn.
    withdrawals: u64,
}

/// How much may be granted without asking.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Allowed {
    pub(crate) scope: Scope,
    #[serde(default, skip_serializing_if = "Resources::is_empty")]
    pub(crate) resources: Resources,
}

impl Consented {
    /// What is true before anybody was asked: version 0, which no store keeps.
    pub(crate) const fn nothing(user: Subject, client: ClientId) -> Self {
        Self { version: 0, facts: Facts { user, client, allowed: None, withdrawals: 0 } }
    }

    /// Who allowed it.
    #[must_use]
    pub const fn subject(&self) -> &Subject {
        &self.facts.user
    }

    /// The client it was allowed to.
    #[must_use]
    pub const fn client(&self) -> &ClientId {
        &self.facts.client
    }

    /// Everything that was allowed, which may be the empty scope; `None` if
    /// nothing is allowed any more.
    #[must_use]
    pub fn scope(&self) -> Option<&Scope> {
        self.facts.allowed.as_ref().map(|allowed| &allowed.scope)
    }

    /// The version of the record; the first that is kept is 1.
    #[must_use]
    pub const fn version(&self) -> u64 {
        self.version
    }

    /// The version that this one may be written over; 0 if there must be none.
    #[must_use]
    pub const fn replaces(&self) -> u64 {
        self.version.saturating_sub(1)
    }

    /// As text for a store to keep.
    ///
    /// Fails only if memory does.
    pub fn to_record(&self) -> Result<String, RecordError> {
        record::write(&self.facts)
    }

    /// What a store kept, at the version its column says. Fails as
    /// [`Grant::from_record`](crate::Grant::from_record) does.
    pub fn from_record(record: &str, version: u64) -> Result<Self, RecordError> {
        Ok(Self { version, facts: record::read(record)? })
    }

    /// What need not be asked again.
    pub(crate) const fn allowed(&self) -> Option<&Allowed> {
        self.facts.allowed.as_ref()
    }

    /// The next version, after the user was asked for `asked` and allowed
    /// `answer` of it: what they left out is allowed no more, what they were not
    /// asked for stays as it was.
    pub(crate) fn answered(&self, asked: &Scope, answer: Allowed) -> Self {
        let before = self.facts.allowed.as_ref();
        let kept = before.and_then(|before| {
            Some(Allowed {
                scope: before.scope.without(asked).union(&answer.scope).ok()?,
                resources: before.resources.union(&answer.resources).ok()?,
            })
        });
        self.next(Some(kept.unwrap_or(answer)))
    }

    /// The next version, with nothing allowed any more.
    pub(crate) fn withdrawn(&self) -> Self {
        let mut next = self.next(None);
        next.facts.withdrawals = next.facts.withdrawals.saturating_add(1);
        next
    }

    /// Whether all was withdrawn at some time between `earlier` and this version.
    pub(crate) const fn was_withdrawn_since(&self, earlier: &Self) -> bool {
        self.facts.withdrawals != earlier.facts.withdrawals
    }

    /// The next version, with what this one allows: a mark that somebody came by.
    pub(crate) fn unchanged(&self) -> Self {
        self.next(self.facts.allowed.clone())
    }

    fn next(&self, allowed: Option<Allowed>) -> Self {
        let facts = Facts { allowed, ..self.facts.clone() };
        Self { version: self.version.saturating_add(1), facts }
    }
}

impl Allowed {
    /// Whether all of `scope` at all of `resources` may be granted without asking.
    pub(crate) fn covers(&self, scope: &Scope, resources: &Resources) -> bool {
        self.scope.covers(scope) && self.resources.covers(resources)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn scope(text: &str) -> Scope {
        Scope::parse(text).unwrap()
    }

    fn answer(text: &str) -> Allowed {
        Allowed { scope: scope(text), resources: Resources::none() }
    }

    fn nothing() -> Consented {
        let client = ClientId::parse("app").unwrap();
        Consented::nothing(Subject::parse("alice").unwrap(), client)
    }

    #[test]
    fn an_answer_adds_what_was_allowed_and_takes_back_what_was_left_out() {
        let first = nothing().answered(&scope("a b"), answer("a b"));
        let second = first.answered(&scope("b c"), answer("c"));
        assert_eq!(second.scope(), Some(&scope("a c")));
        assert_eq!((second.version(), second.replaces()), (2, 1));
    }

    #[test]
    fn what_is_withdrawn_covers_nothing_not_even_the_empty_scope() {
        let allowed = nothing().answered(&scope(""), answer(""));
        let covers_nothing = |consented: &Consented| {
            consented.allowed().is_some_and(|all| all.covers(&scope(""), &Resources::none()))
        };
        assert!(covers_nothing(&allowed));
        assert!(!covers_nothing(&allowed.withdrawn()));
        assert!(!covers_nothing(&nothing()));
        let again = allowed.withdrawn().answered(&scope(""), answer(""));
        assert!(covers_nothing(&again) && again.was_withdrawn_since(&allowed));
        assert!(!allowed.unchanged().was_withdrawn_since(&allowed));
    }

    #[test]
    fn every_version_reads_back_from_its_record() {
        let allowed = nothing().answered(&scope("a"), answer("a"));
        for kept in [allowed.clone(), allowed.withdrawn(), allowed.unchanged()] {
            let record = kept.to_record().unwrap();
            assert_eq!(Consented::from_record(&record, kept.version()).unwrap(), kept);
        }
    }
}
