//! The same events for whoever collects traces. What names a grant or a user is
//! hashed: lines belong together, and a name cannot be read off them, though who
//! guesses it can recognize it.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sha2::{Digest, Sha256};
use tracing::{Span, error, info, info_span, warn};

use super::{Endpoint, Event};
use crate::cause::Cause;
use crate::grant::Grant;

/// How much of a hash tells ids apart.
const DIGITS: usize = 16;

pub(super) fn span(endpoint: Endpoint) -> Span {
    info_span!("codegrant", endpoint = endpoint.as_str())
}

pub(super) fn event(event: &Event<'_>) {
    let what = event.name();
    match *event {
        Event::CodeIssued(grant)
        | Event::CodeRedeemed(grant)
        | Event::Refreshed(grant)
        | Event::GrantEnded(grant) => {
            let client = grant.client().as_str();
            info!(client, grant = id(grant), user = user(grant), "{what}");
        }
        Event::CodeReplayed(grant) | Event::RefreshTokenReplayed(grant) => {
            let client = grant.client().as_str();
            warn!(client, grant = id(grant), user = user(grant), "{what}");
        }
        Event::ClientAuthenticationFailed { client, error } => {
            warn!(client = client.as_str(), %error, "{what}");
        }
        Event::Refused { cause, .. } => {
            let code = cause.code().as_str();
            match cause {
                Cause::Host(_) | Cause::Contention | Cause::NoPairwiseSalt => {
                    error!(code, %cause, "{what}");
                }
                _ => info!(code, %cause, "{what}"),
            }
        }
    }
}

fn id(grant: &Grant) -> String {
    hashed(grant.id().as_bytes())
}

fn user(grant: &Grant) -> String {
    hashed(grant.subject().as_str().as_bytes())
}

fn hashed(name: &[u8]) -> String {
    let mut text = URL_SAFE_NO_PAD.encode(Sha256::digest(name));
    text.truncate(DIGITS);
    text
}
