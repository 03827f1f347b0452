//! Resource indicators (RFC 8707): a token for the audience asked, and no other.

use codegrant::{Access, Denied, Policy, Resource, Resources};

use crate::support::answers::{assert_error, assert_error_redirect, json};
use crate::support::apps::{App, DASHBOARD, NOTES, OTHER_API, REPORTS_API, SYNC};
use crate::support::call::bearer;
use crate::support::{House, Tokens};

fn set(uris: &[&str]) -> Resources {
    Resources::parse(uris).unwrap()
}

/// A guard of `resource` gets `token`.
async fn check(house: &House, resource: &str, token: &str) -> Result<Access, Denied> {
    let guard = house.server.guard().audience(Resource::parse(resource).unwrap());
    guard.check(&bearer(token).parts()).await
}

async fn tokens_for(house: &House, app: &App, resources: &[&str]) -> Tokens {
    let asks = resources.iter().fold(app.asks(), |form, resource| form.and("resource", resource));
    Tokens::in_answer(&house.redeem(app, &house.code_for(&asks).await).await)
}

#[tokio::test]
async fn a_token_opens_the_resource_that_it_was_asked_for_and_no_other() {
    let house = House::new();
    let tokens = tokens_for(&house, &NOTES, &[REPORTS_API]).await;
    let access = check(&house, REPORTS_API, &tokens.access).await.unwrap();
    assert_eq!(access.audience(), &set(&[REPORTS_API]));
    let denied = check(&house, OTHER_API, &tokens.access).await.unwrap_err();
    assert_error(&denied.into_response(), 401, "invalid_token");
}

#[tokio::test]
async fn resource_may_be_named_repeatedly_and_a_token_be_for_some_of_them() {
    let house = House::new();
    let both = SYNC.asks().and("resource", REPORTS_API).and("resource", OTHER_API);
    let code = house.code_for(&both).await;
    let claim = SYNC.claim(&code).with("resource", OTHER_API);
    let tokens = Tokens::in_answer(&house.token(&SYNC.calls_token(&claim)).await);
    assert!(check(&house, OTHER_API, &tokens.access).await.is_ok());
    assert!(check(&house, REPORTS_API, &tokens.access).await.is_err());
    let both = house.refreshed(&SYNC, &tokens.refresh).await;
    for resource in [REPORTS_API, OTHER_API] {
        assert!(check(&house, resource, &both.access).await.is_ok());
    }
    let one = App::renewal(&tokens.refresh).and("resource", REPORTS_API);
    let one = Tokens::in_answer(&house.token(&SYNC.calls_token(&one)).await);
    assert!(check(&house, REPORTS_API, &one.access).await.is_ok());
    assert!(check(&house, OTHER_API, &one.access).await.is_err());
}

#[tokio::test]
async fn a_resource_that_the_client_may_not_ask_for_is_an_invalid_target() {
    let house = House::new();
    for (app, resource) in [
        (NOTES, "https://evil.example"),
        (NOTES, "https://api.example/reports/"),
        (NOTES, "https://api.example/reports#fragment"),
        (NOTES, "reports"),
        (DASHBOARD, REPORTS_API),
    ] {
        let asks = app.asks().with("resource", resource);
        assert_error_redirect(&house.redirect(&asks).await, &app, "invalid_target");
        let asks = asks.and("resource", REPORTS_API);
        assert_error_redirect(&house.redirect(&asks).await, &app, "invalid_target");
    }
}

#[tokio::test]
async fn a_code_is_not_consumed_by_asking_for_a_resource_it_is_not_for() {
    let house = House::new();
    let code = house.code_for(&NOTES.asks().with("resource", REPORTS_API)).await;
    for other in [OTHER_API, "nonsense", "https://a.example/#"] {
        let claim = NOTES.claim(&code).with("resource", other);
        let refused = house.token(&NOTES.calls_token(&claim)).await;
        assert_error(&refused, 400, "invalid_target");
    }
    let tokens = Tokens::in_answer(&house.redeem(&NOTES, &code).await);
    let other = App::renewal(&tokens.refresh).with("resource", OTHER_API);
    let refused = house.token(&NOTES.calls_token(&other)).await;
    assert_error(&refused, 400, "invalid_target");
    house.assert_alive(&NOTES, &tokens).await;
}

#[tokio::test]
async fn a_token_for_nobody_in_particular_does_not_open_a_resource_that_has_a_name() {
    let house = House::new();
    let tokens = house.tokens(&NOTES).await;
    assert!(house.check(&tokens.access).await.unwrap().audience().is_empty());
    assert!(check(&house, REPORTS_API, &tokens.access).await.is_err());
}

