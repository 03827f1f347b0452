//! The end-session endpoint (OpenID Connect RP-Initiated Logout): who is signed
//! out, who is asked before, and where the browser never goes.

use codegrant::{Algorithm, Authentication, Authorize, Endpoints, KeySet, Logout};
use http::Method;
use http::header::{ALLOW, CACHE_CONTROL, REFERRER_POLICY};
use serde_json::{Value, json};

use crate::sign_out::{Home, NOTES_BYE, SYNC_BYE, openid, other_key};
use crate::support::House;
use crate::support::answers::{assert_page, location};
use crate::support::apps::{DASHBOARD, NOTES, SYNC};
use crate::support::call::{Call, Form};
use crate::support::seams::Fault;
use crate::support::world::ISSUER;

fn with(hint: &str, form: &Form) -> Form {
    form.clone().with("id_token_hint", hint)
}

#[tokio::test]
async fn a_hint_of_the_very_session_signs_out_without_a_page_and_leads_back_with_state() {
    for post in [false, true] {
        let home = Home::new();
        let tokens = home.holds(&NOTES).await;
        let form = home.leaves(&NOTES, NOTES_BYE).await;
        let call = if post { Call::post("/logout", &form) } else { Call::get("/logout", &form) };
        let Logout::End(end) = home.logout_by(&call).await else { panic!("not the end") };
        let user = end.user().unwrap();
        assert_eq!((user.subject().as_str(), user.session().unwrap().as_str()), ("alice", "one"));
        assert!(home.check(&tokens.access).await.is_ok(), "the host ends the session first");
        let (signed_out, then) = home.finish(end).await;
        assert!(signed_out.fault.is_none());
        let then = then.unwrap();
        assert_eq!(then.headers()[CACHE_CONTROL], "no-store");
        assert_eq!(then.headers()[REFERRER_POLICY], "no-referrer");
        assert_eq!(location(&then).url, format!("{NOTES_BYE}&state=s+%261"));
        home.assert_signed_out(&NOTES, &tokens).await;
    }
}

#[tokio::test]
async fn nothing_comes_back_that_was_not_asked_for() {
    let home = Home::new();
    home.holds(&SYNC).await;
    let form = home.leaves(&SYNC, SYNC_BYE).await;
    let (_, then) = home.finish(home.end(&form.clone().without("state")).await).await;
    assert_eq!(location(&then.unwrap()).url, SYNC_BYE);
    home.arrive("alice", "one");
    let (_, then) = home.finish(home.end(&form.without("post_logout_redirect_uri")).await).await;
    assert!(then.is_none(), "state alone leads nowhere");
}

#[tokio::test]
async fn a_hint_that_expired_or_whose_key_signs_no_more_still_names_its_session() {
    let home = Home::new();
    home.holds(&NOTES).await;
    let form = home.leaves(&NOTES, NOTES_BYE).await;
    home.pass(40_000);
    assert!(home.end(&form).await.user().is_some(), "expired long ago");
    let old = codegrant::SigningKey::generate(Algorithm::EdDsa).unwrap();
    home.keys.rotate([other_key(), old]).unwrap();
    assert_page(&home.fault(&form).await, 400, "invalid_request");
    let home = Home::new();
    home.holds(&NOTES).await;
    let claims = home.claims(&NOTES, "alice").await;
    let old = codegrant::SigningKey::generate(Algorithm::Rs256).unwrap();
    home.keys.rotate([old.clone()]).unwrap();
    let hint = home.sign(&claims).await;
    home.keys.rotate([other_key(), old]).unwrap();
    let form = Form::of(&[("id_token_hint", &hint)]);
    assert!(home.end(&form).await.user().is_some(), "retired, and still published");
}

