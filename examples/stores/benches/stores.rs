//! What the server costs on real databases, beside their bare statements in the
//! same run: `cargo bench -p stores`, or `-- SQLite` for one of them. Its output
//! is Markdown.

#![allow(clippy::unwrap_used, clippy::panic, clippy::print_stdout, missing_docs)]
#![allow(clippy::indexing_slicing, clippy::arithmetic_side_effects, unreachable_pub)]
#![allow(clippy::disallowed_methods, reason = "a benchmark measures time")]

mod candidate;
mod load;

use std::sync::Arc;
use std::time::Duration;

use candidate::sqlite::OneByOne;
use candidate::{Candidate, DATABASES, Database, Row};
use load::{Bare, House, Library, Operation, Visitor, load, row_like};

const CONCURRENT: [usize; 3] = [1, 8, 64];

/// How much is measured.
struct Scale {
    rounds: usize,
    /// Of one round of one side.
    time: Duration,
    /// Grants in the tables whose growth is measured.
    grants: [usize; 2],
}

#[tokio::main]
async fn main() {
    // `cargo bench -- --test` only sees whether everything runs.
    let scale = if std::env::args().any(|argument| argument == "--test") {
        Scale { rounds: 1, time: Duration::ZERO, grants: [100, 1_000] }
    } else {
        Scale { rounds: 11, time: Duration::from_millis(150), grants: [10_000, 1_000_000] }
    };
    beside_bare_statements(&scale).await;
    growth(&scale).await;
    if chosen().any(|database| database.name() == "SQLite") {
        shared_waits(&scale).await;
    }
}

/// The databases named on the command line, or all.
fn chosen() -> impl Iterator<Item = &'static dyn Database> {
    let is_named = |name| std::env::args().any(|argument| argument == name);
    let all = !DATABASES.iter().any(|database| is_named(database.name()));
    DATABASES.into_iter().filter(move |database| all || is_named(database.name()))
}

async fn beside_bare_statements(scale: &Scale) {
    println!("## Operations a second, beside the bare statements\n");
    println!("| store | operation | round trips | clients | server | bare | ratio (bar 0.8) |");
    println!("| --- | --- | ---: | ---: | ---: | ---: | ---: |");
    for database in chosen() {
        let house = House::over(database.open().await).await;
        for operation in Operation::ALL {
            let round_trips = house.round_trips(operation).await;
            for clients in CONCURRENT {
                let (mut server, mut bare) = visitors(&house, clients).await;
                let sides = in_turn(scale, operation, &mut server, &mut bare).await;
                println!(
                    "| {} | {} | {round_trips} | {clients} | {:.0} | {:.0} | {:.2} |",
                    database.name(),
                    operation.name(),
                    sides.left,
                    sides.right,
                    sides.ratio
                );
            }
        }
    }
}

async fn visitors(house: &House, count: usize) -> (Vec<Library>, Vec<Bare>) {
    let (mut server, mut bare) = (Vec::new(), Vec::new());
    for _ in 0..count {
        server.push(Library::with_tokens(house, 4).await);
        bare.push(Bare::with_rows(house, 4).await);
    }
    (server, bare)
}

/// What two sides did in a second, and how many times the right one's work the
/// left one did: medians of rounds in turn, so that neither finds the machine
/// less busy.
struct Compared {
    left: f64,
    right: f64,
    ratio: f64,
}

async fn in_turn<A: Visitor, B: Visitor>(
    scale: &Scale,
    operation: Operation,
    left: &mut Vec<A>,
    right: &mut Vec<B>,
) -> Compared {
    let (mut lefts, mut rights, mut ratios) = (Vec::new(), Vec::new(), Vec::new());
    for _ in 0..scale.rounds {
        let (left, right) =
            (load(left, operation, scale.time).await, load(right, operation, scale.time).await);
        lefts.push(left);
        rights.push(right);
        ratios.push(left / right);
    }
    Compared { left: median(lefts), right: median(rights), ratio: median(ratios) }
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

async fn growth(scale: &Scale) {
    let [few, many] = scale.grants;
    println!("\n## Operations a second of 8 clients, by grants in the table\n");
    println!("| store | operation | {few} grants | {many} grants | ratio (bar 1.3) |");
    println!("| --- | --- | ---: | ---: | ---: |");
    for database in chosen() {
        let mut small = among(database, few).await;
        let mut large = among(database, many).await;
        for operation in Operation::ALL {
            let sides = in_turn(scale, operation, &mut small, &mut large).await;
            println!(
                "| {} | {} | {:.0} | {:.0} | {:.2} |",
                database.name(),
                operation.name(),
                sides.left,
                sides.right,
                sides.ratio
            );
        }
    }
}

/// Eight clients whose grants lie scattered among so many others.
async fn among(database: &dyn Database, grants: usize) -> Vec<Library> {
    const PARTS: usize = 50;
    let house = House::over(database.open().await).await;
    let (_, active) = house.a_grants_life().await;
    let row = row_like(&active);
    let mut clients = Vec::new();
    for _ in 0..8 {
        clients.push(Library::with_tokens(&house, 0).await);
    }
    for _ in 0..PARTS {
        house.candidate.fill(&row, grants / PARTS).await;
        for client in &mut clients {
            client.sign_in().await;
        }
    }
    clients
}

async fn shared_waits(scale: &Scale) {
    println!("\n## SQLite: inserts a second of 64 clients\n");
    println!("| writes share the wait for the disk | each has its own | ratio (bar 5) |");
    println!("| ---: | ---: | ---: |");
    let house = House::over(candidate::sqlite::Sqlite.open().await).await;
    let (coded, _) = house.a_grants_life().await;
    let row = row_like(&coded);
    let mut shared = vec![Insert(To::Candidate(house.candidate), row.clone()); 64];
    let mut each = vec![Insert(To::OneByOne(Arc::new(OneByOne::new())), row); 64];
    let sides = in_turn(scale, Operation::AuthorizeAndRedeem, &mut shared, &mut each).await;
    println!("| {:.0} | {:.0} | {:.1} |", sides.left, sides.right, sides.ratio);
}

/// Does nothing but insert rows.
#[derive(Clone)]
struct Insert(To, Row);

#[derive(Clone)]
enum To {
    OneByOne(Arc<OneByOne>),
    Candidate(Arc<dyn Candidate>),
}

impl Visitor for Insert {
    async fn visit(&mut self, _: Operation) {
        let row = Row { id: load::new_id(), ..self.1.clone() };
        match &self.0 {
            To::OneByOne(alone) => alone.insert(row).await,
            To::Candidate(candidate) => candidate.bare_insert(row).await,
        }
    }
}
