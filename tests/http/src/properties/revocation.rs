//! Tokens that come back (RFC 7009).

use crate::apps::{DASHBOARD, TERMINAL};
use crate::target::Target;
use crate::user::{ALICE, User};

pub(super) async fn a_revoked_token_takes_the_others_with_it(target: Target) {
    for kind in ["access_token", "refresh_token"] {
        let code = User::new(ALICE).code(&target, &TERMINAL).await;
        let tokens = TERMINAL.redeem(&target, &code).await;
        let access = tokens.member("access_token");
        assert_eq!(target.with_token("/resource", &access).await.status, 200);
        let fields = [("token", &*tokens.member(kind))];
        let revoked = target.call(&TERMINAL, "/revoke", &fields).await;
        assert_eq!((revoked.status.as_u16(), &*revoked.text), (200, ""));
        assert_eq!(target.with_token("/resource", &access).await.status, 401);
        let refresh = tokens.member("refresh_token");
        TERMINAL.refresh(&target, &refresh).await.assert_error(400, "invalid_grant");
    }
}

pub(super) async fn a_token_of_another_client_or_of_nobody_is_not_revoked(target: Target) {
    let code = User::new(ALICE).code(&target, &TERMINAL).await;
    let access = TERMINAL.redeem(&target, &code).await.member("access_token");
    for token in [&*access, "forged"] {
        let answer = target.call(&DASHBOARD, "/revoke", &[("token", token)]).await;
        assert!([200, 400].contains(&answer.status.as_u16()), "{answer:?}");
    }
    assert_eq!(target.with_token("/resource", &access).await.status, 200);
    let wrong = target.call(&DASHBOARD.knowing("wrong"), "/revoke", &[("token", &access)]).await;
    wrong.assert_error(401, "invalid_client");
    target.call(&TERMINAL, "/revoke", &[]).await.assert_error(400, "invalid_request");
}
