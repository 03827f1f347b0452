//! What a [`ReplayCache`] promises.

use std::time::Duration;

use super::Violation;
use super::maker::draw;
use super::violation::{Finding, promise, same};
use crate::host::ReplayCache;
use crate::model::timestamp::Timestamp;
use crate::policy;
use crate::together::together;

const MANY: usize = 64;
const ROUNDS: usize = 50;
const A_DAY: Duration = Duration::from_secs(policy::A_DAY);

/// A proof is new once.
pub async fn only_the_first_use_is_the_first(
    cache: &dyn ReplayCache,
    now: Timestamp,
) -> Result<(), Violation> {
    promise("only_the_first_use_is_the_first", async {
        for _ in 0..ROUNDS {
            let proof = draw()?;
            assert_first(cache, &proof, now.plus(A_DAY), true).await?;
            assert_first(cache, &proof, now.plus(A_DAY), false).await?;
            assert_first(cache, &proof, now.plus(A_DAY).plus(A_DAY), false).await?;
        }
        Ok(())
    })
    .await
}

/// Two proofs that differ in one byte are two.
pub async fn proofs_that_look_alike_are_kept_apart(
    cache: &dyn ReplayCache,
    now: Timestamp,
) -> Result<(), Violation> {
    promise("proofs_that_look_alike_are_kept_apart", async {
        let middle: [u8; 28] = draw()?;
        for ends in [[0; 4], [26 << 2, 0, 0, 0], [0, 0, 0, 1], [0, 0, b'\'', 0], [0xff; 4]] {
            let mut proof = [0; 32];
            let [first, rest @ ..] = ends;
            let bytes = [first].into_iter().chain(middle).chain(rest);
            proof.iter_mut().zip(bytes).for_each(|(place, byte)| *place = byte);
            assert_first(cache, &proof, now.plus(A_DAY), true).await?;
            assert_first(cache, &proof, now.plus(A_DAY), false).await?;
        }
        Ok(())
    })
    .await
}

/// Of many at once who bring one proof, one is told that it is new.
pub async fn one_of_many_uses_is_the_first(
    cache: &dyn ReplayCache,
    now: Timestamp,
) -> Result<(), Violation> {
    promise("one_of_many_uses_is_the_first", async {
        for _ in 0..ROUNDS {
            let proof = draw()?;
            let uses = (0..MANY).map(|_| cache.is_first_use(&proof, now.plus(A_DAY)));
            let told: Result<Vec<_>, _> = together(uses).await.into_iter().collect();
            let firsts = told?.into_iter().filter(|is_first| *is_first).count();
            same("uses of one proof that were told to be the first", 1, firsts)?;
        }
        Ok(())
    })
    .await
}

/// A proof is remembered until it expires, whatever else is forgotten.
pub async fn what_has_not_expired_is_remembered(
    cache: &dyn ReplayCache,
    now: Timestamp,
) -> Result<(), Violation> {
    promise("what_has_not_expired_is_remembered", async {
        let proof = draw()?;
        assert_first(cache, &proof, now.plus(A_DAY), true).await?;
        cache.forget_proofs(now).await?;
        assert_first(cache, &proof, now.plus(A_DAY), false).await
    })
    .await
}

/// What expired at the second of forgetting or before is forgotten, and counted,
/// unless the database does it: then the count is 0, and nothing else is judged.
pub async fn the_exact_second_decides_over_a_proof(
    cache: &dyn ReplayCache,
    now: Timestamp,
) -> Result<(), Violation> {
    promise("the_exact_second_decides_over_a_proof", async {
        let before = Timestamp::from_unix(now.as_unix().saturating_sub(1000));
        let [then, after] = [1, 2].map(|seconds| before.plus(Duration::from_secs(seconds)));
        let (expired, expiring, remembered) = (draw()?, draw()?, draw()?);
        for (proof, expires_at) in [(&expired, before), (&expiring, then), (&remembered, after)] {
            assert_first(cache, proof, expires_at, true).await?;
        }
        let forgotten = cache.forget_proofs(then).await?;
        if forgotten > 0 {
            same("forgotten proofs, at least 2", 2, forgotten.min(2))?;
            assert_first(cache, &remembered, after, false).await?;
            assert_first(cache, &expired, before, true).await?;
            assert_first(cache, &expiring, then, true).await?;
        }
        Ok(())
    })
    .await
}

async fn assert_first(
    cache: &dyn ReplayCache,
    proof: &[u8; 32],
    expires_at: Timestamp,
    expected: bool,
) -> Result<(), Finding> {
    let seen = cache.is_first_use(proof, expires_at).await?;
    same(format_args!("whether {proof:02x?} is new"), expected, seen)
}
