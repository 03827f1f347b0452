//! Sealing: `base64url(kind ‖ key id ‖ payload ‖ HMAC-SHA-256)`.
//!
//! Every kind has a key of its own, derived from the server secret and the
//! issuer, so a credential of one kind or issuer never opens as another's.

use std::fmt;
use std::sync::{Arc, PoisonError, RwLock, RwLockReadGuard};

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use zeroize::Zeroizing;

use crate::model::constant_time;
use crate::model::issuer::Issuer;

type Hs256 = Hmac<Sha256>;

const KEY_ID_LENGTH: usize = 4;
const MAC_LENGTH: usize = 32;
const HEAD_LENGTH: usize = 1 + KEY_ID_LENGTH;
/// Longer than any ticket, the longest of which holds a request of 16 KiB.
const LONGEST: usize = 32 * 1024;

/// What the server seals its credentials with: at least 256 random bits that
/// all nodes share. It does not print and is wiped when dropped.
pub struct ServerSecret(Zeroizing<Vec<u8>>);

/// A server secret that could be guessed, or is not base64url.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a server secret is at least 32 random bytes, in base64url")]
pub struct WeakSecret;

/// All the server secrets in use: one seals, every one opens.
///
/// To change it while servers run
/// ([`rotate_secrets`](crate::AuthorizationServer::rotate_secrets)), first add
/// the new one to every node as one that opens, then let it seal, and drop the
/// old one after the longest lifetime of anything it sealed: the policy's
/// `refresh_idle_lifetime`, since every refresh seals anew.
#[derive(Debug)]
pub struct SecretRing {
    sealing: ServerSecret,
    opening: Vec<ServerSecret>,
}

/// What a credential is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Code,
    AccessToken,
    /// What a JWT access token carries: worth nothing outside of it.
    WithinJwt,
    RefreshToken,
    LoginTicket,
    LoginNote,
    ConsentTicket,
    LogoutTicket,
}

/// Seals and opens for one issuer. Cloning shares the keys, and their rotation.
#[derive(Clone)]
pub(crate) struct Sealer(Arc<RwLock<Ring>>);

/// All keys in use: one seals, every one opens.
struct Ring {
    sealing: Keys,
    opening: Vec<Keys>,
}

/// The keys that come from one server secret.
struct Keys {
    id: [u8; KEY_ID_LENGTH],
    code: Hs256,
    access_token: Hs256,
    within_jwt: Hs256,
    refresh_token: Hs256,
    login_ticket: Hs256,
    login_note: Hs256,
    consent_ticket: Hs256,
    logout_ticket: Hs256,
}

impl ServerSecret {
    /// The secret with these bytes.
    pub fn new(bytes: impl Into<Vec<u8>>) -> Result<Self, WeakSecret> {
        let bytes = Zeroizing::new(bytes.into());
        if bytes.len() >= 32 { Ok(Self(bytes)) } else { Err(WeakSecret) }
    }

    /// The secret that these random bits are.
    pub(crate) fn from_random(bits: &[u8; 32]) -> Self {
        Self(Zeroizing::new(bits.to_vec()))
    }

    /// The secret that a configuration spells in base64url without padding.
    pub fn from_base64url(text: &str) -> Result<Self, WeakSecret> {
        Self::new(URL_SAFE_NO_PAD.decode(text).map_err(|_| WeakSecret)?)
    }
}

impl fmt::Debug for ServerSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ServerSecret(…)")
    }
}

impl SecretRing {
    /// A ring of the one secret that seals.
    #[must_use]
    pub const fn new(sealing: ServerSecret) -> Self {
        Self { sealing, opening: Vec::new() }
    }

    /// Adds a secret whose credentials are accepted: the one before, or the next.
    #[must_use]
    pub fn also_opening(mut self, secret: ServerSecret) -> Self {
        self.opening.push(secret);
        self
    }
}

impl Kind {
    const fn tag(self) -> u8 {
        match self {
            Self::Code => 1,
            Self::AccessToken => 2,
            Self::LoginTicket => 3,
            Self::ConsentTicket => 4,
            Self::RefreshToken => 5,
            Self::LoginNote => 6,
            Self::WithinJwt => 7,
            Self::LogoutTicket => 8,
        }
    }

