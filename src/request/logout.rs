//! The request to sign out (OpenID Connect RP-Initiated Logout section 2).

use super::RequestError;
use super::authorization::state;
use super::params::{Name, Params, fits};
use super::sign_in::{locales, read};
use crate::model::identity::ClientId;
use crate::model::page::Locales;

/// What a client, or the user by a link, wants of a sign-out.
pub(crate) struct LogoutRequest<'p> {
    /// Not yet verified.
    pub(crate) id_token_hint: Option<&'p str>,
    pub(crate) client: Option<ClientId>,
    /// Not yet found to be the client's.
    pub(crate) post_logout_redirect_uri: Option<&'p str>,
    pub(crate) state: Option<&'p str>,
    pub(crate) logout_hint: Option<&'p str>,
    pub(crate) ui_locales: Locales,
}

impl<'p> LogoutRequest<'p> {
    /// Reads all of it. Every parameter may be missing.
    pub(crate) fn parse(params: &'p Params) -> Result<Self, RequestError> {
        Ok(Self {
            id_token_hint: params.get(Name::IdTokenHint)?,
            client: read(params, Name::ClientId, |id| ClientId::parse(id).ok())?,
            post_logout_redirect_uri: params.get(Name::PostLogoutRedirectUri)?,
            state: state(params)?,
            logout_hint: read(params, Name::LogoutHint, |hint| fits(hint).then_some(hint))?,
            ui_locales: locales(params, Name::UiLocales)?,
        })
    }
}