/// Anybody can send a browser here: a link, an image, a form.
#[tokio::test]
async fn without_proof_that_the_session_is_meant_its_user_is_asked_and_nothing_ends() {
    let home = Home::new();
    home.holds(&SYNC).await;
    let other_session = home.hint(&SYNC, "alice").await;
    home.arrive("bob", "bobs");
    home.holds(&NOTES).await;
    let other_user = home.hint(&NOTES, "bob").await;
    home.arrive("alice", "two");
    let tokens = home.holds(&NOTES).await;
    let mut sidless = home.claims(&NOTES, "alice").await;
    sidless.as_object_mut().unwrap().remove("sid");
    let mut swapped = home.claims(&NOTES, "alice").await;
    swapped["aud"] = json!(SYNC.id);
    let back = [("post_logout_redirect_uri", NOTES_BYE), ("client_id", NOTES.id)];
    for form in [
        Form::default(),
        Form::of(&[("logout_hint", "alice"), ("ui_locales", "de <b> en")]),
        Form::of(&[("state", "s")]),
        Form::of(&[("client_id", NOTES.id)]),
        Form::of(&back),
        Form::of(&[("id_token_hint", &other_session)]),
        Form::of(&[("id_token_hint", &other_user)]),
        Form::of(&[("id_token_hint", &home.sign(&sidless).await)]),
        Form::of(&[("id_token_hint", &home.sign(&swapped).await)]),
    ] {
        for call in [Call::get("/logout", &form), Call::post("/logout", &form)] {
            let Logout::Confirm(confirm) = home.logout_by(&call).await else {
                panic!("nobody was asked: {form:?}")
            };
            assert_eq!(confirm.user().subject().as_str(), "alice");
            assert_eq!(confirm.logout_hint().unwrap_or_default(), form.value("logout_hint"));
            let locales: Vec<_> = confirm.ui_locales().iter().collect();
            assert_eq!(locales.join(" "), form.value("ui_locales").replace(" <b>", ""));
            if !form.value("client_id").is_empty() {
                assert_eq!(confirm.client().unwrap().id().as_str(), NOTES.id);
            }
        }
    }
    home.assert_alive(&NOTES, &tokens).await;
}

/// Where the host does not name sessions, a hint can only name the user.
#[tokio::test]
async fn without_session_names_the_hint_has_to_name_the_user() {
    let home = Home::new();
    let plain = home.authentication("alice");
    home.browser.set(Some(plain));
    home.holds(&NOTES).await;
    assert_eq!(home.grant_to(&NOTES, "alice").await.sid(), None);
    let hint = home.hint(&NOTES, "alice").await;
    assert!(home.end(&Form::of(&[("id_token_hint", &hint)])).await.user().is_some());
    home.browser.set(Some(home.authentication("bob")));
    home.asked(&Form::of(&[("id_token_hint", &hint)])).await;
}

#[tokio::test]
async fn what_is_no_id_token_of_this_server_is_no_hint() {
    let home = Home::new();
    let tokens = home.holds(&NOTES).await;
    let claims = home.claims(&NOTES, "alice").await;
    let changed = |name: &str, value: Value| {
        let mut claims = claims.clone();
        claims[name] = value;
        claims
    };
    let good = home.sign(&claims).await;
    let parts: Vec<&str> = good.split('.').collect();
    let encode = |text: &str| {
        use base64::Engine;
        base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(text)
    };
    let kid = other_key().kid().to_owned();
    let foreign = KeySet::new([other_key()]).unwrap();
    let body = claims.to_string();
    let bob = encode(&changed("sub", json!("bob")).to_string());
    let none = encode(&json!({"alg": "none", "kid": kid, "typ": "JWT"}).to_string());
    for hint in [
        format!("{none}.{}.", parts[1]),
        format!("{none}.{}.{}", parts[1], parts[2]),
        format!("{}.{bob}.{}", parts[0], parts[2]),
        format!("{}.{}.", parts[0], parts[1]),
        foreign.sign(Algorithm::Rs256, "JWT", body.as_bytes()).await.unwrap(),
        home.sign_as("at+jwt", &claims).await,
        home.sign_as("logout+jwt", &claims).await,
        home.sign(&changed("iss", json!("https://id.example"))).await,
        home.sign(&changed("iss", json!(format!("{ISSUER}/")))).await,
        home.sign(&changed("aud", json!(""))).await,
        home.sign(&changed("aud", Value::Null)).await,
        home.sign(&changed("sub", Value::Null)).await,
        home.sign(&json!([])).await,
        tokens.access.clone(),
        tokens.refresh.clone(),
        "a".into(),
        format!("{good}A"),
        format!(" {good}"),
    ] {
        let form = Form::of(&[("id_token_hint", &hint), ("post_logout_redirect_uri", NOTES_BYE)]);
        let refused = home.fault(&form).await;
        assert_page(&refused, 400, "invalid_request");
        assert_eq!(refused.description(), "id_token_hint is not valid", "{hint}");
    }
    home.assert_alive(&NOTES, &tokens).await;
}

