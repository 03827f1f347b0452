//! What the SQLite adapter promises, on real files, with grants that a real
//! authorization server made.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    reason = "a test fails by panicking"
)]

mod flow;

use std::path::Path;
use std::sync::Arc;

use codegrant::{
    Client, ClientId, ClientStore, CodeStore, ConsentStore, Consented, Directory, Grant, GrantId,
    ReplayCache, SessionId, Subject, Timestamp, User,
};
use flow::Flow;
use stores::{Account, AccountStore, LoginSession, SessionKey, Sqlite};

fn at(seconds: i64) -> Timestamp {
    Timestamp::from_unix(flow::START + seconds)
}

fn subject(name: &str) -> Subject {
    Subject::parse(name).unwrap()
}

fn assert_same(left: &Grant, right: &Grant) {
    assert_eq!(left.version(), right.version());
    assert_eq!(left.to_record().unwrap(), right.to_record().unwrap());
}

/// A grant that `user` has just allowed, straight from the database.
async fn fresh_grant(db: &Sqlite, flow: &Flow, user: &str) -> Arc<Grant> {
    let before: Vec<GrantId> =
        db.granted_by(&subject(user)).await.unwrap().iter().map(|grant| *grant.id()).collect();
    flow.code(user).await;
    let mut grants = db.granted_by(&subject(user)).await.unwrap();
    grants.retain(|grant| !before.contains(grant.id()));
    assert_eq!(grants.len(), 1);
    grants.remove(0)
}

fn open(directory: &Path) -> Sqlite {
    Sqlite::open(directory.join("test.db")).unwrap()
}

#[tokio::test]
async fn a_grant_makes_the_round_trip_from_its_code_to_its_token_to_its_replay() {
    let directory = tempfile::tempdir().unwrap();
    let db = open(directory.path());
    let flow = Flow::over(&db);

    let code = flow.code("alice").await;
    let coded = db.granted_by(&subject("alice")).await.unwrap().remove(0);
    assert_eq!((coded.version(), coded.scope().as_str()), (1, "a b"));
    assert_same(&db.grant(coded.id()).await.unwrap().unwrap(), &coded);

    let token = flow.redeem(&code).await.unwrap();
    let active = db.grant(coded.id()).await.unwrap().unwrap();
    assert_eq!(active.version(), 2);
    assert!(flow.opens(&token).await);

    assert_eq!(flow.redeem(&code).await, Err(400));
    let ended = db.grant(coded.id()).await.unwrap().unwrap();
    assert!(ended.is_ended());
    assert!(!flow.opens(&token).await);
}

#[tokio::test]
async fn an_unknown_grant_is_none_and_cannot_be_replaced() {
    let (db, elsewhere) = (Sqlite::in_memory().unwrap(), Sqlite::in_memory().unwrap());
    assert!(db.grant(&GrantId::from_bytes([7; 16])).await.unwrap().is_none());
    let grant = fresh_grant(&elsewhere, &Flow::over(&elsewhere), "alice").await;
    assert!(!db.replace(grant.clone()).await.unwrap());
    assert!(db.grant(grant.id()).await.unwrap().is_none());
}

#[tokio::test]
async fn a_grant_is_inserted_once() {
    let db = Sqlite::in_memory().unwrap();
    let grant = fresh_grant(&db, &Flow::over(&db), "alice").await;
    assert!(db.insert(grant).await.is_err());
}

