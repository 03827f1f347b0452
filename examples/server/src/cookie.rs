//! Cookies: what a browser is told once and says in every request after.

use std::fmt::Write;
use std::time::Duration;

use axum::http::HeaderMap;
use axum::http::header::COOKIE;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use codegrant::{Entropy, HostError, SystemEntropy};

/// A cookie that scripts cannot read and that requests from other sites, links
/// apart, do not carry.
pub(crate) struct Cookie {
    name: String,
    attributes: String,
}

impl Cookie {
    /// A cookie for the paths below `path`. Under https, the prefix of its name keeps
    /// other hosts of the same domain from setting it where that is the whole host,
    /// and else those who speak plain http (RFC 6265bis section 4.1.3).
    pub(crate) fn new(name: &str, path: &str, secure: bool) -> Self {
        let (prefix, secure) = match (secure, path) {
            (false, _) => ("", ""),
            (true, "") => ("__Host-", "; Secure"),
            (true, _) => ("__Secure-", "; Secure"),
        };
        let path = if path.is_empty() { "/" } else { path };
        Self {
            name: format!("{prefix}{name}"),
            attributes: format!("; Path={path}; HttpOnly; SameSite=Lax{secure}"),
        }
    }

    /// Its value in a request. The cookies of others beside it may be any bytes.
    pub(crate) fn read<'r>(&self, headers: &'r HeaderMap) -> Option<&'r str> {
        headers
            .get_all(COOKIE)
            .iter()
            .flat_map(|header| header.as_bytes().split(|byte| *byte == b';'))
            .filter_map(|pair| std::str::from_utf8(pair).ok()?.trim().split_once('='))
            .find_map(|(name, value)| (name == self.name).then_some(value))
    }

    /// The header that sets it, for `lifetime` or until the browser is closed.
    pub(crate) fn set(&self, value: &str, lifetime: Option<Duration>) -> String {
        let mut header = format!("{}={value}{}", self.name, self.attributes);
        if let Some(lifetime) = lifetime {
            // Writing to a string cannot fail.
            let _ = write!(header, "; Max-Age={}", lifetime.as_secs());
        }
        header
    }

    /// The header that makes a browser forget it.
    pub(crate) fn forget(&self) -> String {
        self.set("", Some(Duration::ZERO))
    }
}

/// 256 random bits as text.
pub(crate) fn random_value() -> Result<String, HostError> {
    let mut bits = [0; 32];
    SystemEntropy.fill(&mut bits)?;
    Ok(URL_SAFE_NO_PAD.encode(bits))
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderValue;

    use super::*;

    #[test]
    fn attributes_follow_the_issuer() {
        let set = |path, secure| Cookie::new("c", path, secure).set("v", None);
        let forgotten = Cookie::new("c", "", false).forget();
        assert_eq!(forgotten, "c=; Path=/; HttpOnly; SameSite=Lax; Max-Age=0");
        assert_eq!(set("", false), "c=v; Path=/; HttpOnly; SameSite=Lax");
        assert_eq!(set("", true), "__Host-c=v; Path=/; HttpOnly; SameSite=Lax; Secure");
        assert_eq!(set("/a", true), "__Secure-c=v; Path=/a; HttpOnly; SameSite=Lax; Secure");
    }

    #[test]
    fn whatever_others_put_into_their_cookies_one_is_found_among_them() {
        for others in [&b"n=Jos\xc3\xa9"[..], b"n=Jos\xe9", b"\xff", b"n=\xc3"] {
            for header in [[others, b"; c=v"].concat(), [b"c=v;", others].concat()] {
                let mut headers = HeaderMap::new();
                headers.append(COOKIE, HeaderValue::from_bytes(&header).unwrap());
                assert_eq!(Cookie::new("c", "", false).read(&headers), Some("v"), "{others:?}");
            }
        }
    }

    #[test]
    fn a_cookie_is_found_by_its_whole_name_among_others() {
        let mut headers = HeaderMap::new();
        headers.append(COOKIE, "xc=1; c2=2".parse().unwrap());
        assert_eq!(Cookie::new("c", "", false).read(&headers), None);
        headers.append(COOKIE, "a=0; c=a=b".parse().unwrap());
        assert_eq!(Cookie::new("c", "", false).read(&headers), Some("a=b"));
    }
}
