//! Requests, as easy to spoil as to write.

use http::header::{AUTHORIZATION, CONTENT_TYPE, HeaderName};
use http::request::Parts;
use http::{HeaderValue, Method, Request};
use url::form_urlencoded;

pub(crate) const FORM: &str = "application/x-www-form-urlencoded";

/// Parameters in order; nothing stops one from being there twice.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Form(Vec<(String, String)>);

/// One request.
#[derive(Clone, Debug)]
pub(crate) struct Call {
    pub(crate) method: Method,
    pub(crate) uri: String,
    pub(crate) headers: Vec<(HeaderName, HeaderValue)>,
    pub(crate) body: Vec<u8>,
}

impl Form {
    pub(crate) fn of(pairs: &[(&str, &str)]) -> Self {
        Self(pairs.iter().map(|(name, value)| ((*name).into(), (*value).into())).collect())
    }

    /// With `name` set to `value`, once.
    pub(crate) fn with(self, name: &str, value: &str) -> Self {
        self.without(name).and(name, value)
    }

    /// With one more `name`.
    pub(crate) fn and(mut self, name: &str, value: &str) -> Self {
        self.0.push((name.into(), value.into()));
        self
    }

    pub(crate) fn without(mut self, name: &str) -> Self {
        self.0.retain(|(mine, _)| mine != name);
        self
    }

    /// Without a trace of PKCE.
    pub(crate) fn without_pkce(self) -> Self {
        self.without("code_challenge").without("code_challenge_method").without("code_verifier")
    }

    pub(crate) fn names(&self) -> Vec<String> {
        self.0.iter().map(|(name, _)| name.clone()).collect()
    }

    pub(crate) fn value(&self, name: &str) -> &str {
        self.0.iter().find(|(mine, _)| mine == name).map_or("", |(_, value)| value)
    }

    pub(crate) fn encode(&self) -> String {
        form_urlencoded::Serializer::new(String::new()).extend_pairs(&self.0).finish()
    }
}

impl Call {
    pub(crate) fn get(path: &str, form: &Form) -> Self {
        Self::to(Method::GET, &format!("{path}?{}", form.encode()))
    }

    pub(crate) fn post(path: &str, form: &Form) -> Self {
        Self::to(Method::POST, path).header(CONTENT_TYPE, FORM).body(form.encode())
    }

    pub(crate) fn to(method: Method, uri: &str) -> Self {
        Self { method, uri: uri.into(), headers: Vec::new(), body: Vec::new() }
    }

    pub(crate) fn method(mut self, method: Method) -> Self {
        self.method = method;
        self
    }

    pub(crate) fn uri(mut self, uri: &str) -> Self {
        self.uri = uri.into();
        self
    }

    /// Adds a header, beside those of the same name.
    pub(crate) fn header(mut self, name: HeaderName, value: &str) -> Self {
        self.headers.push((name, HeaderValue::from_bytes(value.as_bytes()).unwrap()));
        self
    }

    pub(crate) fn without_header(mut self, name: &HeaderName) -> Self {
        self.headers.retain(|(mine, _)| mine != name);
        self
    }

    pub(crate) fn body(mut self, body: impl Into<Vec<u8>>) -> Self {
        self.body = body.into();
        self
    }

    pub(crate) fn parts(&self) -> Parts {
        let mut request = Request::builder().method(self.method.clone()).uri(&self.uri);
        for (name, value) in &self.headers {
            request = request.header(name, value);
        }
        request.body(()).unwrap().into_parts().0
    }
}

/// A request to the resource with `token` in the header.
pub(crate) fn bearer(token: &str) -> Call {
    Call::to(Method::GET, "/resource").header(AUTHORIZATION, &format!("Bearer {token}"))
}
