//! The revocation endpoint (RFC 7009).

use http::Method;

use codegrant::{Endpoints, Response};
use serde_json::json;

use crate::support::House;
use crate::support::answers::assert_error;
use crate::support::apps::{App, DASHBOARD, NOTES, SPA, SYNC};
use crate::support::call::{Call, Form};
use crate::support::seams::Fault;
use crate::support::signed::{Signing, changed, key, part, with_part};

async fn call(house: &House, call: &Call) -> Response {
    house.server.revoke(&call.parts(), &call.body).await
}

fn assert_done(response: &Response) {
    assert_eq!(response.status(), 200, "{}", response.body());
    assert!(response.body().is_empty());
    assert_eq!(response.headers()["cache-control"], "no-store");
}

#[tokio::test]
async fn revoking_either_token_ends_everything_at_once() {
    for app in [NOTES, SYNC] {
        for refresh in [false, true] {
            let house = House::new();
            let tokens = house.tokens(&app).await;
            let next = house.refreshed(&app, &tokens.refresh).await;
            let revoked = if refresh { &next.refresh } else { &next.access };
            assert_done(&house.revoke(&app, revoked).await);
            for tokens in [&tokens, &next] {
                house.assert_dead(&app, tokens).await;
            }
        }
    }
}

#[tokio::test]
async fn other_grants_of_the_same_user_and_client_stay() {
    let house = House::new();
    let (gone, stays) = (house.tokens(&NOTES).await, house.tokens(&NOTES).await);
    assert_done(&house.revoke(&NOTES, &gone.refresh).await);
    house.assert_dead(&NOTES, &gone).await;
    house.assert_alive(&NOTES, &stays).await;
}

#[tokio::test]
async fn any_hint_is_as_good_as_none() {
    for hint in ["access_token", "refresh_token", "pushed_chocolate", ""] {
        let house = House::new();
        let tokens = house.tokens(&NOTES).await;
        let form = Form::of(&[("token", &tokens.access), ("token_type_hint", hint)]);
        assert_done(&call(&house, &NOTES.calls("/revoke", &form)).await);
        house.assert_dead(&NOTES, &tokens).await;
    }
}

#[tokio::test]
async fn a_token_that_is_unknown_counts_as_revoked() {
    let house = House::new();
    let code = house.code(&NOTES).await;
    let tokens = house.tokens(&NOTES).await;
    let altered = format!("{}A", tokens.refresh);
    for unknown in ["x", &altered, &code] {
        assert_done(&house.revoke(&NOTES, unknown).await);
    }
    house.assert_redeems(&NOTES, &code, "revoking what is no token").await;
    house.assert_alive(&NOTES, &tokens).await;
    assert_done(&house.revoke(&NOTES, &tokens.refresh).await);
    assert_done(&house.revoke(&NOTES, &tokens.refresh).await);
}

/// The client meant to sign out, and holds nothing newer.
#[tokio::test]
async fn an_expired_access_token_or_an_old_refresh_token_still_ends_its_grant() {
    let house = House::new();
    let tokens = house.tokens(&NOTES).await;
    house.pass(700);
    assert_done(&house.revoke(&NOTES, &tokens.access).await);
    house.assert_dead(&NOTES, &tokens).await;
    let first = house.tokens(&NOTES).await;
    let next = house.refreshed(&NOTES, &first.refresh).await;
    house.pass(700);
    assert_done(&house.revoke(&NOTES, &first.refresh).await);
    house.assert_dead(&NOTES, &next).await;
}

/// A stolen signing key is left out at once. Whoever then gives back what it signed
/// takes the grant for ended, and gave what no thief of that key could make.
#[tokio::test]
async fn a_jwt_is_revoked_although_the_key_that_signed_it_was_left_out() {
    let house = Signing::new();
    let tokens = house.tokens(&SYNC).await;
    house.keys.rotate([key()]).unwrap();
    assert_error(&house.revoke(&NOTES, &tokens.access).await, 400, "invalid_grant");
    assert_done(&house.revoke(&SYNC, &tokens.access).await);
    house.assert_dead(&SYNC, &tokens).await;
}

