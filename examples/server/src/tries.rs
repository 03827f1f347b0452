//! A limit on tries to prove who one is: from one address to one account, from
//! one address, and to one account. Each of them alone leaves a hole, and only
//! the first is tight: nobody locks a user out from somewhere else.

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

const PAIR: Limit = Limit { burst: 10, refill: 30 };
const ADDRESS: Limit = Limit { burst: 50, refill: 5 };
const ACCOUNT: Limit = Limit { burst: 100, refill: 5 };

/// A client works without pause and from everywhere: to be locked out by others
/// would harm it more than a guess at its long random secret.
const CLIENT: Limit = Limit { burst: u32::MAX, refill: 1 };

/// How many pairs, addresses and accounts a generation remembers.
const GENERATION: usize = 10_000;

/// Remembers recent tries, by keyed hashes of who made them.
pub(crate) struct Tries {
    hash: RandomState,
    /// To one account, from anywhere.
    account: Limit,
    recent: Mutex<Generations>,
}

/// When the young generation is full, it becomes the old one, and the old one
/// is forgotten: whoever keeps trying is remembered, whoever stopped is not.
#[derive(Default)]
struct Generations {
    young: HashMap<u64, Recent>,
    old: HashMap<u64, Recent>,
}

#[derive(Clone, Copy, Default)]
struct Recent {
    tries: u32,
    /// When `tries` was last brought up to date.
    at: i64,
}

impl Tries {
    /// Of users, by their names.
    pub(crate) fn to_sign_in() -> Self {
        Self::new(ACCOUNT)
    }

    /// Of clients, by their ids.
    pub(crate) fn of_clients() -> Self {
        Self::new(CLIENT)
    }

    fn new(account: Limit) -> Self {
        Self { hash: RandomState::new(), account, recent: Mutex::default() }
    }

    /// Counts a try, before its password is looked at, so that tries at the
    /// same moment count too. An error says how long to wait.
    pub(crate) fn begin(
        &self,
        name: &str,
        address: IpAddr,
        now: Timestamp,
    ) -> Result<(), Duration> {
        let keys = self.keys(name, address);
        let mut recent = self.recent.lock().unwrap_or_else(PoisonError::into_inner);
        recent.judge(keys, now)?;
        recent.count(keys, now);
        Ok(())
    }

    /// Whether another try would be one too many, and then how long to wait.
    /// Counts nothing: [`failed`](Self::failed) does.
    pub(crate) fn judge(
        &self,
        name: &str,
        address: IpAddr,
        now: Timestamp,
    ) -> Result<(), Duration> {
        let keys = self.keys(name, address);
        self.recent.lock().unwrap_or_else(PoisonError::into_inner).judge(keys, now)
    }

    /// Counts a try that failed.
    pub(crate) fn failed(&self, name: &str, address: IpAddr, now: Timestamp) {
        let keys = self.keys(name, address);
        self.recent.lock().unwrap_or_else(PoisonError::into_inner).count(keys, now);
    }

    /// The password was right: the account starts over at this address, and
    /// the try counts against nobody.
    pub(crate) fn succeeded(&self, name: &str, address: IpAddr) {
        let [(pair, _), others @ ..] = self.keys(name, address);
        let mut recent = self.recent.lock().unwrap_or_else(PoisonError::into_inner);
        recent.put(pair, Recent::default());
        for (key, _) in others {
            let entry = recent.get(key);
            recent.put(key, Recent { tries: entry.tries.saturating_sub(1), ..entry });
        }
    }

    fn keys(&self, name: &str, address: IpAddr) -> [(u64, Limit); 3] {
        let network = network(address);
        [
            (self.hash.hash_one((Some(name), Some(network))), PAIR),
            (self.hash.hash_one((None::<&str>, Some(network))), ADDRESS),
            (self.hash.hash_one((Some(name), None::<u128>)), self.account),
        ]
    }
}

impl Generations {
    fn judge(&mut self, keys: [(u64, Limit); 3], now: Timestamp) -> Result<(), Duration> {
        for (key, limit) in keys {
            let entry = self.get(key).at(now, limit);
            if entry.tries >= limit.burst {
                self.put(key, entry);
                return Err(entry.wait(now, limit));
            }
        }
        Ok(())
    }

    fn count(&mut self, keys: [(u64, Limit); 3], now: Timestamp) {
        for (key, limit) in keys {
            let entry = self.get(key).at(now, limit);
            self.put(key, Recent { tries: entry.tries.saturating_add(1), ..entry });
        }
    }

