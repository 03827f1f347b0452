//! JWT access tokens (RFC 9068), and that to whoever asks they are what opaque ones
//! are.

use std::time::Duration;

use codegrant::{
    AccessTokenFormat, Algorithm, Amr, AuthorizationServer, ConfigError, KeySet, Policy, Provider,
    SigningKey,
};
use jsonwebtoken::jwk::JwkSet;
use jsonwebtoken::{DecodingKey, Validation};
use serde_json::{Value, json};

use crate::sign_out::openid;
use crate::support::answers::{assert_error, json as body_of};
use crate::support::apps::{
    API, AUDITOR, App, DASHBOARD, EVERY_APP, NOTES, OTHER_API, REPORTS_API, SPA, SYNC,
};
use crate::support::call::{Form, bearer};
use crate::support::openid::own_key;
use crate::support::seams::Fault;
use crate::support::signed::{GOLD, Signing, acr, changed, jwt_policy, key, keys, part, with_part};
use crate::support::world::{ISSUER, START, World, ring};
use crate::support::{House, Tokens, scope};

/// Judges as another make of resource server does, which knows only the keys.
fn foreign_judge(jwks: &str, token: &str, audience: &str) -> Option<Value> {
    let known: JwkSet = serde_json::from_str(jwks).unwrap();
    let header = jsonwebtoken::decode_header(token).ok()?;
    let key = DecodingKey::from_jwk(known.find(&header.kid?)?).unwrap();
    let mut validation = Validation::new(header.alg);
    // The world's clock is not the machine's.
    validation.validate_exp = false;
    validation.set_issuer(&[ISSUER]);
    validation.set_audience(&[audience]);
    validation.set_required_spec_claims(&["iss", "aud", "exp", "sub"]);
    let decoded = jsonwebtoken::decode::<Value>(token, &key, &validation).ok()?;
    Some(decoded.claims)
}

#[tokio::test]
async fn a_foreign_library_reads_who_allowed_whom_what_where_and_until_when() {
    let house = Signing::new();
    let pwd = Amr::parse("pwd").unwrap();
    let alice = house.authentication("alice").with_acr(acr(GOLD)).with_amr([pwd]);
    house.browser.set(Some(alice));
    house.pass(20);
    let token = house.for_reports(&NOTES).await;
    assert_eq!(part(&token, 0)["typ"], "at+jwt");
    assert_eq!(part(&token, 0)["alg"], "ES256");
    let mut told = foreign_judge(&house.keys.jwks(), &token, REPORTS_API).unwrap();
    let own = told.as_object_mut().unwrap().remove("codegrant").unwrap();
    let jti = told["jti"].take();
    assert_eq!(jti.as_str().map(str::len), Some(43));
    assert!(!own.as_str().unwrap().contains(jti.as_str().unwrap()));
    assert_eq!(
        told,
        json!({
            "iss": ISSUER,
            "sub": "alice",
            "aud": [REPORTS_API],
            "client_id": "notes",
            "scope": "reports.read reports.write",
            "iat": START + 20,
            "exp": START + 620,
            "jti": null,
            "auth_time": START,
            "acr": GOLD,
            "amr": ["pwd"],
            "roles": ["analyst"],
            "permissions": ["reports:read"],
        })
    );
    assert!(foreign_judge(&house.keys.jwks(), &token, OTHER_API).is_none());
}

#[tokio::test]
async fn what_is_not_known_or_not_to_be_told_is_absent() {
    let policy = Policy { jwt_tells_permissions: false, ..jwt_policy() };
    let house = Signing::with(|builder| builder.policy(policy));
    house.browser.set(Some(house.authentication("alice")));
    let claims = part(&house.for_reports(&NOTES).await, 1);
    for absent in ["acr", "amr", "roles", "permissions", "nbf", "nonce", "azp"] {
        assert_eq!(claims.get(absent), None, "{absent}");
    }
    assert!(!Policy::default().jwt_tells_permissions);
}

#[tokio::test]
async fn every_algorithm_that_there_is_a_key_for_can_sign_them() {
    for &algorithm in Algorithm::ALL {
        let keys =
            KeySet::new([own_key(Algorithm::Rs256), SigningKey::generate(algorithm).unwrap()])
                .unwrap();
        let provider = Provider::new(keys.clone());
        let access_token_format = AccessTokenFormat::Jwt(algorithm);
        let policy = Policy { access_token_format, ..Policy::default() };
        let house = Signing::with(|builder| builder.openid(provider).policy(policy));
        let token = house.for_reports(&NOTES).await;
        assert_eq!(part(&token, 0)["alg"], algorithm.as_str());
        assert!(foreign_judge(&keys.jwks(), &token, REPORTS_API).is_some(), "{algorithm}");
        assert!(house.check(&token).await.is_ok(), "{algorithm}");
    }
}

