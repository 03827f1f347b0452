//! Parameters, decoded once.

use url::form_urlencoded;

use super::RequestError;
use super::form::{self, LONGEST, Malformed};

/// More pairs than any client sends.
const MOST_PAIRS: usize = 100;
/// More characters than any authorization request has. What was posted comes back
/// from the login page in a URL: this long, it passes through browsers and servers,
/// but not through every proxy.
const LONGEST_QUERY: usize = 16 * 1024;

/// Longer than any state, nonce or hint that a client needs.
pub(super) const LONGEST_TEXT: usize = 4096;

macro_rules! names {
    ($($name:ident = $wire:literal),+ $(,)?) => {
        /// The parameters that any endpoint uses. All others are ignored.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub(crate) enum Name { $($name),+ }

        pub(crate) const NAMES: [Name; [$($wire),+].len()] = [$(Name::$name),+];

        impl Name {
            pub(crate) const fn as_str(self) -> &'static str {
                match self { $(Self::$name => $wire),+ }
            }

            fn of(wire: &str) -> Option<Self> {
                match wire { $($wire => Some(Self::$name),)+ _ => None }
            }
        }
    };
}

names! {
    ResponseType = "response_type",
    ClientId = "client_id",
    RedirectUri = "redirect_uri",
    Scope = "scope",
    State = "state",
    CodeChallenge = "code_challenge",
    CodeChallengeMethod = "code_challenge_method",
    GrantType = "grant_type",
    Code = "code",
    CodeVerifier = "code_verifier",
    ClientSecret = "client_secret",
    Resource = "resource",
    RefreshToken = "refresh_token",
    Token = "token",
    ResponseMode = "response_mode",
    Prompt = "prompt",
    MaxAge = "max_age",
    LoginHint = "login_hint",
    AcrValues = "acr_values",
    UiLocales = "ui_locales",
    Display = "display",
    Nonce = "nonce",
    Claims = "claims",
    ClaimsLocales = "claims_locales",
    IdTokenHint = "id_token_hint",
    Request = "request",
    RequestUri = "request_uri",
    Registration = "registration",
    LoginNote = "login_note",
    PostLogoutRedirectUri = "post_logout_redirect_uri",
    LogoutHint = "logout_hint",
}

/// Those of them that make up an authorization request, and may therefore go
/// into a URL or a ticket.
pub(crate) const OF_AUTHORIZATION: [Name; 21] = [
    Name::ResponseType,
    Name::ClientId,
    Name::RedirectUri,
    Name::Scope,
    Name::State,
    Name::CodeChallenge,
    Name::CodeChallengeMethod,
    Name::ResponseMode,
    Name::Prompt,
    Name::MaxAge,
    Name::LoginHint,
    Name::AcrValues,
    Name::UiLocales,
    Name::Display,
    Name::Nonce,
    Name::Claims,
    Name::ClaimsLocales,
    Name::IdTokenHint,
    Name::Request,
    Name::RequestUri,
    Name::Registration,
];

/// Those that make up a request for a sign-out, and may go into a URL as well.
#[cfg(feature = "openid")]
pub(crate) const OF_LOGOUT: [Name; 6] = [
    Name::ClientId,
    Name::IdTokenHint,
    Name::PostLogoutRedirectUri,
    Name::State,
    Name::LogoutHint,
    Name::UiLocales,
];

/// The parameters of one request. It does not print: some are secrets.
pub(crate) struct Params {
    /// The decoded values, one behind the other.
    text: String,
    slots: [Slot; NAMES.len()],
    /// Where the values of the one parameter are that may come repeatedly.
    resources: Vec<(u16, u16)>,
}

#[derive(Clone, Copy)]
enum Slot {
    Absent,
    Once { start: u16, end: u16 },
    Repeated,
}

impl Params {
    /// Decodes `sources` (query, body) as one list of
    /// `application/x-www-form-urlencoded` pairs.
    pub(crate) fn decode(sources: &[&str]) -> Result<Self, Malformed> {
        let length = sources.iter().fold(0_usize, |sum, source| sum.saturating_add(source.len()));
        if length > LONGEST {
            return Err(Malformed::TooLong);
        }
        let mut params = Self {
            text: String::with_capacity(length),
            slots: [Slot::Absent; NAMES.len()],
            resources: Vec::new(),
        };
        let mut pairs: usize = 0;
        for source in sources {
            let mut rest = *source;
            while !rest.is_empty() {
                pairs = pairs.saturating_add(1);
                if pairs > MOST_PAIRS {
                    return Err(Malformed::TooMany);
                }
                rest = params.add_first(rest)?;
            }
        }
        Ok(params)
    }

