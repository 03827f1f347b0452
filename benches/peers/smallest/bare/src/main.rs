//! What every host has before it becomes an authorization server.

use axum::Router;
use axum::http::HeaderMap;
use axum::routing::get;

async fn reports(headers: HeaderMap) -> String {
    format!("the reports of {:?}", headers.get("x-user"))
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let routes = Router::new().route("/reports", get(reports));
    axum::serve(tokio::net::TcpListener::bind("127.0.0.1:8080").await?, routes).await?;
    Ok(())
}
