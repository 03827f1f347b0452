//! The registered applications, one of each kind.

use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use codegrant::{Client, ClientBuilder, ClientSecret};
use http::header::AUTHORIZATION;
use sha2::{Digest, Sha256};
use url::form_urlencoded::byte_serialize;

use super::call::{Call, Form};

/// The example of RFC 7636 appendix B.
pub(crate) const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
pub(crate) const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";
/// A state that is lost or changed by whoever forgets to encode or decode it.
pub(crate) const STATE: &str = "{\"next\":\"/a?b=c&d\"} +%41 \u{fc}";
/// Everything that any of the applications may ask for.
pub(crate) const ALL: &str = "reports.read reports.write profile";

/// An application as it acts.
#[derive(Clone, Copy, Debug)]
pub(crate) struct App {
    pub(crate) id: &'static str,
    pub(crate) redirect_uri: &'static str,
    pub(crate) proof: Proof,
}

/// How it authenticates.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Proof {
    Nothing,
    Basic(&'static str),
    Post(&'static str),
}

/// Its secret needs encoding, and the query of its URI has to survive.
pub(crate) const DASHBOARD: App = App {
    id: "dashboard",
    redirect_uri: "https://dashboard.example/callback?tenant=a%20b",
    proof: Proof::Basic("dashboard secret: 100%+&="),
};
pub(crate) const BILLING: App = App {
    id: "billing",
    redirect_uri: "https://billing.example/callback",
    proof: Proof::Post("billing-secret-Zm9v"),
};
/// In the browser, at its own https address.
pub(crate) const SPA: App =
    App { id: "spa", redirect_uri: "https://spa.example/callback", proof: Proof::Nothing };
/// On the user's machine, at whatever port is free. Not registered as native.
pub(crate) const CLI: App =
    App { id: "cli", redirect_uri: "http://127.0.0.1/callback", proof: Proof::Nothing };
/// An installed application with a scheme of its own.
pub(crate) const MOBILE: App =
    App { id: "mobile", redirect_uri: "com.example.mobile:/callback", proof: Proof::Nothing };
/// Has a second redirect URI, [`TWO_SECOND`].
pub(crate) const TWO: App = App {
    id: "two",
    redirect_uri: "https://two.example/first",
    proof: Proof::Basic("two-secret-YmFy"),
};
pub(crate) const TWO_SECOND: &str = "https://two.example/second";
/// Belongs to the operator.
pub(crate) const TRUSTED: App = App {
    id: "trusted",
    redirect_uri: "https://trusted.example/callback",
    proof: Proof::Basic("trusted-secret-YmF6"),
};
/// Confidential, and bound to PKCE by its registration.
pub(crate) const STRICT: App = App {
    id: "strict",
    redirect_uri: "https://strict.example/callback",
    proof: Proof::Basic("strict-secret-cXV4"),
};

/// Public, gets refresh tokens, and may ask for both resources.
pub(crate) const NOTES: App =
    App { id: "notes", redirect_uri: "https://notes.example/callback", proof: Proof::Nothing };
/// Confidential, gets refresh tokens, and may ask for both resources.
pub(crate) const SYNC: App = App {
    id: "sync",
    redirect_uri: "https://sync.example/callback",
    proof: Proof::Basic("sync-secret-cXV1"),
};
/// A resource server, which serves [`REPORTS_API`].
pub(crate) const API: App =
    App { id: "api", redirect_uri: "", proof: Proof::Basic("api-secret-Z3Jh") };
/// May introspect everything.
pub(crate) const AUDITOR: App =
    App { id: "auditor", redirect_uri: "", proof: Proof::Post("auditor-secret-Z2Fy") };

pub(crate) const REPORTS_API: &str = "https://api.example/reports";
pub(crate) const OTHER_API: &str = "https://other.example";

pub(crate) const EVERY_APP: [App; 8] = [DASHBOARD, BILLING, SPA, CLI, MOBILE, TWO, TRUSTED, STRICT];

/// All of them as they are registered.
pub(crate) fn registered() -> Vec<Client> {
    let build = |builder: ClientBuilder| builder.build().unwrap();
    vec![
        build(DASHBOARD.builder()),
        build(BILLING.builder()),
        build(SPA.builder()),
        build(CLI.builder()),
        build(MOBILE.builder().native()),
        build(TWO.builder().redirect_uri(TWO_SECOND)),
        build(TRUSTED.builder().trusted()),
        build(STRICT.builder().require_pkce()),
        build(NOTES.builder().refresh_token().resource(REPORTS_API).resource(OTHER_API)),
        build(SYNC.builder().refresh_token().resource(REPORTS_API).resource(OTHER_API)),
        build(API.proven(Client::builder(API.id)).audience(REPORTS_API)),
        build(AUDITOR.proven(Client::builder(AUDITOR.id)).introspects_any()),
    ]
}

impl App {
    /// Its registration, to be changed or built.
    pub(crate) fn builder(&self) -> ClientBuilder {
        let builder = Client::builder(self.id)
            .redirect_uri(self.redirect_uri)
            .scope(ALL)
            .default_scope("reports.read");
        self.proven(builder)
    }

    /// A registration that authenticates as this application does.
    fn proven(&self, builder: ClientBuilder) -> ClientBuilder {
        match self.proof {
            Proof::Nothing => builder,
            Proof::Basic(secret) => builder.client_secret_basic(ClientSecret::new(secret).hash()),
            Proof::Post(secret) => builder.client_secret_post(ClientSecret::new(secret).hash()),
        }
    }

    /// A complete authorization request.
    pub(crate) fn asks(&self) -> Form {
        Form::of(&[
            ("response_type", "code"),
            ("client_id", self.id),
            ("redirect_uri", self.redirect_uri),
            ("scope", "reports.read reports.write"),
            ("state", STATE),
            ("code_challenge", CHALLENGE),
            ("code_challenge_method", "S256"),
        ])
    }

    /// A complete token request for `code`.
    pub(crate) fn redeems(&self, code: &str) -> Call {
        self.calls_token(&self.claim(code))
    }

    /// The parameters of a token request, without the application's proof.
    pub(crate) fn claim(&self, code: &str) -> Form {
        Form::of(&[
            ("grant_type", "authorization_code"),
            ("code", code),
            ("redirect_uri", self.redirect_uri),
            ("code_verifier", VERIFIER),
        ])
    }

    /// A complete token request for the next access token.
    pub(crate) fn refreshes(&self, refresh_token: &str) -> Call {
        self.calls_token(&Self::renewal(refresh_token))
    }

    /// The parameters of a refresh, without the application's proof.
    pub(crate) fn renewal(refresh_token: &str) -> Form {
        Form::of(&[("grant_type", "refresh_token"), ("refresh_token", refresh_token)])
    }

    /// A token request with these parameters and the application's proof.
    pub(crate) fn calls_token(&self, form: &Form) -> Call {
        self.calls("/token", form)
    }

    /// A request with these parameters and the application's proof.
    pub(crate) fn calls(&self, path: &str, form: &Form) -> Call {
        match self.proof {
            Proof::Nothing => Call::post(path, &form.clone().with("client_id", self.id)),
            Proof::Basic(secret) => {
                Call::post(path, form).header(AUTHORIZATION, &basic(self.id, secret))
            }
            Proof::Post(secret) => {
                let form = form.clone().with("client_id", self.id).with("client_secret", secret);
                Call::post(path, &form)
            }
        }
    }
}

/// Basic authentication as RFC 6749 section 2.3.1 encodes it.
pub(crate) fn basic(id: &str, secret: &str) -> String {
    let encode = |text: &str| byte_serialize(text.as_bytes()).collect::<String>();
    format!("Basic {}", STANDARD.encode(format!("{}:{}", encode(id), encode(secret))))
}

/// `code_challenge` of `verifier` (RFC 7636 section 4.2).
pub(crate) fn challenge(verifier: &str) -> String {
    URL_SAFE_NO_PAD.encode(Sha256::digest(verifier))
}