#[tokio::test]
async fn replacing_over_the_wrong_version_writes_nothing() {
    let (db, elsewhere) = (Sqlite::in_memory().unwrap(), Sqlite::in_memory().unwrap());
    let flow = Flow::over(&elsewhere);
    let code = flow.code("alice").await;
    let first = elsewhere.granted_by(&subject("alice")).await.unwrap().remove(0);
    flow.redeem(&code).await.unwrap();
    let second = elsewhere.grant(first.id()).await.unwrap().unwrap();
    assert_eq!(flow.redeem(&code).await, Err(400));
    let third = elsewhere.grant(first.id()).await.unwrap().unwrap();

    db.insert(first.clone()).await.unwrap();
    for wrong in [&first, &third] {
        assert!(!db.replace(wrong.clone()).await.unwrap());
        assert_same(&db.grant(first.id()).await.unwrap().unwrap(), &first);
    }
    assert!(db.replace(second.clone()).await.unwrap());
    assert!(!db.replace(second.clone()).await.unwrap());
    assert_same(&db.grant(first.id()).await.unwrap().unwrap(), &second);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_concurrent_replacements_one_wins_on_any_connection() {
    let directory = tempfile::tempdir().unwrap();
    let db = open(directory.path());
    let flow = Flow::over(&db);
    let code = flow.code("alice").await;
    let first = db.granted_by(&subject("alice")).await.unwrap().remove(0);
    flow.redeem(&code).await.unwrap();
    let second = db.grant(first.id()).await.unwrap().unwrap();

    let race = Sqlite::open(directory.path().join("race.db")).unwrap();
    race.insert(first).await.unwrap();
    let racers: Vec<_> = (0..8)
        .map(|_| {
            let connection = Sqlite::open(directory.path().join("race.db")).unwrap();
            let second = second.clone();
            tokio::spawn(async move { connection.replace(second).await.unwrap() })
        })
        .collect();
    let mut winners = 0;
    for racer in racers {
        winners += u32::from(racer.await.unwrap());
    }
    assert_eq!(winners, 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_code_redeemed_by_many_at_once_gives_one_token_which_the_replays_end() {
    let directory = tempfile::tempdir().unwrap();
    let db = open(directory.path());
    let code = Flow::over(&db).code("alice").await;
    let clients: Vec<_> = (0..8)
        .map(|_| {
            let flow = Flow::over(&open(directory.path()));
            let code = code.clone();
            tokio::spawn(async move { flow.redeem(&code).await.ok() })
        })
        .collect();
    let mut tokens = Vec::new();
    for client in clients {
        tokens.extend(client.await.unwrap());
    }
    assert_eq!(tokens.len(), 1);
    assert!(!Flow::over(&db).opens(&tokens[0]).await);
}

#[tokio::test]
async fn the_sweep_takes_what_expired_and_nothing_else() {
    let db = Sqlite::in_memory().unwrap();
    let flow = Flow::over(&db);
    let early = fresh_grant(&db, &flow, "alice").await;
    flow.set_time(1);
    let late = fresh_grant(&db, &flow, "alice").await;
    assert_eq!((early.expires_at(), late.expires_at()), (at(60), at(61)));

    assert_eq!(db.sweep(at(59)).await.unwrap(), 0);
    assert_eq!(db.sweep(at(60)).await.unwrap(), 1);
    assert!(db.grant(early.id()).await.unwrap().is_none());
    assert!(db.grant(late.id()).await.unwrap().is_some());
}

#[tokio::test]
async fn the_sweep_goes_by_the_last_versions_expiry() {
    let db = Sqlite::in_memory().unwrap();
    let flow = Flow::over(&db);
    let code = flow.code("alice").await;
    let token = flow.redeem(&code).await.unwrap();
    assert_eq!(db.sweep(at(60)).await.unwrap(), 0);
    assert!(flow.opens(&token).await);
    assert_eq!(db.sweep(at(600)).await.unwrap(), 1);
    assert!(!flow.opens(&token).await);
}

#[tokio::test]
async fn a_sweep_takes_all_that_expired_and_lets_other_writes_come_between() {
    let db = Sqlite::in_memory().unwrap();
    let late = fresh_grant(&db, &Flow::over(&db), "alice").await;
    let many = "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 5000)
                INSERT INTO grants SELECT randomblob(16), 1, 'bob', i, '' FROM n";
    db.write(move |db| Ok(db.execute_batch(many)?)).await.unwrap();
    let sweep = tokio::spawn({
        let db = db.clone();
        async move { db.sweep(at(0)).await.unwrap() }
    });
    tokio::task::yield_now().await;
    db.put_account(account("s1", "alice")).await.unwrap();
    assert!(!sweep.is_finished());
    assert_eq!(sweep.await.unwrap(), 5000);
    assert!(db.grant(late.id()).await.unwrap().is_some());
}

#[tokio::test]
async fn granted_by_finds_all_grants_of_one_user_and_no_others() {
    let db = Sqlite::in_memory().unwrap();
    let flow = Flow::over(&db);
    let (first, second) =
        (fresh_grant(&db, &flow, "alice").await, fresh_grant(&db, &flow, "alice").await);
    let other = fresh_grant(&db, &flow, "bob").await;
    let ids = |grants: Vec<Arc<Grant>>| {
        let mut ids: Vec<GrantId> = grants.iter().map(|grant| *grant.id()).collect();
        ids.sort();
        ids
    };
    let mut expected = vec![*first.id(), *second.id()];
    expected.sort();
    assert_eq!(ids(db.granted_by(&subject("alice")).await.unwrap()), expected);
    assert_eq!(ids(db.granted_by(&subject("bob")).await.unwrap()), [*other.id()]);
    assert!(db.granted_by(&subject("carol")).await.unwrap().is_empty());
}

#[tokio::test]
async fn consent_is_kept_by_user_and_client_and_replaced_only_by_its_next_version() {
    let db = Sqlite::in_memory().unwrap();
    let (alice, bob) = (subject("alice"), subject("bob"));
    let (app, other) = (ClientId::parse("app").unwrap(), ClientId::parse("other").unwrap());
    assert!(db.consented(&alice, &app).await.unwrap().is_none());
    Flow::over(&db).code("alice").await;
    let first = db.consented(&alice, &app).await.unwrap().unwrap();
    assert_eq!((first.version(), first.scope().unwrap().as_str()), (1, "a b"));
    assert!(db.consented(&alice, &other).await.unwrap().is_none());
    assert!(db.consented(&bob, &app).await.unwrap().is_none());

    let record = first.to_record().unwrap().replace("a b", "a");
    let version = |version| Arc::new(Consented::from_record(&record, version).unwrap());
    for wrong in [1, 3] {
        assert!(!db.remember(version(wrong)).await.unwrap());
        assert_eq!(db.consented(&alice, &app).await.unwrap().unwrap(), first);
    }
    assert!(db.remember(version(2)).await.unwrap());
    assert_eq!(db.consented(&alice, &app).await.unwrap().unwrap(), version(2));
}

#[tokio::test]
async fn a_client_is_what_was_registered_last() {
    let db = Sqlite::in_memory().unwrap();
    let app = |uri| Client::builder("app").redirect_uri(uri).scope("a").build().unwrap();
    let id = ClientId::parse("app").unwrap();
    assert!(db.client(&id).await.unwrap().is_none());
    for registered in [app("https://app.example/1"), app("https://app.example/2")] {
        db.put_client(&registered).await.unwrap();
        let found = db.client(&id).await.unwrap().unwrap();
        assert_eq!(found.to_record().unwrap(), registered.to_record().unwrap());
    }
    assert!(db.client(&ClientId::parse("other").unwrap()).await.unwrap().is_none());
    db.remove_client(&id).await.unwrap();
    assert!(db.client(&id).await.unwrap().is_none());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_proof_is_new_to_one_of_many_and_until_it_is_forgotten() {
    let directory = tempfile::tempdir().unwrap();
    let nodes = [open(directory.path()), open(directory.path())];
    let uses = (0..16).map(|turn| {
        let node = nodes[turn % 2].clone();
        tokio::spawn(async move { node.is_first_use(&[7; 32], at(10)).await.unwrap() })
    });
    let mut first_uses = 0;
    for used in uses.collect::<Vec<_>>() {
        first_uses += u32::from(used.await.unwrap());
    }
    assert_eq!(first_uses, 1);

    let [db, _] = nodes;
    assert!(db.is_first_use(&[8; 32], at(11)).await.unwrap());
    assert_eq!(db.forget_proofs(at(9)).await.unwrap(), 0);
    assert_eq!(db.forget_proofs(at(10)).await.unwrap(), 1);
    assert!(db.is_first_use(&[7; 32], at(12)).await.unwrap());
    assert!(!db.is_first_use(&[8; 32], at(12)).await.unwrap());
}

fn account(subject_name: &str, username: &str) -> Account {
    Account {
        subject: subject(subject_name),
        username: username.into(),
        password_hash: "$argon2id$...".into(),
        user: Arc::new(
            User::new()
                .with_roles(["analyst"])
                .with_permissions(["reports:read"])
                .with_claim("name", "Ann 'O\u{0}\" {\u{fc}}")
                .with_claim("address", serde_json::json!({"locality": null, "floors": [1, 2.5]})),
        ),
    }
}

fn session(expires_at: i64) -> LoginSession {
    LoginSession {
        id: SessionId::parse("public name").unwrap(),
        subject: subject("s1"),
        authenticated_at: at(0),
        expires_at: at(expires_at),
    }
}

#[tokio::test]
async fn accounts_are_found_by_their_username_and_known_to_the_directory_by_their_subject() {
    let db = Sqlite::in_memory().unwrap();
    db.put_account(account("s1", "alice")).await.unwrap();
    let found = db.account("alice").await.unwrap().unwrap();
    assert_eq!((found.subject, found.password_hash.as_str()), (subject("s1"), "$argon2id$..."));
    let known = account("s1", "alice").user;
    assert_eq!(
        (&found.user, db.user(&subject("s1")).await.unwrap()),
        (&known, Some(known.clone()))
    );
    assert!(db.account("s1").await.unwrap().is_none());
    assert!(db.user(&subject("alice")).await.unwrap().is_none());

    db.put_account(Account { user: Arc::default(), ..account("s1", "alice2") }).await.unwrap();
    assert!(db.account("alice").await.unwrap().is_none());
    assert_eq!(db.user(&subject("s1")).await.unwrap(), Some(Arc::default()));
    assert!(db.put_account(account("s2", "alice2")).await.is_err(), "the name is taken");
    assert_eq!(db.subjects().await.unwrap(), [subject("s1")]);
}

#[tokio::test]
async fn a_session_lasts_until_it_is_ended_swept_or_its_account_removed() {
    let db = Sqlite::in_memory().unwrap();
    let keys = ["one", "two", "three"].map(SessionKey::of);
    assert!(db.begin_session(keys[0], session(9)).await.is_err(), "there is no such account");
    db.put_account(account("s1", "alice")).await.unwrap();
    for (key, expires_at) in keys.into_iter().zip([9, 10, 11]) {
        db.begin_session(key, session(expires_at)).await.unwrap();
    }
    assert_eq!(db.session(keys[1]).await.unwrap(), Some(session(10)));
    assert!(db.begin_session(keys[1], session(12)).await.is_err(), "the key is taken");

    db.end_session(keys[0]).await.unwrap();
    assert_eq!(db.session(keys[0]).await.unwrap(), None);
    assert_eq!(db.sweep_sessions(at(10)).await.unwrap(), 1);
    assert_eq!(db.session(keys[1]).await.unwrap(), None);
    assert_eq!(db.session(keys[2]).await.unwrap(), Some(session(11)));
    db.put_account(account("s1", "alice")).await.unwrap();
    assert_eq!(db.session(keys[2]).await.unwrap(), Some(session(11)));
    db.remove_account(&subject("s1")).await.unwrap();
    assert_eq!(db.session(keys[2]).await.unwrap(), None);
}

#[tokio::test]
async fn signing_out_everywhere_ends_all_sessions_of_one_account_which_can_sign_in_again() {
    let db = Sqlite::in_memory().unwrap();
    let [one, two, other, again] = ["one", "two", "other", "again"].map(SessionKey::of);
    let of_other = LoginSession { subject: subject("s2"), ..session(9) };
    db.put_account(account("s1", "alice")).await.unwrap();
    db.put_account(account("s2", "bob")).await.unwrap();
    for key in [one, two] {
        db.begin_session(key, session(9)).await.unwrap();
    }
    db.begin_session(other, of_other.clone()).await.unwrap();

    db.end_sessions(&subject("s1")).await.unwrap();
    assert_eq!(db.session(one).await.unwrap(), None);
    assert_eq!(db.session(two).await.unwrap(), None);
    assert_eq!(db.session(other).await.unwrap(), Some(of_other));

    let found = db.account("alice").await.unwrap().unwrap();
    assert_eq!((found.subject, found.user.roles()), (subject("s1"), &["analyst".to_owned()][..]));
    db.begin_session(again, session(9)).await.unwrap();
    assert_eq!(db.session(again).await.unwrap(), Some(session(9)));
    assert_eq!(db.session(one).await.unwrap(), None);
    db.end_sessions(&subject("nobody")).await.unwrap();
    assert!(db.user(&subject("nobody")).await.unwrap().is_none());
}

#[tokio::test]
async fn every_finished_write_is_seen_by_another_connection() {
    let directory = tempfile::tempdir().unwrap();
    let (db, other) = (open(directory.path()), open(directory.path()));
    let flow = Flow::over(&db);
    for _ in 0..20 {
        let code = flow.code("alice").await;
        let grants = other.granted_by(&subject("alice")).await.unwrap();
        let coded = grants.into_iter().find(|grant| grant.version() == 1).unwrap();
        flow.redeem(&code).await.unwrap();
        assert_eq!(other.grant(coded.id()).await.unwrap().unwrap().version(), 2);
    }
    db.put_account(account("s1", "alice")).await.unwrap();
    assert!(other.user(&subject("s1")).await.unwrap().is_some());
}

#[tokio::test]
async fn a_reopened_file_keeps_everything() {
    let directory = tempfile::tempdir().unwrap();
    let app = ClientId::parse("app").unwrap();
    let key = SessionKey::of("cookie");
    let token = {
        let db = open(directory.path());
        let flow = Flow::over(&db);
        db.put_account(account("s1", "alice")).await.unwrap();
        db.begin_session(key, session(9)).await.unwrap();
        let code = flow.code("alice").await;
        flow.redeem(&code).await.unwrap()
    };
    let db = open(directory.path());
    assert!(Flow::over(&db).opens(&token).await);
    assert_eq!(db.session(key).await.unwrap(), Some(session(9)));
    let remembered = db.consented(&subject("alice"), &app).await.unwrap().unwrap();
    assert_eq!(remembered.scope().unwrap().as_str(), "a b");
}

#[tokio::test]
async fn a_path_that_cannot_be_opened_is_named() {
    let refusal = Sqlite::open("/nowhere/at/all.db").err().unwrap().to_string();
    assert!(refusal.contains("/nowhere/at/all.db"), "{refusal}");
}

#[cfg(unix)]
#[tokio::test]
async fn a_new_file_is_for_its_owner_only() {
    use std::os::unix::fs::PermissionsExt;
    let directory = tempfile::tempdir().unwrap();
    let _db = open(directory.path());
    for entry in std::fs::read_dir(directory.path()).unwrap() {
        let mode = entry.unwrap().metadata().unwrap().permissions().mode();
        assert_eq!(mode & 0o077, 0);
    }
}

#[test]
fn an_account_does_not_show_its_passwords_hash() {
    assert!(!format!("{:?}", account("s1", "alice")).contains("argon2"));
}
