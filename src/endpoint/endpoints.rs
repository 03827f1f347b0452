//! Which endpoints there are, and where.

/// Where the host mounts the endpoints, below the issuer. One that is `None` is
/// not offered: it is not in the metadata, and answers 404.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Endpoints {
    /// `/authorize` (RFC 6749 section 3.1).
    pub authorization: String,
    /// `/token` (RFC 6749 section 3.2).
    pub token: String,
    /// `/introspect` (RFC 7662).
    pub introspection: Option<String>,
    /// `/revoke` (RFC 7009).
    pub revocation: Option<String>,
    /// `/jwks` (RFC 7517 section 5). This and the ones below are offered only by
    /// an OpenID Connect provider, which cannot do without this one (OpenID Connect
    /// Discovery section 3).
    pub jwks: String,
    /// `/userinfo` (OpenID Connect Core section 5.3).
    pub userinfo: Option<String>,
    /// `/logout` (OpenID Connect RP-Initiated Logout section 2).
    pub end_session: Option<String>,
}

impl Default for Endpoints {
    fn default() -> Self {
        Self {
            authorization: "/authorize".to_owned(),
            token: "/token".to_owned(),
            introspection: Some("/introspect".to_owned()),
            revocation: Some("/revoke".to_owned()),
            jwks: "/jwks".to_owned(),
            userinfo: Some("/userinfo".to_owned()),
            end_session: Some("/logout".to_owned()),
        }
    }
}

impl Endpoints {
    /// Every path that is offered.
    pub(crate) fn paths(&self) -> impl Iterator<Item = &String> {
        let Self { authorization, token, introspection, revocation, jwks, userinfo, end_session } =
            self;
        let optional = [introspection, revocation, userinfo, end_session];
        [authorization, token, jwks].into_iter().chain(optional.into_iter().flatten())
    }
}
