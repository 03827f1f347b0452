//! The flow on oxide-auth. A proxy in front has signed the user in and says whom;
//! the application is the host's own, so nobody is asked.

use std::error::Error;
use std::sync::{Arc, Mutex, PoisonError};

use axum::Router;
use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use oxide_auth::endpoint::{
    AccessTokenFlow, AuthorizationFlow, OwnerConsent, QueryParameter, RefreshFlow, ResourceFlow,
    Solicitation,
};
use oxide_auth::frontends::simple::endpoint::{FnSolicitor, Generic, Vacant};
use oxide_auth::frontends::simple::extensions::{AddonList, Extended, Pkce};
use oxide_auth::primitives::prelude::{
    AuthMap, Client, ClientMap, RandomGenerator, Scope, TokenMap,
};
use oxide_auth::primitives::registrar::{ExactUrl, RegisteredUrl};
use oxide_auth_axum::{OAuthRequest, OAuthResource, OAuthResponse, WebError};

type Host = Arc<Mutex<Stores>>;

struct Stores {
    registrar: ClientMap,
    authorizer: AuthMap<RandomGenerator>,
    issuer: TokenMap<RandomGenerator>,
    extensions: AddonList,
    needed: [Scope; 1],
}

/// `Generic` with PKCE, for one request.
macro_rules! endpoint {
    ($stores:expr, $solicitor:expr) => {
        Extended::extend_with(
            Generic {
                registrar: &$stores.registrar,
                authorizer: &mut $stores.authorizer,
                issuer: &mut $stores.issuer,
                solicitor: $solicitor,
                scopes: Vacant,
                response: OAuthResponse::default,
            },
            &mut $stores.extensions,
        )
    };
}

async fn authorize(
    State(host): State<Host>,
    headers: HeaderMap,
    request: OAuthRequest,
) -> Result<OAuthResponse, WebError> {
    let user = headers.get("x-user").and_then(|user| user.to_str().ok());
    let solicitor = FnSolicitor(|_: &mut OAuthRequest, _: Solicitation| match user {
        Some(user) => OwnerConsent::Authorized(user.to_owned()),
        None => OwnerConsent::Denied,
    });
    let stores = &mut *host.lock().unwrap_or_else(PoisonError::into_inner);
    let endpoint = endpoint!(stores, solicitor);
    Ok(AuthorizationFlow::prepare(endpoint)?.execute(request)?)
}

async fn token(State(host): State<Host>, request: OAuthRequest) -> Result<OAuthResponse, WebError> {
    let grant_type = request.body().and_then(|body| body.unique_value("grant_type"));
    let refreshes = grant_type.as_deref() == Some("refresh_token");
    let stores = &mut *host.lock().unwrap_or_else(PoisonError::into_inner);
    let endpoint = endpoint!(stores, Vacant);
    Ok(match refreshes {
        true => RefreshFlow::prepare(endpoint)?.execute(request)?,
        false => AccessTokenFlow::prepare(endpoint)?.execute(request)?,
    })
}

async fn reports(State(host): State<Host>, request: OAuthResource) -> Response {
    let stores = &mut *host.lock().unwrap_or_else(PoisonError::into_inner);
    let endpoint = Generic {
        registrar: Vacant,
        authorizer: Vacant,
        issuer: &mut stores.issuer,
        solicitor: Vacant,
        scopes: &stores.needed[..],
        response: OAuthResponse::default,
    };
    let mut flow = match ResourceFlow::<_, OAuthRequest>::prepare(endpoint) {
        Ok(flow) => flow,
        Err(error) => return WebError::from(error).into_response(),
    };
    match flow.execute(request.into()) {
        Ok(grant) => format!("the reports of {}", grant.owner_id).into_response(),
        Err(Ok(response)) => response.into_response(),
        Err(Err(error)) => WebError::from(error).into_response(),
    }
}

pub(crate) fn routes() -> Result<Router, Box<dyn Error>> {
    let callback = ExactUrl::new("https://dashboard.example/callback".to_owned())?;
    let scope: Scope = "reports.read".parse()?;
    let dashboard = Client::public("dashboard", RegisteredUrl::Exact(callback), scope.clone());
    let mut extensions = AddonList::new();
    extensions.push_code(Pkce::required());
    let stores = Stores {
        registrar: ClientMap::from_iter([dashboard]),
        authorizer: AuthMap::new(RandomGenerator::new(16)),
        issuer: TokenMap::new(RandomGenerator::new(16)),
        extensions,
        needed: [scope],
    };
    Ok(Router::new()
        .route("/authorize", get(authorize))
        .route("/token", post(token))
        .route("/reports", get(reports))
        .with_state(Arc::new(Mutex::new(stores))))
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    let routes = routes()?;
    axum::serve(tokio::net::TcpListener::bind("127.0.0.1:8080").await?, routes).await?;
    Ok(())
}
