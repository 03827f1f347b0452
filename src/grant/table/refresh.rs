//! The cells in which a refresh token is presented.

use std::num::NonZeroU32;
use std::sync::{Arc, LazyLock};
use std::time::Duration;

use super::{CODE_SEED, TOKEN_SEED, at, client, coded, ended, new_tokens, redeem_by, uris};
use crate::grant::{
    Attempt, Grant, Outcome, Redemption, RefreshClaim, RefreshTerms, Refusal, Renewal, Seed, Wanted,
};
use crate::model::client::{AuthenticatedClient, Client};
use crate::model::pkce::CodeVerifier;
use crate::model::resource::{ResourceChoice, Resources};
use crate::model::scope::{Scope, ScopeChoice};

const REFRESH_SEED: Seed = Seed::from_bytes([3; 16]);
const HOUR: i64 = 3600;

const ROTATING: RefreshTerms = RefreshTerms {
    idle: Duration::from_secs(10_000),
    absolute: Duration::from_secs(30_000),
    grace: Duration::from_secs(10),
    rotates: true,
};
const STEADY: RefreshTerms = RefreshTerms { rotates: false, ..ROTATING };

/// Approved at 0 and redeemed at 1, with a refresh token.
pub(super) fn active() -> Arc<Grant> {
    let app = client("app");
    let claim = Redemption {
        client: &app,
        seed: CODE_SEED,
        redirect_uri: Some(super::URI),
        redirect_uri_required: true,
        code_verifier: CodeVerifier::parse(super::VERIFIER),
        wanted: Wanted::default(),
        default_resources: &Resources::none(),
    };
    let mut tokens = new_tokens(Some(ROTATING));
    tokens.seed = REFRESH_SEED.for_access().hash();
    match coded().redeem(&claim, &tokens, at(1)) {
        Ok(Outcome::Redeemed(active, _)) => active,
        other => panic!("{other:?}"),
    }
}

/// Refreshed at 100 and at 200: the latest generation is 3.
fn rotated_twice() -> Arc<Grant> {
    renewed(&renewed(&active(), 1, 100), 2, 200)
}

fn present(grant: &Grant, generation: u32, second: i64) -> Result<Renewal, Refusal> {
    present_with(grant, &ROTATING, second, |claim| {
        claim.generation = NonZeroU32::new(generation).unwrap();
    })
}

fn present_with(
    grant: &Grant,
    terms: &RefreshTerms,
    second: i64,
    change: impl for<'r> FnOnce(&mut RefreshClaim<'r>),
) -> Result<Renewal, Refusal> {
    present_by(&client("app"), grant, terms, second, change)
}

fn present_by(
    client: &AuthenticatedClient,
    grant: &Grant,
    terms: &RefreshTerms,
    second: i64,
    change: impl for<'r> FnOnce(&mut RefreshClaim<'r>),
) -> Result<Renewal, Refusal> {
    let wanted = Wanted::default();
    let mut claim = RefreshClaim {
        client,
        seed: REFRESH_SEED,
        generation: NonZeroU32::MIN,
        wanted,
        default_resources: &Resources::none(),
    };
    change(&mut claim);
    grant.refresh(&claim, terms, Attempt::from_bytes([4; 8]), at(second))
}

fn renewed(grant: &Grant, generation: u32, second: i64) -> Arc<Grant> {
    match present(grant, generation, second) {
        Ok(Renewal::Renewed(next, _)) => next,
        other => panic!("{other:?}"),
    }
}

fn number(grant: &Grant) -> Option<u32> {
    grant.generation().map(|generation| generation.number.get())
}

#[test]
fn redeemed_with_a_refresh_token_the_grant_lives_for_the_idle_lifetime() {
    assert_eq!(active().expires_at(), at(10_001));
    assert_eq!(number(&active()), Some(1));
}

#[test]
fn active_refreshed_by_the_latest_token_gets_the_next_and_lives_on() {
    let grant = renewed(&active(), 1, 100);
    assert_eq!(number(&grant), Some(2));
    assert_eq!(grant.expires_at(), at(10_100));
    assert_eq!(grant.replaces(), active().version());
    assert_eq!(number(&rotated_twice()), Some(3));
}

#[test]
fn active_is_never_refreshed_beyond_its_absolute_lifetime() {
    let mut grant = active();
    for (generation, second) in [(1, 9_000), (2, 18_000), (3, 27_000)] {
        grant = renewed(&grant, generation, second);
    }
    assert_eq!(grant.expires_at(), at(30_000));
    assert!(present(&grant, 4, 29_999).is_ok());
    assert_eq!(present(&grant, 4, 30_000).unwrap_err(), Refusal::Expired);
}

#[test]
fn active_refreshed_after_lying_unused_too_long_is_refused() {
    assert!(present(&active(), 1, 10_000).is_ok());
    assert_eq!(present(&active(), 1, 10_001).unwrap_err(), Refusal::Expired);
}

#[test]
fn active_refreshed_by_the_predecessor_within_the_grace_gives_the_same_again() {
    let grant = renewed(&active(), 1, 100);
    for second in [100, 109, 40] {
        assert!(matches!(present(&grant, 1, second), Ok(Renewal::Unchanged(_))), "{second}");
    }
}

