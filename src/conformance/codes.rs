//! What a [`CodeStore`] promises, apart from [sweeping](super::sweep).

use std::slice::from_ref;
use std::sync::Arc;

use super::Violation;
use super::maker::{AWKWARD, Maker, draw};
use super::violation::{Finding, grant, only, promise, same};
use crate::grant::Grant;
use crate::host::CodeStore;
use crate::model::identity::{GrantId, Subject};
use crate::model::timestamp::Timestamp;
use crate::together::together;

const MANY: usize = 64;
const ROUNDS: usize = 200;

/// Nothing is found under an id that nobody inserted, and nothing of a user who
/// allowed nothing.
pub async fn an_unknown_id_is_none(store: &dyn CodeStore, now: Timestamp) -> Result<(), Violation> {
    promise("an_unknown_id_is_none", async {
        let maker = Maker::new(now)?;
        assert_kept(store, &GrantId::from_bytes(draw()?), None).await?;
        assert_listed(store, &maker.user("nobody")?, &[]).await
    })
    .await
}

/// Every version of a grant's life is found as it was written: the record byte
/// for byte, and its version.
pub async fn every_stage_is_kept_as_it_is(
    store: &dyn CodeStore,
    now: Timestamp,
) -> Result<(), Violation> {
    promise("every_stage_is_kept_as_it_is", async {
        let maker = Maker::new(now)?;
        let plain = maker.coded_plainly(&maker.user("plain")?)?;
        live(store, &[plain.clone(), plain.end()]).await?;
        let full = maker.coded_fully(&maker.user("{'full\": \"100%\\n'}")?)?;
        let brief = maker.redeemed_until(&full, maker.end(), false)?;
        live(store, &[full, brief.clone(), brief.end()]).await?;
        let full = maker.coded_fully(&maker.user("full")?)?;
        let active = maker.redeemed(&full)?;
        let refreshed = maker.refreshed(&active)?;
        live(store, &[full, active, refreshed.clone(), refreshed.end()]).await
    })
    .await
}

/// The longest names, scopes and resources that can be are kept whole: a record
/// of about 50,000 characters.
pub async fn the_longest_record_is_kept_as_it_is(
    store: &dyn CodeStore,
    now: Timestamp,
) -> Result<(), Violation> {
    promise("the_longest_record_is_kept_as_it_is", async {
        let maker = Maker::new(now)?;
        let coded = maker.coded_at_length()?;
        let active = maker.redeemed(&coded)?;
        live(store, &[coded, active.clone(), maker.refreshed(&active)?]).await
    })
    .await
}

/// Two ids that differ in one bit, or in nothing but the case of their text,
/// are two.
pub async fn ids_that_look_alike_are_kept_apart(
    store: &dyn CodeStore,
    now: Timestamp,
) -> Result<(), Violation> {
    promise("ids_that_look_alike_are_kept_apart", async {
        let maker = Maker::new(now)?;
        let user = maker.user("user")?;
        let [.., a, b, c, d] = draw::<16>()?;
        // base64url spells 0 as `A` and 26 as `a`.
        let first_and_last = [[0, 0], [26 << 2, 0], [0, 1], [0, 0x80], [0, b'\''], [0xff, 0xff]];
        let of = |[first, last]: [u8; 2]| [first, a, b, c, d, a, b, c, d, a, b, c, d, 0, 0, last];
        let ids = first_and_last.map(|ends| GrantId::from_bytes(of(ends)));
        let mut inserted = Vec::new();
        for id in ids {
            assert_kept(store, &id, None).await?;
            let grant = maker.coded_as(id, &user)?;
            live(store, from_ref(&grant)).await?;
            inserted.push(grant);
        }
        for grant in &inserted {
            assert_kept(store, grant.id(), Some(grant)).await?;
        }
        Ok(())
    })
    .await
}

/// Whoever reads after a write sees it, at once and every time.
pub async fn finished_writes_are_seen(
    store: &dyn CodeStore,
    now: Timestamp,
) -> Result<(), Violation> {
    promise("finished_writes_are_seen", async {
        let maker = Maker::new(now)?;
        for _ in 0..ROUNDS {
            let coded = maker.coded(&maker.user("user")?)?;
            live(store, &[coded.clone(), maker.redeemed(&coded)?]).await?;
        }
        Ok(())
    })
    .await
}

