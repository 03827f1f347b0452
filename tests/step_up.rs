//! Step-up authentication (RFC 9470): from the challenge of a resource server to the
//! token that passes there.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use codegrant::{
    Access, Acr, AuthorizationServer, Authorize, ClientId, ClientSecret, Denied, Guard, HostError,
    HttpClient, Issuer, LoginReason, OfflineGuard, RemoteGuard, Resource,
};
use http::{Request, Response};

use crate::support::House;
use crate::support::answers::{assert_error, challenge, location};
use crate::support::apps::{API, NOTES, Proof, REPORTS_API, SPA};
use crate::support::call::{Call, Form, bearer};
use crate::support::publisher::Publisher;
use crate::support::scope;
use crate::support::signed::{GOLD, Signing, acr, jwt_policy};
use crate::support::world::ISSUER;

/// The three kinds of guards before the same reports.
enum Gate {
    Here(Guard),
    Remote(RemoteGuard),
    Offline(OfflineGuard),
}

impl Gate {
    fn acr_values(self, acrs: &[&str]) -> Self {
        let acrs: Vec<Acr> = acrs.iter().map(|name| acr(name)).collect();
        match self {
            Self::Here(guard) => Self::Here(guard.acr_values(acrs)),
            Self::Remote(guard) => Self::Remote(guard.acr_values(acrs)),
            Self::Offline(guard) => Self::Offline(guard.acr_values(acrs)),
        }
    }

    fn max_age(self, seconds: u64) -> Self {
        let age = Duration::from_secs(seconds);
        match self {
            Self::Here(guard) => Self::Here(guard.max_age(age)),
            Self::Remote(guard) => Self::Remote(guard.max_age(age)),
            Self::Offline(guard) => Self::Offline(guard.max_age(age)),
        }
    }

    async fn check(&self, token: &str) -> Result<Access, Denied> {
        let parts = bearer(token).parts();
        match self {
            Self::Here(guard) => guard.check(&parts).await,
            Self::Remote(guard) => guard.check(&parts).await,
            Self::Offline(guard) => guard.check(&parts).await,
        }
    }

    /// What the challenge says, which must be the one of section 3.
    async fn challenged(&self, token: &str) -> Form {
        let response = self.check(token).await.unwrap_err().into_response();
        assert_error(&response, 401, "insufficient_user_authentication");
        let challenge = challenge(&response).unwrap();
        let start =
            format!("Bearer realm=\"{ISSUER}\", error=\"insufficient_user_authentication\"");
        assert!(challenge.starts_with(&start), "{challenge}");
        assert!(challenge.contains("resource_metadata="), "{challenge}");
        ["acr_values", "max_age"].into_iter().fold(Form::default(), |told, name| {
            let value = challenge.split_once(&format!(", {name}=\""));
            match value.and_then(|(_, rest)| rest.split_once('"')) {
                Some((value, _)) => told.with(name, value),
                None => told,
            }
        })
    }
}

struct Wire(AuthorizationServer);

#[async_trait]
impl HttpClient for Wire {
    async fn send(&self, request: Request<String>) -> Result<Response<String>, HostError> {
        let (parts, body) = request.into_parts();
        Ok(self.0.introspect(&parts, body.as_bytes()).await)
    }
}

fn here(house: &Signing) -> Gate {
    Gate::Here(house.server.guard().audience(Resource::parse(REPORTS_API).unwrap()))
}

fn remote(house: &House) -> Gate {
    let Proof::Basic(secret) = API.proof else { panic!("the guard uses Basic") };
    let guard = RemoteGuard::new(
        Issuer::parse(ISSUER).unwrap(),
        &format!("{ISSUER}/introspect"),
        Resource::parse(REPORTS_API).unwrap(),
        &ClientId::parse(API.id).unwrap(),
        &ClientSecret::new(secret),
        Arc::new(Wire(house.server.clone())),
    );
    Gate::Remote(guard.unwrap().clock(house.clock.clone()))
}

fn offline(house: &Signing) -> Gate {
    Gate::Offline(Publisher::of(house).guard(house))
}

