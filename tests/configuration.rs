//! What a server is put together from is judged before it serves.

use std::time::Duration;

use codegrant::{ConfigError, Endpoints, Policy};

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
            Endpoints { jwks: Some(path.into()), ..usual() },
            Endpoints { userinfo: Some(path.into()), ..usual() },
            Endpoints { end_session: Some(path.into()), ..usual() },
        ] {
            let built = World::new().assemble(ISSUER, ring(&[1])).endpoints(endpoints).build();
            assert_eq!(built.unwrap_err(), ConfigError::Path(path.to_owned()));
        }
    }
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
