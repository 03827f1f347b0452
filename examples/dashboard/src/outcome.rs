//! How the last action ended, in words for its user.

/// An ending.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Outcome {
    SignedIn,
    Denied,
    /// Who is signed in did not want to prove it once more.
    StepUpDenied,
    /// They did, and it was not enough.
    StepUpInVain,
    Report,
    OutOfScope,
    Forbidden,
    Expired,
    Error(String),
    SignedOut,
}

impl Outcome {
    /// In one word for programs.
    pub(crate) const fn result(&self) -> &'static str {
        match self {
            Self::SignedIn => "signed-in",
            Self::Denied => "denied",
            Self::StepUpDenied => "step-up-denied",
            Self::StepUpInVain => "step-up-in-vain",
            Self::Report => "report",
            Self::OutOfScope => "out-of-scope",
            Self::Forbidden => "forbidden",
            Self::Expired => "expired",
            Self::Error(_) => "error",
            Self::SignedOut => "signed-out",
        }
    }

    /// For the eye: did the user get what they wanted?
    pub(crate) const fn mood(&self) -> &'static str {
        match self {
            Self::SignedIn | Self::Report => "good",
            Self::SignedOut => "neutral",
            _ => "bad",
        }
    }

    pub(crate) const fn title(&self) -> &'static str {
        match self {
            Self::SignedIn => "The dashboard knows who you are.",
            Self::Denied => "Denied: the flow ended here.",
            Self::StepUpDenied => "The salaries stay closed.",
            Self::StepUpInVain => "That sign-in was not fresh enough.",
            Self::Report => "Here is the report.",
            Self::OutOfScope => "403: you did not allow this.",
            Self::Forbidden => "403: the report stays closed.",
            Self::Expired => "401: your session is over.",
            Self::Error(_) => "That did not work.",
            Self::SignedOut => "Signed out.",
        }
    }

    pub(crate) fn words(&self) -> &str {
        match self {
            Self::SignedIn => "Its access token opens reports. Load one.",
            Self::Denied => {
                "Consent was not given, so the dashboard got no code and no token, and can ask \
                 the reports API for nothing."
            }
            Self::StepUpDenied => "You did not sign in again. Everything else is as it was before.",
            Self::StepUpInVain => {
                "The reports API turned the new token away, too; perhaps you took a while to come \
                 back. The dashboard does not send you round in circles: load the report again."
            }
            Self::Report => {
                "The token allowed the dashboard to ask, the policy database allowed you to see it."
            }
            Self::OutOfScope => {
                "The dashboard’s token does not reach as far as reports. Sign in again to allow it."
            }
            Self::Forbidden => {
                "The token’s scope would allow it, the policy database does not: an application \
                 never gets further than its user."
            }
            Self::Expired => {
                "What the dashboard had for you has expired or was ended. Sign in again to go on."
            }
            Self::Error(problem) => problem,
            Self::SignedOut => {
                "The dashboard forgot its tokens, and the authorization server forgot that you \
                 were signed in: it will ask for your password."
            }
        }
    }
}
