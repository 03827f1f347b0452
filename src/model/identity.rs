//! Who is meant: clients, users, sessions and grants by their names; and the
//! names of how users signed in.

use std::fmt;
use std::sync::Arc;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::{Deserialize, Serialize};

use super::base64url;

/// A name that is empty, longer than 255 characters, or not printable ASCII.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{noun} must be 1 to 255 printable ASCII characters")]
pub struct NameError {
    noun: &'static str,
}

macro_rules! name {
    ($(#[$doc:meta])* $name:ident, $noun:literal) => {
        $(#[$doc])*
        ///
        /// 1 to 255 printable ASCII characters; cloning shares them.
        #[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(try_from = "Arc<str>")]
        pub struct $name(Arc<str>);

        impl $name {
            /// Takes the name over if it is well-formed.
            pub fn parse(name: impl Into<Arc<str>>) -> Result<Self, NameError> {
                let name = name.into();
                if is_name(&name) { Ok(Self(name)) } else { Err(NameError { noun: $noun }) }
            }

            /// The name as it goes over the wire.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl TryFrom<Arc<str>> for $name {
            type Error = NameError;

            fn try_from(name: Arc<str>) -> Result<Self, NameError> {
                Self::parse(name)
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }
    };
}

name! {
    /// A client's identifier (RFC 6749 section 2.2). Not a secret.
    ClientId, "client_id"
}

name! {
    /// A user, by a name that is never given to another user: `sub` in every
    /// token (OpenID Connect Core section 2). Not an e-mail address, unless
    /// yours are never reassigned.
    Subject, "subject"
}

name! {
    /// One session of one user on one browser; it keeps its name when the same
    /// user proves anew who they are. It may appear in logs, so it is never the
    /// value of the session cookie itself. Drawn at random: what each client
    /// calls the session (`sid`) is a hash of it, and must not be guessed.
    SessionId, "session id"
}

name! {
    /// An authentication context class: how sure a sign-in makes one of who it
    /// is, such as `urn:mace:incommon:iap:silver` (`acr`, OpenID Connect Core
    /// section 2).
    Acr, "acr"
}

name! {
    /// A way in which a user proved who they are, such as `pwd` or `otp`
    /// (`amr`, RFC 8176).
    Amr, "amr"
}

fn is_name(name: &str) -> bool {
    (1..=255).contains(&name.len()) && name.bytes().all(|byte| (0x20..=0x7e).contains(&byte))
}

/// A grant's identifier: 128 random bits. It names a record and opens nothing.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct GrantId(#[serde(with = "base64url")] [u8; 16]);

impl GrantId {
    /// The identifier with these bits.
    #[must_use]
    pub const fn from_bytes(bytes: [u8; 16]) -> Self {
        Self(bytes)
    }

    /// The bits, for a store that keeps them as a column.
    #[must_use]
    pub const fn as_bytes(&self) -> &[u8; 16] {
        &self.0
    }
}

impl fmt::Display for GrantId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&URL_SAFE_NO_PAD.encode(self.0))
    }
}

impl fmt::Debug for GrantId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "GrantId({self})")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_1_to_255_printable_ascii_characters() {
        for good in ["a", "s6BhdRkqt3", "with space", &"x".repeat(255)] {
            assert_eq!(ClientId::parse(good).unwrap().as_str(), good);
        }
        for bad in ["", "line\nbreak", "nul\0", "ünïcode", "\u{7f}", &"x".repeat(256)] {
            assert!(ClientId::parse(bad).is_err(), "{bad:?}");
        }
    }

    #[test]
    fn a_stored_name_is_judged_again_when_it_is_read() {
        assert!(serde_json::from_str::<Subject>("\"alice\"").is_ok());
        assert!(serde_json::from_str::<Subject>("\"\"").is_err());
    }

    #[test]
    fn a_grants_identifier_prints_as_what_it_is_and_as_its_bits() {
        let id = GrantId::from_bytes([0xff; 16]);
        assert_eq!(
            (id.to_string(), format!("{id:?}")),
            ("_".repeat(21) + "w", format!("GrantId({id})"))
        );
    }
}
