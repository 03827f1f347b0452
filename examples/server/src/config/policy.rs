//! Lifetimes and rules, judged.

use std::time::Duration;

use codegrant::{AccessTokenFormat, Algorithm, Rotation};

use super::offer::{NO_PROVIDER, Offer};
use super::{Policy, Problem};

const A_DAY: u64 = 24 * 60 * 60;
const LONGEST_LOGIN: u64 = 90 * A_DAY;

impl Policy {
    /// The profile's policy with every value that is given.
    pub(super) fn read(&self, offer: &Offer, problems: &mut Vec<Problem>) -> codegrant::Policy {
        let base = self.profile(problems);
        let rotation = self.rotation(problems);
        let format = self.format(offer, problems);
        let seconds = |given: Option<u64>, otherwise| given.map_or(otherwise, Duration::from_secs);
        let policy = codegrant::Policy {
            code_lifetime: seconds(self.code_lifetime, base.code_lifetime),
            access_token_lifetime: seconds(self.access_token_lifetime, base.access_token_lifetime),
            access_token_format: format.unwrap_or(base.access_token_format),
            refresh_idle_lifetime: seconds(self.refresh_idle_lifetime, base.refresh_idle_lifetime),
            refresh_absolute_lifetime: seconds(
                self.refresh_absolute_lifetime,
                base.refresh_absolute_lifetime,
            ),
            refresh_rotation: rotation.unwrap_or(base.refresh_rotation),
            refresh_grace: seconds(self.refresh_grace, base.refresh_grace),
            interaction_lifetime: seconds(self.interaction_lifetime, base.interaction_lifetime),
            ..base
        };
        problems.extend(policy.faults().iter().map(|fault| {
            let (shortest, longest) = (fault.shortest(), fault.longest());
            let message = format!("must be between {shortest} and {longest} seconds");
            Problem::new(format!("policy.{}", fault.name()), message)
        }));
        policy
    }

    fn profile(&self, problems: &mut Vec<Problem>) -> codegrant::Policy {
        let fault = match self.profile.as_deref() {
            None | Some("default") => return codegrant::Policy::default(),
            Some("oauth2.1") => return codegrant::Policy::oauth_2_1(),
            Some("fapi2") => "\"fapi2\" is not offered by this build yet".to_owned(),
            Some(other) => format!("{other:?} is neither \"default\" nor \"oauth2.1\""),
        };
        problems.push(Problem::new("policy.profile", fault));
        codegrant::Policy::default()
    }

    /// What every resource server can verify, where it is to be a JWT (RFC 9068
    /// section 2.1).
    fn format(&self, offer: &Offer, problems: &mut Vec<Problem>) -> Option<AccessTokenFormat> {
        let fault = match self.access_token_format.as_deref()? {
            "opaque" => return Some(AccessTokenFormat::Opaque),
            "jwt" if offer.is_provider() => return Some(AccessTokenFormat::Jwt(Algorithm::Rs256)),
            "jwt" => format!("\"jwt\" {NO_PROVIDER}"),
            other => format!("{other:?} is neither \"opaque\" nor \"jwt\""),
        };
        problems.push(Problem::new("policy.access_token_format", fault));
        None
    }

    fn rotation(&self, problems: &mut Vec<Problem>) -> Option<Rotation> {
        let fault = match (self.refresh_rotation.as_deref()?, self.profile.as_deref()) {
            ("public", _) => return Some(Rotation::Public),
            ("always", _) => return Some(Rotation::Always),
            ("never", Some("oauth2.1")) => {
                "\"never\" is not allowed by OAuth 2.1, which rotates public clients' refresh tokens"
                    .to_owned()
            }
            ("never", _) => return Some(Rotation::Never),
            (other, _) => format!("{other:?} is none of \"public\", \"always\", \"never\""),
        };
        problems.push(Problem::new("policy.refresh_rotation", fault));
        None
    }

    pub(super) fn login_lifetime(&self, problems: &mut Vec<Problem>) -> Duration {
        let seconds = self.login_lifetime.unwrap_or(A_DAY);
        if !(1..=LONGEST_LOGIN).contains(&seconds) {
            let fault = format!("must be between 1 and {LONGEST_LOGIN} seconds");
            problems.push(Problem::new("policy.login_lifetime", fault));
        }
        Duration::from_secs(seconds)
    }
}
