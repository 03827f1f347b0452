//! The embedded stores keep every promise, and whoever breaks one is found out.

use std::sync::Arc;

use async_trait::async_trait;
use codegrant::conformance::{
    self, Violation, client_store, clients, code_store, codes, consent_store, replay_cache, sweep,
};
use codegrant::{
    Client, ClientId, ClientStore, Clock, CodeStore, HostError, NoConsents, SystemClock, memory,
};

fn client(id: &str) -> Client {
    let builder = Client::builder(id).redirect_uri("https://client.example/callback");
    builder.name("A client").scope("a b").refresh_token().build().unwrap()
}

#[tokio::test]
async fn the_embedded_stores_keep_every_promise() {
    code_store(&memory::Codes::default()).await.unwrap();
    consent_store(&memory::Consents::default()).await.unwrap();
    replay_cache(&memory::Replays::default()).await.unwrap();
    let clients = memory::Clients::new([client("client"), client("CLIENT"), client("other")]);
    client_store(&clients, &client("client")).await.unwrap();
}

/// The checks do not take their own store's features for promises.
#[tokio::test]
async fn another_store_that_keeps_every_promise_is_not_accused() {
    use crate::liars::codes::{Codes, Lie};
    use crate::liars::{consents, replays};
    code_store(&Codes::new(Lie::None)).await.unwrap();
    consent_store(&consents::Consents::new(consents::Lie::None)).await.unwrap();
    replay_cache(&replays::Replays::new(replays::Lie::None)).await.unwrap();
}

/// At once, or some time later.
#[tokio::test]
async fn a_store_whose_database_forgets_by_itself_is_not_accused() {
    use crate::liars::codes::{Codes, Lie};
    use crate::liars::replays;
    code_store(&Codes::new(Lie::ForgetsByItself)).await.unwrap();
    replay_cache(&replays::Replays::new(replays::Lie::ForgetsByItself)).await.unwrap();
    let (later, now) = (Codes::new(Lie::ForgetsLater), SystemClock.now());
    sweep::the_latest_version_says_when_a_grant_expires(&later, now).await.unwrap();
    sweep::the_exact_second_decides_over_a_grant(&later, now).await.unwrap();
}

#[tokio::test]
async fn a_code_store_is_found_out_by_the_promise_that_it_breaks() {
    use crate::liars::codes::{Codes, Lie};
    for (lie, promise) in [
        (Lie::LosesInserts, "every_stage_is_kept_as_it_is"),
        (Lie::LosesReplaces, "every_stage_is_kept_as_it_is"),
        (Lie::Truncates, "every_stage_is_kept_as_it_is"),
        (Lie::TruncatesTheLongest, "the_longest_record_is_kept_as_it_is"),
        (Lie::ForgetsTheVersion, "every_stage_is_kept_as_it_is"),
        (Lie::FoldsIds, "ids_that_look_alike_are_kept_apart"),
        (Lie::Lags, "finished_writes_are_seen"),
        (Lie::OverwritesOnInsert, "a_known_id_is_not_inserted_again"),
        (Lie::ListsRefusedInserts, "a_known_id_is_not_inserted_again"),
        (Lie::InsertsInTwoSteps, "one_of_many_inserts_of_an_id_succeeds"),
        (Lie::IgnoresTheVersion, "a_replace_over_another_version_writes_nothing"),
        (Lie::TakesEverythingNewer, "a_replace_over_another_version_writes_nothing"),
        (Lie::WritesWhatItRefuses, "a_replace_over_another_version_writes_nothing"),
        (Lie::InsertsOnReplace, "a_replace_of_an_unknown_id_writes_nothing"),
        (Lie::ReplacesInTwoSteps, "one_of_many_replaces_wins"),
        (Lie::ForgetsOne, "all_grants_of_a_user_are_listed"),
        (Lie::ListsOnePage, "all_grants_of_a_user_are_listed"),
        (Lie::ListsFirstVersions, "a_known_id_is_not_inserted_again"),
        (Lie::ListsEverybodys, "a_known_id_is_not_inserted_again"),
        (Lie::HidesTheEnded, "all_grants_of_a_user_are_listed"),
        (Lie::FoldsUsers, "users_that_look_alike_are_kept_apart"),
        (Lie::TrimsUsers, "users_that_look_alike_are_kept_apart"),
        (Lie::MatchesUsers, "users_that_look_alike_are_kept_apart"),
        (Lie::SweepsEverything, "what_has_not_expired_stays"),
        (Lie::SweepsByFirstVersion, "the_latest_version_says_when_a_grant_expires"),
        (Lie::SweepsByLongestVersion, "the_latest_version_says_when_a_grant_expires"),
        (Lie::SweepsASecondEarly, "the_exact_second_decides_over_a_grant"),
        (Lie::SweepsASecondLate, "the_exact_second_decides_over_a_grant"),
        (Lie::SweepsHalf, "the_exact_second_decides_over_a_grant"),
        (Lie::MiscountsTheSwept, "the_exact_second_decides_over_a_grant"),
    ] {
        assert_found_out(lie, promise, code_store(&Codes::new(lie)).await);
    }
}

