//! The authorization request (RFC 6749 section 4.1.1, RFC 7636 section 4.3).

use std::sync::Arc;

use super::authentication::{self, OpenId};
use super::params::{Name, Params, fits};
use super::sign_in::SignIn;
use super::{RequestError, token};
use crate::model::authentication_request::AuthenticationRequest;
use crate::model::claim_names::ClaimNames;
use crate::model::client::Client;
use crate::model::identity::ClientId;
use crate::model::pkce::CodeChallenge;
use crate::model::redirect_uri::RedirectUri;
use crate::model::resource::Resources;
use crate::model::scope::{OPENID, Scope};
use crate::policy::Policy;

/// Where the answer goes. Before this exists, nothing may be sent anywhere;
/// once it does, every fault is the client's to hear of.
#[derive(Clone, Debug)]
pub(crate) struct ReplyTo {
    pub(crate) redirect_uri: RedirectUri,
    pub(crate) redirect_uri_named: bool,
    pub(crate) mode: ResponseMode,
}

/// How the browser carries the answer (`response_mode`).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum ResponseMode {
    /// In the redirect URI's query.
    #[default]
    Query,
    /// In a form that it posts to the redirect URI.
    FormPost,
}

/// What a request is judged by beside the client that sent it.
pub(crate) struct Rules<'r> {
    pub(crate) policy: &'r Policy,
    /// `None` on a server that is no OpenID Connect provider: there, `openid` is
    /// a scope like any other.
    pub(crate) openid: Option<OpenId<'r>>,
}

/// What is asked of the user.
#[derive(Clone, Debug)]
pub(crate) struct AuthorizationRequest {
    pub(crate) scope: Scope,
    pub(crate) resources: Resources,
    pub(crate) code_challenge: Option<CodeChallenge>,
    /// What an authentication request asks of the tokens to come.
    pub(crate) openid: Option<Arc<AuthenticationRequest>>,
}

/// Which client the request says it comes from.
pub(crate) fn client_id(params: &Params) -> Result<ClientId, RequestError> {
    let id = params.require(Name::ClientId)?;
    ClientId::parse(id).map_err(|_| RequestError::Invalid(Name::ClientId.as_str()))
}

impl ReplyTo {
    /// Finds out where `client` may be answered.
    pub(crate) fn find(params: &Params, client: &Client) -> Result<Self, RequestError> {
        let requested = params.get(Name::RedirectUri)?;
        let redirect_uri = client.redirect_uri(requested).ok_or(match requested {
            Some(_) => RequestError::RedirectUri,
            None => RequestError::Missing(Name::RedirectUri.as_str()),
        })?;
        Ok(Self {
            mode: response_mode(params, &redirect_uri).unwrap_or_default(),
            redirect_uri,
            redirect_uri_named: requested.is_some(),
        })
    }
}

impl AuthorizationRequest {
    /// Reads the rest of a request that can be answered: what is asked of the
    /// user, and what is wanted of their sign-in first.
    pub(crate) fn parse(
        params: &Params,
        client: &Client,
        reply_to: &ReplyTo,
        rules: &Rules<'_>,
    ) -> Result<(Self, SignIn), RequestError> {
        state(params)?;
        response_mode(params, &reply_to.redirect_uri)?;
        only_by_value(params)?;
        if params.require(Name::ResponseType)? != "code" {
            return Err(RequestError::ResponseType);
        }
        let code_challenge = code_challenge(params)?;
        if code_challenge.is_none() && (client.must_use_pkce() || rules.policy.require_pkce) {
            return Err(RequestError::ChallengeMissing);
        }
        let mut scope = scope(params, client)?;
        let resources = resources(params, client, rules.policy)?;
        let mut sign_in = SignIn::parse(params, client)?;
        let mut openid = None;
        if let Some(rules) = rules.openid.filter(|_| scope.contains(OPENID)) {
            if !reply_to.redirect_uri_named {
                return Err(RequestError::Missing(Name::RedirectUri.as_str()));
            }
            scope = authentication::offered(scope, client, &sign_in);
            let asked = authentication::parse(params, &mut sign_in, rules)?;
            openid = Some(Arc::new(asked));
        }
        Ok((Self { scope, resources, code_challenge, openid }, sign_in.or_default_acr(client)))
    }

    /// The claims about the user that are asked for one by one, in whatever language.
    pub(crate) fn claims(&self) -> ClaimNames {
        self.openid.as_ref().map_or_else(ClaimNames::none, |openid| openid.claims.names())
    }

