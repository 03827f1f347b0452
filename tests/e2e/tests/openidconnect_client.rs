//! A foreign relying party, crate `openidconnect`, against the example server
//! as an OpenID Connect provider over TLS.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on has failed")]

use std::time::Duration;

use e2e::agent::{Agent, parameter};
use e2e::provider::{
    ALGORITHMS, AccessTokens, POST_LOGOUT_REDIRECT_URI, Provider, REDIRECT_URI, SUBJECT,
};
use e2e::server::CLIENT_SECRET;
use openidconnect::core::{
    CoreAuthenticationFlow, CoreClient, CoreIdTokenClaims, CoreTokenResponse, CoreUserInfoClaims,
};
use openidconnect::{
    AccessTokenHash, AuthorizationCode, ClaimsVerificationError, ClientId, ClientSecret, CsrfToken,
    EndpointMaybeSet, EndpointNotSet, EndpointSet, IntrospectionUrl, IssuerUrl, LogoutRequest,
    Nonce, NonceVerifier, OAuth2TokenResponse, PkceCodeChallenge, PostLogoutRedirectUrl,
    ProviderMetadataWithLogout, RedirectUrl, RevocationUrl, Scope, SubjectIdentifier,
    TokenIntrospectionResponse, TokenResponse, UserInfoResponseType,
};
use reqwest::redirect;

type Configured = CoreClient<
    EndpointSet,
    EndpointNotSet,
    EndpointSet,
    EndpointSet,
    EndpointMaybeSet,
    EndpointMaybeSet,
>;

/// One client of the provider, with a user's browser.
struct Flow<'p> {
    provider: &'p Provider,
    metadata: ProviderMetadataWithLogout,
    client: Configured,
    http: reqwest::Client,
    agent: Agent,
}

impl<'p> Flow<'p> {
    async fn of(provider: &'p Provider, id: &str) -> Self {
        let http = reqwest::Client::builder().redirect(redirect::Policy::none()).no_proxy();
        let http = http.add_root_certificate(provider.authority()).build().unwrap();
        let issuer = IssuerUrl::new(provider.server.issuer.clone()).unwrap();
        let metadata = ProviderMetadataWithLogout::discover_async(issuer, &http).await.unwrap();
        let secret = ClientSecret::new(CLIENT_SECRET.to_owned());
        let at = |path| provider.server.at(path);
        let client = CoreClient::from_provider_metadata(
            metadata.clone(),
            ClientId::new(id.to_owned()),
            Some(secret),
        )
        .set_redirect_uri(RedirectUrl::new(REDIRECT_URI.to_owned()).unwrap())
        .set_introspection_url(IntrospectionUrl::new(at("/introspect")).unwrap())
        .set_revocation_url(RevocationUrl::new(at("/revoke")).unwrap());
        Self { provider, metadata, client, http, agent: provider.agent() }
    }

    /// Signs alice in, and trades the code in that her browser comes back with.
    async fn tokens(&self) -> (CoreTokenResponse, Nonce) {
        let (challenge, verifier) = PkceCodeChallenge::new_random_sha256();
        let flow = CoreAuthenticationFlow::AuthorizationCode;
        let (url, state, nonce) = self
            .client
            .authorize_url(flow, CsrfToken::new_random, Nonce::new_random)
            .add_scopes(["profile", "email"].map(|scope| Scope::new(scope.to_owned())))
            .set_max_age(Duration::from_secs(3600))
            .set_pkce_challenge(challenge)
            .url();
        let answer = self.agent.allow(&url, "alice", "wonderland").await;
        assert_eq!(parameter(&answer, "state").as_ref(), Some(state.secret()));
        assert_eq!(parameter(&answer, "iss").as_ref(), Some(&self.provider.server.issuer));
        let code = AuthorizationCode::new(parameter(&answer, "code").unwrap());
        let exchange = self.client.exchange_code(code).unwrap().set_pkce_verifier(verifier);
        (exchange.request_async(&self.http).await.unwrap(), nonce)
    }

    /// The ID token's claims: its signature, issuer, audience, times, nonce and
    /// the hash of the access token beside it are as they must be.
    fn verified<'t>(
        &self,
        tokens: &'t CoreTokenResponse,
        nonce: impl NonceVerifier,
    ) -> &'t CoreIdTokenClaims {
        let id_token = tokens.id_token().unwrap();
        let verifier = self.client.id_token_verifier();
        let claims = id_token.claims(&verifier, nonce).unwrap();
        let (alg, key) = (id_token.signing_alg(), id_token.signing_key(&verifier));
        let access_token = tokens.access_token();
        let hash = AccessTokenHash::from_token(access_token, alg.unwrap(), key.unwrap()).unwrap();
        assert_eq!(claims.access_token_hash(), Some(&hash));
        assert_eq!(claims.subject().as_str(), SUBJECT);
        claims
    }

    /// What the provider tells of the user, in an answer of this type.
    async fn user(
        &self,
        tokens: &CoreTokenResponse,
        answer: UserInfoResponseType,
    ) -> CoreUserInfoClaims {
        let signed = matches!(answer, UserInfoResponseType::Jwt);
        let subject = SubjectIdentifier::new(SUBJECT.to_owned());
        let request = self.client.user_info(tokens.access_token().clone(), Some(subject)).unwrap();
        let request = request.set_response_type(answer).require_signed_response(signed);
        request.request_async(&self.http).await.unwrap()
    }

    async fn is_active(&self, tokens: &CoreTokenResponse) -> bool {
        let request = self.client.introspect(tokens.access_token());
        request.request_async(&self.http).await.unwrap().active()
    }
}

