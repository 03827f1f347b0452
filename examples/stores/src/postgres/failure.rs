//! What it means that a statement failed.

use std::error::Error as _;
use std::fmt;

use tokio_postgres::Error;
use tokio_postgres::error::{DbError, Severity, SqlState};

/// Why a statement has no result.
#[derive(Debug)]
pub(super) enum Failure {
    /// The server undid it because of what others did at the same time.
    Conflict(String),
    /// The server answered something else, and listens on.
    Refused(String),
    /// The connection is of no more use. Nobody knows whether the statement
    /// was carried out, or will be.
    Lost(String),
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        let reason = explain(&error);
        match error.as_db_error() {
            Some(answer) if is_conflict(answer.code()) => Self::Conflict(reason),
            Some(answer) if is_stale(answer.code()) => Self::Lost(reason),
            Some(answer) if answer.parsed_severity() == Some(Severity::Error) => {
                Self::Refused(reason)
            }
            _ => Self::Lost(reason),
        }
    }
}

/// Class 40 of SQLSTATE also has "statement completion unknown" (40003), which
/// is none.
fn is_conflict(code: &SqlState) -> bool {
    [SqlState::T_R_SERIALIZATION_FAILURE, SqlState::T_R_DEADLOCK_DETECTED].contains(code)
}

/// Another connection would fare better: a table has changed under a prepared
/// statement, a pooler has forgotten it, or the server takes no writes any more.
fn is_stale(code: &SqlState) -> bool {
    [
        SqlState::FEATURE_NOT_SUPPORTED,
        SqlState::INVALID_SQL_STATEMENT_NAME,
        SqlState::READ_ONLY_SQL_TRANSACTION,
    ]
    .contains(code)
}

impl std::error::Error for Failure {}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (Self::Conflict(reason) | Self::Refused(reason) | Self::Lost(reason)) = self;
        write!(f, "PostgreSQL: {reason}")
    }
}

/// An error with its reasons, in one line. The server's details are left out:
/// they quote rows.
pub(super) fn explain(error: &Error) -> String {
    if let Some(answer) = error.as_db_error() {
        return format!("{} ({})", DbError::message(answer), answer.code().code());
    }
    let reason = error.source().map(|reason| format!(": {reason}"));
    format!("{error}{}", reason.unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_the_server_certainly_undid_may_be_sent_again() {
        for undone in ["40001", "40P01"] {
            assert!(is_conflict(&SqlState::from_code(undone)), "{undone}");
        }
        for other in ["40003", "40000", "57014", "57P01", "08006", "23505"] {
            assert!(!is_conflict(&SqlState::from_code(other)), "{other}");
        }
    }

    #[test]
    fn what_another_connection_would_do_is_no_reason_to_keep_this_one() {
        for stale in ["0A000", "26000", "25006"] {
            assert!(is_stale(&SqlState::from_code(stale)), "{stale}");
        }
        for refused in ["23505", "23503", "57014", "40001"] {
            assert!(!is_stale(&SqlState::from_code(refused)), "{refused}");
        }
    }
}
