//! Forgetting what expired.

use codegrant::{HostError, Timestamp};

use super::Sqlite;

/// How many rows one write forgets, so that others need not wait long for it.
const MOST_AT_ONCE: usize = 200;

pub(super) const GRANTS: &str = "DELETE FROM grants WHERE rowid IN
    (SELECT rowid FROM grants WHERE expires_at <= ? ORDER BY expires_at LIMIT ?)";

pub(super) const SESSIONS: &str = "DELETE FROM sessions WHERE key IN
    (SELECT key FROM sessions WHERE expires_at <= ? ORDER BY expires_at LIMIT ?)";

pub(super) const PROOFS: &str = "DELETE FROM proofs WHERE proof IN
    (SELECT proof FROM proofs WHERE expires_at <= ? ORDER BY expires_at LIMIT ?)";

impl Sqlite {
    /// Runs one of the statements above until nothing is left for it, and says
    /// how many rows it took.
    pub(super) async fn forget(
        &self,
        statement: &'static str,
        now: Timestamp,
    ) -> Result<u64, HostError> {
        let mut all: u64 = 0;
        loop {
            let taken = self.write(move |db| {
                let most = i64::try_from(MOST_AT_ONCE)?;
                Ok(db.prepare_cached(statement)?.execute([now.as_unix(), most])?)
            });
            let taken = taken.await?;
            all = all.saturating_add(u64::try_from(taken)?);
            if taken < MOST_AT_ONCE {
                return Ok(all);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_sweep_looks_only_at_what_expired() {
        let db = Sqlite::in_memory().unwrap();
        for statement in [GRANTS, SESSIONS, PROOFS] {
            let plan = db.read(move |db| {
                let mut explained = db.prepare(&format!("EXPLAIN QUERY PLAN {statement}"))?;
                let steps = explained.query_map([0, 0], |row| row.get("detail"))?;
                Ok(steps.collect::<Result<Vec<String>, _>>()?)
            });
            let plan = plan.await.unwrap();
            assert!(plan.iter().any(|step| step.contains("_by_expiry (expires_at<?)")), "{plan:?}");
            assert!(plan.iter().all(|step| !step.contains("SCAN")), "{plan:?}");
            assert!(plan.iter().all(|step| !step.contains("TEMP B-TREE")), "{plan:?}");
        }
    }
}
