//! The later life of a grant (RFC 6749 section 6, RFC 9700 section 4.14).

use crate::apps::{App, DASHBOARD, TERMINAL};
use crate::target::Target;
use crate::user::{ALICE, User};

async fn tokens(target: &Target, app: &App) -> (String, String) {
    let code = User::new(ALICE).code(target, app).await;
    let tokens = app.redeem(target, &code).await;
    (tokens.member("access_token"), tokens.member("refresh_token"))
}

pub(super) async fn a_public_clients_refresh_token_is_replaced_and_a_lost_answer_comes_again(
    target: Target,
) {
    let (access, first) = tokens(&target, &TERMINAL).await;
    let refreshed = TERMINAL.refresh(&target, &first).await;
    let second = refreshed.member("refresh_token");
    assert_ne!(first, second);
    assert_ne!(refreshed.member("access_token"), access);
    let again = TERMINAL.refresh(&target, &first).await;
    assert_eq!(again.member("refresh_token"), second);
    for access in [refreshed.member("access_token"), again.member("access_token")] {
        assert_eq!(target.with_token("/resource", &access).await.status, 200);
    }
}

pub(super) async fn an_old_refresh_token_that_comes_back_ends_everything(target: Target) {
    let (_, first) = tokens(&target, &TERMINAL).await;
    let second = TERMINAL.refresh(&target, &first).await.member("refresh_token");
    let third = TERMINAL.refresh(&target, &second).await;
    TERMINAL.refresh(&target, &first).await.assert_error(400, "invalid_grant");
    let newest = third.member("refresh_token");
    TERMINAL.refresh(&target, &newest).await.assert_error(400, "invalid_grant");
    let access = third.member("access_token");
    assert_eq!(target.with_token("/resource", &access).await.status, 401);
}

pub(super) async fn a_refresh_token_serves_its_client_only_and_never_more_than_was_allowed(
    target: Target,
) {
    let (_, refresh) = tokens(&target, &DASHBOARD).await;
    TERMINAL.refresh(&target, &refresh).await.assert_error(400, "invalid_grant");
    let fields =
        |scope| [("grant_type", "refresh_token"), ("refresh_token", &*refresh), ("scope", scope)];
    let wider = target.token(&DASHBOARD, &fields("openid email")).await;
    wider.assert_error(400, "invalid_scope");
    let narrow = target.token(&DASHBOARD, &fields("openid")).await;
    assert_eq!(narrow.member("scope"), "openid");
    let access = narrow.member("access_token");
    let refused = target.with_token("/resource", &access).await;
    assert_eq!(refused.status, 403, "{refused:?}");
    assert!(refused.header("www-authenticate").contains("insufficient_scope"), "{refused:?}");
}
