//! The user data and policy database.

use std::sync::Arc;

use async_trait::async_trait;

use super::HostError;
use crate::model::identity::Subject;
use crate::model::user::User;

/// What users may do themselves, beyond what they allowed an application, and what
/// applications may be told of them as far as they allow it. Optional: with
/// [`NoDirectory`] everybody exists, has no permissions, and nothing is told.
#[async_trait]
pub trait Directory: Send + Sync {
    /// The roles, permissions and claims of `subject` as they are now; `None` if
    /// the user is gone for good: at the next refresh, check or introspection
    /// their grant is ended and does not come back. A replica that lags, or an outage
    /// of a part, must answer with an error instead.
    async fn user(&self, subject: &Subject) -> Result<Option<Arc<User>>, HostError>;
}

/// Knows nothing of anybody.
#[derive(Clone, Debug, Default)]
pub struct NoDirectory(Arc<User>);

#[async_trait]
impl Directory for NoDirectory {
    async fn user(&self, _: &Subject) -> Result<Option<Arc<User>>, HostError> {
        Ok(Some(self.0.clone()))
    }
}
