//! What a configuration may say, and what is said of one that may not.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::string_slice,
    clippy::arithmetic_side_effects,
    reason = "a test that cannot go on has failed"
)]

#[allow(dead_code, reason = "every test file needs other parts of it")]
mod support;

use serde_json::{Value, json};
use server::Config;
use support::configuration::{assert_problem, client, problems};

/// Every key that there is.
const EVERYTHING: &str = r#"{
    "issuer": "https://id.example/tenant",
    "listen": "0.0.0.0:8443",
    "tls": {"certificate": "cert.pem", "key": "key.pem"},
    "store": "sqlite:/var/lib/id.db",
    "secret": {"env": "ID_SECRET"},
    "signing_keys": ["rs256.pem", "eddsa-2027.pem"],
    "policy": {
        "profile": "oauth2.1",
        "code_lifetime": 30,
        "access_token_lifetime": 300,
        "access_token_format": "jwt",
        "refresh_idle_lifetime": 3600,
        "refresh_absolute_lifetime": 7200,
        "refresh_rotation": "always",
        "refresh_grace": 0,
        "login_lifetime": 3600,
        "interaction_lifetime": 60
    },
    "clients": [{
        "client_id": "app",
        "client_secret": "s",
        "client_name": "App",
        "client_uri": "https://app.example",
        "redirect_uris": ["https://app.example/cb", "com.example.app:/cb"],
        "token_endpoint_auth_method": "client_secret_post",
        "application_type": "native",
        "grant_types": ["authorization_code", "refresh_token"],
        "response_types": ["code"],
        "id_token_signed_response_alg": "EdDSA",
        "userinfo_signed_response_alg": "RS256",
        "subject_type": "pairwise",
        "sector_identifier_uri": "https://app.example/sector.json",
        "default_max_age": 3600,
        "require_auth_time": true,
        "post_logout_redirect_uris": ["https://app.example/bye"],
        "backchannel_logout_uri": "https://app.example/signed-out",
        "backchannel_logout_session_required": true,
        "default_acr_values": ["urn:example:gold"],
        "scope": "openid mail offline_access",
        "resources": ["https://mail.example", "urn:example:calendar"],
        "audiences": ["https://app.example"],
        "require_pkce": true,
        "trusted": true
    }, {
        "client_id": "mail", "client_secret": "s", "audiences": ["https://mail.example"]
    }, {
        "client_id": "audit", "client_secret": "s", "grant_types": []
    }],
    "introspection_clients": ["audit"],
    "users": [{
        "username": "carol",
        "password": "p",
        "claims": {"sub": "42", "name": "Carol", "address": {"locality": "Bern"}},
        "roles": ["r"],
        "permissions": ["p"]
    }],
    "scopes": {
        "mail": {"description": "Read your mail", "claims": ["mailbox"]},
        "offline_access": {}
    },
    "pairwise_salt": {"env": "ID_SALT"},
    "resource": {"scope": "mail", "permission": "p", "audience": "https://mail.example"}
}"#;

#[test]
fn an_empty_configuration_is_the_demonstration() {
    assert_eq!(Config::from_json("{}").unwrap(), Config::default());
}

#[test]
fn every_key_that_is_offered_is_taken() {
    let read = Config::from_json(EVERYTHING).unwrap();
    let written: Value = serde_json::from_str(EVERYTHING).unwrap();
    assert_eq!(serde_json::to_value(read).unwrap().get("issuer"), written.get("issuer"));
}

#[test]
fn unknown_keys_are_named_wherever_they_are() {
    assert_problem(&json!({"colour": "blue"}), "colour", "unknown field `colour`");
    assert_problem(&json!({"colour": {"a": 1, "b": 2}}), "colour", "unknown field `colour`");
    assert_problem(&json!({"policy": {"colour": 1}}), "policy.colour", "unknown field");
    let tls = json!({"issuer": "https://id.example", "tls": {"certificate": "c", "key": "k", "colour": 1}});
    assert_problem(&tls, "tls.colour", "unknown field");
    assert_problem(&json!({"secret": {"colour": "x"}}), "secret.colour", "unknown variant");
    assert_problem(&client("colour", json!("blue")), "clients[0].colour", "unknown field");
    let user = json!({"users": [{"username": "a", "password": "p", "colour": 1}]});
    assert_problem(&user, "users[0].colour", "unknown field");
    let scope = json!({"scopes": {"reports.read": {"colour": 1}}});
    assert_problem(&scope, "scopes.reports.read.colour", "unknown field");
    assert_problem(&json!({"resource": {"colour": 1}}), "resource.colour", "unknown field");
}

