//! The page on which users see whom they let in, and put them out.
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

use codegrant::{ClientId, ConsentStore, Subject};
use server::Client;
use stores::Sqlite;
use support::client::Tokens;
use support::{Browser, Page, confidential, refreshing, start};

const SESSION: &str = "codegrant_session";
const RESOURCE: &str = "https://api.example/v1";
const FOR_RESOURCE: &str = "&resource=https%3A%2F%2Fapi.example%2Fv1";

/// A server with the clients `one`, `two words` and `native`.
fn server() -> String {
    let refreshing = |id| Client {
        grant_types: refreshing(),
        resources: vec![RESOURCE.into()],
        ..confidential(id)
    };
    start(|config| config.clients.extend(["one", "two words"].map(refreshing)), |builder| builder)
}

async fn sign_in(browser: &Browser, page: &Page, username: &str, password: &str) -> Page {
    let (token, to) = (page.field("form_token"), page.field("to"));
    let fields =
        [("form_token", &*token), ("to", &to), ("username", username), ("password", password)];
    browser.post(&page.action(), &fields).await
}

/// The account page of somebody who signs in there.
async fn account(browser: &Browser, username: &str, password: &str) -> Page {
    let login = browser.get("/login?to=account").await;
    let signed_in = sign_in(browser, &login, username, password).await;
    assert_eq!((signed_in.status, signed_in.location()), (303, "/account"));
    shown(browser).await
}

/// The account page of somebody who is signed in.
async fn shown(browser: &Browser) -> Page {
    let page = browser.get("/account").await;
    assert_eq!(page.status, 200, "{}", page.body);
    page
}

/// Everything that the page says of one application.
fn entry<'p>(page: &'p Page, id: &str) -> &'p str {
    let from = page.body.find(&format!("id=\"app-{id}\"")).unwrap();
    let entry = &page.body[from..];
    &entry[..entry.find("</section>").unwrap()]
}

async fn is_signed_out(browser: &Browser) -> bool {
    browser.get("/account").await.status == 303
}

/// The tokens that bob lets `client` have in this browser.
async fn bobs_tokens(browser: &Browser, client: &str) -> Tokens {
    account(browser, "bob", "builder").await;
    browser.tokens(client, "").await
}

#[tokio::test]
async fn who_is_not_signed_in_signs_in_and_comes_back() {
    let browser = Browser::new(&server());
    let redirect = browser.get("/account").await;
    assert_eq!((redirect.status, redirect.location()), (303, "/login?to=account"));
    let login = browser.get(redirect.location()).await;
    assert!(login.has("sign-in") && !login.has("cancel"), "there is no client to go back to");
    let wrong = sign_in(&browser, &login, "alice", "no").await;
    assert_eq!((wrong.status, wrong.has("login-error")), (401, true));
    let right = sign_in(&browser, &wrong, "alice", "wonderland").await;
    assert_eq!((right.status, right.location()), (303, "/account"));
    let page = shown(&browser).await;
    assert_eq!(page.text("signed-in-as"), "alice");
    assert!(!page.body.contains("<section"), "no application is connected yet");
    assert!(page.header("content-security-policy").contains("frame-ancestors 'none'"));
    assert_eq!(page.header("cache-control"), "no-store");
}

#[tokio::test]
async fn a_login_page_leads_nowhere_else() {
    let browser = Browser::new(&server());
    for path in ["/login?to=https%3A%2F%2Fevil.example", "/login?to=", "/login?to=/account"] {
        assert_eq!(browser.get(path).await.status, 400, "{path}");
    }
}

#[tokio::test]
async fn below_an_issuers_path_it_is_there_too() {
    let issuer = start(|config| config.issuer.push_str("/tenant"), |builder| builder);
    let browser = Browser::new(&issuer);
    let redirect = browser.get("/tenant/account").await;
    assert_eq!(redirect.location(), "/tenant/login?to=account");
    let login = browser.get(redirect.location()).await;
    let signed_in = sign_in(&browser, &login, "alice", "wonderland").await;
    assert_eq!(signed_in.location(), "/tenant/account");
    let page = browser.get(signed_in.location()).await;
    assert_eq!(browser.press(&page, "action", "sign-out").await.status, 200);
}