/// Whoever serves without a name must not take what was meant for another.
#[tokio::test]
async fn a_resource_without_a_name_does_not_open_for_a_token_that_is_for_another() {
    let house = House::new();
    let nameless = house.server.guard();
    let addressed = tokens_for(&house, &NOTES, &[REPORTS_API]).await;
    assert!(nameless.check(&bearer(&addressed.access).parts()).await.is_err());
    let unaddressed = house.tokens(&NOTES).await;
    assert!(nameless.check(&bearer(&unaddressed.access).parts()).await.is_ok());
    let indifferent = nameless.any_audience();
    assert!(indifferent.check(&bearer(&addressed.access).parts()).await.is_ok());
}

#[tokio::test]
async fn a_client_that_lost_a_resource_gets_no_more_tokens_for_it() {
    let house = House::new();
    let tokens = tokens_for(&house, &SYNC, &[REPORTS_API, OTHER_API]).await;
    house.clients.put(SYNC.builder().refresh_token().resource(OTHER_API).build().unwrap());
    let next = house.refreshed(&SYNC, &tokens.refresh).await;
    assert!(check(&house, OTHER_API, &next.access).await.is_ok());
    assert!(check(&house, REPORTS_API, &next.access).await.is_err());
    house.clients.put(SYNC.builder().refresh_token().build().unwrap());
    let refused = house.refresh(&SYNC, &tokens.refresh).await;
    assert_error(&refused, 400, "invalid_target");
}

/// One resource server, whose clients need not know its name.
#[tokio::test]
async fn a_default_resource_is_whom_tokens_are_for_when_a_client_names_none() {
    let policy = Policy { default_resources: set(&[REPORTS_API]), ..Policy::default() };
    let house = House::with(|builder| builder.policy(policy));
    let token = house.access_token(&DASHBOARD).await;
    let guard = house.server.guard();
    let access = guard.check(&bearer(&token).parts()).await.unwrap();
    assert_eq!(access.audience(), &set(&[REPORTS_API]), "the guard has the same default");
    let tokens = tokens_for(&house, &NOTES, &[OTHER_API]).await;
    assert!(guard.check(&bearer(&tokens.access).parts()).await.is_err());
    assert!(check(&house, OTHER_API, &tokens.access).await.is_ok());
}

#[tokio::test]
async fn the_consent_page_says_whom_the_tokens_are_for_and_consent_counts_for_them_only() {
    let house = House::new();
    let asks = NOTES.asks().with("resource", REPORTS_API);
    let consent = house.consent(&asks).await;
    assert_eq!(consent.resources(), &set(&[REPORTS_API]));
    house.allow(consent.ticket()).await;
    house.redirect(&asks).await;
    assert!(house.consent(&NOTES.asks()).await.allowed_before().is_empty());
    let consent = house.consent(&asks.and("resource", OTHER_API)).await;
    assert_eq!(consent.resources(), &set(&[REPORTS_API, OTHER_API]));
    assert!(consent.allowed_before().is_empty());
}

#[tokio::test]
async fn what_a_client_asks_for_survives_the_login_page() {
    let house = House::new();
    house.sign_out();
    let asks = NOTES.asks().and("resource", REPORTS_API).and("resource", OTHER_API);
    let login = house.login(&asks).await;
    let resumed = house.server.resume(login.ticket()).unwrap();
    let location = crate::support::answers::location(&resumed);
    assert_eq!(location.all("resource"), [REPORTS_API, OTHER_API]);
}

#[tokio::test]
async fn more_resources_than_a_token_can_carry_are_refused() {
    let house = House::new();
    let many: Vec<String> = (0..17).map(|n| format!("https://{n}.example")).collect();
    let client = many.iter().fold(NOTES.builder(), |client, uri| client.resource(uri));
    assert!(client.build().is_err());
    let asks = many.iter().fold(NOTES.asks(), |asks, uri| asks.and("resource", uri));
    assert_error_redirect(&house.redirect(&asks).await, &NOTES, "invalid_target");
    let sixteen = many.iter().take(16);
    let client = sixteen.clone().fold(NOTES.builder(), |client, uri| client.resource(uri));
    house.clients.put(client.build().unwrap());
    let asks = sixteen.fold(NOTES.asks(), |asks, uri| asks.and("resource", uri));
    let code = house.code_for(&asks).await;
    let token = json(&house.redeem(&NOTES, &code).await)["access_token"].clone();
    let last = check(&house, "https://15.example", token.as_str().unwrap()).await;
    assert_eq!(last.unwrap().audience().as_slice().len(), 16);
}
