//! The eight steps of the authorization-code flow, in words for newcomers, and
//! the sign-out that may come after them.

/// One of the eight, or the end.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Step {
    Open,
    Redirect,
    Decide,
    Code,
    Redeem,
    Token,
    Call,
    Check,
    SignOut,
}

impl Step {
    pub(crate) const ALL: [Self; 9] = [
        Self::Open,
        Self::Redirect,
        Self::Decide,
        Self::Code,
        Self::Redeem,
        Self::Token,
        Self::Call,
        Self::Check,
        Self::SignOut,
    ];

    pub(crate) const fn number(self) -> u8 {
        match self {
            Self::Open => 1,
            Self::Redirect => 2,
            Self::Decide => 3,
            Self::Code => 4,
            Self::Redeem => 5,
            Self::Token => 6,
            Self::Call => 7,
            Self::Check => 8,
            Self::SignOut => 9,
        }
    }

    pub(crate) const fn title(self) -> &'static str {
        match self {
            Self::Open => "You open the application",
            Self::Redirect => "It sends you to the authorization server",
            Self::Decide => "You sign in and decide",
            Self::Code => "You come back with a code",
            Self::Redeem => "The application hands in the code",
            Self::Token => "It gets an ID token and an access token",
            Self::Call => "It asks for the report",
            Self::Check => "The reports API checks, and answers",
            Self::SignOut => "You sign out",
        }
    }

    /// What the step is for, in one sentence.
    pub(crate) const fn purpose(self) -> &'static str {
        match self {
            Self::Open => {
                "The dashboard would like to show you a report, but the report lives in another \
                 service, which opens only to whoever brings an access token."
            }
            Self::Redirect => {
                "Your password is none of the dashboard’s business, so it looks up where the \
                 authorization server’s doors are and which keys it signs with, and sends your browser \
                 there with a note: who asks, for what, and where to come back to."
            }
            Self::Decide => {
                "Only the authorization server ever sees your password, and it asks you what the \
                 dashboard may do; “no” is an answer too, and ends everything here."
            }
            Self::Code => {
                "The code passes through your browser, where others might see it, so it is worth \
                 little by itself: it works once, for a minute, for this application only."
            }
            Self::Redeem => {
                "From server to server, past your browser, the dashboard trades the code in, and \
                 proves with its own secret and the PKCE verifier that it is the one who asked."
            }
            Self::Token => {
                "The authorization server checks all of it and marks the code as used. The ID \
                 token says who signed in, and the dashboard verifies it; the access token stands \
                 for what you allowed, and opens userinfo too, which says more of you."
            }
            Self::Call => {
                "The token now speaks for you: the dashboard shows it to the reports API and needs \
                 neither your password nor the code any more."
            }
            Self::Check => {
                "The token says what the application may do and the policy database says what you \
                 may do; the report takes both, and the salaries a fresh sign-in, too."
            }
            Self::SignOut => {
                "The dashboard forgets you, and sends your browser to the authorization server to \
                 end your session there, too; the ID token proves that it may ask for that."
            }
        }
    }
}
