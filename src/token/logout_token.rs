//! Logout tokens (OpenID Connect Back-Channel Logout section 2.4).

use std::time::Duration;

use serde::Serialize;

use crate::model::base64url;
use crate::model::timestamp::Timestamp;

/// The type that tells it from every other signed token (section 2.4).
pub(crate) const TYPE: &str = "logout+jwt";

/// How long a client may take to read it: "preferably at most two minutes".
const LIFETIME: Duration = Duration::from_secs(120);

/// What a client is told of the end of a session. It never has a `nonce`, by
/// which one could take it for an ID token.
#[derive(Serialize)]
pub(crate) struct LogoutToken<'t> {
    iss: &'t str,
    sub: &'t str,
    aud: &'t str,
    iat: i64,
    exp: i64,
    #[serde(with = "base64url")]
    jti: [u8; 16],
    events: Events,
    #[serde(skip_serializing_if = "Option::is_none")]
    sid: Option<&'t str>,
}

/// Says that this is one: one member, whose value is an empty object.
#[derive(Serialize)]
struct Events {
    #[serde(rename = "http://schemas.openid.net/event/backchannel-logout")]
    backchannel_logout: Nothing,
}

#[derive(Serialize)]
struct Nothing {}

/// Whose session ended, as their client knows them.
#[derive(Clone, Copy)]
pub(crate) struct Ended<'t> {
    pub(crate) issuer: &'t str,
    pub(crate) client: &'t str,
    pub(crate) subject: &'t str,
    pub(crate) sid: Option<&'t str>,
}

impl<'t> LogoutToken<'t> {
    /// A token of its own, by its `jti`, even where it says the same as another.
    pub(crate) fn new(ended: Ended<'t>, jti: [u8; 16], now: Timestamp) -> Self {
        Self {
            iss: ended.issuer,
            sub: ended.subject,
            aud: ended.client,
            iat: now.as_unix(),
            exp: now.plus(LIFETIME).as_unix(),
            jti,
            events: Events { backchannel_logout: Nothing {} },
            sid: ended.sid,
        }
    }
}
