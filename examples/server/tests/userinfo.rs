//! What clients are told of users, and what they call them.
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

use reqwest::Method;
use serde_json::{Value, json};
use server::{Client, Config, Scope, Secret};
use support::openid::{claims, openid_client};
use support::{Browser, CALLBACK, start};

fn server(change: impl FnOnce(&mut Config)) -> Browser {
    Browser::new(&start(change, |builder| builder))
}

/// What the token endpoint answers `client` after alice has allowed it `scope`.
async fn tokens(browser: &Browser, client: &str, scope: &str) -> Value {
    let code = browser.code(client, &format!("&scope={scope}")).await;
    let answer = browser.redeem(client, &code).await;
    assert_eq!(answer.status, 200, "{}", answer.body);
    answer.json()
}

async fn userinfo(browser: &Browser, token: &Value) -> support::Page {
    let request = browser.request(Method::GET, "/userinfo");
    browser.send(request.bearer_auth(token.as_str().unwrap())).await
}

/// The names of the members of an object, in alphabetical order.
fn names(object: &Value) -> Vec<&str> {
    object.as_object().unwrap().keys().map(String::as_str).collect()
}

#[tokio::test]
async fn userinfo_tells_what_the_scopes_release_of_the_configured_claims_and_no_more() {
    let browser = server(|config| {
        config.users[0].claims.insert("shoe_size".into(), json!(36));
        let scope = Scope { claims: vec!["shoe_size".into()], ..Scope::default() };
        config.scopes.insert("feet".into(), scope);
        let scope = "openid profile email feet roles".to_owned();
        config.clients.push(Client { scope, ..openid_client("app") });
    });
    for (scope, told) in [
        ("openid", &["sub"][..]),
        ("openid+email", &["email", "email_verified", "sub"]),
        ("openid+feet+roles", &["permissions", "roles", "shoe_size", "sub"]),
    ] {
        let answer =
            userinfo(&browser, &tokens(&browser, "app", scope).await["access_token"]).await;
        assert_eq!((answer.status, names(&answer.json())), (200, told.to_vec()), "{scope}");
    }
    let profile = tokens(&browser, "app", "openid+profile").await;
    let answer = userinfo(&browser, &profile["access_token"]).await.json();
    assert_eq!(names(&answer).len(), 15, "all that the scope has: {answer}");
    assert_eq!(answer["sub"], claims(&profile["id_token"])["sub"]);
    let feet = tokens(&browser, "app", "openid+feet+roles").await;
    let answer = userinfo(&browser, &feet["access_token"]).await.json();
    assert_eq!(answer["permissions"], json!(["reports:read"]));
    assert_eq!(answer["shoe_size"], 36);
}

#[tokio::test]
async fn userinfo_takes_the_token_in_a_form_too_and_nothing_else_for_one() {
    let browser = server(|config| config.clients.push(openid_client("app")));
    let tokens = tokens(&browser, "app", "openid+email").await;
    let token = tokens["access_token"].as_str().unwrap();
    let posted = browser.post("/userinfo", &[("access_token", token)]).await;
    assert_eq!((posted.status, &posted.json()["email"]), (200, &json!("alice@people.example")));
    assert_eq!(posted.header("cache-control"), "no-store");
    for wrong in [&json!("x"), &tokens["id_token"]] {
        let refused = userinfo(&browser, wrong).await;
        assert_eq!(refused.status, 401);
        assert!(refused.header("www-authenticate").contains("invalid_token"));
    }
    assert_eq!(browser.get("/userinfo").await.status, 401);
}

#[tokio::test]
async fn claims_are_told_one_by_one_as_the_user_ticked_them() {
    let browser = server(|config| config.clients.push(openid_client("app")));
    let asked = r#"{"userinfo":{"email":null,"phone_number":null},"id_token":{"given_name":null}}"#;
    let asked: String = form_urlencoded::byte_serialize(asked.as_bytes()).collect();
    let page = browser.consent_page_for("app", &format!("&scope=openid&claims={asked}")).await;
    let ticked = [("scope", "openid"), ("claim", "email"), ("claim", "given_name")];
    let answer = browser.submit(&page, &[&ticked[..], &[("decision", "allow")]].concat()).await;
    let tokens = browser.redeem("app", &answer.params()["code"]).await.json();
    assert_eq!(claims(&tokens["id_token"])["given_name"], "Alice");
    let told = userinfo(&browser, &tokens["access_token"]).await.json();
    assert_eq!(names(&told), ["email", "sub"]);
}