#[test]
fn active_refreshed_by_the_predecessor_after_the_grace_is_a_replay_and_ends() {
    let grant = renewed(&active(), 1, 100);
    assert!(matches!(present(&grant, 1, 110), Ok(Renewal::Replayed(ended)) if ended.is_ended()));
    let strict = RefreshTerms { grace: Duration::ZERO, ..ROTATING };
    let at_once = present_with(&grant, &strict, 100, |_| {});
    assert!(matches!(at_once, Ok(Renewal::Replayed(_))));
}

#[test]
fn active_refreshed_by_an_older_generation_is_a_replay_even_within_the_grace() {
    let grant = renewed(&renewed(&active(), 1, 100), 2, 101);
    assert!(matches!(present(&grant, 1, 101), Ok(Renewal::Replayed(_))));
}

/// A store that lost a write knows less than the tokens that it led to.
#[test]
fn active_refreshed_by_a_later_generation_than_the_store_knows_goes_on_from_there() {
    let grant = renewed(&active(), 5, 100);
    assert_eq!(number(&grant), Some(6));
}

#[test]
fn active_refreshed_by_another_client_or_seed_is_refused_at_any_generation() {
    for grant in [active(), rotated_twice()] {
        let stranger = present_by(&client("stranger"), &grant, &ROTATING, 300, |_| {});
        assert_eq!(stranger.unwrap_err(), Refusal::OtherClient);
        for seed in [CODE_SEED, TOKEN_SEED, REFRESH_SEED.for_access()] {
            let other = present_with(&grant, &ROTATING, 300, |claim| claim.seed = seed);
            assert_eq!(other.unwrap_err(), Refusal::OtherSeed);
        }
    }
}

#[test]
fn active_without_a_refresh_token_cannot_be_refreshed() {
    let grant = super::active();
    let refused = present_with(&grant, &ROTATING, 2, |claim| claim.seed = TOKEN_SEED);
    assert_eq!(refused.unwrap_err(), Refusal::OtherSeed);
}

#[test]
fn coded_and_ended_cannot_be_refreshed() {
    assert_eq!(present(&coded(), 1, 2).unwrap_err(), Refusal::OtherSeed);
    assert_eq!(present(&ended(), 1, 2).unwrap_err(), Refusal::Ended);
}

/// RFC 6749 section 6: less may be asked for, never more, and the refresh
/// token itself keeps all.
#[test]
fn scope_may_be_narrowed_for_one_token_and_not_widened() {
    let scope = |text: &str| Some(Scope::parse(text).unwrap());
    let narrowed = present_with(&active(), &ROTATING, 100, |claim| claim.wanted.scope = scope("b"));
    let Ok(Renewal::Renewed(next, selection)) = narrowed else { panic!("{narrowed:?}") };
    assert_eq!(selection.scope, ScopeChoice(0b010));
    assert_eq!(next.scope().as_str(), "a b c");
    for wide in ["a d", "d"] {
        let refused = present_with(&active(), &ROTATING, 100, |claim| {
            claim.wanted.scope = scope(wide);
        });
        assert_eq!(refused.unwrap_err(), Refusal::Scope);
    }
}

#[test]
fn what_the_client_may_no_longer_ask_for_is_left_out_or_refused() {
    let less = Client::builder("app").redirect_uri(super::URI).scope("a c");
    let less = less.resource("api:1").resource("api:2").build().unwrap();
    let method = less.authentication().method();
    let less = Arc::new(less).authenticated(method, false).unwrap();
    match present_by(&less, &active(), &ROTATING, 100, |_| {}) {
        Ok(Renewal::Renewed(_, selection)) => assert_eq!(selection.scope, ScopeChoice(0b101)),
        other => panic!("{other:?}"),
    }
    let refused = present_by(&less, &active(), &ROTATING, 100, |claim| {
        claim.wanted.scope = Some(Scope::parse("b").unwrap());
    });
    assert_eq!(refused.unwrap_err(), Refusal::Scope);
}

#[test]
fn resources_may_be_narrowed_for_one_token_and_not_changed() {
    let narrowed = present_with(&active(), &ROTATING, 100, |claim| {
        claim.wanted.resources = uris(&["api:1"]);
    });
    assert!(matches!(narrowed, Ok(Renewal::Renewed(_, s)) if s.resources == ResourceChoice(0b01)));
    let other = present_with(&active(), &ROTATING, 100, |claim| {
        claim.wanted.resources = uris(&["api:1", "api:3"]);
    });
    assert_eq!(other.unwrap_err(), Refusal::Target);
}

