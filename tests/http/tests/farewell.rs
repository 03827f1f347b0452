//! How the programs end.

use http_suite::program::{Running, built};

#[test]
fn a_program_that_is_asked_to_end_does_so_without_an_error() {
    for path in built() {
        let running = Running::start(&path);
        assert!(running.program.terminate().success(), "{}", path.display());
    }
}