    fn get(&self, key: u64) -> Recent {
        self.young.get(&key).or_else(|| self.old.get(&key)).copied().unwrap_or_default()
    }

    fn put(&mut self, key: u64, entry: Recent) {
        if self.young.len() >= GENERATION && !self.young.contains_key(&key) {
            self.old = std::mem::take(&mut self.young);
        }
        self.young.insert(key, entry);
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
    fn an_account_gets_ten_tries_from_an_address_and_then_one_every_half_minute() {
        let tries = Tries::to_sign_in();
        for _ in 0..10 {
            assert_eq!(tries.begin("alice", HOME, at(0)), Ok(()));
        }
        assert_eq!(tries.begin("alice", HOME, at(1)), Err(Duration::from_secs(29)));
        assert_eq!(tries.begin("bob", HOME, at(1)), Ok(()));
        assert_eq!(tries.begin("alice", HOME, at(30)), Ok(()));
        assert_eq!(tries.begin("alice", HOME, at(30)), Err(Duration::from_secs(30)));
        assert_eq!(tries.begin("alice", HOME, at(59)), Err(Duration::from_secs(1)));
        assert_eq!(tries.begin("alice", HOME, at(60)), Ok(()));
    }

    #[test]
    fn only_the_tries_of_clients_that_fail_count_and_nobody_locks_one_out_elsewhere() {
        let tries = Tries::of_clients();
        for n in 0..1000 {
            assert_eq!(tries.judge("app", HOME, at(0)), Ok(()));
            tries.failed("app", other_address(n), at(0));
        }
        for _ in 0..10 {
            assert_eq!(tries.judge("app", HOME, at(0)), Ok(()));
            tries.failed("app", HOME, at(0));
        }
        assert_eq!(tries.judge("app", HOME, at(1)), Err(Duration::from_secs(29)));
        assert_eq!(tries.judge("app", other_address(1), at(1)), Ok(()));
    }

    #[test]
    fn one_address_cannot_lock_a_user_out_of_another() {
        let tries = Tries::to_sign_in();
        for second in 0..3600 {
            let _ = tries.begin("alice", other_address(1), at(second));
        }
        assert_eq!(tries.begin("alice", HOME, at(3600)), Ok(()));
    }

    #[test]
    fn an_account_gets_a_hundred_tries_from_everywhere_together() {
        let tries = Tries::to_sign_in();
        for n in 0..100 {
            assert_eq!(tries.begin("alice", other_address(n), at(0)), Ok(()));
        }
        assert_eq!(tries.begin("alice", HOME, at(1)), Err(Duration::from_secs(4)));
        assert_eq!(tries.begin("alice", HOME, at(5)), Ok(()));
    }

    #[test]
    fn an_address_gets_fifty_tries_over_all_accounts() {
        let tries = Tries::to_sign_in();
        for n in 0..50 {
            assert_eq!(tries.begin(&format!("user {n}"), HOME, at(0)), Ok(()));
        }
        assert!(tries.begin("alice", HOME, at(0)).is_err());
        assert_eq!(tries.begin("alice", other_address(1), at(0)), Ok(()));
        assert_eq!(tries.begin("alice", HOME, at(5)), Ok(()));
    }

    #[test]
    fn a_refused_try_does_not_make_the_wait_longer() {
        let tries = Tries::to_sign_in();
        (0..10).for_each(|_| tries.begin("alice", HOME, at(0)).unwrap());
        (0..100).for_each(|_| assert!(tries.begin("alice", HOME, at(29)).is_err()));
        assert_eq!(tries.begin("alice", HOME, at(30)), Ok(()));
    }

    #[test]
    fn success_starts_over_and_counts_against_nobody() {
        let tries = Tries::to_sign_in();
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
    fn memory_stays_bounded_whoever_tries_and_whoever_goes_on_is_remembered() {
        let tries = Tries::to_sign_in();
        for n in 0..100_000 {
            let _ = tries.begin(&format!("user {n}"), other_address(n), at(0));
            if n % 1000 < 10 {
                let _ = tries.begin("alice", HOME, at(0));
            }
        }
        let recent = tries.recent.lock().unwrap();
        assert!(recent.young.len() <= GENERATION && recent.old.len() <= GENERATION);
        drop(recent);
        assert!(tries.begin("alice", HOME, at(0)).is_err());
        assert_eq!(tries.begin("somebody new", other_address(0), at(0)), Ok(()));
    }
}