/// Every guard at a server whose tokens it understands.
fn everywhere() -> Vec<(Signing, Gate)> {
    let opaque = || Signing::with(|builder| builder);
    let jwt = || Signing::with(|builder| builder.policy(jwt_policy()));
    let at = |house: Signing, gate: fn(&Signing) -> Gate| {
        let gate = gate(&house);
        (house, gate)
    };
    vec![
        at(opaque(), here),
        at(jwt(), here),
        at(opaque(), |house| remote(house)),
        at(jwt(), |house| remote(house)),
        at(jwt(), offline),
    ]
}

/// What the client does with a challenge: the same request once more, with what
/// the challenge told, and through the login page that this leads to.
async fn step_up(
    house: &Signing,
    told: &Form,
    reason: LoginReason,
    sign_in: impl FnOnce(&Signing),
) -> String {
    let form =
        told.names().iter().fold(NOTES.asks().with("resource", REPORTS_API), |form, name| {
            form.with(name, told.value(name))
        });
    let login = house.login(&form).await;
    assert_eq!(login.reason(), reason);
    house.pass(5);
    sign_in(house);
    let resumed = location(&house.server.resume(login.ticket()).unwrap());
    let back = house.authorize_by(&Call::to(http::Method::GET, &resumed.url)).await;
    // What they allowed is remembered: they only sign in.
    let Authorize::Redirect(back) = back else { panic!("not a redirect: {back:?}") };
    let code = location(&back).one("code");
    let answer = house.redeem(&NOTES, &code).await;
    crate::support::Tokens::in_answer(&answer).access
}

#[tokio::test]
async fn a_sign_in_that_is_not_sure_enough_is_stepped_up() {
    for (house, gate) in everywhere() {
        let token = house.for_reports(&NOTES).await;
        assert!(gate.check(&token).await.is_ok());
        let gate = gate.acr_values(&["urn:example:platinum", GOLD]);
        let told = gate.challenged(&token).await;
        assert_eq!(told, Form::of(&[("acr_values", &format!("urn:example:platinum {GOLD}"))]));
        let better = step_up(&house, &told, LoginReason::Acr, Signing::sign_in_gold).await;
        let access = gate.check(&better).await.unwrap();
        assert_eq!(access.acr(), Some(&acr(GOLD)));
        // The old one stays what it was.
        gate.challenged(&token).await;
    }
}

#[tokio::test]
async fn a_sign_in_that_is_too_long_ago_is_repeated() {
    for (house, gate) in everywhere() {
        let gate = gate.max_age(300);
        let token = house.for_reports(&NOTES).await;
        house.pass(300);
        assert!(gate.check(&token).await.is_ok());
        house.pass(1);
        let told = gate.challenged(&token).await;
        assert_eq!(told, Form::of(&[("max_age", "300")]));
        let sign_in = |house: &Signing| house.sign_in("alice");
        let newer = step_up(&house, &told, LoginReason::MaxAge, sign_in).await;
        let access = gate.check(&newer).await.unwrap();
        assert_eq!(access.auth_time().unwrap().as_unix(), house.clock_now());
    }
}

/// One login has to meet everything, so everything is told, whatever is lacking.
#[tokio::test]
async fn both_demands_are_told_together_and_met_by_one_login() {
    for (house, gate) in everywhere() {
        let gate = gate.acr_values(&[GOLD]).max_age(300);
        house.sign_in_gold();
        let token = house.for_reports(&NOTES).await;
        assert!(gate.check(&token).await.is_ok());
        house.pass(301);
        let told = gate.challenged(&token).await;
        assert_eq!(told, Form::of(&[("acr_values", GOLD), ("max_age", "300")]));
        let newer = step_up(&house, &told, LoginReason::MaxAge, Signing::sign_in_gold).await;
        assert!(gate.check(&newer).await.is_ok());
    }
}

