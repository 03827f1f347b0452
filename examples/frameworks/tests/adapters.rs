//! How small the adapters are, and that the README leads to each.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::collections::BTreeSet;
use std::fs;

const ROOT: &str = env!("CARGO_MANIFEST_DIR");

/// The programs' files and texts.
fn adapters() -> Vec<(String, String)> {
    let files = fs::read_dir(format!("{ROOT}/src/bin")).unwrap();
    let adapter = |path: &std::path::Path| {
        let name = path.file_name().unwrap().to_str().unwrap().to_owned();
        (name, fs::read_to_string(path).unwrap())
    };
    files.map(|file| adapter(&file.unwrap().path())).collect()
}

#[test]
fn there_is_an_adapter_for_each_framework_and_none_is_longer_than_100_lines() {
    let adapters = adapters();
    let names: BTreeSet<&str> = adapters.iter().map(|(name, _)| &**name).collect();
    assert_eq!(names, ["actix.rs", "axum.rs", "hyper.rs", "poem.rs", "salvo.rs"].into());
    for (name, text) in &adapters {
        assert!(text.lines().count() <= 100, "{name} is too long");
        assert!(!text.contains("rustfmt::skip"), "{name} is not formatted");
    }
}

#[test]
fn the_readme_leads_to_each_adapter() {
    let readme = fs::read_to_string(format!("{ROOT}/../../README.md")).unwrap();
    for (name, _) in adapters() {
        assert!(readme.contains(&format!("`examples/frameworks/src/bin/{name}`")), "no {name}");
    }
}
