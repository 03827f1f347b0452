//! A host's part fails: nothing is consumed, and the client may come again.

use codegrant::{Authorize, Cause, Decision, Granted, HostError, Refused, Response};

use crate::support::House;
use crate::support::answers::{
    assert_code, assert_error, assert_error_redirect, assert_page, assert_tokens, challenge, json,
};
use crate::support::apps::{CLI, DASHBOARD, SPA, TRUSTED};
use crate::support::call::Call;
use crate::support::seams::Fault;

const ASKED: &str = "reports.read reports.write";
const ERRORS: [Fault; 2] = [Fault::Before, Fault::After];
const UNAVAILABLE: &str = "temporarily_unavailable";

/// The host's own error, for its log, and for nobody else.
fn assert_kept_from_the_client(response: &Response, method: &str) {
    let Some(Cause::Host(error)) = response.extensions().get::<Cause>() else {
        panic!("no host error in the extensions of {response:?}")
    };
    assert!(error.to_string().contains(method), "{error}");
    let sent = format!("{:?} {}", response.headers(), response.body());
    assert!(!sent.contains(method) && !sent.contains("is down"), "{sent}");
}

fn assert_unavailable_page(refused: &Refused, method: &str) {
    assert_page(refused, 503, UNAVAILABLE);
    assert_kept_from_the_client(&refused.response(), method);
}

/// Without the client there is nowhere to send anybody, and without the user
/// nobody may be sent (RFC 9700 section 4.11.2).
#[tokio::test]
async fn a_failure_before_client_and_user_are_known_is_an_error_page() {
    for (method, fault) in
        ["client", "authenticate"].map(|method| ERRORS.map(|f| (method, f))).concat()
    {
        let house = House::new();
        let consent = house.consent(&DASHBOARD.asks()).await;
        house.seams.fail(method, fault);
        assert_unavailable_page(&house.refused(&DASHBOARD.asks()).await, method);
        let decision = Decision::Allow(Granted::everything());
        let refused = house.decide(consent.ticket(), decision).await.unwrap_err();
        assert_unavailable_page(&refused, method);
        house.seams.mend();
        assert!(house.grants("alice").await.is_empty());
        assert_code(&house.allow(consent.ticket()).await, &DASHBOARD);
    }
}

#[tokio::test]
async fn a_login_page_that_cannot_be_left_now_can_be_left_later() {
    let house = House::new();
    house.sign_out();
    let login = house.login(&SPA.asks()).await;
    house.seams.fail("client", Fault::Before);
    assert_unavailable_page(&house.server.cancel(login.ticket()).await.unwrap_err(), "client");
    house.seams.mend();
    let response = house.server.cancel(login.ticket()).await.unwrap();
    assert_error_redirect(&response, &SPA, "access_denied");
}

#[tokio::test]
async fn a_failure_while_asking_is_told_to_the_client() {
    for fault in ERRORS {
        let house = House::new();
        house.seams.fail("consented", fault);
        let response = house.redirect(&DASHBOARD.asks()).await;
        assert_error_redirect(&response, &DASHBOARD, UNAVAILABLE);
        assert_kept_from_the_client(&response, "consented");
        house.seams.mend();
        house.consent(&DASHBOARD.asks()).await;
    }
}

#[tokio::test]
async fn a_failure_to_make_a_code_is_told_to_the_client_and_leaves_no_code_behind() {
    for (method, fault) in [("fill", Fault::Before), ("insert", Fault::Before)] {
        let house = House::new();
        house.seams.fail(method, fault);
        let response = house.redirect(&TRUSTED.asks()).await;
        assert_error_redirect(&response, &TRUSTED, UNAVAILABLE);
        assert_kept_from_the_client(&response, method);
        house.seams.mend();
        assert!(house.grants("alice").await.is_empty());
        assert_code(&house.redirect(&TRUSTED.asks()).await, &TRUSTED);
    }
}

