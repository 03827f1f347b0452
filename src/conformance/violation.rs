//! How a check says that a promise was broken.

use std::fmt;

use crate::grant::Grant;
use crate::host::HostError;
use crate::model::consented::Consented;

/// A promise that a store broke: which one, what was expected and what was seen.
#[derive(Clone, Debug, thiserror::Error)]
#[error("{property}: {finding}")]
pub struct Violation {
    property: &'static str,
    finding: Finding,
}

/// What a check came upon.
#[derive(Clone, Debug)]
pub(super) struct Finding {
    of: String,
    expected: String,
    seen: String,
}

/// More of a text than this is not shown, and this much before what differs.
const MOST_SHOWN: usize = 400;
const SHOWN_BEFORE: usize = 40;

impl Violation {
    /// The promise, by the name of the check that found it broken.
    #[must_use]
    pub const fn property(&self) -> &'static str {
        self.property
    }
}

/// Names the promise that `check` finds broken.
pub(super) async fn promise(
    property: &'static str,
    check: impl Future<Output = Result<(), Finding>>,
) -> Result<(), Violation> {
    check.await.map_err(|finding| Violation { property, finding })
}

/// Goes on only if what was seen `of` something is what was expected.
pub(super) fn same<T: PartialEq + fmt::Display>(
    of: impl fmt::Display,
    expected: T,
    seen: T,
) -> Result<(), Finding> {
    if expected == seen {
        return Ok(());
    }
    let (expected, seen) = (expected.to_string(), seen.to_string());
    let alike = expected.bytes().zip(seen.bytes()).take_while(|(one, other)| one == other).count();
    let show = |text: &str| match text.len() {
        0..=MOST_SHOWN => text.to_owned(),
        _ => text.chars().skip(alike.saturating_sub(SHOWN_BEFORE)).take(MOST_SHOWN).collect(),
    };
    Err(Finding { of: of.to_string(), expected: show(&expected), seen: show(&seen) })
}

/// The one of these that there should be.
pub(super) fn only<T>(of: impl fmt::Display, seen: impl Iterator<Item = T>) -> Result<T, Finding> {
    let mut seen: Vec<T> = seen.collect();
    let count = seen.len();
    seen.pop().filter(|_| count == 1).ok_or_else(|| Finding {
        of: format!("the number of {of}"),
        expected: "1".to_owned(),
        seen: count.to_string(),
    })
}

/// All that a store keeps of a grant, as text to compare and to show.
pub(super) fn grant(kept: Option<&Grant>) -> Result<String, Finding> {
    kept.map_or_else(nothing, |kept| Ok(version(kept.version(), &kept.to_record()?)))
}

/// All that a store keeps of what a user allowed, likewise.
pub(super) fn consented(kept: Option<&Consented>) -> Result<String, Finding> {
    kept.map_or_else(nothing, |kept| Ok(version(kept.version(), &kept.to_record()?)))
}

fn nothing() -> Result<String, Finding> {
    Ok("nothing".to_owned())
}

fn version(version: u64, record: &str) -> String {
    format!("version {version} of {record}")
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { of, expected, seen } = self;
        write!(f, "of {of}, expected {expected}, saw {seen}")
    }
}

impl<E: Into<HostError>> From<E> for Finding {
    fn from(error: E) -> Self {
        let error: HostError = error.into();
        Self {
            of: "a call".to_owned(),
            expected: "an answer".to_owned(),
            seen: format!("the error {error}"),
        }
    }
}
