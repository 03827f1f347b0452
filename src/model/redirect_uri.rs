//! Where answers may be sent.
//!
//! A registered URI is judged once, when the client is built. A requested one
//! is then only ever compared with it, as the string it is: URL parsers rewrite
//! what they read, and a rewritten URI is another URI.

use std::net::{Ipv4Addr, Ipv6Addr};
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
/// that an answer is ever sent to. A grant's record keeps it as what a code was
/// bound to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub(crate) struct RedirectUri(Arc<str>);

/// What makes a URI unfit for registration.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
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
    #[error(
        "has a query parameter that answers carry (code, state, iss, error, error_description)"
    )]
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
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct PrivateSchemes {
    /// Whether the client is a native one, which may register reverse domain
    /// names (RFC 8252 section 7.1).
    pub(crate) native: bool,
    /// Schemes without a dot that the registration allows, by name.
    pub(crate) dotless: Vec<String>,
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
    /// Judges `uri` for a client that may use `schemes`, and has no secret if it
    /// `is_public`.
    pub(crate) fn parse(
        uri: &str,
        schemes: &PrivateSchemes,
        is_public: bool,
    ) -> Result<Self, RedirectUriError> {
        use RedirectUriError as Unfit;

        if !uri.bytes().all(|byte| matches!(byte, 0x21..=0x7e) && byte != b'\\') {
            return Err(Unfit::Character);
        }
        let url = Url::parse(uri).map_err(|_| Unfit::NotAbsolute)?;
        if uri.contains('#') {
            return Err(Unfit::Fragment);
        }
        if authority(uri).contains('@') {
            return Err(Unfit::Userinfo);
        }
        if url.query_pairs().any(|(name, _)| CARRIED_BY_ANSWERS.contains(&&*name)) {
            return Err(Unfit::AnswerParameter);
        }
        let place = match url.scheme() {
            "http" | "https" => Self::web_place(uri, &url, schemes.native, is_public)?,
            scheme if INTERPRETED.contains(&scheme) => return Err(Unfit::DangerousScheme),
            _ if !schemes.native => return Err(Unfit::PrivateUse),
            scheme if scheme.contains('.') => Place::Application,
            scheme if schemes.dotless.iter().any(|allowed| allowed == scheme) => Place::Application,
            _ => return Err(Unfit::Dotless),
        };
        Ok(Self { uri: uri.into(), place })
    }

    fn web_place(
        uri: &str,
        url: &Url,
        is_native: bool,
        is_public: bool,
    ) -> Result<Place, RedirectUriError> {
        let written_as_web = uri.starts_with("https://") || uri.starts_with("http://");
        // Behind a third slash URL parsers would find the host all the same.
        if !written_as_web || authority(uri).is_empty() {
            return Err(RedirectUriError::NotAbsolute);
        }
        // What keeps a secret and is not native runs on a server, on one port.
        let is_installed = is_native || is_public;
        let any_port = match url.host() {
            Some(Host::Domain("localhost")) => is_native,
            Some(Host::Domain(_)) | None => false,
            Some(Host::Ipv4(address)) => is_installed && address == Ipv4Addr::LOCALHOST,
            Some(Host::Ipv6(address)) => is_installed && address == Ipv6Addr::LOCALHOST,
        };
        match url.host() {
            Some(host) if is_users_machine(&host) => Ok(Place::Loopback { any_port }),
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
    /// or for an installed application, on a loopback address, the same but for the
    /// port (RFC 8252 section 7.3).
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

/// What stands between `://` and the path, as it is written: URL parsers drop
/// an empty user name.
fn authority(uri: &str) -> &str {
    let behind_scheme = uri.split_once("://").map_or("", |(_, rest)| rest);
    behind_scheme.split(['/', '?', '#']).next().unwrap_or_default()
}

/// Whether a browser looks for this host on the machine that it runs on, in
/// whatever way it is spelled.
fn is_users_machine(host: &Host<&str>) -> bool {
    let is_local_v4 = |address: Ipv4Addr| address.is_loopback() || address.is_unspecified();
    match host {
        Host::Domain(name) => {
            let name = name.strip_suffix('.').unwrap_or(name);
            name == "localhost" || name.ends_with(".localhost")
        }
        Host::Ipv4(address) => is_local_v4(*address),
        Host::Ipv6(address) => {
            address.is_loopback()
                || address.is_unspecified()
                || address.to_ipv4_mapped().is_some_and(is_local_v4)
        }
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
    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether a web server listens there, which takes a form that is posted.
    pub(crate) fn is_web_address(&self) -> bool {
        self.0.starts_with("https://") || self.0.starts_with("http://")
    }

    /// Who receives the answer, for a page that asks the user: the host, or the
    /// scheme of an installed application.
    pub(crate) fn host(&self) -> &str {
        match self.0.split_once("://") {
            Some(("http" | "https", rest)) => rest.split(['/', '?']).next().unwrap_or(rest),
            _ => self.0.split(':').next().unwrap_or(&self.0),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use Kind::{Editor, Native, Public, Web};

    /// Who registers: a web client with a secret or without one, a native one, or
    /// one known as `vscode`.
    #[derive(Clone, Copy)]
    enum Kind {
        Web,
        Public,
        Native,
        Editor,
    }

    fn parse(uri: &str, kind: Kind) -> Result<RegisteredUri, RedirectUriError> {
        let dotless = match kind {
            Web | Public | Native => Vec::new(),
            Editor => vec!["vscode".to_owned(), "javascript".to_owned(), "data".to_owned()],
        };
        let native = matches!(kind, Native | Editor);
        let is_public = matches!(kind, Public);
        RegisteredUri::parse(uri, &PrivateSchemes { native, dotless }, is_public)
    }

    fn registered(uri: &str, kind: Kind) -> RegisteredUri {
        parse(uri, kind).unwrap()
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
            assert!(parse(uri, Web).is_ok(), "{uri}");
        }
        assert!(parse("com.example.app:/callback", Native).is_ok());
        assert!(parse("vscode://vendor.extension/callback", Editor).is_ok());
    }

    #[test]
    fn unfit_uris_are_refused_by_reason() {
        use RedirectUriError as Unfit;
        for (uri, schemes, why) in [
            ("", Web, Unfit::NotAbsolute),
            ("/callback", Web, Unfit::NotAbsolute),
            ("//app.example/callback", Web, Unfit::NotAbsolute),
            ("app.example/callback", Web, Unfit::NotAbsolute),
            ("https:app.example", Web, Unfit::NotAbsolute),
            ("https:///app.example/", Web, Unfit::NotAbsolute),
            ("https:///user@app.example/", Web, Unfit::NotAbsolute),
            ("HTTPS://app.example/", Web, Unfit::NotAbsolute),
            ("https://app.example/#", Web, Unfit::Fragment),
            ("https://app.example/#x", Web, Unfit::Fragment),
            ("https://user@app.example/", Web, Unfit::Userinfo),
            ("https://@app.example/", Web, Unfit::Userinfo),
            ("https://:@app.example/", Web, Unfit::Userinfo),
            ("com.example.app://me@host/", Native, Unfit::Userinfo),
            ("https://user:pass@app.example/", Web, Unfit::Userinfo),
            ("https://app.example/?x=1&code=2", Web, Unfit::AnswerParameter),
            ("com.example.app:/cb?st%61te", Native, Unfit::AnswerParameter),
            ("javascript:alert(1)", Editor, Unfit::DangerousScheme),
            ("JavaScript:alert(1)", Editor, Unfit::DangerousScheme),
            ("data:text/html,hi", Editor, Unfit::DangerousScheme),
            ("file:///etc/passwd", Editor, Unfit::DangerousScheme),
            ("http://app.example/callback", Web, Unfit::Insecure),
            ("http://localhost.app.example/callback", Web, Unfit::Insecure),
            ("com.example.app:/callback", Web, Unfit::PrivateUse),
            ("vscode://vendor.extension", Native, Unfit::Dotless),
            ("zed://vendor.extension", Editor, Unfit::Dotless),
            ("intent:scan", Editor, Unfit::Dotless),
            ("http://0.0.0.1/cb", Web, Unfit::Insecure),
            ("https://app.example/a b", Web, Unfit::Character),
            ("https://app.example/\r\nSet-Cookie:x", Web, Unfit::Character),
            ("https://app.example\\@evil.example/", Web, Unfit::Character),
            ("https://äpp.example/", Web, Unfit::Character),
        ] {
            assert_eq!(parse(uri, schemes), Err(why), "{uri:?}");
        }
    }

    #[test]
    fn only_the_exact_string_is_admitted() {
        let uri = registered("https://app.example/callback?tenant=1", Web);
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
    fn loopback_addresses_are_admitted_on_any_port_of_an_installed_application() {
        for (origin, schemes) in [
            ("http://127.0.0.1", Public),
            ("http://127.0.0.1", Native),
            ("http://[::1]", Public),
            ("http://[::1]", Native),
            ("http://localhost", Native),
        ] {
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
        for (uri, other, kind) in [
            ("http://127.0.0.1:3000/cb", "http://127.0.0.1:3001/cb", Web),
            ("http://[::1]:3000/cb", "http://[::1]:3001/cb", Web),
            ("http://localhost:3000/cb", "http://localhost:3001/cb", Public),
            ("https://127.0.0.1:3000/cb", "https://127.0.0.1:3001/cb", Native),
            ("http://127.0.0.2:3000/cb", "http://127.0.0.2:3001/cb", Native),
            ("http://127.0.0.1:3000/cb", "http://localhost:3000/cb", Native),
        ] {
            let uri = registered(uri, kind);
            assert!(uri.admit(uri.as_str()).is_some());
            assert!(uri.admit(other).is_none(), "{other}");
        }
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
            assert_eq!(registered(uri, Editor).itself().host(), shown);
        }
    }

    #[test]
    fn only_https_off_the_users_machine_identifies_a_client() {
        assert!(registered("https://app.example/cb", Editor).identifies_its_client());
        for uri in [
            "http://127.0.0.1/cb",
            "https://localhost/cb",
            "https://localhost./cb",
            "https://app.localhost/cb",
            "https://0.0.0.0/cb",
            "https://127.1/cb",
            "https://[::1]/cb",
            "https://[::]/cb",
            "https://[::ffff:127.0.0.1]/cb",
            "com.example.app:/cb",
        ] {
            assert!(!registered(uri, Editor).identifies_its_client(), "{uri}");
        }
    }
}