#[tokio::test]
async fn a_jwt_revokes_what_is_sealed_in_it_and_else_nothing() {
    let house = Signing::new();
    let opaque = House::new().tokens(&SYNC).await.access;
    let (tokens, others) = (house.tokens(&SYNC).await, house.tokens(&SYNC).await);
    let claims = part(&tokens.access, 1);
    let sealed = claims["codegrant"].as_str().unwrap();
    let altered = format!("{sealed}A");
    for own in [json!(null), json!(5), json!(altered), json!(opaque), json!(tokens.refresh)] {
        let jwt = with_part(&tokens.access, 1, &changed(&claims, "codegrant", own).to_string());
        assert_done(&house.revoke(&SYNC, &jwt).await);
    }
    for unlike in [sealed.to_owned(), format!("{sealed}."), tokens.access.replace('.', "")] {
        assert_done(&house.revoke(&SYNC, &unlike).await);
    }
    house.assert_alive(&SYNC, &tokens).await;
    assert_done(&house.revoke(&SYNC, &with_part(&tokens.access, 2, "unsigned")).await);
    house.assert_dead(&SYNC, &tokens).await;
    house.assert_alive(&SYNC, &others).await;
}

#[tokio::test]
async fn another_clients_token_is_refused_without_effect() {
    let house = House::new();
    let tokens = house.tokens(&NOTES).await;
    for thief in [SYNC, SPA, DASHBOARD] {
        for token in [&tokens.access, &tokens.refresh] {
            assert_error(&house.revoke(&thief, token).await, 400, "invalid_grant");
        }
    }
    house.assert_alive(&NOTES, &tokens).await;
}

#[tokio::test]
async fn whoever_cannot_authenticate_revokes_nothing() {
    let house = House::new();
    let tokens = house.tokens(&SYNC).await;
    let form = Form::of(&[("token", &tokens.refresh)]);
    for stranger in [
        Call::post("/revoke", &form),
        Call::post("/revoke", &form.clone().with("client_id", SYNC.id)),
        Call::post("/revoke", &form.clone().with("client_id", SYNC.id).with("client_secret", "x")),
    ] {
        assert_error(&call(&house, &stranger).await, 401, "invalid_client");
    }
    house.assert_alive(&SYNC, &tokens).await;
}

#[tokio::test]
async fn a_request_that_is_none_is_told_so() {
    let house = House::new();
    let tokens = house.tokens(&NOTES).await;
    let good = NOTES.calls("/revoke", &Form::of(&[("token", &tokens.refresh)]));
    for (bad, status) in [
        (NOTES.calls("/revoke", &Form::default()), 400),
        (NOTES.calls("/revoke", &Form::of(&[("token", "a"), ("token", "b")])), 400),
        (good.clone().uri("/revoke?token=x"), 400),
        (good.clone().method(Method::GET), 405),
    ] {
        assert_error(&call(&house, &bad).await, status, "invalid_request");
    }
    house.assert_alive(&NOTES, &tokens).await;
}

#[tokio::test]
async fn a_store_that_is_down_says_so_and_the_next_try_works() {
    for seam in ["client", "grant", "replace"] {
        let house = House::new();
        let tokens = house.tokens(&NOTES).await;
        house.seams.fail(seam, Fault::Before);
        let response = house.revoke(&NOTES, &tokens.refresh).await;
        assert_error(&response, 503, "temporarily_unavailable");
        house.seams.mend();
        assert_done(&house.revoke(&NOTES, &tokens.refresh).await);
        house.assert_dead(&NOTES, &tokens).await;
    }
}

#[tokio::test]
async fn an_endpoint_that_is_switched_off_answers_404() {
    let off = Endpoints { revocation: None, introspection: None, ..Endpoints::default() };
    let house = House::with(|builder| builder.endpoints(off));
    let tokens = house.tokens(&NOTES).await;
    assert_eq!(house.revoke(&NOTES, &tokens.refresh).await.status(), 404);
    let asks = App::calls(&SYNC, "/introspect", &Form::of(&[("token", &tokens.access)]));
    assert_eq!(house.server.introspect(&asks.parts(), &asks.body).await.status(), 404);
    assert!(house.check(&tokens.access).await.is_ok());
}

/// Whoever comes first, nothing is alive after both.
#[tokio::test]
async fn a_revocation_that_races_a_refresh_or_a_replay_leaves_nothing_alive() {
    for _ in 0..250 {
        let house = House::new();
        let tokens = house.tokens(&NOTES).await;
        let (refreshed, revoked) = tokio::join!(
            house.refresh(&NOTES, &tokens.refresh),
            house.revoke(&NOTES, &tokens.access)
        );
        assert_done(&revoked);
        house.assert_dead(&NOTES, &tokens).await;
        if refreshed.status() == 200 {
            house.assert_dead(&NOTES, &crate::support::Tokens::in_answer(&refreshed)).await;
        }
    }
}
