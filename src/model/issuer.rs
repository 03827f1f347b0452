//! The authorization server's own name.

use std::fmt;
use std::sync::Arc;

use url::{Host, Url};

/// The issuer identifier: the URL that names this server in `iss`, metadata
/// and audiences, compared byte for byte (RFC 8414 section 2, RFC 9207).
///
/// `https`, or `http` on a loopback address for development; it may have a
/// path, never a query, fragment or user.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Issuer(Arc<str>);

/// What makes a URL unfit as issuer identifier.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum IssuerError {
    /// It cannot be read as an absolute URL with a host.
    #[error("the issuer is not an absolute URL")]
    NotAUrl,
    /// It would be rewritten when used as a URL, so it could not be compared byte for byte.
    #[error(
        "the issuer must be written as URLs are normalized: lower-case host, no default port, no dot segments"
    )]
    NotNormalized,
    /// It is neither `https` nor `http` on a loopback address.
    #[error("the issuer must be https, or http on a loopback address")]
    Insecure,
    /// It carries a query, a fragment, a user name or a password.
    #[error("the issuer must have no query, fragment, user name or password")]
    Decorated,
}

impl Issuer {
    /// Judges `url` and keeps it as it was written.
    pub fn parse(url: &str) -> Result<Self, IssuerError> {
        let parsed = Url::parse(url).map_err(|_| IssuerError::NotAUrl)?;
        if parsed.query().is_some()
            || parsed.fragment().is_some()
            || !parsed.username().is_empty()
            || parsed.password().is_some()
        {
            return Err(IssuerError::Decorated);
        }
        if !is_secure(&parsed) {
            return Err(IssuerError::Insecure);
        }
        if parsed.as_str() != url && parsed.as_str().strip_suffix('/') != Some(url) {
            return Err(IssuerError::NotNormalized);
        }
        Ok(Self(url.into()))
    }

    /// The identifier, byte for byte as it was given.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Its path, below which everything is mounted: empty, or with a leading
    /// slash and without a trailing one.
    #[must_use]
    pub fn path(&self) -> &str {
        let behind_scheme = self.0.split_once("://").map_or("", |(_, rest)| rest);
        let path = behind_scheme.find('/').and_then(|start| behind_scheme.get(start..));
        path.unwrap_or_default().trim_end_matches('/')
    }

    /// Where clients look for its metadata, from the host's root (RFC 8414 section 3.1).
    pub(crate) fn metadata_path(&self) -> String {
        format!("/.well-known/oauth-authorization-server{}", self.path())
    }

    /// The address of the same.
    #[cfg(feature = "openid")]
    pub(crate) fn metadata_address(&self) -> String {
        let issuer = self.0.trim_end_matches('/');
        let origin = issuer.strip_suffix(self.path()).unwrap_or(issuer);
        format!("{origin}{}", self.metadata_path())
    }

    /// The address of an endpoint: `path` (with its leading slash) below the issuer.
    #[must_use]
    pub fn endpoint(&self, path: &str) -> String {
        format!("{}{path}", self.0.trim_end_matches('/'))
    }
}

impl fmt::Display for Issuer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Whether what is sent to `url` stays between us and its host.
pub(crate) fn is_secure(url: &Url) -> bool {
    match url.scheme() {
        "https" => url.host().is_some(),
        "http" => url.host().is_some_and(|host| is_loopback(&host)),
        _ => false,
    }
}

fn is_loopback(host: &Host<&str>) -> bool {
    match host {
        Host::Domain(name) => *name == "localhost",
        Host::Ipv4(address) => address.is_loopback(),
        Host::Ipv6(address) => address.is_loopback(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn issuers_are_https_or_loopback_and_kept_byte_for_byte() {
        for good in [
            "https://id.example",
            "https://id.example/",
            "https://id.example/tenant",
            "http://127.0.0.1:8080",
            "http://localhost:8080/tenant",
            "http://[::1]:8080",
        ] {
            assert_eq!(Issuer::parse(good).unwrap().as_str(), good);
        }
    }

    #[test]
    fn unfit_issuers_are_refused_by_reason() {
        for (bad, why) in [
            ("id.example", IssuerError::NotAUrl),
            ("", IssuerError::NotAUrl),
            ("http://id.example", IssuerError::Insecure),
            ("ftp://id.example", IssuerError::Insecure),
            ("https://id.example?x", IssuerError::Decorated),
            ("https://id.example#x", IssuerError::Decorated),
            ("https://me@id.example", IssuerError::Decorated),
            ("https://ID.example", IssuerError::NotNormalized),
            ("https://id.example:443", IssuerError::NotNormalized),
            ("https://id.example/a/../b", IssuerError::NotNormalized),
        ] {
            assert_eq!(Issuer::parse(bad), Err(why), "{bad}");
        }
    }

    #[test]
    fn endpoints_lie_below_the_issuers_path() {
        let issuer = Issuer::parse("https://id.example/tenant").unwrap();
        assert_eq!(issuer.endpoint("/authorize"), "https://id.example/tenant/authorize");
        let slashed = Issuer::parse("https://id.example/").unwrap();
        assert_eq!(slashed.endpoint("/authorize"), "https://id.example/authorize");
        for (url, path) in [
            ("https://id.example", ""),
            ("https://id.example/", ""),
            ("https://id.example/tenant", "/tenant"),
            ("http://[::1]:8080/a/b/", "/a/b"),
        ] {
            assert_eq!(Issuer::parse(url).unwrap().path(), path);
        }
    }
}
