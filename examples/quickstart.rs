//! The authorization-code flow in one process and without a web framework, step
//! by step: `cargo run --example quickstart`.
//!
//! A real host does the same with requests that come over HTTP; here they are
//! built by hand, so that each step shows exactly what goes in and what comes out.

#![allow(clippy::print_stdout, reason = "printing the steps is what this program is for")]

use std::error::Error;
use std::sync::Arc;

use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use codegrant::{
    Authentication, AuthorizationServer, Authorize, Client, ClientSecret, Clock, Decision, Granted,
    InExtensions, Issuer, Response, Scope, SecretRing, ServerSecret, Subject, SystemClock, memory,
};
use http::Request;
use http::header::{AUTHORIZATION, CONTENT_TYPE, LOCATION};
use http::request::Parts;
use serde::Deserialize;
use sha2::{Digest, Sha256};
use url::{Url, form_urlencoded};

const CALLBACK: &str = "https://dashboard.example/callback";
/// A real client draws a new one for every request.
const VERIFIER: &str = "a-verifier-is-43-to-128-characters-drawn-at-random";

/// What the dashboard reads from the token endpoint's answer.
#[derive(Deserialize)]
struct Tokens {
    access_token: String,
    scope: String,
    expires_in: u64,
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    let secret = ClientSecret::generate();
    let server = authorization_server(&secret)?;

    println!("1  The user opens the dashboard and presses \"sign in\".");
    let uri = authorization_request();
    println!("2  The dashboard redirects the browser to the authorization endpoint:\n     {uri}");
    let redirect = sign_in_and_allow(&server, &uri).await?;

    let answer = Url::parse(location(&redirect)?)?;
    let mut parameters = answer.query_pairs();
    let (_, code) = parameters.find(|(name, _)| name == "code").ok_or("no code came back")?;
    println!("4  The server redirects back with a code, {}…, once usable.", shortened(&code));

    println!("5  On the back channel, the dashboard exchanges the code for tokens.");
    let (request, form) = token_request(&code, &secret)?;
    let tokens = server.token(&request, form.as_bytes()).await;
    let Tokens { access_token, scope, expires_in } = serde_json::from_str(tokens.body())?;
    println!("6  The server answers {}: an access token,", tokens.status());
    println!("     {}…, for {scope}, valid {expires_in} seconds.", shortened(&access_token));

    println!("7  The dashboard asks the reports API, with the token.");
    let bearer = format!("Bearer {access_token}");
    let request = head(Request::get("/reports").header(AUTHORIZATION, bearer))?;
    let access = server.guard().check(&request).await.map_err(|denied| denied.cause().clone())?;
    access
        .require_scope(&Scope::parse("reports.read")?)
        .map_err(|denied| denied.cause().clone())?;
    let (client, scope, subject) = (access.client(), access.scope(), access.subject());
    println!("8  The reports API validates it: {client} may use {scope} for {subject}.");
    Ok(())
}

/// The host's part: a registered client, stores, a secret, and who is signed
/// in. `InExtensions` finds them where a session middleware put them.
fn authorization_server(secret: &ClientSecret) -> Result<AuthorizationServer, Box<dyn Error>> {
    let dashboard = Client::builder("dashboard")
        .name("Reports dashboard")
        .redirect_uri(CALLBACK)
        .scope("reports.read reports.write")
        .client_secret_basic(secret.hash())
        .build()?;
    let server = AuthorizationServer::builder(
        Issuer::parse("https://id.example")?,
        SecretRing::new(ServerSecret::generate()),
        Arc::new(memory::Clients::new([dashboard])),
        Arc::new(memory::Codes::default()),
        Arc::new(InExtensions),
    );
    Ok(server.build()?)
}

fn authorization_request() -> String {
    let challenge = URL_SAFE_NO_PAD.encode(Sha256::digest(VERIFIER));
    let query = form_urlencoded::Serializer::new(String::new())
        .append_pair("response_type", "code")
        .append_pair("client_id", "dashboard")
        .append_pair("redirect_uri", CALLBACK)
        .append_pair("scope", "reports.read")
        .append_pair("state", "where-the-user-was")
        .append_pair("code_challenge", &challenge)
        .append_pair("code_challenge_method", "S256")
        .finish();
    format!("/authorize?{query}")
}

/// Step 3, in which the server pauses twice for people.
async fn sign_in_and_allow(
    server: &AuthorizationServer,
    uri: &str,
) -> Result<Response, Box<dyn Error>> {
    let Authorize::Login(login) = server.authorize(&head(Request::get(uri))?, b"").await else {
        return Err("nobody is signed in, so a login page was due".into());
    };
    println!(
        "3  Nobody is signed in: a login page for {:?} is due.",
        login.asker().client().name()
    );
    let back = server.resume(login.ticket()).map_err(|refused| refused.description())?;
    println!("   Alice signs in, and the browser goes back to where it was.");

    let mut browser = head(Request::get(location(&back)?))?;
    let alice = Authentication::new(Subject::parse("alice")?, SystemClock.now());
    browser.extensions.insert(alice);
    let Authorize::Consent(consent) = server.authorize(&browser, b"").await else {
        return Err("Alice never agreed before, so a consent page was due".into());
    };
    let (name, scope) = (consent.asker().client().name(), consent.scope());
    println!(
        "   \"Allow {name} to use {scope}? The answer goes to {}.\"",
        consent.asker().redirect_host()
    );
    println!("   Alice allows.");
    let decision = Decision::Allow(Granted::everything());
    let redirect = server.decide(&browser, consent.ticket(), decision).await;
    Ok(redirect.map_err(|refused| refused.description())?)
}

fn token_request(code: &str, secret: &ClientSecret) -> Result<(Parts, String), http::Error> {
    let form = form_urlencoded::Serializer::new(String::new())
        .append_pair("grant_type", "authorization_code")
        .append_pair("code", code)
        .append_pair("redirect_uri", CALLBACK)
        .append_pair("code_verifier", VERIFIER)
        .finish();
    let credentials = STANDARD.encode(format!("dashboard:{}", secret.expose()));
    let request = Request::post("/token")
        .header(CONTENT_TYPE, "application/x-www-form-urlencoded")
        .header(AUTHORIZATION, format!("Basic {credentials}"));
    Ok((head(request)?, form))
}

fn head(request: http::request::Builder) -> Result<Parts, http::Error> {
    Ok(request.body(())?.into_parts().0)
}

fn location(redirect: &Response) -> Result<&str, Box<dyn Error>> {
    Ok(redirect.headers().get(LOCATION).ok_or("not a redirect")?.to_str()?)
}

fn shortened(secret: &str) -> String {
    secret.chars().take(8).collect()
}
