//! One file a database.
