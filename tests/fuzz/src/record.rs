//! What a store kept: grants, and what users allowed.

use std::sync::Arc;

use codegrant::{CodeStore, Consented, Grant, Timestamp};

use crate::house::{House, now};
use crate::lines;

/// A record: what is read of it is kept as the same, and everything that a user
/// gave can be ended, whatever it says.
pub fn record(data: &[u8]) {
    const VERSION: u64 = 3;
    let Some([text]) = lines(data) else { return };
    if let Ok(consented) = Consented::from_record(text, VERSION) {
        let record = consented.to_record().unwrap();
        assert_eq!(Consented::from_record(&record, VERSION).unwrap(), consented);
    }
    let Ok(grant) = Grant::from_record(text, VERSION) else { return };
    reads_back(&grant);
    let House { server, codes } = House::new([]);
    let grant = Arc::new(grant);
    now(codes.insert(grant.clone())).unwrap();
    now(server.revoke_grant(grant.id())).unwrap();
    let kept = now(codes.grant(grant.id())).unwrap().expect("a grant that ended is kept");
    assert!(kept.is_ended());
    assert_eq!(said(&kept), said(&grant));
    assert_eq!(kept.version(), if grant.is_ended() { VERSION } else { VERSION + 1 });
    reads_back(&kept);
    now(codes.sweep(Timestamp::from_unix(i64::MAX))).unwrap();
    assert!(codes.is_empty());
}

/// What does not change as long as the grant is kept.
fn said(grant: &Grant) -> String {
    let facts = (grant.id(), grant.subject(), grant.client(), grant.scope(), grant.resources());
    format!("{facts:?} {:?} {:?}", grant.approved_at(), grant.authentication())
}

/// A record that could not be read would hide all that its user gave.
pub(crate) fn reads_back(grant: &Grant) {
    let record = grant.to_record().unwrap();
    let again = Grant::from_record(&record, grant.version()).expect("what was kept can be read");
    assert_eq!(again.to_record().unwrap(), record);
    assert_eq!(format!("{again:?}"), format!("{grant:?}"));
}