#[test]
fn a_format_that_nobody_can_sign_is_refused_by_name() {
    let format = |algorithm| Policy {
        access_token_format: AccessTokenFormat::Jwt(algorithm),
        ..Policy::default()
    };
    let build = |algorithm, provider: Option<Provider>| {
        let builder = World::new().assemble(ISSUER, ring(&[1])).policy(format(algorithm));
        match provider {
            Some(provider) => builder.openid(provider).build(),
            None => builder.build(),
        }
    };
    let refused = |built: Result<AuthorizationServer, ConfigError>| built.unwrap_err();
    let error = refused(build(Algorithm::Es256, None));
    assert_eq!(error, ConfigError::AccessTokenFormat(Algorithm::Es256));
    assert_eq!(error.to_string(), "access_token_format needs a provider with a key for ES256");
    let error = refused(build(Algorithm::Ps256, Some(Provider::new(keys()))));
    assert_eq!(error, ConfigError::AccessTokenFormat(Algorithm::Ps256));
    assert!(build(Algorithm::Es256, Some(Provider::new(keys()))).is_ok());
}

/// Section 3: without a `resource` it is for the policy's default, or else for the
/// issuer.
#[tokio::test]
async fn a_token_is_always_for_somebody() {
    let house = Signing::new();
    let token = house.access_token(&SPA).await;
    assert_eq!(part(&token, 1)["aud"], json!([ISSUER]));
    assert!(house.server.guard().check(&bearer(&token).parts()).await.is_ok());

    let default_resources = codegrant::Resources::parse(&[REPORTS_API, OTHER_API]).unwrap();
    let policy = Policy { default_resources, ..jwt_policy() };
    let house = Signing::with(|builder| builder.policy(policy));
    let token = house.access_token(&SPA).await;
    assert_eq!(part(&token, 1)["aud"], json!([REPORTS_API, OTHER_API]));
}

/// RFC 9068 section 2.2.3, RFC 6749 section 6: never more than the grant allows.
#[tokio::test]
async fn a_narrower_token_says_less_and_is_worth_less() {
    let house = Signing::new();
    let form = NOTES.asks().and("resource", REPORTS_API).and("resource", OTHER_API);
    let tokens = Tokens::in_answer(&house.redeem(&NOTES, &house.code_for(&form).await).await);
    let both = json!([REPORTS_API, OTHER_API]);
    assert_eq!(part(&tokens.access, 1)["aud"], both);
    let form = App::renewal(&tokens.refresh).with("scope", "reports.read");
    let call = NOTES.calls_token(&form.with("resource", OTHER_API));
    let narrow = Tokens::in_answer(&house.token(&call).await).access;
    let claims = part(&narrow, 1);
    assert_eq!((&claims["scope"], &claims["aud"]), (&json!("reports.read"), &json!([OTHER_API])));
    let access = house.check(&narrow).await.unwrap();
    assert_eq!(access.scope(), &scope("reports.read"));
    assert_eq!(access.audience().as_slice()[0].as_str(), OTHER_API);
    assert_eq!(access.audience().as_slice().len(), 1);
}

/// RFC 9068 section 2.2.1: a refresh is no sign-in.
#[tokio::test]
async fn a_refreshed_token_tells_of_the_same_sign_in() {
    let house = Signing::new();
    house.sign_in_gold();
    let tokens = house.tokens(&NOTES).await;
    house.pass(300);
    house.sign_in("alice");
    let next = house.refreshed(&NOTES, &tokens.refresh).await;
    let (before, after) = (part(&tokens.access, 1), part(&next.access, 1));
    assert_eq!(after["iat"], json!(START + 300));
    assert_eq!((&after["auth_time"], &after["acr"]), (&before["auth_time"], &before["acr"]));
    assert_ne!(after["jti"], before["jti"]);
}

