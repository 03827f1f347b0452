//! The configured users, made the database's.

use std::sync::Arc;

use codegrant::{AuthorizationServer, Cause, ClientId, HostError, Subject};
use stores::{Account, Database};

use crate::application::StartError;
use crate::config::{Config, User};
use crate::departures::Departures;
use crate::passwords::Passwords;

/// Removes whom the configuration does not name any more, with all that they
/// allowed: whoever gets their name later must not inherit it, and the clients that
/// they are signed in to hear that they have left.
pub(crate) async fn dismiss(
    server: &AuthorizationServer,
    departures: &Departures,
    database: &dyn Database,
    subjects: &[Subject],
    config: &Config,
) -> Result<(), StartError> {
    let unfinished = |cause: Cause| StartError::Store(HostError::new(cause));
    for former in database.subjects().await.map_err(StartError::Store)? {
        if subjects.contains(&former) {
            continue;
        }
        database.end_sessions(&former).await.map_err(StartError::Store)?;
        departures.sign_out_everywhere(&former).await.map_err(unfinished)?;
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
pub(crate) async fn enrol(
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
