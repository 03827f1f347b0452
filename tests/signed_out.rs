//! What a sign-out ends, and what it leaves (OpenID Connect Back-Channel Logout
//! section 2.7, Core section 11).

use std::pin::pin;
use std::task::{Context, Poll, Waker};

use codegrant::{Authorize, Clock, CodeStore, Decision, Grant, Granted, Timestamp};
use serde_json::{Value, json};

use crate::sign_out::{Home, NOTES_BYE, SESSION, alice};
use crate::support::Tokens;
use crate::support::answers::{assert_error, location};
use crate::support::apps::{AUDITOR, App, NOTES, SYNC, TRUSTED};
use crate::support::seams::Fault;

const OFFLINE: &str = "openid offline_access reports.read";

#[tokio::test]
async fn every_grant_of_the_session_ends_and_none_of_another() {
    for by_client in [false, true] {
        let home = Home::new();
        let elsewhere = home.holds(&NOTES).await;
        home.arrive("bob", "two");
        let bobs = home.holds(&NOTES).await;
        home.pass(1);
        let here = home.arrive("alice", "two");
        let (notes, sync) = (home.holds(&NOTES).await, home.holds(&SYNC).await);
        let plain = home.holds_with(&SYNC, "reports.read").await;
        if by_client {
            let end = home.end(&home.leaves(&NOTES, NOTES_BYE).await).await;
            assert!(home.finish(end).await.0.fault.is_none());
        } else {
            let _ = home.leave(&here).await;
        }
        home.assert_signed_out(&NOTES, &notes).await;
        home.assert_signed_out(&SYNC, &sync).await;
        home.assert_signed_out(&SYNC, &plain).await;
        home.assert_alive(&NOTES, &elsewhere).await;
        home.assert_alive(&NOTES, &bobs).await;
    }
}

#[tokio::test]
async fn what_was_allowed_offline_goes_on_and_only_for_an_authentication_request() {
    let home = Home::new();
    let here = home.arrive("alice", "one");
    let offline = home.holds_with(&NOTES, OFFLINE).await;
    let plain = home.holds_with(&SYNC, "offline_access reports.read").await;
    let _ = home.leave(&here).await;
    home.assert_alive(&NOTES, &offline).await;
    home.assert_signed_out(&SYNC, &plain).await;
}

/// A code that survived would begin a session at the client after its end here.
#[tokio::test]
async fn a_code_that_waits_survives_no_sign_out_not_even_an_offline_one() {
    for scope in ["reports.read", "openid reports.read", OFFLINE] {
        let home = Home::new();
        let here = home.arrive("alice", "one");
        let asks = NOTES.asks().with("scope", scope).with("prompt", "consent");
        let code = home.code_for(&asks).await;
        let signed_out = home.leave(&here).await;
        assert!(signed_out.notices.is_empty(), "it has no ID token yet: {scope}");
        assert_error(&home.redeem(&NOTES, &code).await, 400, "invalid_grant");
    }
}

#[tokio::test]
async fn who_signs_out_everywhere_is_signed_out_of_every_session() {
    let home = Home::new();
    let one = home.holds(&NOTES).await;
    let offline = home.holds_with(&SYNC, OFFLINE).await;
    home.arrive("bob", "bobs");
    let bobs = home.holds(&NOTES).await;
    home.arrive("alice", "two");
    let two = home.holds(&NOTES).await;
    home.browser.set(None);
    assert!(home.server.sign_out_everywhere(&alice()).await.fault.is_none());
    home.assert_signed_out(&NOTES, &one).await;
    home.assert_signed_out(&NOTES, &two).await;
    home.assert_alive(&SYNC, &offline).await;
    home.assert_alive(&NOTES, &bobs).await;
}

#[tokio::test]
async fn without_session_names_what_was_given_after_the_same_sign_in_ends() {
    let home = Home::new();
    let early = home.authentication("alice");
    home.browser.set(Some(early.clone()));
    let tokens = home.holds(&NOTES).await;
    let named = home.arrive("alice", "one");
    let in_session = home.holds(&NOTES).await;
    home.pass(1);
    home.browser.set(Some(home.authentication("alice")));
    let later = home.holds(&NOTES).await;
    let _ = home.leave(&early).await;
    home.assert_signed_out(&NOTES, &tokens).await;
    home.assert_alive(&NOTES, &in_session).await;
    home.assert_alive(&NOTES, &later).await;
    let _ = home.leave(&named).await;
    home.assert_signed_out(&NOTES, &in_session).await;
}

/// Begins `request`, has the user sign out after so many polls, and finishes; says
/// whether the request had not come to its end by then.
async fn interrupted<T>(home: &Home, polls: usize, request: impl Future<Output = T>) -> (T, bool) {
    let here = home.arrive("alice", "one");
    let mut request = pin!(request);
    for _ in 0..polls {
        let mut context = Context::from_waker(Waker::noop());
        if let Poll::Ready(answer) = request.as_mut().poll(&mut context) {
            let _ = home.leave(&here).await;
            return (answer, false);
        }
    }
    let _ = home.leave(&here).await;
    (request.await, true)
}

