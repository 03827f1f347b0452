//! What scopes mean: those of OpenID Connect, and whatever is configured.

use codegrant::Scope;

use super::offer::{NO_PROVIDER, Offer};
use super::{Config, Problem};

/// What the scopes of OpenID Connect allow, for consent pages (OpenID Connect
/// Core sections 3.1.2.1, 5.4 and 11).
const OPENID_CONNECT: [(&str, &str); 6] = [
    ("openid", "Know that it is you whenever you come back"),
    ("profile", "See your name and what else your profile says of you"),
    ("email", "See your e-mail address"),
    ("address", "See your postal address"),
    ("phone", "See your phone number"),
    ("offline_access", "Keep its access when you sign out"),
];

/// Whether only an OpenID Connect provider can make sense of `scope`;
/// `offline_access` may mean something to others, too.
pub(super) fn is_of_openid_connect(scope: &str) -> bool {
    OPENID_CONNECT.iter().any(|(known, _)| *known == scope) && scope != "offline_access"
}

impl Config {
    /// What `scope` allows, in words, if there are any.
    pub(crate) fn describe(&self, scope: &str) -> Option<&str> {
        let configured = self.scopes.get(scope).map(|known| known.description.as_str());
        let built_in = OPENID_CONNECT.iter().find(|(known, _)| *known == scope);
        let configured = configured.filter(|description| !description.is_empty());
        configured.or_else(|| built_in.map(|(_, description)| *description))
    }

    /// Everything that is described, each a single scope token.
    pub(super) fn scopes(&self, offer: &Offer, problems: &mut Vec<Problem>) -> Option<Scope> {
        let faults_before = problems.len();
        for name in self.scopes.keys() {
            let is_token = Scope::parse(name).is_ok_and(|scope| scope.as_str() == *name);
            let fault = if !is_token || name.is_empty() {
                "is not a scope token"
            } else if !offer.is_provider() && is_of_openid_connect(name) {
                NO_PROVIDER
            } else {
                continue;
            };
            problems.push(Problem::new(format!("scopes.{name}"), fault));
        }
        let with_claims = self.scopes.iter().filter(|(_, scope)| !scope.claims.is_empty());
        if !offer.is_provider() && self.scopes != Self::default().scopes {
            problems.extend(
                with_claims
                    .map(|(name, _)| Problem::new(format!("scopes.{name}.claims"), NO_PROVIDER)),
            );
        }
        if problems.len() > faults_before {
            return None;
        }
        let built_in = OPENID_CONNECT.iter().filter(|_| offer.is_provider()).map(|(name, _)| *name);
        let names: Vec<&str> = built_in.chain(self.scopes.keys().map(String::as_str)).collect();
        let scopes = Scope::parse(&names.join(" "));
        scopes.map_err(|error| problems.push(Problem::new("scopes", error))).ok()
    }
}
