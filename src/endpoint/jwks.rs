//! The keys that tokens are verified by (RFC 7517 section 5).

use super::service::Service;
use crate::answer::{self, Response};

/// The published keys, where they are offered. The type is plain JSON, which
/// every client reads; some refuse the key set's own, `application/jwk-set+json`.
pub(crate) fn jwks(service: &Service) -> Response {
    match &service.provider {
        Some(provider) => {
            answer::document_for(provider.keys.jwks().to_string(), provider.jwks_max_age)
        }
        None => answer::not_offered(),
    }
}