/// Who cannot do better gets a token, as `acr_values` is voluntary (OpenID Connect
/// Core section 3.1.2.1), and it does not pass.
#[tokio::test]
async fn a_login_that_is_no_better_does_not_pass() {
    for (house, gate) in everywhere() {
        let token = house.for_reports(&NOTES).await;
        let gate = gate.acr_values(&[GOLD]);
        let told = gate.challenged(&token).await;
        let sign_in = |house: &Signing| house.sign_in("alice");
        let same = step_up(&house, &told, LoginReason::Acr, sign_in).await;
        gate.challenged(&same).await;
    }
}

/// A refresh is no sign-in.
#[tokio::test]
async fn refreshing_makes_no_sign_in_fresher() {
    for (house, gate) in everywhere() {
        let form = NOTES.asks().with("resource", REPORTS_API);
        let answer = house.redeem(&NOTES, &house.code_for(&form).await).await;
        let tokens = crate::support::Tokens::in_answer(&answer);
        let gate = gate.max_age(300);
        house.pass(301);
        let next = house.refreshed(&NOTES, &tokens.refresh).await;
        gate.challenged(&next.access).await;
    }
}

/// A sign-in ages while a remote guard remembers its token.
#[tokio::test]
async fn what_is_remembered_grows_too_old_all_the_same() {
    let house = Signing::with(|builder| builder);
    let Gate::Remote(guard) = remote(&house) else { panic!("it is remote") };
    let gate = Gate::Remote(guard.remember_for(Duration::from_secs(3_600))).max_age(300);
    let token = house.for_reports(&NOTES).await;
    assert!(gate.check(&token).await.is_ok());
    house.pass(300);
    assert!(gate.check(&token).await.is_ok());
    house.pass(1);
    gate.challenged(&token).await;
}

/// What was remembered for one demand says nothing about another.
#[tokio::test]
async fn a_stricter_copy_of_a_remote_guard_is_strict_at_once() {
    let house = Signing::with(|builder| builder);
    let Gate::Remote(lax) = remote(&house) else { panic!("it is remote") };
    let token = house.for_reports(&NOTES).await;
    assert!(lax.check(&bearer(&token).parts()).await.is_ok());
    Gate::Remote(lax.clone().acr_values([acr(GOLD)])).challenged(&token).await;
    assert!(lax.check(&bearer(&token).parts()).await.is_ok());
}

/// A server that tells nothing of sign-ins has nobody pass a demand.
#[tokio::test]
async fn a_sign_in_of_which_nothing_is_told_meets_no_demand() {
    let house = House::new();
    let form = NOTES.asks().with("resource", REPORTS_API);
    let answer = house.redeem(&NOTES, &house.code_for(&form).await).await;
    let token = crate::support::Tokens::in_answer(&answer).access;
    assert!(remote(&house).check(&token).await.is_ok());
    remote(&house).max_age(3_600).challenged(&token).await;
    remote(&house).acr_values(&[GOLD]).challenged(&token).await;
}

/// An invalid token stays invalid, and no token is no token: neither is told how
/// to sign in.
#[tokio::test]
async fn only_a_valid_token_is_told_what_its_sign_in_lacks() {
    for (house, gate) in everywhere() {
        let gate = gate.acr_values(&[GOLD]);
        let elsewhere = house.access_for(&SPA, &SPA.asks()).await;
        for bad in ["x", &elsewhere] {
            let response = gate.check(bad).await.unwrap_err().into_response();
            assert_error(&response, 401, "invalid_token");
            assert!(!challenge(&response).unwrap().contains("acr_values"));
        }
    }
}

/// Section 3: the scope to ask for is told along.
#[tokio::test]
async fn the_challenge_names_the_scope_as_well() {
    let house = Signing::new();
    let resource = Resource::parse(REPORTS_API).unwrap();
    let guard = house.server.guard().audience(resource).scope(scope("reports.read"));
    let token = house.for_reports(&NOTES).await;
    let guard = guard.acr_values([acr(GOLD)]);
    let denied = guard.check(&bearer(&token).parts()).await.unwrap_err().into_response();
    assert!(challenge(&denied).unwrap().contains("scope=\"reports.read\", acr_values=\""));
}
