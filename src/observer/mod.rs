//! What happens, told to the host as it happens.

#[cfg(feature = "tracing")]
mod trace;

use std::fmt;
use std::sync::Arc;

use crate::cause::Cause;
use crate::grant::Grant;
use crate::model::identity::ClientId;
use crate::request::ClientAuthError;

/// Is told what happens, for audit logs, metrics and rate limits.
///
/// ```
/// use std::sync::atomic::{AtomicU64, Ordering};
/// use codegrant::{Event, Observer};
///
/// #[derive(Default)]
/// struct Metrics {
///     signed_in: AtomicU64,
///     replayed: AtomicU64,
/// }
///
/// impl Observer for Metrics {
///     fn observe(&self, event: &Event<'_>) {
///         match event {
///             Event::CodeRedeemed(_) => self.signed_in.fetch_add(1, Ordering::Relaxed),
///             Event::CodeReplayed(_) | Event::RefreshTokenReplayed(_) => {
///                 self.replayed.fetch_add(1, Ordering::Relaxed)
///             }
///             _ => 0,
///         };
///     }
/// }
/// ```
pub trait Observer: Send + Sync {
    /// Called in the request's own task, before its answer leaves: what takes
    /// long is to be handed on.
    fn observe(&self, event: &Event<'_>);
}

/// What happened. Grants are told of once they are written, and as they then are.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub enum Event<'e> {
    /// A user allowed a client what it asked, and a code is on its way to it.
    CodeIssued(&'e Grant),
    /// The code came back, and tokens were issued for it.
    CodeRedeemed(&'e Grant),
    /// The code came back once more: somebody else has it, and the grant was
    /// ended (RFC 6749 section 4.1.2).
    CodeReplayed(&'e Grant),
    /// Tokens were issued for a refresh token.
    Refreshed(&'e Grant),
    /// A refresh token came back that had been replaced: somebody else has it, and
    /// the grant was ended (RFC 9700 section 4.14.2).
    RefreshTokenReplayed(&'e Grant),
    /// The client gave its tokens back, or the user, or the host, took them: they
    /// are worth nothing any more.
    GrantEnded(&'e Grant),
    /// Somebody called as this client and could not prove it; or the client, which
    /// there may not be, does not have the method.
    ClientAuthenticationFailed {
        /// Who they said they are.
        client: &'e ClientId,
        /// What was wrong.
        error: &'e ClientAuthError,
    },
    /// A request did not get what it asked for.
    Refused {
        /// Where it was made.
        endpoint: Endpoint,
        /// Why.
        cause: &'e Cause,
    },
}

impl Event<'_> {
    /// As logs and metrics may name it: `code_issued`, `code_redeemed`,
    /// `code_replayed`, `refreshed`, `refresh_token_replayed`, `grant_ended`,
    /// `client_authentication_failed`, `refused`.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        match self {
            Self::CodeIssued(_) => "code_issued",
            Self::CodeRedeemed(_) => "code_redeemed",
            Self::CodeReplayed(_) => "code_replayed",
            Self::Refreshed(_) => "refreshed",
            Self::RefreshTokenReplayed(_) => "refresh_token_replayed",
            Self::GrantEnded(_) => "grant_ended",
            Self::ClientAuthenticationFailed { .. } => "client_authentication_failed",
            Self::Refused { .. } => "refused",
        }
    }
}

/// Where a request was made. The pages between belong to the endpoint that
/// showed them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
#[allow(missing_docs, reason = "their names are their definitions in the RFCs")]
pub enum Endpoint {
    Authorization,
    Token,
    Introspection,
    Revocation,
    UserInfo,
    EndSession,
}

impl Endpoint {
    /// As logs and metrics may name it: `authorization`, `token`, `introspection`,
    /// `revocation`, `userinfo`, `end_session`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Authorization => "authorization",
            Self::Token => "token",
            Self::Introspection => "introspection",
            Self::Revocation => "revocation",
            Self::UserInfo => "userinfo",
            Self::EndSession => "end_session",
        }
    }
}

/// Whoever is told, if anybody is.
#[derive(Clone, Default)]
pub(crate) struct Audit(Option<Arc<dyn Observer>>);

impl Audit {
    pub(crate) fn by(observer: Arc<dyn Observer>) -> Self {
        Self(Some(observer))
    }

    pub(crate) fn tell(&self, event: Event<'_>) {
        #[cfg(feature = "tracing")]
        trace::event(&event);
        if let Some(observer) = &self.0 {
            observer.observe(&event);
        }
    }
}

/// Around all that one request does: whoever collects traces sees it as one.
pub(crate) struct Around {
    #[cfg(feature = "tracing")]
    span: tracing::Span,
}

impl Around {
    #[cfg_attr(not(feature = "tracing"), expect(unused_variables, reason = "nobody is told"))]
    pub(crate) fn request(endpoint: Endpoint) -> Self {
        Self {
            #[cfg(feature = "tracing")]
            span: trace::span(endpoint),
        }
    }

    pub(crate) fn run<T>(&self, work: impl FnOnce() -> T) -> T {
        #[cfg(feature = "tracing")]
        let _entered = self.span.enter();
        work()
    }
}

impl fmt::Display for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
