//! codegrant beside its peers: the same work on each, from request text to
//! response, in one run.
//!
//! - [`side`]: what every side can do, and [`sides`]: one file for each;
//! - [`house`]: a side with as many live grants as asked for, and its client;
//! - `programs`: the smallest program on each side, served over HTTP;
//! - [`meter`]: what is read while a side works, time or allocations;
//! - [`measure`]: one file for each thing that is measured;
//! - [`table`]: the Markdown.

#![allow(clippy::unwrap_used, clippy::panic, clippy::print_stdout, missing_docs)]
#![allow(clippy::indexing_slicing, clippy::string_slice, clippy::arithmetic_side_effects)]
#![allow(clippy::disallowed_methods, reason = "a benchmark measures time")]

pub mod house;
pub mod measure;
pub mod meter;
mod programs;
pub mod request;
pub mod side;
pub mod sides;
pub mod table;
