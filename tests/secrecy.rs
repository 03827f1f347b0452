//! A whole flow, listened to: no secret is where it does not belong.

use std::fmt::{Debug, Write};

use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use codegrant::{
    Authorize, Cause, ClientSecret, Decision, Granted, Response, SecretHash, SecretRing,
    ServerSecret,
};
use serde_json::Value;
use sha2::{Digest, Sha256};
use url::form_urlencoded::byte_serialize;

use crate::support::House;
use crate::support::answers::{json, location};
use crate::support::apps::{
    AUDITOR, App, BILLING, DASHBOARD, EVERY_APP, NOTES, Proof, SPA, VERIFIER, basic, registered,
};
use crate::support::call::{Call, bearer};

/// Secrets, by what to call them when one is found.
struct Secrets(Vec<(&'static str, String)>);

impl Secrets {
    fn none() -> Self {
        Self(Vec::new())
    }

    /// In every spelling that it might be written down in.
    fn add(&mut self, name: &'static str, secret: &str) {
        assert!(!secret.is_empty());
        let bytes = secret.as_bytes();
        let spellings = [
            secret.to_owned(),
            byte_serialize(bytes).collect(),
            STANDARD.encode(bytes),
            URL_SAFE_NO_PAD.encode(bytes),
            hex(bytes),
            format!("{bytes:?}"),
        ];
        self.0.extend(spellings.map(|spelling| (name, spelling)));
    }

    fn assert_absent(&self, place: &str, text: &str) {
        for (name, secret) in &self.0 {
            assert!(!text.contains(secret.as_str()), "the {name} shows in {place}");
        }
    }

    fn assert_unprinted(&self, place: &str, value: &dyn Debug) {
        self.assert_absent(place, &format!("{value:?} {value:#?}"));
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        write!(text, "{byte:02x}").unwrap();
        text
    })
}

fn secret_of(app: &App) -> Option<&'static str> {
    match app.proof {
        Proof::Nothing => None,
        Proof::Basic(secret) | Proof::Post(secret) => Some(secret),
    }
}

/// All that every flow starts with.
fn standing_secrets() -> Secrets {
    let mut secrets = Secrets::none();
    for secret in EVERY_APP.iter().filter_map(secret_of) {
        secrets.add("client secret", secret);
        secrets.add("hash of the client secret", &hex(&Sha256::digest(secret)));
        let hash: [u8; 32] = Sha256::digest(secret).into();
        secrets.0.push(("hash of the client secret", format!("{hash:?}")));
        secrets.0.push(("hash of the client secret", URL_SAFE_NO_PAD.encode(hash)));
    }
    secrets.0.push(("server secret", format!("{:?}", [1_u8; 32])));
    secrets.0.push(("server secret", URL_SAFE_NO_PAD.encode([1_u8; 32])));
    secrets.0.push(("server secret", hex(&[1_u8; 32])));
    secrets.add("verifier", VERIFIER);
    secrets
}

/// Head and body of an answer, as they go over the wire.
fn wire(response: &Response) -> String {
    let mut text = String::new();
    for (name, value) in response.headers() {
        writeln!(text, "{name}: {}", value.to_str().unwrap()).unwrap();
    }
    text + response.body()
}

fn cause(response: &Response) -> Cause {
    response.extensions().get::<Cause>().unwrap().clone()
}

/// The text for a log, with all that it says about where it came from.
fn logged(cause: &Cause) -> String {
    let mut text = format!("{cause} {cause:?} {}", cause.description());
    let mut source = std::error::Error::source(cause);
    while let Some(inner) = source {
        write!(text, " {inner} {inner:?}").unwrap();
        source = inner.source();
    }
    text
}

