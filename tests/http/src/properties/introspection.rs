//! What a token is worth (RFC 7662).

use crate::apps::{DASHBOARD, REPORTS, REPORTS_API};
use crate::target::Target;
use crate::user::{ALICE, User};

pub(super) async fn a_resource_server_sees_what_is_addressed_to_it_and_nobody_else_does(
    target: Target,
) {
    let alice = User::new(ALICE);
    let addressed = DASHBOARD.link_with(&target, &[("resource", Some(REPORTS_API))]);
    let code = alice.code_for(&target, &DASHBOARD, &addressed).await;
    let addressed = DASHBOARD.redeem(&target, &code).await;
    let code = alice.code(&target, &DASHBOARD).await;
    let others = DASHBOARD.redeem(&target, &code).await.member("access_token");

    let introspect =
        async |app, token: &str| target.call(app, "/introspect", &[("token", token)]).await.json();
    let seen = introspect(&REPORTS, &addressed.member("access_token")).await;
    assert_eq!(seen["active"], true, "{seen}");
    assert_eq!(seen["client_id"], "dashboard");
    assert_eq!(seen["scope"], "openid profile reports.read");
    assert_eq!(seen["iss"], target.issuer());
    assert!([&REPORTS_API.into(), &[REPORTS_API].as_slice().into()].contains(&&seen["aud"]));
    let own = introspect(&DASHBOARD, &addressed.member("refresh_token")).await;
    assert_eq!(own["active"], true, "{own}");
    for unseen in [&*others, &addressed.member("refresh_token"), "forged"] {
        let told = introspect(&REPORTS, unseen).await;
        assert_eq!(told.to_string(), r#"{"active":false}"#);
    }
}
