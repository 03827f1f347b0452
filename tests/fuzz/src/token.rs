//! What clients post: requests for tokens, and about them (RFC 6749 sections 4.1.3
//! and 6, RFC 7009, RFC 7662).

use codegrant::{Authorize, Client, ClientSecret, CodeStore, Response};
use http::header::AUTHORIZATION;
use serde_json::Value;

use crate::house::{House, alice, finish, get, now, post};
use crate::{lines, values};

const URI: &str = "https://app.example/cb";
const SCOPE: &str = "reports.read reports.write";
/// The example of RFC 7636 appendix B.
const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";

/// A code that waits, another that was redeemed, and what it was redeemed for. In
/// a body, each stands for what is put between braces here.
struct Credentials {
    code: String,
    spent: String,
    access: String,
    refresh: String,
}

/// An endpoint, an Authorization header and a body: tokens are only for whoever
/// presents everything, and a request that fails changes nothing, unless it shows
/// that somebody else has what it presents.
pub fn token(data: &[u8]) {
    let Some([endpoint, header, body]) = lines(data) else { return };
    let (house, issued) = house();
    let body = issued.filled_in(body);
    let request = if header.is_empty() { post() } else { post().header(AUTHORIZATION, header) };
    let Some(parts) = finish(request) else { return };
    let before = records(&house);
    let answer = match endpoint {
        "introspect" => now(house.server.introspect(&parts, body.as_bytes())),
        "revoke" => now(house.server.revoke(&parts, body.as_bytes())),
        _ => now(house.server.token(&parts, body.as_bytes())),
    };
    assert!([200, 400, 401].contains(&answer.status().as_u16()), "{answer:?}");
    let (is_new, succeeded) = (records(&house) != before, answer.status() == 200);
    match endpoint {
        "introspect" => issued.is_told(&answer, &body, is_new),
        "revoke" => assert!(!is_new || issued.has_one_of(&body, "token") && succeeded),
        _ if succeeded => issued.is_earned(&answer, &body),
        _ => assert!(!is_new || issued.is_replayed(&body), "a failure that changed something"),
    }
}

fn house() -> (House, Credentials) {
    let app = Client::builder("app").redirect_uri(URI).scope(SCOPE).refresh_token();
    let desk = Client::builder("desk").redirect_uri("https://desk.example/").introspects_any();
    let desk = desk.client_secret_basic(ClientSecret::new("secret").hash());
    let house = House::new([app.build().unwrap(), desk.build().unwrap()]);
    let (code, spent) = (code(&house), code(&house));
    let redeemed = format!(
        "grant_type=authorization_code&client_id=app&code={spent}&code_verifier={VERIFIER}"
    );
    let answer = now(house.server.token(&finish(post()).unwrap(), redeemed.as_bytes()));
    let tokens: Value = serde_json::from_str(answer.body()).unwrap();
    let [access, refresh] = ["access_token", "refresh_token"]
        .map(|name| tokens.get(name).and_then(Value::as_str).unwrap().to_owned());
    (house, Credentials { code, spent, access, refresh })
}

/// A code for a request that named no redirect URI.
fn code(house: &House) -> String {
    let query = format!(
        "client_id=app&response_type=code&code_challenge={CHALLENGE}&code_challenge_method=S256"
    );
    let parts = get(&query, true).unwrap();
    let Authorize::Consent(consent) = now(house.server.authorize(&parts, b"")) else {
        panic!("nobody was asked")
    };
    let allow = codegrant::Decision::Allow(codegrant::Granted::everything());
    let answer = now(house.server.decide(&parts, consent.ticket(), allow)).unwrap();
    let location = answer.headers()["location"].to_str().unwrap();
    values(location.split_once('?').unwrap().1, "code").remove(0)
}

/// All that is kept, version and all.
fn records(house: &House) -> Vec<(u64, String)> {
    let grants = now(house.codes.granted_by(alice().subject())).unwrap();
    let mut records: Vec<_> =
        grants.iter().map(|grant| (grant.version(), grant.to_record().unwrap())).collect();
    records.sort();
    records
}

impl Credentials {
    fn filled_in(&self, body: &str) -> String {
        let Self { code, spent, access, refresh } = self;
        [("{code}", code), ("{spent}", spent), ("{access}", access), ("{refresh}", refresh)]
            .into_iter()
            .fold(body.to_owned(), |body, (name, text)| body.replace(name, text))
    }

    /// Whether the parameter `name` of `body` is a token.
    fn has_one_of(&self, body: &str, name: &str) -> bool {
        matches!(&values(body, name)[..], [one] if [&self.access, &self.refresh].contains(&one))
    }

    /// Whoever gets tokens has presented all that it takes, and gets no more.
    fn is_earned(&self, answer: &Response, body: &str) {
        let only = |name| values(body, name).join("\n");
        assert_eq!(only("client_id"), "app");
        match &*only("grant_type") {
            "authorization_code" => assert_eq!(
                (&only("code"), &*only("code_verifier"), &*only("redirect_uri")),
                (&self.code, VERIFIER, "")
            ),
            other => assert_eq!((other, &only("refresh_token")), ("refresh_token", &self.refresh)),
        }
        let tokens: Value = serde_json::from_str(answer.body()).unwrap();
        assert!(tokens["scope"].as_str().unwrap().split(' ').all(|it| SCOPE.contains(it)));
        assert!([&self.access, &self.refresh].iter().all(|old| tokens["access_token"] != ***old));
    }

    /// Whether the code that was redeemed comes again, as it came the first time.
    fn is_replayed(&self, body: &str) -> bool {
        values(body, "code") == [&*self.spent] && values(body, "code_verifier") == [VERIFIER]
    }

    fn is_told(&self, answer: &Response, body: &str, is_new: bool) {
        assert!(!is_new);
        let told: Value = serde_json::from_str(answer.body()).unwrap();
        let active = told.get("active").is_some_and(|active| active == true);
        assert!(!active || self.has_one_of(body, "token"));
        assert!(!active || told["client_id"] == "app" && told["sub"] == "alice");
    }
}