#[test]
fn secrets_do_not_print() {
    let mut secrets = Secrets::none();
    let drawn = ClientSecret::generate();
    secrets.add("client secret", drawn.expose());
    let SecretHash::Sha256(hash) = drawn.hash() else { panic!("not SHA-256") };
    secrets.0.push(("hash of the client secret", format!("{hash:?}")));
    secrets.add("foreign hash", "$argon2id$v=19$m=1$c2FsdA$aGFzaA");
    secrets.assert_unprinted("ClientSecret", &drawn);
    secrets.assert_unprinted("SecretHash", &drawn.hash());
    let foreign = SecretHash::Foreign("$argon2id$v=19$m=1$c2FsdA$aGFzaA".into());
    secrets.assert_unprinted("SecretHash", &foreign);
    let secrets = standing_secrets();
    let ring = || ServerSecret::new([1; 32]).unwrap();
    secrets.assert_unprinted("ServerSecret", &ring());
    secrets.assert_unprinted("SecretRing", &SecretRing::new(ring()).also_opening(ring()));
    for app in EVERY_APP {
        secrets.assert_unprinted("ClientBuilder", &app.builder());
    }
    for client in registered() {
        secrets.assert_unprinted("Client", &client);
    }
}

#[test]
fn drawn_client_secrets_are_long_and_never_the_same() {
    let (one, two) = (ClientSecret::generate(), ClientSecret::generate());
    assert_ne!(one.expose(), two.expose());
    assert!(one.expose().len() >= 43, "256 bits in base64url");
}

/// What a host would write into its log of a pause.
#[tokio::test]
async fn pauses_do_not_print_their_tickets() {
    let house = House::new();
    let mut secrets = standing_secrets();
    let consent = house.consent(&SPA.asks()).await;
    house.sign_out();
    let login = house.login(&SPA.asks()).await;
    secrets.add("consent ticket", consent.ticket());
    secrets.add("login ticket", login.ticket());
    secrets.assert_unprinted("Consent", &consent);
    secrets.assert_unprinted("Login", &login);
    secrets.assert_unprinted("Authorize", &Authorize::Consent(consent));
    secrets.assert_unprinted("Authorize", &Authorize::Login(login));
}

/// The same value at the moment when it carries a code back to the client.
#[tokio::test]
async fn a_redirect_does_not_print_its_code() {
    let house = House::new();
    let mut secrets = standing_secrets();
    house.code(&SPA).await;
    let authorize = house.authorize(&SPA.asks()).await;
    let Authorize::Redirect(response) = &authorize else { panic!("not a redirect") };
    secrets.add("code", &location(response).one("code"));
    secrets.assert_unprinted("Authorize", &authorize);
}

#[tokio::test]
async fn every_secret_of_a_flow_stays_where_it_belongs() {
    for app in [DASHBOARD, BILLING, SPA] {
        let house = House::new();
        let mut secrets = standing_secrets();
        let consent = house.consent(&app.asks()).await;
        secrets.add("consent ticket", consent.ticket());
        let allow = Decision::Allow(Granted::everything());
        secrets.assert_unprinted("Decision", &allow);
        let redirect = house.decide(consent.ticket(), allow).await.unwrap();
        secrets.assert_absent("the redirect", &wire(&redirect));
        let code = location(&redirect).one("code");
        secrets.add("code", &code);
        for grant in house.grants("alice").await {
            secrets.assert_unprinted("Grant with a code", &grant);
            secrets.assert_absent("the record with a code", &grant.to_record().unwrap());
        }
        let tokens = house.redeem(&app, &code).await;
        secrets.assert_absent("the token response", &wire(&tokens));
        let token = json(&tokens)["access_token"].as_str().unwrap().to_owned();
        assert!(!token.contains(&code) && !code.contains(&token));
        secrets.add("access token", &token);
        for grant in house.grants("alice").await {
            secrets.assert_unprinted("Grant with tokens", &grant);
            secrets.assert_absent("the record with tokens", &grant.to_record().unwrap());
        }
        let access = house.check(&token).await.unwrap();
        secrets.assert_unprinted("Access", &access);
        let replay = house.redeem(&app, &code).await;
        secrets.assert_absent("the answer to a replay", &wire(&replay));
        secrets.assert_absent("the cause of a replay", &logged(&cause(&replay)));
        let denied = house.check(&token).await.unwrap_err();
        secrets.assert_unprinted("Denied", &denied);
        secrets.assert_absent("the cause of a denial", &logged(denied.cause()));
        secrets.assert_absent("the challenge", &wire(&denied.into_response()));
        secrets.assert_unprinted("the clients", &*house.clients);
        secrets.assert_unprinted("the grants", &*house.codes);
    }
}

