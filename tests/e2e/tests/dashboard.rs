//! The dashboard without a browser, so without script: whom it lets in and out,
//! what it does with answers that it must not take, and what it says at its start.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on has failed")]

use std::net::{Ipv4Addr, TcpListener};
use std::time::Duration;

use e2e::agent::{Agent, Page, Reached, parameter};
use e2e::dashboard::Dashboard;
use reqwest::header::LOCATION;
use reqwest::{StatusCode, Url};
use tokio::time::sleep;

/// How old a sign-in opens the salaries.
const FRESH: Duration = Duration::from_secs(15);

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

    /// Signs in and allows everything; the page that follows.
    async fn signed_in(&self, username: &str, password: &str) -> Page {
        let asked = self.sign_in().await;
        let answer = self.agent.allow(&asked, username, password).await;
        self.agent.open(&answer).await.page()
    }

    /// Signs alice in, who allows no more than `scope`; the page that follows.
    async fn allow_only(&self, scope: &str) -> Page {
        let login = self.agent.open(&self.sign_in().await).await.page();
        let password = [("username", "alice"), ("password", "wonderland")];
        let consent = self.agent.press(&login, "sign-in", &password).await.page();
        let answer = self.agent.press(&consent, "allow", &[("scope", scope)]).await.client();
        self.agent.open(&answer).await.page()
    }

    /// Asks for the salaries until the sign-in is too old for them; where the
    /// browser is sent then. Up to then they open, or are forbidden.
    async fn until_stale(&self, page: &Page, meanwhile: &str) -> Url {
        loop {
            match self.agent.press(page, "load-salaries", &[]).await {
                Reached::Client(asked) => return asked,
                Reached::Page(page) => assert!(shows(&page, meanwhile), "{}", page.html),
            }
            sleep(Duration::from_millis(500)).await;
        }
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
    for path in ["/sign-in", "/load/sales", "/load/salaries", "/sign-out"] {
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
    let page = agent.press(&page, "load-sales", &[]).await.page();
    assert!(shows(&page, "data-result=\"report\"") && shows(&page, "id=\"report\""));
    let leaving = agent.press(&page, "sign-out", &[]).await.client();
    let page = agent.open(&agent.open(&leaving).await.client()).await.page();
    assert!(shows(&page, "data-result=\"signed-out\"") && !shows(&page, "id=\"report\""));
}

#[tokio::test]
async fn who_signed_in_is_shown_with_their_rights_and_the_id_token_decoded() {
    let visit = Visit::begin().await;
    let page = visit.signed_in("alice", "wonderland").await;
    for told in ["Alice Pleasance Liddell", "alice@people.example", "analyst", "reports:read"] {
        assert!(shows(&page, told), "{told}");
    }
    let (_, id_token) = page.html.split_once("id=\"id-token\"").unwrap();
    for name in ["alg", "kid", "iss", "sub", "aud", "iat", "exp", "auth_time", "nonce", "sid"] {
        assert!(id_token.contains(&format!("data-member=\"{name}\"")), "{name}");
    }
    for path in ["/.well-known/openid-configuration", "/jwks", "/token", "/userinfo"] {
        assert!(page.html.contains(&format!(" {path}</code>")), "{path} is in the picture");
    }
    let looked_up = page.html.matches("Look up the user").count();
    assert_eq!(looked_up, 2, "for the tokens and for userinfo");
}

#[tokio::test]
async fn a_new_sign_in_that_is_denied_leaves_nothing_of_the_old_one() {
    let visit = Visit::begin().await;
    visit.signed_in("alice", "wonderland").await;
    let asked = visit.sign_in().await;
    assert!(!shows(&visit.page("/").await, "id=\"signed-in-as\""));
    let (state, issuer) = (parameter(&asked, "state").unwrap(), asked.origin());
    let mut url = visit.at("/callback");
    let issuer = issuer.ascii_serialization();
    let answer = [("error", "access_denied"), ("state", &state), ("iss", &issuer)];
    url.query_pairs_mut().extend_pairs(answer);
    let page = visit.agent.open(&url).await.page();
    assert!(shows(&page, "data-result=\"denied\"") && !shows(&page, "id=\"signed-in-as\""));
}

#[tokio::test]
async fn what_its_user_does_not_allow_the_dashboard_does_without() {
    let visit = Visit::begin().await;
    let page = visit.allow_only("openid email").await;
    let (_, told) = page.html.split_once("id=\"signed-in-as\"").unwrap();
    let (told, _) = told.split_once("id=\"sign-in\"").unwrap();
    assert!(told.contains("alice@people.example") && told.contains("not told"), "{told}");
    assert!(!told.contains("Liddell") && !told.contains("analyst"), "{told}");
    let page = visit.agent.press(&page, "load-sales", &[]).await.page();
    assert!(shows(&page, "data-result=\"out-of-scope\""), "{}", page.html);
}

#[tokio::test]
async fn without_an_id_token_nobody_is_signed_in() {
    let visit = Visit::begin().await;
    let page = visit.allow_only("reports.read").await;
    assert!(shows(&page, "data-result=\"error\"") && shows(&page, "No ID token"));
    assert!(!shows(&page, "id=\"signed-in-as\""));
}

#[tokio::test]
async fn a_sign_in_that_is_too_old_is_repeated_on_the_way_to_the_salaries() {
    let visit = Visit::begin().await;
    let page = visit.signed_in("alice", "wonderland").await;
    let asked = visit.until_stale(&page, "Salaries of the third quarter").await;
    assert_eq!(parameter(&asked, "max_age").as_deref(), Some("15"));
    assert!(parameter(&asked, "acr_values").unwrap().ends_with("classes:Password"));
    assert!(parameter(&asked, "id_token_hint").is_some());

    let login = visit.agent.open(&asked).await.page();
    assert_eq!(login.url.path(), "/login", "the password is asked for again");
    let password = [("username", "alice"), ("password", "wonderland")];
    let answer = visit.agent.press(&login, "sign-in", &password).await.client();
    let page = visit.agent.open(&answer).await.page();
    assert!(shows(&page, "data-result=\"report\""), "{}", page.html);
    assert!(shows(&page, "Salaries of the third quarter"));
    assert!(shows(&page, "insufficient_user_authentication"), "the challenge is in the picture");
}

#[tokio::test]
async fn a_user_without_the_permission_is_told_so_after_one_more_sign_in() {
    let visit = Visit::begin().await;
    let page = visit.signed_in("bob", "builder").await;
    let asked = visit.until_stale(&page, "data-result=\"forbidden\"").await;
    let answer = visit.agent.allow(&asked, "bob", "builder").await;
    let page = visit.agent.open(&answer).await.page();
    assert!(shows(&page, "data-result=\"forbidden\"") && !shows(&page, "id=\"report\""));
}

#[tokio::test]
async fn a_sign_in_that_is_too_old_again_does_not_go_round_in_circles() {
    let visit = Visit::begin().await;
    let page = visit.signed_in("alice", "wonderland").await;
    let asked = visit.until_stale(&page, "data-result=\"report\"").await;
    let answer = visit.agent.allow(&asked, "alice", "wonderland").await;
    // Time enough for the new sign-in to age.
    sleep(FRESH + Duration::from_secs(2)).await;
    let page = visit.agent.open(&answer).await.page();
    assert!(shows(&page, "data-result=\"step-up-in-vain\""), "{}", page.html);
    assert!(shows(&page, "id=\"signed-in-as\"") && !shows(&page, "id=\"report\""));
}

#[tokio::test]
async fn who_does_not_want_to_sign_in_again_stays_signed_in_without_the_salaries() {
    let visit = Visit::begin().await;
    let page = visit.signed_in("alice", "wonderland").await;
    let asked = visit.until_stale(&page, "data-result=\"report\"").await;
    let login = visit.agent.open(&asked).await.page();
    let answer = visit.agent.press(&login, "cancel", &[]).await.client();
    let page = visit.agent.open(&answer).await.page();
    assert!(shows(&page, "data-result=\"step-up-denied\"") && !shows(&page, "id=\"report\""));
    let page = visit.agent.press(&page, "load-sales", &[]).await.page();
    assert!(shows(&page, "Sales of the third quarter"), "{}", page.html);
}

#[tokio::test]
async fn who_signs_out_is_asked_for_the_password_again() {
    let visit = Visit::begin().await;
    let page = visit.signed_in("alice", "wonderland").await;
    let leaving = visit.agent.press(&page, "sign-out", &[]).await.client();
    for name in ["id_token_hint", "post_logout_redirect_uri", "state"] {
        assert!(parameter(&leaving, name).is_some(), "{name}");
    }
    let back = visit.agent.open(&leaving).await.client();
    assert!(back.as_str().starts_with(visit.at("/signed-out").as_str()), "{back}");
    assert_eq!(parameter(&back, "state"), parameter(&leaving, "state"));
    let page = visit.agent.open(&back).await.page();
    assert!(shows(&page, "data-result=\"signed-out\"") && !shows(&page, "data-member"));
    let asked = visit.sign_in().await;
    assert_eq!(visit.agent.open(&asked).await.page().url.path(), "/login");
}

#[tokio::test]
async fn a_sign_out_that_nobody_asked_for_ends_nothing() {
    let visit = Visit::begin().await;
    visit.signed_in("alice", "wonderland").await;
    for path in ["/signed-out", "/signed-out?state=", "/signed-out?state=planted"] {
        let page = visit.page(path).await;
        assert!(shows(&page, "id=\"signed-in-as\"") && !shows(&page, "data-result=\"signed-out\""));
    }
}

#[tokio::test]
async fn who_comes_back_to_a_session_that_is_over_is_told_to_sign_in() {
    let visit = Visit::begin().await;
    let page = visit.signed_in("alice", "wonderland").await;
    let later = Agent::default();
    for button in ["load-sales", "load-salaries"] {
        let page = later.press(&page, button, &[]).await.page();
        assert!(shows(&page, "data-result=\"expired\""), "{}", page.html);
        assert!(!shows(&page, "id=\"signed-in-as\""));
    }
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
