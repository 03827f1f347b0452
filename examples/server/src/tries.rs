//! A limit on tries to sign in, for every account and every address.

use std::collections::HashMap;
use std::collections::hash_map::RandomState;
use std::hash::BuildHasher;
use std::net::IpAddr;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use codegrant::Timestamp;

/// So many tries in a row, then one whenever `refill` seconds have passed.
/// Nobody is ever locked out for longer than that.
#[derive(Clone, Copy)]
struct Limit {
    burst: u32,
    refill: u32,
}

const ACCOUNT: Limit = Limit { burst: 10, refill: 30 };
const ADDRESS: Limit = Limit { burst: 50, refill: 5 };

/// How many accounts and addresses are remembered at once.
const MOST_ENTRIES: usize = 20_000;

/// Remembers recent tries, by keyed hashes of who made them.
#[derive(Default)]
pub(crate) struct Tries {
    hash: RandomState,
    recent: Mutex<HashMap<u64, Recent>>,
}

#[derive(Clone, Copy)]
struct Recent {
    tries: u32,
    /// When `tries` was last brought up to date.
    at: i64,
}

impl Tries {
    /// Counts a try, before its password is looked at, so that tries at the
    /// same moment count too. An error says how long to wait.
    pub(crate) fn begin(
        &self,
        username: &str,
        address: IpAddr,
        now: Timestamp,
    ) -> Result<(), Duration> {
        let keys = self.keys(username, address);
        let mut recent = self.recent.lock().unwrap_or_else(PoisonError::into_inner);
        for (key, limit) in keys {
            let entry = recent.get(&key).map(|entry| entry.at(now, limit));
            if let Some(entry) = entry.filter(|entry| entry.tries >= limit.burst) {
                return Err(entry.wait(now, limit));
            }
        }
        for (key, limit) in keys {
            make_room(&mut recent, now);
            let entry = recent.entry(key).or_insert(Recent { tries: 0, at: now.as_unix() });
            *entry = entry.at(now, limit);
            entry.tries = entry.tries.saturating_add(1);
        }
        Ok(())
    }

    /// The password was right: the account starts over, and the try does not
    /// count against the address.
    pub(crate) fn succeeded(&self, username: &str, address: IpAddr) {
        let [(account, _), (address, _)] = self.keys(username, address);
        let mut recent = self.recent.lock().unwrap_or_else(PoisonError::into_inner);
        recent.remove(&account);
        if let Some(entry) = recent.get_mut(&address) {
            entry.tries = entry.tries.saturating_sub(1);
        }
    }

    fn keys(&self, username: &str, address: IpAddr) -> [(u64, Limit); 2] {
        let network = network(address);
        [
            (self.hash.hash_one(("account", username)), ACCOUNT),
            (self.hash.hash_one(("address", network)), ADDRESS),
        ]
    }
}

impl Recent {
    /// This entry as it is `now`, when time has taken tries off it.
    fn at(self, now: Timestamp, limit: Limit) -> Self {
        let passed = now.as_unix().saturating_sub(self.at).max(0);
        let refilled = passed.checked_div(limit.refill.into()).unwrap_or(0);
        let tries = self.tries.saturating_sub(u32::try_from(refilled).unwrap_or(u32::MAX));
        let credited = refilled.saturating_mul(limit.refill.into());
        let at = if tries == 0 { now.as_unix() } else { self.at.saturating_add(credited) };
        Self { tries, at }
    }

    fn wait(self, now: Timestamp, limit: Limit) -> Duration {
        let next = self.at.saturating_add(limit.refill.into());
        Duration::from_secs(u64::try_from(next.saturating_sub(now.as_unix())).unwrap_or(0).max(1))
    }
}

