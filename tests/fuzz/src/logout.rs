//! The request to sign out (OpenID Connect RP-Initiated Logout section 2).

use std::sync::LazyLock;

use codegrant::{Algorithm, Authentication, Client, EndSession, Logout, Subject, Timestamp};
use serde_json::json;

use crate::house::{House, ISSUER, NOW, finish, get, keys, now, post};
use crate::{lines, values};

const BYE: &str = "https://app.example/bye?x=1";

/// Who is signed in, a query, and a body if it is a POST, where `{id_token}` stands
/// for one of Alice's: nobody is signed out by the way, and nothing leads to where
/// the client did not register it, word for word.
pub fn logout(data: &[u8]) {
    let Some([who, query, body]) = lines(data) else { return };
    let [query, body] = [query, body].map(|form| form.replace("{id_token}", &ID_TOKEN));
    let request =
        if body.is_empty() { get(&query, false) } else { finish(post().uri(format!("/?{query}"))) };
    let Some(mut parts) = request else { return };
    if who == "alice" {
        parts.extensions.insert(alice());
    }
    let house = house();
    let form = format!("{}&{body}", parts.uri.query().unwrap_or_default());
    match now(house.server.logout(&parts, body.as_bytes())) {
        Logout::Refused(refused) => assert!(refused.response().status().is_client_error()),
        Logout::Redirect(answer) => {
            let location = answer.headers()["location"].to_str().unwrap();
            assert!(location.starts_with(&format!("{ISSUER}/logout?")) && who != "alice");
        }
        Logout::End(ended) => {
            let is_proven = values(&form, "id_token_hint") == [&**ID_TOKEN];
            assert!(ended.user().is_none() || is_proven);
            leads_home(&house, ended, &form);
        }
        Logout::Confirm(asked) => {
            let ended = now(house.server.confirm_logout(&parts, asked.ticket())).unwrap();
            assert_eq!(ended.user(), Some(&alice()));
            leads_home(&house, ended, &form);
        }
    }
}

fn house() -> House {
    let app = Client::builder("app").redirect_uri("https://app.example/cb");
    House::new([app.post_logout_redirect_uri(BYE).build().unwrap()])
}

/// Signed in where sessions have no names, so that any of hers is meant.
fn alice() -> Authentication {
    Authentication::new(Subject::parse("alice").unwrap(), Timestamp::from_unix(NOW - 100))
}

/// What Alice's client was given when she signed in.
static ID_TOKEN: LazyLock<String> = LazyLock::new(|| {
    let claims = json!({
        "iss": ISSUER, "sub": "alice", "aud": "app", "exp": NOW, "iat": NOW, "auth_time": NOW,
    });
    now(keys().sign(Algorithm::EdDsa, "JWT", claims.to_string().as_bytes())).unwrap()
});

fn leads_home(house: &House, ended: EndSession, form: &str) {
    let (_, then) = now(house.server.finish_logout(ended));
    assert_eq!(then.is_some(), values(form, "post_logout_redirect_uri").iter().any(|it| it == BYE));
    let Some(then) = then else { return };
    let location = then.headers()["location"].to_str().unwrap();
    let added = location.strip_prefix(BYE).expect("what is registered, word for word");
    let state = values(form, "state").concat();
    assert_eq!(values(added, "state").concat(), state);
    assert!(added.is_empty() == state.is_empty());
}