/// What was promised of what is not there shows only beside something that is.
#[tokio::test]
async fn strangers_are_found_out_in_a_store_that_holds_something() {
    use crate::liars::{codes, consents};
    let now = SystemClock.now();
    let store = codes::Codes::new(codes::Lie::FindsStrangers);
    conformance::codes::every_stage_is_kept_as_it_is(&store, now).await.unwrap();
    let checked = conformance::codes::an_unknown_id_is_none(&store, now).await;
    assert_found_out(codes::Lie::FindsStrangers, "an_unknown_id_is_none", checked);
    let store = consents::Consents::new(consents::Lie::FindsStrangers);
    conformance::consents::every_version_is_kept_as_it_is(&store).await.unwrap();
    let checked = conformance::consents::an_unknown_pair_is_none(&store).await;
    assert_found_out(consents::Lie::FindsStrangers, "an_unknown_pair_is_none", checked);
}

#[tokio::test]
async fn a_consent_store_is_found_out_by_the_promise_that_it_breaks() {
    use crate::liars::consents::{Consents, Lie};
    for (lie, promise) in [
        (Lie::LosesAnswers, "every_version_is_kept_as_it_is"),
        (Lie::Truncates, "every_version_is_kept_as_it_is"),
        (Lie::KeepsTheOldAnswer, "every_version_is_kept_as_it_is"),
        (Lie::TruncatesTheLongest, "the_longest_answer_is_kept_as_it_is"),
        (Lie::JoinsNames, "pairs_that_look_alike_are_kept_apart"),
        (Lie::JoinsNamesByColon, "pairs_that_look_alike_are_kept_apart"),
        (Lie::FoldsUsers, "pairs_that_look_alike_are_kept_apart"),
        (Lie::TrimsClients, "pairs_that_look_alike_are_kept_apart"),
        (Lie::BeginsInTheMiddle, "a_first_answer_is_kept_only_over_nothing"),
        (Lie::OverwritesByFirstAnswers, "a_first_answer_is_kept_only_over_nothing"),
        (Lie::TakesEverythingNewer, "an_answer_over_another_version_is_not_kept"),
        (Lie::BeginsInTwoSteps, "one_of_many_first_answers_wins"),
        (Lie::RemembersInTwoSteps, "one_of_many_later_answers_wins"),
    ] {
        assert_found_out(lie, promise, consent_store(&Consents::new(lie)).await);
    }
    let checked = consent_store(&NoConsents).await;
    assert_found_out(NoConsents, "every_version_is_kept_as_it_is", checked);
}

#[tokio::test]
async fn a_replay_cache_is_found_out_by_the_promise_that_it_breaks() {
    use crate::liars::replays::{Lie, Replays};
    for (lie, promise) in [
        (Lie::RemembersNothing, "only_the_first_use_is_the_first"),
        (Lie::RemembersEverything, "only_the_first_use_is_the_first"),
        (Lie::Truncates, "proofs_that_look_alike_are_kept_apart"),
        (Lie::Folds, "proofs_that_look_alike_are_kept_apart"),
        (Lie::NotesInTwoSteps, "one_of_many_uses_is_the_first"),
        (Lie::ForgetsEverything, "what_has_not_expired_is_remembered"),
        (Lie::ForgetsASecondEarly, "the_exact_second_decides_over_a_proof"),
        (Lie::ForgetsASecondLate, "the_exact_second_decides_over_a_proof"),
    ] {
        assert_found_out(lie, promise, replay_cache(&Replays::new(lie)).await);
    }
}

/// What is made of an id before a client is looked up.
type Rule = fn(&str) -> String;

