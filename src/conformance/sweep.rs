//! What a [`CodeStore`] promises to forget, and what not.
//!
//! A store whose database forgets by itself answers every sweep with 0: then
//! what has expired may be there or not, and the checks look at the rest.

use std::slice::from_ref;
use std::time::Duration;

use super::Violation;
use super::codes::{assert_kept, assert_listed, live};
use super::maker::Maker;
use super::violation::{Finding, promise, same};
use crate::host::CodeStore;
use crate::model::timestamp::Timestamp;

/// A sweep leaves every grant whose time is still to come.
pub async fn what_has_not_expired_stays(
    store: &dyn CodeStore,
    now: Timestamp,
) -> Result<(), Violation> {
    promise("what_has_not_expired_stays", async {
        let maker = Maker::new(now)?;
        let user = maker.user("user")?;
        let (unused, coded) = (maker.coded(&user)?, maker.coded(&user)?);
        let ended = maker.redeemed(&coded)?.end();
        live(store, from_ref(&unused)).await?;
        live(store, &[coded.clone(), maker.redeemed(&coded)?, ended.clone()]).await?;
        store.sweep(now).await?;
        assert_listed(store, &user, &[unused, ended]).await
    })
    .await
}

/// A grant expires when its latest version says, be that later or earlier than
/// a version before said.
pub async fn the_latest_version_says_when_a_grant_expires(
    store: &dyn CodeStore,
    now: Timestamp,
) -> Result<(), Violation> {
    promise("the_latest_version_says_when_a_grant_expires", async {
        let maker = Maker::new(now)?;
        let user = maker.user("user")?;
        let coded = maker.coded(&user)?;
        let shortened = maker.redeemed_until(&coded, now, false)?;
        live(store, from_ref(&coded)).await?;
        store.replace(shortened.clone()).await?;
        // Something to count for every store that sweeps.
        store.insert(maker.coded_until(&user, now)?).await?;
        let coded = maker.coded_until(&user, now)?;
        let extended = maker.redeemed(&coded)?;
        store.insert(coded).await?;
        // What has expired may be gone before it is extended.
        let is_extended = store.replace(extended.clone()).await?;
        if store.sweep(now).await? > 0 {
            assert_kept(store, shortened.id(), None).await?;
        }
        assert_kept(store, extended.id(), is_extended.then_some(&extended)).await
    })
    .await
}

/// A sweep takes what expired at its own second or before, and counts it; what
/// a later version extended or shortened, too.
pub async fn the_exact_second_decides_over_a_grant(
    store: &dyn CodeStore,
    now: Timestamp,
) -> Result<(), Violation> {
    promise("the_exact_second_decides_over_a_grant", async {
        let maker = Maker::new(now)?;
        let user = maker.user("user")?;
        let before = Timestamp::from_unix(now.as_unix().saturating_sub(1000));
        let [then, after] = [1, 2].map(|seconds| before.plus(Duration::from_secs(seconds)));
        let [gone, going, staying] = [
            maker.coded_until(&user, before)?,
            maker.coded_until(&user, then)?,
            maker.coded_until(&user, after)?,
        ];
        let to_extend = maker.coded_until(&user, before)?;
        let extended = maker.redeemed_until(&to_extend, after, true)?;
        let to_shorten = maker.coded_until(&user, after)?;
        let shortened = maker.redeemed_until(&to_shorten, then, true)?;
        for grant in [&gone, &going, &staying, &to_extend, &to_shorten] {
            store.insert(grant.clone()).await?;
        }
        for next in [&extended, &shortened] {
            if !store.replace(next.clone()).await? {
                // The database has forgotten it by itself, and does the rest.
                return Ok(());
            }
        }
        if swept(store, then, 3).await? {
            assert_listed(store, &user, &[staying, extended]).await?;
            for taken in [&gone, &going, &shortened] {
                assert_kept(store, taken.id(), None).await?;
            }
            swept(store, after, 2).await?;
            assert_listed(store, &user, &[]).await?;
        }
        Ok(())
    })
    .await
}

/// Whether the store sweeps at all, and then at least `ours`.
async fn swept(store: &dyn CodeStore, at: Timestamp, ours: u64) -> Result<bool, Finding> {
    let count = store.sweep(at).await?;
    if count > 0 {
        same(format_args!("swept grants, at least {ours}"), ours, count.min(ours))?;
    }
    Ok(count > 0)
}
