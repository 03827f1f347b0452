//! The dashboard as a relying party of OpenID Connect: what it asks of the
//! authorization server, and what it checks before it believes the answers.

use std::sync::Arc;

use openidconnect::core::{
    CoreAuthenticationFlow, CoreClient, CoreGenderClaim, CoreIdToken, CoreTokenResponse,
};
use openidconnect::reqwest;
use openidconnect::url::{ParseError, Url};
use openidconnect::{
    AccessToken, AdditionalClaims, AuthenticationContextClass, AuthorizationCode, ClientId,
    ClientSecret, CsrfToken, EndSessionUrl, EndpointMaybeSet, EndpointNotSet, EndpointSet,
    IssuerUrl, LogoutRequest, Nonce, OAuth2TokenResponse, PkceCodeChallenge, PostLogoutRedirectUrl,
    ProviderMetadataWithLogout, RedirectUrl, RequestTokenError, Scope, SubjectIdentifier,
    TokenResponse, UserInfoClaims,
};
use serde::{Deserialize, Serialize};

use crate::back_channel::BackChannel;
use crate::challenge::StepUp;
use crate::id_token::Decoded;
use crate::reports::{self, ReportName};
use crate::session::{Pending, Session};
use crate::step::Step;
use crate::trace::{Arrow, Party};
use crate::verified::verified;

/// What the dashboard wants, beside `openid`: to know its user, and to read
/// their reports.
pub(crate) const SCOPES: [&str; 4] = ["profile", "email", "roles", reports::SCOPE];

const VERIFIED: &str = "Checked: the signature is by one of the keys that were fetched in step 2; \
                        iss is the server that was asked, aud this dashboard; nonce is the one \
                        drawn for this sign-in; it has not expired; at_hash fits the access token.";

/// Where everybody is, and the secret that the dashboard was registered with.
pub(crate) struct Registration {
    pub(crate) client_id: String,
    pub(crate) client_secret: codegrant::ClientSecret,
    pub(crate) redirect_uri: String,
    pub(crate) post_logout_redirect_uri: String,
    /// The authorization server's own name for itself.
    pub(crate) issuer: String,
}

/// The dashboard, as it was registered.
pub(crate) struct RelyingParty {
    id: ClientId,
    secret: ClientSecret,
    redirect_uri: RedirectUrl,
    post_logout_redirect_uri: PostLogoutRedirectUrl,
    issuer: IssuerUrl,
    http: reqwest::Client,
}

/// Knows the provider’s doors and keys.
pub(crate) type Configured = CoreClient<
    EndpointSet,
    EndpointNotSet,
    EndpointNotSet,
    EndpointNotSet,
    EndpointMaybeSet,
    EndpointMaybeSet,
>;

/// The authorization server as it describes itself: its doors, its keys.
pub(crate) struct Provider {
    client: Configured,
    end_session_endpoint: EndSessionUrl,
}

/// Why somebody who is signed in is to sign in once more.
pub(crate) struct Again {
    pub(crate) user: Arc<SignedIn>,
    pub(crate) demand: StepUp,
    /// What they want to see.
    pub(crate) report: ReportName,
}

/// Somebody who signed in, and what came of it.
pub(crate) struct SignedIn {
    provider: Arc<Provider>,
    id_token: CoreIdToken,
    pub(crate) access_token: AccessToken,
    pub(crate) scope: String,
    /// In seconds.
    pub(crate) expires_in: Option<u64>,
    pub(crate) user: User,
    pub(crate) decoded: Decoded,
}

/// What the dashboard was told of a user; what it was not is `None`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct User {
    pub(crate) subject: String,
    pub(crate) name: Option<String>,
    pub(crate) email: Option<String>,
    pub(crate) rights: Rights,
}

/// What the scope `roles` releases: claims of the authorization server's own.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Rights {
    pub(crate) roles: Option<Vec<String>>,
    pub(crate) permissions: Option<Vec<String>>,
}

impl AdditionalClaims for Rights {}

/// Why a sign-in comes to nothing.
#[derive(Debug, thiserror::Error)]
pub(crate) enum SignInError {
    #[error(
        "The authorization server does not say where its doors are and which keys it signs with."
    )]
    Discovery,
    #[error("The authorization server refused the code: {0}.")]
    CodeRefused(String),
    #[error("The authorization server’s answer to the code cannot be understood.")]
    TokenResponse,
    #[error("No ID token came with the access token, so nobody is known to have signed in.")]
    NoIdToken,
    #[error("The ID token is not to be believed: {0}.")]
    IdToken(String),
    #[error("The authorization server does not tell who signed in.")]
    UserInfo,
}

