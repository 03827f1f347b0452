//! What the pages promise: their elements, their headers, their cookies, and
//! what they refuse.
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

use std::collections::HashSet;

use reqwest::Method;
use server::Client;
use support::{Browser, Page, confidential, shared, start};

const SESSION: &str = "codegrant_session";
const FORM: &str = "codegrant_form";

fn assert_protected(page: &Page) {
    let policy = page.header("content-security-policy");
    assert!(policy.contains("default-src 'none'"), "{policy}");
    assert!(policy.contains("frame-ancestors 'none'"), "{policy}");
    assert!(!policy.contains("form-action"), "it would stop the redirect to the client");
    assert_eq!(page.header("x-frame-options"), "DENY");
    assert_eq!(page.header("referrer-policy"), "no-referrer");
    assert_eq!(page.header("cache-control"), "no-store");
    assert_eq!(page.header("content-type"), "text/html; charset=utf-8");
    assert!(page.body.starts_with("<!DOCTYPE html><html lang=\"en\">"));
    assert!(!page.body.contains("<script"));
}

#[tokio::test]
async fn every_page_carries_its_headers_and_its_elements() {
    let (issuer, client) = shared();
    let browser = Browser::new(&issuer);
    let login = browser.login_page(&client).await;
    for element in ["username", "password", "sign-in", "cancel"] {
        assert!(login.has(element), "{element}");
    }
    assert!(!login.has("login-error"));
    assert!(login.body.contains("Test &lt;Client&gt;"), "the name is text, not markup");
    assert!(login.body.contains("127.0.0.1:1"), "where cancel leads");
    let wrong = browser.sign_in(&login, "alice", "no").await;
    let signed_in = browser.sign_in(&login, "alice", "wonderland").await;
    let consent = browser.follow(&signed_in).await;
    for element in ["allow", "deny", "scope-0", "scope-1"] {
        assert!(consent.has(element), "{element}");
    }
    assert_eq!(consent.body.matches("type=\"checkbox\" name=\"scope\"").count(), 2);
    assert_eq!(consent.body.matches(" checked").count(), 2);
    assert_eq!(consent.text("client-name"), "Test &lt;Client&gt;");
    assert_eq!(consent.text("redirect-host"), "127.0.0.1:1");
    assert_eq!(consent.text("signed-in-as"), "alice");
    assert!(consent.body.contains("Read your reports"));
    let error = browser.authorize("nobody", "").await;
    let missing = browser.get("/nothing").await;
    let refused = browser.post("/consent", &[]).await;
    let wrong_method = browser.get("/logout/confirm").await;
    assert_eq!((missing.status, refused.status, wrong_method.status), (404, 403, 405));
    assert_eq!(wrong_method.header("allow"), "POST");
    for page in [&login, &wrong, &consent, &error, &missing, &refused, &wrong_method] {
        assert_protected(page);
    }
}

#[tokio::test]
async fn who_allowed_a_part_before_is_asked_only_for_what_is_new() {
    let app = Client { resources: vec!["https://api.example/".into()], ..confidential("app") };
    let browser = Browser::new(&start(|config| config.clients.push(app), |builder| builder));
    let first = browser.consent_page("app").await;
    assert_eq!(boxes(&first), ["reports.read", "reports.comment"]);
    assert!(!first.has("allowed-before"), "all is new");
    let answer = browser.submit(&first, &[("scope", "reports.read"), ("decision", "allow")]).await;
    assert!(answer.params().contains_key("code"));

    let more = browser.authorize("app", "").await;
    assert_eq!(boxes(&more), ["reports.comment"]);
    assert!(more.has("allowed-before") && more.body.contains("Read your reports"));
    let known = ("scope", "reports.read");
    let both =
        browser.submit(&more, &[known, ("scope", "reports.comment"), ("decision", "allow")]).await;
    assert!(both.params().contains_key("code"));

    let again = browser.authorize("app", "&prompt=consent").await;
    assert_eq!(boxes(&again), ["reports.read", "reports.comment"], "the client wants all asked");
    let elsewhere = browser.authorize("app", "&resource=https%3A%2F%2Fapi.example%2F").await;
    assert_eq!(boxes(&elsewhere), ["reports.read", "reports.comment"], "all is new there");
}

/// The scopes that a consent page asks for.
fn boxes(page: &Page) -> Vec<&str> {
    let boxes = page.body.split("type=\"checkbox\" name=\"scope\" value=\"").skip(1);
    boxes.map(|rest| rest.split('"').next().unwrap()).collect()
}