#[tokio::test]
async fn applications_are_listed_with_what_they_may_do_where_and_how_long() {
    let browser = Browser::new(&server());
    browser.tokens("one", FOR_RESOURCE).await;
    browser.tokens("one", FOR_RESOURCE).await;
    browser.tokens("two words", "&scope=reports.read").await;
    let page = shown(&browser).await;
    let one = entry(&page, "one");
    for words in [
        "Test &lt;Client&gt;",
        "Read your reports",
        "Write comments on your reports in your name",
        RESOURCE,
        "<dd>2 times</dd>",
        "<time datetime=\"20",
    ] {
        assert!(one.contains(words), "{words} in {one}");
    }
    let two = entry(&page, "two+words");
    assert!(two.contains("Read your reports") && !two.contains("comments"), "{two}");
    assert!(!two.contains("times") && !two.contains(RESOURCE), "{two}");
    for id in ["applications", "disconnect-one", "disconnect-two+words", "sign-out-everywhere"] {
        assert!(page.has(id), "{id}");
    }
    assert!(!page.has("app-native"), "it was never let in");
    assert_eq!(page.body.matches("<section").count(), 2, "each client once");
    let bob = account(&Browser::new(browser.issuer()), "bob", "builder").await;
    assert!(!bob.body.contains("<section"), "it is nobody else's");
}

#[tokio::test]
async fn disconnecting_one_application_ends_its_access_and_its_consent_alone() {
    let browser = Browser::new(&server());
    let one = browser.tokens("one", "").await;
    let two = browser.tokens("two words", "").await;
    let page = shown(&browser).await;
    let answer = browser.press(&page, "disconnect", "one").await;
    assert_eq!((answer.status, answer.location()), (303, "/account"));
    let page = shown(&browser).await;
    assert!(!page.has("app-one") && page.has("app-two+words"));
    assert_eq!(browser.resource(&one.access).await.status, 401);
    assert_eq!(browser.refresh("one", &one.refresh).await.status, 400);
    assert_eq!(browser.resource(&two.access).await.status, 200);
    assert_eq!(browser.authorize("one", "").await.status, 200, "the user is asked again");
    assert_eq!(browser.authorize("two words", "").await.status, 303);
}

#[tokio::test]
async fn what_is_only_remembered_is_listed_and_forgotten_at_the_users_word() {
    let browser = Browser::new(&server());
    let tokens = browser.tokens("one", "&scope=reports.read").await;
    browser.call("one", "/revoke", &[("token", &*tokens.access)]).await;
    let page = shown(&browser).await;
    let one = entry(&page, "one");
    assert!(one.contains("no access, but") && one.contains("Read your reports"), "{one}");
    assert!(!one.contains("<time"), "{one}");
    browser.press(&page, "disconnect", "one").await;
    assert!(!shown(&browser).await.has("app-one"));
    assert_eq!(browser.authorize("one", "&scope=reports.read").await.status, 200);
}

#[tokio::test]
async fn a_client_that_is_registered_no_more_is_disconnected_and_a_stranger_leaves_no_trace() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("test.db");
    let store = format!("sqlite:{}", file.display());
    let secret = directory.path().join("shared");
    let with = |clients: Vec<Client>| {
        let (store, secret) = (store.clone(), secret.clone());
        move |config: &mut server::Config| {
            (config.store, config.secret) = (store, server::Secret::File(secret));
            config.clients = clients;
        }
    };
    let before = Browser::new(&start(with(vec![confidential("gone")]), |builder| builder));
    before.code("gone", "").await;
    let after = Browser::new(&start(with(vec![confidential("here")]), |builder| builder));
    after.set_cookie(SESSION, &before.cookie(SESSION).unwrap());
    let page = shown(&after).await;
    assert!(page.has("app-gone"));
    for named in ["stranger", "", "gone"] {
        assert!(shown(&after).await.has("app-gone"));
        after.press(&page, "disconnect", named).await;
    }
    assert!(!shown(&after).await.has("app-gone"));

    let (database, alice) = (Sqlite::open(&file).unwrap(), Subject::parse("alice").unwrap());
    for (client, is_kept) in [("stranger", false), ("gone", true)] {
        let client = ClientId::parse(client).unwrap();
        assert_eq!(database.consented(&alice, &client).await.unwrap().is_some(), is_kept);
    }
}

