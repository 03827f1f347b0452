//! The server as one value: the configuration's parts put together.

use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;
use std::{fmt, io};

use axum::Router;
use codegrant::{
    AuthorizationServer, Clock, CodeStore, ConfigError, Directory, Guard, HostError, KeySet,
    PairwiseSalt, Provider, Resource, Scope, SecretRing, Subject, SystemClock,
};
use stores::{Database, Postgres, Redis, Sqlite};
use tokio::time::{MissedTickBehavior, interval};

use crate::config::{Checked, Config, Problem, Store};
use crate::departures::Departures;
use crate::form_token::FormTokens;
use crate::metrics::{self, Metrics};
use crate::passwords::Passwords;
use crate::secret::{PAIRWISE_SALT, SECRET};
use crate::sessions::Sessions;
use crate::tries::Tries;
use crate::{doors, people, secret, signing_keys};

const SWEEP_EVERY: Duration = Duration::from_secs(300);

/// An authorization server with users, pages and a database. Cloning shares it.
#[derive(Clone)]
pub struct Application(Arc<Parts>);

/// What the doors need.
pub(crate) struct Parts {
    pub(crate) config: Config,
    pub(crate) server: AuthorizationServer,
    /// What it signs with, if it is an OpenID Connect provider.
    keys: Option<KeySet>,
    signing_keys: Vec<PathBuf>,
    pub(crate) guard: Guard,
    pub(crate) resource_scope: Scope,
    pub(crate) database: Arc<dyn Database>,
    pub(crate) codes: Arc<dyn CodeStore>,
    pub(crate) directory: Arc<dyn Directory>,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) sessions: Arc<Sessions>,
    pub(crate) departures: Departures,
    pub(crate) form_tokens: FormTokens,
    pub(crate) passwords: Passwords,
    pub(crate) tries: Tries,
    pub(crate) client_tries: Tries,
    metrics: Arc<Metrics>,
    /// The issuer's path, without the slash at its end.
    pub(crate) path: String,
    pub(crate) listen: String,
    usernames: HashMap<Subject, String>,
}

impl Parts {
    /// What `subject` is called on pages.
    pub(crate) fn username<'p>(&'p self, subject: &'p Subject) -> &'p str {
        self.usernames.get(subject).map_or(subject.as_str(), String::as_str)
    }
}

/// Why a server cannot start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The configuration is wrong.
    #[error("{}", Lines(.0))]
    Config(Vec<Problem>),
    /// The database cannot be used.
    #[error("store: {0}")]
    Store(HostError),
    /// Nothing can be sent to clients.
    #[error("http client: {0}")]
    Http(HostError),
    /// The library refuses the configuration.
    #[error(transparent)]
    Server(#[from] ConfigError),
    /// The address cannot be listened on.
    #[error("listen: {address}: {error}")]
    Listen {
        /// As it is configured.
        address: String,
        /// What the system says.
        error: io::Error,
    },
}

impl From<Problem> for StartError {
    fn from(problem: Problem) -> Self {
        Self::Config(vec![problem])
    }
}

type Wrap<Seam> = Box<dyn FnOnce(Arc<Seam>) -> Arc<Seam> + Send>;

/// An application in the making.
#[must_use]
pub struct Builder {
    config: Config,
    password_cost: argon2::Params,
    wrap_codes: Wrap<dyn CodeStore>,
    wrap_directory: Wrap<dyn Directory>,
}

impl Application {
    /// The server that `config` describes.
    pub async fn new(config: Config) -> Result<Self, StartError> {
        Self::builder(config).build().await
    }

    /// Starts to put a server together, for hosts that wrap its seams.
    pub fn builder(config: Config) -> Builder {
        Builder {
            config,
            password_cost: argon2::Params::default(),
            wrap_codes: Box::new(|codes| codes),
            wrap_directory: Box::new(|directory| directory),
        }
    }

    /// All its paths, below the issuer's.
    pub fn router(&self) -> Router {
        doors::router(&self.0)
    }

