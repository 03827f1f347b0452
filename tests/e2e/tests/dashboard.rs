//! The dashboard without a browser: what it does with answers that it must not
//! take, and what it says at its start and leaves at its end.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on has failed")]

use std::net::{Ipv4Addr, TcpListener};

use e2e::agent::{Agent, Page, Reached, parameter};
use e2e::dashboard::Dashboard;
use reqwest::header::LOCATION;
use reqwest::{StatusCode, Url};

/// A visitor of the dashboard who does not follow it anywhere yet.
struct Visit {
    dashboard: Dashboard,
    agent: Agent,
}

impl Visit {
    async fn begin() -> Self {
        let visit = Self { dashboard: Dashboard::start(), agent: Agent::default() };
        assert!(shows(&visit.page("/").await, "data-step=\"1\""));
        visit
    }

    fn at(&self, path: &str) -> Url {
        Url::parse(&self.dashboard.address).unwrap().join(path).unwrap()
    }

    async fn page(&self, path: &str) -> Page {
        self.agent.open(&self.at(path)).await.page()
    }

    /// Presses the sign-in button; where the browser is sent.
    async fn sign_in(&self) -> Url {
        let url = self.at("/sign-in");
        let response =
            self.agent.post_with_header(url.as_str(), "sec-fetch-site", "same-origin").await;
        assert_eq!(response.status(), StatusCode::SEE_OTHER);
        Url::parse(response.headers()[LOCATION].to_str().unwrap()).unwrap()
    }

    /// Comes back with this answer; the page that follows.
    async fn come_back(&self, code: &str, state: &str, iss: &str) -> Page {
        let mut url = self.at("/callback");
        url.query_pairs_mut().extend_pairs([("code", code), ("state", state), ("iss", iss)]);
        self.agent.open(&url).await.page()
    }
}

fn shows(page: &Page, text: &str) -> bool {
    page.html.contains(text)
}

fn is_refused(page: &Page) {
    assert!(shows(page, "data-result=\"error\""), "{}", page.html);
    assert!(!shows(page, "data-step=\"5\""), "the code was handed in");
    assert!(!shows(page, "id=\"signed-in-as\""));
}

#[tokio::test]
async fn an_answer_that_nobody_asked_for_is_not_taken() {
    let visit = Visit::begin().await;
    let asked = visit.sign_in().await;
    let issuer = asked.origin().ascii_serialization();
    is_refused(&visit.come_back("planted", "planted", &issuer).await);
}

#[tokio::test]
async fn an_answer_of_another_server_is_not_taken() {
    let visit = Visit::begin().await;
    let asked = visit.sign_in().await;
    let state = parameter(&asked, "state").unwrap();
    is_refused(&visit.come_back("planted", &state, "https://attacker.example").await);
}

#[tokio::test]
async fn a_code_that_the_server_never_issued_ends_in_an_error() {
    let visit = Visit::begin().await;
    let asked = visit.sign_in().await;
    let state = parameter(&asked, "state").unwrap();
    let issuer = asked.origin().ascii_serialization();
    let page = visit.come_back("planted", &state, &issuer).await;
    assert!(shows(&page, "data-result=\"error\""));
    assert!(shows(&page, "invalid_grant"));
    assert!(!shows(&page, "id=\"signed-in-as\""));
}

#[tokio::test]
async fn a_button_pressed_on_another_site_does_nothing() {
    let visit = Visit::begin().await;
    for path in ["/sign-in", "/load-report", "/sign-out"] {
        for site in ["cross-site", "same-site"] {
            let url = visit.at(path);
            let response = visit.agent.post_with_header(url.as_str(), "sec-fetch-site", site).await;
            assert_eq!(response.status(), StatusCode::FORBIDDEN, "{path} {site}");
        }
    }
    let page = visit.page("/").await;
    assert!(!shows(&page, "data-step=\"2\"") && !shows(&page, "data-result"));
}

#[tokio::test]
async fn neither_code_nor_state_is_shown_in_full() {
    let visit = Visit::begin().await;
    let asked = visit.sign_in().await;
    let answer = visit.agent.allow(&asked, "alice", "wonderland").await;
    let Reached::Page(page) = visit.agent.open(&answer).await else { panic!("no page") };
    assert!(shows(&page, "data-result=\"signed-in\"") && shows(&page, "data-step=\"6\""));
    for name in ["code", "state"] {
        let secret = parameter(&answer, name).unwrap();
        assert!(!shows(&page, &secret), "{name}");
        let (shown, _) = secret.split_at(6);
        assert!(shows(&page, &format!("{shown}…")), "{name}");
    }
}

#[tokio::test]
async fn the_buttons_work_without_script() {
    let visit = Visit::begin().await;
    let agent = &visit.agent;
    let page = visit.page("/").await;
    let asked = agent.press(&page, "sign-in", &[]).await.client();
    let answer = agent.allow(&asked, "alice", "wonderland").await;
    let page = agent.open(&answer).await.page();
    let page = agent.press(&page, "load-report", &[]).await.page();
    assert!(shows(&page, "data-result=\"report\"") && shows(&page, "id=\"report\""));
    let page = agent.press(&page, "sign-out", &[]).await.page();
    assert!(shows(&page, "data-result=\"signed-out\"") && !shows(&page, "id=\"report\""));
}

#[tokio::test]
async fn each_browser_sees_its_own_flow_only() {
    let visit = Visit::begin().await;
    visit.sign_in().await;
    assert!(shows(&visit.page("/").await, "data-step=\"2\""));
    let other = Agent::default().open(&visit.at("/")).await.page();
    assert!(shows(&other, "data-step=\"1\"") && !shows(&other, "data-step=\"2\""));
}

#[tokio::test]
async fn an_open_page_is_told_at_once() {
    let visit = Visit::begin().await;
    let mut updates = visit.agent.get(&visit.at("/events")).await;
    assert!(next(&mut updates, "data-step=\"1\"").await);
    visit.sign_in().await;
    assert!(next(&mut updates, "data-step=\"2\"").await);
}

/// Reads on until the stream says `text`.
async fn next(updates: &mut reqwest::Response, text: &str) -> bool {
    let mut heard = String::new();
    while let Some(piece) = updates.chunk().await.unwrap() {
        heard.push_str(&String::from_utf8_lossy(&piece));
        if heard.contains(text) {
            return true;
        }
    }
    false
}

#[test]
fn a_taken_port_is_named_with_a_way_out() {
    let taken = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let port = taken.local_addr().unwrap().port();
    let finished = Dashboard::run_on(port);
    assert!(!finished.status.success());
    let said = String::from_utf8_lossy(&finished.stderr).into_owned();
    assert!(said.contains(&port.to_string()) && said.contains("--port"), "{said}");
    assert!(finished.stdout.is_empty(), "nobody is invited");
}
