//! A browser's stand-in: cookies, redirects one at a time, forms.

use std::time::Duration;

use reqwest::header::{CONTENT_TYPE, LOCATION};
use reqwest::{
    Certificate, Client, ClientBuilder, RequestBuilder, Response, StatusCode, Url, redirect,
};

use crate::form::Form;

/// Longer than any answer takes on a busy machine, to its end.
const PATIENCE: Duration = Duration::from_secs(60);
/// Longer than any redirect chain that makes sense.
const MOST_HOPS: u8 = 10;

/// One browser, with its cookies.
pub struct Agent(Client);

/// Where the browser stands.
pub struct Page {
    /// The address bar.
    pub url: Url,
    /// The answer's status.
    pub status: StatusCode,
    /// The answer's text.
    pub html: String,
}

/// How a request to the authorization endpoint ended.
pub enum Reached {
    /// A page of the authorization server, for the user.
    Page(Page),
    /// A redirect to the client, which was not followed.
    Client(Url),
}

impl Default for Agent {
    fn default() -> Self {
        Self::with(Client::builder())
    }
}

impl Agent {
    /// One that trusts this authority, and nobody else.
    pub fn trusting(authority: Certificate) -> Self {
        Self::with(Client::builder().add_root_certificate(authority))
    }

    fn with(client: ClientBuilder) -> Self {
        let client = client.cookie_store(true).redirect(redirect::Policy::none());
        Self(client.timeout(PATIENCE).no_proxy().build().expect("an HTTP client"))
    }

    /// Opens `url`, and follows redirects as far as they stay on its server.
    pub async fn open(&self, url: &Url) -> Reached {
        self.follow(url.clone(), self.0.get(url.clone())).await
    }

    /// Presses a button of `page`, after typing into these fields.
    pub async fn press(&self, page: &Page, button: &str, typed: &[(&str, &str)]) -> Reached {
        let mut form = Form::with_button(&page.html, button)
            .unwrap_or_else(|| panic!("no button #{button} at {}:\n{}", page.url, page.html));
        for (name, text) in typed {
            form.fill(name, text);
        }
        let action = form.action.as_deref().unwrap_or_default();
        let url = page.url.join(action).expect("the form has an action");
        let body = serialize(&form.fields);
        let request = self.0.post(url.clone());
        let request = request.header(CONTENT_TYPE, "application/x-www-form-urlencoded").body(body);
        self.follow(url, request).await
    }

    /// The whole of the user's part: signs in if asked, allows if asked, and
    /// returns where the client is answered.
    pub async fn allow(&self, url: &Url, username: &str, password: &str) -> Url {
        let mut reached = self.open(url).await;
        loop {
            let page = match reached {
                Reached::Client(answer) => return answer,
                Reached::Page(page) => page,
            };
            let typed = [("username", username), ("password", password)];
            reached = match page.url.path() {
                "/login" => self.press(&page, "sign-in", &typed).await,
                _ => self.press(&page, "allow", &[]).await,
            };
        }
    }

    /// Asks for `url` and reads no further than the answer's head.
    pub async fn get(&self, url: &Url) -> Response {
        self.0.get(url.clone()).send().await.expect("the server answers")
    }

    /// Posts an empty form with this header, and stays where the answer leads.
    pub async fn post_with_header(&self, url: &str, name: &str, value: &str) -> Response {
        self.0.post(url).header(name, value).send().await.expect("the server answers")
    }

    async fn follow(&self, mut url: Url, mut request: RequestBuilder) -> Reached {
        for _ in 0..MOST_HOPS {
            let response = request.send().await.expect("the server answers");
            let status = response.status();
            let location = response.headers().get(LOCATION).map(|value| value.to_str());
            let Some(location) = location else {
                let html = response.text().await.expect("a text");
                return Reached::Page(Page { url, status, html });
            };
            let next = url.join(location.expect("a URL in ASCII")).expect("a URL");
            if next.origin() != url.origin() {
                return Reached::Client(next);
            }
            url = next;
            request = self.0.get(url.clone());
        }
        panic!("redirected in a circle at {url}")
    }
}

impl Reached {
    /// The page that must have come.
    pub fn page(self) -> Page {
        match self {
            Self::Page(page) => page,
            Self::Client(url) => panic!("sent to the client instead of a page: {url}"),
        }
    }

    /// The redirect to the client that must have come.
    pub fn client(self) -> Url {
        match self {
            Self::Client(url) => url,
            Self::Page(page) => panic!("{} at {}:\n{}", page.status, page.url, page.html),
        }
    }
}

/// A parameter of a redirect to the client.
pub fn parameter(url: &Url, name: &str) -> Option<String> {
    url.query_pairs().find_map(|(key, value)| (key == name).then(|| value.into_owned()))
}

fn serialize(fields: &[(String, String)]) -> String {
    let mut form = Url::parse("form:?").expect("a URL");
    form.query_pairs_mut().extend_pairs(fields);
    form.query().unwrap_or_default().to_owned()
}
