//! The requests, as a framework hands them over.

use bytes::Bytes;
use http::Request;
use http::header::{AUTHORIZATION, CONTENT_TYPE};

pub const ISSUER: &str = "https://id.example";
pub const CLIENT: &str = "dashboard";
pub const CALLBACK: &str = "https://dashboard.example/callback";
pub const SCOPE: &str = "reports.read";

const ENCODED_CALLBACK: &str = "https%3A%2F%2Fdashboard.example%2Fcallback";
const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";

/// Step 2 of the flow.
pub fn authorization() -> Request<Bytes> {
    let uri = format!(
        "/authorize?response_type=code&client_id={CLIENT}&redirect_uri={ENCODED_CALLBACK}\
         &scope={SCOPE}&state=af0ifjsldkj4aWcb\
         &code_challenge={CHALLENGE}&code_challenge_method=S256"
    );
    Request::get(uri).body(Bytes::new()).unwrap()
}

/// Step 5.
pub fn exchange(code: &str) -> Request<Bytes> {
    exchange_with(code, VERIFIER)
}

/// Step 5 with any verifier.
pub fn exchange_with(code: &str, verifier: &str) -> Request<Bytes> {
    token(&format!(
        "grant_type=authorization_code&client_id={CLIENT}&code_verifier={verifier}\
         &redirect_uri={ENCODED_CALLBACK}&code={}",
        encoded(code)
    ))
}

/// Step 5 once more, later.
pub fn refresh(refresh_token: &str) -> Request<Bytes> {
    let refresh_token = encoded(refresh_token);
    token(&format!("grant_type=refresh_token&client_id={CLIENT}&refresh_token={refresh_token}"))
}

/// Step 7.
pub fn resource(access_token: &str) -> Request<Bytes> {
    let header = format!("Bearer {access_token}");
    Request::get("/reports").header(AUTHORIZATION, header).body(Bytes::new()).unwrap()
}

fn token(form: &str) -> Request<Bytes> {
    Request::post("/token")
        .header(CONTENT_TYPE, "application/x-www-form-urlencoded")
        .body(Bytes::copy_from_slice(form.as_bytes()))
        .unwrap()
}

/// Some peers' tokens are base64 with `+`, `/` and `=`.
fn encoded(token: &str) -> String {
    token.replace('+', "%2B").replace('/', "%2F").replace('=', "%3D")
}
