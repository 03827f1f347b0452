//! Whoever observes a server hears of all that happens, once and when it is true.

use std::sync::{Arc, Mutex};

use codegrant::{Cause, Decision, Endpoint, Event, Observer, Subject};

use crate::sign_out::Home;
use crate::support::House;
use crate::support::apps::{App, BILLING, DASHBOARD, NOTES, Proof, SPA, STRICT, SYNC, TRUSTED};
use crate::support::call::{Call, Form, bearer};
use crate::support::seams::Fault;

/// Writes down what it hears: the event's name, and whose or where.
#[derive(Default)]
struct Scribe(Mutex<Vec<String>>);

impl Observer for Scribe {
    fn observe(&self, event: &Event<'_>) {
        let of = match event {
            Event::CodeIssued(grant)
            | Event::CodeRedeemed(grant)
            | Event::CodeReplayed(grant)
            | Event::Refreshed(grant)
            | Event::RefreshTokenReplayed(grant)
            | Event::GrantEnded(grant) => {
                let ended = if grant.is_ended() { ", ended" } else { "" };
                format!("{}{ended}", grant.client().as_str())
            }
            Event::ClientAuthenticationFailed { client, error } => format!("{client}: {error:?}"),
            Event::Refused { endpoint, cause } => format!("{endpoint}, {}", cause.code().as_str()),
            other => panic!("{other:?}"),
        };
        self.0.lock().unwrap().push(format!("{}: {of}", event.name()));
    }
}

impl Scribe {
    /// What was heard since the last time.
    fn heard(&self) -> Vec<String> {
        std::mem::take(&mut *self.0.lock().unwrap())
    }
}

fn observed() -> (House, Arc<Scribe>) {
    let scribe = Arc::new(Scribe::default());
    (House::with(|builder| builder.observer(scribe.clone())), scribe)
}

#[tokio::test]
async fn the_life_of_a_grant_is_told_step_by_step() {
    let (house, scribe) = observed();
    let code = house.code(&NOTES).await;
    assert_eq!(scribe.heard(), ["code_issued: notes"]);
    let tokens = crate::support::Tokens::in_answer(&house.redeem(&NOTES, &code).await);
    assert_eq!(scribe.heard(), ["code_redeemed: notes"]);
    house.refreshed(&NOTES, &tokens.refresh).await;
    assert_eq!(scribe.heard(), ["refreshed: notes"]);
    house.revoke(&NOTES, &tokens.access).await;
    assert_eq!(scribe.heard(), ["grant_ended: notes, ended"]);
    house.revoke(&NOTES, &tokens.access).await;
    assert!(scribe.heard().is_empty(), "it had ended before");
}

#[tokio::test]
async fn a_refresh_that_writes_nothing_is_told_too() {
    let (house, scribe) = observed();
    let tokens = house.tokens(&NOTES).await;
    house.refreshed(&NOTES, &tokens.refresh).await;
    scribe.heard();
    house.refreshed(&NOTES, &tokens.refresh).await;
    assert_eq!(scribe.heard(), ["refreshed: notes"], "a retry within the grace");
}

#[tokio::test]
async fn replays_are_told_apart_from_mistakes() {
    let (house, scribe) = observed();
    let code = house.code(&DASHBOARD).await;
    house.redeem(&DASHBOARD, &code).await;
    scribe.heard();
    house.redeem(&DASHBOARD, &code).await;
    assert_eq!(
        scribe.heard(),
        ["code_replayed: dashboard, ended", "refused: token, invalid_grant"]
    );
    house.redeem(&DASHBOARD, &code).await;
    assert_eq!(scribe.heard(), ["refused: token, invalid_grant"], "there was nothing left to end");

    let tokens = house.tokens(&NOTES).await;
    house.refreshed(&NOTES, &tokens.refresh).await;
    house.pass(60);
    scribe.heard();
    house.refresh(&NOTES, &tokens.refresh).await;
    assert_eq!(
        scribe.heard(),
        ["refresh_token_replayed: notes, ended", "refused: token, invalid_grant"]
    );
}

#[tokio::test]
async fn what_the_host_ends_is_told() {
    let (house, scribe) = observed();
    let alice = Subject::parse("alice").unwrap();
    house.tokens(&NOTES).await;
    house.access_token(&DASHBOARD).await;
    scribe.heard();
    house.server.revoke_all(&alice).await.unwrap();
    let mut heard = scribe.heard();
    heard.sort();
    assert_eq!(heard, ["grant_ended: dashboard, ended", "grant_ended: notes, ended"]);
}

