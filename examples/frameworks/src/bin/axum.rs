//! The host behind axum: `cargo run -p frameworks --bin axum`.

use std::error::Error;
use std::sync::Arc;

use axum::Router;
use axum::body::Bytes;
use axum::extract::{DefaultBodyLimit, State};
use axum::http::StatusCode;
use axum::http::request::Parts;
use axum::response::{IntoResponse, Response};
use axum::routing::any;
use codegrant::AuthorizationServer;
use frameworks::{Host, Page, start};
use tokio::net::TcpListener;

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let (listener, host, end) = start()?;
    let pages = Page::ALL.into_iter().fold(Router::new(), |router, page| {
        router.route(
            page.path(),
            any(async move |host, head, body| show(page, host, head, body).await),
        )
    });
    let routes = pages
        .fallback(endpoints)
        .layer(DefaultBodyLimit::max(AuthorizationServer::LONGEST_BODY))
        .with_state(host);
    let listener = TcpListener::from_std(listener)?;
    axum::serve(listener, routes).with_graceful_shutdown(end).await?;
    Ok(())
}

/// What needs to know the user.
async fn show(page: Page, State(host): State<Arc<Host>>, head: Parts, body: Bytes) -> Response {
    host.show(page, &head, &body).await.into_response()
}

/// What does not.
async fn endpoints(State(host): State<Arc<Host>>, head: Parts, body: Bytes) -> Response {
    match host.server().serve(&head, &body).await {
        Some(response) => response.into_response(),
        None => StatusCode::NOT_FOUND.into_response(),
    }
}
