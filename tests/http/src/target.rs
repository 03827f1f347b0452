//! The server under test, as programs call it.

use reqwest::header::HeaderMap;
use reqwest::{Client, Method, RequestBuilder, StatusCode, Url, redirect};
use serde_json::Value;

use crate::apps::App;

/// A running server with the demonstration's clients and users.
pub struct Target {
    base: Url,
    http: Client,
}

/// What it answered.
#[derive(Debug)]
pub struct Answer {
    /// The answer's status.
    pub status: StatusCode,
    /// The answer's headers.
    pub headers: HeaderMap,
    /// The answer's text.
    pub text: String,
}

impl Target {
    /// The server that is reached at `base`, its issuer identifier.
    #[must_use]
    pub fn new(base: &str) -> Self {
        let http = Client::builder().redirect(redirect::Policy::none()).no_proxy();
        Self { base: Url::parse(base).unwrap(), http: http.build().unwrap() }
    }

    /// Its issuer identifier.
    #[must_use]
    pub fn issuer(&self) -> &str {
        self.base.as_str().trim_end_matches('/')
    }

    /// The address of a path below it.
    #[must_use]
    pub fn at(&self, path: &str) -> Url {
        Url::parse(&format!("{}{path}", self.issuer())).unwrap()
    }

    /// A request, to be sent by [`Answer::to`].
    pub fn request(&self, method: Method, path: &str) -> RequestBuilder {
        self.http.request(method, self.at(path))
    }

    /// Reads a path by GET.
    pub async fn get(&self, path: &str) -> Answer {
        Answer::to(self.request(Method::GET, path)).await
    }

    /// Asks the token endpoint as `app` does, which proves who it is.
    pub async fn token(&self, app: &App, fields: &[(&str, &str)]) -> Answer {
        self.call(app, "/token", fields).await
    }

    /// Asks an endpoint as `app` does, which proves who it is.
    pub async fn call(&self, app: &App, path: &str, fields: &[(&str, &str)]) -> Answer {
        Answer::to(app.authenticated(self.request(Method::POST, path), fields)).await
    }

    /// Asks for a path with an access token.
    pub async fn with_token(&self, path: &str, access_token: &str) -> Answer {
        Answer::to(self.request(Method::GET, path).bearer_auth(access_token)).await
    }
}

impl Answer {
    /// Sends `request` and reads the answer to its end.
    pub async fn to(request: RequestBuilder) -> Self {
        let response = request.send().await.unwrap();
        let (status, headers) = (response.status(), response.headers().clone());
        Self { status, headers, text: response.text().await.unwrap() }
    }

    /// The one value of a header, nothing if it is not there.
    #[must_use]
    pub fn header(&self, name: &str) -> &str {
        let mut values = self.headers.get_all(name).iter();
        let value = values.next().map_or("", |value| value.to_str().unwrap());
        assert!(values.next().is_none(), "{name} is repeated: {self:?}");
        value
    }

    /// The members of the JSON that must have come, and that nobody may keep (RFC
    /// 6749 section 5.1).
    #[must_use]
    pub fn json(&self) -> Value {
        assert_eq!(self.header("content-type"), "application/json", "{self:?}");
        assert_eq!(self.header("cache-control"), "no-store", "{self:?}");
        assert_eq!(self.header("set-cookie"), "", "{self:?}");
        serde_json::from_str(&self.text).unwrap()
    }

    /// A member of it that is a string.
    #[must_use]
    pub fn member(&self, name: &str) -> String {
        assert_eq!(self.status, 200, "{self:?}");
        self.json()[name].as_str().unwrap_or_else(|| panic!("no {name}: {self:?}")).to_owned()
    }

    /// It must be this error (RFC 6749 section 5.2).
    pub fn assert_error(&self, status: u16, error: &str) {
        assert_eq!(self.status, status, "{self:?}");
        assert_eq!(self.json()["error"], error, "{self:?}");
    }
}
