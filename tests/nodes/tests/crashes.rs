//! Processes are killed at random moments under load, servers and databases.
//!
//! `CRASHES` says how often (5 if it is not set), `SEED` repeats the choices of
//! an earlier run, though not the machine's timing.

#![allow(
    clippy::arithmetic_side_effects,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "a test that cannot go on has failed"
)]

mod load;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use nodes::answer::{Answer, Tokens};
use nodes::app::App;
use nodes::browser::Browser;
use nodes::cluster::Cluster;
use nodes::journal::{End, Life};
use nodes::node::any_number;
use nodes::store::{Kind, Store};
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};

use load::{Tally, Worker};

nodes::over_every_store!(no_crash_redeems_a_code_twice_loses_a_token_or_forgets_a_revocation,);

const NODES: usize = 3;
const CLIENTS: u64 = 8;
/// Longer than clients try again once everything is there.
const PATIENCE: Duration = Duration::from_secs(60);

async fn no_crash_redeems_a_code_twice_loses_a_token_or_forgets_a_revocation(kind: Kind) {
    let seed = number("SEED").unwrap_or_else(any_number);
    let crashes = number("CRASHES").unwrap_or(5);
    println!("{kind:?}: SEED={seed}");
    let mut store = Store::start_alone(kind);
    let mut cluster = Cluster::start(store.url(), NODES).await;
    let (app, stop) = (App::default(), Arc::new(AtomicBool::new(false)));
    let browser = Browser::sign_in(cluster.node(0)).await;
    let mut workers = JoinSet::new();
    for client in 0..CLIENTS {
        let random = StdRng::seed_from_u64(seed.wrapping_add(client));
        let worker = Worker::new(cluster.urls(), app.clone(), browser.clone(), random);
        workers.spawn(worker.work(stop.clone()));
    }
    let mut random = StdRng::seed_from_u64(!seed);
    for round in 0..crashes {
        sleep(Duration::from_millis(random.random_range(100..600))).await;
        let victim = if round % 2 == 0 { Victim::Server } else { Victim::Database };
        crash(victim, kind, &mut store, &mut cluster, &mut random).await;
        cluster.wait_until_healthy(&app).await;
    }
    stop.store(true, Ordering::SeqCst);
    let lives = timeout(PATIENCE, workers.join_all()).await;
    let lives: Vec<Life> = lives.unwrap().into_iter().flatten().collect();
    let tally = judge(&cluster, &app, &lives).await;
    println!("{kind:?}: {crashes} crashes, servers and the database in turn; {tally}");
}

/// What is killed.
enum Victim {
    Server,
    Database,
}

/// Kills one process and starts it again. The database that is a file dies with
/// every process which has it open.
async fn crash(
    victim: Victim,
    kind: Kind,
    store: &mut Store,
    cluster: &mut Cluster,
    random: &mut StdRng,
) {
    let away = Duration::from_millis(random.random_range(0..200));
    match (victim, kind) {
        (Victim::Database, Kind::Sqlite) => {
            for node in &mut cluster.nodes {
                node.kill().await;
            }
            sleep(away).await;
            for node in &mut cluster.nodes {
                node.start().await;
            }
        }
        (Victim::Database, _) => {
            store.kill();
            sleep(away).await;
            store.restart();
        }
        (Victim::Server, _) => {
            let node = random.random_range(0..cluster.nodes.len());
            cluster.nodes[node].kill().await;
            sleep(away).await;
            cluster.nodes[node].start().await;
        }
    }
}

/// Compares what must be true with what is, at every life's end: all of its
/// tokens are valid or none is, and its code is worth nothing.
async fn judge(cluster: &Cluster, app: &App, lives: &[Life]) -> Tally {
    let mut tally = Tally::default();
    for (number, life) in lives.iter().enumerate() {
        let node = cluster.node(number);
        let end = life.end().unwrap_or_else(|violation| panic!("{violation:?}: {life:#?}"));
        tally.count(life, &end);
        let (tokens, is_alive) = match end {
            End::Waiting => continue,
            End::Alive(tokens) => (tokens, true),
            End::Dead(tokens) => (tokens, false),
            End::Open(tokens) => {
                let is_alive = is_valid(app, node, &tokens[0]).await;
                (tokens, is_alive)
            }
        };
        for tokens in &tokens {
            assert_eq!(is_valid(app, node, tokens).await, is_alive, "{life:#?}");
        }
        if let Some(last) = tokens.last() {
            let used = app.refresh(node, &last.refresh).await;
            assert_eq!(used.tokens().is_some(), is_alive, "{used:?}: {life:#?}");
        }
        let used = app.redeem(node, &life.code).await;
        assert!(used.is_invalid_grant(), "{used:?}: {life:#?}");
    }
    tally
}

/// Whether the access token is good for anything: the resource and the
/// introspection agree.
async fn is_valid(app: &App, node: &str, tokens: &Tokens) -> bool {
    let used = app.resource(node, &tokens.access).await;
    let is_valid = matches!(used, Answer::Done(_));
    assert!(is_valid || matches!(used, Answer::Refused(_)), "{used:?}");
    let Answer::Done(seen) = app.introspect(node, &tokens.access).await else {
        panic!("introspection fails while the database is there")
    };
    assert_eq!(seen.get("active"), Some(&is_valid.into()));
    is_valid
}

fn number(variable: &str) -> Option<u64> {
    std::env::var(variable).ok().map(|text| text.parse().unwrap())
}