    const fn label(self) -> &'static str {
        match self {
            Self::Code => "code",
            Self::AccessToken => "access token",
            Self::WithinJwt => "within a JWT access token",
            Self::RefreshToken => "refresh token",
            Self::LoginTicket => "login ticket",
            Self::LoginNote => "login note",
            Self::ConsentTicket => "consent ticket",
            Self::LogoutTicket => "logout ticket",
        }
    }
}

impl Sealer {
    pub(crate) fn new(ring: &SecretRing, issuer: &Issuer) -> Self {
        Self(Arc::new(RwLock::new(Ring::derive(ring, issuer))))
    }

    /// Seals and opens with the secrets of `ring` from now on.
    pub(crate) fn rotate(&self, ring: &SecretRing, issuer: &Issuer) {
        let next = Ring::derive(ring, issuer);
        *self.0.write().unwrap_or_else(PoisonError::into_inner) = next;
    }

    /// Seals what `parts` make up, one behind the other.
    pub(crate) fn seal(&self, kind: Kind, parts: &[&[u8]]) -> String {
        let payload = parts.iter().fold(0_usize, |sum, part| sum.saturating_add(part.len()));
        let mut bytes = Vec::with_capacity(payload.saturating_add(HEAD_LENGTH + MAC_LENGTH));
        bytes.push(kind.tag());
        let ring = self.ring();
        bytes.extend_from_slice(&ring.sealing.id);
        parts.iter().for_each(|part| bytes.extend_from_slice(part));
        let mac = ring.sealing.of(kind).clone().chain_update(&bytes).finalize();
        bytes.extend_from_slice(&mac.into_bytes());
        URL_SAFE_NO_PAD.encode(bytes)
    }

    /// The payload of `text`, if this server sealed it as `kind`.
    pub(crate) fn open(&self, kind: Kind, text: &str) -> Option<Vec<u8>> {
        if text.len() > LONGEST {
            return None;
        }
        let bytes = URL_SAFE_NO_PAD.decode(text).ok()?;
        Some(self.payload(kind, &bytes)?.to_vec())
    }

    /// The same for a payload of `N` bytes, at most 91, without allocating.
    pub(crate) fn open_exactly<const N: usize>(&self, kind: Kind, text: &str) -> Option<[u8; N]> {
        let mut bytes = [0; 128];
        let length = URL_SAFE_NO_PAD.decode_slice(text, &mut bytes).ok()?;
        self.payload(kind, bytes.get(..length)?)?.try_into().ok()
    }

    fn payload<'b>(&self, kind: Kind, bytes: &'b [u8]) -> Option<&'b [u8]> {
        let (sealed, mac) = bytes.split_last_chunk::<MAC_LENGTH>()?;
        let ([tag, key_id @ ..], payload) = sealed.split_first_chunk::<HEAD_LENGTH>()?;
        let sealed_by_us = *tag == kind.tag() && self.ring().sealed(kind, key_id, sealed, mac);
        sealed_by_us.then_some(payload)
    }

    fn ring(&self) -> RwLockReadGuard<'_, Ring> {
        self.0.read().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Ring {
    fn derive(ring: &SecretRing, issuer: &Issuer) -> Self {
        let opening = ring.opening.iter().map(|secret| Keys::derive(secret, issuer));
        Self { sealing: Keys::derive(&ring.sealing, issuer), opening: opening.collect() }
    }

    /// Whether one of these keys sealed `sealed` as `kind`.
    fn sealed(&self, kind: Kind, key_id: &[u8], sealed: &[u8], mac: &[u8; MAC_LENGTH]) -> bool {
        let opens = |keys: &Keys| {
            keys.id == *key_id && {
                let right = keys.of(kind).clone().chain_update(sealed).finalize();
                constant_time::are_equal(&right.into_bytes().into(), mac)
            }
        };
        opens(&self.sealing) || self.opening.iter().any(opens)
    }
}

impl Keys {
    fn derive(secret: &ServerSecret, issuer: &Issuer) -> Self {
        let root = digest(&keyed(b"codegrant server secret"), &[&secret.0]);
        let derive =
            |label: &str| digest(&keyed(&*root), &[label.as_bytes(), issuer.as_str().as_bytes()]);
        let of_kind = |kind: Kind| keyed(&*derive(kind.label()));
        let mut id = [0; KEY_ID_LENGTH];
        for (byte, derived) in id.iter_mut().zip(*derive("key id")) {
            *byte = derived;
        }
        Self {
            id,
            code: of_kind(Kind::Code),
            access_token: of_kind(Kind::AccessToken),
            within_jwt: of_kind(Kind::WithinJwt),
            refresh_token: of_kind(Kind::RefreshToken),
            login_ticket: of_kind(Kind::LoginTicket),
            login_note: of_kind(Kind::LoginNote),
            consent_ticket: of_kind(Kind::ConsentTicket),
            logout_ticket: of_kind(Kind::LogoutTicket),
        }
    }

