//! Form tokens: proof that a form was posted from a page that this server made
//! for this browser.

use axum::http::HeaderMap;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use codegrant::HostError;
use sha2::{Digest, Sha256};

use crate::cookie::{Cookie, random_value};

/// Binds forms to a cookie that is set before the login. Another site can
/// neither read the token nor make a browser send the cookie.
pub(crate) struct FormTokens {
    cookie: Cookie,
}

/// What a page with a form carries.
pub(crate) struct FormToken {
    /// For the form's hidden field.
    pub(crate) token: String,
    /// For a header, where the browser has no such cookie yet.
    pub(crate) set_cookie: Option<String>,
}

impl FormTokens {
    pub(crate) fn new(path: &str, secure: bool) -> Self {
        Self { cookie: Cookie::new("codegrant_form", path, secure) }
    }

    /// The token for the browser with these headers. One cookie serves every
    /// page it has open.
    pub(crate) fn issue(&self, headers: &HeaderMap) -> Result<FormToken, HostError> {
        if let Some(cookie) = self.cookie.read(headers) {
            return Ok(FormToken { token: token(cookie), set_cookie: None });
        }
        let cookie = random_value()?;
        Ok(FormToken { token: token(&cookie), set_cookie: Some(self.cookie.set(&cookie, None)) })
    }

    /// Whether `presented` is the token of the browser with these headers. What
    /// is compared are hashes, so that the time it takes tells nothing.
    pub(crate) fn matches(&self, headers: &HeaderMap, presented: Option<&str>) -> bool {
        let (Some(cookie), Some(presented)) = (self.cookie.read(headers), presented) else {
            return false;
        };
        Sha256::digest(presented) == Sha256::digest(token(cookie))
    }
}

fn token(cookie: &str) -> String {
    let hash = Sha256::new().chain_update("form token of ").chain_update(cookie).finalize();
    URL_SAFE_NO_PAD.encode(hash)
}
