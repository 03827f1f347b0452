//! One line a decision. No line holds a secret, a query, or what somebody typed
//! into a form: people type passwords into the wrong field.

use axum::http::StatusCode;
use codegrant::Cause;

/// What was answered at `door`, and why it is not what was asked for.
pub(crate) fn answer(door: &'static str, status: StatusCode, cause: Option<&Cause>) {
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
