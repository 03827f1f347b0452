//! `oxide-auth`: its `Generic` endpoint with PKCE over its maps in memory.

use std::borrow::Cow;
use std::collections::VecDeque;
use std::convert::Infallible;

use bytes::Bytes;
use http::header::{AUTHORIZATION, CONTENT_TYPE, LOCATION, WWW_AUTHENTICATE};
use http::{HeaderName, HeaderValue, Request, Response, StatusCode};
use oxide_auth::endpoint::{
    AccessTokenFlow, AuthorizationFlow, NormalizedParameter, OwnerConsent, OwnerSolicitor,
    QueryParameter, RefreshFlow, ResourceFlow, Solicitation, WebRequest, WebResponse,
};
use oxide_auth::frontends::dev::Url;
use oxide_auth::frontends::simple::endpoint::{Generic, Vacant};
use oxide_auth::frontends::simple::extensions::{AddonList, Extended, Pkce};
use oxide_auth::primitives::prelude::{
    AuthMap, Client, ClientMap, RandomGenerator, Scope, TokenMap,
};
use oxide_auth::primitives::registrar::{ExactUrl, RegisteredUrl};

use crate::request::{CALLBACK, CLIENT, SCOPE};
use crate::side::{LIFETIME, Side};

pub struct OxideAuth {
    registrar: ClientMap,
    authorizer: AuthMap<RandomGenerator>,
    issuer: TokenMap<RandomGenerator>,
    extensions: AddonList,
    needed: [Scope; 1],
    signed_in: String,
    now: u64,
    /// It forgets nothing by itself, so its host has to know what to revoke when.
    issued: VecDeque<(u64, String, String)>,
}

type Endpoint<'a> = Extended<
    Generic<
        &'a ClientMap,
        &'a mut AuthMap<RandomGenerator>,
        &'a mut TokenMap<RandomGenerator>,
        SignedIn<'a>,
    >,
    &'a mut AddonList,
>;

impl OxideAuth {
    fn endpoint(&mut self) -> Endpoint<'_> {
        let endpoint = Generic {
            registrar: &self.registrar,
            authorizer: &mut self.authorizer,
            issuer: &mut self.issuer,
            solicitor: SignedIn(&self.signed_in),
            scopes: Vacant,
            response: Vacant,
        };
        Extended::extend_with(endpoint, &mut self.extensions)
    }
}

impl Side for OxideAuth {
    const NAME: &'static str = "oxide-auth";
    type Body = String;

    fn new() -> Self {
        let callback = RegisteredUrl::Exact(ExactUrl::new(CALLBACK.to_owned()).unwrap());
        let client = Client::public(CLIENT, callback, SCOPE.parse().unwrap());
        let mut extensions = AddonList::new();
        extensions.push_code(Pkce::required());
        Self {
            registrar: ClientMap::from_iter([client]),
            authorizer: AuthMap::new(RandomGenerator::new(16)),
            issuer: TokenMap::new(RandomGenerator::new(16)),
            extensions,
            needed: [SCOPE.parse().unwrap()],
            signed_in: String::new(),
            now: 0,
            issued: VecDeque::new(),
        }
    }

    fn sign_in(&mut self, user: &str) {
        user.clone_into(&mut self.signed_in);
    }

    fn authorize(&mut self, request: Request<Bytes>) -> Response<String> {
        let mut flow = AuthorizationFlow::prepare(self.endpoint()).unwrap_or_else(|_| refused());
        flow.execute(Web::from(&request)).unwrap_or_else(|_| refused()).0
    }

    /// Its host tells the two grant types apart.
    fn token(&mut self, request: Request<Bytes>) -> Response<String> {
        let web = Web::from(&request);
        let answer = match web.body.unique_value("grant_type").as_deref() {
            Some("refresh_token") => {
                RefreshFlow::prepare(self.endpoint()).unwrap_or_else(|_| refused()).execute(web)
            }
            _ => {
                AccessTokenFlow::prepare(self.endpoint()).unwrap_or_else(|_| refused()).execute(web)
            }
        };
        answer.unwrap_or_else(|_| refused()).0
    }