/// A client that posts what belongs to the token endpoint has made a mistake;
/// the server must not make it worse by writing it into a URL or a page.
#[tokio::test]
async fn a_secret_posted_to_the_wrong_endpoint_goes_no_further() {
    let house = House::new();
    let mut secrets = Secrets::none();
    secrets.add("client secret", "posted-by-mistake");
    secrets.add("verifier", VERIFIER);
    let form = DASHBOARD.asks().and("client_secret", "posted-by-mistake");
    let call = Call::post("/authorize", &form.and("code_verifier", VERIFIER));
    house.sign_out();
    let Authorize::Redirect(response) = house.authorize_by(&call).await else {
        panic!("not a redirect")
    };
    secrets.assert_absent("the URL", &wire(&response));
    house.sign_in("alice");
    let Authorize::Consent(consent) = house.authorize_by(&call).await else {
        panic!("not a consent page")
    };
    let ticket = URL_SAFE_NO_PAD.decode(consent.ticket()).unwrap();
    secrets.assert_absent("the ticket", &String::from_utf8_lossy(&ticket));
}

/// Errors are written to logs more than anything else.
#[tokio::test]
async fn no_error_repeats_the_secret_that_was_presented() {
    let house = House::new();
    let mut secrets = standing_secrets();
    let code = house.code(&DASHBOARD).await;
    let token = house.access_token(&SPA).await;
    let consent = house.consent(&BILLING.asks()).await.ticket().to_owned();
    let wrong_verifier = "w".repeat(43);
    secrets.add("code", &code);
    secrets.add("access token", &token);
    secrets.add("ticket", &consent);
    secrets.add("wrong secret", "almost-the-right-secret");
    secrets.add("wrong verifier", &wrong_verifier);
    let claim = || DASHBOARD.claim(&code);
    let header = |secret| basic(DASHBOARD.id, secret);
    let bare = Call::post("/token", &claim());
    for call in [
        bare.clone(),
        bare.clone().header(http::header::AUTHORIZATION, &header("almost-the-right-secret")),
        Call::post("/token", &claim().with("client_id", DASHBOARD.id)),
        DASHBOARD.calls_token(&claim().with("code_verifier", &wrong_verifier)),
        DASHBOARD.calls_token(&claim().with("code_verifier", &format!("{wrong_verifier}+"))),
        DASHBOARD.calls_token(&claim().with("redirect_uri", "https://evil.example/")),
        DASHBOARD.calls_token(&claim().with("code", &format!("{code}A"))),
        DASHBOARD.calls_token(&claim().with("code", &token)),
        DASHBOARD.calls_token(&claim().with("client_secret", "almost-the-right-secret")),
        DASHBOARD.calls_token(&claim().and("code", &code)),
        DASHBOARD.redeems(&code).uri(&format!("/token?code={code}")),
        SPA.calls_token(&claim()),
    ] {
        let response = house.token(&call).await;
        secrets.assert_absent("an error", &wire(&response));
        secrets.assert_absent("a cause", &logged(&cause(&response)));
    }
    for call in [
        bearer(&format!("{token}A")),
        bearer(&code),
        bearer(&format!("{token} {token}")),
        bearer(&token).uri(&format!("/resource?access_token={token}")),
    ] {
        let denied = house.server.guard().check(&call.parts()).await.unwrap_err();
        secrets.assert_unprinted("Denied", &denied);
        secrets.assert_absent("a cause", &logged(denied.cause()));
        secrets.assert_absent("a challenge", &wire(&denied.into_response()));
    }
    house.sign_in("bob");
    for ticket in [consent.clone(), format!("{consent}A"), code.clone(), token.clone()] {
        let refused = house.decide(&ticket, Decision::Deny).await.unwrap_err();
        secrets.assert_unprinted("Refused", &refused);
        secrets.assert_absent("a cause", &logged(refused.cause()));
        secrets.assert_absent("a page", &wire(&refused.response()));
    }
}