#[tokio::test]
async fn the_client_id_has_to_be_of_the_hints_audience() {
    let home = Home::new();
    home.holds(&NOTES).await;
    let good = home.leaves(&NOTES, NOTES_BYE).await;
    let _ = home.end(&good.clone().with("client_id", NOTES.id)).await;
    for other in [SYNC.id, "unknown", "NOTES", "\u{fc}"] {
        let refused = home.fault(&good.clone().with("client_id", other)).await;
        assert_page(&refused, 400, "invalid_request");
        assert_eq!(refused.description(), "client_id is not valid");
    }
    let mut shared = home.claims(&NOTES, "alice").await;
    shared["aud"] = json!([SYNC.id, NOTES.id]);
    let refused = home.fault(&with(&home.sign(&shared).await, &good)).await;
    assert_page(&refused, 400, "invalid_request");
    assert_eq!(refused.description(), "id_token_hint is not valid", "ours has one audience");
    let refused = home.fault(&Form::of(&[("client_id", "unknown")])).await;
    assert_page(&refused, 400, "invalid_client");
}

/// No open redirect, with or without the session's own hint, signed in or not.
#[tokio::test]
async fn the_browser_never_goes_where_the_client_did_not_register_to_the_letter() {
    let home = Home::new();
    let tokens = home.holds(&NOTES).await;
    let good = home.leaves(&NOTES, NOTES_BYE).await;
    let alone = Form::of(&[("client_id", NOTES.id)]);
    for uri in [
        "https://evil.example/",
        "https://notes.example/bye?from=id&x=1",
        "https://notes.example/bye?from=id#",
        "https://notes.example/bye?from=id/../..",
        "https://notes.example/bye",
        "https://notes.example/bye?from=ID",
        "https://NOTES.example/bye?from=id",
        "https://notes.example:443/bye?from=id",
        "https://notes.example/%62ye?from=id",
        "https://notes.example/x/../bye?from=id",
        "https://notes.example@evil.example/bye?from=id",
        "https://notes.example.evil.example/bye?from=id",
        "https://evil.example\\@notes.example/bye?from=id",
        "https://notes.example/bye?from=id\r\nSet-Cookie: a=b",
        "https://notes.example/bye?from=id ",
        " https://notes.example/bye?from=id",
        "http://notes.example/bye?from=id",
        "//notes.example/bye?from=id",
        "/bye?from=id",
        "javascript:alert(1)",
        SYNC_BYE,
        NOTES.redirect_uri,
    ] {
        for form in [&good, &alone] {
            let form = form.clone().with("post_logout_redirect_uri", uri);
            for here in [true, false] {
                if here {
                    home.arrive("alice", "one")
                } else {
                    home.arrive("bob", "two")
                };
                let refused = home.fault(&form).await;
                assert_page(&refused, 400, "invalid_request");
                assert!(refused.description().contains("not registered"), "{uri}");
            }
            home.browser.set(None);
            assert_page(&home.fault(&form).await, 400, "invalid_request");
        }
    }
    home.register(openid(&SYNC).native().post_logout_redirect_uri("http://127.0.0.1/bye"));
    let port = [("client_id", SYNC.id), ("post_logout_redirect_uri", "http://127.0.0.1:9/bye")];
    assert_page(&home.fault(&Form::of(&port)).await, 400, "invalid_request");
    let nobodys = Form::of(&[("post_logout_redirect_uri", NOTES_BYE), ("state", "s")]);
    assert_eq!(home.fault(&nobodys).await.description(), "client_id is missing");
    home.assert_alive(&NOTES, &tokens).await;
}

