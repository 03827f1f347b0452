//! Answers that the browser posts to the client as a form (OAuth 2.0 Form Post
//! Response Mode).

use std::sync::LazyLock;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use http::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, REFERRER_POLICY, X_CONTENT_TYPE_OPTIONS,
    X_FRAME_OPTIONS,
};
use http::{HeaderMap, HeaderValue};
use sha2::{Digest, Sha256};

use crate::answer::Response;

/// The page's only script.
const SCRIPT: &str = "document.forms[0].submit()";

/// Nobody may keep the page, frame it or learn its address, and it runs this one
/// script and loads nothing. There is no `form-action`: browsers hold it against
/// wherever the client redirects on to as well, which is the client's to choose.
static HEADERS: LazyLock<HeaderMap> = LazyLock::new(|| {
    let script = STANDARD.encode(Sha256::digest(SCRIPT));
    let policy = format!(
        "default-src 'none'; script-src 'sha256-{script}'; base-uri 'none'; frame-ancestors 'none'"
    );
    let fixed = [
        (CONTENT_TYPE, "text/html; charset=utf-8"),
        (CACHE_CONTROL, "no-store"),
        (REFERRER_POLICY, "no-referrer"),
        (X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (X_FRAME_OPTIONS, "DENY"),
    ];
    let mut headers: HeaderMap =
        fixed.map(|(name, value)| (name, HeaderValue::from_static(value))).into_iter().collect();
    headers.extend(HeaderValue::try_from(policy).map(|policy| (CONTENT_SECURITY_POLICY, policy)));
    headers
});

/// A form that is about to get fields.
pub(crate) struct FormPost {
    html: String,
}

impl FormPost {
    /// A form that leads to `uri`.
    pub(crate) fn new(uri: &str) -> Self {
        let mut form = Self { html: String::with_capacity(1024) };
        form.html.push_str("<!DOCTYPE html><html lang=\"en\"><meta charset=\"utf-8\">");
        form.html.push_str("<meta name=\"viewport\" content=\"width=device-width\">");
        form.html.push_str("<title>Going on</title><form method=\"post\" action=\"");
        form.push_escaped(uri);
        form.html.push_str("\">");
        form
    }

    /// Adds a field.
    pub(crate) fn with(mut self, name: &'static str, value: &str) -> Self {
        self.html.extend(["<input type=\"hidden\" name=\"", name, "\" value=\""]);
        self.push_escaped(value);
        self.html.push_str("\">");
        self
    }

    /// The page, which goes on by itself, and by its button where scripts are off.
    pub(crate) fn page(mut self) -> Response {
        self.html.push_str("<button>Go on to the application</button></form><script>");
        self.html.extend([SCRIPT, "</script></html>"]);
        let mut response = Response::new(self.html);
        *response.headers_mut() = HEADERS.clone();
        response
    }

    fn push_escaped(&mut self, text: &str) {
        for character in text.chars() {
            match character {
                '&' => self.html.push_str("&amp;"),
                '<' => self.html.push_str("&lt;"),
                '>' => self.html.push_str("&gt;"),
                '"' => self.html.push_str("&quot;"),
                '\'' => self.html.push_str("&#39;"),
                other => self.html.push(other),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_leaves_the_attribute_that_it_stands_in() {
        let uri = "https://app.example/cb?a=1&amp;b='2'";
        let page = FormPost::new(uri).with("state", "\"><script>alert('&')</script>").page();
        let body = page.body();
        assert!(body.contains(r#"action="https://app.example/cb?a=1&amp;amp;b=&#39;2&#39;""#));
        let state = "&quot;&gt;&lt;script&gt;alert(&#39;&amp;&#39;)&lt;/script&gt;";
        assert!(body.contains(&format!("name=\"state\" value=\"{state}\">")), "{body}");
        assert_eq!(body.matches("<script").count(), 1);
    }
}
