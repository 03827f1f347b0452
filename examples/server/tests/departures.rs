//! Sign-outs that a failing store or an impatient browser breaks off: with the
//! login session, their user has lost the means to try again.
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

use std::net::TcpListener;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use async_trait::async_trait;
use axum::body::Body;
use codegrant::{CodeStore, Grant, GrantId, HostError, Subject, Timestamp};
use reqwest::Method;
use server::{Application, Client, Listener};
use support::hearing::Hearing;
use support::openid::openid_client;
use support::{Browser, Page, config, refreshing};
use tokio::sync::Semaphore;
use tower::ServiceExt;

/// What goes wrong when it is asked for a user's grants.
struct Trouble {
    /// So many calls fail.
    failures: AtomicUsize,
    /// Who asks waits for one of these, and says that they do.
    open: Semaphore,
    waiting: Semaphore,
}

struct Troubled(Arc<dyn CodeStore>, Arc<Trouble>);

#[async_trait]
impl CodeStore for Troubled {
    async fn insert(&self, grant: Arc<Grant>) -> Result<(), HostError> {
        self.0.insert(grant).await
    }

    async fn grant(&self, id: &GrantId) -> Result<Option<Arc<Grant>>, HostError> {
        self.0.grant(id).await
    }

    async fn replace(&self, next: Arc<Grant>) -> Result<bool, HostError> {
        self.0.replace(next).await
    }

    async fn granted_by(&self, user: &Subject) -> Result<Vec<Arc<Grant>>, HostError> {
        let Trouble { failures, open, waiting } = &*self.1;
        waiting.add_permits(1);
        let _open = open.acquire().await?;
        let left = failures.fetch_update(Ordering::SeqCst, Ordering::SeqCst, |n| n.checked_sub(1));
        match left {
            Ok(_) => Err(HostError::new("the database is down")),
            Err(_) => self.0.granted_by(user).await,
        }
    }

    async fn sweep(&self, now: Timestamp) -> Result<u64, HostError> {
        self.0.sweep(now).await
    }
}

/// A server, a browser in which alice has signed in to `app`, and her access token.
struct House {
    application: Application,
    trouble: Arc<Trouble>,
    app: Hearing,
    browser: Browser,
    token: String,
}

impl House {
    async fn new() -> Self {
        let (app, directory) = (Hearing::start(&[]), tempfile::tempdir().unwrap());
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let mut config = config(&listener, &directory);
        config.clients.push(Client {
            grant_types: refreshing(),
            backchannel_logout_uri: Some(app.uri.clone()),
            ..openid_client("app")
        });
        let browser = Browser::new(&config.issuer);
        let trouble = Trouble {
            failures: AtomicUsize::new(0),
            open: Semaphore::new(1),
            waiting: Semaphore::new(0),
        };
        let trouble = Arc::new(trouble);
        let wrapped = trouble.clone();
        let application = Application::builder(config)
            .wrap_codes(|codes| Arc::new(Troubled(codes, wrapped)))
            .password_cost(argon2::Params::new(argon2::Params::MIN_M_COST, 1, 1, None).unwrap())
            .build()
            .await
            .unwrap();
        let listening = Listener::on(listener, application.clone()).unwrap();
        tokio::spawn(listening.serve(std::future::pending()));
        let token = browser.tokens("app", "&scope=openid+reports.read").await.access;
        Self { application, trouble, app, browser, token }
    }

    fn fails(&self, times: usize) {
        self.trouble.failures.store(times, Ordering::SeqCst);
    }

    /// The login page on which somebody else may sign in.
    async fn login_page(&self) -> Page {
        let login = self.browser.authorize("app", "&scope=openid&prompt=select_account").await;
        self.browser.get(login.location()).await
    }

    /// The client hears that alice has left, and what it has is worth nothing.
    async fn assert_left(&self) {
        assert_eq!(self.app.next()["sub"], "alice");
        assert_eq!(self.browser.resource(&self.token).await.status, 401);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sign_out_that_the_store_broke_off_is_tried_again_for_a_user_who_cannot() {
    for (page, failures) in [("/account", 1), ("/logout", 2)] {
        let house = House::new().await;
        let asked = house.browser.get(page).await;
        house.fails(failures);
        let answer = match page {
            "/account" => house.browser.press(&asked, "action", "sign-out").await,
            _ => house.browser.submit(&asked, &[("decision", "sign-out")]).await,
        };
        assert_eq!((answer.status, answer.text("error")), (503, "temporarily_unavailable"));
        assert_eq!(house.browser.get("/account").await.status, 303, "nobody is signed in");
        house.assert_left().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn whose_browser_somebody_else_signs_in_on_is_signed_out_though_the_store_fails() {
    let house = House::new().await;
    let login = house.login_page().await;
    house.fails(1);
    assert_eq!(house.browser.sign_in(&login, "bob", "builder").await.status, 303);
    assert_eq!(house.browser.get("/account").await.text("signed-in-as"), "bob");
    house.assert_left().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn whose_browser_somebody_else_signs_in_on_is_signed_out_though_it_hangs_up() {
    let house = House::new().await;
    let login = house.login_page().await;
    let (token, ticket) = (login.field("form_token"), login.field("ticket"));
    let fields = [
        ("form_token", &*token),
        ("ticket", &ticket),
        ("username", "bob"),
        ("password", "builder"),
    ];
    let sent = house.browser.request(Method::POST, &login.action()).form(&fields);
    let sent = house.browser.with_cookies(sent).build().unwrap();
    let body = Body::from(sent.body().unwrap().as_bytes().unwrap().to_vec());
    let mut request = http::Request::post(sent.url().path()).body(body).unwrap();
    *request.headers_mut() = sent.headers().clone();

    let gate = house.trouble.open.acquire().await.unwrap();
    house.trouble.waiting.forget_permits(usize::MAX);
    tokio::select! {
        answer = house.application.router().oneshot(request) => panic!("{answer:?}"),
        waits = house.trouble.waiting.acquire() => drop(waits.unwrap()),
    }
    drop(gate);
    house.assert_left().await;
}

/// What one try leaves, the next one ends: it needs no session of before.
#[tokio::test(flavor = "multi_thread")]
async fn who_signs_out_everywhere_while_the_store_fails_does_it_again() {
    let house = House::new().await;
    let account = house.browser.get("/account").await;
    house.fails(1);
    let broken_off = house.browser.press(&account, "action", "sign-out-everywhere").await;
    assert_eq!(broken_off.status, 503);
    let dead = house.browser.resource(&house.token).await;
    assert_eq!(dead.status, 401, "what can be ended is ended all the same");
    assert!(house.app.is_silent());
    house.browser.code("app", "&scope=openid").await;
    let account = house.browser.get("/account").await;
    house.browser.press(&account, "action", "sign-out-everywhere").await;
    house.assert_left().await;
}