#[tokio::test]
async fn repeated_and_malformed_parameters_are_told_on_a_page_and_end_nothing() {
    let home = Home::new();
    let tokens = home.holds(&NOTES).await;
    let good = home.leaves(&NOTES, NOTES_BYE).await;
    let good = good.with("client_id", NOTES.id).with("logout_hint", "a").with("ui_locales", "de");
    let _ = home.end(&good).await;
    for name in good.names() {
        let repeated = good.clone().and(&name, good.value(&name));
        assert_eq!(home.fault(&repeated).await.description(), format!("{name} is repeated"));
        let split = Call::post(&format!("/logout?{}", good.encode()), &Form::of(&[(&name, "x")]));
        assert!(matches!(home.logout_by(&split).await, Logout::Refused(_)), "{name}");
    }
    for (name, value) in [("state", "a\nb"), ("logout_hint", "a\rb"), ("client_id", "a\tb")] {
        let refused = home.fault(&good.clone().with(name, value)).await;
        assert_page(&refused, 400, "invalid_request");
        assert_eq!(refused.description(), format!("{name} is not valid"));
    }
    let body = Call::to(Method::POST, "/logout").body("{}");
    let Logout::Refused(refused) = home.logout_by(&body).await else { panic!("not refused") };
    assert_page(&refused, 400, "invalid_request");
    for method in [Method::PUT, Method::DELETE, Method::HEAD] {
        let call = Call::get("/logout", &good).method(method);
        let Logout::Refused(refused) = home.logout_by(&call).await else { panic!("not refused") };
        assert_eq!(refused.status(), 405);
        assert_eq!(refused.response().headers()[ALLOW], "GET, POST");
    }
    home.assert_alive(&NOTES, &tokens).await;
}

#[tokio::test]
async fn who_is_not_signed_in_has_nothing_to_end_and_goes_back_all_the_same() {
    let home = Home::new();
    home.holds(&NOTES).await;
    let form = home.leaves(&NOTES, NOTES_BYE).await;
    home.browser.set(None);
    for form in [form.clone(), form.without("id_token_hint").with("client_id", NOTES.id)] {
        let end = home.end(&form).await;
        assert!(end.user().is_none());
        let (signed_out, then) = home.finish(end).await;
        assert!(signed_out.notices.is_empty() && signed_out.fault.is_none());
        assert!(location(&then.unwrap()).leads_to(NOTES_BYE));
    }
    assert!(home.finish(home.end(&Form::default()).await).await.1.is_none());
}

/// Whoever found an old ID token sends what a client sends whose user has just been
/// signed out, while the session lives in another browser.
#[tokio::test]
async fn a_hint_ends_nothing_from_a_browser_where_nobody_is_signed_in() {
    let home = Home::new();
    let tokens = home.holds(&NOTES).await;
    let form = home.leaves(&NOTES, NOTES_BYE).await;
    home.browser.set(None);
    let (signed_out, _) = home.finish(home.end(&form).await).await;
    assert!(signed_out.notices.is_empty());
    home.assert_alive(&NOTES, &tokens).await;
}

