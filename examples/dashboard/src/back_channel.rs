//! The way from the dashboard to the authorization server, past the browser.
//! Every request on it and every answer is shown.

use std::pin::Pin;

use axum::http::header::AUTHORIZATION;
use openidconnect::http::HeaderValue;
use openidconnect::reqwest;
use openidconnect::{AsyncHttpClient, HttpClientError, HttpRequest, HttpResponse};

use crate::session::Session;
use crate::step::Step;
use crate::trace::{Arrow, Party};
use crate::wire;

/// What is shown of long answers: what the dashboard goes by.
const SHOWN: [&str; 12] = [
    "issuer",
    "authorization_endpoint",
    "token_endpoint",
    "userinfo_endpoint",
    "jwks_uri",
    "end_session_endpoint",
    "keys",
    "sub",
    "name",
    "email",
    "roles",
    "permissions",
];
const NOT_ALL_SHOWN: &str = "Shown here is what the dashboard goes by.";

/// The way there for one browser session.
pub(crate) struct BackChannel<'a> {
    pub(crate) http: &'a reqwest::Client,
    pub(crate) session: &'a Session,
    /// Where requests and answers belong.
    pub(crate) steps: (Step, Step),
}

impl<'c> AsyncHttpClient<'c> for BackChannel<'_> {
    type Error = HttpClientError<reqwest::Error>;
    type Future = Pin<Box<dyn Future<Output = Result<HttpResponse, Self::Error>> + Send + 'c>>;

    fn call(&'c self, mut request: HttpRequest) -> Self::Future {
        Box::pin(async {
            self.session.trace.add(self.request(&request));
            let traceparent = self.session.traceparent().ok();
            if let Some(Ok(traceparent)) = traceparent.map(HeaderValue::try_from) {
                request.headers_mut().insert("traceparent", traceparent);
            }
            let response = self.http.call(request).await?;
            self.session.trace.add(self.answer(&response));
            Ok(response)
        })
    }
}

impl BackChannel<'_> {
    fn request(&self, request: &HttpRequest) -> Arrow {
        let title = format!("{} {}", request.method(), request.uri().path());
        let credentials = request.headers().get(AUTHORIZATION);
        let credentials = credentials.and_then(|value| value.to_str().ok());
        Arrow::request(self.steps.0, Party::Application, Party::AuthorizationServer, title)
            .with(credentials.map(|value| wire::line("Authorization", value)))
            .with(wire::form(request.body()))
    }

    fn answer(&self, response: &HttpResponse) -> Arrow {
        let status = wire::status(response.status());
        let arrow =
            Arrow::answer(self.steps.1, Party::AuthorizationServer, Party::Application, status);
        let (shown, left_out): (Vec<_>, Vec<_>) = wire::json(response.body())
            .into_iter()
            .partition(|line| SHOWN.contains(&line.name.as_str()));
        match (shown.is_empty(), left_out.is_empty()) {
            (true, _) => arrow.with(left_out),
            (false, true) => arrow.with(shown),
            (false, false) => arrow.with(shown).remark(NOT_ALL_SHOWN),
        }
    }
}