#[tokio::test]
async fn introspection_says_the_same_of_both_formats() {
    let jwt = Signing::new();
    let opaque = Signing::with(|builder| builder);
    let mut told = Vec::new();
    for house in [&jwt, &opaque] {
        house.sign_in_gold();
        let token = house.for_reports(&SYNC).await;
        for asker in [API, AUDITOR, SYNC] {
            let mut answer = house.introspect(&asker, &token).await;
            let jti = answer["jti"].take();
            if token.contains('.') {
                assert_eq!(jti, part(&token, 1)["jti"]);
            }
            told.push(answer);
        }
        assert_eq!(house.introspect(&DASHBOARD, &token).await, json!({"active": false}));
    }
    let (of_jwt, of_opaque) = told.split_at(3);
    assert_eq!(of_jwt, of_opaque);
    assert_eq!(of_jwt[0]["active"], true);
    assert_eq!((&of_jwt[0]["acr"], &of_jwt[0]["auth_time"]), (&json!(GOLD), &json!(START)));
}

#[tokio::test]
async fn a_guard_beside_the_server_learns_the_same_of_both_formats() {
    let jwt = Signing::new();
    let opaque = Signing::with(|builder| builder);
    let mut told = Vec::new();
    for house in [&jwt, &opaque] {
        house.sign_in_gold();
        let token = house.for_reports(&SYNC).await;
        house.seams.calls();
        let access = house.check(&token).await.unwrap();
        assert_eq!(house.seams.calls(), ["grant", "user"]);
        told.push((
            (access.subject().clone(), access.client().clone(), access.scope().clone()),
            (access.audience().clone(), access.expires_at(), access.user().clone()),
            (access.auth_time(), access.acr().cloned()),
        ));
    }
    assert_eq!(told[0], told[1]);
}

#[tokio::test]
async fn revoking_a_jwt_ends_its_grant_even_when_it_has_expired() {
    for expired in [false, true] {
        for app in [NOTES, SYNC] {
            let house = Signing::new();
            let tokens = house.tokens(&app).await;
            if expired {
                house.pass(601);
                assert!(house.check(&tokens.access).await.is_err());
            }
            assert_eq!(house.revoke(&app, &tokens.access).await.status(), 200);
            house.assert_dead(&app, &tokens).await;
        }
    }
}

#[tokio::test]
async fn a_jwt_is_revoked_by_its_own_client_only() {
    let house = Signing::new();
    let tokens = house.tokens(&SYNC).await;
    assert_error(&house.revoke(&NOTES, &tokens.access).await, 400, "invalid_grant");
    house.assert_alive(&SYNC, &tokens).await;
}

#[tokio::test]
async fn a_code_used_twice_ends_a_jwt_as_well() {
    for app in EVERY_APP {
        let house = Signing::new();
        let code = house.code(&app).await;
        let token = body_of(&house.redeem(&app, &code).await)["access_token"].clone();
        assert!(house.check(token.as_str().unwrap()).await.is_ok());
        assert_error(&house.redeem(&app, &code).await, 400, "invalid_grant");
        assert!(house.check(token.as_str().unwrap()).await.is_err());
    }
}

#[tokio::test]
async fn tokens_of_the_other_format_live_on_when_the_policy_changes() {
    let house = Signing::with(|builder| builder);
    let serve = |policy: Policy| {
        let builder = house.assemble(ISSUER, ring(&[1])).policy(policy);
        builder.openid(Provider::new(house.keys.clone())).build().unwrap()
    };
    let (opaque, jwt) = (serve(Policy::default()), serve(jwt_policy()));
    for (issuing, judging) in [(&opaque, &jwt), (&jwt, &opaque)] {
        let code = house.code(&SPA).await;
        let call = SPA.redeems(&code);
        let answer = body_of(&issuing.token(&call.parts(), &call.body).await);
        let token = answer["access_token"].as_str().unwrap();
        let checked = judging.guard().check(&bearer(token).parts()).await;
        assert_eq!(checked.unwrap().subject().as_str(), "alice");
        let call = AUDITOR.calls("/introspect", &Form::of(&[("token", token)]));
        let told = body_of(&judging.introspect(&call.parts(), &call.body).await);
        assert_eq!(told["active"], true);
        let call = SPA.calls("/revoke", &Form::of(&[("token", token)]));
        assert_eq!(judging.revoke(&call.parts(), &call.body).await.status(), 200);
        assert!(issuing.guard().check(&bearer(token).parts()).await.is_err());
    }
}

