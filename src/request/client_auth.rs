//! How a client authenticates where it calls us itself (RFC 6749 section 2.3).

use std::sync::Arc;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use http::header::AUTHORIZATION;
use http::{HeaderMap, HeaderValue};
use url::form_urlencoded::byte_serialize;
use zeroize::Zeroizing;

use super::form;
use crate::model::client::{AuthenticatedClient, AuthenticationMethod, Client};
use crate::model::identity::ClientId;
use crate::model::secret::ClientSecret;

/// Who a request says it comes from, and what it brings to prove it.
#[derive(Debug)]
pub(crate) struct ClientCredentials {
    pub(crate) client_id: ClientId,
    presented: Presented,
}

#[derive(Debug)]
enum Presented {
    Nothing,
    InHeader(ClientSecret),
    InBody(ClientSecret),
}

/// A client that is not let in. All but [`TwoMethods`](Self::TwoMethods) look
/// alike from outside.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ClientAuthError {
    /// The request authenticates in more than one way.
    #[error("the client authenticates in more than one way")]
    TwoMethods,
    /// The request names no client.
    #[error("no client authentication was included")]
    Missing,
    /// The Authorization header is not well-formed Basic authentication.
    #[error("the Authorization header cannot be read")]
    Garbled,
    /// The client does not exist, or its identifier cannot.
    #[error("the client is unknown")]
    Unknown,
    /// The client is registered for another method.
    #[error("the client is registered for another method of authentication")]
    Method,
    /// The secret is wrong.
    #[error("the client's authentication failed")]
    Failed,
    /// It is a public client, which may not introspect (RFC 7662 section 2.1).
    #[error("a public client may not introspect")]
    Public,
}

impl ClientCredentials {
    /// Reads them from the headers, and from the body's `client_id` and
    /// `client_secret`.
    pub(crate) fn read(
        headers: &HeaderMap,
        named: Option<&str>,
        secret: Option<&str>,
    ) -> Result<Self, ClientAuthError> {
        let mut headers = headers.get_all(AUTHORIZATION).iter();
        match (headers.next(), headers.next()) {
            (Some(_), Some(_)) => Err(ClientAuthError::TwoMethods),
            (Some(_), None) if secret.is_some() => Err(ClientAuthError::TwoMethods),
            (Some(header), None) => {
                let basic = basic(header.as_bytes()).ok_or(ClientAuthError::Garbled)?;
                if named.is_some_and(|named| named != basic.client_id.as_str()) {
                    return Err(ClientAuthError::TwoMethods);
                }
                Ok(basic)
            }
            (None, _) => {
                let named = named.ok_or(ClientAuthError::Missing)?;
                Ok(Self {
                    client_id: ClientId::parse(named).map_err(|_| ClientAuthError::Unknown)?,
                    presented: match secret {
                        Some(secret) => Presented::InBody(ClientSecret::new(secret)),
                        None => Presented::Nothing,
                    },
                })
            }
        }
    }

    /// The secret to compare, if one came.
    pub(crate) const fn secret(&self) -> Option<&ClientSecret> {
        match &self.presented {
            Presented::Nothing => None,
            Presented::InHeader(secret) | Presented::InBody(secret) => Some(secret),
        }
    }

    const fn method(&self) -> AuthenticationMethod {
        match self.presented {
            Presented::Nothing => AuthenticationMethod::None,
            Presented::InHeader(_) => AuthenticationMethod::ClientSecretBasic,
            Presented::InBody(_) => AuthenticationMethod::ClientSecretPost,
        }
    }

    /// The proof, once the store was asked for the client and its secret was
    /// compared.
    pub(crate) fn prove(
        &self,
        client: Option<Arc<Client>>,
        secret_matches: bool,
    ) -> Result<AuthenticatedClient, ClientAuthError> {
        let client = client.ok_or(ClientAuthError::Unknown)?;
        if client.authentication().method() != self.method() {
            return Err(ClientAuthError::Method);
        }
        client.authenticated(self.method(), secret_matches).ok_or(ClientAuthError::Failed)
    }
}

/// `Basic base64(form(client_id):form(client_secret))` (RFC 6749 section 2.3.1).
fn basic(header: &[u8]) -> Option<ClientCredentials> {
    let (scheme, encoded) = std::str::from_utf8(header).ok()?.split_once(' ')?;
    if !scheme.eq_ignore_ascii_case("Basic") {
        return None;
    }
    let credentials = Zeroizing::new(STANDARD.decode(encoded.trim_matches(' ')).ok()?);
    let (id, secret) = std::str::from_utf8(&credentials).ok()?.split_once(':')?;
    let mut decoded = Zeroizing::new(String::with_capacity(id.len().max(secret.len())));
    form::decode(&mut decoded, id).ok()?;
    let client_id = ClientId::parse(decoded.as_str()).ok()?;
    decoded.clear();
    form::decode(&mut decoded, secret).ok()?;
    let presented = Presented::InHeader(ClientSecret::from(decoded));
    Some(ClientCredentials { client_id, presented })
}

