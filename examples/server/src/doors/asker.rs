//! Who asks, in the words of a page.

use axum::http::Uri;
use axum::http::header::LOCATION;
use codegrant::{
    Cause, Client, ClientAuthentication, ClientId, Consent, Login, Refused, RegisteredUri,
    RequestError,
};

use crate::application::Parts;

/// The client behind a login or consent page.
pub(crate) struct Asker {
    pub(crate) name: String,
    /// The host, or application's scheme, that the answer goes to.
    pub(crate) redirect_host: String,
    /// Whether anybody can send a request in its name: it has no secret, and
    /// the answer does not go to a web server of its own.
    pub(crate) can_be_posed_as: bool,
}

impl Asker {
    fn new(client: &Client, redirect_host: &str) -> Self {
        Self {
            name: client.name().to_owned(),
            redirect_host: redirect_host.to_owned(),
            can_be_posed_as: can_be_posed_as(client, redirect_host),
        }
    }

    /// Who asks behind a login page's ticket: the two ways on from it, back to
    /// the request and back to the client, say it.
    pub(crate) async fn behind(parts: &Parts, ticket: &str) -> Result<Self, Refused> {
        let request = location(&parts.server.resume(ticket)?);
        let query = request.split_once('?').map_or("", |(_, query)| query);
        let id = form_urlencoded::parse(query.as_bytes())
            .find_map(|(name, value)| (name == "client_id").then(|| value.into_owned()))
            .and_then(|id| ClientId::parse(id).ok())
            .ok_or(RequestError::Missing("client_id"))?;
        let client = parts.clients.client(&id).await?.ok_or(Cause::UnknownClient(id))?;
        let answer = location(&parts.server.cancel(ticket).await?);
        Ok(Self::new(&client, host(&answer)))
    }
}

impl From<&Login> for Asker {
    fn from(login: &Login) -> Self {
        Self::new(login.client(), login.redirect_host())
    }
}

impl From<&Consent> for Asker {
    fn from(consent: &Consent) -> Self {
        Self::new(consent.client(), consent.redirect_host())
    }
}

fn location(response: &codegrant::Response) -> String {
    let location = response.headers().get(LOCATION).and_then(|value| value.to_str().ok());
    location.unwrap_or_default().to_owned()
}

/// The host of a web address, the scheme of any other.
fn host(url: &str) -> &str {
    match url.split_once("://") {
        Some(("http" | "https", rest)) => rest.split(['/', '?']).next().unwrap_or(rest),
        _ => url.split(':').next().unwrap_or(url),
    }
}

fn can_be_posed_as(client: &Client, redirect_host: &str) -> bool {
    let leads_there = |uri: &RegisteredUri| {
        uri.as_str().starts_with("https://") && host(uri.as_str()) == redirect_host
    };
    *client.authentication() == ClientAuthentication::None
        && (is_loopback(redirect_host) || !client.redirect_uris().iter().any(leads_there))
}

/// Whether a host, perhaps with a port, is the user's own machine.
fn is_loopback(host: &str) -> bool {
    let uri = host.parse::<Uri>().unwrap_or_default();
    let name = uri.host().unwrap_or_default();
    name == "localhost" || name == "[::1]" || name.starts_with("127.")
}
