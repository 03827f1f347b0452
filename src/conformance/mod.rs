//! What any store must do, as checks that every implementation can run
//! (feature `conformance`).
//!
//! Each check is one promise of a seam; it takes the store and, where it
//! matters, the present time, and says how the promise was broken, if it was. [`code_store`],
//! [`consent_store`], [`client_store`] and [`replay_cache`] run all of a seam:
//!
//! ```
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), codegrant::conformance::Violation> {
//! let store = codegrant::memory::Codes::default();
//! codegrant::conformance::code_store(&store).await
//! # }
//! ```
//!
//! A host runs them on its own store by one test like that, on an empty
//! database, with the dev-dependency
//! `codegrant = { version = "…", features = ["conformance"] }`.
//!
//! A store that several nodes share is checked on several handles at once too,
//! each with connections of its own, as nodes have them.
//!
//! The checks draw ids and users of their own, so the store may hold other
//! records, and other checks may run on it at the same time; those whose name
//! begins with `the_exact_second` want to be the only ones that sweep.
//!
//! Where a check wants many calls at once, it drives them itself, in turn, on
//! the one task that it runs on. To load a store from several threads, run
//! checks in several tasks of a multi-threaded runtime, on clones of one
//! [`Arc`](std::sync::Arc); each works on records of its own.

pub mod clients;
pub mod codes;
pub mod consents;
mod maker;
pub mod replays;
pub mod sweep;
mod violation;

pub use violation::Violation;

use crate::host::{ClientStore, Clock, CodeStore, ConsentStore, ReplayCache, SystemClock};
use crate::model::client::Client;

/// Everything that a [`CodeStore`] promises. Nobody else may sweep meanwhile.
pub async fn code_store(store: &dyn CodeStore) -> Result<(), Violation> {
    let now = SystemClock.now();
    codes::an_unknown_id_is_none(store, now).await?;
    codes::every_stage_is_kept_as_it_is(store, now).await?;
    codes::the_longest_record_is_kept_as_it_is(store, now).await?;
    codes::ids_that_look_alike_are_kept_apart(store, now).await?;
    codes::finished_writes_are_seen(store, now).await?;
    codes::a_known_id_is_not_inserted_again(store, now).await?;
    codes::one_of_many_inserts_of_an_id_succeeds(store, now).await?;
    codes::a_replace_over_another_version_writes_nothing(store, now).await?;
    codes::a_replace_of_an_unknown_id_writes_nothing(store, now).await?;
    codes::all_grants_of_a_user_are_listed(store, now).await?;
    codes::users_that_look_alike_are_kept_apart(store, now).await?;
    sweep::what_has_not_expired_stays(store, now).await?;
    sweep::the_latest_version_says_when_a_grant_expires(store, now).await?;
    sweep::the_exact_second_decides_over_a_grant(store, now).await?;
    codes::one_of_many_replaces_wins(store, now).await
}

/// Everything that a [`ConsentStore`] promises.
pub async fn consent_store(store: &dyn ConsentStore) -> Result<(), Violation> {
    consents::an_unknown_pair_is_none(store).await?;
    consents::every_version_is_kept_as_it_is(store).await?;
    consents::the_longest_answer_is_kept_as_it_is(store).await?;
    consents::pairs_that_look_alike_are_kept_apart(store).await?;
    consents::a_first_answer_is_kept_only_over_nothing(store).await?;
    consents::an_answer_over_another_version_is_not_kept(store).await?;
    consents::one_of_many_first_answers_wins(store).await?;
    consents::one_of_many_later_answers_wins(store).await
}

/// Everything that a [`ClientStore`] promises, which holds `registered`.
pub async fn client_store(store: &dyn ClientStore, registered: &Client) -> Result<(), Violation> {
    clients::a_registered_client_is_found_as_it_is(store, registered).await?;
    clients::another_id_is_another_client(store, registered).await
}

/// Everything that a [`ReplayCache`] promises. Nobody else may make it forget
/// meanwhile.
pub async fn replay_cache(cache: &dyn ReplayCache) -> Result<(), Violation> {
    let now = SystemClock.now();
    replays::only_the_first_use_is_the_first(cache, now).await?;
    replays::proofs_that_look_alike_are_kept_apart(cache, now).await?;
    replays::one_of_many_uses_is_the_first(cache, now).await?;
    replays::what_has_not_expired_is_remembered(cache, now).await?;
    replays::the_exact_second_decides_over_a_proof(cache, now).await
}