#[test]
fn every_problem_is_said_at_once_one_a_line() {
    let config = json!({"colour": 1, "taste": 2, "issuer": 3, "policy": {"code_lifetime": "x"}});
    assert_eq!(problems(&config).len(), 4);
    let config = json!({
        "issuer": "http://id.example",
        "store": "oracle:x",
        "policy": {"code_lifetime": 0, "access_token_lifetime": 0, "login_lifetime": 0},
        "users": [{"username": "a"}, {"password": "b"}],
        "clients": [{"client_id": "a"}, {"redirect_uris": ["/cb", "x:y"]}],
    });
    let problems = problems(&config);
    for key in [
        "issuer",
        "store",
        "policy.code_lifetime",
        "policy.access_token_lifetime",
        "policy.login_lifetime",
        "users[0].password",
        "users[1].username",
        "clients[0].redirect_uris",
        "clients[1].client_id",
        "clients[1].redirect_uris[0]",
        "clients[1].redirect_uris[1]",
    ] {
        let named = problems.iter().filter(|problem| problem.starts_with(&format!("{key}: ")));
        assert_eq!(named.count(), 1, "{key} in {problems:#?}");
    }
    assert_eq!(problems.len(), 11, "{problems:#?}");
}

#[test]
fn what_is_unknown_or_not_built_hides_no_other_problem() {
    let mut config = client("token_endpoint_auth_method", json!("private_key_jwt"));
    config["colour"] = json!(1);
    config["signing_keys"] = json!(["a.pem"]);
    config["store"] = json!("mysql://db/x");
    config["clients"][0]["taste"] = json!(1);
    config["clients"][0]["redirect_uris"] = json!(["/cb"]);
    let problems = problems(&config);
    assert_eq!(problems.len(), 6, "{problems:#?}");
}

#[test]
fn a_scope_that_is_not_described_may_be_asked_for() {
    assert_eq!(problems(&client("scope", json!("mail"))), [""; 0]);
    assert_eq!(problems(&json!({"scopes": {"mail": {}}})), [""; 0]);
    assert_eq!(problems(&json!({"resource": {"scope": "mail"}})), [""; 0]);
}

#[test]
fn what_is_not_built_yet_is_refused_by_name() {
    let not_yet = "not offered by this build yet";
    for (key, value) in [("profile", json!("fapi2")), ("pushed_request_lifetime", json!(90))] {
        assert_problem(&json!({"policy": { key: value }}), &format!("policy.{key}"), not_yet);
    }
    assert_problem(
        &json!({"store": "rediss://db"}),
        "store",
        "needs a build of the store with TLS",
    );
    for url in ["postgres://db/x", "postgresql://db/x", "redis://db"] {
        assert_eq!(problems(&json!({ "store": url })), [""; 0]);
    }
}

#[test]
fn client_members_that_are_not_built_yet_are_refused_by_name() {
    for (key, value) in [
        ("jwks", json!({"keys": []})),
        ("require_pushed_authorization_requests", json!(true)),
        ("dpop_bound_access_tokens", json!(true)),
        ("token_endpoint_auth_method", json!("private_key_jwt")),
        ("token_endpoint_auth_method", json!("tls_client_auth")),
        ("token_endpoint_auth_method", json!("self_signed_tls_client_auth")),
    ] {
        let not_yet = "not offered by this build yet";
        assert_problem(&client(key, value), &format!("clients[0].{key}"), not_yet);
    }
}

#[test]
fn what_asks_for_nothing_is_taken_whether_it_is_built_or_not() {
    for config in [
        json!({"introspection_clients": [], "signing_keys": [], "pairwise_salt": null}),
        json!({"policy": {"access_token_format": "opaque", "profile": "default"}}),
        json!({"scopes": {"reports.read": {"claims": []}, "reports.comment": {}}}),
        client("grant_types", json!(["authorization_code"])),
        client("response_types", json!(["code"])),
        json!({"listen": "0.0.0.0:80", "metrics": "[::1]:0"}),
        json!({"listen": "id-1.example:65535"}),
        client("subject_type", json!("public")),
        client("require_auth_time", json!(false)),
        client("resources", json!([])),
        client("jwks", Value::Null),
    ] {
        assert_eq!(problems(&config), [""; 0], "{config}");
    }
}

