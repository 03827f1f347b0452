//! The whole table of (stage × event), a named test a cell.

mod refresh;

use std::sync::Arc;
use std::time::Duration;

use super::{
    Approval, Attempt, CodeBinding, Grant, NewTokens, Outcome, Redemption, RefreshTerms, Refusal,
    Seed, Selection, Wanted,
};
use crate::model::authentication::Authentication;
use crate::model::client::{AuthenticatedClient, AuthenticationMethod, Client};
use crate::model::identity::{GrantId, Subject};
use crate::model::pkce::{CodeChallenge, CodeVerifier};
use crate::model::resource::{ResourceChoice, Resources};
use crate::model::scope::{Scope, ScopeChoice};
use crate::model::timestamp::Timestamp;

const URI: &str = "https://app.example/cb";
const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";
const CODE_SEED: Seed = Seed::from_bytes([1; 16]);
const TOKEN_SEED: Seed = Seed::from_bytes([2; 16]);
const CODE_LIFETIME: Duration = Duration::from_secs(60);

fn at(second: i64) -> Timestamp {
    Timestamp::from_unix(second)
}

fn client(id: &str) -> AuthenticatedClient {
    let client = Client::builder(id).redirect_uri(URI).scope("a b c").resource("api:1");
    let client = client.resource("api:2").build().unwrap();
    Arc::new(client).authenticated(AuthenticationMethod::None, false).unwrap()
}

fn coded_with(challenge: Option<&str>, redirect_uri_named: bool) -> Arc<Grant> {
    let app = Client::builder("app").redirect_uri(URI).build().unwrap();
    let approval = Approval {
        id: GrantId::from_bytes([9; 16]),
        attempt: Attempt::from_bytes([1; 8]),
        client: app.id().clone(),
        authentication: Authentication::new(Subject::parse("alice").unwrap(), at(-5)),
        scope: Scope::parse("a b c").unwrap(),
        resources: Resources::parse(&["api:1", "api:2"]).unwrap(),
        openid: None,
        known_as: None,
        code: CodeBinding {
            seed: CODE_SEED.hash(),
            redirect_uri: app.redirect_uri(None).unwrap(),
            redirect_uri_named,
            code_challenge: challenge.and_then(CodeChallenge::parse),
        },
    };
    Grant::approve(approval, at(0), CODE_LIFETIME)
}

fn coded() -> Arc<Grant> {
    coded_with(Some(CHALLENGE), true)
}

fn active() -> Arc<Grant> {
    match redeem(&coded(), at(1), |_| {}) {
        Ok(Outcome::Redeemed(active, _)) => active,
        other => panic!("{other:?}"),
    }
}

fn ended() -> Arc<Grant> {
    match redeem(&active(), at(2), |_| {}) {
        Ok(Outcome::Replayed(ended)) => ended,
        other => panic!("{other:?}"),
    }
}

fn redeem(
    grant: &Grant,
    now: Timestamp,
    change: impl for<'r> FnOnce(&mut Redemption<'r>),
) -> Result<Outcome, Refusal> {
    redeem_by(&client("app"), grant, now, change)
}

fn redeem_by(
    client: &AuthenticatedClient,
    grant: &Grant,
    now: Timestamp,
    change: impl for<'r> FnOnce(&mut Redemption<'r>),
) -> Result<Outcome, Refusal> {
    let mut claim = Redemption {
        client,
        seed: CODE_SEED,
        redirect_uri: Some(URI),
        redirect_uri_required: true,
        code_verifier: CodeVerifier::parse(VERIFIER),
        wanted: Wanted::default(),
        default_resources: &Resources::none(),
    };
    change(&mut claim);
    grant.redeem(&claim, &new_tokens(None), now)
}

fn new_tokens(refresh: Option<RefreshTerms>) -> NewTokens {
    NewTokens {
        attempt: Attempt::from_bytes([2; 8]),
        seed: TOKEN_SEED.hash(),
        access_lifetime: Duration::from_secs(600),
        refresh,
    }
}

fn all(grant: &Grant) -> Selection {
    Selection { scope: grant.scope().choose_all(), resources: ResourceChoice(u16::MAX) }
}

fn uris(uris: &[&str]) -> Resources {
    Resources::parse(uris).unwrap()
}

