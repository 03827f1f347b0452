//! Files that hold secrets: only their owner may read them.

use std::io::{self, Write};
use std::path::Path;

use codegrant::HostError;
use tempfile::NamedTempFile;

use crate::config::Problem;

/// Writes what `draw` makes into the file that `key` names, if there is none, and
/// says whether it did. Of two that do so at once, one has drawn for both.
pub(crate) fn create_missing(
    key: &str,
    path: &Path,
    draw: impl FnOnce() -> Result<String, HostError>,
) -> Result<bool, Problem> {
    if path.exists() {
        return Ok(false);
    }
    let text = draw().map_err(|error| Problem::new(key, error))?;
    match create(path, &text) {
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(false),
        created => created.map(|()| true).map_err(|error| unusable(key, path, &error)),
    }
}

/// Whether there is a folder for the file that `key` names.
pub(crate) fn check_folder(key: &str, path: &Path) -> Result<(), Problem> {
    match folder(path).filter(|folder| !folder.is_dir()) {
        Some(folder) => Err(Problem::new(key, format!("{} is not a folder", folder.display()))),
        None => Ok(()),
    }
}

pub(crate) fn unusable(key: &str, path: &Path, error: &io::Error) -> Problem {
    Problem::new(key, format!("{}: {error}", path.display()))
}

/// Whole under another name first: who finds the file can read it to its end.
fn create(path: &Path, text: &str) -> io::Result<()> {
    let mut draft = NamedTempFile::new_in(folder(path).unwrap_or(Path::new(".")))?;
    draft.write_all(text.as_bytes())?;
    draft.as_file().sync_all()?;
    draft.persist_noclobber(path)?;
    Ok(())
}

/// The folder that `path` names, if it names one.
fn folder(path: &Path) -> Option<&Path> {
    path.parent().filter(|folder| !folder.as_os_str().is_empty())
}
