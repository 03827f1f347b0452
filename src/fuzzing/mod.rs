//! Doors for the fuzz targets in `tests/fuzz` to what is private: any bytes go
//! in, and what is read of them is held against what must be true of it. They are
//! built by `--cfg fuzzing` and for this crate's own tests, never for a host.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    reason = "a target that cannot go on has found something"
)]

mod arriving;
mod sealed;
mod signed;

pub use arriving::{basic, bearer, claims, params, scope};
pub use sealed::{credential, ticket};
pub use signed::{jwk, jws};

/// The first `N - 1` lines of a text, and all that comes behind them.
fn lines<const N: usize>(data: &[u8]) -> Option<[&str; N]> {
    let lines: Vec<_> = std::str::from_utf8(data).ok()?.splitn(N, '\n').collect();
    lines.try_into().ok()
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;

    /// What a fuzzer once found stays among the seeds, so it is asked here for good.
    #[test]
    fn every_seed_keeps_the_promises() {
        let seeds = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fuzz/seeds");
        for (name, target) in [
            ("basic", basic as fn(&[u8])),
            ("bearer", bearer),
            ("claims", claims),
            ("credential", credential),
            ("jwk", jwk),
            ("jws", jws),
            ("params", params),
            ("scope", scope),
            ("ticket", ticket),
        ] {
            let files: Vec<_> = seeds.join(name).read_dir().unwrap().collect();
            assert!(!files.is_empty(), "{name} has no seeds");
            for file in files {
                target(&std::fs::read(file.unwrap().path()).unwrap());
            }
        }
    }
}