#[test]
fn a_client_must_make_sense() {
    let too_many: Vec<String> = (0..17).map(|n| format!("https://{n}.example")).collect();
    let too_many = json!(too_many);
    for (key, value, named, words) in [
        ("redirect_uris", json!([]), "redirect_uris", "at least one"),
        ("redirect_uris", json!(["http://app.example/"]), "redirect_uris[0]", "loopback"),
        ("redirect_uris", json!(["app:/cb"]), "redirect_uris[0]", "private-use"),
        ("redirect_uris", json!([1]), "redirect_uris[0]", "invalid type"),
        ("client_id", json!(""), "client_id", "is missing"),
        ("scope", json!("a\"b"), "scope", "scope"),
        ("grant_types", json!(["password"]), "grant_types", "\"password\" is neither"),
        ("grant_types", json!(["refresh_token"]), "grant_types", "without \"authorization_code\""),
        ("grant_types", json!([]), "grant_types", "has redirect URIs"),
        ("resources", json!(["https://a.example", "b"]), "resources[1]", "absolute URI"),
        ("resources", json!(["https://a.example#b"]), "resources[0]", "fragment"),
        ("resources", too_many, "resources", "more than 16"),
        ("audiences", json!(["https://a.example"]), "audiences", "must authenticate"),
        ("application_type", json!("tv"), "application_type", "neither"),
        (
            "post_logout_redirect_uris",
            json!(["https://a.example", "http://a.example"]),
            "post_logout_redirect_uris[1]",
            "loopback",
        ),
        ("backchannel_logout_uri", json!("http://a.example"), "backchannel_logout_uri", "https"),
        (
            "backchannel_logout_session_required",
            json!(true),
            "backchannel_logout_session_required",
            "with a backchannel_logout_uri",
        ),
        ("response_types", json!(["code", "token"]), "response_types", "else than \"code\""),
        ("response_types", json!([]), "response_types", "has redirect URIs"),
        ("client_secret", json!(""), "client_secret", "is empty"),
        ("default_acr_values", json!(["a", ""]), "default_acr_values", "printable ASCII"),
        ("client_uri", json!("javascript:alert(1)"), "client_uri", "not an http(s) URL"),
        ("token_endpoint_auth_method", json!("client_secret_basic"), "client_secret", "missing"),
        ("token_endpoint_auth_method", json!("magic"), "token_endpoint_auth_method", "none of"),
        ("trusted", json!("yes"), "trusted", "invalid type"),
    ] {
        assert_problem(&client(key, value), &format!("clients[0].{named}"), words);
    }
    let mut both = client("client_secret", json!("s"));
    both["clients"][0]["token_endpoint_auth_method"] = json!("none");
    assert_problem(&both, "clients[0].client_secret", "the method is \"none\"");
    let mut twice = client("scope", json!(""));
    let again = twice["clients"][0].clone();
    twice["clients"].as_array_mut().unwrap().push(again);
    assert_problem(&twice, "clients[1].client_id", "another client's");
}

#[test]
fn a_client_that_only_serves_resources_needs_no_redirect_uri_and_no_other_goes_without() {
    let serving = |more: Value| {
        let mut client = json!({"client_id": "api", "client_secret": "s"});
        client.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        json!({"clients": [client]})
    };
    let audiences = json!(["https://api.example"]);
    assert_eq!(problems(&serving(json!({"audiences": audiences}))), [""; 0]);
    assert_eq!(problems(&serving(json!({"audiences": audiences, "grant_types": []}))), [""; 0]);
    let mut listed = serving(json!({}));
    listed["introspection_clients"] = json!(["api"]);
    assert_eq!(problems(&listed), [""; 0]);
    for more in [
        json!({}),
        json!({"grant_types": []}),
        json!({"audiences": audiences, "grant_types": ["authorization_code"]}),
    ] {
        assert_problem(&serving(more), "clients[0].redirect_uris", "at least one");
    }
}

