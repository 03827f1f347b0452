//! Every property in every framework, or in the server at `BASE_URL`.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::process::ExitCode;

use http_suite::program::{FRAMEWORKS, Running, built};
use http_suite::target::Target;
use http_suite::{PROPERTIES, Property};
use libtest_mimic::{Arguments, Trial};

fn main() -> ExitCode {
    let arguments = Arguments::from_args();
    if let Ok(base) = std::env::var("BASE_URL") {
        return libtest_mimic::run(&arguments, trials("server", &base)).exit_code();
    }
    let running = built().map(|path| Running::start(&path));
    let named = FRAMEWORKS.into_iter().zip(&running);
    let trials = named.flat_map(|(framework, running)| trials(framework, &running.issuer));
    // The programs end when `running` does, whatever came of it.
    libtest_mimic::run(&arguments, trials.collect()).exit_code()
}

/// Every property of the server at `base`.
fn trials(server: &str, base: &str) -> Vec<Trial> {
    let trial = |property: &'static Property| {
        let base = base.to_owned();
        Trial::test(format!("{server}::{}", property.name), move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
            runtime.unwrap().block_on((property.check)(Target::new(&base)));
            Ok(())
        })
    };
    PROPERTIES.iter().map(trial).collect()
}
