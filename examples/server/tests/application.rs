//! The server as a value in another program.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use async_trait::async_trait;
use codegrant::{Directory, HostError, Subject, User};
use server::{Application, Config, Secret, StartError};

fn config(directory: &Path) -> Config {
    Config {
        store: format!("sqlite:{}", directory.join("test.db").display()),
        secret: Secret::File(directory.join("secret")),
        signing_keys: Some(vec![directory.join("rs256.pem")]),
        ..Config::default()
    }
}

async fn build(config: Config) -> Application {
    let cheap = argon2::Params::new(argon2::Params::MIN_M_COST, 1, 1, None).unwrap();
    Application::builder(config).password_cost(cheap).build().await.unwrap()
}

async fn knows(application: &Application, subject: &str) -> bool {
    let subject = Subject::parse(subject).unwrap();
    application.directory().user(&subject).await.unwrap().is_some()
}

#[tokio::test]
async fn the_configured_users_are_the_databases_users_and_a_removed_one_is_gone() {
    let directory = tempfile::tempdir().unwrap();
    let mut config = config(directory.path());
    let application = build(config.clone()).await;
    assert!(knows(&application, "alice").await && knows(&application, "bob").await);

    config.users.retain(|user| user.username == "alice");
    for user in &mut config.users {
        user.claims.insert("sub".into(), "user-1".into());
    }
    let application = build(config).await;
    assert!(knows(&application, "user-1").await);
    assert!(!knows(&application, "alice").await && !knows(&application, "bob").await);
}

struct Counting(Arc<dyn Directory>, Arc<AtomicUsize>);

#[async_trait]
impl Directory for Counting {
    async fn user(&self, subject: &Subject) -> Result<Option<Arc<User>>, HostError> {
        self.1.fetch_add(1, Ordering::SeqCst);
        self.0.user(subject).await
    }
}

#[tokio::test]
async fn a_host_wraps_a_seam_around_the_one_that_is_there() {
    let directory = tempfile::tempdir().unwrap();
    let asked = Arc::new(AtomicUsize::new(0));
    let count = asked.clone();
    let application = Application::builder(config(directory.path()))
        .wrap_directory(|inner| Arc::new(Counting(inner, count)))
        .build()
        .await
        .unwrap();
    assert!(knows(&application, "alice").await);
    assert_eq!(asked.load(Ordering::SeqCst), 1);
}

#[tokio::test]
async fn what_keeps_a_server_from_starting_is_said() {
    let directory = tempfile::tempdir().unwrap();
    let wrong = Config { issuer: "x".into(), store: "y".into(), ..config(directory.path()) };
    let said = Application::new(wrong).await.err().unwrap().to_string();
    assert!(said.contains("issuer: ") && said.contains("\nstore: "), "{said}");
    let elsewhere = Config { store: "sqlite:/nowhere/x.db".into(), ..config(directory.path()) };
    let refused = Application::new(elsewhere).await.err().unwrap();
    assert!(matches!(refused, StartError::Store(_)), "{refused}");
    assert!(refused.to_string().contains("/nowhere/x.db"), "{refused}");
}
