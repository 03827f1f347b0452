//! The host behind hyper alone: `cargo run -p frameworks --bin hyper`.

use std::convert::Infallible;
use std::error::Error;
use std::sync::Arc;
use std::time::Duration;

use codegrant::{AuthorizationServer, Response};
use frameworks::{FAREWELL, Host, Page, start};
use http::{Request, StatusCode};
use http_body_util::{BodyExt, LengthLimitError, Limited};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::GracefulShutdown;
use tokio::net::{TcpListener, TcpStream};
use tokio::time::timeout;

/// After a connection that could not be accepted.
const BETWEEN_TRIES: Duration = Duration::from_millis(100);

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let (listener, host, end) = start()?;
    let listener = TcpListener::from_std(listener)?;
    let connections = GracefulShutdown::new();
    let mut end = std::pin::pin!(end);
    loop {
        tokio::select! {
            () = &mut end => break,
            accepted = listener.accept() => match accepted {
                Ok((stream, _)) => serve(&connections, host.clone(), stream),
                // Too many open files, say: there will be fewer.
                Err(_) => tokio::time::sleep(BETWEEN_TRIES).await,
            }
        }
    }
    drop(listener);
    // Whoever is not done by then is cut off.
    let _ = timeout(FAREWELL, connections.shutdown()).await;
    Ok(())
}

fn serve(connections: &GracefulShutdown, host: Arc<Host>, stream: TcpStream) {
    let service = service_fn(move |request| respond(host.clone(), request));
    let mut http = http1::Builder::new();
    let connection = http.timer(TokioTimer::new()).serve_connection(TokioIo::new(stream), service);
    let connection = connections.watch(connection);
    tokio::spawn(async move {
        // A client that broke off hears nothing anyway.
        let _ = connection.await;
    });
}

/// The answer: a page if that is what is there, or an endpoint that needs no user.
async fn respond(host: Arc<Host>, request: Request<Incoming>) -> Result<Response, Infallible> {
    let (head, body) = request.into_parts();
    let body = match Limited::new(body, AuthorizationServer::LONGEST_BODY).collect().await {
        Ok(body) => body.to_bytes(),
        Err(error) if error.is::<LengthLimitError>() => {
            return Ok(empty(StatusCode::PAYLOAD_TOO_LARGE));
        }
        Err(_) => return Ok(empty(StatusCode::BAD_REQUEST)),
    };
    let page = Page::ALL.into_iter().find(|page| page.path() == head.uri.path());
    let response = match page {
        Some(page) => Some(host.show(page, &head, &body).await),
        None => host.server().serve(&head, &body).await,
    };
    Ok(response.unwrap_or_else(|| empty(StatusCode::NOT_FOUND)))
}

fn empty(status: StatusCode) -> Response {
    let mut response = Response::default();
    *response.status_mut() = status;
    response
}
