//! What people see: plain HTML that needs no script, and what programs are told.

use codegrant::{Access, ConfirmLogout, Consent, Login, Refused, Response};
use http::header::{
    ALLOW, CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, HeaderName, REFERRER_POLICY,
    SET_COOKIE, X_CONTENT_TYPE_OPTIONS, X_FRAME_OPTIONS,
};
use http::{HeaderMap, HeaderValue, StatusCode};

use crate::sessions::form_token;

/// Where the forms are sent.
pub(crate) const LOGIN: &str = "/login";
pub(crate) const CONSENT: &str = "/consent";
pub(crate) const CONFIRM_LOGOUT: &str = "/logout/confirm";

/// Nobody keeps a page or learns its address, and no other site may put it into a
/// frame and have the user click in it.
const OF_PAGES: [(HeaderName, &str); 6] = [
    (CONTENT_TYPE, "text/html; charset=utf-8"),
    (CACHE_CONTROL, "no-store"),
    (REFERRER_POLICY, "no-referrer"),
    (X_FRAME_OPTIONS, "DENY"),
    (X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (CONTENT_SECURITY_POLICY, "default-src 'none'; base-uri 'none'; frame-ancestors 'none'"),
];

/// The login page; after a wrong password, with the name that was tried.
pub(crate) fn login(login: &Login, headers: &HeaderMap, tried: Option<&str>) -> Response {
    let (status, error) = match tried {
        Some(_) => (StatusCode::UNAUTHORIZED, "<p id=\"login-error\">Wrong name or password.</p>"),
        None => (StatusCode::OK, ""),
    };
    let username = escape(tried.or(login.login_hint()).unwrap_or_default());
    let fields = format!(
        r#"<h1>Sign in</h1><p>to go on to {client} at {host}</p>{error}
        <p><label>Name <input name="username" value="{username}" autocomplete="username"></label>
        <p><label>Password <input name="password" type="password" autocomplete="current-password"></label>
        <p><button id="sign-in">Sign in</button>
        <button id="cancel" name="action" value="cancel">Cancel</button>"#,
        client = escape(login.asker().client().name()),
        host = escape(login.asker().redirect_host()),
    );
    form(status, LOGIN, login.ticket(), &fields, headers)
}

/// The consent page: everything that is asked for, to be allowed or not.
pub(crate) fn consent(consent: &Consent, headers: &HeaderMap) -> Response {
    let item = |text: &str| format!("<li>{}</li>", escape(text));
    let resources = consent.resources().iter().map(|resource| item(resource.as_str()));
    let claims = consent.claims().iter().map(item);
    let items: String = consent.scope().iter().map(item).chain(claims).chain(resources).collect();
    let fields = format!(
        r#"<h1>May {client} use this?</h1><p>{user}, the answer goes to {host}.</p><ul>{items}</ul>
        <p><button id="allow" name="decision" value="allow">Allow</button>
        <button id="deny" name="decision" value="deny">Deny</button>"#,
        client = escape(consent.asker().client().name()),
        host = escape(consent.asker().redirect_host()),
        user = escape(consent.user().subject().as_str()),
    );
    form(StatusCode::OK, CONSENT, consent.ticket(), &fields, headers)
}

/// The question whether the user means to sign out.
pub(crate) fn confirm_logout(confirm: &ConfirmLogout, headers: &HeaderMap) -> Response {
    let fields = format!(
        r#"<h1>Sign out?</h1><p>You are {}.</p><p><button id="sign-out">Sign out</button>"#,
        escape(confirm.user().subject().as_str()),
    );
    form(StatusCode::OK, CONFIRM_LOGOUT, confirm.ticket(), &fields, headers)
}

/// It is done, and no client wants the user back.
pub(crate) fn signed_out() -> Response {
    page(StatusCode::OK, r#"<p id="signed-out">You are signed out.</p>"#)
}

/// What cannot be sent back to a client.
pub(crate) fn refused(refused: &Refused) -> Response {
    error(refused.status(), refused.code().as_str(), &refused.description())
}

/// A form that no page of ours brought to this browser.
pub(crate) fn forged() -> Response {
    error(StatusCode::FORBIDDEN, "access_denied", "this form is none that this browser was given")
}

pub(crate) fn method_not_allowed() -> Response {
    let status = StatusCode::METHOD_NOT_ALLOWED;
    let mut response = error(status, "invalid_request", "this page is for a form to be sent to");
    response.headers_mut().insert(ALLOW, HeaderValue::from_static("POST"));
    response
}

/// What the resource tells whoever it lets in.
pub(crate) fn report(access: &Access) -> Response {
    let report = serde_json::json!({
        "sub": access.subject().as_str(),
        "client_id": access.client().as_str(),
        "scope": access.scope().as_str(),
    });
    let mut response = Response::new(report.to_string());
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}

fn error(status: StatusCode, code: &str, description: &str) -> Response {
    let description = escape(description);
    let text = format!(r#"<h1 id="error">{code}</h1><p id="error-description">{description}</p>"#);
    page(status, &text)
}

/// A page with a form that carries its ticket, and proof that this browser was given it.
fn form(
    status: StatusCode,
    action: &str,
    ticket: &str,
    fields: &str,
    headers: &HeaderMap,
) -> Response {
    let (token, cookie) = form_token(headers);
    let token = escape(&token);
    let form = format!(
        r#"<form method="post" action="{action}"><input type="hidden" name="ticket" value="{ticket}">
        <input type="hidden" name="form_token" value="{token}">{fields}</form>"#
    );
    let mut response = page(status, &form);
    response.headers_mut().extend(cookie.map(|cookie| (SET_COOKIE, cookie)));
    response
}

fn page(status: StatusCode, content: &str) -> Response {
    let html = format!(
        "<!DOCTYPE html><html lang=\"en\"><title>Sign-in</title><main>{content}</main></html>"
    );
    let mut response = Response::new(html);
    *response.status_mut() = status;
    let headers = OF_PAGES.map(|(name, value)| (name, HeaderValue::from_static(value)));
    response.headers_mut().extend(headers);
    response
}

/// `text` in an element or in an attribute's double quotes.
fn escape(text: &str) -> String {
    let text = text.replace('&', "&amp;").replace('<', "&lt;");
    text.replace('>', "&gt;").replace('"', "&quot;")
}
