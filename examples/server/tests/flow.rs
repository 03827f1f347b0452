//! The whole flow as a browser and a client go through it.
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

use std::sync::Arc;

use async_trait::async_trait;
use codegrant::{CodeStore, Grant, GrantId, HostError, Subject, Timestamp};
use support::client::ALLOW;
use support::{Browser, CALLBACK, shared, start};

#[tokio::test]
async fn a_user_signs_in_allows_and_the_client_reaches_the_resource() {
    let (issuer, client) = shared();
    let browser = Browser::new(&issuer);
    let consent = browser.consent_page(&client).await;
    let answer = browser.submit(&consent, &ALLOW).await;
    assert!(answer.location().starts_with(&format!("{CALLBACK}?")));
    let params = answer.params();
    assert_eq!((params["state"].as_str(), params["iss"].as_str()), ("s 1", issuer.as_str()));

    let application = Browser::new(&issuer);
    let tokens = application.redeem(&client, &params["code"]).await;
    assert_eq!((tokens.status, tokens.header("cache-control")), (200, "no-store"));
    let tokens = tokens.json();
    assert_eq!(tokens["scope"], "reports.read reports.comment");
    assert_eq!((&tokens["token_type"], &tokens["expires_in"]), (&"Bearer".into(), &600.into()));

    let report = application.resource(tokens["access_token"].as_str().unwrap()).await;
    assert_eq!(report.status, 200);
    let report = report.json();
    assert_eq!((&report["sub"], &report["client_id"]), (&"alice".into(), &client.into()));
    assert_eq!(report["permissions"], serde_json::json!(["reports:read"]));
}

#[tokio::test]
async fn a_code_redeemed_twice_takes_the_token_with_it() {
    let (issuer, client) = shared();
    let browser = Browser::new(&issuer);
    let code = browser.code(&client, "").await;
    let tokens = browser.redeem(&client, &code).await.json();
    let token = tokens["access_token"].as_str().unwrap();
    assert_eq!(browser.resource(token).await.status, 200);
    let replay = browser.redeem(&client, &code).await;
    assert_eq!((replay.status, &replay.json()["error"]), (400, &"invalid_grant".into()));
    assert_eq!(browser.resource(token).await.status, 401);
}

/// What came by POST goes on by GET, with all its parameters in the address.
#[tokio::test]
async fn the_longest_request_finds_its_way_by_either_version_of_http() {
    let (issuer, client) = shared();
    let more = "x".repeat(20_000);
    let address = format!("{issuer}/authorize?response_type=code&client_id={client}&more={more}");
    let client = || reqwest::Client::builder().redirect(reqwest::redirect::Policy::none());
    for http in [client().http1_only(), client().http2_prior_knowledge()] {
        let answer = http.build().unwrap().get(&address).send().await.unwrap();
        assert_eq!(answer.status(), 303, "{:?}", answer.version());
    }
}

#[tokio::test]
async fn what_is_unticked_is_not_granted() {
    let (issuer, client) = shared();
    let browser = Browser::new(&issuer);
    let consent = browser.consent_page(&client).await;
    let fields = [("scope", "reports.comment"), ("decision", "allow")];
    let code = browser.submit(&consent, &fields).await.params()["code"].clone();
    let tokens = browser.redeem(&client, &code).await.json();
    assert_eq!(tokens["scope"], "reports.comment");
    let refused = browser.resource(tokens["access_token"].as_str().unwrap()).await;
    assert_eq!(refused.status, 403);
    assert!(refused.header("www-authenticate").contains("insufficient_scope"));
}

#[tokio::test]
async fn more_than_was_asked_cannot_be_ticked() {
    let (issuer, _) = shared();
    let browser = Browser::new(&issuer);
    let login = browser.login_page("native").await;
    let signed_in = browser.sign_in(&login, "alice", "wonderland").await;
    let consent = browser.follow(&signed_in).await;
    let code = browser.submit(&consent, &ALLOW).await.params()["code"].clone();
    assert_eq!(browser.redeem("native", &code).await.json()["scope"], "reports.read");
}

#[tokio::test]
async fn nothing_ticked_is_a_denial_and_so_is_deny() {
    let (issuer, client) = shared();
    let browser = Browser::new(&issuer);
    let consent = browser.consent_page(&client).await;
    for fields in
        [vec![("decision", "allow")], vec![("scope", "reports.read"), ("decision", "deny")]]
    {
        let params = browser.submit(&consent, &fields).await.params();
        assert_eq!(params["error"], "access_denied");
        assert_eq!(params["state"], "s 1");
        assert!(!params.contains_key("code"));
    }
}

#[tokio::test]
async fn cancel_tells_the_client_without_a_sign_in() {
    let (issuer, client) = shared();
    let browser = Browser::new(&issuer);
    let login = browser.login_page(&client).await;
    let answer = browser.submit(&login, &[("username", ""), ("action", "cancel")]).await;
    assert!(answer.location().starts_with(CALLBACK));
    assert_eq!(answer.params()["error"], "access_denied");
    assert_eq!(browser.cookie("codegrant_session"), None);
}