/// Finds clients by what its rule makes of their id.
struct ByRule(Rule, memory::Clients);

#[async_trait]
impl ClientStore for ByRule {
    async fn client(&self, id: &ClientId) -> Result<Option<Arc<Client>>, HostError> {
        self.1.client(&ClientId::parse((self.0)(id.as_str()))?).await
    }
}

#[tokio::test]
async fn a_client_store_is_found_out_by_the_promise_that_it_breaks() {
    let rules: [(Rule, &str); 5] = [
        (|_| "other".into(), "a_registered_client_is_found_as_it_is"),
        (|_| "client".into(), "another_id_is_another_client"),
        (|id| id.to_lowercase(), "another_id_is_another_client"),
        (|id| id.trim().into(), "another_id_is_another_client"),
        (|id| id.trim_end_matches('%').into(), "another_id_is_another_client"),
    ];
    for (place, (rule, promise)) in rules.into_iter().enumerate() {
        let store = ByRule(rule, memory::Clients::new([client("client"), client("other")]));
        assert_found_out(place, promise, client_store(&store, &client("client")).await);
    }
    let empty = memory::Clients::default();
    let checked = client_store(&empty, &client("client")).await;
    assert_found_out("none", "a_registered_client_is_found_as_it_is", checked);
}

/// All but those that want to be the only ones that sweep.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn checks_of_one_store_do_not_disturb_each_other() {
    let store: Arc<dyn CodeStore> = Arc::new(memory::Codes::default());
    let now = SystemClock.now();
    let checks: Vec<_> = (0..2)
        .map(|_| {
            let store = store.clone();
            tokio::spawn(async move {
                codes::an_unknown_id_is_none(&*store, now).await?;
                codes::one_of_many_replaces_wins(&*store, now).await?;
                codes::all_grants_of_a_user_are_listed(&*store, now).await?;
                codes::users_that_look_alike_are_kept_apart(&*store, now).await?;
                sweep::what_has_not_expired_stays(&*store, now).await?;
                sweep::the_latest_version_says_when_a_grant_expires(&*store, now).await
            })
        })
        .collect();
    for check in checks {
        check.await.unwrap().unwrap();
    }
    code_store(&*store).await.unwrap();
}

#[tokio::test]
async fn a_violation_says_what_was_promised_expected_and_seen() {
    let store =
        crate::liars::replays::Replays::new(crate::liars::replays::Lie::RemembersEverything);
    let violation = replay_cache(&store).await.unwrap_err().to_string();
    assert!(violation.starts_with("only_the_first_use_is_the_first: of whether ["), "{violation}");
    assert!(violation.ends_with("] is new, expected true, saw false"), "{violation}");
    let store = crate::liars::codes::Codes::new(crate::liars::codes::Lie::LosesInserts);
    let violation = code_store(&store).await.unwrap_err().to_string();
    assert!(violation.contains("expected version 1 of {\"format\":"), "{violation}");
    assert!(violation.ends_with(", saw nothing"), "{violation}");
    let store = crate::liars::codes::Codes::new(crate::liars::codes::Lie::TruncatesTheLongest);
    let violation = code_store(&store).await.unwrap_err().to_string();
    assert!(violation.len() < 2_000, "{violation}");
}

/// A record is shown whole, or, if it is long, where it differs.
#[tokio::test]
async fn a_violation_shows_of_a_record_what_differs() {
    for (length, is_whole) in [(50, true), (1000, false)] {
        let named = |ending: &str| {
            let builder = Client::builder("app").redirect_uri("https://client.example/callback");
            builder.name(format!("{}{ending}", "n".repeat(length))).build().unwrap()
        };
        let (store, expected) = (memory::Clients::new([named("seen")]), named("expected"));
        let checked = clients::a_registered_client_is_found_as_it_is(&store, &expected).await;
        let said = checked.unwrap_err().to_string();
        assert!(said.contains("nexpected") && said.contains("nseen"), "{said}");
        assert_eq!(said.contains("expected {\""), is_whole, "{said}");
        assert!(said.len() < 1000, "{said}");
    }
}

#[track_caller]
fn assert_found_out(lie: impl std::fmt::Debug, promise: &str, checked: Result<(), Violation>) {
    let violation = checked.expect_err(&format!("{lie:?} is not found out"));
    assert_eq!(violation.property(), promise, "{lie:?} is found out by: {violation}");
}