/// A form that another site posts comes without the session's Lax cookie. To
/// believe that nobody is signed in would leave the session alive.
#[tokio::test]
async fn a_post_without_a_session_comes_again_as_a_get_whole_and_only_once() {
    let home = Home::new();
    home.holds(&NOTES).await;
    let form = home.leaves(&NOTES, NOTES_BYE).await.with("client_id", NOTES.id);
    let form = form.with("logout_hint", "alice").with("ui_locales", "de");
    home.browser.set(None);
    let Logout::Redirect(again) = home.logout_by(&Call::post("/logout", &form)).await else {
        panic!("it did not come again")
    };
    let again = location(&again);
    assert!(again.leads_to(&format!("{ISSUER}/logout")), "{}", again.url);
    for name in form.names() {
        assert_eq!(again.one(&name), form.value(&name));
    }
    assert_eq!(again.params.len(), form.names().len());
    home.arrive("alice", "one");
    let get = Call::to(Method::GET, &again.url);
    assert!(matches!(home.logout_by(&get).await, Logout::End(end) if end.user().is_some()));
    home.browser.set(None);
    assert!(matches!(home.logout_by(&get).await, Logout::End(end) if end.user().is_none()));
}

#[tokio::test]
async fn a_post_that_fits_no_url_is_refused() {
    let home = Home::new();
    home.browser.set(None);
    let url_length = async |hint: usize| {
        let form = Form::of(&[("state", &"s".repeat(4096)), ("logout_hint", &"h".repeat(hint))]);
        match home.logout_by(&Call::post("/logout", &form)).await {
            Logout::Redirect(again) => Some(location(&again).url.len()),
            Logout::Refused(refused) => {
                assert_page(&refused, 400, "invalid_request");
                None
            }
            other => panic!("{other:?}"),
        }
    };
    let longest = 8_001 - url_length(1).await.unwrap();
    assert_eq!(url_length(longest).await, Some(8_000));
    assert_eq!(url_length(longest + 1).await, None);
}

#[tokio::test]
async fn what_is_not_offered_is_neither_there_nor_in_the_metadata() {
    let endpoints = || Endpoints { end_session: None, ..Endpoints::default() };
    let switched_off = Home::with(|builder| builder.endpoints(endpoints()));
    for server in [&switched_off.server, &House::new().server] {
        let Logout::Redirect(answer) =
            server.logout(&Call::get("/logout", &Form::default()).parts(), b"").await
        else {
            panic!("it is there")
        };
        assert_eq!(answer.status(), 404);
        assert!(!server.metadata().body().contains("end_session"));
    }
    assert!(!House::new().server.metadata().body().contains("logout"));
    let metadata: Value = serde_json::from_str(Home::new().server.metadata().body()).unwrap();
    assert_eq!(metadata["end_session_endpoint"], format!("{ISSUER}/logout"));
    assert_eq!(metadata["backchannel_logout_supported"], true);
    assert_eq!(metadata["backchannel_logout_session_supported"], true);
}

/// An error of the host's is no sign-out.
#[tokio::test]
async fn a_host_that_cannot_answer_makes_an_error_page() {
    for method in ["authenticate", "client"] {
        let home = Home::new();
        home.holds(&NOTES).await;
        let form = home.leaves(&NOTES, NOTES_BYE).await;
        home.seams.fail(method, Fault::Before);
        assert_page(&home.fault(&form).await, 503, "temporarily_unavailable");
    }
}

mod page {
    //! The page that asks, and its ticket.

    use super::*;

    async fn ticket(home: &Home) -> String {
        let form = Form::of(&[("client_id", NOTES.id), ("post_logout_redirect_uri", NOTES_BYE)]);
        home.asked(&form.with("state", "s")).await
    }

    #[tokio::test]
    async fn whoever_was_asked_signs_out_and_goes_back() {
        let home = Home::new();
        let tokens = home.holds(&NOTES).await;
        let end = home.confirm(&ticket(&home).await).await.unwrap();
        assert_eq!(end.user().unwrap().session().unwrap().as_str(), "one");
        let (_, then) = home.finish(end).await;
        assert_eq!(location(&then.unwrap()).url, format!("{NOTES_BYE}&state=s"));
        home.assert_signed_out(&NOTES, &tokens).await;
    }

