//! A server whose access tokens are signed, and the means to take them apart.

use std::ops::Deref;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use codegrant::{AccessTokenFormat, Acr, Algorithm, Builder, KeySet, Policy, Provider, SigningKey};
use serde_json::Value;

use super::House;
use super::apps::{App, REPORTS_API};
use super::call::Form;
use super::openid::own_key;

/// What a login page can reach here.
pub(crate) const GOLD: &str = "urn:example:gold";

/// The server and its keys, and through [`Deref`] the house.
pub(crate) struct Signing {
    house: House,
    pub(crate) keys: KeySet,
}

impl Deref for Signing {
    type Target = House;

    fn deref(&self) -> &House {
        &self.house
    }
}

impl Signing {
    /// Issues JWT access tokens that tell roles and permissions.
    pub(crate) fn new() -> Self {
        Self::with(|builder| builder.policy(jwt_policy()))
    }

    /// A provider that issues opaque tokens, with some parts changed.
    pub(crate) fn with(change: impl FnOnce(Builder) -> Builder) -> Self {
        let keys = keys();
        let provider = Provider::new(keys.clone());
        let house = House::with(|builder| {
            change(builder.openid(provider).acr_values_supported([acr(GOLD)]))
        });
        Self { house, keys }
    }

    /// `alice` signs in as well as can be.
    pub(crate) fn sign_in_gold(&self) {
        self.browser.set(Some(self.authentication("alice").with_acr(acr(GOLD))));
    }

    pub(crate) fn clock_now(&self) -> i64 {
        codegrant::Clock::now(&*self.clock).as_unix()
    }

    /// An access token of `app` for the reports.
    pub(crate) async fn for_reports(&self, app: &App) -> String {
        self.access_for(app, &app.asks().with("resource", REPORTS_API)).await
    }

    /// The access token that this request leads to.
    pub(crate) async fn access_for(&self, app: &App, form: &Form) -> String {
        let answer = self.redeem(app, &self.code_for(form).await).await;
        assert_eq!(answer.status(), 200, "{}", answer.body());
        let body = super::answers::json(&answer);
        body["access_token"].as_str().unwrap().to_owned()
    }

    /// These claims, signed with our key as a token of the type `typ`.
    pub(crate) async fn sign(&self, typ: &str, claims: &Value) -> String {
        let claims = claims.to_string();
        self.keys.sign(Algorithm::Es256, typ, claims.as_bytes()).await.unwrap()
    }
}

/// One key: that of ES256, quickly drawn.
pub(crate) fn keys() -> KeySet {
    KeySet::new([key(), own_key(Algorithm::Rs256)]).unwrap()
}

pub(crate) fn key() -> SigningKey {
    SigningKey::generate(Algorithm::Es256).unwrap()
}

pub(crate) fn jwt_policy() -> Policy {
    Policy {
        access_token_format: AccessTokenFormat::Jwt(Algorithm::Es256),
        jwt_tells_permissions: true,
        ..Policy::default()
    }
}

pub(crate) fn acr(name: &str) -> Acr {
    Acr::parse(name).unwrap()
}

/// What the header (0) or the claims (1) of `jwt` say.
pub(crate) fn part(jwt: &str, index: usize) -> Value {
    let part = jwt.split('.').nth(index).unwrap();
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(part).unwrap()).unwrap()
}

/// `jwt` with this text in place of one of its parts.
pub(crate) fn with_part(jwt: &str, index: usize, text: &str) -> String {
    let mut parts: Vec<_> = jwt.split('.').map(str::to_owned).collect();
    parts[index] = URL_SAFE_NO_PAD.encode(text);
    parts.join(".")
}

/// `object` with this member changed, or without it.
pub(crate) fn changed(object: &Value, name: &str, value: Value) -> Value {
    let mut object = object.clone();
    if value.is_null() {
        object.as_object_mut().unwrap().remove(name);
    } else {
        object[name] = value;
    }
    object
}
