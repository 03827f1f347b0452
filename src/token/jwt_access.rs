//! JWT access tokens (RFC 9068): what an opaque one points at, spelled out for
//! resource servers that do not ask.

use serde::{Deserialize, Serialize};

use super::access::{AccessToken, jti};
use super::credential::{Kind, Sealer};
use crate::grant::Grant;
use crate::jose::jws;
use crate::model::base64url;
use crate::model::identity::{Acr, Amr};
use crate::model::issuer::Issuer;
use crate::model::user::User;

/// What tells it from every other signed token (section 2.1).
pub(crate) const TYP: &str = "at+jwt";

/// Section 2.2. The last is for this server alone: the sealed pointer, which
/// without the signature around it serves for nothing but a revocation.
#[derive(Serialize)]
struct Claims<'t> {
    iss: &'t str,
    sub: &'t str,
    aud: Vec<&'t str>,
    client_id: &'t str,
    #[serde(skip_serializing_if = "str::is_empty")]
    scope: &'t str,
    iat: i64,
    exp: i64,
    #[serde(with = "base64url")]
    jti: [u8; 32],
    auth_time: i64,
    #[serde(skip_serializing_if = "Option::is_none")]
    acr: Option<&'t Acr>,
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    amr: &'t [Amr],
    #[serde(skip_serializing_if = "Option::is_none")]
    roles: Option<&'t [String]>,
    #[serde(skip_serializing_if = "Option::is_none")]
    permissions: Option<&'t [String]>,
    codegrant: &'t str,
}

impl AccessToken {
    /// What this token of `grant` says when it is signed: the part of the grant
    /// that was selected for it, and of `user` what they may do, if that is told.
    pub(crate) fn claims(
        &self,
        sealer: &Sealer,
        issuer: &Issuer,
        grant: &Grant,
        user: Option<&User>,
    ) -> serde_json::Result<Vec<u8>> {
        let sealed = self.seal_as(Kind::WithinJwt, sealer);
        let scope = grant.scope().chosen(self.selection.scope);
        let resources = grant.resources().chosen(self.selection.resources);
        let sign_in = grant.authentication();
        serde_json::to_vec(&Claims {
            iss: issuer.as_str(),
            sub: grant.known_as().as_str(),
            // It has to be for somebody (section 3).
            aud: match resources.as_slice() {
                [] => vec![issuer.as_str()],
                named => named.iter().map(|resource| resource.as_str()).collect(),
            },
            client_id: grant.client().as_str(),
            scope: scope.as_str(),
            iat: self.life.issued_at().as_unix(),
            exp: self.life.expires_at().as_unix(),
            jti: jti(&sealed),
            auth_time: sign_in.authenticated_at().as_unix(),
            acr: sign_in.acr(),
            amr: sign_in.amr(),
            roles: user.map(User::roles),
            permissions: user.map(User::permissions),
            codegrant: &sealed,
        })
    }

    /// The token that a JWT of our own points with, and its sealed text. What
    /// else the JWT says came from there, and is not read again.
    pub(crate) fn within(sealer: &Sealer, claims: &[u8]) -> Option<(Self, String)> {
        #[derive(Deserialize)]
        struct Own {
            codegrant: String,
        }
        let Own { codegrant: sealed } = serde_json::from_slice(claims).ok()?;
        Some((Self::open_as(Kind::WithinJwt, sealer, &sealed)?, sealed))
    }

    /// The token that a JWT points with which is given back, whoever signed it: its
    /// key may be left out by now, and what is sealed in it is ours by itself.
    pub(crate) fn given_back(sealer: &Sealer, jwt: &str) -> Option<Self> {
        let claims = jws::unverified_claims(jwt).ok()?;
        Self::within(sealer, &claims).map(|(token, _)| token)
    }
}