    fn may_read(&mut self, request: Request<Bytes>) -> bool {
        let endpoint = Generic {
            registrar: Vacant,
            authorizer: Vacant,
            issuer: &mut self.issuer,
            solicitor: Vacant,
            scopes: &self.needed[..],
            response: Vacant,
        };
        let mut flow = ResourceFlow::prepare(endpoint).unwrap_or_else(|_| refused());
        flow.execute(Web::from(&request)).is_ok()
    }

    fn text(body: String) -> String {
        body
    }

    fn advance(&mut self, seconds: u64) {
        self.now += seconds;
    }

    fn note(&mut self, access_token: &str, refresh_token: &str) {
        let expires_at = self.now + LIFETIME;
        self.issued.push_back((expires_at, access_token.to_owned(), refresh_token.to_owned()));
    }

    fn sweep(&mut self) -> u64 {
        let expired = self.issued.partition_point(|(expires_at, ..)| *expires_at <= self.now);
        for (_, access_token, refresh_token) in self.issued.drain(..expired) {
            self.issuer.revoke(&access_token);
            self.issuer.revoke(&refresh_token);
        }
        expired as u64
    }
}

/// Nothing here is to be refused by an endpoint that is put together rightly.
fn refused<T>() -> T {
    panic!("the endpoint refused")
}

/// The user, who has allowed everything.
struct SignedIn<'a>(&'a str);

impl OwnerSolicitor<Web> for SignedIn<'_> {
    fn check_consent(&mut self, _: &mut Web, _: Solicitation) -> OwnerConsent<Answer> {
        OwnerConsent::Authorized(self.0.to_owned())
    }
}

/// A request as oxide-auth reads it, decoded as its own adapter for axum does.
struct Web {
    query: NormalizedParameter,
    body: NormalizedParameter,
    authorization: Option<String>,
}

impl From<&Request<Bytes>> for Web {
    fn from(request: &Request<Bytes>) -> Self {
        let header = request.headers().get(AUTHORIZATION);
        Self {
            query: serde_urlencoded::from_str(request.uri().query().unwrap_or("")).unwrap(),
            body: serde_urlencoded::from_bytes(request.body()).unwrap(),
            authorization: header.and_then(|value| value.to_str().ok()).map(str::to_owned),
        }
    }
}

impl WebRequest for Web {
    type Error = Infallible;
    type Response = Answer;

    fn query(&mut self) -> Result<Cow<'_, dyn QueryParameter + 'static>, Infallible> {
        Ok(Cow::Borrowed(&self.query))
    }

    fn urlbody(&mut self) -> Result<Cow<'_, dyn QueryParameter + 'static>, Infallible> {
        Ok(Cow::Borrowed(&self.body))
    }

    fn authheader(&mut self) -> Result<Option<Cow<'_, str>>, Infallible> {
        Ok(self.authorization.as_deref().map(Cow::Borrowed))
    }
}

#[derive(Default)]
struct Answer(Response<String>);

impl Answer {
    fn put(&mut self, status: StatusCode, name: HeaderName, value: &str) {
        *self.0.status_mut() = status;
        self.0.headers_mut().insert(name, HeaderValue::from_str(value).unwrap());
    }

    fn fill(&mut self, kind: &'static str, body: &str) {
        self.0.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(kind));
        body.clone_into(self.0.body_mut());
    }
}

impl WebResponse for Answer {
    type Error = Infallible;

    fn ok(&mut self) -> Result<(), Infallible> {
        *self.0.status_mut() = StatusCode::OK;
        Ok(())
    }

    fn redirect(&mut self, url: Url) -> Result<(), Infallible> {
        self.put(StatusCode::FOUND, LOCATION, url.as_str());
        Ok(())
    }

    fn client_error(&mut self) -> Result<(), Infallible> {
        *self.0.status_mut() = StatusCode::BAD_REQUEST;
        Ok(())
    }

    fn unauthorized(&mut self, challenge: &str) -> Result<(), Infallible> {
        self.put(StatusCode::UNAUTHORIZED, WWW_AUTHENTICATE, challenge);
        Ok(())
    }

    fn body_text(&mut self, text: &str) -> Result<(), Infallible> {
        self.fill("text/plain", text);
        Ok(())
    }

    fn body_json(&mut self, json: &str) -> Result<(), Infallible> {
        self.fill("application/json", json);
        Ok(())
    }
}
