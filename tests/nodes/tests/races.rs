//! Many clients at many nodes at the same time, over one database.

#![allow(
    clippy::arithmetic_side_effects,
    clippy::indexing_slicing,
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "a test that cannot go on has failed"
)]

use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;

use codegrant::CodeStore;
use nodes::answer::{Answer, Tokens};
use nodes::app::App;
use nodes::browser::Browser;
use nodes::cluster::Cluster;
use nodes::house::{House, TestTime};
use nodes::store::{Kind, Store};
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use tokio::sync::Barrier;
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};

nodes::over_every_store!(
    a_code_that_a_thousand_present_at_once_is_redeemed_once_and_nothing_stays_alive,
    a_refresh_token_used_64_times_at_once_has_one_successor_and_every_access_token_is_valid,
    no_token_survives_a_revocation_that_races_its_refresh,
    no_token_survives_a_sign_out_everywhere_that_races_its_redemption,
);

const NODES: usize = 4;
const REDEEMERS: usize = 1000;
const REFRESHERS: usize = 64;
const RACES: usize = 500;
/// How many races go on at the same time.
const LANES: usize = 10;
/// Longer than all of them need on a busy machine.
const PATIENCE: Duration = Duration::from_secs(120);
/// Before a client comes again.
const PAUSE: Duration = Duration::from_millis(100);

/// The losers are the same client, so each of them is a replay.
async fn a_code_that_a_thousand_present_at_once_is_redeemed_once_and_nothing_stays_alive(
    kind: Kind,
) {
    let (_store, cluster, app) = start(kind).await;
    let browser = Browser::sign_in(cluster.node(0)).await;
    let code = browser.code(cluster.node(0)).await.unwrap();
    let presented = Presented::Code(code);
    let answers = all_at_once(&cluster, &app, REDEEMERS, presented).await;
    let tokens: Vec<Tokens> = answers.iter().filter_map(Answer::tokens).collect();
    assert_eq!(tokens.len(), 1, "one code, {} times redeemed", tokens.len());
    let refused = answers.iter().filter(|answer| answer.is_invalid_grant()).count();
    assert_eq!(refused, REDEEMERS - 1, "not all others heard that they came too late");
    for node in cluster.urls() {
        app.assert_dead(&node, &tokens[0]).await;
    }
}

async fn a_refresh_token_used_64_times_at_once_has_one_successor_and_every_access_token_is_valid(
    kind: Kind,
) {
    let (_store, cluster, app) = start(kind).await;
    let browser = Browser::sign_in(cluster.node(0)).await;
    let code = browser.code(cluster.node(0)).await.unwrap();
    let first = app.redeem(cluster.node(0), &code).await.granted();
    let presented = Presented::RefreshToken(first.refresh.clone());
    let answers = all_at_once(&cluster, &app, REFRESHERS, presented).await;
    let tokens: Vec<Tokens> = answers.iter().map(Answer::granted).collect();
    let next: HashSet<&String> = tokens.iter().map(|tokens| &tokens.refresh).collect();
    assert_eq!(next.len(), 1, "the family has forked");
    assert!(!next.contains(&first.refresh), "the token was not rotated");
    for (number, tokens) in tokens.iter().enumerate() {
        app.assert_valid(cluster.node(number), &tokens.access).await;
    }
    let last = app.refresh(cluster.node(1), &tokens[0].refresh).await.granted();
    app.assert_valid(cluster.node(2), &last.access).await;
}

/// Whoever is first: what the refresh brought is as dead as what it came from.
async fn no_token_survives_a_revocation_that_races_its_refresh(kind: Kind) {
    let (_store, cluster, app) = start(kind).await;
    let cluster = Arc::new(cluster);
    let browser = Browser::sign_in(cluster.node(0)).await;
    in_lanes(move |race| {
        let (cluster, app, browser) = (cluster.clone(), app.clone(), browser.clone());
        async move {
            let node = |next: usize| cluster.node(race + next).to_owned();
            let code = browser.code(&node(0)).await.unwrap();
            let tokens = app.redeem(&node(1), &code).await.granted();
            let (here, there) = (node(2), node(3));
            let (revoked, refreshed) = tokio::join!(
                app.revoke(&here, &tokens.access),
                app.refresh(&there, &tokens.refresh)
            );
            assert!(matches!(revoked, Answer::Done(_)), "{revoked:?}");
            assert!(refreshed.tokens().is_some() || refreshed.is_invalid_grant(), "{refreshed:?}");
            app.assert_dead(&node(0), &tokens).await;
            if let Some(next) = refreshed.tokens() {
                app.assert_dead(&node(1), &next).await;
            }
            refreshed.tokens().is_some()
        }
    })
    .await;
}

