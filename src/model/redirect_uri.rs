//! Where answers may be sent.
//!
//! A registered URI is judged once, when the client is built. A requested one
//! is then only ever compared with it, as the string it is: URL parsers rewrite
//! what they read, and a rewritten URI is another URI.

use std::fmt;
use std::net::Ipv4Addr;
use std::sync::Arc;

use serde::{Deserialize, Serialize};
use url::{Host, Url};

/// A URI that a client registered and that is fit to receive codes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RegisteredUri {
    uri: Arc<str>,
    place: Place,
}

/// A redirect URI that was proven to be its client's: the only kind of string
/// that an answer is ever sent to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct RedirectUri(Arc<str>);

/// What makes a URI unfit for registration.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RedirectUriError {
    /// It is relative, empty or not a URI.
    #[error("is not an absolute URI")]
    NotAbsolute,
    /// It has spaces, control characters, a backslash or non-ASCII characters.
    #[error("has a character that must not stand in a URI")]
    Character,
    /// It has a fragment (RFC 6749 section 3.1.2).
    #[error("has a fragment")]
    Fragment,
    /// It has a user name or password.
    #[error("has a user name or password")]
    Userinfo,
    /// Its own query has a parameter that answers carry, which would be there twice.
    #[error("has a query parameter that answers carry: code, state, iss or error")]
    AnswerParameter,
    /// Its scheme runs code or shows content in the browser, such as `javascript`.
    #[error("has a scheme that browsers interpret themselves")]
    DangerousScheme,
    /// It is `http` to a host that is not the user's own machine (RFC 9700 section 2.6).
    #[error("is http without being a loopback address")]
    Insecure,
    /// Its scheme is private-use, and the client is not a native one (RFC 8252 section 7.1).
    #[error("has a private-use scheme, which only native clients may register")]
    PrivateUse,
    /// Its private-use scheme has no dot, and the registration does not allow that.
    #[error("has a private-use scheme without a dot, which this registration does not allow")]
    Dotless,
}

/// Which private-use schemes a client may register.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum PrivateSchemes {
    /// None: the client runs on a web server or in a browser.
    None,
    /// Reverse domain names, as RFC 8252 section 7.1 asks.
    Dotted,
    /// Any, for programs that are known by a plain name (`vscode`).
    Any,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Place {
    /// https on a host that is not loopback.
    Web,
    /// http(s) on the user's machine; on `any_port` if the request says so.
    Loopback { any_port: bool },
    /// A private-use scheme.
    Application,
}

impl RegisteredUri {
    /// Judges `uri` for a client that may use `schemes`.
    pub(crate) fn parse(uri: &str, schemes: PrivateSchemes) -> Result<Self, RedirectUriError> {
        use RedirectUriError as Unfit;

        if !uri.bytes().all(|byte| matches!(byte, 0x21..=0x7e) && byte != b'\\') {
            return Err(Unfit::Character);
        }
        let url = Url::parse(uri).map_err(|_| Unfit::NotAbsolute)?;
        if uri.contains('#') {
            return Err(Unfit::Fragment);
        }
        if !url.username().is_empty() || url.password().is_some() {
            return Err(Unfit::Userinfo);
        }
        if url.query_pairs().any(|(name, _)| CARRIED_BY_ANSWERS.contains(&&*name)) {
            return Err(Unfit::AnswerParameter);
        }
        let place = match url.scheme() {
            "http" | "https" => Self::web_place(uri, &url, schemes)?,
            scheme if INTERPRETED.contains(&scheme) => return Err(Unfit::DangerousScheme),
            _ if schemes == PrivateSchemes::None => return Err(Unfit::PrivateUse),
            scheme if schemes == PrivateSchemes::Dotted && !scheme.contains('.') => {
                return Err(Unfit::Dotless);
            }
            _ => Place::Application,
        };
        Ok(Self { uri: uri.into(), place })
    }

    fn web_place(uri: &str, url: &Url, schemes: PrivateSchemes) -> Result<Place, RedirectUriError> {
        let written_as_web = uri.starts_with("https://") || uri.starts_with("http://");
        if !written_as_web || url.host().is_none() {
            return Err(RedirectUriError::NotAbsolute);
        }
        let native = schemes != PrivateSchemes::None;
        match url.host() {
            Some(Host::Ipv4(address)) if address.is_loopback() => {
                Ok(Place::Loopback { any_port: address == Ipv4Addr::LOCALHOST })
            }
            Some(Host::Ipv6(address)) if address.is_loopback() => {
                Ok(Place::Loopback { any_port: true })
            }
            Some(Host::Domain("localhost")) => Ok(Place::Loopback { any_port: native }),
            _ if url.scheme() == "https" => Ok(Place::Web),
            _ => Err(RedirectUriError::Insecure),
        }
    }

