//! Real clicks in a real browser, through the dashboard and its companions.

use e2e::browser::Browser;
use e2e::dashboard::Dashboard;

/// A newcomer's desk: the running programs, and a browser on the page.
async fn desk() -> (Dashboard, Browser) {
    let dashboard = Dashboard::start();
    let browser = Browser::start().await;
    browser.open(&dashboard.address).await;
    (dashboard, browser)
}

/// The steps that the page shows to have happened.
async fn steps(browser: &Browser) -> Vec<u8> {
    let mut happened = Vec::new();
    for step in 1..=8 {
        if browser.count(&format!("[data-step='{step}']")).await > 0 {
            happened.push(step);
        }
    }
    happened
}

/// From the dashboard to the end of the flow, with consent.
async fn sign_in_and_allow(browser: &Browser, username: &str, password: &str) {
    browser.click("#sign-in").await;
    browser.sign_in(username, password).await;
    browser.click("#allow").await;
    browser.see("#outcome[data-result='signed-in']").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn who_allows_it_sees_the_report_and_all_eight_steps() {
    let (dashboard, browser) = desk().await;
    browser.see("[data-step='1']").await;
    sign_in_and_allow(&browser, "alice", "wonderland").await;
    assert_eq!(steps(&browser).await, [1, 2, 3, 4, 5, 6]);
    assert_eq!(browser.count("#report").await, 0, "nobody asked for the report yet");

    browser.click("#load-sales").await;
    browser.see("#outcome[data-result='report']").await;
    assert!(browser.text("#report").await.contains("North"));
    assert!(browser.text("#signed-in-as").await.contains("Alice Pleasance Liddell"));
    assert_eq!(browser.text("[data-member='sub'] code").await, "alice");
    assert_eq!(steps(&browser).await, [1, 2, 3, 4, 5, 6, 7, 8]);
    assert!(browser.text("[data-step='4']").await.contains("iss is the server that was asked"));
    assert!(browser.text("[data-step='8']").await.contains("reports:read"));
    let everything = browser.text("body").await;
    assert!(everything.contains("the authorization server sees it"), "the password is hidden");

    // With the browser still watching.
    let (status, left_behind) = dashboard.terminate();
    assert!(status.success(), "SIGTERM is a clean end: {status}");
    assert_eq!(left_behind, 0, "the database is removed");
}

#[tokio::test(flavor = "multi_thread")]
async fn who_denies_it_ends_the_flow_before_any_token() {
    let (_dashboard, browser) = desk().await;
    browser.click("#sign-in").await;
    browser.sign_in("alice", "wonderland").await;
    browser.click("#deny").await;
    browser.see("#outcome[data-result='denied']").await;
    assert!(browser.text("#outcome").await.contains("no token"));
    assert_eq!(steps(&browser).await, [1, 2, 3]);
    assert_eq!(browser.count("#signed-in-as").await, 0);
    assert_eq!(browser.count("#load-sales:enabled").await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wrong_password_is_said_to_be_wrong_and_the_right_one_still_works() {
    let (_dashboard, browser) = desk().await;
    browser.click("#sign-in").await;
    browser.sign_in("alice", "looking-glass").await;
    browser.see("#login-error").await;
    browser.sign_in("alice", "wonderland").await;
    browser.click("#allow").await;
    browser.see("#outcome[data-result='signed-in']").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_application_gets_no_further_than_its_user() {
    let (_dashboard, browser) = desk().await;
    sign_in_and_allow(&browser, "bob", "builder").await;
    browser.click("#load-sales").await;
    browser.see("#outcome[data-result='forbidden']").await;
    assert!(browser.text("#outcome").await.contains("policy database"));
    assert_eq!(browser.count("#report").await, 0);
    assert_eq!(steps(&browser).await, [1, 2, 3, 4, 5, 6, 7, 8]);
}

#[tokio::test(flavor = "multi_thread")]
async fn who_leaves_the_login_page_is_back_without_a_token() {
    let (_dashboard, browser) = desk().await;
    browser.click("#sign-in").await;
    browser.click("#cancel").await;
    browser.see("#outcome[data-result='denied']").await;
    assert_eq!(steps(&browser).await, [1, 2, 3]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_second_visit_asks_nothing_again() {
    let (_dashboard, browser) = desk().await;
    sign_in_and_allow(&browser, "alice", "wonderland").await;
    browser.click("#sign-in").await;
    let nothing = browser.text("[data-step='3'] .note").await;
    assert!(nothing.contains("no page is shown"), "neither login nor consent: {nothing}");
    browser.see("#outcome[data-result='signed-in']").await;
    assert_eq!(steps(&browser).await, [1, 2, 3, 4, 5, 6]);
}

#[tokio::test(flavor = "multi_thread")]
async fn who_signs_out_does_so_at_the_authorization_server_too() {
    let (_dashboard, browser) = desk().await;
    sign_in_and_allow(&browser, "alice", "wonderland").await;
    browser.click("#sign-out").await;
    browser.see("#outcome[data-result='signed-out']").await;
    assert_eq!(steps(&browser).await, [1]);
    assert_eq!(browser.count("[data-member]").await, 0, "the ID token is gone");
    assert!(browser.text("[data-step='9']").await.contains("GET /logout"));

    browser.click("#sign-in").await;
    browser.sign_in("alice", "wonderland").await;
    // What she allowed is remembered.
    browser.see("#outcome[data-result='signed-in']").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_report_for_fresh_sign_ins_sends_its_user_to_sign_in_again_and_back() {
    let (_dashboard, browser) = desk().await;
    sign_in_and_allow(&browser, "alice", "wonderland").await;
    loop {
        browser.click("#load-salaries").await;
        browser.see("#outcome[data-result='report'], input[name=password]").await;
        if browser.count("input[name=password]").await > 0 {
            break;
        }
    }
    browser.sign_in("alice", "wonderland").await;
    browser.see("#outcome[data-result='report']").await;
    assert!(browser.text("#report").await.contains("Payroll"));
    let second = browser.text("[data-step='2']").await;
    assert!(second.contains("insufficient_user_authentication"), "{second}");
    assert_eq!(steps(&browser).await, [1, 2, 3, 4, 5, 6, 7, 8]);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_back_button_after_consent_changes_nothing() {
    let (_dashboard, browser) = desk().await;
    sign_in_and_allow(&browser, "alice", "wonderland").await;
    browser.back().await;
    // The browser shows the consent page as it was, or asks for it again and is
    // led straight back. Who allows a second time sends the client a second answer.
    browser.see("#allow, #outcome[data-result='signed-in']").await;
    if browser.count("#allow").await > 0 {
        browser.click("#allow").await;
    }
    browser.see("#outcome[data-result='signed-in']").await;
    let fourth = browser.text("[data-step='4']").await;
    assert!(fourth.contains("not taken again"), "{fourth}");
    browser.click("#load-sales").await;
    browser.see("#outcome[data-result='report']").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn two_tabs_that_consent_at_once_both_end_well() {
    let (dashboard, browser) = desk().await;
    browser.click("#sign-in").await;
    browser.sign_in("alice", "wonderland").await;
    browser.see("#allow").await;
    browser.new_tab().await;
    browser.open(&dashboard.address).await;
    browser.click("#sign-in").await;
    browser.see("#allow").await;

    browser.turn_to_tab(0).await;
    browser.click("#allow").await;
    browser.see("#outcome[data-result='signed-in']").await;
    browser.turn_to_tab(1).await;
    browser.click("#allow").await;
    browser.see("#outcome[data-result='signed-in']").await;
    browser.click("#load-sales").await;
    browser.see("#outcome[data-result='report']").await;
    // The first tab was told, without being reloaded.
    browser.turn_to_tab(0).await;
    browser.see("#outcome[data-result='report']").await;
}

/// Signs alice in and allows it, if she is asked; says where she sees whom she
/// let in.
async fn let_in_by_alice(browser: &Browser) -> String {
    browser.click("#sign-in").await;
    browser.see("input[name=username]").await;
    let account = format!("{}/account", browser.origin().await);
    browser.sign_in("alice", "wonderland").await;
    browser.see("#allow, #outcome[data-result='signed-in']").await;
    if browser.count("#allow").await > 0 {
        browser.click("#allow").await;
    }
    browser.see("#outcome[data-result='signed-in']").await;
    account
}

/// The token that the dashboard has is refused.
async fn assert_token_is_dead(browser: &Browser) {
    browser.click("#load-sales").await;
    browser.see("#outcome[data-result='expired']").await;
    let outcome = browser.text("#outcome").await;
    assert!(outcome.contains("401"), "{outcome}");
    assert_eq!(browser.count("#report").await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_application_that_its_user_disconnects_has_a_dead_token_and_asks_again() {
    let (dashboard, browser) = desk().await;
    let account = let_in_by_alice(&browser).await;
    browser.open(&account).await;
    assert!(browser.text("#app-dashboard").await.contains("Read your reports"));
    browser.click("#disconnect-dashboard").await;
    browser.see("#applications:not(:has(#app-dashboard))").await;

    browser.open(&dashboard.address).await;
    assert_token_is_dead(&browser).await;
    browser.click("#sign-in").await;
    browser.click("#allow").await;
    browser.see("#outcome[data-result='signed-in']").await;
    browser.click("#load-sales").await;
    browser.see("#outcome[data-result='report']").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn who_signs_out_everywhere_is_signed_out_of_the_other_browser_too() {
    let (dashboard, here) = desk().await;
    let there = Browser::start().await;
    there.open(&dashboard.address).await;
    let account = let_in_by_alice(&here).await;
    let_in_by_alice(&there).await;
    there.open(&account).await;
    assert_eq!(there.text("#signed-in-as").await, "alice");

    here.open(&account).await;
    here.click("#sign-out-everywhere").await;
    here.see("#signed-out").await;
    for browser in [&here, &there] {
        browser.open(&account).await;
        browser.see("input[name=username]").await;
        browser.open(&dashboard.address).await;
        assert_token_is_dead(browser).await;
    }
}
