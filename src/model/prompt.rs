//! What the client wants the user to be shown.

/// `prompt` (OpenID Connect Core section 3.1.2.1): a set of wishes, empty if
/// the client has none. `none` stands alone.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Prompt {
    /// Nothing at all: answer at once, and with an error if that cannot be.
    pub(crate) none: bool,
    /// The login page, even to who is signed in.
    pub(crate) login: bool,
    /// The consent page, even to who allowed it all before.
    pub(crate) consent: bool,
    /// A choice among the user's accounts.
    pub(crate) select_account: bool,
}

impl Prompt {
    /// Reads the space-separated wishes. One that is not understood is refused,
    /// as the specification permits: a client that meant `login` learns of it.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let mut prompt = Self::default();
        for wish in text.split(' ').filter(|wish| !wish.is_empty()) {
            match wish {
                "none" => prompt.none = true,
                "login" => prompt.login = true,
                "consent" => prompt.consent = true,
                "select_account" => prompt.select_account = true,
                _ => return None,
            }
        }
        let shows_something = prompt.login || prompt.consent || prompt.select_account;
        (!prompt.none || !shows_something).then_some(prompt)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wishes_are_a_set_in_which_none_stands_alone() {
        let nothing = Prompt::default();
        for (text, expected) in [
            ("none", Some(Prompt { none: true, ..nothing })),
            ("none none", Some(Prompt { none: true, ..nothing })),
            ("login", Some(Prompt { login: true, ..nothing })),
            ("consent", Some(Prompt { consent: true, ..nothing })),
            ("select_account", Some(Prompt { select_account: true, ..nothing })),
            ("consent  login", Some(Prompt { login: true, consent: true, ..nothing })),
            ("", Some(nothing)),
            ("none login", None),
            ("consent none", None),
            ("none select_account", None),
            ("Login", None),
            ("create", None),
            ("login,consent", None),
            ("login\tconsent", None),
        ] {
            assert_eq!(Prompt::parse(text), expected, "{text:?}");
        }
    }
}
