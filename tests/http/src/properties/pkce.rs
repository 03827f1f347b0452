//! Proof keys for codes (RFC 7636).

use e2e::agent::parameter;

use crate::apps::{DASHBOARD, TERMINAL};
use crate::target::Target;
use crate::user::{ALICE, User};

/// As well formed as the right one.
const ANOTHER: &str = "another-verifier-of-forty-three-characters-";

pub(super) async fn a_wrong_verifier_or_none_consumes_nothing(target: Target) {
    for app in [TERMINAL, DASHBOARD] {
        let code = User::new(ALICE).code(&target, &app).await;
        let [grant_type, with_code, redirect_uri, _] = app.redeems(&code);
        let wrong = [grant_type, with_code, redirect_uri, ("code_verifier", ANOTHER)];
        target.token(&app, &wrong).await.assert_error(400, "invalid_grant");
        let none = target.token(&app, &wrong[..3]).await;
        assert_eq!(none.status, 400, "{none:?}");
        assert_eq!(app.redeem(&target, &code).await.status, 200);
    }
}

pub(super) async fn a_public_client_does_not_get_a_code_without_a_challenge(target: Target) {
    let without = [("code_challenge", None), ("code_challenge_method", None)];
    let answer = User::new(ALICE).allow(&TERMINAL.link_with(&target, &without)).await;
    assert_eq!(parameter(&answer, "error").as_deref(), Some("invalid_request"), "{answer}");
    assert_eq!(parameter(&answer, "code"), None, "{answer}");
}

pub(super) async fn a_plain_challenge_is_refused(target: Target) {
    let plain = [("code_challenge", Some(ANOTHER)), ("code_challenge_method", Some("plain"))];
    for app in [TERMINAL, DASHBOARD] {
        let answer = User::new(ALICE).allow(&app.link_with(&target, &plain)).await;
        assert_eq!(parameter(&answer, "error").as_deref(), Some("invalid_request"), "{answer}");
        assert_eq!(parameter(&answer, "code"), None, "{answer}");
    }
}
