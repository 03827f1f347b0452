//! The host behind salvo: `cargo run -p frameworks --bin salvo`.

use std::error::Error;
use std::sync::Arc;

use codegrant::AuthorizationServer;
use frameworks::{FAREWELL, Host, Page, start};
use http::request::Parts;
use salvo::conn::tcp::TcpAcceptor;
use salvo::prelude::*;
use tokio::net::TcpListener;

/// What needs to know the user.
struct OurPage(Page, Arc<Host>);

/// What does not.
struct Endpoints(Arc<Host>);

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let (listener, host, end) = start()?;
    let routes = Page::ALL.into_iter().fold(Router::new(), |router, page| {
        router.push(Router::with_path(page.path()).goal(OurPage(page, host.clone())))
    });
    let routes = routes.push(Router::with_path("{**rest}").goal(Endpoints(host)));
    let server = Server::new(TcpAcceptor::try_from(TcpListener::from_std(listener)?)?);
    let handle = server.handle();
    tokio::spawn(async move {
        end.await;
        handle.stop_graceful(FAREWELL);
    });
    server.try_serve(routes).await?;
    Ok(())
}

#[handler]
impl OurPage {
    async fn handle(
        &self,
        request: &mut Request,
        response: &mut Response,
    ) -> Result<(), StatusError> {
        let (head, body) = read(request).await?;
        *response = self.1.show(self.0, &head, &body).await.into();
        Ok(())
    }
}

#[handler]
impl Endpoints {
    async fn handle(
        &self,
        request: &mut Request,
        response: &mut Response,
    ) -> Result<(), StatusError> {
        let (head, body) = read(request).await?;
        let answer = self.0.server().serve(&head, &body).await;
        *response = answer.ok_or_else(StatusError::not_found)?.into();
        Ok(())
    }
}

/// The request's head, and its body unless that is too long.
async fn read(request: &mut Request) -> Result<(Parts, Vec<u8>), StatusError> {
    let longest = AuthorizationServer::LONGEST_BODY;
    let body = request.payload_with_max_size(longest).await;
    let body = body.map_err(|_| StatusError::payload_too_large())?.to_vec();
    let (mut head, ()) = http::Request::new(()).into_parts();
    head.method = request.method().clone();
    head.uri = request.uri().clone();
    head.headers = request.headers().clone();
    Ok((head, body))
}
