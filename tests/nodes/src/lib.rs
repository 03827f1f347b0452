//! Several nodes over one database: what the tests of races and faults share.
//!
//! A [`Cluster`](cluster::Cluster) is some processes of the example server; a
//! [`House`](house::House) is a node in the test's own process, whose clock and
//! way to the database the test holds in its hands.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test that cannot go on has failed"
)]

pub mod answer;
pub mod app;
pub mod browser;
pub mod cluster;
pub mod house;
pub mod journal;
pub mod node;
pub mod proxy;
pub mod store;

/// Makes each of these tests three: over SQLite, PostgreSQL and Redis.
#[macro_export]
macro_rules! over_every_store {
    ($($test:ident),+ $(,)?) => {
        $crate::over_every_store!(@ sqlite Sqlite: $($test),+);
        $crate::over_every_store!(@ postgres Postgres: $($test),+);
        $crate::over_every_store!(@ redis Redis: $($test),+);
    };
    (@ $module:ident $kind:ident: $($test:ident),+) => {
        mod $module {
            $(
                #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
                async fn $test() {
                    super::$test($crate::store::Kind::$kind).await;
                }
            )+
        }
    };
}
