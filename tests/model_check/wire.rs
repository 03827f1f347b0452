//! What is asked, as requests; what is answered, from the responses.

use codegrant::{
    Authentication, Authorize, ClientId, Decision, Granted, Response, Subject, Timestamp,
};
use http::header::{AUTHORIZATION, CONTENT_TYPE, LOCATION};
use http::request::Parts;
use http::{Request, StatusCode};
use serde_json::Value;
use url::{Url, form_urlencoded};

use super::model::{Answer, Ask, Claim};
use super::world::{Node, SECRET};

/// The example of RFC 7636 appendix B.
const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";

type Form<'f> = Vec<(&'static str, &'f str)>;

impl Node {
    /// The server's answer; `None` if it is unavailable.
    pub(super) async fn answer(&self, ask: &Ask) -> Option<Answer> {
        match ask {
            Ask::Authorize => self.authorize().await,
            Ask::Decide { ticket, .. } => self.decide(ticket).await,
            Ask::Redeem { code, claim } => self.token(redemption(code, *claim)).await,
            Ask::Refresh { token, claim } => {
                let grant_type = ("grant_type", "refresh_token");
                self.token(vec![grant_type, ("refresh_token", token), client(*claim)]).await
            }
            Ask::Revoke { token, claim } => {
                let (parts, body) = post("/revoke", &vec![("token", token), client(*claim)]);
                let response = self.server.revoke(&parts, &body).await;
                Some(if is_ok(&response)? { Answer::Done } else { Answer::Refused })
            }
            Ask::Introspect { token } => {
                let resource = ("client_id", "resource");
                let form = vec![("token", token.as_str()), resource, ("client_secret", SECRET)];
                let (parts, body) = post("/introspect", &form);
                let response = self.server.introspect(&parts, &body).await;
                assert!(is_ok(&response)?, "{response:?}");
                Some(Answer::Valid(json(&response)["active"] == true))
            }
            Ask::Validate { token } => {
                let request = Request::get("/").header(AUTHORIZATION, format!("Bearer {token}"));
                let (parts, ()) = request.body(()).unwrap().into_parts();
                match self.server.guard().check(&parts).await {
                    Ok(_) => Some(Answer::Valid(true)),
                    Err(denied) => is_ok(&denied.into_response()).map(Answer::Valid),
                }
            }
            Ask::Withdraw => {
                let app = ClientId::parse("app").unwrap();
                let done = self.server.withdraw_consent(alice().subject(), &app).await;
                done.ok().map(|()| Answer::Done)
            }
            Ask::Sweep => self.sweep().await.ok().map(|_| Answer::Done),
            Ask::Forget | Ask::End { .. } => panic!("nobody can ask this"),
        }
    }

    async fn authorize(&self) -> Option<Answer> {
        let form = vec![
            ("response_type", "code"),
            client(Claim::Right),
            ("code_challenge", CHALLENGE),
            ("code_challenge_method", "S256"),
        ];
        let parts = by_alice(&format!("/authorize?{}", encode(&form)));
        match self.server.authorize(&parts, b"").await {
            Authorize::Consent(consent) => Some(Answer::Consent(consent.ticket().to_owned())),
            Authorize::Redirect(response) => redirected(&response),
            Authorize::Refused(refused) => redirected(&refused.response()),
            Authorize::Login(login) => panic!("alice is signed in: {login:?}"),
        }
    }

    async fn decide(&self, ticket: &str) -> Option<Answer> {
        let allow = Decision::Allow(Granted::everything());
        let decided = self.server.decide(&by_alice("/consent"), ticket, allow).await;
        redirected(&decided.unwrap_or_else(|refused| refused.response()))
    }

    async fn token(&self, form: Form<'_>) -> Option<Answer> {
        let (parts, body) = post("/token", &form);
        let response = self.server.token(&parts, &body).await;
        if !is_ok(&response)? {
            return Some(Answer::Refused);
        }
        let json = json(&response);
        let text = |name: &str| json[name].as_str().unwrap().to_owned();
        Some(Answer::Tokens {
            access: text("access_token"),
            refresh: text("refresh_token"),
            expires_in: json["expires_in"].as_i64().unwrap(),
        })
    }
}

fn redemption(code: &str, claim: Claim) -> Form<'_> {
    let verifier = if claim == Claim::OtherVerifier { CHALLENGE } else { VERIFIER };
    let mut form = vec![
        ("grant_type", "authorization_code"),
        ("code", code),
        ("code_verifier", verifier),
        client(claim),
    ];
    if claim == Claim::OtherRedirectUri {
        form.push(("redirect_uri", "https://thief.example/"));
    }
    form
}

fn client(claim: Claim) -> (&'static str, &'static str) {
    ("client_id", if claim == Claim::OtherClient { "thief" } else { "app" })
}

/// The code that a redirect brings, or that there is none; `None` if a page or
/// a redirect says that the server is unavailable.
fn redirected(response: &Response) -> Option<Answer> {
    if response.status() == StatusCode::SERVICE_UNAVAILABLE {
        return None;
    }
    let location = Url::parse(response.headers()[LOCATION].to_str().unwrap()).unwrap();
    let param = |name: &str| {
        let found = location.query_pairs().find(|(mine, _)| mine == name);
        found.map(|(_, value)| value.into_owned())
    };
    match (param("code"), param("error").as_deref()) {
        (Some(code), None) => Some(Answer::Code(code)),
        (None, Some("access_denied")) => Some(Answer::Refused),
        (None, Some("temporarily_unavailable")) => None,
        _ => panic!("{location}"),
    }
}

/// Whether the server does what was asked; `None` if it is unavailable.
fn is_ok(response: &Response) -> Option<bool> {
    match response.status().as_u16() {
        200 => Some(true),
        400 | 401 => Some(false),
        503 => None,
        _ => panic!("{response:?}"),
    }
}

fn json(response: &Response) -> Value {
    serde_json::from_str(response.body()).unwrap()
}

fn alice() -> Authentication {
    Authentication::new(Subject::parse("alice").unwrap(), Timestamp::from_unix(0))
}

fn by_alice(uri: &str) -> Parts {
    let (mut parts, ()) = Request::get(uri).body(()).unwrap().into_parts();
    parts.extensions.insert(alice());
    parts
}

fn post(uri: &str, form: &Form<'_>) -> (Parts, Vec<u8>) {
    let request = Request::post(uri).header(CONTENT_TYPE, "application/x-www-form-urlencoded");
    (request.body(()).unwrap().into_parts().0, encode(form).into_bytes())
}

fn encode(form: &Form<'_>) -> String {
    form_urlencoded::Serializer::new(String::new()).extend_pairs(form).finish()
}