/// Enough to reach the end of every request here.
const POLLS: usize = 60;

async fn assert_nothing_alive(home: &Home, when: usize) {
    let alive = home.server.granted_by(&alice()).await.unwrap();
    assert!(alive.is_empty(), "signed out after {when} polls: {alive:?}");
}

/// Either the sign-out finds the grant, or the code's second question finds that
/// the session has ended.
#[tokio::test]
async fn an_authorization_in_flight_comes_to_nothing_wherever_the_sign_out_meets_it() {
    for (app, scope) in [(TRUSTED, "openid"), (TRUSTED, OFFLINE), (NOTES, "openid")] {
        let (mut met, mut told) = (0, 0);
        for polls in 0..POLLS {
            let home = Home::new();
            let asks = app.asks().with("scope", scope);
            home.code_for(&asks).await;
            let _ = home.leave(&home.arrive("alice", "one")).await;
            let request = home.authorize(&asks);
            let (answer, in_flight) = interrupted(&home, polls, request).await;
            if let Authorize::Redirect(answer) = answer {
                let answer = location(&answer);
                if let [code] = answer.all("code")[..] {
                    assert_error(&home.redeem(&app, code).await, 400, "invalid_grant");
                } else {
                    told += 1;
                    assert_eq!(answer.one("error"), "access_denied");
                }
                met += usize::from(in_flight);
            }
            assert_nothing_alive(&home, polls).await;
        }
        assert!(met > 3 && told > 1, "the sign-out met nothing: {met} {told}");
    }
}

#[tokio::test]
async fn an_answer_to_the_consent_page_in_flight_comes_to_nothing() {
    let mut met = 0;
    for polls in 0..POLLS {
        let home = Home::new();
        let asks = NOTES.asks().with("scope", "openid").with("prompt", "consent");
        let consent = home.consent(&asks).await;
        let decide = home.decide(consent.ticket(), Decision::Allow(Granted::everything()));
        let (answer, in_flight) = interrupted(&home, polls, decide).await;
        if let Ok(answer) = answer
            && let [code] = location(&answer).all("code")[..]
        {
            assert_error(&home.redeem(&NOTES, code).await, 400, "invalid_grant");
        } else {
            met += usize::from(in_flight);
        }
        assert_nothing_alive(&home, polls).await;
    }
    assert!(met > 5, "the sign-out came too late every time");
}

/// Tokens that were made before the sign-out was written are worth nothing after,
/// and their client hears of it if it got them.
#[tokio::test]
async fn tokens_in_flight_are_worth_nothing_and_their_client_hears_of_it() {
    let (mut refused, mut given) = (0, 0);
    for polls in 0..POLLS {
        for refresh in [false, true] {
            let home = Home::new();
            let here = home.arrive("alice", "one");
            let asks = NOTES.asks().with("scope", "openid").with("prompt", "consent");
            let code = home.code_for(&asks).await;
            let mut call = NOTES.redeems(&code);
            if refresh {
                let tokens = Tokens::in_answer(&home.token(&call).await);
                call = NOTES.refreshes(&tokens.refresh);
            }
            let (answer, _) = interrupted(&home, polls, home.token(&call)).await;
            if answer.status() == 200 {
                given += 1;
                let tokens = Tokens::in_answer(&answer);
                home.assert_signed_out(&NOTES, &tokens).await;
            } else {
                refused += 1;
                assert_error(&answer, 400, "invalid_grant");
            }
            assert_nothing_alive(&home, polls).await;
            let again = home.leave(&here).await;
            assert!(again.notices.is_empty(), "nothing is left to be told after {polls} polls");
        }
    }
    assert!(refused > 5 && given > 5, "{refused} {given}");
}

/// Kept, so that the client hears: and yet nothing of it is valid any longer.
#[tokio::test]
async fn a_grant_whose_client_must_hear_is_kept_until_the_session_ends_and_its_tokens_are_not() {
    let home = Home::new();
    home.register(App::builder(&SYNC).scope("openid reports.read").refresh_token());
    let tokens = home.holds(&NOTES).await;
    home.holds(&SYNC).await;
    let policy_end = 14 * 86_400;
    let end = home.now() + 30 * 86_400;
    assert!(end > home.now() + policy_end && SESSION < policy_end);
    home.pass(1);
    let late = home.authentication("alice").with_session_end(Timestamp::from_unix(end));
    home.browser.set(Some(late));
    let asks = NOTES.asks().with("scope", "openid").with("prompt", "consent");
    let kept = home.code_for(&asks).await;
    let sweep = async || home.codes.sweep(home.clock.now()).await.unwrap();
    home.pass(59);
    let kept = Tokens::in_answer(&home.redeem(&NOTES, &kept).await);
    let grant = home.grant_to(&NOTES, "alice").await;
    assert_eq!(grant.expires_at().as_unix(), end);
    assert_eq!(grant.valid_until().as_unix(), home.now() + policy_end);
    home.pass(policy_end);
    assert_eq!(sweep().await, 2, "the session of these ended before their tokens did");
    home.assert_signed_out(&NOTES, &tokens).await;
    home.assert_signed_out(&NOTES, &kept).await;
    assert_eq!(home.introspect(&AUDITOR, &kept.refresh).await["active"], false);
    assert_nothing_alive(&home, 0).await;
    home.pass(end - home.now() - 1);
    assert_eq!(sweep().await, 0);
    home.pass(1);
    assert_eq!(sweep().await, 1);
    assert!(home.codes.is_empty());
}