    /// `/metrics`, which is kept apart from what everybody may see.
    pub fn metrics_router(&self) -> Router {
        metrics::router(&self.0.metrics)
    }

    /// The protocol itself.
    #[must_use]
    pub fn server(&self) -> &AuthorizationServer {
        &self.0.server
    }

    /// What protects resources in this process.
    #[must_use]
    pub fn guard(&self) -> Guard {
        self.0.guard.clone()
    }

    /// The users' roles and permissions.
    #[must_use]
    pub fn directory(&self) -> Arc<dyn Directory> {
        self.0.directory.clone()
    }

    /// What it was made from.
    #[must_use]
    pub fn config(&self) -> &Config {
        &self.0.config
    }

    /// The address and port to listen on.
    #[must_use]
    pub fn listen(&self) -> &str {
        &self.0.listen
    }

    /// Reads the secrets and the signing keys again: the first of each seals or
    /// signs from now on, all open or are published. What cannot be read leaves
    /// everything as it is.
    pub fn reload_secrets(&self) -> Result<(), Problem> {
        let secrets = secret::load(&self.0.config.secret)?;
        if let Some(keys) = &self.0.keys {
            signing_keys::rotate(keys, &self.0.signing_keys)?;
        }
        self.0.server.rotate_secrets(&secrets);
        Ok(())
    }

    /// Waits until those who have just signed out have left, and their clients have
    /// heard of it, but not for long.
    pub async fn close(&self) {
        self.0.departures.close().await;
    }

    /// Forgets what expired, now and every few minutes, for ever.
    pub async fn sweep(&self) {
        let mut round = interval(SWEEP_EVERY);
        round.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            round.tick().await;
            let now = self.0.clock.now();
            let grants = self.0.codes.sweep(now).await;
            let sessions = self.0.database.sweep_sessions(now).await;
            match (grants, sessions) {
                (Ok(0), Ok(0)) => {}
                (Ok(grants), Ok(sessions)) => tracing::info!(grants, sessions, "swept"),
                (Err(error), _) | (_, Err(error)) => tracing::error!(%error, "cannot sweep"),
            }
        }
    }
}

impl Builder {
    /// How much work a password takes, in place of 19 MiB and two passes. An
    /// attacker who stole the hashes pays the same for each guess.
    pub fn password_cost(mut self, cost: argon2::Params) -> Self {
        self.password_cost = cost;
        self
    }

    /// Puts something of the host's around the store of grants.
    pub fn wrap_codes(
        mut self,
        wrap: impl FnOnce(Arc<dyn CodeStore>) -> Arc<dyn CodeStore> + Send + 'static,
    ) -> Self {
        self.wrap_codes = Box::new(wrap);
        self
    }

    /// Puts something of the host's around the users' roles and permissions.
    pub fn wrap_directory(
        mut self,
        wrap: impl FnOnce(Arc<dyn Directory>) -> Arc<dyn Directory> + Send + 'static,
    ) -> Self {
        self.wrap_directory = Box::new(wrap);
        self
    }