#[tokio::test]
async fn a_client_may_have_it_signed_by_its_own_algorithm() {
    let signed = Client {
        id_token_signed_response_alg: Some("ES256".into()),
        userinfo_signed_response_alg: Some("ES256".into()),
        ..openid_client("app")
    };
    let browser = server(|config| config.clients.push(signed));
    let tokens = tokens(&browser, "app", "openid+email").await;
    let header = |token: &Value| {
        let header = token.as_str().unwrap().split('.').next().unwrap();
        claims(&json!(format!("x.{header}")))["alg"].as_str().unwrap().to_owned()
    };
    assert_eq!(header(&tokens["id_token"]), "ES256");
    let answer = userinfo(&browser, &tokens["access_token"]).await;
    assert_eq!(answer.header("content-type"), "application/jwt");
    let answer = json!(answer.body);
    assert_eq!(header(&answer), "ES256");
    assert_eq!(claims(&answer)["email"], "alice@people.example");
}

#[tokio::test]
async fn clients_of_one_sector_share_a_name_for_a_user_and_others_have_their_own() {
    let directory = tempfile::tempdir().unwrap();
    let salt = directory.path().join("salt");
    let pairwise = |id: &str, sector: &str| Client {
        subject_type: Some("pairwise".into()),
        sector_identifier_uri: Some(format!("https://{sector}/uris.json")),
        ..openid_client(id)
    };
    let clients =
        [pairwise("a", "one.example"), pairwise("b", "one.example"), pairwise("c", "two.example")];
    let file = Secret::File(salt.clone());
    let browser = server(|config| {
        config.pairwise_salt = Some(file);
        config.clients.extend(clients);
        config.clients.push(openid_client("d"));
    });
    let mut subs = Vec::new();
    for client in ["a", "b", "c", "d"] {
        let tokens = tokens(&browser, client, "openid+reports.read").await;
        let told = userinfo(&browser, &tokens["access_token"]).await.json();
        let sub = claims(&tokens["id_token"])["sub"].as_str().unwrap().to_owned();
        assert_eq!(told["sub"], sub);
        let token = tokens["access_token"].as_str().unwrap();
        assert_eq!(browser.introspect(client, token).await.json()["sub"], sub);
        assert_eq!(browser.resource(token).await.json()["sub"], sub);
        subs.push(sub);
    }
    assert_eq!(subs[0], subs[1]);
    assert!(subs[0] != subs[2] && subs[0].len() == 43);
    assert_eq!(subs[3], "alice");
    let metadata = browser.get("/.well-known/openid-configuration").await.json();
    assert_eq!(metadata["subject_types_supported"], json!(["public", "pairwise"]));
    assert!(salt.exists(), "it is drawn where there was none");
}

#[tokio::test]
async fn a_jwt_opens_the_resource_and_userinfo_and_is_revoked_at_once_here() {
    let browser = server(|config| {
        config.policy.access_token_format = Some("jwt".into());
        config.clients.push(openid_client("app"));
    });
    let tokens = tokens(&browser, "app", "openid+reports.read").await;
    let token = tokens["access_token"].as_str().unwrap();
    assert_eq!(claims(&tokens["access_token"])["client_id"], "app");
    assert_eq!(browser.resource(token).await.status, 200);
    assert_eq!(userinfo(&browser, &tokens["access_token"]).await.status, 200);
    assert_eq!(browser.call("app", "/revoke", &[("token", token)]).await.status, 200);
    assert_eq!(browser.resource(token).await.status, 401);
    assert_eq!(userinfo(&browser, &tokens["access_token"]).await.status, 401);
}

#[tokio::test]
async fn a_client_need_not_use_pkce_or_a_nonce_and_may_have_a_query_in_its_redirect_uri() {
    let with_query = format!("{CALLBACK}?dummy1=lorem&dummy2=ipsum");
    let redirect_uris = vec![CALLBACK.to_owned(), with_query.clone()];
    let client = Client {
        redirect_uris,
        token_endpoint_auth_method: Some("client_secret_post".into()),
        ..openid_client("app")
    };
    let browser = server(|config| config.clients.push(client));
    let encoded: String = form_urlencoded::byte_serialize(with_query.as_bytes()).collect();
    let asked =
        format!("/authorize?response_type=code&client_id=app&scope=openid&redirect_uri={encoded}");
    let login = browser.get(&asked).await;
    let login = browser.get(login.location()).await;
    let consent = browser.sign_in(&login, "alice", "wonderland").await;
    let consent = browser.follow(&consent).await;
    let answer = browser.allow(&consent).await;
    assert!(answer.location().starts_with(&format!("{with_query}&code=")), "{}", answer.location());
    let code = answer.params()["code"].clone();
    let fields = [
        ("grant_type", "authorization_code"),
        ("code", &*code),
        ("redirect_uri", &*with_query),
        ("client_id", "app"),
        ("client_secret", support::SECRET),
    ];
    let tokens = browser.post("/token", &fields).await.json();
    assert_eq!(claims(&tokens["id_token"]).get("nonce"), None);
}
