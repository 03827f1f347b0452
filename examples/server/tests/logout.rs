//! Signing out at the wish of a client, and who hears of it.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::string_slice,
    clippy::arithmetic_side_effects,
    reason = "a test that cannot go on has failed"
)]

#[allow(dead_code, reason = "every test file needs other parts of it")]
mod support;

use serde_json::{Value, json};
use server::Client;
use support::hearing::Hearing;
use support::openid::{claims, openid_client};
use support::program::{self, Running};
use support::{Browser, Page, refreshing, start};

const SESSION: &str = "codegrant_session";
const BYE: &str = "http://127.0.0.1:1/bye";
const ENCODED_BYE: &str = "http%3A%2F%2F127.0.0.1%3A1%2Fbye";
const EVENT: &str = "http://schemas.openid.net/event/backchannel-logout";

/// A server whose clients `app` and `other` hear of sign-outs.
fn server(app: &Hearing, other: &Hearing) -> Browser {
    let client = |id: &str, hearing: &Hearing| Client {
        grant_types: refreshing(),
        post_logout_redirect_uris: vec![BYE.into()],
        backchannel_logout_uri: Some(hearing.uri.clone()),
        backchannel_logout_session_required: true,
        ..openid_client(id)
    };
    let clients = [client("app", app), client("other", other)];
    Browser::new(&start(|config| config.clients.extend(clients), |builder| builder))
}

fn deaf() -> Hearing {
    Hearing::start(&[])
}

/// What `client` gets from whoever is signed in, else from alice.
async fn tokens(browser: &Browser, client: &str, scope: &str) -> Value {
    let code = browser.code(client, &format!("&scope={scope}")).await;
    browser.redeem(client, &code).await.json()
}

fn text<'v>(tokens: &'v Value, name: &str) -> &'v str {
    tokens[name].as_str().unwrap()
}

async fn is_signed_in(browser: &Browser) -> bool {
    let answer = browser.authorize("app", "&scope=openid&prompt=none").await.params();
    answer.get("error").is_none_or(|error| error != "login_required")
}

/// Answers the page that asks whether to sign out.
async fn decide(browser: &Browser, page: &Page, decision: &str) -> Page {
    browser.submit(page, &[("decision", decision)]).await
}

fn assert_protected(page: &Page) {
    assert!(page.header("content-security-policy").contains("frame-ancestors 'none'"));
    assert_eq!(
        (page.header("x-frame-options"), page.header("cache-control")),
        ("DENY", "no-store")
    );
}

#[tokio::test]
async fn a_client_that_shows_its_id_token_signs_its_user_out_everywhere_in_this_session() {
    let (app, other) = (deaf(), deaf());
    let browser = server(&app, &other);
    let mine = tokens(&browser, "app", "openid+reports.read").await;
    let theirs = tokens(&browser, "other", "openid+reports.read").await;
    let lasting = tokens(&browser, "other", "openid+offline_access&prompt=consent").await;
    let (hint, cookie) = (text(&mine, "id_token"), browser.cookie(SESSION).unwrap());
    let path =
        format!("/logout?id_token_hint={hint}&post_logout_redirect_uri={ENCODED_BYE}&state=a+b");
    let answer = browser.get(&path).await;
    assert_eq!((answer.status, answer.location()), (303, &*format!("{BYE}?state=a+b")));
    let forgotten = format!("{SESSION}=; Path=/; HttpOnly; SameSite=Lax; Max-Age=0");
    assert_eq!(answer.set_cookies(), [forgotten]);
    browser.set_cookie(SESSION, &cookie);
    let asked = browser.authorize("app", "").await;
    assert!(asked.location().starts_with("/login?"), "the cookie itself is dead");
    for dead in [&mine, &theirs] {
        assert_eq!(browser.resource(text(dead, "access_token")).await.status, 401);
    }
    assert_eq!(browser.refresh("app", text(&mine, "refresh_token")).await.status, 400);
    assert_eq!(browser.refresh("other", text(&lasting, "refresh_token")).await.status, 200);

    for (hearing, client, tokens) in [(&app, "app", &mine), (&other, "other", &theirs)] {
        let (told, id_token) = (hearing.next(), claims(&tokens["id_token"]));
        assert_eq!((&told["aud"], &told["sub"]), (&client.into(), &"alice".into()));
        assert_eq!(told["sid"], id_token["sid"]);
        assert!(told["sid"].is_string() && told["events"][EVENT].is_object());
        assert!(hearing.is_silent(), "once");
    }
}

