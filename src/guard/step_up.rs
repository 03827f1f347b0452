//! Step-up authentication (RFC 9470): what a resource asks of how its user signed
//! in.

use std::time::Duration;

use crate::cause::Cause;
use crate::model::authentication::Authentication;
use crate::model::identity::Acr;
use crate::model::timestamp::Timestamp;

/// How the user has to have signed in; anyhow, if nothing is demanded.
#[derive(Clone, Debug, Default)]
pub(crate) struct Demand {
    /// One of these is enough, the first is best.
    pub(super) acr_values: Vec<Acr>,
    /// How long ago it may have been.
    pub(super) max_age: Option<Duration>,
}

/// How they did sign in, as far as the server says.
#[derive(Clone, Debug, Default)]
pub(super) struct SignIn {
    pub(super) auth_time: Option<Timestamp>,
    pub(super) acr: Option<Acr>,
}

impl SignIn {
    pub(super) fn of(authentication: &Authentication) -> Self {
        let auth_time = Some(authentication.authenticated_at());
        Self { auth_time, acr: authentication.acr().cloned() }
    }
}

impl Demand {
    /// Judges a sign-in. One of which nothing is known meets no demand.
    pub(super) fn judge(&self, sign_in: &SignIn, now: Timestamp) -> Result<(), Cause> {
        let is_sure = self.acr_values.is_empty()
            || sign_in.acr.as_ref().is_some_and(|acr| self.acr_values.contains(acr));
        let is_fresh = self.max_age.is_none_or(|most| {
            sign_in.auth_time.is_some_and(|at| now.seconds_since(at) <= most.as_secs())
        });
        if is_sure && is_fresh { Ok(()) } else { Err(Cause::InsufficientUserAuthentication) }
    }

    /// The parameters of the challenge (section 3): all that is demanded, so that
    /// one login meets all of it.
    pub(super) fn write(&self, challenge: &mut String) {
        if !self.acr_values.is_empty() {
            let values: Vec<_> = self.acr_values.iter().map(Acr::as_str).collect();
            // Within quotes these two are escaped (RFC 9110 section 5.6.4).
            let values = values.join(" ").replace('\\', r"\\").replace('"', "\\\"");
            challenge.extend([", acr_values=\"", &values, "\""]);
        }
        if let Some(most) = self.max_age {
            challenge.extend([", max_age=\"", &most.as_secs().to_string(), "\""]);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn demand(acrs: &[&str], max_age: Option<u64>) -> Demand {
        Demand {
            acr_values: acrs.iter().map(|acr| Acr::parse(*acr).unwrap()).collect(),
            max_age: max_age.map(Duration::from_secs),
        }
    }

    fn sign_in(acr: Option<&str>, auth_time: Option<i64>) -> SignIn {
        SignIn {
            acr: acr.map(|acr| Acr::parse(acr).unwrap()),
            auth_time: auth_time.map(Timestamp::from_unix),
        }
    }

    #[test]
    fn every_demand_has_to_be_met_and_silence_meets_none() {
        let now = Timestamp::from_unix(1000);
        for (demand, sign_in, meets) in [
            (demand(&[], None), sign_in(None, None), true),
            (demand(&["gold"], None), sign_in(None, Some(1000)), false),
            (demand(&["gold"], None), sign_in(Some("silver"), None), false),
            (demand(&["gold", "silver"], None), sign_in(Some("silver"), None), true),
            (demand(&[], Some(60)), sign_in(Some("gold"), None), false),
            (demand(&[], Some(60)), sign_in(None, Some(939)), false),
            (demand(&[], Some(60)), sign_in(None, Some(940)), true),
            (demand(&[], Some(0)), sign_in(None, Some(1000)), true),
            (demand(&["gold"], Some(60)), sign_in(Some("gold"), Some(939)), false),
            (demand(&["gold"], Some(60)), sign_in(Some("silver"), Some(1000)), false),
            (demand(&["gold"], Some(60)), sign_in(Some("gold"), Some(1000)), true),
        ] {
            assert_eq!(demand.judge(&sign_in, now).is_ok(), meets, "{demand:?} {sign_in:?}");
        }
    }

    #[test]
    fn a_challenge_says_all_that_is_demanded_and_cannot_be_broken_out_of() {
        let written = |demand: Demand| {
            let mut challenge = String::new();
            demand.write(&mut challenge);
            challenge
        };
        assert_eq!(written(demand(&[], None)), "");
        let all = written(demand(&["urn:gold", "urn:silver"], Some(300)));
        assert_eq!(all, r#", acr_values="urn:gold urn:silver", max_age="300""#);
        let odd = written(demand(&[r#"a"b\c"#], None));
        assert_eq!(odd, r#", acr_values="a\"b\\c""#);
    }
}
