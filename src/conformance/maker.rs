//! Grants as the endpoints make them, of users that nobody else has.

use std::sync::Arc;
use std::time::Duration;

use crate::grant::{
    Approval, Attempt, CodeBinding, Grant, NewTokens, Outcome, Redemption, RefreshClaim,
    RefreshTerms, Renewal, Seed, Wanted,
};
use crate::host::{Entropy, HostError, SystemEntropy};
use crate::model::authentication::Authentication;
use crate::model::authentication_request::AuthenticationRequest;
use crate::model::client::{AuthenticatedClient, AuthenticationMethod, Client};
use crate::model::identity::{Acr, Amr, ClientId, GrantId, SessionId, Subject};
use crate::model::pkce::{CodeChallenge, CodeVerifier};
use crate::model::resource::Resources;
use crate::model::scope::Scope;
use crate::model::timestamp::Timestamp;
use crate::policy::A_DAY;

/// The example of RFC 7636 appendix B.
const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";
const REDIRECT_URI: &str = "https://client.example/callback";
/// What any check takes is far less.
const LIFETIME: Duration = Duration::from_secs(A_DAY);
/// Characters that a name may have, and that a careless query, pattern or
/// format takes for something else; in pairs that a careless comparison takes
/// for the same.
pub(super) const AWKWARD: [&str; 22] = [
    "a", "A", "a ", " a", "%", "_", "*", "?", "[a-z]", "'", "''", "\"", "\\", "\\'", "`", "{}",
    "{a}", ":", "::", "$1", "';--", "a,b",
];

/// Makes grants.
pub(super) struct Maker {
    /// Begins every name that is made up, so that no other run has it.
    run: String,
    now: Timestamp,
    code: Seed,
    tokens: Seed,
}

impl Maker {
    pub(super) fn new(now: Timestamp) -> Result<Self, HostError> {
        let [code, tokens] = [Seed::from_bytes(draw()?), Seed::from_bytes(draw()?)];
        Ok(Self { run: unheard_of()?, now, code, tokens })
    }

    /// A user of this run whose name ends like this.
    pub(super) fn user(&self, ending: &str) -> Result<Subject, HostError> {
        Ok(Subject::parse(format!("{} {ending}", self.run))?)
    }

    /// When what is made expires, unless its end is told.
    pub(super) fn end(&self) -> Timestamp {
        self.now.plus(LIFETIME)
    }

    /// A grant whose code waits for its redemption.
    pub(super) fn coded(&self, user: &Subject) -> Result<Arc<Grant>, HostError> {
        self.coded_until(user, self.end())
    }

    pub(super) fn coded_until(
        &self,
        user: &Subject,
        end: Timestamp,
    ) -> Result<Arc<Grant>, HostError> {
        Ok(approve(self.approval(user, "client")?, end))
    }

    /// The same with this id.
    pub(super) fn coded_as(&self, id: GrantId, user: &Subject) -> Result<Arc<Grant>, HostError> {
        Ok(approve(Approval { id, ..self.approval(user, "client")? }, self.end()))
    }

    /// One with nothing in it that may be left out.
    pub(super) fn coded_plainly(&self, user: &Subject) -> Result<Arc<Grant>, HostError> {
        let mut approval = self.approval(user, "c")?;
        approval.code.code_challenge = None;
        Ok(approve(approval, self.end()))
    }

    /// One with everything in it.
    pub(super) fn coded_fully(&self, user: &Subject) -> Result<Arc<Grant>, HostError> {
        let session = SessionId::parse(format!("{}'s session", self.run))?;
        let approval = self.approval(user, "client of 100% {'\"\\}")?;
        let authentication = approval
            .authentication
            .with_session(session)
            .with_acr(Acr::parse("urn:example:{'gold'}")?)
            .with_amr([Amr::parse("pwd")?, Amr::parse("otp")?])
            .with_session_end(self.end());
        let scope = Scope::parse("reports.read reports:write {'%s'}")?;
        let resources = Resources::parse(&["https://api.example/%7B?a=b", "urn:example:api"])?;
        let openid = Some(Arc::new(AuthenticationRequest {
            nonce: Some("100% {'\"\\} \u{fc}".into()),
            ..AuthenticationRequest::default()
        }));
        let known_as = Some(Subject::parse(format!("{}'s {{'pairwise'}}", self.run))?);
        let approval = Approval { authentication, scope, resources, openid, known_as, ..approval };
        Ok(approve(approval, self.end()))
    }

    /// One whose names are as long as names can be, with all the scope tokens
    /// and resources that there can be.
    pub(super) fn coded_at_length(&self) -> Result<Arc<Grant>, HostError> {
        let name = format!("{:n<255}", self.run);
        let approval = self.approval(&Subject::parse(name.clone())?, &name)?;
        let session = SessionId::parse(name)?;
        let authentication = approval.authentication.with_session(session);
        let (scope, resources) = longest()?;
        Ok(approve(Approval { authentication, scope, resources, ..approval }, self.end()))
    }

    /// The next version: the code became tokens.
    pub(super) fn redeemed(&self, coded: &Grant) -> Result<Arc<Grant>, HostError> {
        self.redeemed_until(coded, self.end(), true)
    }