    const fn of(&self, kind: Kind) -> &Hs256 {
        match kind {
            Kind::Code => &self.code,
            Kind::AccessToken => &self.access_token,
            Kind::WithinJwt => &self.within_jwt,
            Kind::RefreshToken => &self.refresh_token,
            Kind::LoginTicket => &self.login_ticket,
            Kind::LoginNote => &self.login_note,
            Kind::ConsentTicket => &self.consent_ticket,
            Kind::LogoutTicket => &self.logout_ticket,
        }
    }
}

/// HMAC-SHA-256 under a key of at most one block, which HMAC fills up with zeros.
fn keyed(key: &[u8]) -> Hs256 {
    let mut block = Zeroizing::new([0; 64]);
    for (byte, given) in block.iter_mut().zip(key) {
        *byte = *given;
    }
    Hs256::new(&(*block).into())
}

/// The MAC of all parts, each preceded by its length so that no two lists of
/// parts read alike.
fn digest(key: &Hs256, parts: &[&[u8]]) -> Zeroizing<[u8; MAC_LENGTH]> {
    let mut mac = key.clone();
    for part in parts {
        mac.update(&u64::try_from(part.len()).unwrap_or(u64::MAX).to_be_bytes());
        mac.update(part);
    }
    Zeroizing::new(mac.finalize().into_bytes().into())
}

#[cfg(test)]
mod tests {
    use super::*;

    const KINDS: &[Kind] = &[
        Kind::Code,
        Kind::AccessToken,
        Kind::WithinJwt,
        Kind::RefreshToken,
        Kind::LoginTicket,
        Kind::LoginNote,
        Kind::ConsentTicket,
        Kind::LogoutTicket,
    ];

    fn secret(byte: u8) -> ServerSecret {
        ServerSecret::new([byte; 32]).unwrap()
    }

    fn sealer(ring: SecretRing) -> Sealer {
        Sealer::new(&ring, &Issuer::parse("https://id.example").unwrap())
    }

    #[test]
    fn what_is_sealed_opens_as_its_own_kind_only() {
        let sealer = sealer(SecretRing::new(secret(1)));
        for &sealed_as in KINDS {
            let text = sealer.seal(sealed_as, &[b"payload"]);
            for &opened_as in KINDS {
                let opened = sealer.open(opened_as, &text);
                assert_eq!(opened.is_some(), opened_as == sealed_as, "{sealed_as:?} {opened_as:?}");
                assert!(opened.is_none_or(|payload| payload == b"payload"));
            }
        }
    }

    #[test]
    fn every_changed_character_breaks_the_seal() {
        let sealer = sealer(SecretRing::new(secret(1)));
        let text = sealer.seal(Kind::Code, &[b"payload"]);
        for place in 0..text.len() {
            for other in ['A', 'B', '-', '!', '='] {
                let mut changed: Vec<char> = text.chars().collect();
                if std::mem::replace(&mut changed[place], other) != other {
                    let changed: String = changed.into_iter().collect();
                    assert!(sealer.open(Kind::Code, &changed).is_none(), "{place} {other}");
                }
            }
        }
    }

    #[test]
    fn truncated_extended_and_foreign_text_does_not_open() {
        let sealer = sealer(SecretRing::new(secret(1)));
        let text = sealer.seal(Kind::Code, &[b"payload"]);
        for length in 0..text.len() {
            assert!(sealer.open(Kind::Code, text.get(..length).unwrap()).is_none());
        }
        for foreign in [format!("{text}A"), format!("{text}="), "ä".into(), "A".repeat(LONGEST + 1)]
        {
            assert!(sealer.open(Kind::Code, &foreign).is_none());
        }
    }

    #[test]
    fn what_is_longer_than_any_ticket_does_not_open_whoever_sealed_it() {
        let sealer = sealer(SecretRing::new(secret(1)));
        let opens = |characters: usize| {
            let payload = characters * 3 / 4 - HEAD_LENGTH - MAC_LENGTH;
            let text = sealer.seal(Kind::LoginTicket, &[&vec![0; payload]]);
            assert_eq!(text.len(), characters);
            sealer.open(Kind::LoginTicket, &text).is_some()
        };
        assert!(opens(32_768) && !opens(32_770));
    }