#[tokio::test]
async fn without_proof_that_a_client_asks_its_user_is_asked() {
    let (app, other) = (deaf(), deaf());
    let browser = server(&app, &other);
    let tokens = tokens(&browser, "app", "openid").await;
    let path = format!("/logout?client_id=app&post_logout_redirect_uri={ENCODED_BYE}");
    for path in ["/logout", &path] {
        let page = browser.get(path).await;
        assert_eq!(page.status, 200);
        assert!(page.has("sign-out") && page.has("stay") && !page.has("signed-out"));
        assert_eq!(page.text("signed-in-as"), "alice");
        assert_eq!(page.has("client-name"), path.contains("client_id"));
        assert_protected(&page);
        let stayed = decide(&browser, &page, "stay").await;
        assert_eq!((stayed.status, stayed.location()), (303, "/account"));
    }
    assert_eq!(browser.get("/account").await.status, 200, "still signed in");

    let page = browser.get(&path).await;
    let stranger = Browser::new(browser.issuer());
    assert_eq!(decide(&stranger, &page, "sign-out").await.status, 403);
    let answer = decide(&browser, &page, "sign-out").await;
    assert_eq!((answer.status, answer.location()), (303, BYE));
    assert_eq!(browser.get("/account").await.status, 303);
    assert_eq!(app.next()["sid"], claims(&tokens["id_token"])["sid"]);
}

#[tokio::test]
async fn a_sign_out_that_leads_nowhere_ends_on_a_page_that_says_it_is_done() {
    let (app, other) = (deaf(), deaf());
    let browser = server(&app, &other);
    let nobody = browser.get("/logout").await;
    assert_eq!(nobody.status, 200);
    assert!(nobody.has("signed-out"));
    let tokens = tokens(&browser, "app", "openid").await;
    let page = browser.get("/logout").await;
    let done = decide(&browser, &page, "sign-out").await;
    assert_eq!((done.status, done.location()), (303, "/logout"));
    let done = browser.get("/logout").await;
    assert!(done.has("signed-out"));
    assert_protected(&done);
    let again = browser.get(&format!("/logout?id_token_hint={}", text(&tokens, "id_token"))).await;
    assert!(again.has("signed-out"));
}

#[tokio::test]
async fn faults_are_told_on_a_page_and_lead_nowhere() {
    let (app, other) = (deaf(), deaf());
    let browser = server(&app, &other);
    let tokens = tokens(&browser, "app", "openid").await;
    let hint = format!("id_token_hint={}", text(&tokens, "id_token"));
    for query in [
        format!("{hint}&post_logout_redirect_uri=https%3A%2F%2Fevil.example"),
        format!("post_logout_redirect_uri={ENCODED_BYE}"),
        format!("{hint}&client_id=other"),
        format!("{hint}&{hint}"),
        "id_token_hint=x".to_owned(),
        "client_id=nobody".to_owned(),
    ] {
        let page = browser.get(&format!("/logout?{query}")).await;
        assert_eq!(page.status, 400, "{query}");
        assert!(!page.text("error").is_empty() && !page.headers.contains_key("location"));
        assert_protected(&page);
    }
    let forged = browser.get("/logout").await;
    let token = forged.field("form_token");
    let fields = [("form_token", &*token), ("ticket", "x"), ("decision", "sign-out")];
    assert_eq!(browser.post("/logout/confirm", &fields).await.status, 400);
    assert!(is_signed_in(&browser).await);
}

