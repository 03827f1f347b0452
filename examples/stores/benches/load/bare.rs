//! A client that runs the statements of each operation and nothing else.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use codegrant::{Grant, Timestamp};
use sha2::{Digest, Sha256};

use super::library::{CLIENT, House};
use super::{Operation, Visitor};
use crate::candidate::{Candidate, Row};

static NEXT_ID: AtomicU64 = AtomicU64::new(0);

pub struct Bare {
    candidate: Arc<dyn Candidate>,
    coded: Row,
    active: Row,
}

impl Bare {
    /// Rows as large as the grants of `house`.
    pub async fn new(house: &House) -> Self {
        let (coded, active) = house.a_grants_life().await;
        let bare = Self {
            candidate: house.candidate.clone(),
            coded: row_like(&coded),
            active: Row { id: new_id(), ..row_like(&active) },
        };
        bare.candidate.bare_insert(bare.active.clone()).await;
        bare
    }
}

impl Visitor for Bare {
    async fn visit(&mut self, operation: Operation) {
        let candidate = &self.candidate;
        match operation {
            Operation::AuthorizeAndRedeem => {
                let id = new_id();
                candidate.bare_client(CLIENT).await;
                candidate.bare_insert(Row { id, ..self.coded.clone() }).await;
                candidate.bare_client(CLIENT).await;
                candidate.bare_grant(id).await;
                let active = Row { id, version: 2, ..self.active.clone() };
                assert!(candidate.bare_replace(active).await);
            }
            Operation::Refresh => {
                candidate.bare_client(CLIENT).await;
                let (version, _) = candidate.bare_grant(self.active.id).await;
                self.active.version = version + 1;
                assert!(candidate.bare_replace(self.active.clone()).await);
            }
            Operation::Validate => {
                candidate.bare_grant(self.active.id).await;
            }
        }
    }
}

pub fn row_like(grant: &Grant) -> Row {
    Row {
        id: *grant.id().as_bytes(),
        version: i64::try_from(grant.version()).unwrap(),
        subject: grant.subject().as_str().into(),
        expires_at: Timestamp::as_unix(grant.expires_at()),
        record: grant.to_record().unwrap().into(),
    }
}

/// As spread as random ones, and none twice.
pub fn new_id() -> [u8; 16] {
    let number = NEXT_ID.fetch_add(1, Ordering::Relaxed);
    *Sha256::digest(number.to_le_bytes()).first_chunk().unwrap()
}
