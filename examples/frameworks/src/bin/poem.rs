//! The host behind poem: `cargo run -p frameworks --bin poem`.

use std::error::Error;
use std::sync::Arc;

use codegrant::AuthorizationServer;
use frameworks::{FAREWELL, Host, Page, start};
use http::request::Parts;
use poem::endpoint::make;
use poem::http::StatusCode;
use poem::listener::TcpAcceptor;
use poem::{Request, Response, Result, Route, Server};

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let (listener, host, end) = start()?;
    let others = host.clone();
    let mut routes = Route::new().at("/*", make(move |request| endpoints(others.clone(), request)));
    for page in Page::ALL {
        let host = host.clone();
        routes = routes.at(page.path(), make(move |request| show(page, host.clone(), request)));
    }
    let server = Server::new_with_acceptor(TcpAcceptor::from_std(listener)?);
    server.run_with_graceful_shutdown(routes, end, Some(FAREWELL)).await?;
    Ok(())
}

/// What needs to know the user.
async fn show(page: Page, host: Arc<Host>, request: Request) -> Result<Response> {
    let (head, body) = read(request).await?;
    Ok(respond(host.show(page, &head, &body).await))
}

/// What does not.
async fn endpoints(host: Arc<Host>, request: Request) -> Result<Response> {
    let (head, body) = read(request).await?;
    match host.server().serve(&head, &body).await {
        Some(response) => Ok(respond(response)),
        None => Err(StatusCode::NOT_FOUND.into()),
    }
}

/// The request's head, and its body unless that is too long.
async fn read(request: Request) -> Result<(Parts, Vec<u8>)> {
    let (told, body) = request.into_parts();
    let (mut head, ()) = http::Request::new(()).into_parts();
    (head.method, head.uri, head.headers) = (told.method, told.uri, told.headers);
    let body = body.into_bytes_limit(AuthorizationServer::LONGEST_BODY).await?;
    Ok((head, body.into()))
}

/// The response in the types of poem.
fn respond(response: codegrant::Response) -> Response {
    let (head, body) = response.into_parts();
    let mut response = Response::builder().status(head.status).body(body);
    *response.headers_mut() = head.headers;
    response
}
