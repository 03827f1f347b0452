//! Where the keys that sign tokens come from: a PEM file each.

use std::fs;
use std::path::{Path, PathBuf};

use codegrant::{Algorithm, KeyError, KeySet, SigningKey};

use crate::config::{Problem, Store};
use crate::{files, log};

/// What a key file signs by: what its name says, as in `rs256.pem`, or
/// `rs256-next.pem` beside it; else what the key in it is for. An RSA key, which
/// is for two, is then for the one that every client knows.
pub(crate) fn algorithm(path: &Path) -> Option<Algorithm> {
    named(path).or_else(|| of_existing(path))
}

fn named(path: &Path) -> Option<Algorithm> {
    let name = path.file_stem()?.to_str()?;
    let is_named = |algorithm: &Algorithm| {
        let mut words = name.split(|c: char| !c.is_ascii_alphanumeric());
        words.any(|word| word.eq_ignore_ascii_case(algorithm.as_str()))
    };
    let mut named = Algorithm::ALL.iter().filter(|algorithm| is_named(algorithm));
    named.next().filter(|_| named.next().is_none()).copied()
}

fn of_existing(path: &Path) -> Option<Algorithm> {
    let pem = fs::read_to_string(path).ok()?;
    let fits = |algorithm: &Algorithm| SigningKey::from_pkcs8_pem(*algorithm, &pem).is_ok();
    [Algorithm::Rs256, Algorithm::Es256, Algorithm::EdDsa].into_iter().find(fits)
}

/// Draws a key wherever there is none yet. Whoever shares the store has to sign
/// alike, so a key that not everybody has is told of.
pub(crate) fn create_missing(files: &[PathBuf], store: &Store) -> Result<(), Problem> {
    for (index, path) in files.iter().enumerate() {
        let algorithm = algorithm(path).ok_or_else(|| unnamed(index))?;
        let is_new = files::create_missing(&key(index), path, || {
            let pem = SigningKey::generate(algorithm)?.to_pkcs8_pem()?;
            Ok(pem.expose().to_owned())
        })?;
        if is_new && !store.is_local() {
            log::drawn(path);
        }
    }
    Ok(())
}

/// The keys, in the order of their files: of each algorithm the first signs.
/// There are none without a file.
pub(crate) fn load(files: &[PathBuf]) -> Result<Option<KeySet>, Problem> {
    match files {
        [] => Ok(None),
        files => KeySet::new(read_all(files)?).map(Some).map_err(unfit),
    }
}

/// Reads the files again, for the servers that have `keys`.
pub(crate) fn rotate(keys: &KeySet, files: &[PathBuf]) -> Result<(), Problem> {
    keys.rotate(read_all(files)?).map_err(unfit)
}

/// What the start would say, without creating anything.
pub(crate) fn check(files: &[PathBuf]) -> Vec<Problem> {
    let (mut keys, mut problems) = (Vec::new(), Vec::new());
    for (index, path) in files.iter().enumerate() {
        if !path.exists() {
            problems.extend(files::check_folder(&key(index), path).err());
        } else {
            match read(index, path) {
                Ok(key) => keys.push(key),
                Err(problem) => problems.push(problem),
            }
        }
    }
    if problems.is_empty() && !keys.is_empty() {
        problems.extend(KeySet::new(keys).err().map(unfit));
    }
    problems
}

pub(crate) fn unnamed(index: usize) -> Problem {
    let fault = "needs a key in it, or one of rs256, ps256, es256 and eddsa in its file's name";
    Problem::new(key(index), fault)
}

fn read_all(files: &[PathBuf]) -> Result<Vec<SigningKey>, Problem> {
    files.iter().enumerate().map(|(index, path)| read(index, path)).collect()
}

fn read(index: usize, path: &Path) -> Result<SigningKey, Problem> {
    let algorithm = algorithm(path).ok_or_else(|| unnamed(index))?;
    let pem = fs::read_to_string(path);
    let pem = pem.map_err(|error| files::unusable(&key(index), path, &error))?;
    SigningKey::from_pkcs8_pem(algorithm, &pem)
        .map_err(|error| Problem::new(key(index), format!("{}: {error}", path.display())))
}

fn unfit(error: KeyError) -> Problem {
    Problem::new("signing_keys", error)
}

fn key(index: usize) -> String {
    format!("signing_keys[{index}]")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_files_name_says_what_its_key_signs_by() {
        for (name, named) in [
            ("rs256.pem", Some(Algorithm::Rs256)),
            ("/keys/2026/ps256.pem", Some(Algorithm::Ps256)),
            ("next-ES256.2027.pem", Some(Algorithm::Es256)),
            ("eddsa_1.pem", Some(Algorithm::EdDsa)),
            ("es256", Some(Algorithm::Es256)),
            ("es256/key.pem", None),
            ("key.es256", None),
            ("es2567.pem", None),
            ("es256-rs256.pem", None),
            ("", None),
        ] {
            assert_eq!(algorithm(Path::new(name)), named, "{name}");
        }
    }

    #[test]
    fn a_key_says_what_it_is_for_where_its_files_name_does_not() {
        let folder = tempfile::tempdir().unwrap();
        for drawn in Algorithm::ALL.iter().copied() {
            let pem = SigningKey::generate(drawn).unwrap().to_pkcs8_pem().unwrap();
            let path = folder.path().join("key.pem");
            fs::write(&path, pem.expose()).unwrap();
            let found = if drawn == Algorithm::Ps256 { Algorithm::Rs256 } else { drawn };
            assert_eq!(algorithm(&path), Some(found));
        }
        fs::write(folder.path().join("none.pem"), "no key").unwrap();
        assert_eq!(algorithm(&folder.path().join("none.pem")), None);
    }
}
