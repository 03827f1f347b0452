//! What an application hears, be it from a process or from a house.

use serde_json::Value;

/// An answer, or none.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Answer {
    /// 200, with this body.
    Done(Value),
    /// 400 or 401, with this error code, if it names one.
    Refused(String),
    /// 503: to be tried again.
    Unavailable,
    /// The connection broke: the server is gone, and nobody knows what it did.
    Lost,
}

/// What a client that gets refresh tokens holds.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Tokens {
    /// The access token.
    pub access: String,
    /// The refresh token.
    pub refresh: String,
}

impl Answer {
    /// An answer of this status and body.
    #[must_use]
    pub fn of(status: u16, body: &str) -> Self {
        let json = || serde_json::from_str::<Value>(body).unwrap_or_default();
        match status {
            200 => Self::Done(json()),
            400 | 401 => {
                let error = json().get("error").and_then(Value::as_str).map(str::to_owned);
                Self::Refused(error.unwrap_or_default())
            }
            503 => Self::Unavailable,
            _ => panic!("{status} is no answer that was asked for: {body}"),
        }
    }

    /// The tokens in it, if there are any.
    #[must_use]
    pub fn tokens(&self) -> Option<Tokens> {
        let Self::Done(body) = self else { return None };
        let token = |name: &str| body.get(name)?.as_str().map(str::to_owned);
        Some(Tokens { access: token("access_token")?, refresh: token("refresh_token")? })
    }

    /// The tokens that must be in it.
    #[must_use]
    pub fn granted(&self) -> Tokens {
        self.tokens().unwrap_or_else(|| panic!("not tokens: {self:?}"))
    }

    /// Whether a grant was refused: `invalid_grant`, and nothing else.
    #[must_use]
    pub fn is_invalid_grant(&self) -> bool {
        matches!(self, Self::Refused(error) if error == "invalid_grant")
    }

    /// Whether the client does not know what became of its request.
    #[must_use]
    pub const fn is_open(&self) -> bool {
        matches!(self, Self::Unavailable | Self::Lost)
    }
}
