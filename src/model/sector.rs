//! Sectors: clients that call a user by one name (OpenID Connect Core section 8.1).

use std::sync::Arc;

use url::{Host, Url};

use super::redirect_uri::RegisteredUri;

/// Clients that belong together, by the host that they have in common.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Sector(Arc<str>);

impl Sector {
    /// The sector of this host.
    pub(crate) fn parse(host: &str) -> Option<Self> {
        Some(Self(Host::parse(host).ok()?.to_string().into()))
    }

    /// The one host of all these URIs. A URI on the user's own machine, or of an
    /// installed application, has none: whatever runs there would be one sector.
    pub(crate) fn of(uris: &[RegisteredUri]) -> Option<Self> {
        let host = |uri: &RegisteredUri| {
            let url = Url::parse(uri.as_str()).ok().filter(|_| uri.identifies_its_client())?;
            Some(Self(url.host()?.to_string().into()))
        };
        let (first, rest) = uris.split_first()?;
        let sector = host(first)?;
        rest.iter().all(|uri| host(uri).as_ref() == Some(&sector)).then_some(sector)
    }

    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::redirect_uri::PrivateSchemes;

    fn of(uris: &[&str]) -> Option<String> {
        let schemes = PrivateSchemes { native: true, dotless: Vec::new() };
        let parse = |uri: &&str| RegisteredUri::parse(uri, &schemes, false).unwrap();
        let uris: Vec<_> = uris.iter().map(parse).collect();
        Sector::of(&uris).map(|sector| sector.as_str().to_owned())
    }

    #[test]
    fn the_sector_of_redirect_uris_is_the_one_web_host_that_they_have() {
        let app = Some("app.example".to_owned());
        assert_eq!(of(&["https://app.example/cb"]), app);
        assert_eq!(of(&["https://app.example/a?b=c", "https://APP.example:8443/b"]), app);
        assert_eq!(of(&["https://app.example/cb", "https://www.app.example/cb"]), None);
        assert_eq!(of(&["https://app.example/cb", "http://127.0.0.1/cb"]), None);
        for none in ["http://127.0.0.1/cb", "https://localhost/cb", "com.example.app:/cb"] {
            assert_eq!(of(&[none]), None, "{none}");
        }
        assert_eq!(of(&[]), None);
    }

    #[test]
    fn a_sector_is_a_host_however_it_is_spelled() {
        let sector = |host| Sector::parse(host).map(|sector| sector.as_str().to_owned());
        assert_eq!(sector("Sector.EXAMPLE"), Some("sector.example".into()));
        assert_eq!(sector("b\u{fc}cher.example"), Some("xn--bcher-kva.example".into()));
        for other in
            ["", "https://sector.example", "sector.example/uris.json", "a.example:1", "a b"]
        {
            assert_eq!(sector(other), None, "{other:?}");
        }
    }
}
