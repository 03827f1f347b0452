//! What becomes of a database that a program opens.

use super::*;

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn processes_that_start_at_once_find_one_schema_that_somebody_made() {
    let server = Server::shared();
    for _ in 0..6 {
        let url = server.new_database();
        let starts: Vec<_> = (0..4)
            .map(|_| {
                let url = url.clone();
                tokio::spawn(async move { Postgres::open(&url).await })
            })
            .collect();
        for start in starts {
            start.await.unwrap().unwrap().put_account(account("s1", "alice")).await.unwrap();
        }
        assert_eq!(number(&admin(&url).await, "SELECT version FROM schema_version").await, 2);
    }
}

/// As a program leaves it that ends in the middle of its migration, where the
/// database makes each table on its own.
#[tokio::test]
async fn a_half_made_schema_is_completed() {
    let house = House::new().await;
    let admin = house.admin().await;
    admin.batch_execute("DROP TABLE sessions; DELETE FROM schema_version").await.unwrap();
    let db = open(&house.url).await;
    db.put_account(account("s1", "alice")).await.unwrap();
    db.begin_session(SessionKey::of("cookie"), session(9)).await.unwrap();
    assert_eq!(number(&admin, "SELECT version FROM schema_version").await, 2);
}

/// A program of version 1 that still runs goes on, and takes nobody's claims away.
#[tokio::test]
async fn a_schema_of_version_1_keeps_its_accounts_and_old_programs_the_claims() {
    let house = House::new().await;
    let admin = house.admin().await;
    let back = "ALTER TABLE accounts DROP COLUMN claims; UPDATE schema_version SET version = 1";
    admin.batch_execute(back).await.unwrap();
    let old = "INSERT INTO accounts (subject, username, password_hash, roles, permissions)
               VALUES ('s1', 'alice', 'old', '[\"analyst\"]', '[]')
               ON CONFLICT (subject) DO UPDATE SET password_hash = excluded.password_hash";
    admin.batch_execute(old).await.unwrap();
    let db = open(&house.url).await;
    let user = Arc::new(User::new().with_roles(["analyst"]));
    assert_eq!(db.user(&subject("s1")).await.unwrap(), Some(user), "of whom nothing is told");
    db.put_account(account("s1", "alice")).await.unwrap();
    admin.batch_execute(old).await.unwrap();
    let kept = db.account("alice").await.unwrap().unwrap();
    assert_eq!((kept.password_hash.as_str(), kept.user), ("old", account("s1", "alice").user));
}

#[tokio::test]
async fn a_program_that_may_not_create_tables_serves_a_schema_that_is_there() {
    let house = House::new().await;
    let admin = house.admin().await;
    let rights = "CREATE ROLE clerk LOGIN PASSWORD 'clerk';
                  GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO clerk";
    admin.batch_execute(rights).await.unwrap();
    let place = house.url.split_once('@').unwrap().1;
    let db = open(&format!("postgres://clerk:clerk@{place}")).await;
    Flow::over(&db).code("alice").await;
    assert!(admin.batch_execute("DROP OWNED BY clerk; DROP ROLE clerk").await.is_ok());
}

#[tokio::test]
async fn a_schema_of_a_newer_program_is_refused_and_left_alone() {
    let house = House::new().await;
    let admin = house.admin().await;
    admin.execute("UPDATE schema_version SET version = 3", &[]).await.unwrap();
    let refusal = Postgres::open(&house.url).await.err().unwrap().to_string();
    assert!(refusal.contains("schema version 3"), "{refusal}");
    assert!(refusal.contains("knows up to 2"), "{refusal}");
    assert_eq!(number(&admin, "SELECT version FROM schema_version").await, 3);
}

#[tokio::test]
async fn a_url_that_cannot_be_honoured_is_refused_without_its_password() {
    for (url, named) in [
        ("postgres://clerk:swordfish@127.0.0.1/db?sslmode=require", "sslmode=require"),
        ("postgres://clerk:swordfish@127.0.0.1/db?colour=red", "colour"),
        ("postgres://clerk:swordfish@127.0.0.1:1/db", "no connection"),
    ] {
        let refusal = soon(Postgres::open(url)).await.err().unwrap();
        assert!(refusal.to_string().contains(named), "{refusal}");
        assert!(!format!("{refusal} {refusal:?}").contains("swordfish"), "{refusal:?}");
    }
}
