//! The server as one value: the configuration's parts put together.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;
use std::{fmt, io};

use axum::Router;
use codegrant::{
    AuthorizationServer, Cause, ClientId, Clock, CodeStore, ConfigError, Directory, Guard,
    HostError, Scope, Subject, SystemClock,
};
use stores::{Account, Database, Postgres, Redis, Sqlite};
use tokio::time::{MissedTickBehavior, interval};

use crate::config::{Config, Problem, Store, User};
use crate::form_token::FormTokens;
use crate::passwords::Passwords;
use crate::sessions::Sessions;
use crate::tries::Tries;
use crate::{doors, secret};

const SWEEP_EVERY: Duration = Duration::from_secs(300);

/// An authorization server with users, pages and a database. Cloning shares it.
#[derive(Clone)]
pub struct Application(Arc<Parts>);

/// What the doors need.
pub(crate) struct Parts {
    pub(crate) config: Config,
    pub(crate) server: AuthorizationServer,
    pub(crate) guard: Guard,
    pub(crate) resource_scope: Scope,
    pub(crate) database: Arc<dyn Database>,
    pub(crate) codes: Arc<dyn CodeStore>,
    pub(crate) directory: Arc<dyn Directory>,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) sessions: Arc<Sessions>,
    pub(crate) form_tokens: FormTokens,
    pub(crate) passwords: Passwords,
    pub(crate) tries: Tries,
    /// The issuer's path, without the slash at its end.
    pub(crate) path: String,
    pub(crate) listen: String,
    /// What users are called on pages.
    pub(crate) usernames: HashMap<Subject, String>,
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

    /// Reads the secrets again: the first seals from now on, all open. What
    /// cannot be read leaves everything as it is.
    pub fn reload_secrets(&self) -> Result<(), Problem> {
        self.0.server.rotate_secrets(&secret::load(&self.0.config.secret)?);
        Ok(())
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
        if checked.store.is_local() {
            secret::create_missing(&config.secret)?;
        }
        let secrets = secret::load(&config.secret)?;
        let database = open(&checked.store).await.map_err(StartError::Store)?;
        let passwords = Passwords::new(self.password_cost).await.map_err(StartError::Store)?;

        let clock: Arc<dyn Clock> = Arc::new(SystemClock);
        let clients = Arc::new(codegrant::memory::Clients::new(checked.clients));
        let codes = (self.wrap_codes)(database.clone());
        let directory = (self.wrap_directory)(database.clone());
        let sessions = Arc::new(Sessions {
            database: database.clone(),
            clock: clock.clone(),
            cookie: crate::cookie::Cookie::new("codegrant_session", &checked.path, checked.secure),
            lifetime: checked.login_lifetime,
        });
        let server = AuthorizationServer::builder(
            checked.issuer,
            secrets,
            clients,
            codes.clone(),
            sessions.clone(),
        )
        .policy(checked.policy)
        .consents(database.clone())
        .directory(directory.clone())
        .clock(clock.clone())
        .scopes_supported(checked.scopes)
        .build()?;
        dismiss(&server, &*database, &checked.subjects, &config).await?;
        enrol(&*database, &passwords, &checked.subjects, &config.users)
            .await
            .map_err(StartError::Store)?;
        let guard = server.guard().scope(checked.resource_scope.clone());
        let guard = match checked.audience {
            Some(audience) => guard.audience(audience),
            None => guard.any_audience(),
        };

        let names = config.users.iter().map(|user| user.username.clone());
        Ok(Application(Arc::new(Parts {
            guard,
            server,
            resource_scope: checked.resource_scope,
            database,
            codes,
            directory,
            clock,
            sessions,
            form_tokens: FormTokens::new(&checked.path, checked.secure),
            passwords,
            tries: Tries::default(),
            path: checked.path,
            listen: checked.listen,
            usernames: checked.subjects.into_iter().zip(names).collect(),
            config,
        })))
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

/// Removes whom the configuration does not name any more, with all that they
/// allowed: whoever gets their name later must not inherit it.
async fn dismiss(
    server: &AuthorizationServer,
    database: &dyn Database,
    subjects: &[Subject],
    config: &Config,
) -> Result<(), StartError> {
    let unfinished = |cause: Cause| StartError::Store(HostError::new(cause));
    for former in database.subjects().await.map_err(StartError::Store)? {
        if subjects.contains(&former) {
            continue;
        }
        server.revoke_all(&former).await.map_err(unfinished)?;
        for client in config.clients.iter().flat_map(|client| ClientId::parse(&*client.client_id)) {
            let allowed = database.consented(&former, &client).await.map_err(StartError::Store)?;
            if allowed.is_some() {
                server.withdraw_consent(&former, &client).await.map_err(unfinished)?;
            }
        }
        database.remove_account(&former).await.map_err(StartError::Store)?;
    }
    Ok(())
}

/// Makes the configured users the database's users.
async fn enrol(
    database: &dyn Database,
    passwords: &Passwords,
    subjects: &[Subject],
    users: &[User],
) -> Result<(), HostError> {
    for (subject, user) in subjects.iter().zip(users) {
        let known = codegrant::User::new()
            .with_roles(&user.roles)
            .with_permissions(&user.permissions)
            .with_claims(user.claims.clone());
        let account = Account {
            subject: subject.clone(),
            username: user.username.clone(),
            password_hash: passwords.hash(&user.password).await?,
            user: Arc::new(known),
        };
        database.put_account(account).await?;
    }
    Ok(())
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
