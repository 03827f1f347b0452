//! Redis is a cluster.

use codegrant::{Client, ClientId, ClientStore, CodeStore, ReplayCache};
use stores::{AccountStore, LoginSession, Redis, SessionKey};
use throwaway::redis::{Cluster, Redis as Server};

use crate::flow::Flow;
use crate::support::{account, at, session, subject};

#[tokio::test]
async fn everything_works_on_a_cluster_wherever_its_keys_are() {
    let cluster = Cluster::start().unwrap();
    let [first, second, third] = cluster.nodes();
    let url = format!("{}?cluster={},{}", first.url(), second.address(), third.address());
    let db = Redis::open(&url).await.unwrap();
    let flow = Flow::over(&db);
    for user in ["alice", "bob", "{carol}", "d{a}v{e}"] {
        let codes = [flow.code(user).await, flow.code(user).await, flow.code(user).await];
        for code in &codes {
            let token = flow.redeem(code).await.unwrap();
            assert!(flow.opens(&token).await);
        }
        assert_eq!(flow.redeem(&codes[0]).await, Err(400));
        let grants = db.granted_by(&subject(user)).await.unwrap();
        assert_eq!(grants.len(), 3);
        assert_eq!(grants.iter().filter(|grant| grant.is_ended()).count(), 1);
    }
    for number in 0..8 {
        let name = format!("s{number}");
        db.put_account(account(&name, &name)).await.unwrap();
        assert!(db.put_account(account("another", &name)).await.is_err());
        let key = SessionKey::of(&name);
        let session = LoginSession { subject: subject(&name), ..session(9) };
        db.begin_session(key, session.clone()).await.unwrap();
        assert_eq!(db.session(key).await.unwrap(), Some(session));
        db.end_session(key).await.unwrap();
        assert_eq!(db.session(key).await.unwrap(), None);
        assert_eq!(db.account(&name).await.unwrap().unwrap().subject, subject(&name));
        assert!(db.is_first_use(&[number; 32], at(60)).await.unwrap());
        assert!(!db.is_first_use(&[number; 32], at(60)).await.unwrap());
        let client = Client::builder(name.as_str()).redirect_uri("https://app.example/cb");
        db.put_client(&client.build().unwrap()).await.unwrap();
        assert!(db.client(&ClientId::parse(name).unwrap()).await.unwrap().is_some());
    }
    assert_eq!(db.subjects().await.unwrap().len(), 8);
    db.remove_account(&subject("s0")).await.unwrap();
    assert!(db.account("s0").await.unwrap().is_none());
    for node in cluster.nodes() {
        assert_ne!(node.command(&["DBSIZE"]).unwrap(), ":0", "every node has its share");
    }
}

#[tokio::test]
async fn a_slot_that_moved_to_another_node_is_found_there() {
    let cluster = Cluster::start().unwrap();
    let [first, second, _] = cluster.nodes();
    let db = Redis::open(&format!("{}?cluster", first.url())).await.unwrap();
    let slot = slot_of(first, "codegrant:client:app");
    let old_home = home_of(slot, &cluster);
    let new_home = if old_home.address() == first.address() { second } else { first };
    let name = new_home.command(&["CLUSTER", "MYID"]).unwrap();
    let id = ClientId::parse("app").unwrap();
    assert!(db.client(&id).await.unwrap().is_none());

    for node in cluster.nodes() {
        node.command(&["CLUSTER", "SETSLOT", &slot.to_string(), "NODE", &name]).unwrap();
    }
    let client = Client::builder("app").redirect_uri("https://app.example/cb").build().unwrap();
    assert!(db.put_client(&client).await.is_err(), "nothing is sent twice");
    db.put_client(&client).await.unwrap();
    assert!(db.client(&id).await.unwrap().is_some());
    assert_eq!(new_home.command(&["EXISTS", "codegrant:client:app"]).unwrap(), ":1");
}

#[tokio::test]
async fn a_silent_node_costs_only_the_keys_that_are_on_it() {
    let cluster = Cluster::start().unwrap();
    let [first, second, third] = cluster.nodes();
    let home = slot_of(first, "codegrant:layout");
    let (near, silent) = if home <= LAST_SLOTS[1] { (first, third) } else { (third, first) };
    let url = format!("{}?cluster={},{}", silent.url(), near.address(), second.address());
    drop(Redis::open(&url).await.unwrap());
    silent.pause().unwrap();
    let db = Redis::open(&url).await.unwrap();
    let reads = (0..12).map(|number| {
        let (db, name) = (db.clone(), format!("app{number}"));
        let slot = slot_of(near, &format!("codegrant:client:{name}"));
        let is_silent = home_of(slot, &cluster).address() == silent.address();
        (is_silent, tokio::spawn(async move { db.client(&ClientId::parse(name)?).await }))
    });
    let mut served = 0;
    // At once, and none goes along with those that are not answered.
    for (is_silent, answer) in reads.collect::<Vec<_>>() {
        let answer = answer.await.unwrap();
        assert_eq!(answer.is_err(), is_silent, "{answer:?}");
        served += usize::from(answer.is_ok());
    }
    assert!((1..12).contains(&served));
}

/// The last slot of each node.
const LAST_SLOTS: [u16; 3] = [5460, 10922, 16383];

fn slot_of(node: &Server, key: &str) -> u16 {
    let answer = node.command(&["CLUSTER", "KEYSLOT", key]).unwrap();
    answer.trim_start_matches(':').parse().unwrap()
}

fn home_of(slot: u16, cluster: &Cluster) -> &Server {
    let number = LAST_SLOTS.iter().filter(|last| **last < slot).count();
    &cluster.nodes()[number]
}