impl RelyingParty {
    pub(crate) fn new(
        registration: Registration,
        http: reqwest::Client,
    ) -> Result<Self, ParseError> {
        let post_logout_redirect_uri = registration.post_logout_redirect_uri;
        Ok(Self {
            id: ClientId::new(registration.client_id),
            secret: ClientSecret::new(registration.client_secret.expose().to_owned()),
            redirect_uri: RedirectUrl::new(registration.redirect_uri)?,
            post_logout_redirect_uri: PostLogoutRedirectUrl::new(post_logout_redirect_uri)?,
            issuer: IssuerUrl::new(registration.issuer)?,
            http,
        })
    }

    /// Whether an answer comes from the server that was asked (RFC 9207).
    pub(crate) fn is_from_my_server(&self, iss: Option<&str>) -> bool {
        iss == Some(self.issuer.as_str())
    }

    /// Where to send the browser, and what to remember until it returns; `again`,
    /// if somebody is signed in and has to prove once more who they are.
    pub(crate) async fn begin(
        &self,
        session: &Session,
        again: Option<Again>,
    ) -> Result<(Url, Pending), SignInError> {
        let provider = Arc::new(self.discover(session).await?);
        let (code_challenge, code_verifier) = PkceCodeChallenge::new_random_sha256();
        let flow = CoreAuthenticationFlow::AuthorizationCode;
        let request = provider.client.authorize_url(flow, CsrfToken::new_random, Nonce::new_random);
        let mut request = request
            .add_scopes(SCOPES.map(|scope| Scope::new(scope.to_owned())))
            .set_pkce_challenge(code_challenge);
        if let Some(Again { user, demand, .. }) = &again {
            // The parameters of the challenge become those of the request (RFC 9470
            // section 4); the hint says that nobody else will do.
            request = request.set_id_token_hint(&user.id_token);
            for acr in &demand.acr_values {
                request =
                    request.add_auth_context_value(AuthenticationContextClass::new(acr.clone()));
            }
            if let Some(max_age) = demand.max_age {
                request = request.set_max_age(max_age);
            }
        }
        let (url, state, nonce) = request.url();
        let report = again.map(|again| again.report);
        Ok((url, Pending { state, nonce, code_verifier, provider, report }))
    }

    /// Reads what the authorization server says of itself. A client with more
    /// users would keep it for some hours.
    async fn discover(&self, session: &Session) -> Result<Provider, SignInError> {
        let way = self.way(session, (Step::Redirect, Step::Redirect));
        let metadata = ProviderMetadataWithLogout::discover_async(self.issuer.clone(), &way)
            .await
            .map_err(|_| SignInError::Discovery)?;
        self.provider(metadata).ok_or(SignInError::Discovery)
    }

    /// The provider with this metadata, if users can sign out there.
    fn provider(&self, metadata: ProviderMetadataWithLogout) -> Option<Provider> {
        let end_session_endpoint = metadata.additional_metadata().end_session_endpoint.clone()?;
        let (id, secret) = (self.id.clone(), self.secret.clone());
        let client = CoreClient::from_provider_metadata(metadata, id, Some(secret))
            .set_redirect_uri(self.redirect_uri.clone());
        Some(Provider { client, end_session_endpoint })
    }

    /// Trades the code in, and finds out who signed in.
    pub(crate) async fn redeem(
        &self,
        session: &Session,
        code: String,
        pending: Pending,
    ) -> Result<SignedIn, SignInError> {
        let Pending { provider, nonce, code_verifier, .. } = pending;
        let exchange = provider.client.exchange_code(AuthorizationCode::new(code));
        let tokens = exchange
            .map_err(|_| SignInError::Discovery)?
            .set_pkce_verifier(code_verifier)
            .request_async(&self.way(session, (Step::Redeem, Step::Token)))
            .await
            .map_err(|error| match error {
                RequestTokenError::ServerResponse(refusal) => {
                    SignInError::CodeRefused(refusal.error().to_string())
                }
                _ => SignInError::TokenResponse,
            })?;
        let id_token = tokens.id_token().ok_or(SignInError::NoIdToken)?;
        let (subject, decoded) = verified(&provider.client, &tokens, id_token, &nonce)?;
        session.trace.add(
            Arrow::note(Step::Token, Party::Application, "The ID token is genuine")
                .remark(VERIFIED),
        );
        let user = self.ask_for_user(session, &provider, &tokens, subject).await?;
        let scopes = tokens.scopes().into_iter().flatten().map(|scope| scope.to_string());
        Ok(SignedIn {
            id_token: id_token.clone(),
            access_token: tokens.access_token().clone(),
            scope: scopes.collect::<Vec<_>>().join(" "),
            expires_in: tokens.expires_in().map(|lifetime| lifetime.as_secs()),
            user,
            decoded,
            provider,
        })
    }