/// The header that [`ClientCredentials::read`] takes apart, not to be logged.
pub(crate) fn basic_header(id: &ClientId, secret: &ClientSecret) -> HeaderValue {
    let encode = |text: &str| byte_serialize(text.as_bytes()).collect::<String>();
    let pair = Zeroizing::new(format!("{}:{}", encode(id.as_str()), encode(secret.expose())));
    let header = Zeroizing::new(format!("Basic {}", STANDARD.encode(pair.as_bytes())));
    // Base64 is always fit for a header.
    let mut header = HeaderValue::try_from(header.as_str()).unwrap_or(HeaderValue::from_static(""));
    header.set_sensitive(true);
    header
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    fn read(header: Option<&str>, body: &str) -> Result<ClientCredentials, ClientAuthError> {
        let mut headers = HeaderMap::new();
        if let Some(header) = header {
            headers.insert(AUTHORIZATION, HeaderValue::from_str(header).unwrap());
        }
        let pairs = body.split('&').filter_map(|pair| pair.split_once('='));
        let value = |name| pairs.clone().find(|pair| pair.0 == name).map(|pair| pair.1);
        let (named, secret) = (value("client_id"), value("client_secret"));
        ClientCredentials::read(&headers, named, secret.filter(|secret| !secret.is_empty()))
    }

    fn basic_header(credentials: &str) -> String {
        format!("Basic {}", STANDARD.encode(credentials))
    }

    fn shape(read: Result<ClientCredentials, ClientAuthError>) -> String {
        match read {
            Ok(credentials) => {
                let secret = credentials.secret().map_or("-", ClientSecret::expose);
                format!("{} {:?} {secret}", credentials.client_id, credentials.method())
            }
            Err(error) => format!("{error:?}"),
        }
    }

    #[test]
    fn each_method_is_told_by_where_its_secret_stands() {
        assert_eq!(shape(read(None, "client_id=app")), "app None -");
        assert_eq!(shape(read(None, "client_id=app&client_secret=")), "app None -");
        assert_eq!(shape(read(None, "client_id=app&client_secret=s")), "app ClientSecretPost s");
        let header = basic_header("app:s");
        assert_eq!(shape(read(Some(&header), "")), "app ClientSecretBasic s");
        assert_eq!(
            shape(read(Some(&header.replace("Basic", "bASIC")), "")),
            "app ClientSecretBasic s"
        );
    }

    #[test]
    fn basic_credentials_are_form_decoded_and_the_secret_may_hold_colons() {
        let header = basic_header("my%20app%3A1:a+b%25:c:");
        assert_eq!(shape(read(Some(&header), "")), "my app:1 ClientSecretBasic a b%:c:");
    }

    #[test]
    fn two_methods_at_once_are_refused_and_a_repeated_equal_client_id_is_not() {
        let header = basic_header("app:s");
        assert_eq!(shape(read(Some(&header), "client_id=app")), "app ClientSecretBasic s");
        assert_eq!(shape(read(Some(&header), "client_id=other")), "TwoMethods");
        assert_eq!(shape(read(Some(&header), "client_secret=s")), "TwoMethods");
        assert_eq!(shape(read(Some("Bearer x"), "client_id=app&client_secret=s")), "TwoMethods");
    }

    #[test]
    fn garbled_headers_do_not_fall_back_to_the_body() {
        for header in [
            "Basic",
            "Basic ",
            "Basic !!!",
            "Basic YXBw",
            "Bearer abc",
            "Digest username=\"app\"",
            &basic_header("a%zz:s"),
            &basic_header(":s"),
            &basic_header("app\u{1}:s"),
            &format!("Basic {}", STANDARD.encode(b"app:\xff")),
        ] {
            assert_eq!(shape(read(Some(header), "client_id=app")), "Garbled", "{header}");
        }
    }

    #[test]
    fn nameless_and_unnameable_clients_are_refused() {
        assert_eq!(shape(read(None, "")), "Missing");
        assert_eq!(
            shape(read(
                None,
                "client_id=a
b"
            )),
            "Unknown"
        );
    }
}