/// A stolen database holds nothing usable: no 16 bytes of a credential are in
/// its grant's record, but the grant's id, which is no secret.
#[tokio::test]
async fn no_part_of_a_credential_is_in_the_record() {
    let house = House::new();
    let code = house.code(&SPA).await;
    let coded = house.grants("alice").await[0].to_record().unwrap();
    let response = house.redeem(&SPA, &code).await;
    let token = json(&response)["access_token"].as_str().unwrap().to_owned();
    let grant = house.grants("alice").await[0].clone();
    let active = grant.to_record().unwrap();
    for credential in [code, token] {
        let bytes = URL_SAFE_NO_PAD.decode(&credential).unwrap();
        let windows = bytes.windows(16).filter(|window| window != grant.id().as_bytes());
        for window in windows {
            for spelling in [URL_SAFE_NO_PAD.encode(window), hex(window), format!("{window:?}")] {
                assert!(!coded.contains(&spelling) && !active.contains(&spelling));
            }
        }
    }
}

#[tokio::test]
async fn a_printed_grant_tells_that_it_has_a_seed_and_not_its_hash() {
    let house = House::new();
    house.code(&SPA).await;
    let grant = house.grants("alice").await[0].clone();
    let record: Value = serde_json::from_str(&grant.to_record().unwrap()).unwrap();
    let hash = record["facts"]["stage"]["coded"]["seed"].as_str().unwrap();
    let mut secrets = Secrets::none();
    secrets.add("hash of the seed", hash);
    let bytes = URL_SAFE_NO_PAD.decode(hash).unwrap();
    secrets.0.push(("hash of the seed", format!("{bytes:?}")));
    secrets.assert_unprinted("Grant", &grant);
    assert!(format!("{grant:?}").contains("seed: SeedHash(…)"));
}

/// RFC 9700 section 4.2.4: what a URL leaked tells nothing about the token.
#[tokio::test]
async fn a_code_tells_nothing_about_its_token() {
    let house = House::new();
    let code = house.code(&SPA).await;
    let response = house.redeem(&SPA, &code).await;
    let token = json(&response)["access_token"].as_str().unwrap().to_owned();
    let id = *house.grants("alice").await[0].id();
    let [code, token] = [code, token].map(|text| URL_SAFE_NO_PAD.decode(text).unwrap());
    let place = code.windows(16).position(|window| window == id.as_bytes()).unwrap();
    for part in code.get(place..).unwrap().windows(16).skip(16) {
        assert!(!token.windows(16).any(|other| other == part));
    }
}

#[tokio::test]
async fn a_refresh_token_stays_where_it_belongs() {
    let house = House::new();
    let mut secrets = standing_secrets();
    let first = house.tokens(&NOTES).await;
    let next = house.refreshed(&NOTES, &first.refresh).await;
    for token in [&first.access, &first.refresh, &next.access, &next.refresh] {
        secrets.add("token", token);
    }
    let told = house.introspect(&AUDITOR, &next.refresh).await;
    secrets.assert_absent("introspection", &told.to_string());
    house.pass(60);
    let replay = house.refresh(&NOTES, &first.refresh).await;
    secrets.assert_absent("the answer to a replay", &wire(&replay));
    secrets.assert_absent("the cause of a replay", &logged(&cause(&replay)));
    for grant in house.grants("alice").await {
        secrets.assert_unprinted("Grant", &grant);
        secrets.assert_absent("the record", &grant.to_record().unwrap());
    }
}

/// Access tokens are shown to resource servers, refresh tokens only to us: no
/// 16 bytes behind the grant's id in the one are in the other.
#[tokio::test]
async fn an_access_token_tells_nothing_about_the_refresh_token() {
    let house = House::new();
    let tokens = house.tokens(&NOTES).await;
    let grant = house.grants("alice").await[0].clone();
    let [access, refresh] =
        [tokens.access, tokens.refresh].map(|text| URL_SAFE_NO_PAD.decode(text).unwrap());
    let record = grant.to_record().unwrap();
    let place = refresh.windows(16).position(|window| window == grant.id().as_bytes()).unwrap();
    for part in refresh.get(place..).unwrap().windows(16).skip(16) {
        assert!(!access.windows(16).any(|other| other == part));
        assert!(!record.contains(&URL_SAFE_NO_PAD.encode(part)));
    }
}