/// Forgets the tries that no longer count and, if all still do, the oldest.
fn make_room(recent: &mut HashMap<u64, Recent>, now: Timestamp) {
    if recent.len() < MOST_ENTRIES {
        return;
    }
    recent.retain(|_, entry| entry.at(now, ACCOUNT).tries > 0);
    if recent.len() >= MOST_ENTRIES {
        let oldest = recent.iter().min_by_key(|(_, entry)| entry.at).map(|(key, _)| *key);
        oldest.and_then(|key| recent.remove(&key));
    }
}

/// Who an address stands for: one home has a whole /64 of IPv6 addresses.
fn network(address: IpAddr) -> u128 {
    match address.to_canonical() {
        IpAddr::V4(address) => address.to_bits().into(),
        IpAddr::V6(address) => address.to_bits() & !u128::from(u64::MAX),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOME: IpAddr = IpAddr::V4(std::net::Ipv4Addr::LOCALHOST);

    fn at(seconds: u64) -> Timestamp {
        Timestamp::from_unix(1_000_000).plus(Duration::from_secs(seconds))
    }

    fn other_address(n: u32) -> IpAddr {
        std::net::Ipv4Addr::from_bits(n).into()
    }

    #[test]
    fn an_account_gets_ten_tries_and_then_one_every_half_minute() {
        let tries = Tries::default();
        for n in 0..10 {
            assert_eq!(tries.begin("alice", other_address(n), at(0)), Ok(()));
        }
        assert_eq!(tries.begin("alice", HOME, at(1)), Err(Duration::from_secs(29)));
        assert_eq!(tries.begin("bob", HOME, at(1)), Ok(()));
        assert_eq!(tries.begin("alice", HOME, at(30)), Ok(()));
        assert_eq!(tries.begin("alice", HOME, at(30)), Err(Duration::from_secs(30)));
        assert_eq!(tries.begin("alice", HOME, at(59)), Err(Duration::from_secs(1)));
        assert_eq!(tries.begin("alice", HOME, at(60)), Ok(()));
    }

    #[test]
    fn an_address_gets_fifty_tries_over_all_accounts() {
        let tries = Tries::default();
        for n in 0..50 {
            assert_eq!(tries.begin(&format!("user {n}"), HOME, at(0)), Ok(()));
        }
        assert!(tries.begin("alice", HOME, at(0)).is_err());
        assert_eq!(tries.begin("alice", other_address(1), at(0)), Ok(()));
        assert_eq!(tries.begin("alice", HOME, at(5)), Ok(()));
    }

    #[test]
    fn a_refused_try_does_not_make_the_wait_longer() {
        let tries = Tries::default();
        (0..10).for_each(|_| tries.begin("alice", HOME, at(0)).unwrap());
        (0..100).for_each(|_| assert!(tries.begin("alice", HOME, at(29)).is_err()));
        assert_eq!(tries.begin("alice", HOME, at(30)), Ok(()));
    }

    #[test]
    fn success_starts_the_account_over_and_does_not_count_against_the_address() {
        let tries = Tries::default();
        for _ in 0..200 {
            assert_eq!(tries.begin("alice", HOME, at(0)), Ok(()));
            tries.succeeded("alice", HOME);
        }
    }

    #[test]
    fn a_whole_ipv6_home_counts_as_one_and_a_mapped_address_as_itself() {
        let ip = |text: &str| network(text.parse().unwrap());
        assert_eq!(ip("2001:db8::1"), ip("2001:db8::ffff:2"));
        assert_ne!(ip("2001:db8::1"), ip("2001:db8:0:1::1"));
        assert_eq!(ip("::ffff:192.0.2.1"), ip("192.0.2.1"));
    }

    #[test]
    fn memory_stays_bounded_whoever_tries() {
        let tries = Tries::default();
        for n in 0..u32::try_from(MOST_ENTRIES).unwrap() {
            let _ = tries.begin(&format!("user {n}"), other_address(n), at(u64::from(n / 1000)));
        }
        assert!(tries.recent.lock().unwrap().len() <= MOST_ENTRIES);
        assert_eq!(tries.begin("somebody new", HOME, at(20)), Ok(()));
    }
}
