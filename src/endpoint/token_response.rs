//! What a token request is answered with (RFC 6749 section 5.1, OpenID Connect
//! Core section 3.1.3.3).

use super::access_token;
use super::claims::{Place, released};
use super::service::Service;
use crate::cause::Cause;
use crate::grant::{Attempt, Grant, Seed, Selection};
use crate::model::client::Client;
use crate::model::scope::Scope;
use crate::model::timestamp::Timestamp;
use crate::model::user::User;
use crate::policy::AccessTokenFormat;
use crate::token::access::{AccessToken, Life};
use crate::token::id_token::{IdToken, at_hash};
use crate::token::refresh::RefreshToken;

/// What all tokens of one answer are made with.
pub(super) struct Issue<'r> {
    pub(super) service: &'r Service,
    pub(super) client: &'r Client,
    /// What the refresh token carries, if there is one.
    pub(super) seed: Seed,
    pub(super) access_seed: Seed,
    pub(super) attempt: Attempt,
    pub(super) now: Timestamp,
    /// Whether they are the first of their grant: of all its ID tokens, only that
    /// one has the request's nonce (OpenID Connect Core section 12.2).
    pub(super) is_first: bool,
}

/// The tokens of one answer, sealed and signed.
pub(super) struct TokenResponse {
    access_token: String,
    expires_in: u64,
    refresh_token: Option<String>,
    scope: Scope,
    id_token: Option<String>,
}

impl Issue<'_> {
    /// Whether tokens of `grant` need its user to be there: an ID token tells of
    /// them, and of a JWT access token nobody may ask again.
    pub(super) fn takes_a_user(&self, grant: &Grant, selection: Selection) -> bool {
        let is_jwt = self.service.policy.access_token_format != AccessTokenFormat::Opaque;
        is_jwt || grant.authentication_request(selection).is_some()
    }

    /// Tokens of `grant`: what the access token gets of it is `selection`, and it
    /// never outlives the grant. Some [take](Self::takes_a_user) its `user`.
    pub(super) async fn tokens(
        &self,
        grant: &Grant,
        selection: Selection,
        user: Option<&User>,
    ) -> Result<TokenResponse, Cause> {
        let Self { service, seed, access_seed, now, .. } = self;
        let expires_at = now.plus(service.policy.access_token_lifetime).min(grant.valid_until());
        let refresh = grant.generation().map(|latest| RefreshToken {
            grant: *grant.id(),
            seed: *seed,
            generation: latest.number,
        });
        let access = AccessToken {
            grant: *grant.id(),
            seed: *access_seed,
            life: Life::new(*now, expires_at, self.attempt.to_number()),
            selection,
        };
        let access_token = access_token::issue(service, grant, &access, user).await?;
        let id_token = match user {
            Some(user) => self.id_token(grant, selection, user, &access_token).await?,
            None => None,
        };
        Ok(TokenResponse {
            access_token,
            expires_in: expires_at.seconds_since(*now),
            refresh_token: refresh.map(|token| token.seal(&service.sealer)),
            scope: grant.scope().chosen(selection.scope),
            id_token,
        })
    }

    /// The ID token that goes with `access_token`, if one is due.
    async fn id_token(
        &self,
        grant: &Grant,
        selection: Selection,
        user: &User,
        access_token: &str,
    ) -> Result<Option<String>, Cause> {
        let Self { service, client, now, .. } = self;
        let Some(provider) = &service.provider else { return Ok(None) };
        let Some(asked) = grant.authentication_request(selection) else { return Ok(None) };
        let algorithm = client.id_token_signed_response_alg();
        let sign_in = grant.authentication();
        let scope = grant.scope().chosen(selection.scope);
        let claims = IdToken {
            iss: service.issuer.as_str(),
            sub: grant.known_as(),
            aud: client.id(),
            exp: provider.id_token_expiry(*now),
            iat: *now,
            auth_time: sign_in.authenticated_at(),
            nonce: asked.nonce.as_deref().filter(|_| self.is_first),
            at_hash: at_hash(algorithm, access_token),
            acr: sign_in.acr(),
            amr: sign_in.amr(),
            sid: grant.sid(),
            released: released(grant, &scope, user, Place::IdToken),
        };
        Ok(Some(provider.id_token(algorithm, &claims).await?))
    }
}

impl TokenResponse {
    /// As JSON. Nothing in it needs escaping: tokens are base64url, those that
    /// are signed with dots, and a scope has neither quotes nor backslashes.
    pub(super) fn to_json(&self) -> String {
        let mut json = String::with_capacity(512);
        json.extend([r#"{"access_token":""#, &self.access_token, r#"","token_type":"Bearer""#]);
        json.extend([r#","expires_in":"#, &self.expires_in.to_string()]);
        if let Some(refresh_token) = &self.refresh_token {
            json.extend([r#","refresh_token":""#, refresh_token, "\""]);
        }
        if !self.scope.is_empty() {
            json.extend([r#","scope":""#, self.scope.as_str(), "\""]);
        }
        if let Some(id_token) = &self.id_token {
            json.extend([r#","id_token":""#, id_token, "\""]);
        }
        json.push('}');
        json
    }
}
