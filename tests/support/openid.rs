//! An OpenID Connect provider, and a client of it that believes nothing which a
//! foreign library has not verified.

use std::sync::LazyLock;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use codegrant::{Algorithm, KeySet, Provider, Response, SigningKey};
use jsonwebtoken::jwk::JwkSet;
use jsonwebtoken::{DecodingKey, Validation};
use serde_json::Value;
use sha2::{Digest, Sha256, Sha512};

use super::House;
use super::answers::json;
use super::apps::{App, BILLING, DASHBOARD, SYNC, TRUSTED};
use super::call::Form;
use super::world::ISSUER;

/// Everything that the clients of the provider may ask for.
pub(crate) const SCOPES: &str = "openid profile email offline_access reports.read reports.write";

/// A key for each algorithm; drawing one of RSA takes long.
static KEYS: LazyLock<Vec<SigningKey>> =
    LazyLock::new(|| Algorithm::ALL.iter().map(|algorithm| key(*algorithm)).collect());

/// What an answer of the token endpoint holds, and its ID token says.
#[derive(Debug)]
pub(crate) struct SignedIn {
    pub(crate) answer: Value,
    pub(crate) header: jsonwebtoken::Header,
    pub(crate) claims: Value,
}

pub(crate) fn key(algorithm: Algorithm) -> SigningKey {
    SigningKey::generate(algorithm).unwrap()
}

/// The provider's key for `algorithm`.
pub(crate) fn own_key(algorithm: Algorithm) -> SigningKey {
    KEYS.iter().find(|key| key.algorithm() == algorithm).unwrap().clone()
}

/// A set of its own for each test, of the same keys.
pub(crate) fn keys() -> KeySet {
    KeySet::new(KEYS.iter().cloned()).unwrap()
}

/// A provider with a key for each algorithm; alice is signed in.
pub(crate) fn provider() -> House {
    provider_of(Provider::new(keys()))
}

/// A provider like this one, with clients that ask for ID tokens.
pub(crate) fn provider_of(provider: Provider) -> House {
    let house = House::with(|builder| builder.openid(provider));
    for app in [DASHBOARD, BILLING] {
        house.clients.put(app.builder().scope(SCOPES).build().unwrap());
    }
    house.clients.put(TRUSTED.builder().scope(SCOPES).trusted().build().unwrap());
    house.clients.put(SYNC.builder().scope(SCOPES).refresh_token().build().unwrap());
    house
}

/// An authentication request.
pub(crate) fn asks(app: &App) -> Form {
    app.asks().with("scope", "openid reports.read")
}

impl House {
    /// Whoever is signed in allows `form`, and `app` redeems the code.
    pub(crate) async fn answered(&self, app: &App, form: &Form) -> Response {
        let code = self.code_for(form).await;
        self.redeem(app, &code).await
    }

    /// The same, for an answer that must have an ID token.
    pub(crate) async fn signed_in(&self, app: &App, form: &Form) -> SignedIn {
        self.verified(app, &self.answered(app, form).await)
    }

    /// The ID token in `response`, as `app` verifies it by the published keys.
    pub(crate) fn verified(&self, app: &App, response: &Response) -> SignedIn {
        assert_eq!(response.status(), 200, "{}", response.body());
        let answer = json(response);
        let id_token = answer["id_token"].as_str().unwrap().to_owned();
        let header = jsonwebtoken::decode_header(&id_token).unwrap();
        let published: JwkSet = serde_json::from_str(self.server.jwks().body()).unwrap();
        let jwk = published.find(header.kid.as_ref().unwrap()).unwrap();
        let mut validation = Validation::new(header.alg);
        validation.set_issuer(&[ISSUER]);
        validation.set_audience(&[app.id]);
        validation.set_required_spec_claims(&["iss", "sub", "aud", "exp"]);
        // The house has a clock of its own.
        validation.validate_exp = false;
        let key = DecodingKey::from_jwk(jwk).unwrap();
        let decoded = jsonwebtoken::decode::<Value>(&id_token, &key, &validation).unwrap();
        SignedIn { answer, header, claims: decoded.claims }
    }
}

impl SignedIn {
    pub(crate) fn id_token(&self) -> &str {
        self.answer["id_token"].as_str().unwrap()
    }

    /// The names of the claims, as they stand in the token.
    pub(crate) fn names(&self) -> Vec<String> {
        let payload = self.id_token().split('.').nth(1).unwrap();
        let text = String::from_utf8(URL_SAFE_NO_PAD.decode(payload).unwrap()).unwrap();
        let mut names: Vec<_> = self.claims.as_object().unwrap().keys().cloned().collect();
        names.sort_by_key(|name| text.find(&format!("\"{name}\":")).unwrap());
        names
    }

    /// Its `at_hash` must be that of the access token beside it.
    pub(crate) fn assert_at_hash(&self) {
        let access_token = self.answer["access_token"].as_str().unwrap();
        let digest = match self.header.alg {
            jsonwebtoken::Algorithm::EdDSA => Sha512::digest(access_token).to_vec(),
            _ => Sha256::digest(access_token).to_vec(),
        };
        let half = URL_SAFE_NO_PAD.encode(&digest[..digest.len() / 2]);
        assert_eq!(self.claims["at_hash"], half);
    }
}
