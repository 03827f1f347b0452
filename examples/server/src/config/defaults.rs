//! The demonstration: what runs when nothing is configured.

use serde_json::{Map, Value, json};

use super::{Client, Config, Policy, Resource, Scope, Secret, User};

impl Default for Config {
    fn default() -> Self {
        Self {
            issuer: "http://127.0.0.1:8080".into(),
            listen: None,
            metrics: None,
            tls: None,
            proxied: false,
            store: "sqlite:codegrant.db".into(),
            secret: Secret::default(),
            signing_keys: None,
            policy: Policy::default(),
            clients: clients().into(),
            users: users().into(),
            scopes: scopes().into(),
            resource: Resource::default(),
            introspection_clients: Vec::new(),
            pairwise_salt: None,
        }
    }
}

impl Default for Secret {
    fn default() -> Self {
        Self::File("codegrant.secret".into())
    }
}

impl Default for Resource {
    fn default() -> Self {
        Self { scope: "reports.read".into(), permission: None, audience: None }
    }
}

/// What tokens may be addressed to: `/resource` of this server, and
/// `examples/resource` in a process of its own, which asks what they are worth.
const REPORTS: [&str; 2] = ["http://127.0.0.1:8080/resource", "http://127.0.0.1:8090/reports"];

/// One of each kind: a web application that keeps a secret, a program on the
/// user's machine that cannot, and a resource server that asks what tokens are
/// worth.
fn clients() -> [Client; 3] {
    let refreshing = || Some(vec!["authorization_code".into(), "refresh_token".into()]);
    [
        Client {
            client_id: "dashboard".into(),
            client_secret: Some("dashboard-demo-secret".into()),
            client_name: Some("Reports Dashboard".into()),
            redirect_uris: vec!["http://127.0.0.1:8081/callback".into()],
            post_logout_redirect_uris: vec!["http://127.0.0.1:8081/".into()],
            grant_types: refreshing(),
            scope: "openid profile email roles offline_access reports.read reports.comment".into(),
            resources: REPORTS.map(Into::into).into(),
            ..Client::default()
        },
        Client {
            client_id: "terminal".into(),
            client_name: Some("Reports Terminal".into()),
            redirect_uris: vec!["http://127.0.0.1/callback".into()],
            token_endpoint_auth_method: Some("none".into()),
            application_type: Some("native".into()),
            grant_types: refreshing(),
            scope: "reports.read".into(),
            resources: REPORTS.map(Into::into).into(),
            ..Client::default()
        },
        Client {
            client_id: "reports".into(),
            client_secret: Some("reports-demo-secret".into()),
            client_name: Some("Reports API".into()),
            audiences: REPORTS.map(Into::into).into(),
            ..Client::default()
        },
    ]
}

/// One who may read reports, and one who may not, whatever they allow.
fn users() -> [User; 2] {
    [
        User {
            username: "alice".into(),
            password: "wonderland".into(),
            roles: vec!["analyst".into()],
            permissions: vec!["reports:read".into()],
            claims: alice(),
        },
        User { username: "bob".into(), password: "builder".into(), ..User::default() },
    ]
}

/// Every claim that OpenID Connect has (Core section 5.1).
fn alice() -> Map<String, Value> {
    let claims = json!({
        "name": "Alice Pleasance Liddell",
        "given_name": "Alice",
        "middle_name": "Pleasance",
        "family_name": "Liddell",
        "nickname": "Alice",
        "preferred_username": "alice",
        "profile": "https://people.example/alice",
        "picture": "https://people.example/alice.png",
        "website": "https://alice.example",
        "email": "alice@people.example",
        "email_verified": true,
        "gender": "female",
        "birthdate": "1852-05-04",
        "zoneinfo": "Europe/London",
        "locale": "en-GB",
        "phone_number": "+44 1865 496000",
        "phone_number_verified": true,
        "address": {
            "street_address": "St Aldates",
            "locality": "Oxford",
            "postal_code": "OX1 1DP",
            "country": "GB",
        },
        "updated_at": 1_700_000_000,
    });
    claims.as_object().cloned().unwrap_or_default()
}

fn scopes() -> [(String, Scope); 3] {
    let scope = |name: &str, description: &str, claims: &[&str]| {
        let claims = claims.iter().copied().map(Into::into).collect();
        (name.to_owned(), Scope { description: description.into(), claims })
    };
    [
        scope("reports.read", "Read your reports", &[]),
        scope("reports.comment", "Write comments on your reports in your name", &[]),
        scope("roles", "See your roles and permissions", &["roles", "permissions"]),
    ]
}