    /// What is left of it when the user allows only so much: without `openid`,
    /// nothing of what an authentication request asks.
    pub(crate) fn narrow(&mut self, scope: Scope, claims: &ClaimNames) {
        self.scope = scope;
        self.openid = self.openid.take().filter(|_| self.scope.contains(OPENID));
        if let Some(openid) = &mut self.openid {
            Arc::make_mut(openid).claims.narrow(claims);
        }
    }
}

/// What the client finds its place again by. It is echoed only if it is
/// well-formed and came once.
pub(crate) fn state(params: &Params) -> Result<Option<&str>, RequestError> {
    let state = params.get(Name::State)?;
    if state.is_none_or(fits) {
        Ok(state)
    } else {
        Err(RequestError::Invalid(Name::State.as_str()))
    }
}

/// How the answer is to be carried. A form can only be posted to a web address.
fn response_mode(params: &Params, to: &RedirectUri) -> Result<ResponseMode, RequestError> {
    match params.get(Name::ResponseMode)? {
        None | Some("query") => Ok(ResponseMode::Query),
        Some("form_post") if to.is_web_address() => Ok(ResponseMode::FormPost),
        Some(_) => Err(RequestError::Invalid(Name::ResponseMode.as_str())),
    }
}

/// A request that is, or is found, in an object is not understood: passed over,
/// it would be another request than the client's (RFC 9101).
fn only_by_value(params: &Params) -> Result<(), RequestError> {
    if params.get(Name::Request)?.is_some() {
        return Err(RequestError::RequestObject);
    }
    if params.get(Name::RequestUri)?.is_some() {
        return Err(RequestError::RequestUri);
    }
    Ok(())
}

fn code_challenge(params: &Params) -> Result<Option<CodeChallenge>, RequestError> {
    let method = params.get(Name::CodeChallengeMethod)?;
    match (params.get(Name::CodeChallenge)?, method) {
        (None, None) => Ok(None),
        (None, Some(_)) => Err(RequestError::ChallengeMissing),
        (Some(challenge), Some("S256")) => CodeChallenge::parse(challenge)
            .map(Some)
            .ok_or(RequestError::Invalid(Name::CodeChallenge.as_str())),
        (Some(_), _) => Err(RequestError::ChallengeMethod),
    }
}

fn scope(params: &Params, client: &Client) -> Result<Scope, RequestError> {
    let asked = params.get(Name::Scope)?.unwrap_or_default();
    if asked == client.scope().as_str() {
        return Ok(client.scope().clone());
    }
    let asked = Scope::parse(asked).map_err(|_| RequestError::Scope)?;
    if asked.is_empty() {
        return Ok(client.default_scope().clone());
    }
    if client.scope().covers(&asked) { Ok(asked) } else { Err(RequestError::Scope) }
}

