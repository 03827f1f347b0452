//! Files that hold secrets: only their owner may read them.

use std::fs::OpenOptions;
use std::io::{self, Write};
use std::path::Path;

use codegrant::HostError;

use crate::config::Problem;

/// Writes what `draw` makes into the file that `key` names, if there is none.
/// Of two that do so at once, one has drawn for both.
pub(crate) fn create_missing(
    key: &str,
    path: &Path,
    draw: impl FnOnce() -> Result<String, HostError>,
) -> Result<(), Problem> {
    if path.exists() {
        return Ok(());
    }
    let text = draw().map_err(|error| Problem::new(key, error))?;
    match create(path, &text) {
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(()),
        created => created.map_err(|error| unusable(key, path, &error)),
    }
}

/// Whether there is a folder for the file that `key` names.
pub(crate) fn check_folder(key: &str, path: &Path) -> Result<(), Problem> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
    match folder.filter(|folder| !folder.is_dir()) {
        Some(folder) => Err(Problem::new(key, format!("{} is not a folder", folder.display()))),
        None => Ok(()),
    }
}

pub(crate) fn unusable(key: &str, path: &Path, error: &io::Error) -> Problem {
    Problem::new(key, format!("{}: {error}", path.display()))
}

fn create(path: &Path, text: &str) -> io::Result<()> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(path)?;
    file.write_all(text.as_bytes())?;
    file.sync_all()
}