#[tokio::test]
async fn keys_and_secrets_rotate_without_losing_a_jwt() {
    let house = Signing::new();
    let (old, new) = (key(), key());
    house.keys.rotate([old.clone()]).unwrap();
    let token = house.access_token(&SPA).await;
    for (step, accepted) in
        [(vec![old.clone(), new.clone()], true), (vec![new.clone(), old], true), (vec![new], false)]
    {
        house.keys.rotate(step).unwrap();
        assert_eq!(house.check(&token).await.is_ok(), accepted);
    }
    let token = house.access_token(&SPA).await;
    house.server.rotate_secrets(&ring(&[2, 1]));
    assert!(house.check(&token).await.is_ok());
    house.server.rotate_secrets(&ring(&[2]));
    assert!(house.check(&token).await.is_err());
}

/// Nothing is consumed by what failed before the write: neither signing nor the
/// directory.
#[tokio::test]
async fn a_code_is_as_good_as_before_when_nothing_could_be_signed() {
    let house = Signing::new();
    let code = house.code(&SPA).await;
    house.seams.fail("user", Fault::Before);
    assert_error(&house.redeem(&SPA, &code).await, 503, "temporarily_unavailable");
    house.seams.mend();
    let other = SigningKey::generate(Algorithm::EdDsa).unwrap();
    house.keys.rotate([other]).unwrap();
    assert_error(&house.redeem(&SPA, &code).await, 503, "temporarily_unavailable");
    house.keys.rotate([key()]).unwrap();
    house.assert_redeems(&SPA, &code, "two failures").await;
}

/// An offline guard could not ask whether the user is there, so nothing is issued.
#[tokio::test]
async fn nobody_gets_a_jwt_of_a_user_who_is_gone_and_their_grant_is_ended() {
    let house = Signing::new();
    let code = house.code(&SPA).await;
    house.people.remove("alice");
    assert_error(&house.redeem(&SPA, &code).await, 400, "invalid_grant");
    assert!(house.grants("alice").await.iter().all(|grant| grant.is_ended()));
}

#[tokio::test]
async fn a_jwt_costs_one_look_into_the_directory() {
    let house = Signing::new();
    house.clients.put(openid(&NOTES).build().unwrap());
    let code = house.code_for(&NOTES.asks().with("scope", "openid reports.read")).await;
    house.seams.calls();
    let tokens = Tokens::in_answer(&house.redeem(&NOTES, &code).await);
    let looks = |calls: Vec<&'static str>| calls.iter().filter(|call| **call == "user").count();
    assert_eq!(looks(house.seams.calls()), 1, "to redeem");
    house.refreshed(&NOTES, &tokens.refresh).await;
    assert_eq!(looks(house.seams.calls()), 1, "to refresh");
}

/// A valid opaque token of the same server, from before a change of its policy.
async fn opaque(house: &Signing) -> String {
    let before = house.assemble(ISSUER, ring(&[1])).build().unwrap();
    let call = SPA.redeems(&house.code(&SPA).await);
    let answer = before.token(&call.parts(), &call.body).await;
    body_of(&answer)["access_token"].as_str().unwrap().to_owned()
}

