//! What a [`ConsentStore`] promises.

use std::slice::from_ref;
use std::sync::Arc;

use super::Violation;
use super::maker::{AWKWARD, longest, unheard_of};
use super::violation::{Finding, consented, only, promise, same};
use crate::host::{ConsentStore, HostError};
use crate::model::consented::Consented;
use crate::model::identity::{ClientId, Subject};
use crate::model::resource::Resources;
use crate::model::scope::Scope;
use crate::together::together;

const MANY: usize = 64;
const ROUNDS: usize = 50;

/// Nothing is found where nobody answered.
pub async fn an_unknown_pair_is_none(store: &dyn ConsentStore) -> Result<(), Violation> {
    promise("an_unknown_pair_is_none", async {
        assert_kept(store, &Pair::new("user", "client")?, None).await
    })
    .await
}

/// Every version is found as it was written: the record byte for byte, and its
/// version.
pub async fn every_version_is_kept_as_it_is(store: &dyn ConsentStore) -> Result<(), Violation> {
    promise("every_version_is_kept_as_it_is", async {
        let pair = Pair::new("{'user\": \"100%\\n'}", "client")?;
        let some = allowed(&pair.nothing(), "a b", &["urn:a", "urn:b"])?;
        let none = some.withdrawn();
        let other = allowed(&none, "", &[])?;
        let marked = again(&other);
        live(store, &pair, &[some, none, other, marked]).await
    })
    .await
}

/// The longest names, scopes and resources that can be are kept whole.
pub async fn the_longest_answer_is_kept_as_it_is(
    store: &dyn ConsentStore,
) -> Result<(), Violation> {
    promise("the_longest_answer_is_kept_as_it_is", async {
        let name = format!("{:n<255}", unheard_of()?);
        let pair = Pair { user: Subject::parse(name.clone())?, client: ClientId::parse(name)? };
        let (scope, resources) = longest()?;
        let answer = pair.nothing().answered(&Scope::empty(), &resources, &scope);
        live(store, &pair, from_ref(&answer)).await
    })
    .await
}

/// Users and clients whose names put together read alike, or differ in nothing
/// but a space or the case, are different pairs.
pub async fn pairs_that_look_alike_are_kept_apart(
    store: &dyn ConsentStore,
) -> Result<(), Violation> {
    promise("pairs_that_look_alike_are_kept_apart", async {
        let (one, two) = (unheard_of()?, unheard_of()?);
        let mut pairs = vec![Pair::of(&one, &two)?, Pair::of(&two, &one)?];
        pairs.push(Pair::of(&format!("{one}a"), &format!("b{two}"))?);
        for by in [":", "/", "|", ",", ";", " ", "\"", "'"] {
            pairs.push(Pair::of(&format!("{one}a{by}"), &format!("b{two}"))?);
            pairs.push(Pair::of(&format!("{one}a"), &format!("{by}b{two}"))?);
            pairs.push(Pair::of(&format!("{one}a{by}b"), &two)?);
        }
        for name in AWKWARD {
            pairs.push(Pair::of(&format!("{one} {name}"), &two)?);
            pairs.push(Pair::of(&one, &format!("{two} {name}"))?);
        }
        let mut answers = Vec::new();
        for (place, pair) in pairs.iter().enumerate() {
            assert_kept(store, pair, None).await?;
            let answer = allowed(&pair.nothing(), &place.to_string(), &[])?;
            live(store, pair, from_ref(&answer)).await?;
            answers.push(answer);
        }
        for (pair, answer) in pairs.iter().zip(&answers) {
            assert_kept(store, pair, Some(answer)).await?;
        }
        Ok(())
    })
    .await
}

/// A first answer is kept where there is none, and a later one not there.
pub async fn a_first_answer_is_kept_only_over_nothing(
    store: &dyn ConsentStore,
) -> Result<(), Violation> {
    promise("a_first_answer_is_kept_only_over_nothing", async {
        let pair = Pair::new("user", "client")?;
        let first = pair.answer()?;
        for later in [again(&first), again(&again(&first))] {
            assert_refused(store, &pair, later, None).await?;
        }
        live(store, &pair, from_ref(&first)).await?;
        for again in [first.clone(), pair.answer()?, pair.nothing().withdrawn()] {
            assert_refused(store, &pair, again, Some(&first)).await?;
        }
        Ok(())
    })
    .await
}

