//! What a server is put together from is judged before it serves, and what is
//! left out is not missed.

use std::sync::Arc;
use std::time::Duration;

use codegrant::memory::{Clients, Codes};
use codegrant::{
    AuthorizationServer, Authorize, ConfigError, Decision, Endpoints, Granted, InExtensions,
    Issuer, Policy, User,
};
use http::request::Parts;

use crate::support::answers::{assert_code, json};
use crate::support::apps::{DASHBOARD, registered};
use crate::support::call::{Call, bearer};
use crate::support::world::{ISSUER, World, ring};

#[test]
fn an_endpoint_that_is_no_plain_path_below_the_issuer_is_refused() {
    for path in [
        "",
        "authorize",
        "/a b",
        "/a\nb",
        "/ü",
        "/../x",
        "/a/./b",
        "/a?b",
        "/a#b",
        ".evil.example/authorize",
        "/%2e",
    ] {
        let usual = Endpoints::default;
        for endpoints in [
            Endpoints { authorization: path.into(), ..usual() },
            Endpoints { token: path.into(), ..usual() },
            Endpoints { introspection: Some(path.into()), ..usual() },
            Endpoints { revocation: Some(path.into()), ..usual() },
            Endpoints { jwks: path.into(), ..usual() },
            Endpoints { userinfo: Some(path.into()), ..usual() },
            Endpoints { end_session: Some(path.into()), ..usual() },
        ] {
            let built = World::new().assemble(ISSUER, ring(&[1])).endpoints(endpoints).build();
            assert_eq!(built.unwrap_err(), ConfigError::Path(path.to_owned()));
        }
    }
}

#[test]
fn two_endpoints_on_one_path_are_refused() {
    let endpoints = Endpoints { revocation: Some("/token".into()), ..Endpoints::default() };
    let built = World::new().assemble(ISSUER, ring(&[1])).endpoints(endpoints).build();
    assert_eq!(built.unwrap_err(), ConfigError::SamePath("/token".to_owned()));
}

#[test]
fn a_lifetime_that_nobody_can_mean_is_refused_by_name() {
    let policy = Policy { code_lifetime: Duration::from_secs(601), ..Policy::default() };
    let built = World::new().assemble(ISSUER, ring(&[1])).policy(policy).build();
    let error = built.unwrap_err().to_string();
    assert_eq!(error, "code_lifetime must be between 1 and 600 seconds");
}

#[test]
fn every_lifetime_that_is_out_of_bounds_is_told_with_its_bounds() {
    let policy = Policy {
        access_token_lifetime: Duration::ZERO,
        refresh_grace: Duration::from_secs(61),
        ..Policy::default()
    };
    let faults = policy.faults();
    let told = faults.iter().map(|fault| (fault.name(), fault.shortest(), fault.longest()));
    let expected = [("access_token_lifetime", 1, 86_400), ("refresh_grace", 0, 60)];
    assert_eq!(told.collect::<Vec<_>>(), expected);
}

/// It remembers no consent and knows nothing of users, so everybody exists, is asked
/// every time, and has no permissions.
#[tokio::test]
async fn a_server_of_the_three_required_parts_goes_the_whole_way() {
    let server = AuthorizationServer::builder(
        Issuer::parse(ISSUER).unwrap(),
        ring(&[1]),
        Arc::new(Clients::new(registered())),
        Arc::new(Codes::default()),
        Arc::new(InExtensions),
    );
    let server = server.build().unwrap();
    let alice = World::new().authentication("alice");
    let by_alice = |call: &Call| -> Parts {
        let mut parts = call.parts();
        parts.extensions.insert(alice.clone());
        parts
    };
    for _ in 0..2 {
        let request = by_alice(&Call::get("/authorize", &DASHBOARD.asks()));
        let Authorize::Consent(consent) = server.authorize(&request, b"").await else {
            panic!("not a consent page")
        };
        let everything = Decision::Allow(Granted::everything());
        let allowed = server.decide(&request, consent.ticket(), everything).await.unwrap();
        let redeems = DASHBOARD.redeems(&assert_code(&allowed, &DASHBOARD));
        let answer = json(&server.token(&redeems.parts(), &redeems.body).await);
        let token = answer["access_token"].as_str().unwrap();
        let access = server.guard().check(&bearer(token).parts()).await.unwrap();
        assert_eq!((access.subject().as_str(), access.user()), ("alice", &User::new()));
    }
}