    /// The same with another end, and with or without a refresh token.
    pub(super) fn redeemed_until(
        &self,
        coded: &Grant,
        end: Timestamp,
        refresh: bool,
    ) -> Result<Arc<Grant>, HostError> {
        let client = client(coded.client(), coded.scope())?;
        let claim = Redemption {
            client: &client,
            seed: self.code,
            redirect_uri: None,
            redirect_uri_required: true,
            code_verifier: CodeVerifier::parse(VERIFIER),
            wanted: Wanted::default(),
            default_resources: coded.resources(),
        };
        let now = before(end).min(coded.approved_at());
        let life = Duration::from_secs(end.seconds_since(now));
        let new = NewTokens {
            attempt: attempt()?,
            seed: self.tokens.for_access().hash(),
            access_lifetime: life,
            refresh: refresh.then_some(terms(life)),
        };
        match coded.redeem(&claim, &new, now)? {
            Outcome::Redeemed(next, _) => Ok(next),
            Outcome::Replayed(_) => Err(HostError::new("the grant was redeemed before")),
        }
    }

    /// The next version: the refresh token was used. No two are the same.
    pub(super) fn refreshed(&self, active: &Grant) -> Result<Arc<Grant>, HostError> {
        let latest = active.generation().ok_or_else(|| HostError::new("no refresh token"))?;
        let claim = RefreshClaim {
            client: &client(active.client(), active.scope())?,
            seed: self.tokens,
            generation: latest.number,
            wanted: Wanted::default(),
            default_resources: active.resources(),
        };
        match active.refresh(&claim, &terms(LIFETIME), attempt()?, active.approved_at())? {
            Renewal::Renewed(next, _) => Ok(next),
            Renewal::Unchanged(_) | Renewal::Replayed(_) => {
                Err(HostError::new("the refresh token is not the latest"))
            }
        }
    }

    /// Some of `client`'s, with as little in it as there can be.
    fn approval(&self, user: &Subject, client_id: &str) -> Result<Approval, HostError> {
        let client = client(&ClientId::parse(client_id)?, &Scope::empty())?;
        let redirect_uri = client.redirect_uri(None);
        Ok(Approval {
            id: GrantId::from_bytes(draw()?),
            attempt: attempt()?,
            client: client.id().clone(),
            authentication: Authentication::new(user.clone(), self.now),
            scope: Scope::empty(),
            resources: Resources::none(),
            openid: None,
            known_as: None,
            code: CodeBinding {
                seed: self.code.hash(),
                redirect_uri: redirect_uri.ok_or_else(|| HostError::new("no redirect URI"))?,
                redirect_uri_named: false,
                code_challenge: CodeChallenge::parse(CHALLENGE),
            },
        })
    }
}

/// The largest scope and set of resources: what the protocol does not limit is
/// longer than a URL that passes through every proxy.
pub(super) fn longest() -> Result<(Scope, Resources), HostError> {
    let tokens: Vec<_> = (10..74).map(|n| format!("{n}{}", "s".repeat(200))).collect();
    let resources: Vec<_> =
        (10..26).map(|n| format!("https://{n}.example/{}", "r".repeat(2029))).collect();
    Ok((Scope::parse(&tokens.join(" "))?, Resources::parse(&resources)?))
}

/// A name that nobody has.
pub(super) fn unheard_of() -> Result<String, HostError> {
    Ok(GrantId::from_bytes(draw()?).to_string())
}

pub(super) fn draw<const N: usize>() -> Result<[u8; N], HostError> {
    let mut bytes = [0; N];
    SystemEntropy.fill(&mut bytes)?;
    Ok(bytes)
}

fn attempt() -> Result<Attempt, HostError> {
    Ok(Attempt::from_bytes(draw()?))
}

fn approve(approval: Approval, end: Timestamp) -> Arc<Grant> {
    Grant::approve(approval, before(end), LIFETIME)
}

/// When what lives for [`LIFETIME`] until `end` begins.
fn before(end: Timestamp) -> Timestamp {
    let seconds = i64::try_from(LIFETIME.as_secs()).unwrap_or(0);
    Timestamp::from_unix(end.as_unix().saturating_sub(seconds))
}

fn terms(life: Duration) -> RefreshTerms {
    RefreshTerms { idle: life, absolute: Duration::MAX, grace: Duration::ZERO, rotates: true }
}

/// A client that may ask for this much.
fn client(id: &ClientId, scope: &Scope) -> Result<AuthenticatedClient, HostError> {
    let client = Client::builder(id.as_str()).redirect_uri(REDIRECT_URI).scope(scope.as_str());
    let client = Arc::new(client.build()?);
    let client = client.authenticated(AuthenticationMethod::None, false);
    client.ok_or_else(|| HostError::new("the client is not public"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_full_grant_leaves_nothing_out_and_a_long_one_is_as_long_as_can_be() {
        let maker = Maker::new(Timestamp::from_unix(0)).unwrap();
        let full = maker.coded_fully(&maker.user("user").unwrap()).unwrap();
        let (asked, sign_in) = (full.asked().unwrap(), full.authentication());
        assert!(asked.nonce.is_some());
        assert!(sign_in.session().is_some() && sign_in.acr().is_some() && sign_in.amr().len() == 2);
        assert_eq!((full.scope().iter().count(), full.resources().as_slice().len()), (3, 2));
        assert_ne!(full.known_as(), full.subject());
        let long = maker.coded_at_length().unwrap();
        assert!(long.to_record().unwrap().len() > 45_000);
        assert_eq!(long.subject().as_str().len(), 255);
        assert_eq!(long.authentication().session().unwrap().as_str().len(), 255);
    }
}
