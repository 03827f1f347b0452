//! Redis is down, silent, crashes, or its answers get lost.

use std::time::Duration;

use codegrant::{CodeStore, Directory};
use stores::{AccountStore, Redis};
use tokio::time::timeout;

use crate::flow::Flow;
use crate::support::{LosesAnswers, a_life, account, assert_same, fresh_grant, start, subject};

/// How long the store may take to say that there is no Redis.
pub(crate) const SECONDS: Duration = Duration::from_secs(6);

#[tokio::test]
async fn while_redis_is_down_everything_is_an_error_within_seconds_and_then_it_works_again() {
    let (mut server, db) = start().await;
    let flow = Flow::over(&db);
    let code = flow.code("alice").await;
    let grant = db.granted_by(&subject("alice")).await.unwrap().remove(0);
    server.stop().unwrap();
    for _ in 0..2 {
        assert!(timeout(SECONDS, db.grant(grant.id())).await.unwrap().is_err());
        assert!(timeout(SECONDS, db.replace(grant.clone())).await.unwrap().is_err());
        assert_eq!(timeout(SECONDS, flow.redeem(&code)).await.unwrap(), Err(503));
    }
    server.restart().unwrap();
    let token = flow.redeem(&code).await.unwrap();
    assert!(flow.opens(&token).await);
}

#[tokio::test]
async fn a_redis_that_is_silent_is_an_error_within_seconds_and_then_it_works_again() {
    let (server, db) = start().await;
    let grant = fresh_grant(&db, &Flow::over(&db), "alice").await;
    server.pause().unwrap();
    for _ in 0..2 {
        let many = (0..8).map(|_| {
            let (db, id) = (db.clone(), *grant.id());
            tokio::spawn(async move { timeout(SECONDS, db.grant(&id)).await })
        });
        for answer in many.collect::<Vec<_>>() {
            assert!(answer.await.unwrap().unwrap().is_err());
        }
    }
    assert!(timeout(SECONDS, Redis::open(&server.url())).await.unwrap().is_err());
    server.resume().unwrap();
    assert_same(&db.grant(grant.id()).await.unwrap().unwrap(), &grant);
}

#[tokio::test]
async fn a_connection_that_was_closed_while_it_was_idle_costs_a_reader_nothing() {
    let (server, db) = start().await;
    let grant = fresh_grant(&db, &Flow::over(&db), "alice").await;
    server.command(&["CLIENT", "KILL", "TYPE", "normal"]).unwrap();
    assert_same(&db.grant(grant.id()).await.unwrap().unwrap(), &grant);
}

#[tokio::test]
async fn a_script_that_redis_forgot_is_loaded_again() {
    let (server, db) = start().await;
    let flow = Flow::over(&db);
    let code = flow.code("alice").await;
    server.command(&["SCRIPT", "FLUSH"]).unwrap();
    assert!(flow.redeem(&code).await.is_ok());
}

#[tokio::test]
async fn a_write_whose_answer_got_lost_is_an_error_and_is_not_sent_again() {
    let (server, elsewhere) = start().await;
    let [first, second, _] = a_life(&elsewhere).await;
    let direct = Redis::open(&format!("{}?prefix=lost", server.url())).await.unwrap();
    direct.insert(first.clone()).await.unwrap();
    let lossy = LosesAnswers::before(&server).await;
    let db = Redis::open(&format!("{}?prefix=lost", lossy.url())).await.unwrap();

    server.command(&["CONFIG", "RESETSTAT"]).unwrap();
    assert!(db.replace(second.clone()).await.is_err());
    assert_same(&direct.grant(first.id()).await.unwrap().unwrap(), &second);
    let statistics = server.command(&["INFO", "commandstats"]).unwrap();
    assert!(statistics.contains("cmdstat_evalsha:calls=2,"), "index and grant: {statistics}");
}

#[tokio::test]
async fn a_client_whose_redemption_was_written_without_an_answer_gets_its_token() {
    let (server, direct) = start().await;
    let code = Flow::over(&direct).code("alice").await;
    let lossy = LosesAnswers::before(&server).await;
    let flow = Flow::over(&Redis::open(&lossy.url()).await.unwrap());
    let token = flow.redeem(&code).await.unwrap();
    assert!(flow.opens(&token).await);
    assert_eq!(direct.granted_by(&subject("alice")).await.unwrap()[0].version(), 2);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn with_appendfsync_always_a_crash_loses_nothing_that_was_acknowledged() {
    let (mut server, db) = start().await;
    let (acknowledged, mut seen) = tokio::sync::mpsc::unbounded_channel();
    let writers: Vec<_> = (0..4)
        .map(|number| {
            let (db, acknowledged) = (db.clone(), acknowledged.clone());
            tokio::spawn(async move {
                for round in 0.. {
                    let name = format!("s{number}-{round}");
                    if db.put_account(account(&name, &name)).await.is_err() {
                        break;
                    }
                    acknowledged.send(name).unwrap();
                }
            })
        })
        .collect();
    let mut kept = Vec::new();
    while kept.len() < 100 {
        kept.push(seen.recv().await.unwrap());
    }
    server.kill().unwrap();
    for writer in writers {
        writer.await.unwrap();
    }
    drop(acknowledged);
    while let Some(name) = seen.recv().await {
        kept.push(name);
    }
    server.restart().unwrap();
    for name in kept {
        assert!(db.user(&subject(&name)).await.unwrap().is_some(), "{name} is lost");
    }
}