#[tokio::test]
async fn a_request_that_no_client_can_be_told_of_is_an_error_page_right_there() {
    let (issuer, client) = shared();
    let browser = Browser::new(&issuer);
    for (more, who) in [("", "nobody"), ("&redirect_uri=https%3A%2F%2Fevil.example", &*client)] {
        let page = browser.authorize(who, more).await;
        assert_eq!(page.status, 400);
        assert!(["invalid_client", "invalid_request"].contains(&page.text("error")));
        assert!(!page.text("error-description").is_empty());
        assert!(!page.headers.contains_key("location"));
    }
    for method in [Method::PUT, Method::DELETE] {
        let page = browser.send(browser.request(method, "/authorize")).await;
        assert_eq!((page.status, page.header("allow")), (405, "GET, POST"));
    }
}

#[tokio::test]
async fn a_wrong_password_and_an_unknown_user_look_the_same() {
    let (issuer, client) = shared();
    let browser = Browser::new(&issuer);
    let login = browser.login_page(&client).await;
    let mut texts = HashSet::new();
    for (username, password) in [("alice", "no"), ("nobody", "wonderland"), ("", "")] {
        let page = browser.sign_in(&login, username, password).await;
        assert_eq!(page.status, 401);
        assert_eq!(page.field("username"), username);
        texts.insert(page.text("login-error").to_owned());
        assert_eq!(browser.cookie(SESSION), None);
    }
    assert_eq!(texts.len(), 1);
    let right = browser.sign_in(&login, " alice ", "wonderland").await;
    assert_eq!(right.status, 303, "spaces around a name are a keyboard's");
}

#[tokio::test]
async fn too_many_tries_are_refused_even_with_the_right_password() {
    let (issuer, client) = shared();
    let browser = Browser::new(&issuer);
    let login = browser.login_page(&client).await;
    for _ in 0..10 {
        assert_eq!(browser.sign_in(&login, "mallory", "no").await.status, 401);
    }
    let page = browser.sign_in(&login, "mallory", "no").await;
    assert_eq!(page.status, 429);
    assert!(page.text("login-error").contains("too many tries"));
    let wait: u64 = page.header("retry-after").parse().unwrap();
    assert!((1..=30).contains(&wait), "{wait}");
    assert_eq!(browser.sign_in(&login, "bob", "builder").await.status, 303);
}

#[tokio::test]
async fn a_form_without_the_token_of_this_browser_is_refused() {
    let (issuer, client) = shared();
    let (browser, stranger) = (Browser::new(&issuer), Browser::new(&issuer));
    let login = browser.login_page(&client).await;
    let foreign = stranger.login_page(&client).await.field("form_token");
    let ticket = login.field("ticket");
    let fields = [("username", "alice"), ("password", "wonderland"), ("ticket", &ticket)];
    for token in [None, Some(""), Some("x"), Some(&*foreign)] {
        let mut all = fields.to_vec();
        all.extend(token.map(|token| ("form_token", token)));
        for path in ["/login", "/consent"] {
            let refused = browser.post(path, &all).await;
            assert_eq!((refused.status, refused.text("error")), (403, "access_denied"));
            assert_eq!(browser.cookie(SESSION), None);
        }
    }
    let token = login.field("form_token");
    let mut all = fields.to_vec();
    all.push(("form_token", &token));
    assert_eq!(stranger.post("/login", &all).await.status, 403, "another browser's cookie");
    assert_eq!(Browser::new(&issuer).post("/login", &all).await.status, 403, "no cookie");
    assert_eq!(browser.post("/login", &all).await.status, 303);
}

#[tokio::test]
async fn cookies_are_kept_from_scripts_and_other_sites_and_last_as_long_as_the_login() {
    let (issuer, client) = shared();
    let browser = Browser::new(&issuer);
    let login = browser.login_page(&client).await;
    let form = login.set_cookies();
    assert_eq!(form.len(), 1);
    assert!(form[0].starts_with(&format!("{FORM}=")));
    assert!(form[0].ends_with("; Path=/; HttpOnly; SameSite=Lax"), "{}", form[0]);
    let signed_in = browser.sign_in(&login, "alice", "wonderland").await;
    let session = signed_in.set_cookies();
    assert_eq!(session.len(), 1);
    assert!(session[0].starts_with(&format!("{SESSION}=")));
    assert!(
        session[0].ends_with("; Path=/; HttpOnly; SameSite=Lax; Max-Age=86400"),
        "{}",
        session[0]
    );
}

