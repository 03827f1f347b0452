//! What people see, and what their browsers keep.

use reqwest::header::{COOKIE, LOCATION, SET_COOKIE};
use reqwest::{Body, Method};

use super::routes::{TOO_LONG, in_one_piece_and_in_chunks};
use crate::apps::{DASHBOARD, TERMINAL, as_form, encoded, posted};
use crate::target::{Answer, Target};
use crate::user::{ALICE, BOB, User};

/// A login page as a browser without cookies gets it.
struct Shown {
    answer: Answer,
    /// What it sends from then on.
    cookie: String,
}

impl Shown {
    async fn login(target: &Target) -> Self {
        let link = TERMINAL.link(target);
        let path = format!("{}?{}", link.path(), link.query().unwrap());
        let mut answer = target.get(&path).await;
        while let Some(next) = answer.headers.get(LOCATION) {
            let next = link.join(next.to_str().unwrap()).unwrap();
            answer = target.get(&format!("{}?{}", next.path(), next.query().unwrap())).await;
        }
        let cookie = pair(&answer);
        Self { answer, cookie }
    }

    fn hidden(&self, name: &str) -> &str {
        hidden(&self.answer, name)
    }

    /// What alice sends to sign in.
    fn filled_in(&self, form_token: &str) -> String {
        let (username, password) = ALICE;
        encoded(&[
            ("ticket", self.hidden("ticket")),
            ("form_token", form_token),
            ("username", username),
            ("password", password),
        ])
    }

    /// Signs alice in, with this cookie and form token.
    async fn sign_in(&self, target: &Target, cookie: &str, form_token: &str) -> Answer {
        send(target, cookie, self.filled_in(form_token)).await
    }
}

async fn send(target: &Target, cookie: &str, form: impl Into<Body>) -> Answer {
    let request = target.request(Method::POST, "/login").header(COOKIE, cookie);
    Answer::to(as_form(request, form)).await
}

/// What a hidden field of a page holds.
fn hidden<'p>(page: &'p Answer, name: &str) -> &'p str {
    let (_, rest) = page.text.split_once(&format!("name=\"{name}\" value=\"")).unwrap();
    rest.split_once('"').unwrap().0
}

/// The name and value of the one cookie that is set.
fn pair(answer: &Answer) -> String {
    let cookie = answer.header(SET_COOKIE.as_str());
    assert!(cookie.contains("; HttpOnly"), "{cookie}");
    assert!(cookie.contains("; SameSite=Lax"), "{cookie}");
    assert!(cookie.contains("; Path=/"), "{cookie}");
    assert!(!cookie.contains("Domain"), "{cookie}");
    cookie.split(';').next().unwrap().to_owned()
}

pub(super) async fn no_page_is_kept_or_framed(target: Target) {
    let login = Shown::login(&target).await.answer;
    let error = target.get("/authorize").await;
    let signed_out = target.get("/logout").await;
    for page in [login, error, signed_out] {
        assert_eq!(page.header("content-type"), "text/html; charset=utf-8");
        assert_eq!(page.header("cache-control"), "no-store");
        assert_eq!(page.header("referrer-policy"), "no-referrer");
        assert_eq!(page.header("x-frame-options"), "DENY");
        assert_eq!(page.header("x-content-type-options"), "nosniff");
        let policy = page.header("content-security-policy");
        assert!(policy.contains("default-src 'none'"), "{policy}");
        assert!(policy.contains("frame-ancestors 'none'"), "{policy}");
    }
}

pub(super) async fn cookies_are_out_of_reach_and_new_at_each_login(target: Target) {
    let shown = Shown::login(&target).await;
    let first = shown.sign_in(&target, &shown.cookie, shown.hidden("form_token")).await;
    assert_eq!(first.status, 303, "{first:?}");
    assert_eq!(first.header("cache-control"), "no-store");
    let both = format!("{}; {}", shown.cookie, pair(&first));
    let second = shown.sign_in(&target, &both, shown.hidden("form_token")).await;
    assert_ne!(pair(&first), pair(&second));
    assert!(!is_signed_in(&target, &pair(&first)).await);
    assert!(is_signed_in(&target, &pair(&second)).await);
}