#[tokio::test]
async fn a_decision_that_could_not_be_kept_can_be_made_again() {
    let methods = ["consented", "remember", "fill", "insert"];
    for (method, fault) in methods.map(|method| ERRORS.map(|fault| (method, fault))).concat() {
        let house = House::new();
        let consent = house.consent(&DASHBOARD.asks()).await;
        house.seams.fail(method, fault);
        let decision = Decision::Allow(Granted::everything());
        let response = house.decide(consent.ticket(), decision).await.unwrap();
        assert_error_redirect(&response, &DASHBOARD, UNAVAILABLE);
        assert_kept_from_the_client(&response, method);
        house.seams.mend();
        let code = assert_code(&house.allow(consent.ticket()).await, &DASHBOARD);
        house.assert_redeems(&DASHBOARD, &code, method).await;
    }
}

#[tokio::test]
async fn a_token_request_that_fails_before_its_write_consumes_nothing() {
    for (method, fault) in
        ["client", "verify", "fill", "grant"].map(|m| ERRORS.map(|f| (m, f))).concat()
    {
        let house = House::new();
        let code = house.code(&DASHBOARD).await;
        let before = house.records().await;
        house.seams.fail(method, fault);
        let response = house.redeem(&DASHBOARD, &code).await;
        assert_error(&response, 503, UNAVAILABLE);
        assert_eq!(challenge(&response), None);
        assert_kept_from_the_client(&response, method);
        house.seams.mend();
        assert_eq!(house.records().await, before);
        house.assert_redeems(&DASHBOARD, &code, method).await;
    }
}

#[tokio::test]
async fn a_write_that_did_not_happen_leaves_the_code_as_good_as_new() {
    let house = House::new();
    let code = house.code(&SPA).await;
    let before = house.records().await;
    house.seams.fail("replace", Fault::Before);
    let response = house.redeem(&SPA, &code).await;
    assert_error(&response, 503, UNAVAILABLE);
    assert_kept_from_the_client(&response, "replace");
    assert_eq!(house.records().await, before);
    house.seams.mend();
    house.assert_redeems(&SPA, &code, "a failed write").await;
}

/// The write happened and only the answer got lost, or a driver that retried by
/// itself found its own write: the client gets its tokens, and they are valid.
#[tokio::test]
async fn a_lost_acknowledgement_is_never_taken_for_a_replay() {
    for fault in [Fault::After, Fault::FalseAfter] {
        let house = House::new();
        let code = house.code(&SPA).await;
        house.seams.fail_times("replace", fault, 1);
        let token = assert_tokens(&house.redeem(&SPA, &code).await, ASKED);
        assert!(house.check(&token).await.is_ok(), "{fault:?}");
        assert!(!house.grants("alice").await[0].is_ended());
        assert_error(&house.redeem(&SPA, &code).await, 400, "invalid_grant");
        assert!(house.check(&token).await.is_err());
    }
}

#[tokio::test]
async fn what_cannot_be_read_back_is_not_handed_out_and_not_handed_out_later() {
    let house = House::new();
    let code = house.code(&SPA).await;
    house.seams.fail("replace", Fault::After);
    house.seams.fail_from("grant", Fault::Before, 1);
    assert_error(&house.redeem(&SPA, &code).await, 503, UNAVAILABLE);
    house.seams.mend();
    assert_error(&house.redeem(&SPA, &code).await, 400, "invalid_grant");
}

#[tokio::test]
async fn a_lost_race_is_run_again() {
    let house = House::new();
    let code = house.code(&SPA).await;
    house.seams.fail_times("replace", Fault::False, 3);
    assert_tokens(&house.redeem(&SPA, &code).await, ASKED);
}

/// What the store holds says who was first, whatever became of the second write.
#[tokio::test]
async fn a_race_that_was_lost_is_lost_though_its_write_failed() {
    let house = House::new();
    let code = house.code(&SPA).await;
    house.seams.fail_from("replace", Fault::After, 1);
    let (first, second) =
        tokio::join!(biased; house.redeem(&SPA, &code), house.redeem(&SPA, &code));
    assert_tokens(&first, ASKED);
    assert_error(&second, 400, "invalid_grant");
}

