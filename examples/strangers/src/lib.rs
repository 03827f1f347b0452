//! Three hosts that were written from the documentation alone, each as small as it
//! gets: a server in one file (`src/bin/bare.rs`), a [`store`] on a database that
//! nobody had thought of, and a login by [another provider](upstream).

pub mod store;
pub mod upstream;