pub(super) async fn a_session_that_has_ended_is_not_known_by_its_cookie_any_more(target: Target) {
    let shown = Shown::login(&target).await;
    let signed_in = shown.sign_in(&target, &shown.cookie, shown.hidden("form_token")).await;
    let cookies = format!("{}; {}", shown.cookie, pair(&signed_in));
    let request = target.request(Method::GET, "/logout").header(COOKIE, &cookies);
    let question = Answer::to(request).await;
    assert!(is_signed_in(&target, &cookies).await);
    let fields = ["ticket", "form_token"].map(|name| (name, hidden(&question, name)));
    let fields = [&fields[..], &[("decision", "sign-out")]].concat();
    let request = target.request(Method::POST, "/logout/confirm").header(COOKIE, &cookies);
    let done = Answer::to(posted(request, &fields)).await;
    assert!(done.header("set-cookie").contains("Max-Age=0"), "{done:?}");
    assert!(!is_signed_in(&target, &cookies).await);
}

async fn is_signed_in(target: &Target, cookies: &str) -> bool {
    let quiet = DASHBOARD.link_with(target, &[("prompt", Some("none"))]);
    let path = format!("{}?{}", quiet.path(), quiet.query().unwrap());
    let answer = Answer::to(target.request(Method::GET, &path).header(COOKIE, cookies)).await;
    assert_eq!(answer.status, 303, "{answer:?}");
    !answer.header("location").contains("error=login_required")
}

pub(super) async fn a_wrong_password_is_told_and_the_right_one_still_serves(target: Target) {
    let bob = User::new(BOB);
    let login = bob.browser.open(&TERMINAL.link(&target)).await.page();
    for username in ["bob", "nobody\"><script>"] {
        let typed = [("username", username), ("password", "wrong")];
        let again = bob.browser.press(&login, "sign-in", &typed).await.page();
        assert_eq!(again.status, 401);
        assert!(again.html.contains("id=\"login-error\""), "{}", again.html);
        assert!(!again.html.contains("<script>"), "{}", again.html);
    }
    let consent = bob.sign_in(&login).await.page();
    assert!(consent.html.contains("id=\"allow\""), "{}", consent.html);
}

pub(super) async fn a_form_that_this_browser_was_not_given_does_nothing(target: Target) {
    let (shown, other) = (Shown::login(&target).await, Shown::login(&target).await);
    let token = shown.hidden("form_token");
    for (cookie, token) in [("", token), (&*other.cookie, token), (&*shown.cookie, "")] {
        let refused = shown.sign_in(&target, cookie, token).await;
        assert_eq!(refused.status, 403, "{refused:?}");
        assert_eq!(refused.header("set-cookie"), "");
    }
    for path in ["/consent", "/logout/confirm"] {
        let forged = posted(target.request(Method::POST, path), &[("decision", "allow")]);
        assert_eq!(Answer::to(forged).await.status, 403, "{path}");
    }
}

pub(super) async fn a_form_that_is_too_long_is_not_read(target: Target) {
    let shown = Shown::login(&target).await;
    let mut form = shown.filled_in(shown.hidden("form_token"));
    form.push_str("&padding=");
    let missing = TOO_LONG.saturating_sub(form.len());
    form.extend(std::iter::repeat_n('x', missing));
    for body in in_one_piece_and_in_chunks(form.clone()) {
        let refused = send(&target, &shown.cookie, body).await;
        assert_eq!(refused.status, 413, "{refused:?}");
        assert_eq!(refused.header("set-cookie"), "");
    }
    form.pop();
    let read = send(&target, &shown.cookie, form).await;
    assert_eq!(read.status, 303, "{read:?}");
}
