//! Lifetimes and rules that hold for every client of one server.

use std::time::Duration;

use crate::model::algorithm::Algorithm;
use crate::model::resource::Resources;

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
    /// What access tokens are made of: opaque, so that revoking one is heeded at
    /// once.
    pub access_token_format: AccessTokenFormat,
    /// How long a refresh token may lie unused: 14 days, at most 400. Without
    /// rotation its uses are noted once an hour, or once in half of a shorter
    /// lifetime, so it may expire by so much earlier.
    pub refresh_idle_lifetime: Duration,
    /// How long after the user's approval the last refresh may be: 90 days, at
    /// most ten years.
    pub refresh_absolute_lifetime: Duration,
    /// Whose refresh tokens are replaced by the next one at each use.
    pub refresh_rotation: Rotation,
    /// How long a client that did not get the answer may use the token before
    /// once more, and get the same next one: 10 seconds, at most a minute; zero
    /// makes every lost answer the end of the grant.
    pub refresh_grace: Duration,
    /// How long a login, consent or sign-out page may stay open: 10 minutes, at most a day.
    pub interaction_lifetime: Duration,
    /// Whether confidential clients must use PKCE as public ones always must
    /// (RFC 9700 section 2.1.1): no, unless a client's registration says so.
    pub require_pkce: bool,
    /// Whether a token request has to repeat the redirect URI that its authorization
    /// request named: yes (RFC 6749 section 4.1.3). If not, it may leave the URI out
    /// where PKCE proves more (OAuth 2.1 section 10.2). A wrong one never passes.
    pub require_redirect_uri: bool,
    /// Whether resource servers that introspect a token are told its user's
    /// roles and permissions: yes, as a guard in this process is.
    pub introspection_tells_permissions: bool,
    /// Whether JWT access tokens tell their user's roles and permissions: no,
    /// since the client can read them too, and they stay as they were when the
    /// token was issued.
    pub jwt_tells_permissions: bool,
    /// Whom tokens are for when a client names no `resource`: nobody in
    /// particular, if none is given (RFC 8707 section 2). A JWT has to name
    /// somebody, so it then names the issuer.
    pub default_resources: Resources,
}

/// What access tokens are made of. Both kinds are accepted whatever is issued, so
/// that those issued before a change live on.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum AccessTokenFormat {
    /// A sealed pointer to the grant. It says nothing to anybody but the
    /// server, which is asked about it, and nothing passes that was revoked.
    #[default]
    Opaque,
    /// A JWT (RFC 9068), signed by this algorithm; every resource server knows
    /// RS256 (section 2.1). One that validates it by itself, as an
    /// `OfflineGuard` does, never asks: **there a token passes until it expires,
    /// even if it, its grant or its user is gone**. So `access_token_lifetime`
    /// is how late such a resource server learns of it. To a guard in the
    /// server's process and to introspection it is as good as an opaque one.
    ///
    /// It takes a provider that has a key for the algorithm.
    Jwt(Algorithm),
}

/// Whose refresh tokens are rotated: one that was stolen is then found out when
/// thief and client both use it (RFC 9700 section 4.14.2).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Rotation {
    /// Those of public clients, which anybody can use who has them.
    #[default]
    Public,
    /// Every client's.
    Always,
    /// Nobody's. RFC 9700 section 2.2.2 forbids this for public clients.
    Never,
}

const A_MINUTE: u64 = 60;
const TEN_MINUTES: u64 = 10 * 60;
const DAYS: u64 = 24 * 60 * 60;
pub(crate) const A_DAY: u64 = DAYS;

impl Default for Policy {
    fn default() -> Self {
        Self {
            code_lifetime: Duration::from_secs(60),
            access_token_lifetime: Duration::from_secs(600),
            access_token_format: AccessTokenFormat::Opaque,
            refresh_idle_lifetime: Duration::from_secs(14 * DAYS),
            refresh_absolute_lifetime: Duration::from_secs(90 * DAYS),
            refresh_rotation: Rotation::Public,
            refresh_grace: Duration::from_secs(10),
            interaction_lifetime: Duration::from_secs(600),
            require_pkce: false,
            require_redirect_uri: true,
            introspection_tells_permissions: true,
            jwt_tells_permissions: false,
            default_resources: Resources::none(),
        }
    }
}