/// Every way in which a claim can fail to match, which any stage that still
/// knows its code refuses before it looks at anything else.
fn assert_mismatches_refused(grant: &Grant) {
    type Change = fn(&mut Redemption<'_>);
    let changes: [(Change, Refusal); 5] = [
        (|claim| claim.seed = TOKEN_SEED, Refusal::OtherSeed),
        (|claim| claim.redirect_uri = None, Refusal::RedirectUri),
        (|claim| claim.redirect_uri = Some("https://app.example/"), Refusal::RedirectUri),
        (|claim| claim.code_verifier = None, Refusal::VerifierMissing),
        (|claim| claim.code_verifier = CodeVerifier::parse(CHALLENGE), Refusal::VerifierMismatch),
    ];
    for (change, refusal) in changes {
        assert_eq!(redeem(grant, at(1), change).unwrap_err(), refusal);
    }
    let by_stranger = redeem_by(&client("stranger"), grant, at(1), |_| {});
    assert_eq!(by_stranger.unwrap_err(), Refusal::OtherClient);
}

#[test]
fn coded_redeemed_by_a_matching_claim_becomes_active() {
    let grant = active();
    assert_eq!((grant.version(), grant.replaces()), (2, 1));
    assert_eq!(grant.expires_at(), at(601));
    assert!(grant.access(&TOKEN_SEED, all(&grant)).is_ok());
}

#[test]
fn coded_claimed_by_a_mismatch_is_refused() {
    assert_mismatches_refused(&coded());
}

#[test]
fn coded_redeemed_after_its_lifetime_is_refused() {
    assert!(redeem(&coded(), at(59), |_| {}).is_ok());
    assert_eq!(redeem(&coded(), at(60), |_| {}).unwrap_err(), Refusal::Expired);
}

#[test]
fn coded_gives_no_access() {
    let grant = coded();
    for seed in [CODE_SEED, TOKEN_SEED] {
        assert_eq!(grant.access(&seed, all(&grant)), Err(Refusal::OtherSeed));
    }
}

#[test]
fn active_claimed_again_by_a_matching_claim_is_a_replay_and_ends() {
    let grant = ended();
    assert_eq!(grant.version(), 3);
    assert!(grant.is_ended());
}

#[test]
fn active_claimed_by_a_mismatch_is_refused() {
    assert_mismatches_refused(&active());
}

#[test]
fn active_claimed_again_after_the_codes_lifetime_is_still_a_replay() {
    assert!(matches!(redeem(&active(), at(500), |_| {}), Ok(Outcome::Replayed(_))));
}

#[test]
fn active_gives_the_chosen_scope_to_its_own_tokens_only() {
    let grant = active();
    let part = Selection { scope: ScopeChoice(0b101), resources: ResourceChoice(0b10) };
    let (scope, resources) = grant.access(&TOKEN_SEED, part).unwrap();
    assert_eq!((scope.as_str(), resources), ("a c", uris(&["api:2"])));
    assert_eq!(grant.access(&CODE_SEED, part), Err(Refusal::OtherSeed));
}

#[test]
fn ended_claimed_again_stays_ended() {
    assert_eq!(redeem(&ended(), at(3), |_| {}).unwrap_err(), Refusal::Ended);
}

#[test]
fn ended_gives_no_access() {
    let grant = ended();
    assert_eq!(grant.access(&TOKEN_SEED, all(&grant)), Err(Refusal::Ended));
}

#[test]
fn a_verifier_for_a_code_without_challenge_is_refused() {
    let grant = coded_with(None, true);
    assert_eq!(redeem(&grant, at(1), |_| {}).unwrap_err(), Refusal::VerifierUnexpected);
    assert!(redeem(&grant, at(1), |claim| claim.code_verifier = None).is_ok());
}

#[test]
fn a_redirect_uri_that_was_not_named_may_be_left_out_and_must_not_be_another() {
    let grant = coded_with(Some(CHALLENGE), false);
    assert!(redeem(&grant, at(1), |_| {}).is_ok());
    assert!(redeem(&grant, at(1), |claim| claim.redirect_uri = None).is_ok());
    let other = redeem(&grant, at(1), |claim| claim.redirect_uri = Some("https://evil.example"));
    assert_eq!(other.unwrap_err(), Refusal::RedirectUri);
}

#[test]
fn a_verifier_does_in_place_of_the_redirect_uri_where_that_is_not_required() {
    let without_uri = |claim: &mut Redemption<'_>| {
        claim.redirect_uri = None;
        claim.redirect_uri_required = false;
    };
    assert!(redeem(&coded(), at(1), without_uri).is_ok());
    let wrong = |claim: &mut Redemption<'_>| {
        without_uri(claim);
        claim.redirect_uri = Some("https://evil.example");
    };
    assert_eq!(redeem(&coded(), at(1), wrong).unwrap_err(), Refusal::RedirectUri);
    let without_any = |claim: &mut Redemption<'_>| {
        without_uri(claim);
        claim.code_verifier = None;
    };
    assert_eq!(redeem(&coded(), at(1), without_any).unwrap_err(), Refusal::VerifierMissing);
    let unbound = coded_with(None, true);
    assert_eq!(redeem(&unbound, at(1), without_any).unwrap_err(), Refusal::RedirectUri);
}