#[tokio::test]
async fn signing_out_everywhere_ends_every_sign_in_and_every_token_of_this_user_alone() {
    let issuer = server();
    let (here, there, bob) = (Browser::new(&issuer), Browser::new(&issuer), Browser::new(&issuer));
    let tokens = here.tokens("one", "").await;
    account(&there, "alice", "wonderland").await;
    let bobs = bobs_tokens(&bob, "one").await;
    let (cookie, page) = (here.cookie(SESSION).unwrap(), shown(&here).await);
    let answer = here.press(&page, "action", "sign-out-everywhere").await;
    assert_eq!((answer.status, answer.has("signed-out")), (200, true));
    assert!(is_signed_out(&there).await && is_signed_out(&here).await);
    here.set_cookie(SESSION, &cookie);
    assert!(is_signed_out(&here).await, "the cookie itself is dead");
    assert_eq!(here.resource(&tokens.access).await.status, 401);
    assert_eq!(here.refresh("one", &tokens.refresh).await.status, 400);
    assert!(!is_signed_out(&bob).await);
    assert_eq!(bob.resource(&bobs.access).await.status, 200);
}

#[tokio::test]
async fn signing_out_ends_the_sign_in_of_this_browser_and_its_tokens_alone() {
    let issuer = server();
    let (here, there) = (Browser::new(&issuer), Browser::new(&issuer));
    let tokens = here.tokens("one", "").await;
    let elsewhere = there.tokens("one", "").await;
    let (cookie, page) = (here.cookie(SESSION).unwrap(), shown(&here).await);
    let answer = here.press(&page, "action", "sign-out").await;
    assert_eq!((answer.status, answer.has("signed-out")), (200, true));
    let forgotten = format!("{SESSION}=; Path=/; HttpOnly; SameSite=Lax; Max-Age=0");
    assert_eq!(answer.set_cookies(), [forgotten]);
    here.set_cookie(SESSION, &cookie);
    assert!(is_signed_out(&here).await, "the cookie itself is dead");
    assert!(!is_signed_out(&there).await);
    assert_eq!(here.resource(&tokens.access).await.status, 401);
    assert_eq!(there.resource(&elsewhere.access).await.status, 200);
}

#[tokio::test]
async fn a_form_of_another_site_does_nothing() {
    let browser = Browser::new(&server());
    let tokens = browser.tokens("one", "").await;
    let session = shown(&browser).await.field("session");
    for button in [("disconnect", "one"), ("action", "sign-out"), ("action", "sign-out-everywhere")]
    {
        for token in ["", "x"] {
            let fields = [button, ("session", &session), ("form_token", token)];
            let refused = browser.post("/account", &fields).await;
            assert_eq!((refused.status, refused.text("error")), (403, "access_denied"));
        }
    }
    assert!(shown(&browser).await.has("app-one"));
    assert_eq!(browser.resource(&tokens.access).await.status, 200);
}

#[tokio::test]
async fn a_page_that_another_user_left_open_does_nothing_to_this_one() {
    let browser = Browser::new(&server());
    browser.tokens("one", "").await;
    let alices = shown(&browser).await;
    let bobs = bobs_tokens(&browser, "one").await;
    for button in [("disconnect", "one"), ("action", "sign-out"), ("action", "sign-out-everywhere")]
    {
        let answer = browser.press(&alices, button.0, button.1).await;
        assert_eq!((answer.status, answer.location()), (303, "/account"));
    }
    let page = shown(&browser).await;
    assert_eq!(page.text("signed-in-as"), "bob");
    assert!(page.has("app-one"));
    assert_eq!(browser.resource(&bobs.access).await.status, 200);
}
