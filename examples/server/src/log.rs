//! One line a decision. No line holds a secret, a query, or what somebody typed
//! into a form: people type passwords into the wrong field.

use std::path::Path;

use axum::http::StatusCode;
use codegrant::{Cause, ClientId, Subject, Undelivered};

use crate::config::Client;

/// What was answered at `door`, and why it is not what was asked for.
pub(crate) fn answer(door: &str, status: StatusCode, cause: Option<&Cause>) {
    let status = status.as_u16();
    match cause {
        None => tracing::info!(door, status, "answered"),
        Some(cause @ (Cause::Host(_) | Cause::Contention)) => {
            tracing::error!(door, status, %cause, "failed");
        }
        Some(cause) => {
            tracing::info!(door, status, error = cause.code().as_str(), %cause, "refused");
        }
    }
}

/// How a try to sign in ended, and who is signed in now.
pub(crate) fn sign_in(status: StatusCode, subject: Option<&Subject>, outcome: &'static str) {
    let (status, subject) = (status.as_u16(), subject.map(Subject::as_str));
    tracing::info!(door = "login", status, subject, "{outcome}");
}

/// What a user did on their own page.
pub(crate) fn account(subject: &Subject, client: Option<&ClientId>, outcome: &'static str) {
    let (subject, client) = (subject.as_str(), client.map(ClientId::as_str));
    tracing::info!(door = "account", subject, client, "{outcome}");
}

/// A key that was drawn for a store which other machines use too.
pub(crate) fn drawn(key: &Path) {
    let file = key.display();
    tracing::warn!(%file, "was created: every machine on this store needs this very file");
}

/// Clients that need not prove who they are, although nobody said so.
pub(crate) fn unproven(clients: &[Client]) {
    for client in clients.iter().filter(|client| client.is_public_unsaid()) {
        let client = &client.client_id;
        let why = "it has no client_secret, and no token_endpoint_auth_method \"none\"";
        tracing::warn!(client, "is public: {why}");
    }
}

/// A sign-out that an error broke off, and that is tried again.
pub(crate) fn unfinished(subject: &Subject, cause: &Cause) {
    let subject = subject.as_str();
    tracing::error!(subject, %cause, "a sign-out broke off, and is tried again");
}

/// A sign-out that no more try is made for: tokens of the session live on.
pub(crate) fn given_up(subject: &Subject, cause: &Cause) {
    let subject = subject.as_str();
    tracing::error!(subject, %cause, "a sign-out was given up");
}

/// Whether a client has heard that its user has signed out.
pub(crate) fn notice(client: &ClientId, fault: Option<&Undelivered>) {
    let client = client.as_str();
    match fault {
        None => tracing::info!(client, "has heard of a sign-out"),
        Some(fault) => tracing::error!(client, %fault, "has not heard of a sign-out"),
    }
}
