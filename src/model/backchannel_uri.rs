//! Where a client hears of sign-outs.

use std::sync::Arc;

use url::Url;

use super::issuer::is_secure;

/// The address of a client's own web server that logout tokens are posted to
/// (OpenID Connect Back-Channel Logout section 2.2).
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct BackchannelUri(Arc<str>);

/// What makes a URI unfit to hear of sign-outs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum BackchannelUriError {
    /// It is relative, or has characters that must not stand in a URI.
    #[error("is not an absolute URI")]
    NotAbsolute,
    /// It has a fragment, a user name or a password.
    #[error("must have no fragment, user name or password")]
    Decorated,
    /// It is neither `https` nor `http` on a loopback address.
    #[error("must be https, or http on a loopback address")]
    Insecure,
}

impl BackchannelUri {
    /// Judges `uri` and keeps it as it was written.
    pub(crate) fn parse(uri: &str) -> Result<Self, BackchannelUriError> {
        let url = Url::parse(uri).map_err(|_| BackchannelUriError::NotAbsolute)?;
        if url.fragment().is_some() || !url.username().is_empty() || url.password().is_some() {
            return Err(BackchannelUriError::Decorated);
        }
        if !is_secure(&url) {
            return Err(BackchannelUriError::Insecure);
        }
        // What was judged has to be what is sent to: where slashes are missing, the
        // one parser still finds a host, and the other takes the scheme for it.
        match uri.parse::<http::Uri>() {
            Ok(sent) if sent.scheme_str() == Some(url.scheme()) => Ok(Self(uri.into())),
            _ => Err(BackchannelUriError::NotAbsolute),
        }
    }

    /// The URI as it was registered.
    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fit_uris_are_kept_as_they_are_written() {
        for uri in [
            "https://app.example/logout?tenant=1&state=x",
            "https://app.example",
            "https://app.example:8443/logout",
            "http://127.0.0.1:3000/logout",
            "http://[::1]/logout",
            "http://localhost:3000/logout",
        ] {
            assert_eq!(BackchannelUri::parse(uri).unwrap().as_str(), uri);
        }
    }

    #[test]
    fn unfit_uris_are_refused_by_reason() {
        use BackchannelUriError as Unfit;
        for (uri, why) in [
            ("", Unfit::NotAbsolute),
            ("/logout", Unfit::NotAbsolute),
            ("https:app", Unfit::NotAbsolute),
            ("https:443", Unfit::NotAbsolute),
            ("https:///app.example/logout", Unfit::NotAbsolute),
            ("https://app.example/a b", Unfit::NotAbsolute),
            ("https://app.example/\r\nX: y", Unfit::NotAbsolute),
            ("https://app.example/#", Unfit::Decorated),
            ("https://me@app.example/", Unfit::Decorated),
            ("https://:secret@app.example/", Unfit::Decorated),
            ("http://app.example/logout", Unfit::Insecure),
            ("http://10.0.0.1/logout", Unfit::Insecure),
            ("http://localhost.app.example/logout", Unfit::Insecure),
            ("com.example.app:/logout", Unfit::Insecure),
            ("file:///etc/passwd", Unfit::Insecure),
        ] {
            assert_eq!(BackchannelUri::parse(uri), Err(why), "{uri:?}");
        }
    }
}