/// One that nobody signed, or signed as something else, never reaches the store.
#[tokio::test]
async fn whatever_is_not_signed_as_an_access_token_never_reaches_the_store() {
    let house = Signing::new();
    let good = house.for_reports(&NOTES).await;
    let (header, claims) = (part(&good, 0), part(&good, 1));
    let header_with = |name, value| with_part(&good, 0, &changed(&header, name, value).to_string());
    let wider = changed(&claims, "scope", json!("reports.read reports.write profile"));
    let twice = claims.to_string().replacen('{', r#"{"codegrant":"x","#, 1);
    let twice = house.keys.sign(Algorithm::Es256, "at+jwt", twice.as_bytes()).await.unwrap();
    let unsigned = format!("{}.", good.rsplit_once('.').unwrap().0);
    let text = claims.to_string();
    let elsewhere = keys().sign(Algorithm::Es256, "at+jwt", text.as_bytes()).await.unwrap();
    let foreign_kid = part(&elsewhere, 0)["kid"].clone();
    for (attack, token) in [
        ("the sealed part alone", claims["codegrant"].as_str().unwrap().to_owned()),
        ("an ID token", house.sign("JWT", &claims).await),
        ("a logout token", house.sign("logout+jwt", &claims).await),
        ("no sealed part", house.sign("at+jwt", &changed(&claims, "codegrant", json!(null))).await),
        ("another sealed part", {
            let opaque = opaque(&house).await;
            assert!(house.check(&opaque).await.is_ok());
            house.sign("at+jwt", &changed(&claims, "codegrant", json!(opaque))).await
        }),
        ("a member twice", twice),
        ("a foreign key", elsewhere),
        ("a foreign kid", header_with("kid", foreign_kid)),
        ("no kid", header_with("kid", json!(null))),
        ("alg none", header_with("alg", json!("none"))),
        ("alg none, no signature", {
            let none = header_with("alg", json!("none"));
            format!("{}.", none.rsplit_once('.').unwrap().0)
        }),
        ("HS256", header_with("alg", json!("HS256"))),
        ("another alg", header_with("alg", json!("RS256"))),
        ("a key of its own", header_with("jwk", json!({"kty": "oct", "k": "AAAA"}))),
        ("a critical extension", header_with("crit", json!(["exp"]))),
        ("a wider scope", with_part(&good, 1, &wider.to_string())),
        ("no signature", unsigned),
        ("half of it", good.split_at(good.len() / 2).0.to_owned()),
        ("a part too many", format!("{good}.AAAA")),
        ("padding", format!("{good}=")),
    ] {
        house.seams.calls();
        let denied = house.check(&token).await.unwrap_err().into_response();
        assert_error(&denied, 401, "invalid_token");
        assert!(house.seams.calls().is_empty(), "{attack} reached the store");
        assert_eq!(house.introspect(&AUDITOR, &token).await, json!({"active": false}), "{attack}");
    }
    assert!(house.check(&good).await.is_ok());
}

/// With the public key, which everybody has, as the secret.
#[tokio::test]
async fn a_public_key_is_no_shared_secret() {
    let house = Signing::new();
    let good = house.for_reports(&NOTES).await;
    let kid = part(&good, 0)["kid"].as_str().unwrap().to_owned();
    let mut header = jsonwebtoken::Header::new(jsonwebtoken::Algorithm::HS256);
    header.typ = Some("at+jwt".into());
    header.kid = Some(kid);
    let secret = jsonwebtoken::EncodingKey::from_secret(house.keys.jwks().as_bytes());
    let forged = jsonwebtoken::encode(&header, &part(&good, 1), &secret).unwrap();
    assert!(house.check(&forged).await.is_err());
}

/// The same keys, secret and stores, but another issuer: its tokens are not ours.
#[tokio::test]
async fn a_jwt_of_another_issuer_with_the_same_keys_is_invalid() {
    let house = Signing::new();
    let token = house.access_token(&SPA).await;
    let sister = house.assemble("https://id.example", ring(&[1]));
    let sister = sister.openid(Provider::new(house.keys.clone())).build().unwrap();
    assert!(sister.guard().check(&bearer(&token).parts()).await.is_err());
    assert!(house.check(&token).await.is_ok());
}

#[tokio::test]
async fn a_jwt_ends_with_its_lifetime_its_grant_and_its_user() {
    let house = Signing::new();
    let token = house.access_token(&SPA).await;
    house.pass(599);
    assert!(house.check(&token).await.is_ok());
    house.pass(1);
    assert!(house.check(&token).await.is_err());

    let house = Signing::new();
    let token = house.access_token(&SPA).await;
    house.people.remove("alice");
    assert!(house.check(&token).await.is_err());
    assert!(house.grants("alice").await.iter().all(|grant| grant.is_ended()));
}

/// `expires_in`, `exp` and the end of the grant agree.
#[tokio::test]
async fn a_jwt_does_not_outlive_its_grant() {
    let refresh_absolute_lifetime = Duration::from_secs(700);
    let policy = Policy { refresh_absolute_lifetime, ..jwt_policy() };
    let house = Signing::with(|builder| builder.policy(policy));
    let tokens = house.tokens(&NOTES).await;
    house.pass(200);
    let answer = house.refresh(&NOTES, &tokens.refresh).await;
    assert_eq!(body_of(&answer)["expires_in"], 500);
    assert_eq!(part(&Tokens::in_answer(&answer).access, 1)["exp"], json!(START + 700));
}

/// A server that is no provider issues, and answers, what it always did.
#[tokio::test]
async fn without_a_provider_nothing_is_signed_and_nothing_more_is_told() {
    let house = House::new();
    let token = house.access_token(&SPA).await;
    assert!(!token.contains('.'));
    let told = house.introspect(&AUDITOR, &token).await;
    assert_eq!((told.get("auth_time"), told.get("acr")), (None, None));
    let jwt = Signing::new().access_token(&SPA).await;
    house.seams.calls();
    assert!(house.check(&jwt).await.is_err());
    assert!(house.seams.calls().is_empty());
}