#[tokio::test]
async fn every_refusal_is_told_with_its_place() {
    let (house, scribe) = observed();
    house.refused(&SPA.asks().with("client_id", "nobody")).await;
    assert_eq!(scribe.heard(), ["refused: authorization, invalid_client"]);
    house.redirect(&STRICT.asks().without("code_challenge")).await;
    assert_eq!(scribe.heard(), ["refused: authorization, invalid_request"]);
    assert!(house.server.login("no ticket").await.is_err());
    assert!(house.server.resume("no ticket").is_err());
    assert!(house.server.cancel("no ticket").await.is_err());
    assert!(house.decide("no ticket", Decision::Deny).await.is_err());
    assert_eq!(scribe.heard(), ["refused: authorization, invalid_request"; 4]);
    let consent = house.consent(&DASHBOARD.asks()).await;
    assert!(scribe.heard().is_empty(), "a page is no refusal");
    house.decide(consent.ticket(), Decision::Deny).await.unwrap();
    assert_eq!(scribe.heard(), ["refused: authorization, access_denied"]);
    house.redeem(&BILLING, "no code").await;
    assert_eq!(scribe.heard(), ["refused: token, invalid_grant"]);
    let nothing = Call::get("/introspect", &Form::default());
    house.server.introspect(&nothing.parts(), b"").await;
    house.server.revoke(&nothing.parts(), b"").await;
    assert_eq!(
        scribe.heard(),
        ["refused: introspection, invalid_request", "refused: revocation, invalid_request"]
    );
}

#[tokio::test]
async fn who_fails_to_prove_to_be_a_client_is_told_by_the_name_they_gave() {
    let (house, scribe) = observed();
    let wrong = App { proof: Proof::Basic("wrong"), ..DASHBOARD };
    house.redeem(&wrong, "no code").await;
    let by_body = App { proof: Proof::Post("dashboard secret: 100%+&="), ..DASHBOARD };
    house.redeem(&by_body, "no code").await;
    let unknown = App { id: "nobody", ..SPA };
    house.redeem(&unknown, "no code").await;
    assert_eq!(
        scribe.heard(),
        [
            "client_authentication_failed: dashboard: Failed",
            "refused: token, invalid_client",
            "client_authentication_failed: dashboard: Method",
            "refused: token, invalid_client",
            "client_authentication_failed: nobody: Unknown",
            "refused: token, invalid_client",
        ]
    );
}

#[tokio::test]
async fn what_was_not_written_is_not_told() {
    let (house, scribe) = observed();
    let code = house.code(&DASHBOARD).await;
    scribe.heard();
    house.seams.fail("replace", Fault::Before);
    house.redeem(&DASHBOARD, &code).await;
    assert_eq!(scribe.heard(), ["refused: token, temporarily_unavailable"]);
    house.seams.fail("replace", Fault::After);
    house.redeem(&DASHBOARD, &code).await;
    assert_eq!(scribe.heard(), ["code_redeemed: dashboard"], "only the store's answer was lost");
    house.seams.mend();

    house.seams.fail_from("authenticate", Fault::Before, 1);
    house.redirect(&TRUSTED.asks()).await;
    assert_eq!(
        scribe.heard(),
        ["refused: authorization, temporarily_unavailable"],
        "the code was made, and did not leave"
    );
    house.seams.mend();

    house.seams.fail("insert", Fault::Before);
    house.consent(&BILLING.asks()).await;
    let consent = house.consent(&BILLING.asks()).await;
    house.allow(consent.ticket()).await;
    assert_eq!(scribe.heard(), ["refused: authorization, temporarily_unavailable"]);
}

#[tokio::test]
async fn what_a_provider_alone_refuses_is_told_too() {
    let scribe = Arc::new(Scribe::default());
    let home = Home::with(|builder| builder.observer(scribe.clone()));
    home.fault(&Form::of(&[("client_id", "nobody")])).await;
    assert_eq!(scribe.heard(), ["refused: end_session, invalid_client"]);
    home.confirm("x").await.unwrap_err();
    assert_eq!(scribe.heard(), ["refused: end_session, invalid_request"]);
    home.server.userinfo(&bearer("x").parts(), b"").await;
    assert_eq!(scribe.heard(), ["refused: userinfo, invalid_token"]);
}

#[tokio::test]
async fn of_a_sign_out_only_what_it_ended_is_told() {
    let scribe = Arc::new(Scribe::default());
    let home = Home::with(|builder| builder.observer(scribe.clone()));
    let here = home.arrive("alice", "one");
    home.holds(&NOTES).await;
    let revoked = home.holds(&SYNC).await;
    home.revoke(&SYNC, &revoked.access).await;
    home.holds_with(&SYNC, "openid offline_access reports.read").await;
    scribe.heard();
    let notices = home.leave(&here).await.notices;
    assert_eq!(notices.clients().count(), 2, "both clients are to hear of it");
    assert_eq!(scribe.heard(), ["grant_ended: notes, ended"]);
}

#[test]
fn names_are_what_the_documentation_says() {
    let refused = Event::Refused { endpoint: Endpoint::UserInfo, cause: &Cause::Contention };
    assert_eq!(refused.name(), "refused");
    for (endpoint, name) in [
        (Endpoint::Authorization, "authorization"),
        (Endpoint::Token, "token"),
        (Endpoint::Introspection, "introspection"),
        (Endpoint::Revocation, "revocation"),
        (Endpoint::UserInfo, "userinfo"),
        (Endpoint::EndSession, "end_session"),
    ] {
        assert_eq!((endpoint.as_str(), &*endpoint.to_string()), (name, name));
    }
}
