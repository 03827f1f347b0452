//! The program itself: its command line, its signals, its TLS.
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
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::Arc;
use std::time::Duration;

use serde_json::json;
use support::Browser;
use support::program::{Running, command, config, run};

fn text(bytes: &[u8]) -> &str {
    std::str::from_utf8(bytes).unwrap()
}

#[test]
fn check_says_every_problem_on_a_line_and_fails() {
    let directory = tempfile::tempdir().unwrap();
    let wrong = json!({"colour": 1, "signing_keys": ["es256.pem"], "policy": {"taste": 2}});
    let output = run(directory.path(), "--check", &wrong);
    assert_eq!(output.status.code(), Some(1));
    let lines: Vec<&str> = text(&output.stdout).lines().collect();
    assert_eq!(lines.len(), 3, "{lines:#?}");
    for key in ["colour: ", "signing_keys: ", "policy.taste: "] {
        assert!(lines.iter().any(|line| line.starts_with(key)), "{key} in {lines:#?}");
    }
}

#[test]
fn check_finds_nothing_wrong_and_creates_nothing() {
    let directory = tempfile::tempdir().unwrap();
    let output = run(directory.path(), "--check", &json!({}));
    assert_eq!((output.status.code(), text(&output.stdout)), (Some(0), ""));
    assert_eq!(fs::read_dir(directory.path()).unwrap().count(), 1, "the configuration alone");
}

#[test]
fn check_names_files_and_variables_that_cannot_be_used() {
    let directory = tempfile::tempdir().unwrap();
    fs::write(directory.path().join("weak"), "c2hvcnQ\n").unwrap();
    let tls = json!({"certificate": "no.pem", "key": "no.pem"});
    for (config, key, words) in [
        (json!({"secret": {"env": "NO_SUCH_VARIABLE"}}), "secret", "NO_SUCH_VARIABLE is not set"),
        (json!({"secret": {"file": "weak"}}), "secret", "at least 32 random bytes"),
        (json!({"secret": {"file": "no/secret"}}), "secret", "no is not a folder"),
        (json!({"store": "sqlite:no/id.db"}), "store", "no is not a folder"),
        (json!({"issuer": "https://id.example", "tls": tls}), "tls.certificate", "no.pem"),
    ] {
        let output = run(directory.path(), "--check", &config);
        assert_eq!(output.status.code(), Some(1));
        let said = text(&output.stdout);
        assert!(said.starts_with(&format!("{key}: ")) && said.contains(words), "{said}");
        assert!(!said.contains("c2hvcnQ"), "a secret is not said");
    }
}

#[test]
fn a_wrong_configuration_does_not_start() {
    let directory = tempfile::tempdir().unwrap();
    let output = run(directory.path(), "--config", &json!({"colour": 1}));
    assert_eq!(output.status.code(), Some(1));
    assert!(text(&output.stderr).starts_with("colour: "));
    let output = command(directory.path()).args(["--config", "missing.json"]).output().unwrap();
    assert!(text(&output.stderr).starts_with("missing.json: "));
    for arguments in [vec!["--colour"], vec!["--check"], vec!["a", "b", "c"]] {
        let output = command(directory.path()).args(&arguments).output().unwrap();
        assert_eq!(output.status.code(), Some(1));
        assert!(text(&output.stderr).starts_with("usage: "));
    }
}

#[test]
fn a_port_that_is_taken_is_named() {
    let directory = tempfile::tempdir().unwrap();
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let config = json!({"issuer": format!("http://{address}"), "store": "memory:"});
    let output = run(directory.path(), "--config", &config);
    assert_eq!(output.status.code(), Some(1));
    assert!(text(&output.stderr).contains(&format!("listen: {address}: ")));
}