/// What is wanted does not make a code less spent.
#[test]
fn coded_claimed_for_a_foreign_resource_is_refused_and_active_ends() {
    let foreign = |claim: &mut Redemption<'_>| claim.wanted.resources = uris(&["api:3"]);
    assert_eq!(redeem(&coded(), at(1), foreign).unwrap_err(), Refusal::Target);
    assert!(matches!(redeem(&active(), at(1), foreign), Ok(Outcome::Replayed(_))));
}

#[test]
fn a_code_may_be_redeemed_for_some_of_its_resources() {
    let selected = |wanted: &[&str]| match redeem(&coded(), at(1), |claim| {
        claim.wanted.resources = uris(wanted)
    })
    .unwrap()
    {
        Outcome::Redeemed(_, selection) => selection.resources,
        Outcome::Replayed(_) => panic!("redeemed once"),
    };
    assert_eq!(selected(&["api:2"]), ResourceChoice(0b10));
    assert_eq!(selected(&[]), ResourceChoice(0b11));
}

#[test]
fn an_ended_grant_is_kept_as_long_as_what_was_issued_would_have_lived() {
    for grant in [coded(), active(), ended()] {
        let ended = grant.end();
        assert!(ended.is_ended());
        assert_eq!(ended.expires_at(), grant.expires_at());
        assert_eq!(ended.replaces(), grant.version());
    }
}

#[test]
fn every_stage_reads_back_from_its_record() {
    for grant in [coded(), active(), refresh::active(), ended(), coded_with(None, false)] {
        let record = grant.to_record().unwrap();
        let read = Grant::from_record(&record, grant.version()).unwrap();
        assert_eq!(format!("{read:?}"), format!("{grant:?}"));
        assert_eq!(read.to_record().unwrap(), record);
    }
}

#[test]
fn a_newer_or_unknown_record_is_not_read() {
    let record = coded().to_record().unwrap();
    let newer = record.replace(r#""format":1"#, r#""format":2"#);
    assert!(Grant::from_record(&newer, 1).unwrap_err().to_string().contains("format 2"));
    for unknown in [
        record.replace(r#""facts":{"#, r#""facts":{"colour":"blue","#),
        record.replace(r#"{"format""#, r#"{"colour":"blue","format""#),
        record.replace(r#""coded":{"#, r#""coded":{"colour":"blue","#),
        record.replace(r#""coded""#, r#""pushed""#),
        record.replace(r#""scope":"a b c""#, r#""scope":"\u0000""#),
        "{}".into(),
        String::new(),
    ] {
        assert_ne!(unknown, record);
        assert!(Grant::from_record(&unknown, 1).is_err(), "{unknown}");
    }
}

#[test]
fn neither_debug_output_nor_record_hold_a_seed() {
    for grant in [coded(), active()] {
        let shown = format!("{grant:?} {}", grant.to_record().unwrap());
        for seed in [CODE_SEED, TOKEN_SEED] {
            assert!(!shown.contains(&format!("{:?}", seed.as_bytes())));
            let encoded = serde_json::to_string(&GrantId::from_bytes(*seed.as_bytes())).unwrap();
            assert!(!shown.contains(encoded.trim_matches('"')), "{shown}");
        }
    }
}
