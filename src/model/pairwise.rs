//! Pairwise subjects: names of users that only one sector knows (OpenID Connect
//! Core section 8.1).

use std::fmt;
use std::sync::Arc;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use zeroize::Zeroizing;

use super::identity::Subject;
use super::sector::Sector;

/// What users' names for pairwise clients are derived with: at least 256 random
/// bits, which all nodes share. It does not print and is wiped when dropped;
/// cloning shares it.
///
/// It never changes, whatever becomes of server secrets and signing keys: with
/// another one every pairwise client would take every user for somebody new. Who
/// learns it can tell which users of two clients are the same.
#[derive(Clone)]
pub struct PairwiseSalt(Arc<Zeroizing<Vec<u8>>>);

/// A salt that could be guessed, or is not base64url.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a pairwise salt is at least 32 random bytes, in base64url")]
pub struct WeakSalt;

impl PairwiseSalt {
    /// The salt with these bytes.
    pub fn new(bytes: impl Into<Vec<u8>>) -> Result<Self, WeakSalt> {
        let bytes = Zeroizing::new(bytes.into());
        if bytes.len() >= 32 { Ok(Self(Arc::new(bytes))) } else { Err(WeakSalt) }
    }

    /// The salt that a configuration spells in base64url without padding.
    pub fn from_base64url(text: &str) -> Result<Self, WeakSalt> {
        Self::new(URL_SAFE_NO_PAD.decode(text).map_err(|_| WeakSalt)?)
    }

    /// What the clients of `sector` call `user`. The sector's length comes first,
    /// so that no other pair reads alike. There always is a name: 43 characters
    /// are one.
    pub(crate) fn name(&self, sector: &Sector, user: &Subject) -> Option<Subject> {
        let sector = sector.as_str().as_bytes();
        let length = u64::try_from(sector.len()).ok()?;
        let mac = Hmac::<Sha256>::new_from_slice(&self.0)
            .ok()?
            .chain_update(length.to_be_bytes())
            .chain_update(sector)
            .chain_update(user.as_str());
        Subject::parse(URL_SAFE_NO_PAD.encode(mac.finalize().into_bytes())).ok()
    }
}

impl fmt::Debug for PairwiseSalt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PairwiseSalt(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn name(salt: u8, sector: &str, user: &str) -> String {
        let salt = PairwiseSalt::new([salt; 32]).unwrap();
        let sector = Sector::parse(sector).unwrap();
        salt.name(&sector, &Subject::parse(user).unwrap()).unwrap().as_str().to_owned()
    }

    /// As another implementation computes them: were they ever to change, every
    /// pairwise client would lose its users.
    #[test]
    fn names_are_what_they_have_always_been() {
        assert_eq!(name(7, "app.example", "alice"), "IEaW7Jy5Bpn830w0-SeWei9-id9v46PWyTY6OODuMMQ");
        assert_eq!(
            name(8, "xn--bcher-kva.example", "248289761001"),
            "gLk25v2QNrlTssheiIKvpxZYuJz5aC04OzS6uLbxlEo"
        );
    }

    #[test]
    fn another_salt_sector_or_user_is_another_name() {
        let all = [
            name(7, "app.example", "alice"),
            name(8, "app.example", "alice"),
            name(7, "app.exampl", "ealice"),
            name(7, "app.example", "alic"),
            name(7, "www.app.example", "alice"),
        ];
        for (place, one) in all.iter().enumerate() {
            assert_eq!(all.iter().position(|other| other == one), Some(place));
        }
    }

    #[test]
    fn a_salt_is_long_enough_and_does_not_show_itself() {
        assert_eq!(PairwiseSalt::new([0; 31]).err(), Some(WeakSalt));
        assert_eq!(PairwiseSalt::from_base64url("c2hvcnQ").err(), Some(WeakSalt));
        assert_eq!(PairwiseSalt::from_base64url("not base64url").err(), Some(WeakSalt));
        let salt = PairwiseSalt::from_base64url(&"A".repeat(43)).unwrap();
        assert_eq!(format!("{salt:?}"), "PairwiseSalt(…)");
    }
}
