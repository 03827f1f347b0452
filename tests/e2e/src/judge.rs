//! Foreign clients in their own languages, that judge the provider from outside.

use std::time::Duration;

use tokio::process::Command;
use tokio::time::timeout;

use crate::provider::Provider;

/// Where the judges are.
pub(crate) const FOLDER: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../judges");
/// What to do where one is missing.
pub(crate) const HINT: &str = "`bash tests/judges/install.sh` installs the judges";
/// Longer than any judgement takes on a busy machine.
const PATIENCE: Duration = Duration::from_secs(120);

/// Lets a script for Node judge: every test in it passes, and there are some.
pub async fn node(provider: &Provider, script: &str) {
    let mut node = Command::new("node");
    let said = judgement(provider, node.args(["--test-reporter=tap", script])).await;
    let says = |line: &str| said.lines().any(|said| said == line);
    assert!(!says("# pass 0") && says("# skipped 0") && says("# todo 0"), "{said}");
}

/// Lets a class of tests in Python judge: every test in it passes, and there are some.
pub async fn python(provider: &Provider, class: &str) {
    let mut python = Command::new(format!("{FOLDER}/.venv/bin/python"));
    python.args(["-B", "-m", "unittest", "-v", class]).env("PYTHONPATH", "python");
    let said = judgement(provider, &mut python).await;
    assert!(!said.contains("Ran 0 tests") && said.trim_end().ends_with("\nOK"), "{said}");
}

/// What the judge says, if it is content.
async fn judgement(provider: &Provider, judge: &mut Command) -> String {
    judge.current_dir(FOLDER).envs(provider.environment()).kill_on_drop(true);
    let judged = timeout(PATIENCE, judge.output()).await.expect("the judge comes to an end");
    let judged = judged.unwrap_or_else(|error| panic!("no judge ({error}): {HINT}"));
    let said =
        [judged.stdout, judged.stderr].map(|said| String::from_utf8_lossy(&said).into_owned());
    let said = said.concat();
    assert!(judged.status.success(), "{}\n{said}\n({HINT})", judged.status);
    said
}
