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

/// More languages than anybody speaks.
const MOST: usize = 10;
/// Longer than any tag that is in use (BCP 47 section 4.4.1).
const LONGEST_TAG: usize = 35;

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
    /// The first ten of space-separated tags. They are wishes, so what is no tag is
    /// passed over and nothing is an error (OpenID Connect Core section 3.1.2.1).
    pub(crate) fn read(text: &str) -> Self {
        let tags: Vec<_> = text.split(' ').filter(|tag| is_language_tag(tag)).take(MOST).collect();
        Self((!tags.is_empty()).then(|| tags.join(" ").into()))
    }

    /// The tags, the most wanted one first: no more than ten.
    pub fn iter(&self) -> impl Iterator<Item = &str> {
        self.0.iter().flat_map(|tags| tags.split(' '))
    }

    /// Whether none is named.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.0.is_none()
    }
}

/// Whether `text` has the form of a language tag (BCP 47), known or not.
pub(super) fn is_language_tag(text: &str) -> bool {
    let is_subtag = |subtag: &str| {
        (1..=8).contains(&subtag.len()) && subtag.bytes().all(|byte| byte.is_ascii_alphanumeric())
    };
    text.len() <= LONGEST_TAG && text.split('-').all(is_subtag)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn locales_are_language_tags_known_or_not_and_what_is_none_is_passed_over() {
        for (text, tags) in [
            ("de", vec!["de"]),
            ("fr-CA  fr en", vec!["fr-CA", "fr", "en"]),
            ("zh-Hant-TW tlh x-private", vec!["zh-Hant-TW", "tlh", "x-private"]),
            ("de_DE en", vec!["en"]),
            ("de,en - de- -de überall <script> de\nen ninechars fr", vec!["fr"]),
            ("", vec![]),
            (" ", vec![]),
            ("de_DE", vec![]),
        ] {
            let locales = Locales::read(text);
            assert_eq!(locales.iter().collect::<Vec<_>>(), tags, "{text:?}");
            assert_eq!(locales.is_empty(), tags.is_empty(), "{text:?}");
        }
    }

    #[test]
    fn however_many_languages_are_wanted_few_are_kept() {
        let locales = Locales::read(&format!("de _ fr {}", "x ".repeat(500)));
        assert_eq!(locales.iter().count(), MOST);
        assert!(locales.iter().take(3).eq(["de", "fr", "x"]));
    }

    #[test]
    fn no_tag_is_longer_than_any_that_is_in_use() {
        let longest = format!("en-{}", "a".repeat(8) + "-bbbbbbbb-cccccccc-ddddd");
        assert_eq!(longest.len(), LONGEST_TAG);
        assert!(is_language_tag(&longest) && !is_language_tag(&(longest + "d")));
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
