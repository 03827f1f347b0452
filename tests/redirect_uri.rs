//! Where answers may go, and the many places where they must not.

use codegrant::{Client, ClientBuilder};

use crate::support::House;
use crate::support::answers::{assert_code, assert_page, location};
use crate::support::apps::{ALL, App, CLI, DASHBOARD, SPA, TWO, TWO_SECOND};

/// RFC 9700 section 4.1: exact string matching leaves nothing to be clever with.
#[tokio::test]
async fn an_altered_redirect_uri_never_receives_anything() {
    let altered = [
        "https://dashboard.example/callback",
        "https://dashboard.example/callback?tenant=a b",
        "https://dashboard.example/callback?tenant=a%20b&x=1",
        "https://dashboard.example/callback?tenant=a%20b#x",
        "https://dashboard.example/callback/?tenant=a%20b",
        "https://dashboard.example/x/../callback?tenant=a%20b",
        "https://dashboard.example:443/callback?tenant=a%20b",
        "https://Dashboard.example/callback?tenant=a%20b",
        "HTTPS://dashboard.example/callback?tenant=a%20b",
        "http://dashboard.example/callback?tenant=a%20b",
        "https://dashboard.example.evil.example/callback?tenant=a%20b",
        "https://dashboard.example@evil.example/callback?tenant=a%20b",
        "https://evil.example/https://dashboard.example/callback?tenant=a%20b",
        "//dashboard.example/callback?tenant=a%20b",
        "/callback?tenant=a%20b",
        "javascript:alert(1)//https://dashboard.example/callback?tenant=a%20b",
        "https://billing.example/callback",
        "https://evil.example/",
        " https://dashboard.example/callback?tenant=a%20b",
    ];
    for signed_in in [true, false] {
        let house = House::new();
        if !signed_in {
            house.sign_out();
        }
        for uri in altered {
            let refused = house.refused(&DASHBOARD.asks().with("redirect_uri", uri)).await;
            assert_page(&refused, 400, "invalid_request");
        }
    }
}

/// RFC 8252 section 7.3: the port is free, and nothing else is.
#[tokio::test]
async fn a_loopback_redirect_uri_may_differ_in_its_port_and_in_nothing_else() {
    let house = House::new();
    for port in ["1", "80", "49152", "65535"] {
        let uri = format!("http://127.0.0.1:{port}/callback");
        let consent = house.consent(&CLI.asks().with("redirect_uri", &uri)).await;
        assert_eq!(consent.asker().redirect_host(), format!("127.0.0.1:{port}"));
        assert!(location(&house.allow(consent.ticket()).await).leads_to(&uri));
    }
    for uri in [
        "http://127.0.0.1:0/callback",
        "http://127.0.0.1:65536/callback",
        "http://127.0.0.1:/callback",
        "http://127.0.0.1:+80/callback",
        "http://127.0.0.1:80@evil.example/callback",
        "http://127.0.0.1@evil.example/callback",
        "http://127.0.0.1:@evil.example/callback",
        "http://127.0.0.1.evil.example/callback",
        "http://127.0.0.1:80.evil.example/callback",
        "http://127.0.0.1:80\\@evil.example/callback",
        "http://127.0.0.1:80?@evil.example/callback",
        "http://127.0.0.1:80/callback/",
        "http://127.0.0.1:80/callback?x=1",
        "http://127.0.0.1:80/callback#x",
        "http://127.0.0.1:80/%63allback",
        "http://127.0.0.2:80/callback",
        "http://127.1:80/callback",
        "http://localhost:80/callback",
        "http://[::1]:80/callback",
        "https://127.0.0.1:80/callback",
    ] {
        let refused = house.refused(&CLI.asks().with("redirect_uri", uri)).await;
        assert_page(&refused, 400, "invalid_request");
    }
}

#[tokio::test]
async fn localhost_takes_any_port_for_native_clients_only() {
    let house = House::new();
    let client = || Client::builder("local").redirect_uri("http://localhost/callback").scope(ALL);
    let form = CLI.asks().with("client_id", "local");
    let form = form.with("redirect_uri", "http://localhost:5000/callback");
    house.clients.put(client().build().unwrap());
    assert_page(&house.refused(&form).await, 400, "invalid_request");
    house.clients.put(client().native().build().unwrap());
    assert_eq!(house.consent(&form).await.asker().redirect_host(), "localhost:5000");
    let six = Client::builder("local").redirect_uri("http://[::1]/callback").scope(ALL);
    house.clients.put(six.build().unwrap());
    let form = form.with("redirect_uri", "http://[::1]:5000/callback");
    assert_eq!(house.consent(&form).await.asker().redirect_host(), "[::1]:5000");
}

#[tokio::test]
async fn a_redirect_uri_may_be_left_out_only_where_one_is_registered() {
    for form in [SPA.asks().without("redirect_uri"), SPA.asks().with("redirect_uri", "")] {
        let house = House::new();
        let consent = house.consent(&form).await;
        assert_code(&house.allow(consent.ticket()).await, &SPA);
    }
    let house = House::new();
    let refused = house.refused(&TWO.asks().without("redirect_uri")).await;
    assert_page(&refused, 400, "invalid_request");
    let second = App { redirect_uri: TWO_SECOND, ..TWO };
    assert_code(&house.allow(house.consent(&second.asks()).await.ticket()).await, &second);
}

#[test]
fn uris_that_leak_or_run_codes_cannot_be_registered() {
    let refused = |builder: ClientBuilder, uri: &str| {
        assert!(builder.redirect_uri(uri).build().is_err(), "{uri}");
    };
    for uri in [
        "https://app.example/callback#fragment",
        "https://app.example/callback#",
        "https://user@app.example/callback",
        "https://user:password@app.example/callback",
        "javascript:alert(1)",
        "JavaScript:alert(1)",
        "data:text/html,x",
        "vbscript:x",
        "blob:https://app.example/x",
        "file:///etc/passwd",
        "/callback",
        "callback",
        "//app.example/callback",
        "",
        "https://",
        "http://app.example/callback",
        "http://localhost.evil.example/callback",
        "http://127.0.0.1.evil.example/callback",
        "https://app.example/call back",
        "https://app.example/\r\nLocation: https://evil.example",
    ] {
        refused(Client::builder("app"), uri);
        let scheme = uri.split(':').next().unwrap_or_default();
        refused(Client::builder("app").dotless_scheme(scheme), uri);
    }
    refused(Client::builder("app"), "com.example.app:/callback");
    refused(Client::builder("app").native(), "app:/callback");
}

#[test]
fn a_client_tells_where_it_may_be_answered() {
    let two = TWO.builder().redirect_uri(TWO_SECOND).build().unwrap();
    let told: Vec<_> = two.redirect_uris().iter().map(|uri| uri.as_str()).collect();
    assert_eq!(told, [TWO.redirect_uri, TWO_SECOND]);
}