/// Inserting under an id that is taken is an error, and leaves what is there.
pub async fn a_known_id_is_not_inserted_again(
    store: &dyn CodeStore,
    now: Timestamp,
) -> Result<(), Violation> {
    promise("a_known_id_is_not_inserted_again", async {
        let maker = Maker::new(now)?;
        let (alice, bob) = (maker.user("alice")?, maker.user("bob")?);
        let coded = maker.coded(&alice)?;
        let active = maker.redeemed(&coded)?;
        let seconds = [coded.clone(), maker.coded_as(*coded.id(), &bob)?];
        live(store, from_ref(&coded)).await?;
        assert_taken(store, &coded, &seconds).await?;
        live(store, from_ref(&active)).await?;
        assert_taken(store, &active, &seconds).await?;
        assert_listed(store, &alice, &[active]).await?;
        assert_listed(store, &bob, &[]).await
    })
    .await
}

/// Of many inserts of one id at once, one succeeds, and that one is kept.
pub async fn one_of_many_inserts_of_an_id_succeeds(
    store: &dyn CodeStore,
    now: Timestamp,
) -> Result<(), Violation> {
    promise("one_of_many_inserts_of_an_id_succeeds", async {
        let maker = Maker::new(now)?;
        let user = maker.user("user")?;
        let id = GrantId::from_bytes(draw()?);
        let grants: Result<Vec<_>, _> = (0..MANY).map(|_| maker.coded_as(id, &user)).collect();
        let inserts = grants?.into_iter().map(|grant| async move {
            let inserted = store.insert(grant.clone()).await.is_ok();
            inserted.then_some(grant)
        });
        let inserted = together(inserts).await.into_iter().flatten();
        let kept = only("inserts of one id that succeeded", inserted)?;
        assert_kept(store, &id, Some(&kept)).await?;
        assert_listed(store, &user, &[kept]).await
    })
    .await
}

/// A version is replaced by the one that follows it, and by no other.
pub async fn a_replace_over_another_version_writes_nothing(
    store: &dyn CodeStore,
    now: Timestamp,
) -> Result<(), Violation> {
    promise("a_replace_over_another_version_writes_nothing", async {
        let maker = Maker::new(now)?;
        let user = maker.user("user")?;
        let coded = maker.coded(&user)?;
        let active = maker.redeemed(&coded)?;
        let refreshed = maker.refreshed(&active)?;
        let life = [coded, active, refreshed.clone()];
        live(store, &life).await?;
        let ended = refreshed.end().to_record()?;
        for version in [1, 2, 3, 5, 6] {
            let other = Grant::from_record(&ended, version)?;
            let written = store.replace(Arc::new(other)).await?;
            same(format!("a replace by version {version} over 3"), false, written)?;
            assert_kept(store, refreshed.id(), Some(&refreshed)).await?;
        }
        assert_listed(store, &user, &[refreshed]).await
    })
    .await
}

/// A grant that was never inserted, or was swept, cannot be replaced.
pub async fn a_replace_of_an_unknown_id_writes_nothing(
    store: &dyn CodeStore,
    now: Timestamp,
) -> Result<(), Violation> {
    promise("a_replace_of_an_unknown_id_writes_nothing", async {
        let maker = Maker::new(now)?;
        let user = maker.user("user")?;
        let coded = maker.coded(&user)?;
        for next in [maker.redeemed(&coded)?, coded] {
            let written = store.replace(next.clone()).await?;
            same("a replace of an unknown id", false, written)?;
            assert_kept(store, next.id(), None).await?;
        }
        assert_listed(store, &user, &[]).await
    })
    .await
}