    #[test]
    fn a_payload_of_another_length_does_not_open_exactly() {
        let sealer = sealer(SecretRing::new(secret(1)));
        let text = sealer.seal(Kind::Code, &[b"payload"]);
        assert_eq!(sealer.open_exactly(Kind::Code, &text), Some(*b"payload"));
        assert_eq!(sealer.open_exactly::<6>(Kind::Code, &text), None);
        assert_eq!(sealer.open_exactly::<8>(Kind::Code, &text), None);
        assert_eq!(sealer.open_exactly::<7>(Kind::AccessToken, &text), None);
        assert_eq!(sealer.open_exactly::<7>(Kind::Code, &"A".repeat(1000)), None);
    }

    #[test]
    fn another_issuer_with_the_same_secret_cannot_open() {
        let text = sealer(SecretRing::new(secret(1))).seal(Kind::Code, &[b"payload"]);
        let elsewhere = Issuer::parse("https://id.example/other").unwrap();
        let other = Sealer::new(&SecretRing::new(secret(1)), &elsewhere);
        assert!(other.open(Kind::Code, &text).is_none());
    }

    /// An upgrade signs nobody out, and nodes of two versions serve side by side.
    #[test]
    fn what_another_version_sealed_opens() {
        let sealer = sealer(SecretRing::new(secret(1)));
        for (kind, sealed) in [
            (Kind::Code, "AQ_GOvpwYXlsb2FkOt90uI1YWJsQd81EVXbV9ntOXo1I0nRlOGcqdX0pRNk"),
            (Kind::AccessToken, "Ag_GOvpwYXlsb2FkaadLTzDaI3QvEWB385MPLoNXifcI1_LmwFJYKDQ6iy8"),
            (Kind::WithinJwt, "Bw_GOvpwYXlsb2FkU935cMrr5lYS5qhu4GRsEybrf5LokYud3wgDJEBwj7c"),
            (Kind::RefreshToken, "BQ_GOvpwYXlsb2FkZqaMLlmRSWSc5MFs4zI-l6xuF0MYA6LvHQHpPHgQx48"),
            (Kind::LoginTicket, "Aw_GOvpwYXlsb2FkxY3hpk03U0PBX5wjKzmURcnj6qt1IyeV46fYGPUNmvA"),
            (Kind::LoginNote, "Bg_GOvpwYXlsb2FkqNBCawbeka5lcYRPOaq6jGVNIlkuLUr9uHvDHAJEQwg"),
            (Kind::ConsentTicket, "BA_GOvpwYXlsb2Fk55D-IyoIneLBL2r02qdcKb_B5rjWeuHUcQooyeIvDoo"),
            (Kind::LogoutTicket, "CA_GOvpwYXlsb2FktlpFLS9gg-nDavaTBuLUG6W8Djg0c6oDCFLqTkf6olE"),
        ] {
            assert_eq!(sealer.open(kind, sealed).as_deref(), Some(&b"payload"[..]), "{kind:?}");
            assert_eq!(sealer.seal(kind, &[b"payload"]), sealed, "{kind:?}");
        }
    }

    #[test]
    fn every_secret_of_the_ring_opens_and_the_first_seals() {
        let old = sealer(SecretRing::new(secret(1)));
        let both = sealer(SecretRing::new(secret(2)).also_opening(secret(1)));
        let new = sealer(SecretRing::new(secret(2)));
        let (before, after) = (old.seal(Kind::Code, &[b"1"]), both.seal(Kind::Code, &[b"2"]));
        assert!(both.open(Kind::Code, &before).is_some());
        assert!(new.open(Kind::Code, &after).is_some());
        assert!(old.open(Kind::Code, &after).is_none());
        assert!(new.open(Kind::Code, &before).is_none());
    }

    #[test]
    fn short_secrets_are_refused_and_none_prints() {
        assert_eq!(ServerSecret::new([1; 31]).unwrap_err(), WeakSecret);
        assert_eq!(ServerSecret::from_base64url("not base64url!").unwrap_err(), WeakSecret);
        assert!(ServerSecret::from_base64url(&"A".repeat(43)).is_ok());
        assert_eq!(format!("{:?}", secret(1)), "ServerSecret(…)");
    }
}
