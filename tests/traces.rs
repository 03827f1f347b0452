//! What happens can be traced (feature `tracing`). Alone in its program: other
//! threads that trace nothing would have the tracer forget what it listens to.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test that cannot go on has failed"
)]

#[allow(dead_code, reason = "it serves the other program too")]
mod support;

use std::fmt::{Debug, Write};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

use codegrant::Subject;
use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::{Metadata, Subscriber};

use support::House;
use support::apps::{App, BILLING, DASHBOARD, Proof};
use support::seams::Fault;

/// Collects what is traced.
#[derive(Clone, Default)]
struct Tracer {
    lines: Arc<Mutex<Vec<String>>>,
    spans: Arc<AtomicU64>,
}

struct Line(String);

impl Visit for Line {
    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        write!(self.0, " {}={value:?}", field.name()).unwrap();
    }
}

impl Subscriber for Tracer {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        metadata.target().starts_with("codegrant")
    }

    fn new_span(&self, span: &Attributes<'_>) -> Id {
        let mut line = Line(format!("span {}", span.metadata().name()));
        span.record(&mut line);
        self.lines.lock().unwrap().push(line.0);
        Id::from_u64(self.spans.fetch_add(1, Ordering::Relaxed).saturating_add(1))
    }

    fn event(&self, event: &tracing::Event<'_>) {
        let mut line = Line(event.metadata().level().to_string());
        event.record(&mut line);
        self.lines.lock().unwrap().push(line.0);
    }

    fn record(&self, _: &Id, _: &Record<'_>) {}

    fn record_follows_from(&self, _: &Id, _: &Id) {}

    fn enter(&self, _: &Id) {}

    fn exit(&self, _: &Id) {}
}

#[tokio::test]
async fn a_trace_has_a_span_for_each_request_and_hashes_for_ids() {
    let house = House::new();
    let tracer = Tracer::default();
    let listening = tracing::subscriber::set_default(tracer.clone());
    let code = house.code(&DASHBOARD).await;
    house.redeem(&DASHBOARD, &code).await;
    house.redeem(&DASHBOARD, &code).await;
    house.redeem(&App { proof: Proof::Basic("wrong"), ..DASHBOARD }, &code).await;
    house.seams.fail("grant", Fault::Before);
    house.redeem(&DASHBOARD, &code).await;
    house.sign_in("bob");
    house.code(&BILLING).await;
    drop(listening);

    let grants = house.server.granted_by(&Subject::parse("alice").unwrap()).await;
    assert!(grants.is_ok_and(|grants| grants.is_empty()), "the replay ended the grant");
    let lines = tracer.lines.lock().unwrap().clone();
    let spans = lines.iter().filter(|line| line.starts_with("span")).count();
    assert_eq!(spans, 8, "{lines:#?}");
    assert_eq!(lines[0], "span codegrant endpoint=\"authorization\"");
    for (begin, count) in [
        ("INFO message=code_issued client=\"dashboard\" grant=\"", 1),
        ("INFO message=code_redeemed client=\"dashboard\" grant=\"", 1),
        ("WARN message=code_replayed client=\"dashboard\" grant=\"", 1),
        ("WARN message=client_authentication_failed client=\"dashboard\" error=", 1),
        ("INFO message=refused code=\"invalid_grant\" cause=", 1),
        ("INFO message=refused code=\"invalid_client\" cause=", 1),
        ("ERROR message=refused code=\"temporarily_unavailable\" cause=", 1),
    ] {
        let found = lines.iter().filter(|line| line.starts_with(begin)).count();
        assert_eq!(found, count, "{begin} in {lines:#?}");
    }
    let text = lines.join("\n");
    assert!(!text.contains("alice") && !text.contains(&code), "{text}");
    let of = |client: &str| {
        let mine =
            lines.iter().filter(|line| line.contains(&format!(" client=\"{client}\" grant=")));
        let mut hashes: Vec<_> = mine.map(|line| line.split('"').skip(3).step_by(2)).collect();
        let [grant, user] = hashes.remove(0).collect::<Vec<_>>()[..] else { panic!("{lines:#?}") };
        assert!(hashes.into_iter().all(|other| other.eq([grant, user])), "one grant has one hash");
        assert!([grant, user].iter().all(|hash| hash.len() == 16), "{grant} {user}");
        [grant, user]
    };
    let [alices, bobs] = [of("dashboard"), of("billing")];
    assert!(alices.iter().all(|hash| !bobs.contains(hash)), "{alices:?} {bobs:?}");
}
