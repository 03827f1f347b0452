//! Histories told by hand: the naive machine explains what is right, and none
//! of what a server must never do.

use super::history::{Event, explain};
use super::model::{ACCESS_LIFETIME, Answer, Ask, Claim, GRACE, IDLE_LIFETIME};

/// What happened so far, one thing after the other.
#[derive(Clone, Default)]
struct Told {
    events: Vec<Event>,
    now: i64,
}

impl Told {
    /// Alice allowed it, and the code became the first tokens.
    fn redeemed() -> Self {
        Self::coded().then(redeem(Claim::Right), tokens("a0", "r0"))
    }

    fn coded() -> Self {
        let ask = Ask::Authorize;
        let told = Self::default().then(ask, Answer::Consent("ticket".into()));
        let ask = Ask::Decide { ticket: "ticket".into() };
        told.then(ask, Answer::Code("code".into()))
    }

    fn later(mut self, seconds: i64) -> Self {
        self.now += seconds;
        self
    }

    fn then(self, ask: Ask, answer: Answer) -> Self {
        self.event(ask, Some(answer), false)
    }

    fn event(mut self, ask: Ask, answer: Option<Answer>, store_failed: bool) -> Self {
        let began = 2 * u64::try_from(self.events.len()).unwrap();
        let (ended, instants) = (began + 1, vec![self.now]);
        self.events.push(Event { ask, answer, began, ended, instants, store_failed });
        self
    }

    /// The last two happened at the same time.
    fn at_once(mut self) -> Self {
        let began = self.events.iter().rev().nth(1).unwrap().began;
        self.events.last_mut().unwrap().began = began;
        self
    }

    #[track_caller]
    fn is_right(&self) {
        explain(&self.events).unwrap();
    }

    #[track_caller]
    fn is_wrong(&self) {
        explain(&self.events).unwrap_err();
    }
}

fn tokens(access: &str, refresh: &str) -> Answer {
    Answer::Tokens { access: access.into(), refresh: refresh.into(), expires_in: ACCESS_LIFETIME }
}

fn redeem(claim: Claim) -> Ask {
    Ask::Redeem { code: "code".into(), claim }
}

fn refresh(token: &str) -> Ask {
    Ask::Refresh { token: token.into(), claim: Claim::Right }
}

fn revoke(token: &str) -> Ask {
    Ask::Revoke { token: token.into(), claim: Claim::Right }
}

fn validate(token: &str) -> Ask {
    Ask::Validate { token: token.into() }
}

#[test]
fn a_code_gives_tokens_at_most_once() {
    let told = Told::redeemed();
    told.clone().then(redeem(Claim::Right), Answer::Refused).is_right();
    told.clone().then(redeem(Claim::Right), tokens("a1", "r1")).is_wrong();
    told.clone().then(redeem(Claim::Right), tokens("a0", "r0")).is_wrong();
    told.then(redeem(Claim::Right), tokens("a1", "r1")).at_once().is_wrong();
}

#[test]
fn after_a_second_redemption_nothing_is_alive() {
    let told = Told::redeemed().then(redeem(Claim::Right), Answer::Refused);
    told.clone().then(validate("a0"), Answer::Valid(false)).is_right();
    told.clone().then(validate("a0"), Answer::Valid(true)).is_wrong();
    told.clone().then(refresh("r0"), Answer::Refused).is_right();
    told.clone().then(refresh("r0"), tokens("a1", "r1")).is_wrong();
    told.then(validate("a0"), Answer::Valid(true)).at_once().is_right();
}

#[test]
fn an_attempt_that_does_not_match_changes_nothing() {
    for claim in [Claim::OtherClient, Claim::OtherVerifier, Claim::OtherRedirectUri] {
        let told = Told::coded().then(redeem(claim), Answer::Refused);
        told.clone().then(redeem(Claim::Right), tokens("a0", "r0")).is_right();
        told.then(redeem(Claim::Right), Answer::Refused).is_wrong();
        Told::coded().then(redeem(claim), tokens("a0", "r0")).is_wrong();
        let told = Told::redeemed().then(redeem(claim), Answer::Refused);
        told.clone().then(validate("a0"), Answer::Valid(true)).is_right();
        told.then(validate("a0"), Answer::Valid(false)).is_wrong();
    }
}