#[test]
fn who_introspects_every_token_is_a_client_that_authenticates() {
    let mut config = client("client_secret", json!("s"));
    config["introspection_clients"] = json!(["app", "nobody"]);
    assert_problem(&config, "introspection_clients[1]", "\"nobody\" is not the client_id of any");
    let mut public = client("trusted", json!(false));
    public["introspection_clients"] = json!(["app"]);
    assert_problem(&public, "introspection_clients[0]", "must authenticate");
}

#[test]
fn refresh_tokens_of_public_clients_rotate_under_oauth_2_1() {
    let policy = |profile: &str, rotation: &str| json!({"policy": {"profile": profile, "refresh_rotation": rotation}});
    for (profile, rotation) in
        [("default", "never"), ("oauth2.1", "public"), ("oauth2.1", "always")]
    {
        assert_eq!(problems(&policy(profile, rotation)), [""; 0]);
    }
    let key = "policy.refresh_rotation";
    assert_problem(&policy("oauth2.1", "never"), key, "not allowed by OAuth 2.1");
    assert_problem(&policy("default", "sometimes"), key, "none of");
}

#[test]
fn the_rest_must_make_sense_too() {
    let user = |claims: Value| json!({"username": "a", "password": "p", "claims": claims});
    for (config, key, words) in [
        (json!({"issuer": "id.example"}), "issuer", "absolute URL"),
        (json!({"issuer": "http://127.0.0.1:1/a;b"}), "issuer", "semicolon"),
        (json!({"issuer": "http://127.0.0.1:1//b.example"}), "issuer", "two slashes"),
        (json!({"issuer": "http://127.0.0.1:1/.well-known/a"}), "issuer", "/.well-known/"),
        (json!({"issuer": "https://id.example"}), "tls", "unless proxied is true"),
        (json!({"tls": {"certificate": "c", "key": "k"}}), "tls", "not https"),
        (json!({"issuer": "https://id.example", "tls": {"key": "k"}}), "tls", "a certificate"),
        (json!({"listen": "here"}), "listen", "an address and a port"),
        (json!({"listen": ":8080"}), "listen", "an address and a port"),
        (json!({"listen": "300.1.1.1:80"}), "listen", "an address and a port"),
        (json!({"listen": "me@127.0.0.1:80"}), "listen", "an address and a port"),
        (json!({"metrics": "127.0.0.1"}), "metrics", "an address and a port"),
        (json!({"store": "sqlite:"}), "store", "path of a file"),
        (json!({"store": "x"}), "store", "is none of"),
        (json!({"policy": {"profile": "x"}}), "policy.profile", "neither"),
        (json!({"policy": {"code_lifetime": 601}}), "policy.code_lifetime", "600 seconds"),
        (json!({"policy": {"code_lifetime": -1}}), "policy.code_lifetime", "invalid value"),
        (json!({"policy": {"refresh_grace": 61}}), "policy.refresh_grace", "between 0 and 60"),
        (
            json!({"policy": {"refresh_idle_lifetime": 0}}),
            "policy.refresh_idle_lifetime",
            "between 1 and",
        ),
        (
            json!({"policy": {"refresh_absolute_lifetime": 0}}),
            "policy.refresh_absolute_lifetime",
            "between 1 and",
        ),
        (json!({"resource": {"audience": "api"}}), "resource.audience", "absolute URI"),
        (json!({"resource": {"scope": "a\"b"}}), "resource.scope", "scope"),
        (json!({"secret": {"file": "a", "env": "B"}}), "secret", "single key"),
        (json!({"secret": {}}), "secret", "single key"),
        (json!({"users": [{"username": "a ", "password": "p"}]}), "users[0].username", "space"),
        (json!({"users": [user(json!({"sub": 1}))]}), "users[0].claims.sub", "not a string"),
        (json!({"users": [user(json!({"sub": ""}))]}), "users[0].claims.sub", "printable"),
        (
            json!({"users": [user(json!({"sub": "x"})), user(json!({}))]}),
            "users[1].username",
            "another user's",
        ),
    ] {
        assert_problem(&config, key, words);
    }
    for text in ["", "[]", "{", "nonsense"] {
        let problems = Config::from_json(text).unwrap_err();
        assert_eq!(problems.len(), 1, "{text}");
    }
}

#[test]
fn neither_passwords_nor_secrets_show_in_debug_output() {
    let shown = format!("{:?}", Config::default());
    for secret in ["wonderland", "builder", "dashboard-demo-secret", "reports-demo-secret"] {
        assert!(!shown.contains(secret));
    }
}
