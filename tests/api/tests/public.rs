//! No change of the public API goes unseen: it is what `public.txt` says.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on has failed")]

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::Command;

use public_api::Builder;

/// `RECORD=1 cargo test -p api` writes it anew.
#[test]
fn the_public_api_is_the_one_on_record() {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    let record = here.join("public.txt");
    let api = Builder::from_rustdoc_json(documented(here))
        .omit_blanket_impls(true)
        .omit_auto_trait_impls(true)
        .build()
        .unwrap();
    let items: BTreeSet<String> = api.items().map(ToString::to_string).collect();
    if std::env::var_os("RECORD").is_some() {
        let lines: Vec<_> = items.iter().map(|item| format!("{item}\n")).collect();
        return std::fs::write(&record, lines.concat()).unwrap();
    }
    let text = std::fs::read_to_string(&record).unwrap();
    let recorded: BTreeSet<String> = text.lines().map(str::to_owned).collect();
    let gone: Vec<_> = recorded.difference(&items).collect();
    let new: Vec<_> = items.difference(&recorded).collect();
    assert!(
        gone.is_empty() && new.is_empty(),
        "the public API has changed; gone: {gone:#?}, new: {new:#?}"
    );
}

/// Where rustdoc has put all that it knows of the crate.
fn documented(here: &Path) -> PathBuf {
    let target = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).parent().unwrap().to_owned();
    let done = Command::new(env!("CARGO"))
        .args(["rustdoc", "--quiet", "--locked", "--package", "codegrant", "--lib"])
        .arg("--all-features")
        .arg("--target-dir")
        .arg(&target)
        .args(["--", "-Zunstable-options", "--output-format", "json"])
        .env("RUSTDOC", here.join("rustdoc.sh"))
        .output()
        .unwrap();
    assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
    target.join("doc/codegrant.json")
}
