//! A complete authorization server built on codegrant: what a host application
//! looks like when it is done.
//!
//! ```no_run
//! # async fn start() -> Result<(), Box<dyn std::error::Error>> {
//! let config = server::Config::from_json(r#"{"store": "memory:"}"#)
//!     .map_err(server::StartError::Config)?;
//! let application = server::Application::builder(config)
//!     .wrap_directory(|directory| directory) // a seam of the library, wrapped by the host
//!     .build()
//!     .await?;
//! server::serve(application, std::future::pending()).await?;
//! # Ok(())
//! # }
//! ```

mod application;
mod config;
mod cookie;
mod departures;
mod doors;
mod files;
mod form_token;
mod http_client;
mod idle;
mod listener;
mod log;
mod metrics;
mod pages;
mod passwords;
mod people;
mod secret;
mod sessions;
mod signing_keys;
mod tries;

pub use application::{Application, Builder, StartError};
pub use config::{Client, Config, Policy, Problem, Resource, Scope, Secret, Tls, User};
pub use listener::{Listener, serve};
