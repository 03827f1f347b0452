//! The sides do the same work, or the comparison says nothing.

#![allow(clippy::unwrap_used, missing_docs)]

use peers::house::{Grant, House};
use peers::meter::Stopwatch;
use peers::request;
use peers::side::{LIFETIME, Side};
use peers::sides::{Codegrant, OauthAs, OxideAuth};

#[test]
fn codegrant_does_the_work() {
    does_the_work::<Codegrant>();
    assert!(ends_tokens_at_replay::<Codegrant>());
    assert!(forgets_what_expired::<Codegrant>());
}

#[test]
fn oxide_auth_does_the_work() {
    does_the_work::<OxideAuth>();
    assert!(!ends_tokens_at_replay::<OxideAuth>());
    assert!(forgets_what_expired::<OxideAuth>());
}

#[test]
fn oauth_as_does_the_work() {
    does_the_work::<OauthAs>();
    assert!(ends_tokens_at_replay::<OauthAs>());
    assert!(forgets_what_expired::<OauthAs>());
}

fn does_the_work<S: Side>() {
    let mut house = House::<S>::new(10);
    let grant = house.add();
    house.refresh(&grant, &Stopwatch);

    let (code, _) = house.authorize(&Stopwatch);
    let wrong = "a-wrong-verifier-of-43-characters-or-more-as-it-must-be";
    let answer = house.side().token(request::exchange_with(&code, wrong));
    assert!(answer.status().is_client_error(), "{} took a wrong verifier", S::NAME);

    let unknown = Grant { access_token: "not-a-token-of-this-server".to_owned(), ..grant };
    assert!(!house.is_alive(&unknown), "{} took an unknown token", S::NAME);
    let forged = request::refresh("not-a-token-of-this-server");
    assert!(house.side().token(forged).status().is_client_error(), "{}", S::NAME);
}

/// The harness itself sees to it that the second use is refused.
fn ends_tokens_at_replay<S: Side>() -> bool {
    let mut house = House::<S>::new(10);
    let (grant, _) = house.flow(&Stopwatch);
    house.replay(&grant, &Stopwatch);
    !house.is_alive(&grant)
}

fn forgets_what_expired<S: Side>() -> bool {
    let mut house = House::<S>::new(10);
    let grant = house.take_grants_at_hand().pop().unwrap();
    let was_alive = house.is_alive(&grant);
    house.side().advance(2 * LIFETIME);
    let forgets_all = house.side().sweep() > 0 && house.side().sweep() == 0;
    was_alive && forgets_all && !house.is_alive(&grant)
}