    /// Takes in the first pair of `form` and returns what comes behind it.
    fn add_first<'f>(&mut self, form: &'f str) -> Result<&'f str, Malformed> {
        let (name, end, mut rest) = form::read_name(form)?;
        let start = self.text.len();
        if end == Some(b'=') {
            rest = form::read_value(&mut self.text, rest)?;
        }
        let name = Name::of(&name);
        if name == Some(Name::Resource) {
            self.resources.push((place(start), place(self.text.len())));
            return Ok(rest);
        }
        match name.and_then(|name| self.slots.get_mut(name as usize)) {
            None => self.text.truncate(start),
            Some(slot @ Slot::Absent) => {
                *slot = Slot::Once { start: place(start), end: place(self.text.len()) };
            }
            Some(slot) => *slot = Slot::Repeated,
        }
        Ok(rest)
    }

    /// The value of `name`; an empty one counts as omitted.
    pub(crate) fn get(&self, name: Name) -> Result<Option<&str>, RequestError> {
        match self.slots.get(name as usize) {
            Some(Slot::Repeated) => Err(RequestError::Repeated(name.as_str())),
            Some(Slot::Once { start, end }) => {
                let value = self.text.get(usize::from(*start)..usize::from(*end));
                Ok(value.filter(|value| !value.is_empty()))
            }
            Some(Slot::Absent) | None => Ok(None),
        }
    }

    /// The value of `name`, which must be there.
    pub(crate) fn require(&self, name: Name) -> Result<&str, RequestError> {
        self.get(name)?.ok_or(RequestError::Missing(name.as_str()))
    }

    /// Every `resource` (RFC 8707 section 2); empty ones count as omitted.
    pub(crate) fn resources(&self) -> impl Iterator<Item = &str> {
        let values = self.resources.iter();
        let values =
            values.filter_map(|(start, end)| self.text.get(usize::from(*start)..usize::from(*end)));
        values.filter(|value| !value.is_empty())
    }

    /// Whether none of the parameters that we use is there.
    pub(crate) fn is_empty(&self) -> bool {
        self.resources.is_empty() && self.slots.iter().all(|slot| matches!(slot, Slot::Absent))
    }

    /// The authorization request among the parameters as a query, for a URL or
    /// a ticket. A repeated parameter stays repeated, so that the request keeps
    /// its fault; one that is too long for a URL is refused.
    pub(crate) fn to_query(&self) -> Result<String, Malformed> {
        let mut query = self.only(&OF_AUTHORIZATION);
        for resource in self.resources() {
            query.append_pair(Name::Resource.as_str(), resource);
        }
        fitting(query.finish())
    }

    /// The same for a request for a sign-out.
    #[cfg(feature = "openid")]
    pub(crate) fn to_logout_query(&self) -> Result<String, Malformed> {
        fitting(self.only(&OF_LOGOUT).finish())
    }

    fn only(&self, names: &[Name]) -> form_urlencoded::Serializer<'static, String> {
        let mut query = form_urlencoded::Serializer::new(String::with_capacity(self.text.len()));
        for &name in names {
            match self.get(name) {
                Ok(Some(value)) => {
                    query.append_pair(name.as_str(), value);
                }
                Ok(None) => {}
                Err(_) => {
                    query.append_key_only(name.as_str()).append_key_only(name.as_str());
                }
            }
        }
        query
    }
}

fn fitting(query: String) -> Result<String, Malformed> {
    if query.len() > LONGEST_QUERY { Err(Malformed::TooLong) } else { Ok(query) }
}

/// Whether `text` is one that a client has a use for: no larger than any, and
/// without line breaks.
pub(super) fn fits(text: &str) -> bool {
    text.len() <= LONGEST_TEXT && !has_control(text)
}

/// Without an early exit, so that the compiler compares many bytes at once.
fn has_control(text: &str) -> bool {
    text.bytes().fold(false, |any, byte| any | byte.is_ascii_control())
}

