//! The keys that sign tokens: where they come from, and how they change.
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

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use codegrant::{Algorithm, SigningKey};
use serde_json::{Value, json};
use support::openid::{claims, openid_client};
use support::program::{Running, config, run};
use support::{Browser, signing_keys};

/// A configuration with these key files and the client `app`.
fn with_keys(files: &[&str]) -> Value {
    let (_, mut config) = config("http");
    config["signing_keys"] = json!(files);
    config["clients"] = json!([openid_client("app")]);
    config
}

fn key(algorithm: Algorithm) -> (SigningKey, String) {
    let key = SigningKey::generate(algorithm).unwrap();
    let pem = key.to_pkcs8_pem().unwrap().expose().to_owned();
    (key, pem)
}

async fn published(browser: &Browser) -> Vec<(String, String)> {
    let keys = browser.get("/jwks").await;
    assert_eq!((keys.status, keys.header("access-control-allow-origin")), (200, "*"));
    let keys = keys.json();
    let member = |key: &Value, name: &str| key[name].as_str().unwrap().to_owned();
    let keys = keys["keys"].as_array().unwrap().iter();
    keys.map(|key| (member(key, "alg"), member(key, "kid"))).collect()
}

/// Who signs `app`'s ID tokens.
async fn signer(browser: &Browser) -> String {
    let code = browser.code("app", "&scope=openid").await;
    let token = browser.redeem("app", &code).await.json()["id_token"].clone();
    assert_eq!(claims(&token)["aud"], "app");
    let header = format!("x.{}", token.as_str().unwrap().split('.').next().unwrap());
    claims(&json!(header))["kid"].as_str().unwrap().to_owned()
}

fn stderr(output: &std::process::Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

#[tokio::test]
async fn missing_keys_are_drawn_for_the_algorithms_of_their_names_and_kept_from_others() {
    let directory = tempfile::tempdir().unwrap();
    let files = ["rs256.pem", "es256.pem", "ps256.pem", "eddsa.pem"];
    let config = with_keys(&files);
    let running = Running::start(directory.path(), Some(&config));
    let browser = Browser::new(config["issuer"].as_str().unwrap());
    let first = published(&browser).await;
    let algorithms: Vec<&str> = first.iter().map(|(alg, _)| alg.as_str()).collect();
    assert_eq!(algorithms, ["RS256", "ES256", "PS256", "EdDSA"]);
    for file in files {
        let mode = fs::metadata(directory.path().join(file)).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600, "{file}");
    }
    assert_eq!(signer(&browser).await, first[0].1, "RS256, since the client names nothing else");
    running.signal("TERM");
    running.end();
    let _running = Running::start(directory.path(), Some(&config));
    assert_eq!(published(&browser).await, first, "they are kept");
}

#[tokio::test]
async fn a_key_is_added_promoted_and_retired_while_the_server_runs() {
    let directory = tempfile::tempdir().unwrap();
    let write = |file: &str, pem: &str| fs::write(directory.path().join(file), pem).unwrap();
    let ((old, old_pem), (new, new_pem)) = (key(Algorithm::Rs256), key(Algorithm::Rs256));
    let spare = key(Algorithm::Rs256).1;
    let config = with_keys(&["rs256-1.pem", "rs256-2.pem"]);
    write("rs256-1.pem", &old_pem);
    write("rs256-2.pem", &new_pem);
    let mut running = Running::start(directory.path(), Some(&config));
    let browser = Browser::new(config["issuer"].as_str().unwrap());
    assert_eq!(signer(&browser).await, old.kid());
    let kids =
        |keys: Vec<(String, String)>| keys.into_iter().map(|(_, kid)| kid).collect::<Vec<_>>();
    assert_eq!(kids(published(&browser).await), [old.kid(), new.kid()]);

    write("rs256-1.pem", &new_pem);
    write("rs256-2.pem", &old_pem);
    running.signal("HUP");
    running.line_with("the secrets were read again");
    assert_eq!(signer(&browser).await, new.kid());
    assert_eq!(kids(published(&browser).await), [new.kid(), old.kid()]);

    write("rs256-2.pem", &spare);
    running.signal("HUP");
    running.line_with("the secrets were read again");
    assert!(!kids(published(&browser).await).contains(&old.kid().to_owned()));

    for (broken, why) in [("", "not a PKCS#8 private key"), (&*new_pem, "the same kid")] {
        write("rs256-2.pem", broken);
        running.signal("HUP");
        let line = running.line_with("the secrets stay as they were");
        assert!(line.contains(why) && !line.contains("PRIVATE KEY"), "{line}");
        assert_eq!(signer(&browser).await, new.kid());
    }
}