    /// The URI as it was registered.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.uri
    }

    /// `requested` as a proven redirect URI, if it is this one: the same string,
    /// or on a loopback address the same but for the port (RFC 8252 section 7.3).
    pub(crate) fn admit(&self, requested: &str) -> Option<RedirectUri> {
        if *self.uri == *requested {
            return Some(self.itself());
        }
        let any_port = matches!(self.place, Place::Loopback { any_port: true });
        (any_port && without_port(requested)? == without_port(&self.uri)?)
            .then(|| RedirectUri(requested.into()))
    }

    /// The registered URI itself, for requests that may leave it out.
    pub(crate) fn itself(&self) -> RedirectUri {
        RedirectUri(self.uri.clone())
    }

    /// Whether only the client's own web server can receive what is sent here.
    pub(crate) fn identifies_its_client(&self) -> bool {
        self.place == Place::Web
    }
}

/// What an answer appends (RFC 6749 sections 4.1.2 and 4.1.2.1, RFC 9207).
const CARRIED_BY_ANSWERS: [&str; 5] = ["code", "state", "iss", "error", "error_description"];

/// Schemes that a browser answers itself, so a code sent there leaks or runs.
const INTERPRETED: [&str; 12] = [
    "javascript",
    "data",
    "vbscript",
    "blob",
    "file",
    "filesystem",
    "about",
    "view-source",
    "ws",
    "wss",
    "ftp",
    "mailto",
];

/// The two ends of a plain-http loopback URI, with its port taken out.
fn without_port(uri: &str) -> Option<(&'static str, &str)> {
    ["http://127.0.0.1", "http://[::1]", "http://localhost"].into_iter().find_map(|origin| {
        let rest = uri.strip_prefix(origin)?;
        let Some(port_and_rest) = rest.strip_prefix(':') else {
            return (rest.is_empty() || rest.starts_with(['/', '?'])).then_some((origin, rest));
        };
        let end = port_and_rest.find(['/', '?']).unwrap_or(port_and_rest.len());
        let (port, rest) = port_and_rest.split_at_checked(end)?;
        let is_port = port.bytes().all(|byte| byte.is_ascii_digit())
            && port.parse::<u16>().is_ok_and(|port| port != 0);
        is_port.then_some((origin, rest))
    })
}

impl RedirectUri {
    /// The URI as the request spelled it.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Who receives the answer, for a page that asks the user: the host, or the
    /// scheme of an installed application.
    #[must_use]
    pub fn host(&self) -> &str {
        match self.0.split_once("://") {
            Some(("http" | "https", rest)) => rest.split(['/', '?']).next().unwrap_or(rest),
            _ => self.0.split(':').next().unwrap_or(&self.0),
        }
    }
}

impl fmt::Display for RedirectUri {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use PrivateSchemes::{Any, Dotted, None as WebOnly};

    fn registered(uri: &str, schemes: PrivateSchemes) -> RegisteredUri {
        RegisteredUri::parse(uri, schemes).unwrap()
    }

    #[test]
    fn fit_uris_are_registered() {
        for uri in [
            "https://app.example/callback",
            "https://app.example/callback?tenant=1&x=%20",
            "https://app.example",
            "http://127.0.0.1/callback",
            "http://127.0.0.1:4000/callback",
            "http://[::1]:4000/callback",
            "http://localhost:3000/callback",
        ] {
            assert!(RegisteredUri::parse(uri, WebOnly).is_ok(), "{uri}");
        }
        assert!(RegisteredUri::parse("com.example.app:/callback", Dotted).is_ok());
        assert!(RegisteredUri::parse("vscode://vendor.extension/callback", Any).is_ok());
    }

