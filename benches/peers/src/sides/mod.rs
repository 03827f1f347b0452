//! The sides, one file each.

mod codegrant;
mod oauth_as;
mod oxide_auth;
mod ready;

pub use codegrant::Codegrant;
pub use oauth_as::OauthAs;
pub use oxide_auth::OxideAuth;
