//! Database servers that live as long as a test.

pub mod postgres;
pub mod redis;