    /// Asks the userinfo endpoint, which must speak of the same user (OpenID
    /// Connect Core section 5.3.2).
    async fn ask_for_user(
        &self,
        session: &Session,
        provider: &Provider,
        tokens: &CoreTokenResponse,
        subject: SubjectIdentifier,
    ) -> Result<User, SignInError> {
        let token = tokens.access_token().clone();
        let request = provider.client.user_info(token, Some(subject));
        let way = self.way(session, (Step::Token, Step::Token));
        let claims: UserInfoClaims<Rights, CoreGenderClaim> = request
            .map_err(|_| SignInError::Discovery)?
            .request_async(&way)
            .await
            .map_err(|_| SignInError::UserInfo)?;
        let name = claims.name().and_then(|name| name.get(None));
        Ok(User {
            subject: claims.subject().to_string(),
            name: name.map(|name| name.to_string()),
            email: claims.email().map(|email| email.to_string()),
            rights: claims.additional_claims().clone(),
        })
    }

    /// Where to send the browser to sign `user` out at the authorization server
    /// (RP-Initiated Logout section 2), and the `state` to expect them back with.
    pub(crate) fn end_session(&self, user: &SignedIn) -> (Url, CsrfToken) {
        let state = CsrfToken::new_random();
        let url = LogoutRequest::from(user.provider.end_session_endpoint.clone())
            .set_id_token_hint(&user.id_token)
            .set_post_logout_redirect_uri(self.post_logout_redirect_uri.clone())
            .set_state(state.clone())
            .http_get_url();
        (url, state)
    }

    const fn way<'a>(&'a self, session: &'a Session, steps: (Step, Step)) -> BackChannel<'a> {
        BackChannel { http: &self.http, session, steps }
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use serde_json::json;

    use super::*;

    fn relying_party() -> RelyingParty {
        let registration = Registration {
            client_id: "dashboard".to_owned(),
            client_secret: codegrant::ClientSecret::generate(),
            redirect_uri: "http://127.0.0.1:4000/callback".to_owned(),
            post_logout_redirect_uri: "http://127.0.0.1:4000/signed-out".to_owned(),
            issuer: "http://127.0.0.1:4001".to_owned(),
        };
        RelyingParty::new(registration, reqwest::Client::new()).unwrap()
    }

    /// A sign-in under way with this `state`.
    pub(crate) fn pending(state: &str) -> Pending {
        let metadata = json!({
            "issuer": "http://127.0.0.1:4001",
            "authorization_endpoint": "http://127.0.0.1:4001/authorize",
            "end_session_endpoint": "http://127.0.0.1:4001/logout",
            "jwks_uri": "http://127.0.0.1:4001/jwks",
            "response_types_supported": ["code"],
            "subject_types_supported": ["public"],
            "id_token_signing_alg_values_supported": ["RS256"],
        });
        let metadata = serde_json::from_value(metadata).unwrap();
        Pending {
            state: CsrfToken::new(state.to_owned()),
            nonce: Nonce::new("n".repeat(22)),
            code_verifier: openidconnect::PkceCodeVerifier::new("v".repeat(43)),
            provider: Arc::new(relying_party().provider(metadata).unwrap()),
            report: None,
        }
    }

    #[test]
    fn only_the_server_that_was_asked_may_answer() {
        let client = relying_party();
        assert!(client.is_from_my_server(Some("http://127.0.0.1:4001")));
        for other in [None, Some(""), Some("http://127.0.0.1:4001/"), Some("http://a.example")] {
            assert!(!client.is_from_my_server(other), "{other:?}");
        }
    }
}
