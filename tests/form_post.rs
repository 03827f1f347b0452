//! Answers that the browser posts to the client (OAuth 2.0 Form Post Response
//! Mode): what the page holds, and where it never leads.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use codegrant::{Authorize, Cause, Decision, Response};
use http::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, LOCATION, REFERRER_POLICY,
    X_FRAME_OPTIONS,
};
use sha2::{Digest, Sha256};

use crate::support::House;
use crate::support::answers::{assert_error_redirect, assert_page, only};
use crate::support::apps::{App, DASHBOARD, MOBILE, SPA, STATE, TRUSTED};
use crate::support::call::Form;
use crate::support::world::ISSUER;

/// The page's form, taken apart as a browser would.
struct Posted {
    action: String,
    fields: Vec<(String, String)>,
}

impl Posted {
    fn one(&self, name: &str) -> &str {
        let mut named = self.fields.iter().filter(|(mine, _)| mine == name);
        let (_, value) = named.next().unwrap_or_else(|| panic!("{name} is missing"));
        assert!(named.next().is_none(), "{name} is there twice");
        value
    }
}

fn asks(app: &App) -> Form {
    app.asks().with("response_mode", "form_post")
}

fn attribute<'t>(tag: &'t str, name: &str) -> &'t str {
    let (_, rest) = tag.split_once(&format!(" {name}=\"")).unwrap();
    rest.split_once('"').unwrap().0
}

fn unescape(text: &str) -> String {
    let text = text.replace("&lt;", "<").replace("&gt;", ">").replace("&quot;", "\"");
    text.replace("&#39;", "'").replace("&amp;", "&")
}

fn posted(response: &Response) -> Posted {
    assert_eq!(response.status(), 200, "{response:?}");
    assert_eq!(only(response, &CONTENT_TYPE), Some("text/html; charset=utf-8"));
    assert_eq!(only(response, &CACHE_CONTROL), Some("no-store"));
    assert_eq!(only(response, &REFERRER_POLICY), Some("no-referrer"));
    assert_eq!(only(response, &X_FRAME_OPTIONS), Some("DENY"));
    assert!(!response.headers().contains_key(LOCATION));
    let body = response.body();
    let (_, form) = body.split_once("<form").unwrap();
    let (form, behind) = form.split_once("</form>").unwrap();
    let (head, fields) = form.split_once('>').unwrap();
    assert_eq!(attribute(head, "method"), "post");
    assert!(form.contains("<button>"), "works without script");
    assert!(!behind.contains("<form") && !behind.contains("<input"));
    let inputs = fields.split("<input").skip(1);
    let field = |tag: &str| (unescape(attribute(tag, "name")), unescape(attribute(tag, "value")));
    Posted { action: unescape(attribute(head, "action")), fields: inputs.map(field).collect() }
}

fn assert_posted_error(response: &Response, app: &App, error: &str) {
    let posted = posted(response);
    assert_eq!(posted.action, app.redirect_uri);
    assert_eq!(posted.one("error"), error);
    assert_eq!(posted.one("state"), STATE);
    assert_eq!(posted.one("iss"), ISSUER);
    assert!(!posted.one("error_description").is_empty());
    assert_eq!(posted.fields.len(), 4);
    assert_eq!(response.extensions().get::<Cause>().unwrap().code().as_str(), error);
}

#[tokio::test]
async fn a_code_is_posted_with_state_and_iss_and_redeems() {
    let house = House::new();
    for app in [DASHBOARD, SPA] {
        let response = house.allow(house.consent(&asks(&app)).await.ticket()).await;
        let posted = posted(&response);
        assert_eq!(posted.action, app.redirect_uri);
        assert_eq!((posted.one("state"), posted.one("iss")), (STATE, ISSUER));
        assert_eq!(posted.fields.len(), 3);
        house.assert_redeems(&app, posted.one("code"), "a form").await;
    }
    assert!(!posted(&house.redirect(&asks(&TRUSTED)).await).one("code").is_empty());
}

