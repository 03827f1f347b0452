//! How often a flow allocates, and how much: `cargo bench --bench allocations`.
//! Apart from the times, which the counting would change.

#![allow(clippy::unwrap_used, clippy::panic, clippy::print_stdout, missing_docs)]
#![allow(clippy::indexing_slicing, clippy::string_slice, clippy::arithmetic_side_effects)]
#![allow(clippy::disallowed_methods, unreachable_pub, reason = "a benchmark measures time")]

mod house;

#[global_allocator]
static ALLOCATIONS: divan::AllocProfiler = divan::AllocProfiler::system();

fn main() {
    divan::main();
}