/// Whom the tokens are to be for: resources that the client may ask for, or
/// the server's default where it names none (RFC 8707 section 2.1).
fn resources(params: &Params, client: &Client, policy: &Policy) -> Result<Resources, RequestError> {
    let asked = token::resources(params)?;
    if asked.is_empty() {
        return Ok(policy.default_resources.clone());
    }
    if client.resources().covers(&asked) { Ok(asked) } else { Err(RequestError::Target) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::registration::ClientBuilder;
    use crate::model::secret::SecretHash;
    use crate::request::params::LONGEST_TEXT;

    const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";

    fn confidential() -> ClientBuilder {
        Client::builder("app")
            .redirect_uri("https://app.example/cb")
            .client_secret_basic(SecretHash::Sha256([0; 32]))
            .scope("a b c")
            .default_scope("a")
    }

    fn parse(client: ClientBuilder, query: &str) -> Result<AuthorizationRequest, RequestError> {
        parse_by(client, &Policy::default(), query)
    }

    fn parse_by(
        client: ClientBuilder,
        policy: &Policy,
        query: &str,
    ) -> Result<AuthorizationRequest, RequestError> {
        let (params, client) = (Params::decode(&[query])?, client.build().unwrap());
        let reply_to = ReplyTo::find(&params, &client)?;
        let rules = Rules { policy, openid: None };
        AuthorizationRequest::parse(&params, &client, &reply_to, &rules).map(|(request, _)| request)
    }

    #[test]
    fn pkce_is_s256_or_nothing() {
        for (query, expected) in [
            (format!("code_challenge={CHALLENGE}&code_challenge_method=S256"), Ok(true)),
            (String::new(), Ok(false)),
            (format!("code_challenge={CHALLENGE}"), Err(RequestError::ChallengeMethod)),
            (
                format!("code_challenge={CHALLENGE}&code_challenge_method=plain"),
                Err(RequestError::ChallengeMethod),
            ),
            (
                format!("code_challenge={CHALLENGE}&code_challenge_method=s256"),
                Err(RequestError::ChallengeMethod),
            ),
            ("code_challenge_method=S256".into(), Err(RequestError::ChallengeMissing)),
            (
                "code_challenge=short&code_challenge_method=S256".into(),
                Err(RequestError::Invalid("code_challenge")),
            ),
        ] {
            let parsed = parse(confidential(), &format!("response_type=code&{query}"));
            assert_eq!(parsed.map(|request| request.code_challenge.is_some()), expected, "{query}");
        }
    }

    #[test]
    fn pkce_is_required_of_public_clients_and_where_registration_or_policy_say_so() {
        let public = Client::builder("app").redirect_uri("https://app.example/cb");
        let plain = "response_type=code";
        assert_eq!(parse(public, plain).unwrap_err(), RequestError::ChallengeMissing);
        let strict = confidential().require_pkce();
        assert_eq!(parse(strict, plain).unwrap_err(), RequestError::ChallengeMissing);
        let by_policy = parse_by(confidential(), &Policy::oauth_2_1(), plain);
        assert_eq!(by_policy.unwrap_err(), RequestError::ChallengeMissing);
    }

    #[test]
    fn scope_is_the_default_or_within_what_the_client_may_ask_for() {
        for (query, expected) in [
            ("", Ok("a")),
            ("&scope=", Ok("a")),
            ("&scope=++", Ok("a")),
            ("&scope=c+b", Ok("c b")),
            ("&scope=a+b+c", Ok("a b c")),
            ("&scope=a+d", Err(RequestError::Scope)),
            ("&scope=%22", Err(RequestError::Scope)),
            ("&scope=a&scope=b", Err(RequestError::Repeated("scope"))),
        ] {
            let parsed = parse(confidential(), &format!("response_type=code{query}"));
            let scope = parsed.as_ref().map(|request| request.scope.as_str());
            assert_eq!(scope, expected.as_ref().copied(), "{query}");
        }
    }

    #[test]
    fn response_type_is_code() {
        for (query, error) in [
            ("", RequestError::Missing("response_type")),
            ("response_type=token", RequestError::ResponseType),
            ("response_type=code+token", RequestError::ResponseType),
            ("response_type=code&response_type=code", RequestError::Repeated("response_type")),
        ] {
            assert_eq!(parse(confidential(), query).unwrap_err(), error, "{query}");
        }
    }

    #[test]
    fn only_a_fit_state_is_echoed_and_an_unfit_one_is_an_error() {
        let long = format!("state={}", "s".repeat(LONGEST_TEXT + 1));
        for (query, echoed) in [
            ("state=%7B%22next%22%3A%22%2F%C3%A4%22%7D", Some("{\"next\":\"/ä\"}")),
            ("", None),
            ("state=a&state=a", None),
            ("state=a%0d%0aSet-Cookie", None),
            ("state=%7f", None),
            (&long, None),
        ] {
            let params = Params::decode(&[query]).ok().unwrap();
            assert_eq!(state(&params).unwrap_or_default(), echoed, "{query}");
            let whole = format!("response_type=code&{query}");
            assert_eq!(parse(confidential(), &whole).is_ok(), query.is_empty() || echoed.is_some());
        }
    }

    #[test]
    fn there_is_nowhere_to_reply_without_a_registered_redirect_uri() {
        let one = confidential().build().unwrap();
        let two = confidential().redirect_uri("https://app.example/2").build().unwrap();
        let find = |client: &Client, query: &str| {
            ReplyTo::find(&Params::decode(&[query]).ok().unwrap(), client)
                .map(|reply_to| reply_to.redirect_uri_named)
        };
        assert_eq!(find(&one, ""), Ok(false));
        assert_eq!(find(&one, "redirect_uri=https://app.example/cb"), Ok(true));
        assert_eq!(find(&two, ""), Err(RequestError::Missing("redirect_uri")));
        assert_eq!(
            find(&one, "redirect_uri=https://evil.example/cb"),
            Err(RequestError::RedirectUri)
        );
        let repeated = "redirect_uri=https://app.example/cb&redirect_uri=https://app.example/cb";
        assert_eq!(find(&one, repeated), Err(RequestError::Repeated("redirect_uri")));
    }
}