#[test]
fn the_demonstration_says_who_can_sign_in_and_a_real_configuration_does_not() {
    let directory = tempfile::tempdir().unwrap();
    let (_, mut config) = config("http");
    config.as_object_mut().unwrap().remove("users");
    let running = Running::start(directory.path(), Some(&config));
    running.signal("INT");
    let (stdout, stderr) = running.end();
    assert_eq!(stdout.matches("user alice, password wonderland\n").count(), 1);
    assert!(!stderr.contains("wonderland"));

    config["users"] = json!([{"username": "carol", "password": "hush"}]);
    config["clients"] = json!([]);
    let running = Running::start(directory.path(), Some(&config));
    running.signal("TERM");
    let (stdout, stderr) = running.end();
    assert_eq!((stdout.as_str(), stderr.contains("hush")), ("", false));
}

/// A secret that was forgotten, or one that is meant not to be there.
#[test]
fn the_log_names_clients_that_are_public_because_nothing_says_otherwise() {
    let directory = tempfile::tempdir().unwrap();
    let (_, mut config) = config("http");
    let client = |id: &str| json!({"client_id": id, "redirect_uris": ["https://app.example/cb"]});
    let mut said = client("said");
    said["token_endpoint_auth_method"] = json!("none");
    config["clients"] = json!([client("unsaid"), said]);
    let running = Running::start(directory.path(), Some(&config));
    running.signal("TERM");
    let (_, stderr) = running.end();
    assert_eq!(stderr.matches("is public").count(), 1, "{stderr}");
    assert!(stderr.lines().any(|line| line.contains("is public") && line.contains("unsaid")));
}

#[test]
fn a_request_in_flight_is_finished_after_sigterm_and_no_new_one_is_taken() {
    let directory = tempfile::tempdir().unwrap();
    let (port, config) = config("http");
    let running = Running::start(directory.path(), Some(&config));
    let mut stream = TcpStream::connect(("127.0.0.1", port)).unwrap();
    let head = "POST /token HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\n\
                Content-Type: application/x-www-form-urlencoded\r\nExpect: 100-continue\r\n\r\n";
    stream.write_all(head.as_bytes()).unwrap();
    let mut reader = BufReader::new(stream.try_clone().unwrap());
    let mut line = String::new();
    reader.read_line(&mut line).unwrap();
    assert_eq!(line, "HTTP/1.1 100 Continue\r\n");

    running.signal("TERM");
    while TcpStream::connect(("127.0.0.1", port)).is_ok() {
        std::thread::yield_now();
    }
    stream.write_all(b"a=bc").unwrap();
    let mut answer = String::new();
    reader.read_to_string(&mut answer).unwrap();
    assert!(answer.contains("HTTP/1.1 400 Bad Request"), "{answer}");
    assert!(answer.contains("grant_type"), "{answer}");
    running.end();
}

#[test]
fn a_body_that_never_comes_does_not_hold_its_connection_for_ever() {
    let directory = tempfile::tempdir().unwrap();
    let (port, config) = config("http");
    let _running = Running::start(directory.path(), Some(&config));
    let mut stream = TcpStream::connect(("127.0.0.1", port)).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(60))).unwrap();
    let head = "POST /token HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\n\r\na";
    stream.write_all(head.as_bytes()).unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    assert!(answer.starts_with("HTTP/1.1 400 Bad Request"), "{answer}");
}

#[tokio::test]
async fn a_sign_in_and_what_was_allowed_survive_a_restart() {
    let directory = tempfile::tempdir().unwrap();
    let (_, config) = config("http");
    let browser = Browser::new(config["issuer"].as_str().unwrap());
    for restarted in [false, true] {
        let running = Running::start(directory.path(), Some(&config));
        if restarted {
            let answer = browser.authorize("dashboard", "").await;
            assert!(answer.params().contains_key("code"), "{}", answer.location());
        } else {
            let consent = browser.consent_page("dashboard").await;
            assert!(browser.allow(&consent).await.params().contains_key("code"));
        }
        running.signal("TERM");
        running.end();
    }
}

