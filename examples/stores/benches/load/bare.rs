//! A client that runs the statements of each operation and nothing else.

use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use codegrant::{Clock, Grant, SystemClock};
use sha2::{Digest, Sha256};

use super::library::{CLIENT, House};
use super::{Operation, Visitor};
use crate::candidate::{Candidate, Row};

/// How long a refresh token may lie unused, in seconds.
const IDLE: i64 = 14 * 24 * 60 * 60;

static NEXT_ID: AtomicU64 = AtomicU64::new(0);

pub struct Bare {
    candidate: Arc<dyn Candidate>,
    coded: Row,
    /// Used in turn.
    active: VecDeque<Row>,
}

impl Bare {
    /// A client of so many rows, each as large as a grant of `house`.
    pub async fn with_rows(house: &House, count: usize) -> Self {
        let (coded, active) = house.a_grants_life().await;
        let active: VecDeque<_> =
            (0..count).map(|_| Row { id: new_id(), ..row_like(&active) }).collect();
        for row in &active {
            house.candidate.bare_insert(row.clone()).await;
        }
        Self { candidate: house.candidate.clone(), coded: row_like(&coded), active }
    }
}

impl Bare {
    /// One row more, as an authorization and its redemption write it.
    async fn sign_in(&self) -> Row {
        let (candidate, id) = (&self.candidate, new_id());
        candidate.bare_client(CLIENT).await;
        candidate.bare_insert(Row { id, ..self.coded.clone() }).await;
        candidate.bare_client(CLIENT).await;
        candidate.bare_grant(id).await;
        let redeemed = Row { id, version: 2, ..self.active[0].clone() };
        assert!(candidate.bare_replace(redeemed.clone()).await);
        redeemed
    }
}

impl Visitor for Bare {
    async fn prepare(&mut self, operation: Operation) {
        if operation.ends_a_grant() {
            self.active.push_back(self.sign_in().await);
            self.active.pop_front();
        }
    }

    async fn visit(&mut self, operation: Operation) {
        self.active.rotate_left(1);
        let (candidate, active) = (&self.candidate, &mut self.active[0]);
        match operation {
            Operation::AuthorizeAndRedeem => {
                self.sign_in().await;
            }
            Operation::Refresh | Operation::Revoke | Operation::Replay => {
                candidate.bare_client(CLIENT).await;
                let (version, _) = candidate.bare_grant(active.id).await;
                active.version = version + 1;
                if !operation.ends_a_grant() {
                    active.expires_at = SystemClock.now().as_unix() + IDLE;
                }
                assert!(candidate.bare_replace(active.clone()).await);
            }
            Operation::Validate => {
                candidate.bare_grant(active.id).await;
            }
        }
    }
}

pub fn row_like(grant: &Grant) -> Row {
    Row {
        id: *grant.id().as_bytes(),
        version: i64::try_from(grant.version()).unwrap(),
        subject: grant.subject().as_str().into(),
        expires_at: grant.expires_at().as_unix(),
        record: grant.to_record().unwrap().into(),
    }
}

/// As spread as random ones, and none twice.
pub fn new_id() -> [u8; 16] {
    let number = NEXT_ID.fetch_add(1, Ordering::Relaxed);
    *Sha256::digest(number.to_le_bytes()).first_chunk().unwrap()
}
