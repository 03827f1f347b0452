//! Many reads at once.

use codegrant::{Client, ClientId, ClientStore, HostError};
use stores::Redis;
use throwaway::redis::Redis as Server;
use tokio::task::JoinHandle;
use tokio::time::timeout;

use crate::faults::SECONDS;
use crate::support::start;

/// More than go into four commands.
const MANY: usize = 1_100;

async fn register(db: &Redis, names: impl IntoIterator<Item = String>) {
    for name in names {
        let client = Client::builder(name).redirect_uri("https://client.example/").build();
        db.put_client(&client.unwrap()).await.unwrap();
    }
}

fn read(db: &Redis, name: String) -> JoinHandle<Result<Option<String>, HostError>> {
    let db = db.clone();
    tokio::spawn(async move {
        let client = db.client(&ClientId::parse(name).unwrap()).await?;
        Ok(client.map(|client| client.id().as_str().to_owned()))
    })
}

/// How often Redis was given a command since its counts were set back.
fn calls(server: &Server, command: &str) -> usize {
    let statistics = server.command(&["INFO", "commandstats"]).unwrap();
    let Some((_, counts)) = statistics.split_once(&format!("cmdstat_{command}:calls=")) else {
        return 0;
    };
    counts.split_once(',').unwrap().0.parse().unwrap()
}

fn reset(server: &Server) {
    server.command(&["CONFIG", "RESETSTAT"]).unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn each_of_many_gets_its_own_answer_and_they_share_few_commands() {
    let (server, db) = start().await;
    register(&db, (0..MANY).step_by(2).map(|number| number.to_string())).await;
    reset(&server);
    let reads: Vec<_> = (0..MANY).map(|number| read(&db, number.to_string())).collect();
    for (number, answer) in reads.into_iter().enumerate() {
        let registered = number.is_multiple_of(2).then(|| number.to_string());
        assert_eq!(answer.await.unwrap().unwrap(), registered);
    }
    let (single, shared) = (calls(&server, "get"), calls(&server, "mget"));
    assert!(shared >= 1 && single + shared < MANY / 4, "{single} GET, {shared} MGET");
}

#[tokio::test]
async fn no_command_has_more_keys_than_it_may() {
    let (server, db) = start().await;
    reset(&server);
    let reads: Vec<_> = (0..MANY).map(|number| read(&db, number.to_string())).collect();
    for answer in reads {
        assert_eq!(answer.await.unwrap().unwrap(), None);
    }
    // On one thread all come before the first is answered: 1 GET, then
    // 1 + 2 + 4 + … + 256 by halves, 256 twice more, and 76.
    assert_eq!((calls(&server, "get"), calls(&server, "mget")), (1, 12));
}

#[tokio::test]
async fn half_of_those_under_way_go_ahead_of_the_others() {
    let (server, db) = start().await;
    reset(&server);
    for answer in (0..8).map(|_| read(&db, "a".into())).collect::<Vec<_>>() {
        assert_eq!(answer.await.unwrap().unwrap(), None);
    }
    // 1 GET, then 1 + 2 + 4.
    assert_eq!((calls(&server, "get"), calls(&server, "mget")), (1, 3));
}

#[tokio::test]
async fn one_after_the_other_goes_alone() {
    let (server, db) = start().await;
    register(&db, ["a".into()]).await;
    reset(&server);
    for _ in 0..3 {
        assert_eq!(read(&db, "a".into()).await.unwrap().unwrap().as_deref(), Some("a"));
    }
    assert_eq!((calls(&server, "get"), calls(&server, "mget")), (3, 0));
}

#[tokio::test]
async fn who_gives_up_takes_no_other_along() {
    let (_server, db) = start().await;
    register(&db, ["a".into()]).await;
    // One alone, one and two ahead, three that are too few.
    for given_up in 0..7 {
        let mut reads: Vec<_> = (0..7).map(|_| read(&db, "a".into())).collect();
        // All have begun, none is answered.
        tokio::task::yield_now().await;
        let begun = reads.remove(given_up);
        begun.abort();
        assert!(begun.await.unwrap_err().is_cancelled());
        for answer in reads {
            let answer = timeout(SECONDS, answer).await.unwrap().unwrap();
            assert_eq!(answer.unwrap().as_deref(), Some("a"), "{given_up}");
        }
    }
}

#[tokio::test]
async fn what_cannot_be_read_is_an_error_of_its_own_only() {
    let (server, db) = start().await;
    register(&db, ["a".into()]).await;
    // The byte 0x80 is no text.
    server.command(&["SETBIT", "codegrant:client:broken", "0", "1"]).unwrap();
    let reads = ["a", "broken", "a"].map(|name| read(&db, name.into()));
    let [before, broken, after] = reads;
    assert_eq!(before.await.unwrap().unwrap().as_deref(), Some("a"));
    assert!(broken.await.unwrap().is_err());
    assert_eq!(after.await.unwrap().unwrap().as_deref(), Some("a"));
}

#[tokio::test]
async fn all_who_wait_learn_that_redis_is_gone() {
    let (mut server, db) = start().await;
    server.stop().unwrap();
    for answer in (0..8).map(|_| read(&db, "a".into())).collect::<Vec<_>>() {
        let error = answer.await.unwrap().unwrap_err().to_string();
        assert!(!error.contains("runtime"), "{error}");
    }
}