#[tokio::test]
async fn a_server_without_keys_is_no_provider() {
    let directory = tempfile::tempdir().unwrap();
    let mut config = with_keys(&[]);
    config["clients"] = json!([]);
    let _running = Running::start(directory.path(), Some(&config));
    let browser = Browser::new(config["issuer"].as_str().unwrap());
    assert_eq!(browser.get("/jwks").await.status, 404);
    let metadata = browser.get("/.well-known/openid-configuration").await.json();
    assert_eq!(metadata["jwks_uri"], Value::Null);
    assert_eq!(metadata["scopes_supported"], json!(["reports.comment", "reports.read", "roles"]));
    assert!(!directory.path().join("rs256.pem").exists());
}

/// Every machine that shares a store needs the same keys, so the log says of each
/// that is new.
#[test]
fn keys_that_are_drawn_for_a_shared_store_are_told_of() {
    for (store, is_told_of) in [("postgres://127.0.0.1:1/x", true), ("sqlite:/dev/null/x", false)] {
        let directory = tempfile::tempdir().unwrap();
        let mut config = with_keys(&["rs256.pem"]);
        config["store"] = json!(store);
        fs::write(directory.path().join("codegrant.secret"), "a".repeat(42) + "A").unwrap();
        assert!(run(directory.path(), "--check", &config).stdout.is_empty() == is_told_of);
        assert!(!directory.path().join("rs256.pem").exists());
        for is_new in [true, false] {
            let output = run(directory.path(), "--config", &config);
            assert_eq!(output.status.code(), Some(1), "there is no such store");
            let said = stderr(&output);
            let told_of = said.contains("was created") && said.contains("rs256.pem");
            assert_eq!(told_of, is_new && is_told_of, "{said}");
            assert!(directory.path().join("rs256.pem").exists());
        }
        assert_eq!(fs::read_dir(directory.path()).unwrap().count(), 3, "no draft is left");
    }
}

#[test]
fn what_is_wrong_with_key_files_is_said_line_by_line_and_nothing_is_created() {
    let directory = tempfile::tempdir().unwrap();
    let es256 = fs::read_to_string(&signing_keys()[0]).unwrap();
    fs::write(directory.path().join("rs256-1.pem"), es256).unwrap();
    fs::write(directory.path().join("eddsa.pem"), "-----BEGIN PRIVATE KEY-----").unwrap();
    let config = with_keys(&["rs256-1.pem", "eddsa.pem", "rs256-2.pem", "nowhere/es256.pem"]);
    let output = run(directory.path(), "--check", &config);
    assert_eq!(output.status.code(), Some(1));
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    let lines: Vec<&str> = said.lines().collect();
    let [rsa, eddsa, folder] = lines.as_slice() else { panic!("{said}") };
    assert!(rsa.starts_with("signing_keys[0]: rs256-1.pem: "), "{rsa}");
    assert!(eddsa.starts_with("signing_keys[1]: eddsa.pem: "), "{eddsa}");
    assert!(folder.starts_with("signing_keys[3]: nowhere is not a folder"), "{folder}");
    assert!(!Path::new("rs256-2.pem").exists() && !directory.path().join("rs256-2.pem").exists());
}