/// Losing all of them must not make a token for nobody in particular, which
/// opens more.
#[test]
fn a_resource_that_the_client_may_no_longer_ask_for_is_left_out_and_losing_all_is_refused() {
    let client_for = |resources: &[&str]| {
        let client = Client::builder("app").redirect_uri(super::URI).scope("a b c");
        let client = resources.iter().fold(client, |client, uri| client.resource(*uri));
        let client = client.build().unwrap();
        let method = client.authentication().method();
        Arc::new(client).authenticated(method, false).unwrap()
    };
    let (less, none) = (client_for(&["api:2"]), client_for(&[]));
    let renewed = present_by(&less, &active(), &ROTATING, 100, |_| {});
    assert!(matches!(renewed, Ok(Renewal::Renewed(_, s)) if s.resources == ResourceChoice(0b10)));
    for (client, wanted) in [(&less, &["api:1"][..]), (&none, &[]), (&none, &["api:1"])] {
        let refused = present_by(client, &active(), &ROTATING, 100, |claim| {
            claim.wanted.resources = uris(wanted);
        });
        assert_eq!(refused.unwrap_err(), Refusal::Target);
    }
    static DEFAULT: LazyLock<Resources> = LazyLock::new(|| uris(&["api:1"]));
    let by_default = present_by(&none, &active(), &ROTATING, 100, |claim| {
        claim.default_resources = &DEFAULT;
    });
    assert!(
        matches!(by_default, Ok(Renewal::Renewed(_, s)) if s.resources == ResourceChoice(0b01))
    );
}

/// Else a thief could find out unnoticed whether the grant is alive.
#[test]
fn an_old_token_is_a_replay_whatever_it_asks_for() {
    for wanted in [
        Wanted { scope: Some(Scope::parse("z").unwrap()), resources: Resources::none() },
        Wanted { scope: None, resources: uris(&["api:3"]) },
    ] {
        let replayed = present_with(&rotated_twice(), &ROTATING, 300, |claim| {
            claim.wanted = wanted;
        });
        assert!(matches!(replayed, Ok(Renewal::Replayed(_))));
    }
}

#[test]
fn a_client_that_may_ask_for_none_of_the_scope_any_more_gets_no_token() {
    let other = Client::builder("app").redirect_uri(super::URI).scope("d");
    let other = other.resource("api:1").resource("api:2").build().unwrap();
    let method = other.authentication().method();
    let other = Arc::new(other).authenticated(method, false).unwrap();
    let refused = present_by(&other, &active(), &ROTATING, 100, |_| {});
    assert_eq!(refused.unwrap_err(), Refusal::Scope);
}

#[test]
fn without_rotation_the_token_stays_and_a_write_comes_at_most_once_an_hour() {
    let steady = |grant: &Grant, second| present_with(grant, &STEADY, second, |_| {});
    let grant = active();
    assert!(matches!(steady(&grant, 100), Ok(Renewal::Unchanged(_))));
    assert!(matches!(steady(&grant, HOUR), Ok(Renewal::Unchanged(_))));
    let Ok(Renewal::Renewed(next, _)) = steady(&grant, HOUR + 1) else { panic!("not written") };
    assert_eq!((number(&next), next.expires_at()), (Some(1), at(10_000 + HOUR + 1)));
    assert!(matches!(steady(&next, HOUR + 2), Ok(Renewal::Unchanged(_))));
    assert!(matches!(steady(&next, 2 * HOUR + 1), Ok(Renewal::Renewed(..))));
}

#[test]
fn without_rotation_a_short_idle_lifetime_is_extended_before_half_of_it_has_passed() {
    let short = RefreshTerms { idle: Duration::from_secs(600), ..STEADY };
    let used = |second| present_with(&active(), &short, second, |_| {});
    assert!(matches!(used(9_700), Ok(Renewal::Unchanged(_))));
    assert!(
        matches!(used(9_701), Ok(Renewal::Renewed(next, _)) if next.expires_at() == at(10_301))
    );
}

/// Tokens that it gave out would outlive its record.
#[test]
fn neither_a_slow_clock_nor_a_shorter_policy_sets_the_end_of_a_grant_back() {
    let short = RefreshTerms { idle: Duration::from_secs(600), ..ROTATING };
    for (terms, second) in [(&ROTATING, -60), (&short, 100)] {
        let renewed = present_with(&active(), terms, second, |_| {});
        assert!(
            matches!(renewed, Ok(Renewal::Renewed(next, _)) if next.expires_at() == at(10_001))
        );
    }
}

#[test]
fn a_shorter_absolute_lifetime_holds_from_the_next_use_on() {
    let short = RefreshTerms { absolute: Duration::from_secs(500), ..ROTATING };
    assert!(present_with(&active(), &short, 499, |_| {}).is_ok());
    assert_eq!(present_with(&active(), &short, 500, |_| {}).unwrap_err(), Refusal::Expired);
}

/// The code comes back after its tokens were refreshed.
#[test]
fn a_code_replayed_after_a_refresh_still_ends_the_grant() {
    let outcome = redeem_by(&client("app"), &rotated_twice(), at(300), |_| {});
    assert!(matches!(outcome, Ok(Outcome::Replayed(ended)) if ended.is_ended()));
}

/// Access tokens go to resource servers: what they carry must not lead back to
/// the refresh token.
#[test]
fn the_access_seed_is_another_than_the_refresh_seed() {
    let access = REFRESH_SEED.for_access();
    assert_ne!(access.as_bytes(), REFRESH_SEED.as_bytes());
    assert!(active().issued_with(&access) && !active().issued_with(&REFRESH_SEED));
}