/// A version is replaced by the one that follows it, and by no other.
pub async fn an_answer_over_another_version_is_not_kept(
    store: &dyn ConsentStore,
) -> Result<(), Violation> {
    promise("an_answer_over_another_version_is_not_kept", async {
        let pair = Pair::new("user", "client")?;
        let first = pair.answer()?;
        let second = again(&first);
        let third = second.withdrawn();
        live(store, &pair, &[first.clone(), second.clone(), third.clone()]).await?;
        let newer = again(&again(&third));
        for other in [first.withdrawn(), again(&second), first, newer.clone(), again(&newer)] {
            assert_refused(store, &pair, other, Some(&third)).await?;
        }
        Ok(())
    })
    .await
}

/// Of many first answers at once, one is kept.
pub async fn one_of_many_first_answers_wins(store: &dyn ConsentStore) -> Result<(), Violation> {
    promise("one_of_many_first_answers_wins", async {
        for _ in 0..ROUNDS {
            race(store, &Pair::new("user", "client")?, None).await?;
        }
        Ok(())
    })
    .await
}

/// Of many answers at once over one version, one is kept.
pub async fn one_of_many_later_answers_wins(store: &dyn ConsentStore) -> Result<(), Violation> {
    promise("one_of_many_later_answers_wins", async {
        let pair = Pair::new("user", "client")?;
        let mut latest = pair.answer()?;
        live(store, &pair, from_ref(&latest)).await?;
        for _ in 0..ROUNDS {
            latest = race(store, &pair, Some(latest)).await?;
        }
        Ok(())
    })
    .await
}

/// A user and a client.
struct Pair {
    user: Subject,
    client: ClientId,
}

impl Pair {
    /// Nobody else's.
    fn new(user: &str, client: &str) -> Result<Self, HostError> {
        let run = unheard_of()?;
        Self::of(&format!("{run} {user}"), &format!("{run} {client}"))
    }

    fn of(user: &str, client: &str) -> Result<Self, HostError> {
        Ok(Self { user: Subject::parse(user)?, client: ClientId::parse(client)? })
    }

    fn nothing(&self) -> Consented {
        Consented::nothing(self.user.clone(), self.client.clone())
    }

    /// A first answer. No two are the same.
    fn answer(&self) -> Result<Consented, HostError> {
        allowed(&self.nothing(), &unheard_of()?, &[])
    }
}

/// The next version, which allows `scope` at `resources` too.
fn allowed(latest: &Consented, scope: &str, resources: &[&str]) -> Result<Consented, HostError> {
    let (scope, resources) = (Scope::parse(scope)?, Resources::parse(resources)?);
    Ok(latest.answered(&Scope::empty(), &resources, &scope))
}

/// The next version, once the user was asked for nothing more and allowed that.
fn again(latest: &Consented) -> Consented {
    latest.answered(&Scope::empty(), &Resources::none(), &Scope::empty())
}

/// Many at once answer over `latest`; the one that won.
async fn race(
    store: &dyn ConsentStore,
    pair: &Pair,
    latest: Option<Consented>,
) -> Result<Consented, Finding> {
    let latest = latest.unwrap_or_else(|| pair.nothing());
    let answers: Result<Vec<_>, HostError> =
        (0..MANY).map(|_| allowed(&latest, &unheard_of()?, &[])).collect();
    let remembers = answers?.into_iter().map(|answer| async move {
        let won = store.remember(Arc::new(answer.clone())).await?;
        Ok::<_, HostError>(won.then_some(answer))
    });
    let told: Result<Vec<_>, _> = together(remembers).await.into_iter().collect();
    let winner = only("answers at once that were kept", told?.into_iter().flatten())?;
    assert_kept(store, pair, Some(&winner)).await?;
    Ok(winner)
}

/// Writes the versions of one pair, from the first on, and reads each back.
async fn live(store: &dyn ConsentStore, pair: &Pair, life: &[Consented]) -> Result<(), Finding> {
    for version in life {
        let kept = store.remember(Arc::new(version.clone())).await?;
        same("whether the next answer is kept", true, kept)?;
        assert_kept(store, pair, Some(version)).await?;
    }
    Ok(())
}

async fn assert_refused(
    store: &dyn ConsentStore,
    pair: &Pair,
    answer: Consented,
    kept: Option<&Consented>,
) -> Result<(), Finding> {
    let of = format!("whether version {} is kept", answer.version());
    same(of, false, store.remember(Arc::new(answer)).await?)?;
    assert_kept(store, pair, kept).await
}

async fn assert_kept(
    store: &dyn ConsentStore,
    pair: &Pair,
    expected: Option<&Consented>,
) -> Result<(), Finding> {
    let Pair { user, client } = pair;
    let seen = store.consented(user, client).await?;
    let of = format_args!("what {user:?} allowed {client:?}");
    same(of, consented(expected)?, consented(seen.as_deref())?)
}