/// An ID token that a refresh brings belongs to no authentication request (OpenID
/// Connect Core section 12.2).
fn no_nonce(nonce: Option<&Nonce>) -> Result<(), String> {
    nonce.map_or(Ok(()), |_| Err("there is a nonce".to_owned()))
}

#[tokio::test]
async fn a_relying_party_goes_the_whole_way() {
    let provider = Provider::start(AccessTokens::Opaque);
    let flow = Flow::of(&provider, "basic").await;
    let (tokens, nonce) = flow.tokens().await;
    let claims = flow.verified(&tokens, &nonce);
    assert!(claims.auth_time().is_some());
    let user = flow.user(&tokens, UserInfoResponseType::Json).await;
    assert_eq!(user.email().map(|email| email.as_str()), Some("alice@wonderland.example"));
    assert!(flow.is_active(&tokens).await);

    let token = tokens.refresh_token().unwrap();
    let refresh = flow.client.exchange_refresh_token(token).unwrap();
    let refreshed = refresh.request_async(&flow.http).await.unwrap();
    let again = flow.verified(&refreshed, no_nonce);
    assert_eq!(again.auth_time(), claims.auth_time());
    assert_eq!(again.audiences(), claims.audiences());
    assert!(flow.is_active(&refreshed).await);

    let token = refreshed.refresh_token().unwrap().clone();
    let revocation = flow.client.revoke_token(token.into()).unwrap();
    revocation.request_async(&flow.http).await.unwrap();
    assert!(!flow.is_active(&tokens).await && !flow.is_active(&refreshed).await);
}

#[tokio::test]
async fn a_relying_party_verifies_id_tokens_of_every_algorithm() {
    let provider = Provider::start(AccessTokens::Opaque);
    for algorithm in ALGORITHMS {
        let flow = Flow::of(&provider, algorithm).await;
        let (tokens, nonce) = flow.tokens().await;
        flow.verified(&tokens, &nonce);
        let used = serde_json::to_value(tokens.id_token().unwrap().signing_alg().unwrap());
        assert_eq!(used.unwrap(), algorithm);
    }
}

#[tokio::test]
async fn a_relying_party_verifies_signed_claims_about_the_user() {
    let provider = Provider::start(AccessTokens::Opaque);
    let flow = Flow::of(&provider, "RS256").await;
    let (tokens, _) = flow.tokens().await;
    let user = flow.user(&tokens, UserInfoResponseType::Jwt).await;
    assert_eq!(user.email().map(|email| email.as_str()), Some("alice@wonderland.example"));
}

#[tokio::test]
async fn a_relying_party_is_not_deceived() {
    let provider = Provider::start(AccessTokens::Opaque);
    let [basic, other] = [Flow::of(&provider, "basic").await, Flow::of(&provider, "RS256").await];
    let (tokens, nonce) = basic.tokens().await;
    let id_token = tokens.id_token().unwrap();
    let another = id_token.claims(&basic.client.id_token_verifier(), &Nonce::new_random());
    assert!(matches!(another, Err(ClaimsVerificationError::InvalidNonce(_))), "{another:?}");
    let others = id_token.claims(&other.client.id_token_verifier(), &nonce);
    assert!(matches!(others, Err(ClaimsVerificationError::InvalidAudience(_))), "{others:?}");
    basic.verified(&tokens, &nonce);
}

#[tokio::test]
async fn a_user_whom_a_relying_party_signs_out_comes_back_unknown() {
    let provider = Provider::start(AccessTokens::Opaque);
    let flow = Flow::of(&provider, "basic").await;
    let (tokens, _) = flow.tokens().await;
    let endpoint = flow.metadata.additional_metadata().end_session_endpoint.clone().unwrap();
    let back = PostLogoutRedirectUrl::new(POST_LOGOUT_REDIRECT_URI.to_owned()).unwrap();
    let state = CsrfToken::new_random();
    let url = LogoutRequest::from(endpoint)
        .set_id_token_hint(tokens.id_token().unwrap())
        .set_post_logout_redirect_uri(back)
        .set_state(state.clone())
        .http_get_url();
    let answer = flow.agent.open(&url).await.client();
    assert_eq!(answer.as_str(), format!("{POST_LOGOUT_REDIRECT_URI}?state={}", state.secret()));
    assert!(!flow.is_active(&tokens).await);
    let authentication = CoreAuthenticationFlow::AuthorizationCode;
    let request =
        flow.client.authorize_url(authentication, CsrfToken::new_random, Nonce::new_random);
    let page = flow.agent.open(&request.url().0).await.page();
    assert_eq!(page.url.path(), "/login");
}
