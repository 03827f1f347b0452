//! The inner flow, in which this server is a client: the work of `openidconnect`.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use codegrant::{HostError, HttpClient, Timestamp};
use openidconnect::core::{
    CoreAuthPrompt, CoreAuthenticationFlow, CoreClient, CoreProviderMetadata,
};
use openidconnect::{
    AuthorizationCode, ClientId, ClientSecret, CsrfToken, EndpointMaybeSet, EndpointNotSet,
    EndpointSet, HttpRequest, HttpResponse, IssuerUrl, Nonce, PkceCodeChallenge, PkceCodeVerifier,
    RedirectUrl, TokenResponse,
};
use url::Url;

type Client = CoreClient<
    EndpointSet,
    EndpointNotSet,
    EndpointNotSet,
    EndpointNotSet,
    EndpointMaybeSet,
    EndpointMaybeSet,
>;

/// The oldest sign-in at the provider that will do; asking has it say when that was.
const MAX_AGE: Duration = Duration::from_secs(12 * 3600);

/// The provider, and what it registered this server as.
pub struct Provider {
    /// Its issuer.
    pub issuer: IssuerUrl,
    /// Our name there.
    pub id: ClientId,
    /// Our secret there.
    pub secret: ClientSecret,
    /// Our callback, as registered there.
    pub redirect: RedirectUrl,
    /// Sends our requests.
    pub http: Arc<dyn HttpClient>,
}

/// What belongs to one inner flow, until its answer comes.
pub(super) struct Pending {
    client: Client,
    state: CsrfToken,
    nonce: Nonce,
    verifier: PkceCodeVerifier,
}

/// Whom the provider saw, and when.
pub(super) struct Seen {
    pub(super) subject: String,
    pub(super) at: Timestamp,
}

impl Provider {
    /// Where to send the browser. Addresses and keys are read anew for each sign-in, so
    /// that the provider can change them.
    pub(super) async fn begin(&self, anew: bool) -> Result<(Url, Pending), HostError> {
        let http = |request| self.send(request);
        let metadata = CoreProviderMetadata::discover_async(self.issuer.clone(), &http).await?;
        let secret = Some(self.secret.clone());
        let client = CoreClient::from_provider_metadata(metadata, self.id.clone(), secret)
            .set_redirect_uri(self.redirect.clone());
        let (challenge, verifier) = PkceCodeChallenge::new_random_sha256();
        let flow = CoreAuthenticationFlow::AuthorizationCode;
        let mut asked = client
            .authorize_url(flow, CsrfToken::new_random, Nonce::new_random)
            .set_pkce_challenge(challenge)
            .set_max_age(MAX_AGE);
        if anew {
            asked = asked.add_prompt(CoreAuthPrompt::Login);
        }
        let (address, state, nonce) = asked.url();
        Ok((address, Pending { client, state, nonce, verifier }))
    }

    /// What the provider's answer, the query of our callback, says; `None` if the user
    /// would not, or was not allowed to.
    pub(super) async fn finish(
        &self,
        pending: Pending,
        answer: &[u8],
    ) -> Result<Option<Seen>, HostError> {
        let Pending { client, state, nonce, verifier } = pending;
        if super::field(answer, "state").as_ref() != Some(state.secret()) {
            return Err(HostError::new("an answer to another request"));
        }
        let Some(code) = super::field(answer, "code") else { return Ok(None) };
        let exchange = client.exchange_code(AuthorizationCode::new(code))?;
        let http = |request| self.send(request);
        let tokens = exchange.set_pkce_verifier(verifier).request_async(&http).await?;
        let id_token = tokens.id_token().ok_or_else(|| HostError::new("no ID token came"))?;
        let claims = id_token.claims(&client.id_token_verifier(), &nonce)?;
        let at = claims.auth_time().ok_or_else(|| HostError::new("no auth_time came"))?;
        let (subject, at) = (claims.subject().to_string(), Timestamp::from_unix(at.timestamp()));
        Ok(Some(Seen { subject, at }))
    }

    async fn send(&self, request: HttpRequest) -> io::Result<HttpResponse> {
        let (head, body) = request.into_parts();
        let body = String::from_utf8(body).map_err(io::Error::other)?;
        let answer = self.http.send(http::Request::from_parts(head, body)).await;
        Ok(answer.map_err(io::Error::other)?.map(String::into_bytes))
    }
}
