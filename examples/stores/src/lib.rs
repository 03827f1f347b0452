//! Databases for an authorization server, one module each.
//!
//! Each one keeps what codegrant asks a host to keep ([`ClientStore`],
//! [`CodeStore`], [`ConsentStore`], [`ReplayCache`], [`Directory`]) and, beside
//! it, what a host with a login page of its own needs: [`AccountStore`]. Copy
//! that of the database that you use, with `lately` and `accounts`.

mod accounts;
mod lately;
mod postgres;
mod redis;
mod sqlite;

pub use self::redis::Redis;
pub use accounts::{Account, AccountStore, LoginSession, SessionKey};
pub use postgres::Postgres;
pub use sqlite::Sqlite;

use codegrant::{ClientStore, CodeStore, ConsentStore, Directory, ReplayCache};

/// Everything that one database does for the server.
pub trait Database:
    ClientStore + CodeStore + ConsentStore + ReplayCache + Directory + AccountStore
{
}

impl<D> Database for D where
    D: ClientStore + CodeStore + ConsentStore + ReplayCache + Directory + AccountStore
{
}
