//! The user's browser: signs in and agrees once, and then only brings codes.

use reqwest::header::{COOKIE, LOCATION, SET_COOKIE};
use reqwest::{Client, RequestBuilder, Response, Url, redirect};

use crate::app;
use crate::cluster::{ISSUER, PASSWORD};

/// A browser on which alice is signed in. Clones share her session.
#[derive(Clone)]
pub struct Browser {
    http: Client,
    cookies: Vec<String>,
}

impl Browser {
    /// Signs alice in at `node`, where she allows the application what it asks.
    pub async fn sign_in(node: &str) -> Self {
        let client = Client::builder().no_proxy().redirect(redirect::Policy::none());
        let http = client.build().expect("an HTTP client");
        let mut browser = Self { http, cookies: Vec::new() };
        let request = format!("{node}/authorize?{}", app::asks());
        let login = browser.get(&request).await;
        let login = browser.get(&leads_to(node, &login)).await;
        let page = login.text().await.expect("a page");
        let mut form = hidden(&page);
        form.extend([("username".into(), "alice".into()), ("password".into(), PASSWORD.into())]);
        let signed_in = browser.post(&format!("{node}/login"), &form).await;
        let consent = browser.get(&leads_to(node, &signed_in)).await;
        let consent = browser.get(&leads_to(node, &consent)).await;
        let page = consent.text().await.expect("a page");
        let mut form = hidden(&page);
        form.extend([("scope".into(), app::SCOPE.into()), ("decision".into(), "allow".into())]);
        let allowed = browser.post(&format!("{node}/consent"), &form).await;
        assert!(code_in(&allowed).is_some(), "no code after consent: {:?}", allowed.status());
        browser
    }

    /// A new code: what was allowed once is allowed again. `None` if the node is
    /// gone or cannot do its work; then nobody has the code that it may have made.
    pub async fn code(&self, node: &str) -> Option<String> {
        let request = self.http.get(format!("{node}/authorize?{}", app::asks()));
        let response = self.with_cookies(request).send().await.ok()?;
        if response.status() == 503 {
            return None;
        }
        let code = code_in(&response);
        let location = response.headers().get(LOCATION).map(|value| value.to_str());
        let unavailable = matches!(location, Some(Ok(url)) if url.contains("unavailable"));
        assert!(code.is_some() || unavailable, "neither a code nor a reason: {response:?}");
        code
    }

    async fn get(&mut self, url: &str) -> Response {
        self.send(self.http.get(url)).await
    }

    async fn post(&mut self, url: &str, form: &[(String, String)]) -> Response {
        self.send(self.http.post(url).form(form)).await
    }

    async fn send(&mut self, request: RequestBuilder) -> Response {
        let response = self.with_cookies(request).send().await.expect("the node answers");
        for cookie in response.headers().get_all(SET_COOKIE) {
            let cookie = cookie.to_str().expect("a cookie in ASCII");
            let (pair, _) = cookie.split_once(';').unwrap_or((cookie, ""));
            self.cookies.push(pair.to_owned());
        }
        response
    }

    fn with_cookies(&self, request: RequestBuilder) -> RequestBuilder {
        request.header(COOKIE, self.cookies.join("; "))
    }
}

/// Where a redirect leads at this node, which stands for the issuer.
fn leads_to(node: &str, response: &Response) -> String {
    let location = response.headers().get(LOCATION).expect("a redirect");
    let location = location.to_str().expect("a URL in ASCII");
    format!("{node}{}", location.strip_prefix(ISSUER).unwrap_or(location))
}

fn code_in(response: &Response) -> Option<String> {
    let url = Url::parse(response.headers().get(LOCATION)?.to_str().ok()?).ok()?;
    url.query_pairs().find_map(|(name, value)| (name == "code").then(|| value.into_owned()))
}

/// What a page's form carries without being asked.
fn hidden(page: &str) -> Vec<(String, String)> {
    let attribute = |tag: &str, name: &str| {
        let (_, rest) = tag.split_once(&format!(" {name}=\""))?;
        rest.split_once('"').map(|(value, _)| value.to_owned())
    };
    let tags = page.split("<input").skip(1).filter_map(|rest| rest.split('>').next());
    let hidden = tags.filter(|tag| tag.contains("type=\"hidden\""));
    hidden.filter_map(|tag| Some((attribute(tag, "name")?, attribute(tag, "value")?))).collect()
}