/// A place in a text that is not longer than [`LONGEST`].
fn place(at: usize) -> u16 {
    u16::try_from(at).unwrap_or(u16::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn decode(query: &str) -> Params {
        Params::decode(&[query]).unwrap_or_else(|malformed| panic!("{query}: {malformed}"))
    }

    fn fault(query: &str) -> Malformed {
        Params::decode(&[query]).err().unwrap_or_else(|| panic!("{query} was read"))
    }

    #[test]
    fn values_are_decoded_once() {
        let params = decode("state=a+b%20c%2Bd%2525&scope=%C3%A4%e2%82%ac&st%61te2=x&code=a=b");
        assert_eq!(params.get(Name::State), Ok(Some("a b c+d%25")));
        assert_eq!(params.get(Name::Scope), Ok(Some("ä€")));
        assert_eq!(params.get(Name::Code), Ok(Some("a=b")));
    }

    #[test]
    fn a_name_is_decoded_before_it_is_known() {
        assert_eq!(decode("st%61te=x").get(Name::State), Ok(Some("x")));
        assert!(decode("st%61te=x&state=y").get(Name::State).is_err());
    }

    #[test]
    fn what_a_lenient_decoder_would_repair_is_refused() {
        for broken in ["state=%", "state=%4", "state=%zz", "%=x", "other=%g0", "state=%+1"] {
            assert_eq!(fault(broken), Malformed::PercentEncoding, "{broken}");
        }
        for not_utf8 in ["state=%ff", "state=%C3", "state=%ed%a0%80", "%80=x"] {
            assert_eq!(fault(not_utf8), Malformed::Utf8, "{not_utf8}");
        }
        for nul in ["state=%00", "state=a\0", "%00=x"] {
            assert_eq!(fault(nul), Malformed::Nul, "{nul:?}");
        }
    }

    #[test]
    fn an_empty_value_counts_as_omitted() {
        let params = decode("state=&scope&&client_id=c");
        assert_eq!(params.get(Name::State), Ok(None));
        assert_eq!(params.get(Name::Scope), Ok(None));
        assert_eq!(params.require(Name::State), Err(RequestError::Missing("state")));
        assert_eq!(params.require(Name::ClientId), Ok("c"));
    }

    #[test]
    fn every_known_parameter_is_refused_when_repeated_and_unknown_ones_are_not() {
        for name in NAMES.into_iter().filter(|name| *name != Name::Resource) {
            let wire = name.as_str();
            for query in [format!("{wire}=a&{wire}=a"), format!("{wire}=&{wire}=a&{wire}=b")] {
                assert_eq!(decode(&query).get(name), Err(RequestError::Repeated(wire)));
            }
            let split = Params::decode(&[&format!("{wire}=a"), &format!("{wire}=a")]).ok();
            assert!(split.is_some_and(|params| params.get(name).is_err()));
        }
        assert_eq!(decode("x=1&x=2&state=s").get(Name::State), Ok(Some("s")));
    }

    #[test]
    fn resource_may_come_repeatedly() {
        let params = decode("resource=a%3a1&resource=&resource=b:1&state=s");
        assert_eq!(params.resources().collect::<Vec<_>>(), ["a:1", "b:1"]);
        assert_eq!(params.to_query().unwrap(), "state=s&resource=a%3A1&resource=b%3A1");
        assert!(!decode("resource=a:1").is_empty());
    }

    #[test]
    fn count_and_length_are_limited() {
        assert!(Params::decode(&[&"x=1&".repeat(100)]).is_ok());
        assert_eq!(fault(&"x=1&".repeat(101)), Malformed::TooMany);
        assert!(Params::decode(&[&"x".repeat(LONGEST)]).is_ok());
        assert_eq!(fault(&"x".repeat(LONGEST + 1)), Malformed::TooLong);
    }

    #[test]
    fn what_is_printed_reads_back() {
        let params = decode("state=a+%26%3d%25%0d%0a%C3%A4&client_id=c&scope=&x=1&client_secret=s");
        let query = params.to_query().unwrap();
        assert_eq!(query, "client_id=c&state=a+%26%3D%25%0D%0A%C3%A4");
        let again = decode(&query);
        for name in OF_AUTHORIZATION {
            assert_eq!(again.get(name), params.get(name));
        }
        assert!(decode(&decode("state=a&state=a").to_query().unwrap()).get(Name::State).is_err());
    }

    #[test]
    fn what_would_not_read_back_is_not_printed() {
        let swelling = decode(&format!("state={}", "\"".repeat(30_000)));
        assert_eq!(swelling.to_query(), Err(Malformed::TooLong));
        for (length, fits) in [(16_384, true), (16_385, false)] {
            let query = format!("{:x<length$}", "state=");
            assert_eq!(decode(&query).to_query().is_ok(), fits, "{length} characters");
        }
    }
}
