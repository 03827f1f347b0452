//! Headless Chromium, driven through Debian's chromedriver.

use std::fmt::Debug;
use std::fs;
use std::process::{Command, Stdio};
use std::thread;
use std::time::Duration;

use fantoccini::elements::Element;
use fantoccini::{Client, ClientBuilder, Locator};
use hyper_util::client::legacy::connect::HttpConnector;
use serde_json::{Map, Value, json};
use tempfile::TempDir;

use crate::program::{Output, Program};

/// How long a page may take to show something on a busy machine.
const PATIENCE: Duration = Duration::from_secs(40);

/// A browser with a profile of its own.
pub struct Browser {
    client: Client,
    // Dropped in this order: a browser that is still running writes to its profile.
    _chromedriver: Program,
    _profile: Profile,
}

/// A folder that is removed once the browser has let go of it.
struct Profile(TempDir);

impl Browser {
    /// Starts one. Fails, and names the Debian package, where it is missing.
    pub async fn start() -> Self {
        require("chromium", "chromium");
        require("chromedriver", "chromium-driver");
        let profile = Profile::default();
        let mut command = Command::new("chromedriver");
        command.arg("--port=0");
        let port = |line: &str| {
            let (_, port) = line.split_once("started successfully on port ")?;
            port.trim_end_matches('.').parse::<u16>().ok()
        };
        let (chromedriver, port) =
            Program::start(command, Output::Stdout, port).unwrap_or_else(|why| panic!("{why}"));
        let client = ClientBuilder::new(HttpConnector::new())
            .capabilities(capabilities(&profile))
            .connect(&format!("http://127.0.0.1:{port}"))
            .await
            .expect("chromedriver opens a browser");
        Self { client, _chromedriver: chromedriver, _profile: profile }
    }

    /// Opens an address, as if typed.
    pub async fn open(&self, address: &str) {
        done(self.client.goto(address).await);
    }

    /// Scheme, host and port of the page that it shows.
    pub async fn origin(&self) -> String {
        done(self.client.current_url().await).origin().ascii_serialization()
    }

    /// Presses a button once it is there: on the page after, where another takes the
    /// page's place before it is pressed.
    pub async fn click(&self, selector: &str) {
        loop {
            match self.shown(selector).await.click().await {
                Err(error) if error.is_stale_element_reference() => {}
                clicked => return done(clicked),
            }
        }
    }

    /// Types into a field once it is there.
    pub async fn type_into(&self, selector: &str, text: &str) {
        let field = self.shown(selector).await;
        done(field.clear().await);
        done(field.send_keys(text).await);
    }

    /// Fills in the login page and signs in.
    pub async fn sign_in(&self, username: &str, password: &str) {
        self.type_into("input[name=username]", username).await;
        self.type_into("input[name=password]", password).await;
        self.click("#sign-in").await;
    }

    /// Waits until the page shows this.
    pub async fn see(&self, selector: &str) {
        self.shown(selector).await;
    }

    /// The text of something that the page shows, sooner or later.
    pub async fn text(&self, selector: &str) -> String {
        done(self.shown(selector).await.text().await)
    }

    /// How many there are right now.
    pub async fn count(&self, selector: &str) -> usize {
        done(self.client.find_all(Locator::Css(selector)).await).len()
    }

    /// Presses the browser's back button.
    pub async fn back(&self) {
        done(self.client.back().await);
    }

    /// Opens another tab and turns to it.
    pub async fn new_tab(&self) {
        let tab = done(self.client.new_window(true).await);
        done(self.client.switch_to_window(tab.handle).await);
    }

    /// Turns to the tab that was opened as the n-th, from 0.
    pub async fn turn_to_tab(&self, n: usize) {
        let mut tabs = done(self.client.windows().await).into_iter();
        done(self.client.switch_to_window(tabs.nth(n).expect("the tab is open")).await);
    }

    async fn shown(&self, selector: &str) -> Element {
        let found = self.client.wait().at_most(PATIENCE).for_element(Locator::Css(selector)).await;
        match found {
            Ok(element) => element,
            Err(error) => {
                let address = self.client.current_url().await;
                let source = self.client.source().await.unwrap_or_default();
                panic!("{selector} did not appear ({error}) at {address:?}:\n{source}")
            }
        }
    }
}

impl Default for Profile {
    fn default() -> Self {
        Self(TempDir::with_prefix("codegrant-e2e-profile-").expect("a temporary folder"))
    }
}

impl Drop for Profile {
    fn drop(&mut self) {
        // The browser ends a moment after the driver that has started it.
        for _ in 0..100 {
            if fs::remove_dir_all(self.0.path()).is_ok() {
                return;
            }
            thread::sleep(Duration::from_millis(50));
        }
    }
}

fn done<T, E: Debug>(result: Result<T, E>) -> T {
    result.unwrap_or_else(|error| panic!("the browser did not do as it was told: {error:?}"))
}

fn require(program: &str, package: &str) {
    let mut command = Command::new(program);
    let runs = command.arg("--version").stdout(Stdio::null()).stderr(Stdio::null());
    assert!(
        runs.status().is_ok_and(|status| status.success()),
        "{program} is missing: install Debian's package {package} (apt-get install {package})"
    );
}

fn capabilities(profile: &Profile) -> Map<String, Value> {
    let profile = format!("--user-data-dir={}", profile.0.path().display());
    // Quiet, and without a word to anybody outside this machine.
    let arguments = [
        "--headless",
        "--no-sandbox",
        "--disable-gpu",
        "--disable-dev-shm-usage",
        "--disable-quic",
        "--no-first-run",
        "--disable-background-networking",
        "--disable-component-update",
        "--disable-sync",
        "--window-size=1280,1600",
        &profile,
    ];
    let options = json!({"args": arguments});
    // No browser has heard of the authorities that tests make.
    let insecure = ("acceptInsecureCerts".to_owned(), true.into());
    Map::from_iter([("goog:chromeOptions".to_owned(), options), insecure])
}
