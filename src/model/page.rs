//! How the client would like our pages to be.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

/// What a page is shown in (`display`, OpenID Connect Core section 3.1.2.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Display {
    /// `page`: a window of the browser.
    Page,
    /// `popup`: a small window, about 450 by 500 pixels.
    Popup,
    /// `touch`: a device with a touch screen.
    Touch,
    /// `wap`: a phone with keys.
    Wap,
}

/// Languages in order of preference, as tags of BCP 47 (`ui_locales`,
/// `claims_locales`). Cloning shares the text.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Locales(Option<Arc<str>>);

/// Longer than any list that a page could choose from.
const LONGEST: usize = 1024;
/// More languages than anybody speaks.
const MOST: usize = 10;

impl Display {
    pub(crate) fn parse(text: &str) -> Option<Self> {
        match text {
            "page" => Some(Self::Page),
            "popup" => Some(Self::Popup),
            "touch" => Some(Self::Touch),
            "wap" => Some(Self::Wap),
            _ => None,
        }
    }
}

impl Locales {
    /// Reads space-separated tags. Whether anything speaks the languages is
    /// another question, and never an error.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let mut tags = text.split(' ').filter(|tag| !tag.is_empty());
        let fits = text.len() <= LONGEST && tags.all(is_language_tag);
        fits.then(|| Self(Some(text.into())))
    }

    /// The tags, the most wanted one first: no more than ten.
    pub fn iter(&self) -> impl Iterator<Item = &str> {
        let tags = self.0.as_deref().unwrap_or_default().split(' ');
        tags.filter(|tag| !tag.is_empty()).take(MOST)
    }

    /// Whether none is named.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.iter().next().is_none()
    }
}

/// Whether `text` has the form of a language tag (BCP 47), known or not.
pub(super) fn is_language_tag(text: &str) -> bool {
    text.split('-').all(|subtag| {
        (1..=8).contains(&subtag.len()) && subtag.bytes().all(|byte| byte.is_ascii_alphanumeric())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn locales_are_language_tags_known_or_not() {
        for (text, tags) in [
            ("de", Some(vec!["de"])),
            ("fr-CA  fr en", Some(vec!["fr-CA", "fr", "en"])),
            ("zh-Hant-TW tlh x-private", Some(vec!["zh-Hant-TW", "tlh", "x-private"])),
            ("", Some(vec![])),
            ("de,en", None),
            ("de_DE", None),
            ("-", None),
            ("de-", None),
            ("überall", None),
            ("<script>", None),
            ("de\nen", None),
            ("ninechars", None),
        ] {
            let locales = Locales::parse(text);
            let read = locales.as_ref().map(|locales| locales.iter().collect::<Vec<_>>());
            assert_eq!(read, tags, "{text:?}");
        }
        assert!(Locales::parse(&"de ".repeat(342)).is_none());
    }

    #[test]
    fn however_many_languages_are_wanted_few_count() {
        let locales = Locales::parse(&format!("de fr {}", "x ".repeat(500))).unwrap();
        assert_eq!(locales.iter().count(), MOST);
        assert!(locales.iter().take(3).eq(["de", "fr", "x"]));
    }

    #[test]
    fn displays_are_the_four_of_the_specification() {
        for text in ["page", "popup", "touch", "wap"] {
            let display = Display::parse(text).unwrap();
            assert_eq!(format!("{display:?}").to_lowercase(), text);
        }
        for other in ["Page", "iframe", "", "page popup"] {
            assert_eq!(Display::parse(other), None, "{other:?}");
        }
    }
}
