//! What a host's log says of a value that it prints: which one it is. That no
//! secret is in it is `secrecy`'s to prove.

use codegrant::{Algorithm, Authorize, HostError, KeySet, Logout, SigningKey};

use crate::sign_out::{Home, NOTES_BYE};
use crate::support::House;
use crate::support::apps::{DASHBOARD, NOTES};
use crate::support::call::{Call, Form};
use crate::support::publisher::Publisher;
use crate::support::signed::Signing;
use crate::support::world::{ISSUER, World, ring};

#[tokio::test]
async fn a_pause_prints_who_asks_and_who_is_asked() {
    let house = House::new();
    let printed = format!("{:?}", house.authorize(&DASHBOARD.asks()).await);
    assert!(printed.starts_with("Consent { asker: dashboard at dashboard.example, user: "));
    assert!(printed.contains("alice") && printed.contains("reports.write"), "{printed}");
    house.code(&DASHBOARD).await;
    let printed = format!("{:?}", house.authorize(&DASHBOARD.asks()).await);
    assert_eq!(printed, "Redirect(303)");
    house.sign_out();
    let printed = format!("{:?}", house.authorize(&DASHBOARD.asks()).await);
    let expected = "Login { asker: dashboard at dashboard.example, reason: SignedOut, .. }";
    assert_eq!(printed, expected);
    let refused = house.authorize(&DASHBOARD.asks().with("client_id", "nobody")).await;
    assert!(matches!(refused, Authorize::Refused(_)));
    assert!(format!("{refused:?}").contains("nobody"), "{refused:?}");
}

#[tokio::test]
async fn a_sign_out_prints_who_leaves_and_who_hears_of_it() {
    let home = Home::new();
    home.holds(&NOTES).await;
    let printed = format!("{:?}", home.logout(&Form::of(&[("client_id", NOTES.id)])).await);
    assert!(printed.starts_with("ConfirmLogout { client: Some("), "{printed}");
    assert!(printed.contains("notes") && printed.contains("alice"), "{printed}");
    let refused = home.logout(&Form::of(&[("client_id", "nobody")])).await;
    assert!(format!("{refused:?}").contains("nobody"), "{refused:?}");
    let form = home.leaves(&NOTES, NOTES_BYE).await;
    let end = home.end(&form).await;
    let printed = format!("{end:?}");
    assert!(printed.starts_with("EndSession") && printed.contains("alice"), "{printed}");
    assert_eq!(format!("{:?}", Logout::End(end)), printed);
    let (signed_out, _) = home.finish(home.end(&form).await).await;
    let printed = format!("{:?}", signed_out.notices);
    assert!(printed.starts_with("Notices([") && printed.contains("notes"), "{printed}");
    let again = format!("{:?}", home.logout_by(&Call::post("/logout", &form)).await);
    assert_eq!(again, "Redirect(303)");
}

#[test]
fn a_server_and_its_guards_print_whose_they_are() {
    let house = House::new();
    let builder = World::new().assemble(ISSUER, ring(&[1]));
    let signing = Signing::new();
    for printed in [
        format!("{:?}", house.server),
        format!("{builder:?}"),
        format!("{:?}", house.server.guard()),
        format!("{:?}", Publisher::of(&signing).guard(&signing)),
    ] {
        assert!(printed.contains(ISSUER), "{printed}");
    }
}

#[test]
fn keys_print_their_algorithm_and_their_name() {
    let key = SigningKey::generate(Algorithm::EdDsa).unwrap();
    let printed = format!("{key:?}");
    assert_eq!(printed, format!("SigningKey(EdDSA {})", key.kid()));
    assert_eq!(format!("{:?}", KeySet::new([key]).unwrap()), format!("KeySet([{printed}])"));
}

#[test]
fn an_error_of_the_hosts_prints_as_what_it_holds() {
    let error = HostError::new("the database is down");
    assert_eq!(error.to_string(), "the database is down");
    assert!(format!("{error:?}").contains("the database is down"));
}