    /// Opens the database, brings the users into it, and judges the whole.
    pub async fn build(self) -> Result<Application, StartError> {
        let config = self.config;
        let checked = config.check().map_err(StartError::Config)?;
        let material = Material::read(&config, &checked)?;
        let provider = material.provider(&config);
        let database = open(&checked.store).await.map_err(StartError::Store)?;
        let passwords = Passwords::new(self.password_cost).await.map_err(StartError::Store)?;

        let clock: Arc<dyn Clock> = Arc::new(SystemClock);
        let codes = (self.wrap_codes)(database.clone());
        let directory = (self.wrap_directory)(database.clone());
        let sessions = Sessions::new(database.clone(), clock.clone(), &checked);
        let sessions = Arc::new(sessions.map_err(StartError::Store)?);
        let metrics = Arc::new(Metrics::new());
        let server = AuthorizationServer::builder(
            checked.issuer,
            material.secrets,
            Arc::new(codegrant::memory::Clients::new(checked.clients)),
            codes.clone(),
            sessions.clone(),
        )
        .policy(checked.policy)
        .consents(database.clone())
        .directory(directory.clone())
        .clock(clock.clone())
        .observer(metrics.clone())
        .scopes_supported(checked.scopes)
        .acr_values_supported([sessions.acr().clone()]);
        let server = match provider {
            Some(provider) => server.openid(provider).build()?,
            None => server.build()?,
        };
        let departures = Departures::new(server.clone()).map_err(StartError::Http)?;
        people::dismiss(&server, &departures, &*database, &checked.subjects, &config).await?;
        people::enrol(&*database, &passwords, &checked.subjects, &config.users)
            .await
            .map_err(StartError::Store)?;

        let names = config.users.iter().map(|user| user.username.clone());
        Ok(Application(Arc::new(Parts {
            guard: guard(&server, &checked.resource_scope, checked.audience),
            server,
            keys: material.keys,
            signing_keys: checked.signing_keys,
            resource_scope: checked.resource_scope,
            database,
            codes,
            directory,
            clock,
            sessions,
            departures,
            form_tokens: FormTokens::new(&checked.path, checked.secure),
            passwords,
            tries: Tries::to_sign_in(),
            client_tries: Tries::of_clients(),
            metrics,
            path: checked.path,
            listen: checked.listen,
            usernames: checked.subjects.into_iter().zip(names).collect(),
            config,
        })))
    }
}

/// What the server seals and signs with.
struct Material {
    secrets: SecretRing,
    /// None, unless it is an OpenID Connect provider.
    keys: Option<KeySet>,
    pairwise_salt: Option<PairwiseSalt>,
}

impl Material {
    /// Reads the files, and creates what is missing: a secret only where no other
    /// machine shares the store and would have to know it.
    fn read(config: &Config, checked: &Checked) -> Result<Self, Problem> {
        if checked.store.is_local() {
            secret::create_missing(SECRET, &config.secret)?;
            if let Some(salt) = &config.pairwise_salt {
                secret::create_missing(PAIRWISE_SALT, salt)?;
            }
        }
        signing_keys::create_missing(&checked.signing_keys, &checked.store)?;
        Ok(Self {
            secrets: secret::load(&config.secret)?,
            keys: signing_keys::load(&checked.signing_keys)?,
            pairwise_salt: config
                .pairwise_salt
                .as_ref()
                .map(secret::load_pairwise_salt)
                .transpose()?,
        })
    }

    /// What makes it an OpenID Connect provider, with the claims that its scopes
    /// release.
    fn provider(&self, config: &Config) -> Option<Provider> {
        let provider = Provider::new(self.keys.clone()?).names_sessions();
        let scopes = config.scopes.iter().filter(|(_, scope)| !scope.claims.is_empty());
        let provider = scopes
            .fold(provider, |provider, (name, scope)| provider.scope_claims(name, &scope.claims));
        Some(match &self.pairwise_salt {
            Some(salt) => provider.pairwise_salt(salt.clone()),
            None => provider,
        })
    }
}

/// What protects `/resource`.
fn guard(server: &AuthorizationServer, scope: &Scope, audience: Option<Resource>) -> Guard {
    let guard = server.guard().scope(scope.clone());
    match audience {
        Some(audience) => guard.audience(audience),
        None => guard.any_audience(),
    }
}

async fn open(store: &Store) -> Result<Arc<dyn Database>, HostError> {
    Ok(match store {
        Store::Memory => Arc::new(Sqlite::in_memory()?),
        Store::Sqlite(path) => Arc::new(Sqlite::open(path)?),
        Store::Postgres(url) => Arc::new(Postgres::open(url).await?),
        Store::Redis(url) => Arc::new(Redis::open(url).await?),
    })
}

/// One problem a line.
struct Lines<'p>(&'p [Problem]);

impl fmt::Display for Lines<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, problem) in self.0.iter().enumerate() {
            let end = if index == 0 { "" } else { "\n" };
            write!(f, "{end}{problem}")?;
        }
        Ok(())
    }
}
