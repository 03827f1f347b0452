//! The pause for a login: where it leads afterwards, and where it never does.

use codegrant::Authorize;

use crate::support::House;
use crate::support::answers::{
    assert_code, assert_error_redirect, assert_page, assert_stateless_error_redirect, location,
};
use crate::support::apps::{BILLING, CLI, DASHBOARD, MOBILE, SPA, TRUSTED};
use crate::support::call::{Call, Form};
use crate::support::world::ISSUER;

#[tokio::test]
async fn after_the_login_the_same_request_goes_on_at_our_own_endpoint() {
    let house = House::new();
    house.sign_out();
    let login = house.login(&SPA.asks()).await;
    assert_eq!(login.asker().client().name(), SPA.id);
    house.sign_in("alice");
    let resumed = location(&house.server.resume(login.ticket()).unwrap());
    assert!(resumed.leads_to(&format!("{ISSUER}/authorize")), "{}", resumed.url);
    for name in SPA.asks().names() {
        assert_eq!(resumed.one(&name), SPA.asks().value(&name));
    }
    let call = Call::to(http::Method::GET, &resumed.url);
    let Authorize::Consent(consent) = house.authorize_by(&call).await else {
        panic!("not a consent page")
    };
    assert_code(&house.allow(consent.ticket()).await, &SPA);
}

/// A request keeps its faults across the login: it must not be repaired there.
#[tokio::test]
async fn a_faulty_request_is_as_faulty_after_the_login() {
    for (form, error) in [
        (SPA.asks().with("response_type", "token"), "unsupported_response_type"),
        (SPA.asks().with("scope", "admin"), "invalid_scope"),
        (SPA.asks().and("scope", "profile"), "invalid_request"),
        (SPA.asks().with("code_challenge_method", "plain"), "invalid_request"),
    ] {
        let house = House::new();
        house.sign_out();
        let login = house.login(&form).await;
        let resumed = location(&house.server.resume(login.ticket()).unwrap());
        house.sign_in("alice");
        let call = Call::to(http::Method::GET, &resumed.url);
        let Authorize::Redirect(response) = house.authorize_by(&call).await else {
            panic!("not a redirect")
        };
        assert_error_redirect(&response, &SPA, error);
    }
}

#[tokio::test]
async fn leaving_the_login_page_tells_the_client_access_denied() {
    let house = House::new();
    house.sign_out();
    for app in [DASHBOARD, CLI, MOBILE, TRUSTED] {
        let login = house.login(&app.asks()).await;
        let response = house.server.cancel(login.ticket()).await.unwrap();
        assert_error_redirect(&response, &app, "access_denied");
    }
    let login = house.login(&SPA.asks().with("state", "a\nb")).await;
    let response = house.server.cancel(login.ticket()).await.unwrap();
    let answer = assert_stateless_error_redirect(&response, &SPA, "access_denied");
    assert!(answer.all("state").is_empty());
}

#[tokio::test]
async fn a_login_ticket_of_anybody_elses_making_leads_nowhere() {
    let house = House::new();
    let consent = house.consent(&DASHBOARD.asks()).await.ticket().to_owned();
    let code = house.code(&BILLING).await;
    let token = house.access_token(&SPA).await;
    house.sign_out();
    let genuine = house.login(&DASHBOARD.asks()).await.ticket().to_owned();
    let mut foreign = house.foreign_tickets(&genuine).await;
    foreign.extend([consent, code, token]);
    for ticket in &foreign {
        assert_page(&house.server.resume(ticket).unwrap_err(), 400, "invalid_request");
        assert_page(&house.server.cancel(ticket).await.unwrap_err(), 400, "invalid_request");
    }
    assert!(house.server.resume(&genuine).is_ok());
}

/// However long a request was: if it is accepted it goes into a ticket, and
/// every ticket that is handed out can be used.
#[tokio::test]
async fn no_ticket_is_too_long_for_the_server_that_made_it() {
    let plain = |length| format!("&x=&state={}", "s".repeat(length));
    let swelling = |length| format!("&x=&state={}", "\"".repeat(length));
    let foreign = |length| format!("&code={}", "c".repeat(length));
    for length in [10_000, 30_000, 45_000, 60_000, 65_000] {
        for tail in [plain(length), swelling(length), foreign(length)] {
            let house = House::new();
            house.sign_out();
            let body = SPA.asks().without("state").encode() + &tail;
            let call = Call::post("/authorize", &Form::default()).body(body);
            match house.authorize_by(&call).await {
                Authorize::Login(login) => {
                    let response = house.server.cancel(login.ticket()).await.unwrap();
                    assert_stateless_error_redirect(&response, &SPA, "access_denied");
                }
                Authorize::Redirect(again) => {
                    assert!(location(&again).url.len() <= 8_000);
                }
                Authorize::Refused(refused) => assert_eq!(refused.status(), 400),
                Authorize::Consent(consent) => panic!("{consent:?}"),
            }
            house.sign_in("alice");
            if let Authorize::Consent(consent) = house.authorize_by(&call).await {
                location(&house.allow(consent.ticket()).await).one("code");
            }
        }
    }
}