impl Policy {
    /// The OAuth 2.1 draft's rules: PKCE for every client, so that no redirect URI
    /// need be repeated.
    #[must_use]
    pub fn oauth_2_1() -> Self {
        Self { require_pkce: true, require_redirect_uri: false, ..Self::default() }
    }

    /// Every lifetime that is outside its bounds.
    #[must_use]
    pub fn faults(&self) -> Vec<PolicyError> {
        PolicyError::among([
            ("code_lifetime", self.code_lifetime, 1, TEN_MINUTES),
            ("access_token_lifetime", self.access_token_lifetime, 1, A_DAY),
            ("refresh_idle_lifetime", self.refresh_idle_lifetime, 1, 400 * DAYS),
            ("refresh_absolute_lifetime", self.refresh_absolute_lifetime, 1, 3_650 * DAYS),
            ("refresh_grace", self.refresh_grace, 0, A_MINUTE),
            ("interaction_lifetime", self.interaction_lifetime, 1, A_DAY),
        ])
    }
}

/// A lifetime that no deployment can mean.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{name} must be between {shortest} and {longest} seconds")]
pub struct PolicyError {
    name: &'static str,
    shortest: u64,
    longest: u64,
}

impl PolicyError {
    /// What is wrong with these lifetimes, each named, between its bounds.
    pub(crate) fn among<const N: usize>(
        lifetimes: [(&'static str, Duration, u64, u64); N],
    ) -> Vec<Self> {
        lifetimes
            .into_iter()
            .filter(|(_, lifetime, least, most)| !(*least..=*most).contains(&lifetime.as_secs()))
            .map(|(name, _, shortest, longest)| Self { name, shortest, longest })
            .collect()
    }

    /// The lifetime's name, as in [`Policy`] or `Provider`.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        self.name
    }

    /// The shortest that it may be, in seconds.
    #[must_use]
    pub const fn shortest(&self) -> u64 {
        self.shortest
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

    type Lifetime = fn(&mut Policy) -> &mut Duration;

    #[test]
    fn lifetimes_that_nobody_can_mean_are_refused_by_name() {
        assert_eq!(Policy::default().faults(), []);
        assert_eq!(Policy::oauth_2_1().faults(), []);
        let lifetimes: [(&str, Lifetime, u64, u64); 6] = [
            ("code_lifetime", |policy| &mut policy.code_lifetime, 1, 600),
            ("access_token_lifetime", |policy| &mut policy.access_token_lifetime, 1, 86_400),
            ("refresh_idle_lifetime", |policy| &mut policy.refresh_idle_lifetime, 1, 34_560_000),
            (
                "refresh_absolute_lifetime",
                |policy| &mut policy.refresh_absolute_lifetime,
                1,
                315_360_000,
            ),
            ("refresh_grace", |policy| &mut policy.refresh_grace, 0, 60),
            ("interaction_lifetime", |policy| &mut policy.interaction_lifetime, 1, 86_400),
        ];
        for (name, lifetime, shortest, longest) in lifetimes {
            let faults = |length: Duration| {
                let mut policy = Policy::default();
                *lifetime(&mut policy) = length;
                policy.faults()
            };
            let [shortest_fit, longest_fit] = [shortest, longest].map(Duration::from_secs);
            assert_eq!((faults(shortest_fit), faults(longest_fit)), (vec![], vec![]), "{name}");
            let too_short = shortest_fit.checked_sub(Duration::from_millis(1));
            let too_long = Some(longest_fit + Duration::from_secs(1));
            for length in [too_short, too_long].into_iter().flatten() {
                let [fault] = faults(length)[..] else { panic!("{name} of {length:?}") };
                let told = (fault.name(), fault.shortest(), fault.longest());
                assert_eq!(told, (name, shortest, longest));
            }
        }
    }

    #[test]
    fn what_is_wrong_with_a_lifetime_is_said_in_seconds() {
        let policy = Policy { refresh_grace: Duration::MAX, ..Policy::default() };
        let said: Vec<_> = policy.faults().iter().map(ToString::to_string).collect();
        assert_eq!(said, ["refresh_grace must be between 0 and 60 seconds"]);
    }

    #[test]
    fn oauth_2_1_demands_pkce_in_place_of_the_redirect_uri_and_changes_nothing_else() {
        let strict = Policy::default();
        assert!(!strict.require_pkce && strict.require_redirect_uri);
        let by_pkce = Policy { require_pkce: true, require_redirect_uri: false, ..strict };
        assert_eq!(Policy::oauth_2_1(), by_pkce);
    }
}