    #[tokio::test]
    async fn its_ticket_serves_one_user_in_one_sign_in_only() {
        let home = Home::new();
        let ticket = ticket(&home).await;
        let other_sessions: [&dyn Fn() -> Authentication; 3] =
            [&|| home.arrive("alice", "two"), &|| home.arrive("bob", "one"), &|| {
                home.pass(1);
                home.arrive("alice", "one")
            }];
        for arrives in other_sessions {
            arrives();
            assert_page(&home.confirm(&ticket).await.unwrap_err(), 400, "invalid_request");
        }
    }

    #[tokio::test]
    async fn its_ticket_cannot_be_made_up_altered_or_kept() {
        let home = Home::new();
        let genuine = ticket(&home).await;
        let mut foreign = home.foreign_tickets(&genuine).await;
        foreign.push(home.consent(&DASHBOARD.asks()).await.ticket().to_owned());
        foreign.push(home.holds(&NOTES).await.access);
        let login = home.authorize(&DASHBOARD.asks().with("prompt", "login")).await;
        let Authorize::Login(login) = login else { panic!("not a login page") };
        foreign.push(login.ticket().to_owned());
        for ticket in &foreign {
            assert_page(&home.confirm(ticket).await.unwrap_err(), 400, "invalid_request");
        }
        assert!(home.server.resume(&genuine).is_err(), "it opens no other door");
        home.pass(599);
        assert!(home.confirm(&genuine).await.is_ok());
        home.pass(1);
        assert_page(&home.confirm(&genuine).await.unwrap_err(), 400, "invalid_request");
    }

    /// Two tabs ask; the user says yes in both.
    #[tokio::test]
    async fn a_second_yes_finds_nothing_to_end_and_goes_back_as_well() {
        let home = Home::new();
        home.holds(&NOTES).await;
        let (one, two) = (ticket(&home).await, ticket(&home).await);
        let (first, _) = home.finish(home.confirm(&one).await.unwrap()).await;
        assert_eq!(first.notices.clients().count(), 1);
        for ticket in [one, two] {
            let end = home.confirm(&ticket).await.unwrap();
            assert_eq!(end.user().unwrap().session().unwrap().as_str(), "one");
            let (again, then) = home.finish(end).await;
            assert!(again.notices.is_empty());
            assert!(location(&then.unwrap()).leads_to(NOTES_BYE));
        }
    }

    /// The session ended first, so that nobody is signed in who could be asked again.
    #[tokio::test]
    async fn a_yes_that_the_store_broke_off_is_finished_when_it_comes_again() {
        for method in ["granted_by", "replace"] {
            let home = Home::new();
            let tokens = home.holds(&NOTES).await;
            let ticket = ticket(&home).await;
            home.seams.fail(method, Fault::Before);
            let (broken, _) = home.finish(home.confirm(&ticket).await.unwrap()).await;
            assert!(broken.fault.is_some() && broken.notices.is_empty(), "{method}");
            home.seams.mend();
            let (finished, _) = home.finish(home.confirm(&ticket).await.unwrap()).await;
            assert!(finished.fault.is_none());
            assert_eq!(finished.notices.clients().count(), 1);
            home.assert_signed_out(&NOTES, &tokens).await;
        }
    }

    #[tokio::test]
    async fn a_uri_that_was_withdrawn_meanwhile_leads_nowhere() {
        let home = Home::new();
        let ticket = ticket(&home).await;
        home.register(openid(&NOTES));
        assert_page(&home.confirm(&ticket).await.unwrap_err(), 400, "invalid_request");
        home.clients.remove(&codegrant::ClientId::parse(NOTES.id).unwrap());
        assert_page(&home.confirm(&ticket).await.unwrap_err(), 400, "invalid_client");
    }
}
