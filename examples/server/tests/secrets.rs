//! New secrets in a running server: nothing that an old one sealed is lost
//! before it is taken away.
#![cfg(unix)]
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

use std::fs::{self, OpenOptions};
use std::io::Write;
use std::path::Path;
use std::process::Command;

use serde_json::{Value, json};
use support::client::{ALLOW, Tokens};
use support::program::{Running, config, run};
use support::{Browser, CALLBACK, SECRET};
use tempfile::TempDir;

/// A secret of 32 bytes, all of which are this letter's.
fn secret(letter: char) -> String {
    letter.to_string().repeat(42) + "A"
}

/// A running server whose secret is of `a`, and its client `app`.
fn server() -> (TempDir, Running, Browser) {
    let directory = tempfile::tempdir().unwrap();
    let (_, mut config) = config("http");
    config["clients"] = json!([{
        "client_id": "app", "client_secret": SECRET, "redirect_uris": [CALLBACK],
        "grant_types": ["authorization_code", "refresh_token"],
        "scope": "reports.read reports.comment",
    }]);
    config["policy"] = json!({"refresh_rotation": "always"});
    write(directory.path(), &[secret('a')]);
    let running = Running::start(directory.path(), Some(&config));
    let browser = Browser::new(config["issuer"].as_str().unwrap());
    (directory, running, browser)
}

fn write(directory: &Path, secrets: &[String]) {
    fs::write(directory.join("codegrant.secret"), secrets.join("\n")).unwrap();
}

/// Gives the server these secrets, and waits until it has them.
fn rotate(directory: &TempDir, running: &mut Running, letters: &[char]) {
    write(directory.path(), &letters.iter().copied().map(secret).collect::<Vec<_>>());
    let line = hang_up(running);
    assert!(line.contains("were read again"), "{line}");
}

/// Tells the server to read its secrets again, and waits for what it says.
fn hang_up(running: &mut Running) -> String {
    running.signal("HUP");
    running.line_with("the secrets ")
}

#[tokio::test]
async fn what_was_issued_before_lives_on_while_a_secret_is_added_promoted_and_retired() {
    let (directory, mut running, browser) = server();
    let old = browser.tokens("app", "").await;
    let code = browser.authorize("app", "").await.params()["code"].clone();

    rotate(&directory, &mut running, &['a', 'b']);
    assert_eq!(browser.resource(&old.access).await.status, 200);

    rotate(&directory, &mut running, &['b', 'a']);
    assert_eq!(browser.resource(&old.access).await.status, 200);
    let of_code = Tokens::of(&browser.redeem("app", &code).await);
    let refreshed = Tokens::of(&browser.refresh("app", &old.refresh).await);

    rotate(&directory, &mut running, &['b']);
    assert_eq!(browser.resource(&old.access).await.status, 401, "its secret is gone");
    assert_eq!(browser.refresh("app", &old.refresh).await.status, 400, "and so is this one's");
    for tokens in [of_code, refreshed] {
        assert_eq!(browser.resource(&tokens.access).await.status, 200);
        assert_eq!(browser.refresh("app", &tokens.refresh).await.status, 200);
    }
}

#[tokio::test]
async fn pages_that_stand_open_lead_on_under_the_new_secret() {
    let (directory, mut running, browser) = server();
    let login = browser.login_page("app").await;
    rotate(&directory, &mut running, &['b', 'a']);
    let signed_in = browser.sign_in(&login, "alice", "wonderland").await;
    let consent = browser.follow(&signed_in).await;
    assert_eq!(consent.status, 200, "{}", consent.body);

    rotate(&directory, &mut running, &['c', 'b']);
    let code = browser.submit(&consent, &ALLOW).await.params()["code"].clone();
    rotate(&directory, &mut running, &['c']);
    Tokens::of(&browser.redeem("app", &code).await);
}

#[tokio::test]
async fn secrets_that_cannot_be_read_change_nothing_and_the_log_says_why() {
    let (directory, mut running, browser) = server();
    let tokens = browser.tokens("app", "").await;
    let file = directory.path().join("codegrant.secret");
    for (content, why) in [
        (Some("c2hvcnQ"), "at least 32 random bytes"),
        (Some("\n"), "has no secret"),
        (None, "os error 2"),
    ] {
        match content {
            Some(content) => fs::write(&file, content).unwrap(),
            None => fs::remove_file(&file).unwrap(),
        }
        let line = hang_up(&mut running);
        assert!(line.contains("stay as they were") && line.contains(why), "{line}");
        assert!(!line.contains("c2hvcnQ"), "a secret is not said");
        assert_eq!(browser.resource(&tokens.access).await.status, 200);
        Tokens::of(&browser.refresh("app", &tokens.refresh).await);
    }
    assert!(!file.exists(), "a running server makes no secret of its own");
}

#[test]
fn a_hangup_while_the_server_starts_is_heeded_once_it_has_started() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("codegrant.secret");
    assert!(Command::new("mkfifo").arg(&file).status().unwrap().success());
    let (_, config) = config("http");
    let mut running = Running::starting(directory.path(), Some(&config));
    let mut pipe = OpenOptions::new().write(true).open(&file).unwrap(); // once the server reads
    fs::remove_file(&file).unwrap();
    write(directory.path(), &[secret('b')]);
    running.signal("HUP");
    pipe.write_all(secret('a').as_bytes()).unwrap();
    drop(pipe);
    running.line_with("the secrets were read again");
    running.signal("TERM");
    running.end();
}

#[test]
fn a_salt_is_read_as_a_secret_is_and_what_is_wrong_with_it_is_said() {
    let directory = tempfile::tempdir().unwrap();
    let salt = directory.path().join("salt");
    let (_, mut config) = config("http");
    let mut check = |place: Value| {
        config["pairwise_salt"] = place;
        let output = run(directory.path(), "--check", &config);
        String::from_utf8(output.stdout).unwrap()
    };
    assert_eq!(check(json!({"file": "salt"})), "", "it will be drawn at the start");
    assert!(!salt.exists());
    let said = check(json!({"file": "nowhere/salt"}));
    assert!(said.contains("pairwise_salt: nowhere is not a folder"), "{said}");
    let said = check(json!({"env": "NO_SUCH_SALT"}));
    assert!(said.contains("pairwise_salt: the variable NO_SUCH_SALT is not set"), "{said}");
    fs::write(&salt, "c2hvcnQ").unwrap();
    let said = check(json!({"file": "salt"}));
    assert!(said.starts_with("pairwise_salt: salt: ") && said.contains("32 random"), "{said}");
    fs::write(&salt, format!("{}\n", secret('s'))).unwrap();
    assert_eq!(check(json!({"file": "salt"})), "");
}
