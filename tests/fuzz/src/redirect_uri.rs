//! Redirect URIs against registered ones (RFC 6749 section 3.1.2.3).

use codegrant::{Authorize, Client};
use url::form_urlencoded::Serializer;
use url::{Host, Url};

use crate::house::{House, get, now};
use crate::lines;

/// A kind of client, two URIs that it would like to register, and one that a
/// request names: what is registered is fit to receive codes, and no answer ever
/// goes elsewhere, as a browser reads it.
pub fn redirect_uri(data: &[u8]) {
    let Some([kind, one, other, requested]) = lines(data) else { return };
    let native = kind == "native";
    let uris = [one, other].into_iter().filter(|uri| !uri.is_empty());
    let builder = uris.fold(Client::builder("app"), |builder, uri| builder.redirect_uri(uri));
    let Ok(client) = (if native { builder.native() } else { builder }).build() else { return };
    let registered: Vec<_> =
        client.redirect_uris().iter().map(|uri| uri.as_str().to_owned()).collect();
    for uri in &registered {
        assert!(is_fit(&Url::parse(uri).unwrap(), native), "{uri}");
    }
    let mut query = Serializer::new(String::from("client_id=app&response_type=none&state=s"));
    if !requested.is_empty() {
        query.append_pair("redirect_uri", requested);
    }
    let Some(parts) = get(&query.finish(), true) else { return };
    match now(House::new([client]).server.authorize(&parts, b"")) {
        Authorize::Redirect(answer) => {
            let location = answer.headers()["location"].to_str().unwrap();
            assert!(location.starts_with(requested));
            assert!(
                registered.iter().any(|uri| leads_to(uri, native, location)),
                "{location} for {registered:?}"
            );
        }
        Authorize::Refused(_) => {
            assert!(!registered.iter().any(|uri| uri == requested), "{requested} is registered");
            assert!(!requested.is_empty() || registered.len() != 1);
        }
        Authorize::Login(_) | Authorize::Consent(_) => panic!("a fault that was not seen"),
    }
}

/// Nothing that a browser would interpret, or send over the net in the clear.
fn is_fit(url: &Url, native: bool) -> bool {
    let plain = url.username().is_empty() && url.password().is_none() && url.fragment().is_none();
    plain
        && match url.scheme() {
            "https" => url.host().is_some(),
            "http" => url.host().is_some_and(|host| is_local(&host)),
            scheme => native && scheme.contains('.'),
        }
}

fn is_local(host: &Host<&str>) -> bool {
    match host {
        Host::Domain(name) => {
            name.trim_end_matches('.').rsplit('.').next().is_some_and(|top| top == "localhost")
        }
        Host::Ipv4(address) => address.is_loopback() || address.is_unspecified(),
        Host::Ipv6(address) => {
            let mapped = address.to_ipv4_mapped();
            address.is_loopback()
                || address.is_unspecified()
                || mapped.is_some_and(|it| it.is_loopback() || it.is_unspecified())
        }
    }
}

/// Whether a browser that is sent to `location` arrives at `registered`, with
/// nothing but parameters added; on a loopback address maybe at another port.
fn leads_to(registered: &str, native: bool, location: &str) -> bool {
    let [mut there, mut here] = [registered, location].map(|uri| Url::parse(uri).unwrap());
    let any_port = there.scheme() == "http"
        && match there.host().unwrap() {
            Host::Domain(name) => native && name == "localhost",
            Host::Ipv4(address) => address == std::net::Ipv4Addr::LOCALHOST,
            Host::Ipv6(address) => address == std::net::Ipv6Addr::LOCALHOST,
        };
    if any_port {
        here.set_port(None).unwrap();
        there.set_port(None).unwrap();
    }
    let mut pairs = here.query_pairs().map(|(name, value)| (name.into_owned(), value.into_owned()));
    let kept = there.query_pairs().all(|(name, value)| {
        pairs.next().is_some_and(|pair| (pair.0.as_str(), pair.1.as_str()) == (&*name, &*value))
    });
    let added: Vec<_> = pairs.map(|(name, _)| name).collect();
    there.set_query(None);
    here.set_query(None);
    kept && here == there && added == ["error", "error_description", "state", "iss"]
}