/// Two nodes with a way to the database each: one redeems, the other ends all
/// that the user ever granted.
async fn no_token_survives_a_sign_out_everywhere_that_races_its_redemption(kind: Kind) {
    let store = Store::start(kind);
    let time = TestTime::now();
    let here: Arc<dyn CodeStore> = store.open().await;
    let there: Arc<dyn CodeStore> = store.open().await;
    let (here, there) = (House::over(here, &time), House::over(there, &time));
    let houses = Arc::new((here, there));
    in_lanes(move |race| {
        let houses = houses.clone();
        async move {
            let (here, there) = &*houses;
            let user = format!("user {race}");
            let code = here.code(&user).await.unwrap();
            let (redeemed, ()) = tokio::join!(here.redeem(&code), there.revoke_all(&user));
            assert!(redeemed.tokens().is_some() || redeemed.is_invalid_grant(), "{redeemed:?}");
            if let Some(tokens) = redeemed.tokens() {
                here.assert_dead(&tokens).await;
            }
            assert_eq!(there.grants(&user).await, 0);
            redeemed.tokens().is_some()
        }
    })
    .await;
}

/// Alone, since so many nodes take most of the connections that PostgreSQL has.
async fn start(kind: Kind) -> (Store, Cluster, App) {
    let store = Store::start_alone(kind);
    let cluster = Cluster::start(store.url(), NODES).await;
    (store, cluster, App::default())
}

/// What many bring.
#[derive(Clone)]
enum Presented {
    Code(String),
    RefreshToken(String),
}

impl Presented {
    /// Who hears 503, since so many wait for a connection to the database, comes
    /// again: nothing was consumed.
    async fn at(&self, node: &str, app: &App) -> Answer {
        loop {
            let answer = match self {
                Self::Code(code) => app.redeem(node, code).await,
                Self::RefreshToken(token) => app.refresh(node, token).await,
            };
            match answer {
                Answer::Unavailable => sleep(PAUSE).await,
                answer => return answer,
            }
        }
    }
}

/// `count` requests, spread over the nodes, none of which is sent before all are
/// ready to be.
async fn all_at_once(
    cluster: &Cluster,
    app: &App,
    count: usize,
    presented: Presented,
) -> Vec<Answer> {
    allow_connections();
    let barrier = Arc::new(Barrier::new(count));
    let mut requests = JoinSet::new();
    for number in 0..count {
        let (barrier, app, presented) = (barrier.clone(), app.clone(), presented.clone());
        let node = cluster.node(number).to_owned();
        requests.spawn(async move {
            barrier.wait().await;
            presented.at(&node, &app).await
        });
    }
    timeout(PATIENCE, requests.join_all()).await.unwrap()
}

/// As many as the system lets us have; the usual limit is just below what a
/// thousand connections need.
fn allow_connections() {
    let limit = getrlimit(Resource::Nofile);
    setrlimit(Resource::Nofile, Rlimit { current: limit.maximum, ..limit }).unwrap();
}

/// All races, some at a time. They say whether the token was issued before it
/// was revoked; both must have happened, or nothing raced.
async fn in_lanes<F: Future<Output = bool> + Send + 'static>(race: impl Fn(usize) -> F) {
    let mut running = JoinSet::new();
    let mut issued = 0;
    for number in 0..RACES {
        if number >= LANES {
            issued += usize::from(running.join_next().await.unwrap().unwrap());
        }
        running.spawn(race(number));
    }
    issued += running.join_all().await.into_iter().filter(|issued| *issued).count();
    println!("{issued} of {RACES} tokens were issued before they were revoked");
    assert!(issued > 0 && issued < RACES, "nothing raced: {issued} of {RACES}");
}