#[tokio::test]
async fn races_that_never_end_are_given_up_and_consume_nothing() {
    let house = House::new();
    let code = house.code(&SPA).await;
    let before = house.records().await;
    house.seams.fail("replace", Fault::False);
    let response = house.redeem(&SPA, &code).await;
    assert_error(&response, 503, UNAVAILABLE);
    assert!(house.seams.calls().len() < 100, "the rounds are bounded");
    assert_eq!(house.records().await, before);
    house.seams.mend();
    house.assert_redeems(&SPA, &code, "endless races").await;
}

/// The client of a replay hears the truth, and the grant ends as soon as it can.
#[tokio::test]
async fn a_replay_is_not_forgotten_because_its_write_failed() {
    for (fault, told, status) in [
        (Fault::Before, UNAVAILABLE, 503),
        (Fault::After, "invalid_grant", 400),
        (Fault::FalseAfter, "invalid_grant", 400),
        (Fault::False, UNAVAILABLE, 503),
    ] {
        let house = House::new();
        let code = house.code(&SPA).await;
        let token = assert_tokens(&house.redeem(&SPA, &code).await, ASKED);
        house.seams.fail("replace", fault);
        assert_error(&house.redeem(&SPA, &code).await, status, told);
        assert_eq!(house.check(&token).await.is_ok(), status == 503, "{fault:?}");
        house.seams.mend();
        assert_error(&house.redeem(&SPA, &code).await, 400, "invalid_grant");
        assert!(house.check(&token).await.is_err(), "{fault:?}");
    }
}

#[tokio::test]
async fn a_resource_is_not_given_on_a_guess() {
    for (method, fault) in ["grant", "user"].map(|method| ERRORS.map(|f| (method, f))).concat() {
        let house = House::new();
        let token = house.access_token(&SPA).await;
        house.seams.fail(method, fault);
        let response = house.check(&token).await.unwrap_err().into_response();
        assert_error(&response, 503, UNAVAILABLE);
        assert_eq!(challenge(&response), None);
        assert_kept_from_the_client(&response, method);
        house.seams.mend();
        assert!(house.check(&token).await.is_ok());
    }
}

/// A secret that only the host's own verifier understands, and none is set.
#[tokio::test]
async fn a_secret_that_nobody_can_compare_is_the_hosts_fault() {
    let house = House::new();
    let code = house.code(&DASHBOARD).await;
    let foreign = codegrant::SecretHash::Foreign("$argon2id$v=19$…".into());
    house.clients.put(DASHBOARD.builder().client_secret_basic(foreign).build().unwrap());
    let response = house.redeem(&DASHBOARD, &code).await;
    assert_error(&response, 503, UNAVAILABLE);
    assert!(!response.body().contains("argon2"));
    house.clients.put(DASHBOARD.builder().build().unwrap());
    house.assert_redeems(&DASHBOARD, &code, "a foreign hash").await;
}

#[tokio::test]
async fn an_error_of_the_hosts_keeps_its_source_for_the_log() {
    let house = House::new();
    house.seams.fail("insert", Fault::Before);
    let response = house.redirect(&TRUSTED.asks()).await;
    let cause = response.extensions().get::<Cause>().unwrap();
    assert!(cause.to_string().contains("insert is down"));
    let mapped: HostError = std::io::Error::other("disk").into();
    assert_eq!(mapped.to_string(), "disk");
}

#[tokio::test]
async fn a_pause_that_failed_for_one_request_fails_for_no_other() {
    let house = House::new();
    house.seams.fail_times("client", Fault::Before, 1);
    assert_unavailable_page(&house.refused(&CLI.asks()).await, "client");
    let call = Call::get("/authorize", &CLI.asks());
    assert!(matches!(house.authorize_by(&call).await, Authorize::Consent(_)));
    let code = house.code(&CLI).await;
    let response = house.redeem(&CLI, &code).await;
    assert!(json(&response)["access_token"].is_string());
}