#[tokio::test]
async fn the_session_cookie_changes_at_every_login_and_the_one_before_is_dead() {
    let (issuer, client) = shared();
    let browser = Browser::new(&issuer);
    browser.set_cookie(SESSION, "planted");
    let login = browser.login_page(&client).await;
    browser.sign_in(&login, "alice", "wonderland").await;
    let first = browser.cookie(SESSION).unwrap();
    browser.sign_in(&login, "alice", "wonderland").await;
    let second = browser.cookie(SESSION).unwrap();
    assert_ne!(first, "planted");
    assert_ne!(first, second);
    for (cookie, signed_in) in [("planted", false), (&*first, false), (&*second, true)] {
        let browser = Browser::new(&issuer);
        browser.set_cookie(SESSION, cookie);
        let page = browser.authorize(&client, "").await;
        assert_eq!(page.status == 200, signed_in);
    }
}

#[tokio::test]
async fn a_ticket_that_is_missing_or_forged_is_an_error_page() {
    let (issuer, client) = shared();
    let browser = Browser::new(&issuer);
    let login = browser.login_page(&client).await;
    for path in ["/login", "/consent"] {
        for query in ["", "?ticket=", "?ticket=forged"] {
            let page = browser.get(&format!("{path}{query}")).await;
            assert_eq!(
                (page.status, page.text("error")),
                (400, "invalid_request"),
                "{path}{query}"
            );
        }
    }
    let token = login.field("form_token");
    for action in ["sign-in", "cancel"] {
        let fields = [
            ("form_token", &*token),
            ("ticket", "forged"),
            ("action", action),
            ("username", "alice"),
            ("password", "wonderland"),
        ];
        assert_eq!(browser.post("/login", &fields).await.status, 400);
    }
    assert_eq!(browser.cookie(SESSION), None, "no sign-in without a way on");
}

#[tokio::test]
async fn a_request_too_long_for_a_url_gets_its_pages_right_there() {
    let (issuer, client) = shared();
    let browser = Browser::new(&issuer);
    let state = "ä".repeat(2000);
    let fields = [
        ("response_type", "code"),
        ("client_id", &*client),
        ("code_challenge", support::CHALLENGE),
        ("code_challenge_method", "S256"),
        ("state", &*state),
    ];
    let login = browser.post("/authorize", &fields).await;
    assert_eq!(login.status, 200);
    assert_eq!(login.action(), "/login");
    let cancelled = browser.submit(&login, &[("action", "cancel")]).await;
    assert_eq!(cancelled.params()["state"], state);
    browser.sign_in(&browser.login_page(&client).await, "alice", "wonderland").await;
    let consent = browser.post("/authorize", &fields).await;
    assert_eq!((consent.status, consent.action()), (200, "/consent".into()));
    let denied = browser.submit(&consent, &[("decision", "deny")]).await;
    assert_eq!(denied.params()["state"], state);
}

#[tokio::test]
async fn a_consent_page_has_an_address_where_it_can_be_reloaded_by_who_was_asked() {
    let (issuer, client) = shared();
    let browser = Browser::new(&issuer);
    let login = browser.login_page(&client).await;
    let signed_in = browser.sign_in(&login, "alice", "wonderland").await;
    let asked = browser.get(signed_in.location()).await;
    assert_eq!(asked.status, 303);
    assert!(asked.location().starts_with("/consent?ticket="), "{}", asked.location());
    let page = browser.get(asked.location()).await;
    assert_eq!((page.status, page.text("client-name")), (200, "Test &lt;Client&gt;"));
    let stranger = Browser::new(&issuer).get(asked.location()).await;
    assert_eq!((stranger.status, stranger.text("error")), (400, "invalid_request"));
    let reloaded = browser.get(asked.location()).await;
    let allowed = browser.submit(&reloaded, &[("scope", "reports.read"), ("decision", "allow")]);
    assert!(allowed.await.params().contains_key("code"));
}

#[tokio::test]
async fn a_body_of_a_megabyte_is_refused() {
    let (issuer, _) = shared();
    let browser = Browser::new(&issuer);
    let megabyte = "x".repeat(1 << 20);
    for (path, status) in [
        ("/authorize", 400),
        ("/login", 413),
        ("/consent", 413),
        ("/account", 413),
        ("/token", 400),
        ("/introspect", 400),
        ("/revoke", 400),
    ] {
        let page = browser.post(path, &[("state", &*megabyte)]).await;
        assert_eq!(page.status, status, "{path}");
        assert!(page.body.contains("invalid_request"), "{path}");
    }
}