#[tokio::test]
async fn errors_go_the_same_way() {
    let house = House::new();
    for (form, error) in [
        (asks(&SPA).with("scope", "admin"), "invalid_scope"),
        (asks(&SPA).with("response_type", "token"), "unsupported_response_type"),
        (asks(&SPA).with("prompt", "none"), "consent_required"),
        (asks(&SPA).without_pkce(), "invalid_request"),
        (asks(&SPA).with("request", "e30"), "request_not_supported"),
    ] {
        assert_posted_error(&house.redirect(&form).await, &SPA, error);
    }
    let consent = house.consent(&asks(&SPA)).await;
    let denied = house.decide(consent.ticket(), Decision::Deny).await.unwrap();
    assert_posted_error(&denied, &SPA, "access_denied");
    house.sign_out();
    let login = house.login(&asks(&SPA)).await;
    let cancelled = house.server.cancel(login.ticket()).await.unwrap();
    assert_posted_error(&cancelled, &SPA, "access_denied");
    let none = house.redirect(&asks(&SPA).with("prompt", "none")).await;
    assert_posted_error(&none, &SPA, "login_required");
}

#[tokio::test]
async fn the_page_runs_its_own_script_and_no_other() {
    let house = House::new();
    let hostile = "\"'><script>alert(1)</script><input name=code value=evil>&quot;</form>";
    let response = house.redirect(&asks(&TRUSTED).with("state", hostile)).await;
    assert_eq!(posted(&response).one("state"), hostile);
    let body = response.body();
    assert_eq!(body.matches("<script").count(), 1, "{body}");
    assert_eq!(body.matches("</form>").count(), 1, "{body}");
    let (_, script) = body.split_once("<script>").unwrap();
    let (script, _) = script.split_once("</script>").unwrap();
    let hash = STANDARD.encode(Sha256::digest(script));
    let policy = only(&response, &CONTENT_SECURITY_POLICY).unwrap();
    let directives: Vec<_> = policy.split("; ").collect();
    assert_eq!(
        directives,
        [
            "default-src 'none'",
            &format!("script-src 'sha256-{hash}'"),
            "base-uri 'none'",
            "frame-ancestors 'none'"
        ]
    );
}

/// Whatever is wrong, a form leads to a registered address or nowhere.
#[tokio::test]
async fn a_form_leads_to_nobody_who_is_not_registered() {
    let house = House::new();
    for (name, value, error) in [
        ("redirect_uri", "https://evil.example/callback", "invalid_request"),
        ("redirect_uri", "https://spa.example/callback/../evil", "invalid_request"),
        ("redirect_uri", "javascript:alert(1)", "invalid_request"),
        ("client_id", "nobody", "invalid_client"),
    ] {
        for form in
            [asks(&SPA), asks(&SPA).with("scope", "admin"), asks(&SPA).with("prompt", "none")]
        {
            let refused = house.refused(&form.with(name, value)).await;
            assert_page(&refused, 400, error);
            assert!(!refused.response().body().contains("<form"));
        }
    }
}

#[tokio::test]
async fn nobody_posts_to_a_client_before_the_user_signed_in() {
    let house = House::new();
    house.sign_out();
    for form in [asks(&SPA), asks(&SPA).with("scope", "admin"), asks(&TRUSTED)] {
        assert!(matches!(house.authorize(&form).await, Authorize::Login(_)));
    }
}

/// An installed application has no web server that a form could be posted to.
#[tokio::test]
async fn a_form_is_posted_to_web_addresses_only() {
    let house = House::new();
    let response = house.redirect(&asks(&MOBILE)).await;
    assert_error_redirect(&response, &MOBILE, "invalid_request");
}

/// A mode that cannot be read is itself told in the usual way.
#[tokio::test]
async fn a_mode_that_comes_twice_is_told_in_the_query() {
    let house = House::new();
    let twice = asks(&SPA).and("response_mode", "form_post");
    assert_error_redirect(&house.redirect(&twice).await, &SPA, "invalid_request");
}

#[tokio::test]
async fn an_unfit_state_is_not_posted_back() {
    let house = House::new();
    let response = house.redirect(&asks(&SPA).with("state", "a\r\nb")).await;
    let posted = posted(&response);
    assert_eq!(posted.one("error"), "invalid_request");
    assert_eq!(posted.fields.iter().filter(|(name, _)| name == "state").count(), 0);
}
