//! Lifetimes and rules that hold for every client of one server.

use std::time::Duration;

/// How long things live, and which rules are stricter than the RFCs' minimum.
///
/// [`Policy::default`] is RFC 6749 as RFC 9700 hardens it. Change single values:
///
/// ```
/// use std::time::Duration;
/// use codegrant::Policy;
///
/// let policy = Policy { code_lifetime: Duration::from_secs(30), ..Policy::oauth_2_1() };
/// assert!(policy.require_pkce);
/// ```
///
/// Lifetimes count whole seconds; [`Builder::build`](crate::Builder::build)
/// refuses one that is zero or above its limit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Policy {
    /// From the redirect that carries a code to its redemption: 60 seconds, at
    /// most 10 minutes (RFC 6749 section 4.1.2).
    pub code_lifetime: Duration,
    /// `expires_in` of an access token: 10 minutes, at most a day.
    pub access_token_lifetime: Duration,
    /// How long a login or consent page may stay open: 10 minutes, at most a day.
    pub interaction_lifetime: Duration,
    /// Whether confidential clients must use PKCE as public ones always must
    /// (RFC 9700 section 2.1.1): no, unless a client's registration says so.
    pub require_pkce: bool,
}

const TEN_MINUTES: u64 = 10 * 60;
const A_DAY: u64 = 24 * 60 * 60;

impl Default for Policy {
    fn default() -> Self {
        Self {
            code_lifetime: Duration::from_secs(60),
            access_token_lifetime: Duration::from_secs(600),
            interaction_lifetime: Duration::from_secs(600),
            require_pkce: false,
        }
    }
}

impl Policy {
    /// The OAuth 2.1 draft's rules: PKCE for every client.
    #[must_use]
    pub fn oauth_2_1() -> Self {
        Self { require_pkce: true, ..Self::default() }
    }

    /// Every lifetime that is outside its bounds.
    #[must_use]
    pub fn faults(&self) -> Vec<PolicyError> {
        let lifetimes = [
            ("code_lifetime", self.code_lifetime, TEN_MINUTES),
            ("access_token_lifetime", self.access_token_lifetime, A_DAY),
            ("interaction_lifetime", self.interaction_lifetime, A_DAY),
        ];
        let is_fault = |lifetime: Duration, longest| !(1..=longest).contains(&lifetime.as_secs());
        lifetimes
            .into_iter()
            .filter(|(_, lifetime, longest)| is_fault(*lifetime, *longest))
            .map(|(name, _, longest)| PolicyError { name, longest })
            .collect()
    }
}

/// A lifetime that no deployment can mean.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{name} must be between 1 and {longest} seconds")]
pub struct PolicyError {
    name: &'static str,
    longest: u64,
}

impl PolicyError {
    /// The lifetime's name, as in [`Policy`].
    #[must_use]
    pub const fn name(&self) -> &'static str {
        self.name
    }

    /// The longest that it may be, in seconds.
    #[must_use]
    pub const fn longest(&self) -> u64 {
        self.longest
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lifetimes_that_nobody_can_mean_are_refused_by_name() {
        assert_eq!(Policy::default().faults(), []);
        assert_eq!(Policy::oauth_2_1().faults(), []);
        for (policy, name) in [
            (Policy { code_lifetime: Duration::ZERO, ..Policy::default() }, "code_lifetime"),
            (
                Policy { code_lifetime: Duration::from_secs(601), ..Policy::default() },
                "code_lifetime",
            ),
            (
                Policy { access_token_lifetime: Duration::from_millis(999), ..Policy::default() },
                "access_token_lifetime",
            ),
            (
                Policy { interaction_lifetime: Duration::from_secs(86_401), ..Policy::default() },
                "interaction_lifetime",
            ),
        ] {
            let names: Vec<_> = policy.faults().iter().map(PolicyError::name).collect();
            assert_eq!(names, [name]);
        }
    }
}