/// Until then it is kept, whatever ended it: its client may have a session still.
#[tokio::test]
async fn a_grant_whose_client_was_told_is_forgotten_with_its_tokens() {
    let home = Home::new();
    let here = home.arrive("alice", "one");
    home.holds(&NOTES).await;
    let grant = home.grant_to(&NOTES, "alice").await;
    home.server.revoke_grant(grant.id()).await.unwrap();
    let revoked = home.grant_to(&NOTES, "alice").await;
    assert_eq!(revoked.expires_at(), grant.expires_at());
    assert!(revoked.expires_at() >= here.session_end().unwrap());
    assert_eq!(home.leave(&here).await.notices.clients().count(), 1);
    let told = home.grant_to(&NOTES, "alice").await;
    assert!(told.is_ended());
    assert_eq!(told.expires_at(), told.valid_until());
    let record = told.to_record().unwrap();
    assert_eq!(Grant::from_record(&record, 3).unwrap().to_record().unwrap(), record);
}

#[tokio::test]
async fn a_grant_that_nobody_must_hear_of_is_written_as_before() {
    let home = Home::new();
    let farewell = async |app: &App| {
        let record = home.grant_to(app, "alice").await.to_record().unwrap();
        let record: Value = serde_json::from_str(&record).unwrap();
        record["facts"]["particulars"].get("farewell").cloned()
    };
    home.holds_with(&NOTES, "reports.read").await;
    assert_eq!(farewell(&NOTES).await, None);
    let _ = home.leave(&home.arrive("alice", "one")).await;
    assert_eq!(farewell(&NOTES).await, None);
    home.pass(1);
    home.arrive("alice", "two");
    home.holds(&TRUSTED).await;
    assert_eq!(farewell(&TRUSTED).await, None);
    home.holds(&SYNC).await;
    assert_eq!(farewell(&SYNC).await, Some(json!("due")));
}

#[tokio::test]
async fn each_client_calls_the_session_by_a_name_of_its_own_that_stays() {
    let home = Home::new();
    let sid = async |app: &App| {
        home.holds(app).await;
        home.grant_to(app, "alice").await.sid().unwrap()
    };
    let (notes, sync) = (sid(&NOTES).await, sid(&SYNC).await);
    assert_ne!(notes, sync);
    assert_eq!(notes.len(), 43, "all of a hash");
    home.pass(100);
    home.arrive("alice", "one");
    assert_eq!(sid(&NOTES).await, notes);
    home.pass(1);
    home.arrive("alice", "two");
    assert_ne!(sid(&NOTES).await, notes);
}

#[tokio::test]
async fn a_sign_out_that_has_nothing_left_to_end_or_to_tell_writes_nothing() {
    let home = Home::new();
    let here = home.arrive("alice", "one");
    home.holds(&NOTES).await;
    home.holds_with(&SYNC, OFFLINE).await;
    let _ = home.leave(&here).await;
    let records = home.records().await;
    assert_eq!(records.len(), 2);
    let _ = home.leave(&here).await;
    assert_eq!(home.records().await, records);
}

/// The session ended first, so that nobody is signed in for the client's next try.
#[tokio::test]
async fn a_clients_sign_out_that_the_store_broke_off_is_finished_by_the_host() {
    let home = Home::new();
    let tokens = home.holds(&NOTES).await;
    let end = home.end(&home.leaves(&NOTES, NOTES_BYE).await).await;
    let user = end.user().unwrap().clone();
    home.seams.fail("granted_by", Fault::Before);
    assert!(home.finish(end).await.0.fault.is_some());
    home.seams.mend();
    assert_eq!(home.leave(&user).await.notices.clients().count(), 1);
    home.assert_signed_out(&NOTES, &tokens).await;
}

/// The rest is signed out all the same; trying again ends what is left.
#[tokio::test]
async fn an_error_of_the_store_is_told_and_the_sign_out_can_be_tried_again() {
    for (method, left) in [("replace", 1), ("granted_by", 3), ("fill", 3)] {
        let home = Home::new();
        let here = home.arrive("alice", "one");
        for app in [NOTES, SYNC, TRUSTED] {
            home.holds(&app).await;
        }
        home.seams.fail_times(method, Fault::Before, 1);
        home.browser.set(None);
        let first = home.server.sign_out(&here).await;
        assert!(first.fault.is_some(), "{method}");
        assert_eq!(home.server.granted_by(&alice()).await.unwrap().len(), left, "{method}");
        let second = home.leave(&here).await;
        assert_nothing_alive(&home, 0).await;
        let told = first.notices.clients().chain(second.notices.clients()).count();
        assert_eq!(told, 2, "each of the two that hear, once: {method}");
    }
}
