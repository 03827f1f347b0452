//! What happens can be counted, at an address of its own.
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

use serde_json::json;
use support::Browser;
use support::program::{Running, config, run};

#[tokio::test(flavor = "multi_thread")]
async fn prometheus_reads_what_happened_at_another_address() {
    let directory = tempfile::tempdir().unwrap();
    let (port, mut config) = config("http");
    let (other, _) = support::program::config("http");
    config["metrics"] = json!(format!("127.0.0.1:{other}"));
    let running = Running::start(directory.path(), Some(&config));
    let browser = Browser::new(&format!("http://127.0.0.1:{port}"));
    browser.authorize("nobody", "").await;
    let form = [("grant_type", "refresh_token"), ("client_id", "nobody"), ("refresh_token", "x")];
    for _ in 0..2 {
        assert_eq!(browser.post("/token", &form).await.status, 401);
    }
    assert_eq!(browser.get("/metrics").await.status, 404, "not where everybody is");

    let metrics = Browser::new(&format!("http://127.0.0.1:{other}")).get("/metrics").await;
    assert!(metrics.header("content-type").starts_with("application/openmetrics-text"));
    for line in [
        "codegrant_events_total{event=\"refused\"} 3",
        "codegrant_events_total{event=\"client_authentication_failed\"} 2",
        "codegrant_refusals_total{endpoint=\"authorization\",error=\"invalid_client\"} 1",
        "codegrant_refusals_total{endpoint=\"token\",error=\"invalid_client\"} 2",
    ] {
        assert!(metrics.body.lines().any(|found| found == line), "{line} in {}", metrics.body);
    }
    running.signal("TERM");
    running.end();
}

#[test]
fn an_address_that_is_none_is_said() {
    let directory = tempfile::tempdir().unwrap();
    let output = run(directory.path(), "--check", &json!({"metrics": "nowhere"}));
    let said = String::from_utf8(output.stdout).unwrap();
    assert_eq!(said, "metrics: \"nowhere\" is not an address and a port\n");
}
