//! The list of what OpenID Connect demands names tests that there are.

use std::fs;
use std::path::Path;

/// The rows of the list: what is demanded, and where it is shown.
fn rows(list: &str) -> impl Iterator<Item = (&str, &str)> {
    // A table's head is not a row.
    list.lines().filter_map(row).filter(|(_, shown)| shown.contains(".rs: "))
}

fn row(line: &str) -> Option<(&str, &str)> {
    line.strip_prefix("| ")?.strip_suffix(" |")?.rsplit_once(" | ")
}

fn has(file: &Path, name: &str) -> bool {
    let source = fs::read_to_string(file).unwrap_or_default();
    let name = name.rsplit("::").next().unwrap_or_default();
    source.contains(&format!("fn {name}("))
}

#[test]
fn every_requirement_names_tests_that_exist() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let list = fs::read_to_string(root.join("tests/openid/REQUIREMENTS.md")).unwrap();
    let mut count = 0;
    for (demand, shown) in rows(&list) {
        for place in shown.split("; ") {
            let (file, names) = place.split_once(": ").unwrap_or((place, ""));
            for name in names.split(", ") {
                assert!(has(&root.join(file), name), "{demand}: {file} has no {name:?}");
            }
        }
        count += 1;
    }
    let lines = list.lines().filter(|line| line.starts_with("| ")).count();
    let heads = list.matches("| section | requirement | test |").count();
    assert_eq!(count, lines - 2 * heads, "a line that is no row");
    assert!(count > 100, "{count} rows");
}