#[tokio::test]
async fn a_second_visit_skips_the_login_page_and_remembered_consent_the_consent_page() {
    let (issuer, client) = shared();
    let browser = Browser::new(&issuer);
    let consent = browser.consent_page(&client).await;
    let less = [("scope", "reports.read"), ("decision", "allow")];
    assert!(browser.submit(&consent, &less).await.params().contains_key("code"));

    let again = browser.authorize(&client, "&scope=reports.read").await;
    assert!(again.params().contains_key("code"), "{}", again.location());
    let more = browser.authorize(&client, "").await;
    assert_eq!(more.status, 200, "more than before is asked");
    assert!(more.has("allowed-before"));
}

#[tokio::test]
async fn a_client_that_anybody_can_pose_as_asks_every_time_and_the_page_says_why() {
    let (issuer, client) = shared();
    let browser = Browser::new(&issuer);
    let confidential = browser.consent_page(&client).await;
    assert!(!confidential.has("impersonation"));
    for _ in 0..2 {
        let at = "&redirect_uri=http%3A%2F%2F127.0.0.1%3A4567%2Fcallback";
        let consent = browser.authorize("native", at).await;
        assert_eq!(consent.status, 200);
        assert!(consent.has("impersonation"));
        assert_eq!(consent.text("redirect-host"), "127.0.0.1:4567");
        let answer = browser.submit(&consent, &ALLOW).await;
        assert!(answer.location().starts_with("http://127.0.0.1:4567/callback?code="));
    }
}

#[tokio::test]
async fn the_consent_of_another_sign_in_is_refused() {
    let (issuer, client) = shared();
    let alice = Browser::new(&issuer);
    let consent = alice.consent_page(&client).await;
    let login = Browser::new(&issuer).login_page(&client).await;
    let fields = [
        ("form_token", &*consent.field("form_token")),
        ("ticket", &*login.field("ticket")),
        ("username", "bob"),
        ("password", "builder"),
    ];
    assert_eq!(alice.post("/login", &fields).await.status, 303);
    let refused = alice.submit(&consent, &ALLOW).await;
    assert_eq!((refused.status, refused.text("error")), (400, "invalid_request"));
}

#[tokio::test]
async fn a_user_without_the_permission_is_refused_whatever_the_token_covers() {
    let issuer = start(
        |config| {
            config.clients.push(support::confidential("app"));
            config.resource.permission = Some("reports:read".into());
        },
        |builder| builder,
    );
    let browser = Browser::new(&issuer);
    let login = browser.login_page("app").await;
    let consent = browser.follow(&browser.sign_in(&login, "bob", "builder").await).await;
    let code = browser.submit(&consent, &ALLOW).await.params()["code"].clone();
    let tokens = browser.redeem("app", &code).await.json();
    let refused = browser.resource(tokens["access_token"].as_str().unwrap()).await;
    assert_eq!((refused.status, &refused.json()["error"]), (403, &"access_denied".into()));
}

#[tokio::test]
async fn an_issuer_with_a_path_has_everything_below_it() {
    let issuer = start(
        |config| {
            config.issuer.push_str("/:tenant");
            config.clients.push(support::confidential("app"));
        },
        |builder| builder,
    );
    let browser = Browser::new(&issuer);
    let consent = browser.consent_page("app").await;
    assert_eq!(consent.action(), "/:tenant/consent");
    let params = browser.submit(&consent, &ALLOW).await.params();
    assert_eq!(params["iss"], issuer);
    assert_eq!(browser.get("/:tenant/healthz").await.status, 200);
    for outside in ["/healthz", "/authorize", "/:tenant", "/other/authorize"] {
        assert_eq!(browser.get(outside).await.status, 404, "{outside}");
    }
    let wrong_method = browser.get("/:tenant/logout/confirm").await;
    assert_eq!((wrong_method.status, wrong_method.header("allow")), (405, "POST"));
    assert!(wrong_method.has("error"), "it is a page of ours");
    for path in ["par", "register"] {
        assert_eq!(browser.get(&format!("/:tenant/{path}")).await.status, 404, "{path}");
    }
}

/// A store that is down.
struct Down;

#[async_trait]
impl CodeStore for Down {
    async fn insert(&self, _: Arc<Grant>) -> Result<(), HostError> {
        Err(HostError::new("down"))
    }

    async fn grant(&self, _: &GrantId) -> Result<Option<Arc<Grant>>, HostError> {
        Err(HostError::new("down"))
    }

    async fn replace(&self, _: Arc<Grant>) -> Result<bool, HostError> {
        Err(HostError::new("down"))
    }

    async fn granted_by(&self, _: &Subject) -> Result<Vec<Arc<Grant>>, HostError> {
        Err(HostError::new("down"))
    }

    async fn sweep(&self, _: Timestamp) -> Result<u64, HostError> {
        Err(HostError::new("down"))
    }
}

#[tokio::test]
async fn a_server_without_its_store_says_so() {
    let issuer = start(
        |config| config.clients.push(support::confidential("app")),
        |builder| builder.wrap_codes(|_| Arc::new(Down)),
    );
    let browser = Browser::new(&issuer);
    assert_eq!(browser.get("/healthz").await.status, 503);
    let consent = browser.consent_page("app").await;
    let params = browser.submit(&consent, &ALLOW).await.params();
    assert_eq!(params["error"], "temporarily_unavailable");
}

#[tokio::test]
async fn a_healthy_server_says_so() {
    assert_eq!(Browser::new(&shared().0).get("/healthz").await.status, 200);
}