#[test]
fn within_the_grace_the_next_refresh_token_is_the_same() {
    let told = Told::redeemed().then(refresh("r0"), tokens("a1", "r1")).later(GRACE - 1);
    told.clone().then(refresh("r0"), tokens("a2", "r1")).is_right();
    told.clone().then(refresh("r0"), tokens("a2", "r2")).is_wrong();
    told.clone().then(refresh("r0"), tokens("a2", "r0")).is_wrong();
    told.clone().then(refresh("r0"), Answer::Refused).is_wrong();
    told.then(refresh("r1"), tokens("a2", "r1")).is_wrong();
}

#[test]
fn after_the_grace_or_two_generations_back_nothing_is_alive() {
    let told = Told::redeemed().then(refresh("r0"), tokens("a1", "r1"));
    for replayed in [
        told.clone().later(GRACE).then(refresh("r0"), Answer::Refused),
        told.clone().then(refresh("r1"), tokens("a2", "r2")).then(refresh("r0"), Answer::Refused),
    ] {
        replayed.clone().then(validate("a1"), Answer::Valid(false)).is_right();
        replayed.clone().then(validate("a1"), Answer::Valid(true)).is_wrong();
        replayed.then(refresh("r1"), tokens("a3", "r3")).is_wrong();
    }
    told.later(GRACE).then(refresh("r0"), tokens("a2", "r1")).is_wrong();
}

#[test]
fn after_a_revocation_no_token_of_the_grant_is_accepted() {
    let told = Told::redeemed().then(refresh("r0"), tokens("a1", "r1"));
    for token in ["a0", "a1", "r0", "r1"] {
        let revoked = told.clone().then(revoke(token), Answer::Done);
        revoked.clone().then(validate("a1"), Answer::Valid(false)).is_right();
        revoked.clone().then(validate("a1"), Answer::Valid(true)).is_wrong();
        revoked.then(refresh("r1"), tokens("a2", "r2")).is_wrong();
    }
    told.then(Ask::Withdraw, Answer::Done).then(validate("a1"), Answer::Valid(true)).is_wrong();
}

#[test]
fn a_token_is_valid_until_it_expires_unless_something_ended_it() {
    let told = Told::redeemed().later(ACCESS_LIFETIME - 1);
    told.clone().then(validate("a0"), Answer::Valid(true)).is_right();
    told.clone().then(validate("a0"), Answer::Valid(false)).is_wrong();
    told.clone().later(1).then(validate("a0"), Answer::Valid(false)).is_right();
    told.then(refresh("r0"), Answer::Refused).is_wrong();
}

#[test]
fn a_lost_acknowledgement_is_not_taken_for_a_replay() {
    let told = Told::coded();
    told.clone().event(redeem(Claim::Right), Some(tokens("a0", "r0")), true).is_right();
    told.clone().event(redeem(Claim::Right), Some(Answer::Refused), true).is_wrong();
    let told = Told::redeemed();
    told.clone().event(refresh("r0"), Some(tokens("a1", "r1")), true).is_right();
    told.event(refresh("r0"), Some(Answer::Refused), true).is_wrong();
}

#[test]
fn what_an_unavailable_server_was_asked_was_done_or_not() {
    let told = Told::coded().event(redeem(Claim::Right), None, true);
    told.clone().then(redeem(Claim::Right), tokens("a0", "r0")).is_right();
    told.then(redeem(Claim::Right), Answer::Refused).is_right();
    Told::coded().event(redeem(Claim::Right), None, false).is_wrong();
}

/// Not even when a node whose clock is slow has set the grant's end back.
#[test]
fn a_sweep_takes_no_token_that_is_valid() {
    let swept = |slow: i64| {
        let told = Told::redeemed().later(-slow).then(refresh("r0"), tokens("a1", "r1"));
        told.later(IDLE_LIFETIME).then(Ask::Sweep, Answer::Done)
    };
    swept(IDLE_LIFETIME - ACCESS_LIFETIME).is_right();
    swept(IDLE_LIFETIME - ACCESS_LIFETIME + 1).is_wrong();
}