/// Of many at once who replace one version, one is told so, and theirs is kept.
pub async fn one_of_many_replaces_wins(
    store: &dyn CodeStore,
    now: Timestamp,
) -> Result<(), Violation> {
    promise("one_of_many_replaces_wins", async {
        let maker = Maker::new(now)?;
        let coded = maker.coded(&maker.user("user")?)?;
        let mut latest = maker.redeemed(&coded)?;
        live(store, &[coded, latest.clone()]).await?;
        for _ in 0..ROUNDS {
            let nexts: Result<Vec<_>, _> = (0..MANY).map(|_| maker.refreshed(&latest)).collect();
            let replaces = nexts?.into_iter().map(|next| async move {
                let won = store.replace(next.clone()).await?;
                Ok::<_, Finding>(won.then_some(next))
            });
            let told: Result<Vec<_>, _> = together(replaces).await.into_iter().collect();
            let winners = told?.into_iter().flatten();
            latest = only("replaces of one version that won", winners)?;
            assert_kept(store, latest.id(), Some(&latest)).await?;
        }
        Ok(())
    })
    .await
}

/// A list of a user's grants has every one of them, ended ones too, each in its
/// latest version, and nobody else's.
pub async fn all_grants_of_a_user_are_listed(
    store: &dyn CodeStore,
    now: Timestamp,
) -> Result<(), Violation> {
    promise("all_grants_of_a_user_are_listed", async {
        let maker = Maker::new(now)?;
        let (alice, bob) = (maker.user("alice")?, maker.user("bob")?);
        let of_bob = maker.coded(&bob)?;
        live(store, from_ref(&of_bob)).await?;
        let mut of_alice = Vec::new();
        for versions in (1..=3).cycle().take(ROUNDS) {
            let coded = maker.coded(&alice)?;
            let active = maker.redeemed(&coded)?;
            let ended = active.end();
            let life: Vec<_> = [coded, active, ended].into_iter().take(versions).collect();
            live(store, &life).await?;
            of_alice.extend(life.last().cloned());
        }
        assert_listed(store, &alice, &of_alice).await?;
        assert_listed(store, &bob, &[of_bob]).await
    })
    .await
}

/// Two names that differ in anything are two users, whatever characters they have.
pub async fn users_that_look_alike_are_kept_apart(
    store: &dyn CodeStore,
    now: Timestamp,
) -> Result<(), Violation> {
    promise("users_that_look_alike_are_kept_apart", async {
        let maker = Maker::new(now)?;
        let mut grants = Vec::new();
        for name in AWKWARD {
            let grant = maker.coded(&maker.user(name)?)?;
            live(store, from_ref(&grant)).await?;
            grants.push(grant);
        }
        for grant in &grants {
            assert_listed(store, grant.subject(), from_ref(grant)).await?;
        }
        Ok(())
    })
    .await
}

/// Writes the versions of one grant, from the first on, and reads each back.
pub(super) async fn live(store: &dyn CodeStore, life: &[Arc<Grant>]) -> Result<(), Finding> {
    for version in life {
        if version.replaces() == 0 {
            store.insert(version.clone()).await?;
        } else {
            let written = store.replace(version.clone()).await?;
            same("a replace by the next version", true, written)?;
        }
        assert_kept(store, version.id(), Some(version)).await?;
    }
    Ok(())
}

async fn assert_taken(
    store: &dyn CodeStore,
    kept: &Grant,
    seconds: &[Arc<Grant>],
) -> Result<(), Finding> {
    for second in seconds {
        let inserted = store.insert(second.clone()).await.is_ok();
        same("an insert under a taken id", false, inserted)?;
        assert_kept(store, kept.id(), Some(kept)).await?;
    }
    Ok(())
}

pub(super) async fn assert_kept(
    store: &dyn CodeStore,
    id: &GrantId,
    expected: Option<&Grant>,
) -> Result<(), Finding> {
    let seen = store.grant(id).await?;
    same(format_args!("the grant {id}"), grant(expected)?, grant(seen.as_deref())?)
}

/// In whatever order.
pub(super) async fn assert_listed(
    store: &dyn CodeStore,
    user: &Subject,
    expected: &[Arc<Grant>],
) -> Result<(), Finding> {
    let mut seen = store.granted_by(user).await?;
    same(format_args!("the number of {user}'s grants"), expected.len(), seen.len())?;
    seen.sort_by_key(|grant| *grant.id());
    let mut expected: Vec<_> = expected.iter().collect();
    expected.sort_by_key(|grant| *grant.id());
    for (expected, seen) in expected.into_iter().zip(&seen) {
        same(format_args!("a grant of {user}"), grant(Some(expected))?, grant(Some(seen))?)?;
    }
    Ok(())
}
