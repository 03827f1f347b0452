//! A Redis server.
