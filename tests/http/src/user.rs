//! A user with a browser.

use e2e::agent::{Agent, Page, Reached, parameter};
use reqwest::Url;

use crate::apps::{App, STATE};
use crate::target::Target;

/// The one who may read reports.
pub const ALICE: (&str, &str) = ("alice", "wonderland");
/// One who may not.
pub const BOB: (&str, &str) = ("bob", "builder");

/// Who it is, and the browser.
pub struct User {
    name: &'static str,
    password: &'static str,
    /// The browser, with its cookies.
    pub browser: Agent,
}

impl User {
    /// Somebody with a new browser.
    #[must_use]
    pub fn new((name, password): (&'static str, &'static str)) -> Self {
        Self { name, password, browser: Agent::default() }
    }

    /// Presses "sign in" on a login page.
    pub async fn sign_in(&self, page: &Page) -> Reached {
        let typed = [("username", self.name), ("password", self.password)];
        self.browser.press(page, "sign-in", &typed).await
    }

    /// Signs in if asked, allows if asked; returns where the client is answered.
    pub async fn allow(&self, link: &Url) -> Url {
        let mut reached = self.browser.open(link).await;
        for _ in 0..3 {
            reached = match reached {
                Reached::Client(answer) => return answer,
                Reached::Page(page) if page.html.contains("id=\"sign-in\"") => {
                    self.sign_in(&page).await
                }
                Reached::Page(page) => self.browser.press(&page, "allow", &[]).await,
            };
        }
        panic!("asked again and again")
    }

    /// A code for `app`.
    pub async fn code(&self, target: &Target, app: &App) -> String {
        self.code_for(target, app, &app.link(target)).await
    }

    /// A code for what `link` asks for.
    pub async fn code_for(&self, target: &Target, app: &App, link: &Url) -> String {
        let answer = self.allow(link).await;
        assert!(answer.as_str().starts_with(&format!("{}?", app.redirect_uri)), "{answer}");
        assert_eq!(parameter(&answer, "state").as_deref(), Some(STATE), "{answer}");
        assert_eq!(parameter(&answer, "iss").as_deref(), Some(target.issuer()), "{answer}");
        parameter(&answer, "code").unwrap_or_else(|| panic!("no code in {answer}"))
    }
}
