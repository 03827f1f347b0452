//! What is told to clients before they ask: RFC 8414 and RFC 9728.

use codegrant::{Endpoints, Resource, Response};
use serde_json::{Value, json};

use crate::support::answers::challenge;
use crate::support::apps::{ALL, NOTES, REPORTS_API};
use crate::support::call::{Call, Form, bearer};
use crate::support::world::{ISSUER, World, ring};
use crate::support::{House, scope};

/// What everybody may read and keep.
fn document(response: &Response) -> Value {
    assert_eq!(response.status(), 200);
    assert_eq!(response.headers()["content-type"], "application/json");
    assert_eq!(response.headers()["cache-control"], "public, max-age=3600");
    assert_eq!(response.headers()["access-control-allow-origin"], "*");
    serde_json::from_str(response.body()).unwrap()
}

#[test]
fn the_metadata_say_what_is_offered_and_nothing_else() {
    let house = House::with(|builder| builder.scopes_supported(scope(ALL)));
    assert_eq!(
        document(&house.server.metadata()),
        json!({
            "issuer": ISSUER,
            "authorization_endpoint": format!("{ISSUER}/authorize"),
            "token_endpoint": format!("{ISSUER}/token"),
            "introspection_endpoint": format!("{ISSUER}/introspect"),
            "revocation_endpoint": format!("{ISSUER}/revoke"),
            "scopes_supported": ["reports.read", "reports.write", "profile"],
            "response_types_supported": ["code"],
            "response_modes_supported": ["query", "form_post"],
            "grant_types_supported": ["authorization_code", "refresh_token"],
            "token_endpoint_auth_methods_supported":
                ["client_secret_basic", "client_secret_post", "none"],
            "introspection_endpoint_auth_methods_supported":
                ["client_secret_basic", "client_secret_post"],
            "revocation_endpoint_auth_methods_supported":
                ["client_secret_basic", "client_secret_post", "none"],
            "code_challenge_methods_supported": ["S256"],
            "authorization_response_iss_parameter_supported": true,
            "prompt_values_supported": ["none", "login", "consent", "select_account"],
        })
    );
}

#[test]
fn what_is_switched_off_or_elsewhere_is_told_so() {
    let endpoints = Endpoints {
        authorization: "/start".into(),
        token: "/oauth/token".into(),
        introspection: None,
        revocation: None,
        ..Endpoints::default()
    };
    let house = House::with(|builder| builder.endpoints(endpoints));
    let metadata = document(&house.server.metadata());
    assert_eq!(metadata["authorization_endpoint"], format!("{ISSUER}/start"));
    assert_eq!(metadata["token_endpoint"], format!("{ISSUER}/oauth/token"));
    let told: Vec<&String> = metadata.as_object().unwrap().keys().collect();
    assert!(!told.iter().any(|name| name.starts_with("introspection")), "{told:?}");
    assert!(!told.iter().any(|name| name.starts_with("revocation")), "{told:?}");
    assert!(!told.iter().any(|name| *name == "scopes_supported"), "{told:?}");
}

/// RFC 8414 section 3.3: clients compare it with what they were configured with.
#[test]
fn the_issuer_is_told_byte_for_byte() {
    for issuer in ["https://id.example", "https://id.example/", "https://id.example/a/b"] {
        let server = World::new().assemble(issuer, ring(&[1])).build().unwrap();
        assert_eq!(document(&server.metadata())["issuer"], issuer);
    }
}

#[test]
fn the_metadata_are_found_in_all_three_places() {
    let paths =
        |issuer: &str| World::new().assemble(issuer, ring(&[1])).build().unwrap().metadata_paths();
    for plain in ["https://id.example", "https://id.example/"] {
        assert_eq!(
            paths(plain),
            [
                "/.well-known/oauth-authorization-server",
                "/.well-known/openid-configuration",
                "/.well-known/openid-configuration",
            ]
        );
    }
    for path in ["https://id.example/a/b", "https://id.example/a/b/"] {
        assert_eq!(
            paths(path),
            [
                "/.well-known/oauth-authorization-server/a/b",
                "/.well-known/openid-configuration/a/b",
                "/a/b/.well-known/openid-configuration",
            ]
        );
    }
}

#[test]
fn a_guard_with_a_name_tells_its_own_metadata() {
    let house = House::new();
    assert!(house.server.guard().metadata().is_none());
    let guard = house.server.guard().audience(Resource::parse(REPORTS_API).unwrap());
    let path = "/.well-known/oauth-protected-resource/reports";
    assert_eq!(guard.metadata_path().as_deref(), Some(path));
    let mut expected = json!({
        "resource": REPORTS_API,
        "authorization_servers": [ISSUER],
        "bearer_methods_supported": ["header"],
    });
    assert_eq!(document(&guard.metadata().unwrap()), expected);
    expected["scopes_supported"] = json!(["reports.read", "profile"]);
    let guard = guard.scope(scope("reports.read profile"));
    assert_eq!(document(&guard.metadata().unwrap()), expected);
}

#[tokio::test]
async fn a_challenge_says_where_the_metadata_are_and_which_scope_to_ask_for() {
    let house = House::new();
    let code = house.code_for(&NOTES.asks().with("resource", REPORTS_API)).await;
    let tokens = crate::support::Tokens::in_answer(&house.redeem(&NOTES, &code).await);
    let guard = house.server.guard().audience(Resource::parse(REPORTS_API).unwrap());
    let guard = guard.scope(scope("reports.read"));
    let realm = format!("Bearer realm=\"{ISSUER}\"");
    let pointer =
        "resource_metadata=\"https://api.example/.well-known/oauth-protected-resource/reports\"";

    let nothing = guard.check(&Call::get("/resource", &Form::default()).parts()).await.unwrap_err();
    let expected = format!("{realm}, scope=\"reports.read\", {pointer}");
    assert_eq!(challenge(&nothing.into_response()), Some(&*expected));

    let garbage = guard.check(&bearer("x").parts()).await.unwrap_err().into_response();
    let told = challenge(&garbage).unwrap();
    assert!(told.contains("error=\"invalid_token\"") && told.ends_with(pointer), "{told}");
    assert!(told.contains("scope=\"reports.read\""), "{told}");

    let access = guard.check(&bearer(&tokens.access).parts()).await.unwrap();
    let narrow = access.require_scope(&scope("profile")).unwrap_err().into_response();
    let told = challenge(&narrow).unwrap();
    assert!(told.contains("error=\"insufficient_scope\""), "{told}");
    assert!(told.contains("scope=\"profile\"") && told.ends_with(pointer), "{told}");
}
