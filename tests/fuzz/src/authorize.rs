//! The authorization request, and what becomes of it (RFC 6749 section 4.1.1).

use codegrant::{
    Authorize, Client, ClientSecret, CodeStore, Consent, Decision, Granted, Login, Response,
};
use http::request::Parts;
use url::Url;

use crate::house::{House, ISSUER, alice, finish, get, now, post};
use crate::record::reads_back;
use crate::{lines, values};

const APP: [&str; 1] = ["https://app.example/cb?x=1"];
const DESK: [&str; 2] = ["https://desk.example/a", "http://127.0.0.1:4000/b"];
const LOOPBACK: (&str, Option<&str>, &str) = ("http", Some("127.0.0.1"), "/b");

/// Who is signed in, a query, and a body if it is a POST: nothing leaves for a place
/// that the client did not register, nobody is passed by, nobody gets more than they
/// may ask for, and every pause goes on where it stopped.
pub fn authorize(data: &[u8]) {
    let Some([who, query, body]) = lines(data) else { return };
    let house = House::new(clients());
    let signed_in = who == "alice";
    let request = if body.is_empty() { get(query, signed_in) } else { posted(query, signed_in) };
    let Some(parts) = request else { return };
    match now(house.server.authorize(&parts, body.as_bytes())) {
        Authorize::Refused(refused) => {
            assert!(refused.response().status().is_client_error(), "{refused:?}");
        }
        Authorize::Redirect(answer) if signed_in => {
            let led_home = leads_home(&answer);
            let has_code = is_answered_with_code(&answer);
            assert!(led_home && has_code == kept(&house).is_some());
        }
        Authorize::Redirect(answer) => {
            let form = format!("{}&{body}", parts.uri.query().unwrap_or_default());
            let no_page = values(&form, "prompt").iter().any(|prompt| prompt == "none");
            assert!(leads_back(&answer) || no_page && leads_home(&answer));
            assert!(kept(&house).is_none());
        }
        Authorize::Login(login) => goes_on(&house, &login),
        Authorize::Consent(consent) => {
            assert!(signed_in);
            is_decided(&house, &parts, &consent);
        }
    }
}

fn clients() -> [Client; 2] {
    let app = Client::builder("app")
        .redirect_uri(APP[0])
        .scope("openid offline_access reports.read reports.write")
        .default_scope("reports.read")
        .resource("urn:a")
        .resource("urn:b")
        .refresh_token();
    let desk = Client::builder("desk").redirect_uri(DESK[0]).redirect_uri(DESK[1]).scope("openid");
    let desk = desk.client_secret_basic(ClientSecret::new("secret").hash()).trusted();
    [app.build().unwrap(), desk.build().unwrap()]
}

fn posted(query: &str, signed_in: bool) -> Option<Parts> {
    let mut parts = finish(post().uri(format!("/?{query}")))?;
    if signed_in {
        parts.extensions.insert(alice());
    }
    Some(parts)
}

fn location(answer: &Response) -> Option<&str> {
    answer.headers().get("location").map(|location| location.to_str().unwrap())
}

/// To our own endpoint, and no other place.
fn leads_back(answer: &Response) -> bool {
    location(answer).is_some_and(|to| to.starts_with(&format!("{ISSUER}/authorize?")))
}

/// To a registered place, on a loopback address at whatever port: with the
/// parameters of an answer added, or by a form that has them.
fn leads_home(answer: &Response) -> bool {
    let Some(location) = location(answer) else {
        let form = answer.body().split_once(r#" action=""#).unwrap().1;
        let (action, fields) = form.split_once(r#"">"#).unwrap();
        return is_registered(action) && fields.matches(r#"name="iss""#).count() == 1;
    };
    let url = Url::parse(location).unwrap();
    let is_told_by_whom = url.query_pairs().filter(|pair| pair.0 == "iss").count() == 1;
    is_told_by_whom && is_registered(location)
}

fn is_registered(place: &str) -> bool {
    let url = Url::parse(place).unwrap();
    let on_loopback = (url.scheme(), url.host_str(), url.path()) == LOOPBACK;
    on_loopback || APP.into_iter().chain(DESK).any(|uri| place.starts_with(uri))
}

fn is_answered_with_code(answer: &Response) -> bool {
    match location(answer) {
        Some(to) => Url::parse(to).unwrap().query_pairs().any(|(name, _)| name == "code"),
        None => answer.body().contains(r#"name="code""#),
    }
}

/// The scope of the one grant, which can be kept.
fn kept(house: &House) -> Option<codegrant::Scope> {
    let grants = now(house.codes.granted_by(alice().subject())).unwrap();
    assert!(grants.len() < 2);
    grants.iter().for_each(|grant| reads_back(grant));
    grants.first().map(|grant| grant.scope().clone())
}

/// The page is the same again, after it too, and leads nowhere else.
fn goes_on(house: &House, login: &Login) {
    let again = now(house.server.login(login.ticket())).unwrap();
    assert_eq!(page(&again), page(login));
    let answer = house.server.resume(login.ticket()).unwrap();
    assert!(leads_back(&answer));
    let query = location(&answer).unwrap().split_once('?').unwrap().1;
    let parts = get(query, false).expect("our own URL is one");
    match now(house.server.authorize(&parts, b"")) {
        Authorize::Login(again) => assert_eq!(page(&again), page(login)),
        Authorize::Redirect(answer) => assert!(leads_home(&answer)),
        other => panic!("another request than the one that waited: {other:?}"),
    }
    let answer = now(house.server.cancel(login.ticket())).unwrap();
    assert!(leads_home(&answer) && !is_answered_with_code(&answer));
}

fn page(login: &Login) -> String {
    let (asker, display) = (login.asker(), login.display());
    let who = (asker.client().id(), asker.redirect_host(), login.login_hint(), login.subjects());
    format!("{who:?} {:?} {:?} {display:?}", login.acr_values(), login.ui_locales())
}

/// What is asked is what the client may ask for, and what is allowed is that.
fn is_decided(house: &House, parts: &Parts, consent: &Consent) {
    let client = consent.asker().client();
    assert!(client.scope().covers(consent.scope()));
    assert!(client.resources().covers(consent.resources()));
    let denied = now(house.server.decide(parts, consent.ticket(), Decision::Deny)).unwrap();
    assert!(leads_home(&denied) && !is_answered_with_code(&denied) && kept(house).is_none());
    let everything = Decision::Allow(Granted::everything());
    let allowed = now(house.server.decide(parts, consent.ticket(), everything)).unwrap();
    assert!(leads_home(&allowed) && is_answered_with_code(&allowed));
    assert_eq!(kept(house).as_ref(), Some(consent.scope()));
}
