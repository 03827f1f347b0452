//! The demonstration's clients, and what they send.

use reqwest::header::CONTENT_TYPE;
use reqwest::{Body, RequestBuilder, Url};

use crate::target::{Answer, Target};

/// The example of RFC 7636 appendix B.
pub const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
/// Its challenge.
pub const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";
/// A state that is lost or changed by whoever forgets to encode or decode it.
pub const STATE: &str = "{\"next\":\"/a?b=c&d\"} +%41 \u{fc}";
/// What the resource server `reports` is addressed by.
pub const REPORTS_API: &str = "http://127.0.0.1:8090/reports";

/// A client as it acts.
#[derive(Clone, Copy, Debug)]
pub struct App {
    /// Its `client_id`.
    pub id: &'static str,
    secret: Option<&'static str>,
    /// Where its users return.
    pub redirect_uri: &'static str,
    scope: &'static str,
}

/// A web application that keeps a secret.
pub const DASHBOARD: App = App {
    id: "dashboard",
    secret: Some("dashboard-demo-secret"),
    redirect_uri: "http://127.0.0.1:8081/callback",
    scope: "openid profile reports.read",
};
/// A program on the user's machine, at whatever port is free.
pub const TERMINAL: App = App {
    id: "terminal",
    secret: None,
    redirect_uri: "http://127.0.0.1:9/callback",
    scope: "reports.read",
};
/// A resource server, which has no users of its own.
pub const REPORTS: App =
    App { id: "reports", secret: Some("reports-demo-secret"), redirect_uri: "", scope: "" };

impl App {
    /// The same client with another secret.
    #[must_use]
    pub const fn knowing(self, secret: &'static str) -> Self {
        Self { secret: Some(secret), ..self }
    }

    /// The same client under another name.
    #[must_use]
    pub const fn named(self, id: &'static str) -> Self {
        Self { id, ..self }
    }

    /// The parameters of its authorization request.
    #[must_use]
    pub fn asks(&self) -> Vec<(&'static str, &'static str)> {
        vec![
            ("response_type", "code"),
            ("client_id", self.id),
            ("redirect_uri", self.redirect_uri),
            ("scope", self.scope),
            ("state", STATE),
            ("code_challenge", CHALLENGE),
            ("code_challenge_method", "S256"),
        ]
    }

    /// Where it sends browsers.
    #[must_use]
    pub fn link(&self, target: &Target) -> Url {
        link(target, "/authorize", &self.asks())
    }

    /// The same with some parameters changed: set, or with `None` left out.
    #[must_use]
    pub fn link_with(
        &self,
        target: &Target,
        changes: &[(&'static str, Option<&'static str>)],
    ) -> Url {
        let mut fields = self.asks();
        for (name, value) in changes {
            fields.retain(|(mine, _)| mine != name);
            fields.extend(value.map(|value| (*name, value)));
        }
        link(target, "/authorize", &fields)
    }

    /// The parameters by which it redeems `code`.
    #[must_use]
    pub fn redeems<'c>(&self, code: &'c str) -> [(&'static str, &'c str); 4] {
        [
            ("grant_type", "authorization_code"),
            ("code", code),
            ("redirect_uri", self.redirect_uri),
            ("code_verifier", VERIFIER),
        ]
    }

    /// It redeems `code` as it should.
    pub async fn redeem(&self, target: &Target, code: &str) -> Answer {
        target.token(self, &self.redeems(code)).await
    }

    /// It uses a refresh token as it should.
    pub async fn refresh(&self, target: &Target, refresh_token: &str) -> Answer {
        let fields = [("grant_type", "refresh_token"), ("refresh_token", refresh_token)];
        target.token(self, &fields).await
    }

    /// `request` with these fields, from this client: its secret is in the header; one
    /// that has none says its name.
    pub fn authenticated(
        &self,
        request: RequestBuilder,
        fields: &[(&str, &str)],
    ) -> RequestBuilder {
        match self.secret {
            Some(secret) => posted(request.basic_auth(self.id, Some(secret)), fields),
            None => posted(request, &[fields, &[("client_id", self.id)]].concat()),
        }
    }
}

/// `request` with a form.
pub fn posted(request: RequestBuilder, fields: &[(&str, &str)]) -> RequestBuilder {
    as_form(request, encoded(fields))
}

/// `request` with a body that says it is a form.
pub fn as_form(request: RequestBuilder, body: impl Into<Body>) -> RequestBuilder {
    request.header(CONTENT_TYPE, "application/x-www-form-urlencoded").body(body)
}

/// The text of a form.
#[must_use]
pub fn encoded(fields: &[(&str, &str)]) -> String {
    let mut form = Url::parse("form:?").unwrap();
    form.query_pairs_mut().extend_pairs(fields);
    form.query().unwrap_or_default().to_owned()
}

/// A path of `target` with a query.
#[must_use]
pub fn link(target: &Target, path: &str, fields: &[(&str, &str)]) -> Url {
    let mut url = target.at(path);
    url.query_pairs_mut().extend_pairs(fields);
    url
}