    #[test]
    fn unfit_uris_are_refused_by_reason() {
        use RedirectUriError as Unfit;
        for (uri, schemes, why) in [
            ("", WebOnly, Unfit::NotAbsolute),
            ("/callback", WebOnly, Unfit::NotAbsolute),
            ("//app.example/callback", WebOnly, Unfit::NotAbsolute),
            ("app.example/callback", WebOnly, Unfit::NotAbsolute),
            ("https:app.example", WebOnly, Unfit::NotAbsolute),
            ("HTTPS://app.example/", WebOnly, Unfit::NotAbsolute),
            ("https://app.example/#", WebOnly, Unfit::Fragment),
            ("https://app.example/#x", WebOnly, Unfit::Fragment),
            ("https://user@app.example/", WebOnly, Unfit::Userinfo),
            ("https://user:pass@app.example/", WebOnly, Unfit::Userinfo),
            ("https://app.example/?x=1&code=2", WebOnly, Unfit::AnswerParameter),
            ("com.example.app:/cb?st%61te", Dotted, Unfit::AnswerParameter),
            ("javascript:alert(1)", Any, Unfit::DangerousScheme),
            ("JavaScript:alert(1)", Any, Unfit::DangerousScheme),
            ("data:text/html,hi", Any, Unfit::DangerousScheme),
            ("file:///etc/passwd", Any, Unfit::DangerousScheme),
            ("http://app.example/callback", WebOnly, Unfit::Insecure),
            ("http://localhost.app.example/callback", WebOnly, Unfit::Insecure),
            ("com.example.app:/callback", WebOnly, Unfit::PrivateUse),
            ("vscode://vendor.extension", Dotted, Unfit::Dotless),
            ("https://app.example/a b", WebOnly, Unfit::Character),
            ("https://app.example/\r\nSet-Cookie:x", WebOnly, Unfit::Character),
            ("https://app.example\\@evil.example/", WebOnly, Unfit::Character),
            ("https://äpp.example/", WebOnly, Unfit::Character),
        ] {
            assert_eq!(RegisteredUri::parse(uri, schemes), Err(why), "{uri:?}");
        }
    }

    #[test]
    fn only_the_exact_string_is_admitted() {
        let uri = registered("https://app.example/callback?tenant=1", WebOnly);
        assert!(uri.admit("https://app.example/callback?tenant=1").is_some());
        for other in [
            "https://app.example/callback",
            "https://app.example/callback?tenant=1&x=2",
            "https://app.example/callback?tenant=2",
            "https://app.example/callback/../callback?tenant=1",
            "https://app.example:443/callback?tenant=1",
            "https://APP.example/callback?tenant=1",
            "https://app.example.evil.example/callback?tenant=1",
            "https://app.example/callback?tenant=1#",
            "https://app.example/callback?tenant=1 ",
            "https://app.example@evil.example/callback?tenant=1",
            "http://app.example/callback?tenant=1",
            "",
        ] {
            assert!(uri.admit(other).is_none(), "{other}");
        }
    }

    #[test]
    fn loopback_addresses_are_admitted_on_any_port() {
        for (origin, schemes) in
            [("http://127.0.0.1", WebOnly), ("http://[::1]", WebOnly), ("http://localhost", Dotted)]
        {
            for written in [format!("{origin}/cb?a=b"), format!("{origin}:9/cb?a=b")] {
                let uri = registered(&written, schemes);
                for port in ["", ":1", ":49152", ":65535"] {
                    let requested = format!("{origin}{port}/cb?a=b");
                    assert_eq!(uri.admit(&requested).unwrap().as_str(), requested);
                }
                for bad in
                    [":0", ":", ":65536", ":+80", ":80@evil.example", ".evil.example", ":1:2"]
                {
                    assert!(uri.admit(&format!("{origin}{bad}/cb?a=b")).is_none(), "{bad}");
                }
                assert!(uri.admit(&format!("{origin}:1/other")).is_none());
                assert!(
                    uri.admit(&format!("{}:1/cb?a=b", origin.replace("http", "https"))).is_none()
                );
            }
        }
    }

    #[test]
    fn the_port_is_free_nowhere_else() {
        let web_client = registered("http://localhost:3000/cb", WebOnly);
        assert!(web_client.admit("http://localhost:3001/cb").is_none());
        let https = registered("https://127.0.0.1:3000/cb", WebOnly);
        assert!(https.admit("https://127.0.0.1:3001/cb").is_none());
        let other_loopback = registered("http://127.0.0.2:3000/cb", WebOnly);
        assert!(other_loopback.admit("http://127.0.0.2:3001/cb").is_none());
        let address = registered("http://127.0.0.1:3000/cb", WebOnly);
        assert!(address.admit("http://localhost:3000/cb").is_none());
    }

    #[test]
    fn users_are_shown_the_host_that_receives_the_answer() {
        for (uri, shown) in [
            ("https://app.example/cb", "app.example"),
            ("http://127.0.0.1:4000/cb", "127.0.0.1:4000"),
            ("http://[::1]:4000/cb", "[::1]:4000"),
            ("https://app.example?x", "app.example"),
            ("com.example.app:/cb", "com.example.app"),
            ("vscode://vendor/cb", "vscode"),
        ] {
            assert_eq!(registered(uri, Any).itself().host(), shown);
        }
    }

    #[test]
    fn only_https_off_the_users_machine_identifies_a_client() {
        assert!(registered("https://app.example/cb", Any).identifies_its_client());
        for uri in ["http://127.0.0.1/cb", "https://localhost/cb", "com.example.app:/cb"] {
            assert!(!registered(uri, Any).identifies_its_client(), "{uri}");
        }
    }
}
