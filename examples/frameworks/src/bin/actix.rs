//! The host behind actix-web: `cargo run -p frameworks --bin actix`.

use std::error::Error;

use actix_web::http::StatusCode;
use actix_web::web::{self, Bytes, Data, PayloadConfig};
use actix_web::{App, HttpRequest, HttpResponse, HttpServer};
use codegrant::{AuthorizationServer, Response};
use frameworks::{FAREWELL, Host, Page, start};
use http::request::Parts;

#[actix_web::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let (listener, host, end) = start()?;
    let host = Data::from(host);
    let server = HttpServer::new(move || {
        let app = App::new()
            .app_data(host.clone())
            .app_data(PayloadConfig::new(AuthorizationServer::LONGEST_BODY))
            .default_service(web::to(endpoints));
        Page::ALL.into_iter().fold(app, |app, page| {
            app.route(
                page.path(),
                web::to(move |host, request, body| show(page, host, request, body)),
            )
        })
    });
    let server = server.disable_signals().shutdown_timeout(FAREWELL.as_secs());
    let server = server.listen(listener)?.run();
    let handle = server.handle();
    tokio::spawn(async move {
        end.await;
        handle.stop(true).await;
    });
    server.await?;
    Ok(())
}

/// What needs to know the user.
async fn show(page: Page, host: Data<Host>, request: HttpRequest, body: Bytes) -> HttpResponse {
    match head(&request) {
        Ok(head) => respond(host.show(page, &head, &body).await),
        Err(_) => HttpResponse::BadRequest().finish(),
    }
}

/// What does not.
async fn endpoints(host: Data<Host>, request: HttpRequest, body: Bytes) -> HttpResponse {
    match head(&request) {
        Ok(head) => match host.server().serve(&head, &body).await {
            Some(response) => respond(response),
            None => HttpResponse::NotFound().finish(),
        },
        Err(_) => HttpResponse::BadRequest().finish(),
    }
}

/// The request's head in the types of `http` 1: actix-web still has those of 0.2.
fn head(request: &HttpRequest) -> Result<Parts, http::Error> {
    let mut head =
        http::Request::builder().method(request.method().as_str()).uri(request.uri().to_string());
    for (name, value) in request.headers() {
        head = head.header(name.as_str(), value.as_bytes());
    }
    Ok(head.body(())?.into_parts().0)
}

/// The response in the types of actix-web.
fn respond(response: Response) -> HttpResponse {
    let (head, body) = response.into_parts();
    let status = StatusCode::from_u16(head.status.as_u16());
    let mut builder = HttpResponse::build(status.unwrap_or(StatusCode::INTERNAL_SERVER_ERROR));
    for (name, value) in &head.headers {
        builder.append_header((name.as_str(), value.as_bytes()));
    }
    builder.body(body)
}
