//! What one user allowed one client, remembered.

use serde::{Deserialize, Serialize};

use super::claim_names::ClaimNames;
use super::identity::{ClientId, Subject};
use super::record::{self, RecordError};
use super::resource::{Resource, Resources};
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
    /// What may be granted without asking, place by place.
    allowed: Vec<Allowed>,
    /// What this server may tell of the user beyond what scopes release.
    #[serde(default, skip_serializing_if = "ClaimNames::is_empty")]
    claims: ClaimNames,
    /// How often all of it was withdrawn.
    withdrawals: u64,
}

/// What is allowed at one place: what was allowed at another says nothing here.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Allowed {
    /// `None` is no resource in particular.
    resource: Option<Resource>,
    scope: Scope,
}

impl Consented {
    /// What is true before anybody was asked: version 0, which no store keeps.
    pub(crate) const fn nothing(user: Subject, client: ClientId) -> Self {
        let claims = ClaimNames::none();
        let facts = Facts { user, client, allowed: Vec::new(), claims, withdrawals: 0 };
        Self { version: 0, facts }
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

    /// Everything that was allowed, at whatever resource, as far as one scope holds
    /// it (64 tokens); it may be the empty scope. `None` if nothing is allowed any
    /// more.
    #[must_use]
    pub fn scope(&self) -> Option<Scope> {
        let scopes = self.facts.allowed.iter().map(|allowed| allowed.scope.clone());
        scopes.reduce(|all, more| all.union(&more).unwrap_or(all))
    }

    /// The claims that were allowed one by one, beside those that scopes release.
    #[must_use]
    pub const fn claims(&self) -> &ClaimNames {
        &self.facts.claims
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

    /// What of `asked` need not be asked again: it was allowed at every one of
    /// `resources`. `None` if nothing was ever allowed at one of them.
    pub(crate) fn allowed_at(&self, resources: &Resources, asked: &Scope) -> Option<Scope> {
        places(resources).try_fold(asked.clone(), |left, place| {
            let here = self.facts.allowed.iter().find(|allowed| allowed.resource == place)?;
            Some(left.intersection(&here.scope))
        })
    }

    /// Whether `other` allows what this one does, and nothing else.
    pub(crate) fn allows_the_same_as(&self, other: &Self) -> bool {
        self.is_within(other) && other.is_within(self)
    }

    fn is_within(&self, other: &Self) -> bool {
        let mut mine = self.facts.allowed.iter();
        let scopes = mine.all(|mine| {
            let mut theirs = other.facts.allowed.iter();
            theirs
                .any(|theirs| theirs.resource == mine.resource && theirs.scope.covers(&mine.scope))
        });
        scopes && other.facts.claims.covers(&self.facts.claims)
    }

    /// The next version, after the user was asked for `asked` at `resources` and
    /// allowed `answer` of it: what they left out is allowed there no more, and
    /// what they were not asked for stays as it was, unless both do not fit a scope.
    pub(crate) fn answered(&self, asked: &Scope, resources: &Resources, answer: &Scope) -> Self {
        let mut allowed = self.facts.allowed.clone();
        for place in places(resources) {
            let here = allowed.iter_mut().find(|allowed| allowed.resource == place);
            match here {
                Some(here) => {
                    let kept = here.scope.without(asked);
                    here.scope = kept.union(answer).unwrap_or_else(|_| answer.clone());
                }
                None => allowed.push(Allowed { resource: place, scope: answer.clone() }),
            }
        }
        self.next(allowed)
    }

    /// The same version, after the user was also asked for the claims `asked` and
    /// allowed `answer` of them.
    pub(crate) fn and_claims(mut self, asked: &ClaimNames, answer: &ClaimNames) -> Self {
        self.facts.claims = self.facts.claims.answered(asked, answer);
        self
    }

    /// The next version, with nothing allowed any more.
    pub(crate) fn withdrawn(&self) -> Self {
        let mut next = self.next(Vec::new());
        next.facts.claims = ClaimNames::none();
        next.facts.withdrawals = next.facts.withdrawals.saturating_add(1);
        next
    }

    /// Whether all was withdrawn at some time between `earlier` and this version.
    pub(crate) const fn was_withdrawn_since(&self, earlier: &Self) -> bool {
        self.facts.withdrawals != earlier.facts.withdrawals
    }

    fn next(&self, allowed: Vec<Allowed>) -> Self {
        let facts = Facts { allowed, ..self.facts.clone() };
        Self { version: self.version.saturating_add(1), facts }
    }
}

/// Each of `resources`, or the place that is none in particular.
fn places(resources: &Resources) -> impl Iterator<Item = Option<Resource>> {
    let nowhere = resources.is_empty().then_some(None);
    resources.iter().cloned().map(Some).chain(nowhere)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn scope(text: &str) -> Scope {
        Scope::parse(text).unwrap()
    }

    fn nothing() -> Consented {
        let client = ClientId::parse("app").unwrap();
        Consented::nothing(Subject::parse("alice").unwrap(), client)
    }

    fn anywhere(consented: &Consented, asked: &str, allowed: &str) -> Consented {
        consented.answered(&scope(asked), &Resources::none(), &scope(allowed))
    }

    fn at(uris: &[&str]) -> Resources {
        Resources::parse(uris).unwrap()
    }

    #[test]
    fn an_answer_adds_what_was_allowed_and_takes_back_what_was_left_out() {
        let second = anywhere(&anywhere(&nothing(), "a b", "a b"), "b c", "c");
        assert_eq!(second.scope(), Some(scope("a c")));
        assert_eq!((second.version(), second.replaces()), (2, 1));
    }

    #[test]
    fn the_same_answer_again_allows_the_same_and_another_does_not() {
        let names = |names: &[&str]| names.iter().copied().collect::<ClaimNames>();
        let allowed = anywhere(&nothing(), "a b", "b a").and_claims(&names(&["x"]), &names(&["x"]));
        for same in [anywhere(&allowed, "b a", "a b"), anywhere(&allowed, "a", "a")] {
            assert!(allowed.allows_the_same_as(&same));
        }
        for other in [
            anywhere(&allowed, "a b", "a"),
            anywhere(&allowed, "c", "c"),
            allowed.answered(&scope("a"), &at(&["a:1"]), &scope("a")),
            allowed.clone().and_claims(&names(&["y"]), &names(&["y"])),
            allowed.clone().and_claims(&names(&["x"]), &names(&[])),
            allowed.withdrawn(),
        ] {
            assert!(!allowed.allows_the_same_as(&other), "{other:?}");
        }
        assert!(!nothing().allows_the_same_as(&anywhere(&nothing(), "", "")));
    }

    #[test]
    fn what_is_withdrawn_covers_nothing_not_even_the_empty_scope() {
        let allowed = anywhere(&nothing(), "", "");
        let at_all =
            |consented: &Consented| consented.allowed_at(&Resources::none(), &scope("")).is_some();
        assert!(at_all(&allowed));
        assert!(!at_all(&allowed.withdrawn()));
        assert!(!at_all(&nothing()));
        let again = anywhere(&allowed.withdrawn(), "", "");
        assert!(at_all(&again) && again.was_withdrawn_since(&allowed));
        assert!(!anywhere(&allowed, "", "").was_withdrawn_since(&allowed));
    }

    /// Who allowed to read here and to write there has not allowed to write here.
    #[test]
    fn what_was_allowed_at_one_place_says_nothing_about_another() {
        let read_here = nothing().answered(&scope("read"), &at(&["a:1"]), &scope("read"));
        let both = read_here.answered(&scope("write"), &at(&["b:1"]), &scope("write"));
        let allowed = |places: &[&str]| both.allowed_at(&at(places), &scope("read write"));
        assert_eq!(allowed(&["a:1"]), Some(scope("read")));
        assert_eq!(allowed(&["b:1"]), Some(scope("write")));
        assert_eq!(allowed(&["a:1", "b:1"]), Some(scope("")));
        assert_eq!(allowed(&["c:1"]), None);
        assert_eq!(allowed(&[]), None);
        assert_eq!(both.scope(), Some(scope("read write")));
    }

    #[test]
    fn claims_are_allowed_one_by_one_and_withdrawn_with_the_rest() {
        let names = |names: &[&str]| names.iter().copied().collect::<ClaimNames>();
        let first = anywhere(&nothing(), "a", "a").and_claims(&names(&["x", "y"]), &names(&["x"]));
        assert_eq!(first.claims(), &names(&["x"]));
        let second = anywhere(&first, "b", "b");
        assert_eq!(second.claims(), &names(&["x"]));
        let third = second.clone().and_claims(&names(&["x", "z"]), &names(&["z"]));
        assert_eq!((third.version(), third.claims()), (second.version(), &names(&["z"])));
        assert!(third.withdrawn().claims().is_empty());
    }

    #[test]
    fn a_record_without_claims_is_as_it_was_before_there_were_any() {
        let record = r#"{"format":1,"facts":{"user":"alice","client":"app","allowed":[{"resource":null,"scope":"a"}],"withdrawals":0}}"#;
        assert_eq!(anywhere(&nothing(), "a", "a").to_record().unwrap(), record);
        assert!(Consented::from_record(record, 1).unwrap().claims().is_empty());
    }

    #[test]
    fn every_version_reads_back_from_its_record() {
        let names: ClaimNames = ["x"].into_iter().collect();
        let allowed = nothing()
            .answered(&scope("a"), &at(&["a:1", "b:1"]), &scope("a"))
            .and_claims(&names, &names);
        for kept in [allowed.clone(), allowed.withdrawn(), anywhere(&allowed, "b", "")] {
            let record = kept.to_record().unwrap();
            assert_eq!(Consented::from_record(&record, kept.version()).unwrap(), kept);
        }
    }
}
