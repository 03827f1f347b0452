//! The store keeps what its seams promise, and what it kept outlives the process.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::path::Path;
use std::sync::Arc;

use codegrant::{
    Authentication, AuthorizationServer, Authorize, Client, ClientSecret, Clock, Decision, Granted,
    InExtensions, Issuer, SecretRing, ServerSecret, Subject, SystemClock, conformance,
};
use http::header::{AUTHORIZATION, CONTENT_TYPE, LOCATION};
use http::request::{Builder, Parts};
use strangers::store::Store;

fn client() -> Client {
    let app = Client::builder("app").redirect_uri("https://app.example/callback");
    app.client_secret_post(ClientSecret::new("of 128 bits").hash()).scope("read").build().unwrap()
}

#[tokio::test]
async fn grants_are_kept_as_promised() {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open(folder.path().join("redb")).unwrap();
    conformance::code_store(&store).await.unwrap();
}

#[tokio::test]
async fn consents_are_kept_as_promised() {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open(folder.path().join("redb")).unwrap();
    conformance::consent_store(&store).await.unwrap();
}

#[tokio::test]
async fn clients_are_kept_as_promised() {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open(folder.path().join("redb")).unwrap();
    store.register(&client()).await.unwrap();
    conformance::client_store(&store, &client()).await.unwrap();
}

const SECRET: &str = "bmV3bmV3bmV3bmV3bmV3bmV3bmV3bmV3bmV3bmV3bmU";

fn server(file: &Path) -> (AuthorizationServer, Arc<Store>) {
    let store = Arc::new(Store::open(file).unwrap());
    let builder = AuthorizationServer::builder(
        Issuer::parse("https://id.example").unwrap(),
        SecretRing::new(ServerSecret::from_base64url(SECRET).unwrap()),
        store.clone(),
        store.clone(),
        Arc::new(InExtensions),
    );
    (builder.consents(store.clone()).build().unwrap(), store)
}

fn head(request: Builder) -> Parts {
    let request = request.header(CONTENT_TYPE, "application/x-www-form-urlencoded");
    request.body(()).unwrap().into_parts().0
}

fn browser() -> Parts {
    let mut browser = head(http::Request::get("/authorize?response_type=code&client_id=app"));
    let alice = Authentication::new(Subject::parse("alice").unwrap(), SystemClock.now());
    browser.extensions.insert(alice);
    browser
}

#[tokio::test]
async fn what_was_granted_outlives_the_process() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("redb");
    let (before, store) = server(&file);
    store.register(&client()).await.unwrap();
    let Authorize::Consent(consent) = before.authorize(&browser(), b"").await else {
        panic!("Alice was never asked")
    };
    let allowed = Decision::Allow(Granted::everything());
    let answer = before.decide(&browser(), consent.ticket(), allowed).await.unwrap();
    let answer = answer.headers()[LOCATION].to_str().unwrap();
    let (_, code) = answer.split_once("code=").unwrap();
    let form = format!(
        "grant_type=authorization_code&client_id=app&client_secret=of+128+bits&code={}",
        code.split('&').next().unwrap(),
    );
    let tokens = before.token(&head(http::Request::post("/token")), form.as_bytes()).await;
    let tokens: serde_json::Value = serde_json::from_str(tokens.body()).unwrap();
    let bearer = format!("Bearer {}", tokens["access_token"].as_str().unwrap());
    drop((before, store)); // the file has one owner at a time

    let (after, _) = server(&file);
    let call = head(http::Request::get("/").header(AUTHORIZATION, bearer));
    let access = after.guard().check(&call).await.unwrap();
    assert_eq!(access.subject().as_str(), "alice");
    let asked_again = after.authorize(&browser(), b"").await;
    assert!(matches!(asked_again, Authorize::Redirect(_)), "consent was forgotten");
}
