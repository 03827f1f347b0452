//! What a token request is answered with (RFC 6749 section 5.1).

use super::service::Service;
use crate::cause::Cause;
use crate::grant::{Attempt, Grant, Seed, Selection};
use crate::model::scope::Scope;
use crate::model::timestamp::Timestamp;
use crate::token::access::{AccessToken, Life};
use crate::token::refresh::RefreshToken;

/// The tokens of one answer, sealed.
pub(super) struct TokenResponse {
    access_token: String,
    expires_in: u64,
    refresh_token: Option<String>,
    scope: Scope,
}

impl TokenResponse {
    /// Tokens of `grant` with this seed: what the access token gets of it is
    /// `selection`, and it never outlives the grant.
    pub(super) async fn of(
        service: &Service,
        grant: &Grant,
        seed: &Seed,
        selection: Selection,
        attempt: Attempt,
        now: Timestamp,
    ) -> Result<Self, Cause> {
        let expires_at = now.plus(service.policy.access_token_lifetime).min(grant.valid_until());
        let refresh = grant.generation().map(|latest| RefreshToken {
            grant: *grant.id(),
            seed: *seed,
            generation: latest.number,
        });
        let access = AccessToken {
            grant: *grant.id(),
            seed: if refresh.is_some() { seed.for_access() } else { *seed },
            life: Life::new(now, expires_at, attempt.to_number()),
            selection,
        };
        Ok(Self {
            access_token: access.seal(&service.sealer),
            expires_in: expires_at.seconds_since(now),
            refresh_token: refresh.map(|token| token.seal(&service.sealer)),
            scope: grant.scope().chosen(selection.scope),
        })
    }

    /// As JSON. Nothing in it needs escaping: tokens are base64url, and a scope
    /// has neither quotes nor backslashes.
    pub(super) fn to_json(&self) -> String {
        let mut json = String::with_capacity(256);
        json.extend([r#"{"access_token":""#, &self.access_token, r#"","token_type":"Bearer""#]);
        json.extend([r#","expires_in":"#, &self.expires_in.to_string()]);
        if let Some(refresh_token) = &self.refresh_token {
            json.extend([r#","refresh_token":""#, refresh_token, "\""]);
        }
        if !self.scope.is_empty() {
            json.extend([r#","scope":""#, self.scope.as_str(), "\""]);
        }
        json.push('}');
        json
    }
}
