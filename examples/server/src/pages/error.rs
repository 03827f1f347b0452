//! The error page: for whatever cannot be sent back to a client.

use axum::http::StatusCode;
use axum::http::header::ALLOW;
use axum::response::Response;
use codegrant::Refused;
use maud::html;

use super::page;

pub(crate) struct ErrorPage<'p> {
    pub(crate) status: StatusCode,
    pub(crate) code: &'p str,
    pub(crate) description: &'p str,
}

impl ErrorPage<'_> {
    /// The page for a request that the library refuses; its cause goes along
    /// for the log.
    pub(crate) fn refused(refused: &Refused) -> Response {
        let page = ErrorPage {
            status: refused.status(),
            code: refused.code().as_str(),
            description: &refused.description(),
        };
        let mut response = page.render();
        response.extensions_mut().insert(refused.cause().clone());
        if let Some(methods) = refused.response().headers().get(ALLOW) {
            response.headers_mut().insert(ALLOW, methods.clone());
        }
        response
    }

    pub(crate) fn render(&self) -> Response {
        let (title, advice) = if self.status.is_server_error() {
            (
                "Please try again",
                "The server cannot answer at the moment. Wait a little, then try again.",
            )
        } else if self.status == StatusCode::NOT_FOUND {
            ("There is nothing here", "Check the address.")
        } else {
            (
                "We cannot continue",
                "Go back to the application that you came from and start again. If it happens \
                 again, tell its makers what you see here.",
            )
        };
        page(
            self.status,
            title,
            &html! {
                h1 { (title) }
                p role="alert" { (advice) }
                dl .details {
                    dt { "Error" }
                    dd { code #error { (self.code) } }
                    dt { "Reason" }
                    dd #error-description { (self.description) }
                }
            },
        )
    }
}
