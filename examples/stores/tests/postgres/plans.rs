//! How the statements find their rows when the tables are large.

use super::*;

/// Twenty thousand of everything; what expires, does so one a second.
const FILL: &str = "
    INSERT INTO grants SELECT sha256(n::text::bytea), 1, 's' || n, 1800000000 + n, repeat('x', 400)
        FROM generate_series(1, 20000) AS n;
    INSERT INTO consents SELECT 's' || n, 'app', 1, repeat('x', 200)
        FROM generate_series(1, 20000) AS n;
    INSERT INTO clients SELECT 'client ' || n, repeat('x', 400) FROM generate_series(1, 20000) AS n;
    INSERT INTO proofs SELECT sha256(n::text::bytea), 1800000000 + n
        FROM generate_series(1, 20000) AS n;
    INSERT INTO accounts SELECT 's' || n, 'user ' || n, repeat('x', 100), '[]', '[]'
        FROM generate_series(1, 20000) AS n;
    INSERT INTO sessions SELECT sha256(n::text::bytea), 'name', 's' || n, 0, 1800000000 + n
        FROM generate_series(1, 20000) AS n;
    ANALYZE";

/// PostgreSQL itself counts what it did. Only the list of all subjects reads a
/// table from end to end, and is not asked for here.
#[tokio::test]
async fn every_statement_finds_its_rows_by_an_index_and_every_index_serves_one() {
    let House { db, url, _server } = House::new().await;
    drop(db);
    admin(&url).await.batch_execute(FILL).await.unwrap();
    let observer = admin(&url).await;
    until_alone(&observer).await;
    observer.execute("SELECT pg_stat_reset()", &[]).await.unwrap();

    let db = open(&url).await;
    use_grants(&db).await;
    use_accounts(&db).await;
    use_the_rest(&db).await;
    drop(db);
    until_alone(&observer).await;
    let read_whole = "SELECT relname::text FROM pg_stat_user_tables
                      WHERE seq_scan > 0 AND relname <> 'schema_version'";
    assert_eq!(names(&observer, read_whole).await, [""; 0]);
    let unused = "SELECT indexrelname::text FROM pg_stat_user_indexes
                  WHERE idx_scan = 0 AND relname <> 'schema_version'";
    assert_eq!(names(&observer, unused).await, [""; 0]);
}

/// A connection has told all its counts when it is gone.
async fn until_alone(observer: &tokio_postgres::Client) {
    let others = "SELECT count(*) FROM pg_stat_activity
                  WHERE datname = current_database() AND pid <> pg_backend_pid()
                  AND backend_type = 'client backend'";
    while number(observer, others).await > 0 {}
}

async fn names(observer: &tokio_postgres::Client, sql: &str) -> Vec<String> {
    observer.query(sql, &[]).await.unwrap().iter().map(|row| row.get(0)).collect()
}

async fn use_grants(db: &Postgres) {
    let life = Life::new().await;
    db.insert(life.first.clone()).await.unwrap();
    assert!(db.replace(life.second.clone()).await.unwrap());
    assert!(db.grant(life.first.id()).await.unwrap().is_some());
    assert_eq!(db.granted_by(&subject("alice")).await.unwrap().len(), 1);
    assert_eq!(db.sweep(at(10)).await.unwrap(), 10);
    assert_eq!(db.sweep(at(19_000)).await.unwrap(), 18_991);
}

async fn use_accounts(db: &Postgres) {
    assert_eq!(db.sweep_sessions(at(10)).await.unwrap(), 10);
    assert_eq!(db.sweep_sessions(at(15_000)).await.unwrap(), 14_990);
    db.put_account(account("s1", "alice")).await.unwrap();
    assert!(db.account("alice").await.unwrap().is_some());
    assert!(db.user(&subject("s1")).await.unwrap().is_some());
    let key = SessionKey::of("cookie");
    db.begin_session(key, session(30_000)).await.unwrap();
    assert!(db.session(key).await.unwrap().is_some());
    db.end_session(key).await.unwrap();
    db.end_sessions(&subject("s19000")).await.unwrap();
    db.remove_account(&subject("s19001")).await.unwrap();
}

async fn use_the_rest(db: &Postgres) {
    Flow::over(db).code("carol").await;
    assert!(
        db.consented(&subject("carol"), &ClientId::parse("app").unwrap()).await.unwrap().is_some()
    );
    assert!(db.client(&ClientId::parse("none").unwrap()).await.unwrap().is_none());
    assert!(db.is_first_use(&[1; 32], at(30_000)).await.unwrap());
    assert_eq!(db.forget_proofs(at(10)).await.unwrap(), 10);
    assert_eq!(db.forget_proofs(at(15_000)).await.unwrap(), 14_990);
}
