//! The seams: all that a host implements, and the null objects that stand in
//! for what it does not.

mod clients;
mod clock;
mod codes;
mod consents;
mod directory;
mod entropy;
mod error;
mod http_client;
mod replays;
#[cfg(feature = "openid")]
mod signer;
mod users;

pub use clients::{ClientStore, SecretVerifier, Sha256Secrets};
pub use clock::{Clock, SystemClock};
pub use codes::CodeStore;
pub use consents::{ConsentStore, NoConsents};
pub use directory::{Directory, NoDirectory};
pub use entropy::{Entropy, SystemEntropy};
pub use error::HostError;
pub use http_client::HttpClient;
pub use replays::ReplayCache;
#[cfg(feature = "openid")]
pub use signer::Signer;
pub use users::{InExtensions, UserAuthenticator};