#[tokio::test]
async fn logs_name_the_cause_of_a_refusal_and_never_a_secret() {
    let directory = tempfile::tempdir().unwrap();
    let (_, config) = config("http");
    let browser = Browser::new(config["issuer"].as_str().unwrap());
    let mut running = Running::start(directory.path(), Some(&config));
    let consent = browser.consent_page("dashboard").await;
    let fields = [("scope", "reports.read"), ("decision", "allow")];
    let code = browser.submit(&consent, &fields).await.params()["code"].clone();
    let stranger = Browser::new(config["issuer"].as_str().unwrap());
    let login = stranger.login_page("terminal").await;
    stranger.sign_in(&login, "typed-into-the-wrong-field", "x").await;
    let exchange = [("grant_type", "authorization_code"), ("code", &*code)];
    let request = browser.request(reqwest::Method::POST, "/token").form(&exchange);
    browser.send(request.basic_auth("dashboard", Some("not-the-secret"))).await;
    let line = running.line_with("invalid_client");
    assert!(line.contains("door=\"token\"") && line.contains("cause="), "{line}");
    running.signal("TERM");
    let secrets = [
        code,
        consent.field("form_token"),
        consent.field("ticket"),
        browser.cookie("codegrant_session").unwrap(),
        browser.cookie("codegrant_form").unwrap(),
    ];
    let (stdout, stderr) = running.end();
    for secret in secrets.iter().map(String::as_str).chain([
        "typed-into-the-wrong-field",
        "not-the-secret",
        "state=",
    ]) {
        assert!(!stdout.contains(secret) && !stderr.contains(secret), "{secret}\n{stderr}");
    }
}

#[cfg(unix)]
#[test]
fn the_secret_is_made_once_for_its_owner_only() {
    use std::os::unix::fs::PermissionsExt;
    let directory = tempfile::tempdir().unwrap();
    let (_, config) = config("http");
    let path = directory.path().join("codegrant.secret");
    let mut seen = Vec::new();
    for _ in 0..2 {
        let running = Running::start(directory.path(), Some(&config));
        running.signal("TERM");
        running.end();
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        seen.push(fs::read_to_string(&path).unwrap());
    }
    assert_eq!(seen[0], seen[1]);
    assert_eq!(seen[0].trim_end().len(), 43, "256 bits in base64url");
}

#[tokio::test]
async fn tls_is_spoken_with_the_configured_certificate_and_cookies_are_secure() {
    let directory = tempfile::tempdir().unwrap();
    let issued = rcgen::generate_simple_self_signed(["127.0.0.1".to_owned()]).unwrap();
    fs::write(directory.path().join("cert.pem"), issued.cert.pem()).unwrap();
    fs::write(directory.path().join("key.pem"), issued.signing_key.serialize_pem()).unwrap();
    let (port, mut config) = config("https");
    config["tls"] = json!({"certificate": "cert.pem", "key": "key.pem"});
    let running = Running::start(directory.path(), Some(&config));

    let ask = async |path: &str| {
        https(port, issued.cert.der().clone(), path).await.unwrap_or_else(|error| panic!("{error}"))
    };
    assert!(ask("/healthz").await.starts_with("HTTP/1.1 200 OK"));
    let redirect =
        ask("/authorize?response_type=code&client_id=dashboard&redirect_uri=http%3A%2F%2F127.0.0.1%3A8081%2Fcallback").await;
    let login = redirect.lines().find_map(|line| line.strip_prefix("location: ")).unwrap();
    let page = ask(login).await;
    let cookie = page.lines().find_map(|line| line.strip_prefix("set-cookie: ")).unwrap();
    assert!(cookie.starts_with("__Host-codegrant_form="), "{cookie}");
    assert!(cookie.ends_with("; Path=/; HttpOnly; SameSite=Lax; Secure"), "{cookie}");
    running.signal("TERM");
    running.end();
}

/// What the server on `port` answers to a browser that trusts `certificate`.
async fn https(
    port: u16,
    certificate: rustls::pki_types::CertificateDer<'static>,
    path: &str,
) -> std::io::Result<String> {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    let mut roots = rustls::RootCertStore::empty();
    roots.add(certificate).unwrap();
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let config = rustls::ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    let connector = tokio_rustls::TlsConnector::from(Arc::new(config));
    let tcp = tokio::net::TcpStream::connect(("127.0.0.1", port)).await?;
    let mut stream = connector.connect("127.0.0.1".try_into().unwrap(), tcp).await?;
    let request =
        format!("GET {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nConnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).await?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await?;
    Ok(answer)
}