#[tokio::test]
async fn the_user_goes_on_while_a_client_that_fails_is_told_again() {
    let (app, other) = (Hearing::start(&[500, 503]), deaf());
    let browser = server(&app, &other);
    let tokens = tokens(&browser, "app", "openid").await;
    let hint = text(&tokens, "id_token");
    let answer = browser.get(&format!("/logout?id_token_hint={hint}")).await;
    assert!(answer.has("signed-out"));
    let told = [app.next(), app.next(), app.next()];
    assert!(told.iter().all(|token| token["sid"] == told[0]["sid"]));
    assert_ne!(told[0]["jti"], told[1]["jti"], "each try is a token of its own");
}

#[tokio::test]
async fn a_server_that_is_told_to_stop_tells_clients_once_more_before_it_does() {
    let hearing = Hearing::start(&[500]);
    let directory = tempfile::tempdir().unwrap();
    let (_, mut config) = program::config("http");
    let client =
        Client { backchannel_logout_uri: Some(hearing.uri.clone()), ..openid_client("app") };
    config["clients"] = json!([client]);
    let running = Running::start(directory.path(), Some(&config));
    let browser = Browser::new(config["issuer"].as_str().unwrap());
    let tokens = tokens(&browser, "app", "openid").await;
    browser.get(&format!("/logout?id_token_hint={}", text(&tokens, "id_token"))).await;
    running.signal("TERM");
    assert_eq!([hearing.next(), hearing.next()].map(|token| token["sub"].clone()), ["alice"; 2]);
    running.end();
}

#[tokio::test]
async fn clients_hear_of_sign_outs_on_the_account_page_too() {
    let (app, other) = (deaf(), deaf());
    let browser = server(&app, &other);
    for button in ["sign-out", "sign-out-everywhere"] {
        let tokens = tokens(&browser, "app", "openid+reports.read").await;
        let page = browser.get("/account").await;
        assert!(browser.press(&page, "action", button).await.has("signed-out"));
        assert_eq!(app.next()["sid"], claims(&tokens["id_token"])["sid"]);
        assert_eq!(browser.resource(text(&tokens, "access_token")).await.status, 401);
    }
}

#[tokio::test]
async fn signing_out_everywhere_ends_what_outlives_sessions_as_the_page_says() {
    let (app, other) = (deaf(), deaf());
    let browser = server(&app, &other);
    let lasting = tokens(&browser, "app", "openid+offline_access&prompt=consent").await;
    let page = browser.get("/account").await;
    browser.press(&page, "action", "sign-out-everywhere").await;
    assert_eq!(browser.refresh("app", text(&lasting, "refresh_token")).await.status, 400);
}

#[tokio::test]
async fn a_password_entered_once_more_goes_on_with_the_session_and_somebody_else_ends_it() {
    let (app, other) = (deaf(), deaf());
    let browser = server(&app, &other);
    let first = tokens(&browser, "app", "openid").await;
    let second = tokens(&browser, "app", "openid&prompt=login").await;
    let (first, second) = (claims(&first["id_token"]), claims(&second["id_token"]));
    assert_eq!(first["sid"], second["sid"]);
    assert!(first["auth_time"].as_i64() < second["auth_time"].as_i64());
    assert!(app.is_silent());

    let login = browser.authorize("app", "&scope=openid&prompt=select_account").await;
    let login = browser.get(login.location()).await;
    assert_eq!(browser.sign_in(&login, "bob", "builder").await.status, 303);
    assert_eq!(app.next()["sub"], "alice");
}

#[tokio::test]
async fn a_post_from_another_site_comes_again_with_the_session() {
    let (app, other) = (deaf(), deaf());
    let browser = server(&app, &other);
    let tokens = tokens(&browser, "app", "openid").await;
    let elsewhere = Browser::new(browser.issuer()); // the cookie is SameSite=Lax
    let hint = text(&tokens, "id_token");
    let again = elsewhere.post("/logout", &[("id_token_hint", hint)]).await;
    assert_eq!(again.status, 303);
    assert!(browser.get(again.location()).await.has("signed-out"));
    assert_eq!(app.next()["sub"], "alice");
}
